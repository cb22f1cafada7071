"""Enriched MVSA: a spreadsheet of `File Name`, text and `LABEL`, with pictures at any depth.

Its labels were made by a machine from the text alone: D. J. Mohammed, H. J. Aleqabie, IICCIT 2022.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path, PurePosixPath

from mmsa_tui.disk.safety import ignore, walk
from mmsa_tui.errors import SourceError
from mmsa_tui.pictures.finder import PICTURE_SUFFIXES, PictureIndex
from mmsa_tui.records import Failure, Picture, Post
from mmsa_tui.sources.base import Example, Match, Reader, ReadOptions
from mmsa_tui.sources.files.encodings import unescape
from mmsa_tui.sources.files.workbook import is_workbook, read_rows
from mmsa_tui.text.garbled import repair

_FILE_NAMES = ("file name", "filename", "file_name")
_LABELS = ("label", "sentiment")
_TEXTS = ("caption", "tweet", "text")
MAX_NEIGHBOURS = 500_000
"""Files beside the spreadsheet, at any depth, in which its pictures are looked for."""
_LOOK_AT = 20
"""Spreadsheets of a folder that are opened in search of the right one."""


Columns = tuple[int, int, int]
"""Where file name, label and text stand in a header; -1 where there is no text."""


def find_columns(header: Sequence[str]) -> Columns | None:
    """Find the columns of the format in a header row, or None."""
    names = [" ".join(cell.lower().split()) for cell in header]
    places = [
        next((names.index(word) for word in words if word in names), -1)
        for words in (_FILE_NAMES, _LABELS, _TEXTS)
    ]
    file_name, label, text = places
    return (file_name, label, text) if file_name >= 0 and label >= 0 else None


def find_workbook(source: Path) -> Path | None:
    """Find the spreadsheet of the format: the file itself, or one at the top of a folder."""
    if source.is_file():
        return source if _has_columns(source) else None
    try:
        files = sorted(p for p in source.iterdir() if p.is_file() and not p.is_symlink())
    except OSError:
        return None
    books = [path for path in files if path.suffix.lower() in (".xlsx", ".xlsm")][:_LOOK_AT]
    return next((path for path in books if _has_columns(path)), None)


def _has_columns(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            if not is_workbook(file.read(4)):
                return False
        header = next(read_rows(path), ())
    except (OSError, SourceError):
        return False
    return find_columns(header) is not None


def read_labels(workbook: Path) -> dict[str, str]:
    """Read id -> label, both lower-case.

    Raises:
        SourceError: the spreadsheet cannot be read.
    """
    (file_name, label, _), _, rows = _open(workbook)
    labels = ((_stem(_at(row, file_name)), _at(row, label)) for row in rows)
    return {stem.lower(): label.lower() for stem, label in labels if stem and label}


def _open(
    workbook: Path, note: Callable[[str], None] = ignore
) -> tuple[Columns, Sequence[str], Iterator[tuple[str, ...]]]:
    """Return where the columns stand, the header, and the rows below it."""
    rows = read_rows(workbook, note)
    header = next(rows, ())
    columns = find_columns(header)
    if columns is None:
        raise SourceError(
            f"{workbook.name} has no columns `File Name` and `LABEL`",
            "Read it as a table: --format table --map text=COLUMN,image=COLUMN.",
        )
    return columns, header, rows


def _at(row: Sequence[str], place: int) -> str:
    return row[place].strip() if 0 <= place < len(row) else ""


def _stem(file_name: str) -> str:
    return PurePosixPath(file_name.replace("\\", "/")).stem


class EnrichedReader:
    """Reads the enriched spreadsheet, alone or in its folder, in the order of its rows."""

    name = "enriched"
    title = "enriched MVSA spreadsheet"
    takes_encoding = False
    example = Example(
        "7",
        {
            "labels.xlsx": (("File Name", "Caption", "LABEL"), ("7.txt", "A fine day", "positive")),
            "positive/7.jpg": "",
        },
        author="",
        created_at="",
    )

    def detect(self, source: Path) -> Match | None:
        workbook = find_workbook(source)
        if workbook is None:
            return None
        return Match(self.name, 95, f"{workbook.name} has the columns File Name and LABEL")

    def read(self, source: Path, options: ReadOptions) -> Iterator[Post | Failure]:
        workbook = source if source.is_file() else find_workbook(source)
        if workbook is None:
            raise SourceError(
                f"{source} has no spreadsheet with the columns `File Name` and `LABEL`",
                "See what `mmsa inspect` makes of it.",
            )
        (name_at, label_at, text_at), header, rows = _open(workbook, options.note)
        own = {place: name for place, name in enumerate(header) if name and place not in (name_at, text_at)}
        # A file may lie among a user's downloads: only so many neighbours are looked at.
        folder = workbook.resolve().parent
        index = PictureIndex(folder, islice(walk(folder, options.note), MAX_NEIGHBOURS))
        for number, row in enumerate(rows, start=2):
            metadata = {name: _at(row, place) for place, name in own.items()}
            file_name = _at(row, name_at)
            if not file_name:
                yield Failure("", f"row {number} of {workbook.name} has no File Name", metadata=metadata)
                continue
            text, encoding = repair(_at(row, text_at))
            label = _at(row, label_at).lower()
            yield Post(
                _stem(file_name),
                unescape(text),
                _pictures(index, file_name, label),
                encoding=encoding,
                metadata=metadata,
                truth={"label": label} if label else {},
            )


def _pictures(index: PictureIndex, file_name: str, label: str) -> tuple[Picture, ...]:
    found = index.find(_stem(file_name), hint=label)
    if found:
        return tuple(Picture(path.name, path) for path in found)
    # The format gives every post one picture: its absence is worth a word.
    name = PurePosixPath(file_name.replace("\\", "/"))
    return (Picture(name.name if name.suffix.lower() in PICTURE_SUFFIXES else f"{name.stem}.jpg"),)


READER: Reader = EnrichedReader()
