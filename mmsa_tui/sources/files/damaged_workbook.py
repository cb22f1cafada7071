"""A damaged xlsx file made readable: a copy of its parts, each as far as it can be unpacked.

openpyxl reads a part at once and gives it up where its checksum does not fit. Knows zip files, no cells.
"""

from __future__ import annotations

import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from mmsa_tui.disk.archive import Archive
from mmsa_tui.disk.inflate import DAMAGE
from mmsa_tui.disk.whole_file import temporary_folder
from mmsa_tui.errors import SourceError

MAX_BYTES = 1 << 30
"""Of a workbook that is larger when unpacked no copy is made."""
_ROWS, _SIZE = b"<sheetData", b"<dimension"
_PIECE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Salvaged:
    """The copy, which goes when it is closed, and the parts of which something is missing or in doubt."""

    file: IO[bytes]
    damaged: tuple[str, ...]


def salvage(path: Path) -> Salvaged | None:
    """Copy what can be unpacked of an xlsx file, None where nothing of it is damaged or it is too large.

    Raises:
        SourceError: it is no zip file, or holds what no workbook does.
        OSError: there is no room for the copy.
    """
    damaged: list[str] = []
    with Archive(path) as archive:
        parts = [name for name in archive.members if name.endswith((".xml", ".rels"))]
        if sum(archive.members[name].size for name in parts) > MAX_BYTES:
            return None
        file = tempfile.TemporaryFile(dir=temporary_folder())  # noqa: SIM115 (it is handed on open)
        with zipfile.ZipFile(file, "w") as copy:
            for name in parts:
                if not _copy_part(archive, name, copy):
                    damaged.append(name)
    if not damaged:
        file.close()
        return None
    return Salvaged(file, tuple(damaged))


def _copy_part(archive: Archive, name: str, copy: zipfile.ZipFile) -> bool:
    """Copy a part, and say whether all of it could be."""
    try:
        with archive.stream(name) as entry, copy.open(name, "w") as out:
            piece = entry.read(_PIECE_BYTES)
            if _SIZE not in piece:
                # openpyxl looks for it to the end of the sheet, where it meets the damage.
                piece = piece.replace(_ROWS, _SIZE + b' ref="A1"/>' + _ROWS, 1)
            while piece:
                out.write(piece)
                piece = entry.read(_PIECE_BYTES)
    except (*DAMAGE, OSError):
        return False
    return True


def describe(name: str, damaged: tuple[str, ...]) -> SourceError:
    """Say what is damaged in a file, and what that may have cost."""
    return SourceError(
        f"{name} is damaged in {', '.join(damaged[:3])}: rows may be missing here, and those before may not "
        "be what was written",
        "Download it again, or open it in a spreadsheet program that repairs it.",
    )
