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
        metavar="text=COL,image=COL,id=COL",
        help="Which columns of a table hold text, picture and id.",
    ),
]
EncodingOption = Annotated[
    str | None,
    typer.Option(
        "--encoding",
        metavar="NAME",
        help="What csv, tsv and txt files are in, as cp1252; else UTF-8 or GB18030.",
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


def read_options(maps: list[str] | None, encoding: str | None = None) -> ReadOptions:
    """Read what the user says about a source; notes on it are printed once.

    Raises:
        UsageError: `--map` is not of the form it must have, or there is no such encoding.
    """
    from mmsa_tui.sources import ReadOptions
    from mmsa_tui.sources.files.encodings import find_encoding

    said: set[str] = set()

    def note(text: str) -> None:
        if text not in said:
            said.add(text)
            console.talk(f"note: {text}")

    return ReadOptions(
        columns=_parse_maps(maps or []), encoding=find_encoding(encoding) if encoding else "", note=note
    )


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
