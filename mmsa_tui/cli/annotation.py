"""Files for annotation tools, by the tool's name on the command line."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from mmsa_tui.disk.whole_file import check_place
from mmsa_tui.errors import OutputError, UsageError
from mmsa_tui.export.annotation import write_doccano, write_fourcat, write_label_studio
from mmsa_tui.store import Row

_SUFFIXES = {"label-studio": ".json", "doccano": ".jsonl", "4cat": ".csv"}


def check_annotation_target(tool: str, target: Path, *, overwrite: bool) -> None:
    """Refuse a target that `write_for_tool` would refuse.

    Raises:
        UsageError: there is no such tool.
        OutputError: the tool does not take such a file, or it cannot be written.
    """
    suffix = _SUFFIXES.get(tool)
    if suffix is None:
        raise UsageError(f"there is no annotation tool {tool!r}", f"Use one of {', '.join(_SUFFIXES)}.")
    if target.suffix.lower() != suffix:
        raise OutputError(f"{tool} does not take {target.name}", f"End the name in {suffix}.")
    check_place(target, overwrite=overwrite)


def write_for_tool(tool: str, rows: Iterable[Row], target: Path, *, overwrite: bool) -> None:
    """Write rows as the tool imports them.

    Raises:
        OutputError: the target cannot be written.
    """
    writers = {"label-studio": write_label_studio, "doccano": write_doccano, "4cat": write_fourcat}
    writers[tool](rows, target, overwrite=overwrite)
