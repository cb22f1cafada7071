"""Which format a source is in, why, and what else it might be."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mmsa_tui.disk.archive import Archive
from mmsa_tui.disk.safety import check_source
from mmsa_tui.errors import SourceError
from mmsa_tui.sources.base import Match
from mmsa_tui.sources.registry import formats

_CLOSE = 10
"""Claims nearer than this to the best one leave room for doubt."""


@dataclass(frozen=True, slots=True)
class Detection:
    """The format chosen for a source; `others` are the further claims, the strongest first."""

    chosen: Match
    others: tuple[Match, ...] = ()

    @property
    def format(self) -> str:
        return self.chosen.format

    @property
    def reason(self) -> str:
        return self.chosen.reason

    @property
    def is_ambiguous(self) -> bool:
        """Whether another format claims the source nearly as strongly."""
        return any(self.chosen.certainty - other.certainty < _CLOSE for other in self.others)


def detect(source: Path) -> Detection:
    """Find the format of a source by its content.

    Raises:
        SourceError: it cannot be read, is empty, or is in no format we know.
    """
    check_source(source)
    if source.is_file() and source.stat().st_size == 0:
        raise SourceError(f"{source} is an empty file", "Point at a file with posts in it.")
    if source.is_dir() and next(source.iterdir(), None) is None:
        raise SourceError(f"{source} is an empty folder", "Point at a folder with posts in it.")
    matches = [match for reader in formats().values() if (match := reader.detect(source))]
    # The sort is stable: of equal claims the one whose name comes first is chosen.
    matches.sort(key=lambda match: -match.certainty)
    if not matches:
        _refuse_bad_zip(source)
        raise SourceError(
            f"{source} is in none of the formats that are known: {', '.join(formats())}", _advise(source)
        )
    return Detection(matches[0], tuple(matches[1:]))


def _refuse_bad_zip(source: Path) -> None:
    """Raise what is wrong with a zip file: readers only say that it is not theirs.

    Raises:
        SourceError: it is damaged, locked or a bomb, which nobody should be advised to unpack.
    """
    try:
        with source.open("rb") as file:
            is_zip = file.read(4) == b"PK\x03\x04"
    except OSError:
        return
    if is_zip:
        Archive(source).close()


def _advise(source: Path) -> str:
    """Say what to do with a source that nobody claims."""
    if source.is_dir():
        return "Point at a single file or subfolder, or force a format with --format."
    try:
        with source.open("rb") as file:
            head = file.read(8)
    except OSError:
        head = b""
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        return "This is an Excel file of before 2007: save it as .xlsx."
    if head.startswith((b"PK\x03\x04", b"7z\xbc\xaf", b"Rar!", b"\xfd7zXZ")):
        return "This is an archive: unpack it and point at the folder."
    return "Force a format with --format, or name the columns of a table with --map text=COLUMN."
