"""Opening what commands work on, checked before the work begins, with progress where it takes time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mmsa_tui.cli import console
from mmsa_tui.cli.annotation import check_annotation_target
from mmsa_tui.errors import OutputError
from mmsa_tui.export import check_target
from mmsa_tui.services.ingest import find_format, location_of, read_in

if TYPE_CHECKING:
    from mmsa_tui.bundle.meta import Bundle
    from mmsa_tui.config import Config
    from mmsa_tui.model.predictor import Predictor
    from mmsa_tui.sources import ReadOptions
    from mmsa_tui.store import SourceRow, Store

STDOUT = "-"


def check_outputs(outputs: Sequence[str], tool: str | None, *, overwrite: bool) -> list[Path | None]:
    """Refuse what cannot be written; None stands for stdout.

    Args:
        tool: the annotation tool that the files are for, if any.

    Raises:
        OutputError: one exists and is to be kept, or cannot be written.
    """
    targets: list[Path | None] = []
    for name in dict.fromkeys(outputs):
        if name == STDOUT and tool is None:
            targets.append(None)
            continue
        target = Path(name).expanduser()
        if target.is_file() and not overwrite:
            raise OutputError(
                f"{target} exists",
                "--resume completes it, --restart classifies everything again; or choose another name.",
            )
        if tool is None:
            check_target(target, overwrite=overwrite)
        else:
            check_annotation_target(tool, target, overwrite=overwrite)
        targets.append(target)
    return targets


def check_sources(sources: Sequence[Path], format: str | None, options: ReadOptions) -> list[Path]:
    """Refuse what cannot be read, and drop what is named twice.

    Raises:
        SourceError: one is missing, unreadable, empty or in no known format.
    """
    unique = {location_of(source): source for source in sources}
    if len(unique) < len(sources):
        console.talk("note: a source that is named twice is read once")
    for source in unique.values():
        find_format(source, format, options)
    return list(unique.values())


def check_device(name: str) -> None:
    """Refuse a device that was asked for and is not there.

    Raises:
        DeviceError: it is absent.
    """
    if name in ("auto", "cpu"):
        return
    # torch takes a second to import; who runs on the CPU pays it later, if at all.
    from mmsa_tui.model.device import choose_device

    choose_device(name)


def read_source(store: Store, source: Path, format: str | None, options: ReadOptions) -> SourceRow:
    """Read a source into the store."""
    with console.progress(f"reading {source.name}") as advance:
        return read_in(
            store, source, format=format, options=options, on_count=lambda count: advance(count, None)
        )


def load_predictor(bundle: Bundle, config: Config) -> Predictor:
    """Load a bundle on the device of the settings.

    Raises:
        BundleError, DeviceError: it is damaged; the device is absent.
    """
    from mmsa_tui.model.predictor import Predictor

    with console.progress(f"loading {bundle.id}", unit=""):
        return Predictor.load(bundle, config.paths, config.device, config.batch_size, config.threads)
