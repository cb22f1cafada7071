"""Tables: any csv, tsv, workbook, JSON, parquet, Feather or SQLite file with a column of text.

A table alone, or a folder that holds one, with pictures anywhere below it. `--map text=COL` and the
like name the columns; without them they are recognised.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mmsa_tui.errors import SourceError, UsageError
from mmsa_tui.records import Failure, Post
from mmsa_tui.sources.base import Example, Match, Reader, ReadOptions
from mmsa_tui.sources.files.plain_tables import PLAIN_KINDS
from mmsa_tui.sources.files.table_parts import are_parts
from mmsa_tui.sources.readers.table.finding import (
    find_tables,
    names_pictures,
    no_text,
    open_path,
    open_sidecars,
    open_source,
    several,
    try_open,
    within,
)
from mmsa_tui.sources.readers.table.posts import TablePosts


class TableReader:
    """Reads a table in the order of its rows; pictures are found anywhere below the source."""

    name = "table"
    title = "table (csv, tsv, xlsx, ods, json, parquet, Feather, SQLite)"
    takes_encoding = True
    example = Example(
        "7",
        {"posts.csv": "id,text,date,image\n7,A fine day,2026-05-01,7.jpg\n", "7.jpg": ""},
        created_at="2026-05-01T00:00:00Z",
        point_at="posts.csv",
        author="",
    )

    def detect(self, source: Path) -> Match | None:
        return detect_table(source, ReadOptions())

    def read(self, source: Path, options: ReadOptions) -> Iterator[Post | Failure]:
        found = open_source(source, options)
        if not found.roles.text and not (found.roles.image and options.columns):
            if not names_pictures(found):
                raise no_text(found)
            options.note(
                "no column holds texts: posts are judged by their pictures; --map text=COLUMN names one"
            )
        for note in (*found.table.notes, *found.roles.notes):
            options.note(note)
        if found.roles.others:
            names = ", ".join(f"`{name}`" for name in found.roles.others[:3])
            options.note(
                f"no column is called like a text: `{found.roles.text}` is taken, and {names} could be "
                f"it too; --map text={found.roles.others[0]} chooses another"
            )
        posts = TablePosts(source, found, options)
        options.tell(posts.reading())
        yield from posts


def detect_table(source: Path, options: ReadOptions) -> Match | None:
    """Claim a source that is a table, or a folder with one; never raise on content."""
    # One table in a folder of other things is a weaker sign than the file itself.
    weaker = 15 if source.is_dir() else 0
    paths = find_tables(source, options)
    if not paths:
        sidecars = open_sidecars(source, options)
        if sidecars is None or not sidecars.roles.text or sidecars.roles.guessed:
            return None
        return Match("table", 46, f"JSON files beside pictures, with texts in `{sidecars.roles.text}`")
    try:
        if source.is_dir() and are_parts(paths):
            paths = sorted(paths)[:1]
        elif source.is_dir() and len(paths) > 1:
            paths = [path for path in paths if (opened := try_open(path, options)) and opened.roles.text]
            if len(paths) > 1:
                return several(source, paths)
            if not paths:
                return None
        found = open_path(paths[0], options)
    except UsageError:
        raise
    except SourceError as error:
        return (
            None if source.is_dir() else Match("table", 5, "it looks like a table", error.message, error.hint)
        )
    # A table called .txt is also taken for the one text of its folder.
    weaker -= source.is_dir() and found.path.suffix.lower() == ".txt"
    table, text = found.table, found.roles.text
    where = f"{within(source, found.path)} is a table ({table.kind})"
    if text and table.kind in PLAIN_KINDS:
        return Match("table", 55, f"{where} of a data set, with texts in `{text}`")
    if text and not found.roles.guessed:
        return Match("table", 60 - weaker, f"{where} with a column `{text}`")
    if text:
        return Match("table", 40 - weaker, f"{where} whose column `{text}` reads like text")
    if len(table.columns) < 2:
        return None
    if names_pictures(found):
        return Match("table", 40 - weaker, f"{where} that names pictures, without a text")
    return Match("table", 15, f"{where} without a column that looks like text: use --map text=")


READER: Reader = TableReader()
