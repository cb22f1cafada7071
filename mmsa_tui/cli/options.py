"""Options that several commands share, and how their values are read."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mmsa_tui.cli import console
from mmsa_tui.config import Config, load_config
from mmsa_tui.errors import OutputError, UsageError

if TYPE_CHECKING:
    from mmsa_tui.sources import ReadOptions


def path_argument(metavar: str, help: str) -> Any:
    """Declare a file or folder that a command is about."""
    # The parser's own check of readability would take the place of our message and its hint.
    return typer.Argument(metavar=metavar, help=help, readable=False)


def path_option(names: str, help: str, metavar: str = "FILE") -> Any:
    """Declare a file or folder that goes with it; `names` are parted by spaces."""
    return typer.Option(*names.split(), metavar=metavar, help=help, readable=False)


def option(names: str, metavar: str, help: str) -> Any:
    """Declare what is said by a word; `names` are parted by spaces."""
    return typer.Option(*names.split(), metavar=metavar, help=help)


def example(line: str) -> str:
    """Show below the options of a command how it is typed; runs as it stands where the files are."""
    return f"\b\nExample:\n  {line}"


SourceArgument = Annotated[Path, path_argument("SOURCE", "A folder or file of posts.")]
BundleOption = Annotated[str | None, option("--bundle", "NAME|DIR", "The model: a bundle's name or folder.")]
DeviceOption = Annotated[str | None, option("--device", "auto|cpu|cuda|mps", "Where the model runs.")]
BatchSizeOption = Annotated[
    int | None, option("--batch-size", "N", "How many posts the model takes at once.")
]
ThreadsOption = Annotated[int | None, option("--threads", "N", "CPU threads; 0 means all cores.")]
FormatOption = Annotated[
    str | None, option("--format", "NAME", "Read the source in this format; otherwise it is detected.")
]
MapOption = Annotated[
    list[str] | None,
    option(
        "--map",
        "ROLE=COL,…",
        "Which columns of a table hold text, title, image, id, author, date, time, language, label.",
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
    str | None, option("--sheet", "NAME|N", "The sheet of a workbook, or the table of a database.")
]
DelimiterOption = Annotated[
    str | None, option("--delimiter", "CHARACTER", "What stands between cells; `tab` for a tab.")
]
DateOrderOption = Annotated[
    str | None,
    option("--date-order", "day-first|month-first", "How 05/01/2026 is read; else as other dates show."),
]
PicturesOption = Annotated[Path | None, option("--pictures", "FOLDER", "Where the pictures of a table lie.")]
EncodingOption = Annotated[
    str | None,
    option(
        "--encoding", "NAME", "The encoding of csv, tsv and txt files, such as cp1252; else UTF-8 or GB18030."
    ),
]
LabelsMapOption = Annotated[
    str | None,
    option(
        "--labels-map",
        "WORD=LABEL,...",
        "What words of the labels mean: 1=negative,3=neutral,5=positive. WORD= leaves it out.",
    ),
]
LabelsOption = Annotated[
    Path | None, path_option("--labels", "People's labels by post id; else the source's own.")
]


def output(help: str) -> Any:
    """Declare a file to write."""
    return path_option("--output -o", help)


OcrOption = Annotated[
    bool,
    typer.Option("--ocr", help="Read the words in pictures first (extra ocr); once is enough."),
]
FilterOption = Annotated[str, option("--filter", "FILTER", "Only these posts, as in the app's filter.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]

_MAP_ITEM = re.compile(r"\s*(\w+)\s*=\s*(.+?)\s*(?=,\s*\w+\s*=|,?\s*\Z)", re.DOTALL)
_SHARD = re.compile(r"(\d{1,6})/(\d{1,6})")


def configure(
    bundle: str | None = None,
    device: str | None = None,
    batch_size: int | None = None,
    threads: int | None = None,
    codebook: str | None = None,
) -> Config:
    """Resolve the settings of this run from flags, environment and config file.

    Args:
        codebook: the one to work with, whatever is in use.

    Raises:
        ConfigError: a setting is wrong; names which and what is allowed.
    """
    said = _SAID.get()
    config = load_config(
        {
            "bundle": bundle,
            "device": device,
            "batch_size": batch_size,
            "threads": threads,
            "codebook": codebook if codebook is not None else said.codebook,
        }
    )
    if config.paths.codebook and codebook is None and not said.is_told:
        from mmsa_tui.services.codebook import prepare

        prepare(config.paths)
        console.talk(f"codebook {config.paths.codebook}")
        _SAID.set(replace(said, is_told=True))
    return config


def choose_codebook(name: str | None) -> None:
    """Take in what was said before the command: the codebook it is to work with; None for the one in use."""
    _SAID.set(_Said(name))


@dataclass(frozen=True)
class _Said:
    """The codebook of this run, and whether the user has been told of it."""

    codebook: str | None = None
    is_told: bool = False


_SAID: ContextVar[_Said] = ContextVar("said", default=_Said())  # noqa: B039 - it cannot be changed


@dataclass(frozen=True)
class HowToRead:
    """What a user says of how to read a source; its fields are options of the commands that read one."""

    format: FormatOption = None
    map: MapOption = None
    encoding: EncodingOption = None
    header_row: HeaderRowOption = None
    no_header: NoHeaderOption = False
    sheet: SheetOption = None
    delimiter: DelimiterOption = None
    pictures: PicturesOption = None
    date_order: DateOrderOption = None

    @property
    def says_anything(self) -> bool:
        return any(getattr(self, said.name) for said in fields(self))

    def options(self, *, shows_reading: bool = True) -> ReadOptions:
        """Put it in the terms of the readers; notes, and how a table is read, are printed once.

        Raises:
            UsageError: an option is not of the form it must have, or contradicts another; or there is no
                such encoding or folder.
        """
        from mmsa_tui.disk.safety import ignore
        from mmsa_tui.sources import Reading, ReadOptions
        from mmsa_tui.sources.files.encodings import find_encoding

        said: set[str] = set()

        def say(line: str) -> None:
            if line not in said:
                said.add(line)
                console.talk(line)

        def tell(reading: Reading) -> None:
            for line in reading.describe():
                say(line)

        if self.no_header and self.header_row:
            raise UsageError("--no-header and --header-row exclude each other", "Give one of the two.")
        folder = self.pictures.expanduser() if self.pictures is not None else None
        if folder is not None and not folder.is_dir():
            raise UsageError(
                f"--pictures {self.pictures} is no folder", "Name the folder that holds the pictures."
            )
        return ReadOptions(
            columns=_parse_maps(self.map or []),
            encoding=find_encoding(self.encoding) if self.encoding else "",
            note=lambda text: say(f"note: {text}"),
            header_row=self.header_row or 0,
            sheet=self.sheet or "",
            has_header=False if self.no_header else None,
            pictures=str(folder.resolve()) if folder is not None else "",
            delimiter=_parse_delimiter(self.delimiter),
            date_order=_parse_date_order(self.date_order),
            tell=tell if shows_reading else ignore,
        )


AS_FOUND = HowToRead()
"""When nothing is said."""


def takes_groups(command: Callable[..., None]) -> Callable[..., None]:
    """Let a command take options that belong together as one record: each field of it is an option."""
    parameters: list[inspect.Parameter] = []
    groups: dict[str, type] = {}
    for name, own in inspect.signature(command, eval_str=True).parameters.items():
        if is_dataclass(own.annotation) and isinstance(own.annotation, type):
            groups[name] = own.annotation
            parameters += inspect.signature(own.annotation, eval_str=True).parameters.values()
        else:
            parameters.append(own)

    @wraps(command)
    def run(**given: Any) -> None:
        said = {
            name: group(**{one.name: given.pop(one.name) for one in fields(group)})
            for name, group in groups.items()
        }
        command(**said, **given)

    # What typer reads; mypy knows no such attribute of functions.
    run.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in parameters]
    )
    run.__annotations__ = {one.name: one.annotation for one in parameters}
    return run


def free_target(output: Path, overwrite: bool) -> Path:
    """Settle which file is written.

    Raises:
        OutputError: it exists, and may not be replaced.
    """
    target = output.expanduser()
    if target.is_file() and not overwrite:
        raise OutputError(f"{target} exists", "--overwrite replaces it; or choose another name.")
    return target


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


def _parse_date_order(text: str | None) -> str:
    from mmsa_tui.sources.timestamps import DATE_ORDERS

    order = (text or "").strip().lower()
    if text is not None and order not in DATE_ORDERS:
        raise UsageError(
            f"--date-order {text!r} is no order of dates",
            f"Write --date-order {' or --date-order '.join(DATE_ORDERS)}.",
        )
    return order


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
