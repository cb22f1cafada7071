"""Tables: any csv, tsv, xlsx, jsonl or parquet with a column of text.

`--map text=COL,image=COL,id=COL` names the columns; without it they are recognised.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from mmsa_tui.disk.safety import ignore, resolve_inside
from mmsa_tui.errors import SourceError
from mmsa_tui.records import Failure, Picture, Post
from mmsa_tui.sources.base import Example, Match, Reader, ReadOptions
from mmsa_tui.sources.columns import Roles, choose_roles
from mmsa_tui.sources.files.encodings import unescape
from mmsa_tui.sources.files.table_rows import Table, kind_of_table, open_table
from mmsa_tui.sources.timestamps import to_iso_utc

MAX_COLUMNS = 512
"""Columns beyond this many do not follow a post: an export of them would open nowhere."""
_SUFFIXES = (".csv", ".tsv", ".tab", ".xlsx", ".xlsm", ".jsonl", ".ndjson", ".parquet")
_MAX_PICTURES = 100


class TableReader:
    """Reads a table in the order of its rows; pictures are paths relative to it."""

    name = "table"
    title = "table (csv, tsv, xlsx, jsonl, parquet)"
    takes_encoding = True
    example = Example(
        {"posts.csv": "id,text,date,image\n7,A fine day,2026-05-01,7.jpg\n", "7.jpg": ""},
        post_id="7",
        text="A fine day",
        created_at="2026-05-01T00:00:00Z",
        picture="7.jpg",
        point_at="posts.csv",
    )

    def detect(self, source: Path) -> Match | None:
        path = find_table(source)
        if path is None:
            return None
        try:
            table = open_table(path, ignore)
            roles = choose_roles(table.columns, [record.values for record in table.sample], {})
        except SourceError:
            return None
        where = f"{path.name} is a table ({table.kind})"
        # One table in a folder of other things is a weaker sign than the file itself.
        weaker = 15 if source.is_dir() else 0
        if roles.text and not roles.guessed:
            return Match(self.name, 60 - weaker, f"{where} with a column `{roles.text}`")
        if roles.text:
            return Match(self.name, 40 - weaker, f"{where} whose column `{roles.text}` reads like text")
        if len(table.columns) < 2:
            return None
        return Match(self.name, 15, f"{where} without a column that looks like text: use --map text=")

    def read(self, source: Path, options: ReadOptions) -> Iterator[Post | Failure]:
        path = find_table(source, options.encoding)
        if path is None:
            raise SourceError(
                f"{source} is no table, or a folder with several",
                "Point at the csv, tsv, xlsx, jsonl or parquet.",
            )
        table = open_table(path, options.note, options.encoding)
        roles = choose_roles(table.columns, [record.values for record in table.sample], options.columns)
        if not roles.text and not (roles.image and options.columns):
            shown = ", ".join(table.columns[:30]) + (", …" if len(table.columns) > 30 else "")
            raise SourceError(
                f"{path.name} has no column that looks like text",
                f"Name it: --map text=COLUMN. Columns: {shown}",
            )
        own = [name for name in table.columns if name not in (roles.text, roles.id)]
        if len(own) > MAX_COLUMNS:
            options.note(f"{len(table.columns):,} columns: those after the first {MAX_COLUMNS} are left out")
            own = own[:MAX_COLUMNS]
        used = (
            roles.text,
            roles.image,
            roles.id,
            roles.author,
            roles.created_at,
            roles.language,
            roles.label,
        )
        keep = list(dict.fromkeys([name for name in used if name] + own))
        yield from _posts(path, table, roles, own, keep)


def find_table(source: Path, encoding: str = "") -> Path | None:
    """Find the table that a source is: the file itself, or the only one at the top of a folder."""
    if source.is_file():
        return source if kind_of_table(source, encoding) else None
    try:
        files = [p for p in source.iterdir() if p.suffix.lower() in _SUFFIXES and not p.name.startswith(".")]
    except OSError:
        return None
    tables = [path for path in files if path.is_file() and not path.is_symlink()]
    return tables[0] if len(tables) == 1 and kind_of_table(tables[0], encoding) else None


def _posts(
    path: Path, table: Table, roles: Roles, own: Sequence[str], keep: Sequence[str]
) -> Iterator[Post | Failure]:
    root = path.resolve().parent
    # The keys of a later line of jsonl are not known yet: it keeps what it has.
    is_open = table.kind == "jsonl"
    for number, record in enumerate(table.records(() if is_open else keep), start=1):
        values = record.values
        post_id = values.get(roles.id, "").strip() or str(number)
        text = unescape(values.get(roles.text, ""))
        names = [n for n in values if n not in (roles.text, roles.id)][:MAX_COLUMNS] if is_open else own
        metadata = {name: values[name] for name in names if name in values}
        if record.error:
            yield Failure(post_id, record.error, text, metadata)
            continue
        label = values.get(roles.label, "").strip().lower()
        yield Post(
            post_id,
            text.strip(),
            tuple(_picture(root, name) for name in _split_pictures(root, values.get(roles.image, ""))),
            author=values.get(roles.author, "").strip(),
            created_at=to_iso_utc(values.get(roles.created_at, "")),
            language=values.get(roles.language, "").strip().lower(),
            encoding=record.encoding,
            metadata=metadata,
            truth={"label": label} if label else {},
        )


def _split_pictures(root: Path, cell: str) -> list[str]:
    """Tell the pictures of a cell apart: one path, a JSON list, or a list with `;`, `|` or lines."""
    cell = cell.strip()
    if not cell or resolve_inside(root, cell):
        return [cell] if cell else []
    if cell.startswith("["):
        try:
            names = json.loads(cell)
        except (ValueError, RecursionError):
            names = None
        if isinstance(names, list):
            return [name for name in names if isinstance(name, str) and name.strip()][:_MAX_PICTURES]
    for separator in (";", "|", "\n"):
        cell = cell.replace(separator, "\n")
    return [name.strip() for name in cell.split("\n") if name.strip()][:_MAX_PICTURES]


def _picture(root: Path, name: str) -> Picture:
    path = resolve_inside(root, name)
    if path is not None:
        return Picture(name[:500], path)
    # Of an address or a foreign path only the last part says anything.
    return Picture(name.replace("\\", "/").rstrip("/").rpartition("/")[2][:500] or name[:500])


READER: Reader = TableReader()
