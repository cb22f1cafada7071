"""Options that several commands share, and how their values are read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mmsa_tui.cli import console
from mmsa_tui.config import Config, load_config
from mmsa_tui.errors import UsageError

if TYPE_CHECKING:
    from mmsa_tui.sources import ReadOptions

# The parser's own check of readability would take the place of our message and its hint.
SourceArgument = Annotated[
    Path, typer.Argument(metavar="SOURCE", help="A folder or file of posts.", readable=False)
]
BundleOption = Annotated[
    str | None,
    typer.Option("--bundle", metavar="NAME|DIR", help="The model: a bundle's name or folder."),
]
DeviceOption = Annotated[
    str | None,
    typer.Option("--device", metavar="auto|cpu|cuda|mps", help="Where the model runs."),
]
BatchSizeOption = Annotated[
    int | None, typer.Option("--batch-size", metavar="N", help="Posts that go through at once.")
]
ThreadsOption = Annotated[
    int | None, typer.Option("--threads", metavar="N", help="CPU threads; 0 means all cores.")
]
FormatOption = Annotated[
    str | None,
    typer.Option("--format", metavar="NAME", help="Read the source in this format; else detected."),
]
MapOption = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        metavar="ROLE=COL,…",
        help="Which columns of a table hold text, title, image, id, author, date, time, language, label.",
    ),
]
HeaderRowOption = Annotated[
    int | None,
    typer.Option("--header-row", metavar="N", min=1, help="The row of a table that names its columns."),
]
NoHeaderOption = Annotated[
    bool, typer.Option("--no-header", help="No row of the table names its columns: column_1, column_2 …")
]
SheetOption = Annotated[
    str | None,
    typer.Option("--sheet", metavar="NAME|N", help="The sheet of a workbook, or the table of a database."),
]
DelimiterOption = Annotated[
    str | None,
    typer.Option("--delimiter", metavar="CHARACTER", help="What stands between cells; `tab` for a tab."),
]
PicturesOption = Annotated[
    Path | None,
    typer.Option("--pictures", metavar="FOLDER", help="Where the pictures of a table lie."),
]
EncodingOption = Annotated[
    str | None,
    typer.Option(
        "--encoding",
        metavar="NAME",
        help="What csv, tsv and txt files are in, as cp1252; else UTF-8 or GB18030.",
    ),
]
LabelsMapOption = Annotated[
    str | None,
    typer.Option(
        "--labels-map",
        metavar="WORD=LABEL,...",
        help="What words of the labels mean: 1=negative,3=neutral,5=positive. WORD= leaves it out.",
    ),
]
LabelsOption = Annotated[
    Path | None,
    typer.Option(
        "--labels",
        metavar="FILE",
        help="People's labels by post id; else the source's own.",
        readable=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]

_MAP_ITEM = re.compile(r"\s*(\w+)\s*=\s*(.+?)\s*(?=,\s*\w+\s*=|,?\s*\Z)", re.DOTALL)
_SHARD = re.compile(r"(\d{1,6})/(\d{1,6})")


def configure(
    bundle: str | None = None,
    device: str | None = None,
    batch_size: int | None = None,
    threads: int | None = None,
) -> Config:
    """Resolve the settings of this run from flags, environment and config file.

    Raises:
        ConfigError: a setting is wrong; names which and what is allowed.
    """
    return load_config({"bundle": bundle, "device": device, "batch_size": batch_size, "threads": threads})


def read_options(
    maps: list[str] | None,
    encoding: str | None = None,
    *,
    header_row: int | None = None,
    no_header: bool = False,
    sheet: str | None = None,
    delimiter: str | None = None,
    pictures: Path | None = None,
    shows_reading: bool = True,
) -> ReadOptions:
    """Read what the user says about a source; notes on it, and how a table is read, are printed once.

    Raises:
        UsageError: an option is not of the form it must have, or contradicts another; or there is no
            such encoding or folder.
    """
    from mmsa_tui.disk.safety import ignore
    from mmsa_tui.sources import Reading, ReadOptions
    from mmsa_tui.sources.files.encodings import find_encoding

    said: set[str] = set()

    def note(text: str) -> None:
        if text not in said:
            said.add(text)
            console.talk(f"note: {text}")

    def tell(reading: Reading) -> None:
        for line in reading.describe():
            note_line(line)

    def note_line(line: str) -> None:
        if line not in said:
            said.add(line)
            console.talk(line)

    if no_header and header_row:
        raise UsageError("--no-header and --header-row exclude each other", "Give one of the two.")
    if pictures is not None and not pictures.expanduser().is_dir():
        raise UsageError(f"--pictures {pictures} is no folder", "Name the folder that holds the pictures.")
    return ReadOptions(
        columns=_parse_maps(maps or []),
        encoding=find_encoding(encoding) if encoding else "",
        note=note,
        header_row=header_row or 0,
        sheet=sheet or "",
        has_header=False if no_header else None,
        pictures=str(pictures.expanduser().resolve()) if pictures is not None else "",
        delimiter=_parse_delimiter(delimiter),
        tell=tell if shows_reading else ignore,
    )


def _parse_delimiter(text: str | None) -> str:
    if not text:
        return ""
    character = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}.get(
        text.lower(), text
    )
    if len(character) != 1 or character in '"\r\n':
        raise UsageError(
            f"--delimiter {text!r} is not one character", "Write it, as --delimiter ';', or --delimiter tab."
        )
    return character


def _parse_maps(maps: list[str]) -> Mapping[str, str]:
    columns: dict[str, str] = {}
    for text in maps:
        end = 0
        while match := _MAP_ITEM.match(text, end):
            columns[match[1].lower()] = match[2]
            end = match.end()
            if text[end : end + 1] == ",":
                end += 1
        if end < len(text) or not text.strip():
            raise UsageError(
                f"--map {text!r} cannot be read", "Write --map text=COLUMN,image=COLUMN,id=COLUMN."
            )
    return columns


def parse_shard(text: str | None) -> tuple[int, int] | None:
    """Read `i/N`: this is part i, from 1, of N.

    Raises:
        UsageError: it is not of that form.
    """
    if text is None:
        return None
    match = _SHARD.fullmatch(text.strip())
    if match is None or not 1 <= int(match[1]) <= int(match[2]):
        raise UsageError(f"--shard {text!r} is not i/N", "Write --shard 1/4, --shard 2/4 and so on.")
    return int(match[1]), int(match[2])
