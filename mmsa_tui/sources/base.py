"""What every reader is: how it is recognised and what it yields.

A reader turns one on-disk format into `Post` or `Failure` values in a stable order. It knows its
format and nothing of models, stores or screens. A broken post is a value, never an exception;
only a source that cannot be read at all raises `SourceError`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from mmsa_tui.disk.safety import ignore
from mmsa_tui.records import Failure, Post, SaidOfTable


@dataclass(frozen=True, slots=True)
class ChosenRole:
    """A column of a table and what it is taken for; `role` is the word that `--map` takes."""

    role: str
    column: str
    reason: str


@dataclass(frozen=True, slots=True)
class SamplePost:
    """A post of a table as it will be read, shortened, for a person to judge the roles by."""

    post_id: str
    text: str
    author: str = ""
    created_at: str = ""
    language: str = ""
    label: str = ""
    pictures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """How a table is read: what was found out or said, for people to see and to overrule.

    `columns` are all its columns, to choose others from. `header_row` counts from 1 and is 0 where
    no row names the columns, None where the kind of table keeps names apart. `sheets` are all sheets
    of a workbook or tables of a database, `sheet` the one that is read. `pictures` says where pictures
    are looked for. `dates` says which of day and month comes first and why, "" where all dates say it.
    """

    file: str
    kind: str
    roles: tuple[ChosenRole, ...]
    columns: tuple[str, ...]
    samples: tuple[SamplePost, ...] = ()
    header_row: int | None = None
    sheet: str = ""
    sheets: tuple[str, ...] = ()
    encoding: str = ""
    delimiter: str = ""
    pictures: str = ""
    dates: str = ""

    def describe(self) -> list[str]:
        """Say it in lines for a person: the file, each role with its reason, what can be said instead."""
        facts = [self.kind]
        if self.sheet:
            facts.append(f"sheet `{self.sheet}` of {len(self.sheets)}")
        if self.header_row is not None:
            facts.append(f"header in row {self.header_row}" if self.header_row else "no header")
        if self.encoding:
            facts.append(self.encoding.removesuffix("-sig"))
        if self.delimiter:
            facts.append(f"cells end at {'tab' if self.delimiter == chr(9) else self.delimiter!r}")
        lines = [f"{self.file}: {', '.join(facts)}"]
        lines += [f"  {chosen.role:<9}{chosen.column}  ({chosen.reason})" for chosen in self.roles]
        found = {chosen.role for chosen in self.roles}
        if self.dates:
            lines.append(f"  {'order':<9}{self.dates}")
        absent = [role for role in ("text", "id", "image", "author", "date") if role not in found]
        if absent:
            lines.append(f"  no column for {', '.join(absent)}")
        lines += [f"  {line}" for sample in self.samples for line in _sample_lines(sample)]
        lines.append("  If that is wrong: --map ROLE=COLUMN, --header-row N, --no-header, --sheet NAME,")
        lines.append(
            "  --pictures FOLDER, --encoding NAME, --delimiter CHARACTER, --date-order day-first|month-first"
        )
        return lines


def _sample_lines(sample: SamplePost) -> list[str]:
    facts = (sample.author, sample.created_at, sample.language, sample.label, *sample.pictures)
    about = " · ".join(fact for fact in facts if fact)
    return [f"e.g. {sample.post_id}: {sample.text}" + (f" · {about}" if about else "")]


@dataclass(frozen=True, slots=True)
class ReadOptions(SaidOfTable):
    """What the user may say about a source, how a table lies in it included.

    `columns` maps a role (`text`, `title`, `image`, `id`, `author`, `date`, `time`, `language`,
    `label`) to the column of a table that holds it (`--map`). `encoding` is what plain text
    without a byte order mark is in, "" to find out. `note` is told, in a sentence, what holds for
    the source as a whole: parts left out, columns dropped. `tell` is told once, before the first
    post, how a table is read.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    encoding: str = ""
    note: Callable[[str], None] = ignore
    tell: Callable[[Reading], None] = ignore

    @property
    def says_table(self) -> bool:
        """Whether it says what only a table has."""
        return any(option != "--pictures" for option in self.of_tables())

    def of_tables(self) -> Iterator[str]:
        """Yield the options that were given and that only the reader of tables heeds."""
        said = {
            "--map": self.columns,
            "--header-row": self.header_row,
            "--no-header": self.has_header is not None,
            "--sheet": self.sheet,
            "--delimiter": self.delimiter,
            "--pictures": self.pictures,
        }
        return (option for option, value in said.items() if value)


@dataclass(frozen=True, slots=True)
class Match:
    """A reader's claim on a source.

    `certainty` is 0 to 100: 90 or more for a signature no other format has, 50 for a plausible
    shape, below 20 for a last resort. `reason` is a sentence for the user. `problem` says why the
    source cannot be read as it stands, though this is what it is; `advice` what to do then.
    """

    format: str
    certainty: int
    reason: str
    problem: str = ""
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Example:
    """A tiny source in a reader's format, and the first post that comes of it; a test reads it.

    Where nothing else is said, Sam says of the first of May that it is a fine day.
    `files` are file names and their content, the rows of a workbook, or what writes them; those without
    content are the pictures that must be found. `point_at` is what of them a user points at.
    """

    post_id: str
    files: Mapping[str, str | tuple[tuple[str, ...], ...] | Callable[[Path], None]]
    author: str = "sam"
    created_at: str = "2026-05-01T10:00:00Z"
    point_at: str = "."


class Reader(Protocol):
    """One on-disk format: a module or folder in `sources.readers` holds one as `READER`."""

    name: str
    """The word for `--format`, lower-case."""
    title: str
    """The words for a person."""
    takes_encoding: bool
    """Whether it consists of text that does not say in what encoding it is."""
    example: Example

    def detect(self, source: Path) -> Match | None:
        """Look at names and at most the first 64 kB of a few files; never raise on content."""
        ...

    def read(self, source: Path, options: ReadOptions) -> Iterator[Post | Failure]:
        """Yield what the source holds, in a stable order, in bounded memory.

        Posts need no `content_hash` and no picture digests: `sources.read` adds them.

        Raises:
            SourceError: the source as a whole cannot be read.
        """
        ...
