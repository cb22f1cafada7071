"""Which file of a source is the table, and what its columns are taken for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from mmsa_tui.disk.safety import ignore, walk
from mmsa_tui.errors import MmsaError, SourceError
from mmsa_tui.pictures.finder import PICTURE_SUFFIXES, natural_key, split_name
from mmsa_tui.sources.base import Match, ReadOptions
from mmsa_tui.sources.columns import is_known
from mmsa_tui.sources.files.byte_stream import read_start
from mmsa_tui.sources.files.dialect import sniff
from mmsa_tui.sources.files.json_cells import open_json_cells
from mmsa_tui.sources.files.json_files import SUFFIX, open_json_files, pictures_beside
from mmsa_tui.sources.files.plain_rows import kind_of_plain
from mmsa_tui.sources.files.table_parts import are_parts, join_parts
from mmsa_tui.sources.files.table_rows import Table
from mmsa_tui.sources.files.tables import kind_of_table, open_table
from mmsa_tui.sources.files.twin_columns import join_twins
from mmsa_tui.sources.files.typed_rows import KEY
from mmsa_tui.sources.roles import Roles, choose_roles
from mmsa_tui.sources.timestamps import DateReader

SUFFIXES = (
    ".csv", ".tsv", ".tab", ".xlsx", ".xlsm", ".xls", ".ods", ".json", ".jsonl", ".ndjson", ".parquet",
    ".feather", ".arrow",
    ".sqlite", ".sqlite3", ".db", ".sav", ".dta",
)  # fmt: skip
"""How tables in a folder are called; also with the ending of a packing behind."""
_TEXTS = ("csv", "tsv")
_PACKED = (".gz", ".bz2", ".zst", ".xz")
_LOOK_AT_FILES = 50_000
_MAX_TABLES = 12
_FEW_LINES, _MANY_ROWS = 20, 4
_ABOUT_SETS = frozenset(
    ("dataset_info", "dataset_infos", "dataset_dict", "state", "datapackage", "croissant", "package")
)
"""What JSON is called that describes a data set, and holds none of it."""
_PICTURE_NAME = re.compile(r"\.(?:jpe?g|jfif|png|webp|gif|bmp|tiff?|avif|heic)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Found:
    """The table of a source, open, and what its columns are taken for."""

    path: Path
    table: Table
    roles: Roles

    def date_reader(self, order: str) -> DateReader:
        """Return what reads the dates; `order` is what the user says of them, "" to go by the first rows."""
        return DateReader(
            (record.values.get(self.roles.created_at, "") for record in self.table.sample), order
        )


def several(source: Path, paths: Sequence[Path]) -> Match:
    """Return the claim on a folder in which more than one table could be meant."""
    names = [within(source, path) for path in paths]
    more = f" and {len(names) - _MAX_TABLES:,} more" if len(names) > _MAX_TABLES else ""
    return Match(
        "table",
        45,
        f"a folder with {len(names):,} tables of texts",
        f"{source} holds several tables of texts: {', '.join(names[:_MAX_TABLES])}{more}",
        f"Point at a single file of them, as {source / names[0]}; its pictures are found in the folder.",
    )


def within(source: Path, path: Path) -> str:
    """Name a table as seen from its source."""
    return path.relative_to(source).as_posix() if source.is_dir() else path.name


def try_open(path: Path, options: ReadOptions) -> Found | None:
    """Open a table; None if it cannot be read."""
    try:
        return open_path(path, options)
    except MmsaError:
        return None


def open_source(source: Path, options: ReadOptions) -> Found:
    """Open the table that a source is, and decide what its columns are.

    Raises:
        SourceError: it is no table, or a folder with several.
        UsageError: the options name a column, a sheet or a row that is not there.
    """
    paths = find_tables(source, options)
    if source.is_dir() and are_parts(paths):
        return open_parts(paths, options)
    if source.is_dir() and len(paths) > 1:
        with_texts = [path for path in paths if (opened := try_open(path, options)) and opened.roles.text]
        if len(with_texts) > 1:
            claim = several(source, with_texts)
            raise SourceError(claim.problem, claim.advice)
        left = [path for path in paths if path not in with_texts]
        if with_texts and left:
            options.note(
                f"tables without texts left out: {', '.join(within(source, p) for p in left[:_MAX_TABLES])}"
            )
        paths = with_texts
    if not paths and (found := open_sidecars(source, options)):
        return found
    if not paths:
        raise SourceError(
            f"{source} is no table, and no folder with one",
            "Point at the csv, tsv, xlsx, ods, json, parquet, Feather or SQLite file.",
        )
    return open_path(paths[0], options)


def open_parts(paths: Sequence[Path], options: ReadOptions) -> Found:
    """Open files that are the parts of one table; errors as for `open_source`."""
    table = join_twins(join_parts(paths, lambda path: _open(path, options)), _said(options))
    sample = [record.values for record in table.sample if not record.error]
    return Found(
        sorted(paths)[0], table, _with_key(choose_roles(table.columns, sample, options.columns), table)
    )


def open_path(path: Path, options: ReadOptions) -> Found:
    """Open one file, and decide what its columns are; errors as for `open_source`."""
    table = join_twins(_open(path, options), _said(options))
    sample = [record.values for record in table.sample if not record.error]
    columns = list(table.columns)
    if table.is_open and options.columns:
        columns += _late_columns(path, options, columns)
    roles = choose_roles(columns, sample, options.columns)
    if not roles.text and table.kind in _TEXTS and (opened := open_json_cells(table)):
        sample = [record.values for record in opened.sample if not record.error]
        return Found(path, opened, choose_roles(opened.columns, sample, options.columns))
    return Found(path, table, _with_key(roles, table))


def _open(path: Path, options: ReadOptions) -> Table:
    return open_table(
        path,
        options.note,
        options.encoding,
        delimiter=options.delimiter,
        sheet=options.sheet,
        header_row=options.header_row,
        has_header=options.has_header,
    )


def _said(options: ReadOptions) -> set[str]:
    """Return the columns that the user names."""
    return {part for value in options.columns.values() for part in (value, *value.split("+"))}


def _with_key(roles: Roles, table: Table) -> Roles:
    if KEY not in table.columns or roles.id:
        return roles
    return replace(roles, id=KEY, why={**roles.why, "id": "the records are kept by it"})


def open_sidecars(source: Path, options: ReadOptions) -> Found | None:
    """Open the JSON files of a folder, each beside the picture that it is called like; None without such."""
    if not source.is_dir():
        return None
    names = list(islice(walk(source), _LOOK_AT_FILES))
    pictures = (name.lower() for name in names if split_name(name)[2] in PICTURE_SUFFIXES)
    stems = {word for name in pictures for word in _called_like(name)}
    files = [name for name in names if name.lower().endswith(SUFFIX)]
    alone = set(_without_sidecars(files, stems))
    sidecars = sorted((name for name in files if name not in alone), key=natural_key)
    if not sidecars:
        return None
    table = open_json_files(source, pictures_beside(names, sidecars))
    sample = [record.values for record in table.sample if not record.error]
    roles = choose_roles(table.columns, sample, options.columns)
    return Found(source / f"*{SUFFIX}", table, _with_key(roles, table))


def _late_columns(path: Path, options: ReadOptions, known: Sequence[str]) -> list[str]:
    """Return columns that the user names and no row of the sample has: all rows are looked at."""
    folded = {name.casefold() for name in known}
    late = {name.casefold() for name in _said(options)} - folded
    if not late:
        return []
    found: dict[str, str] = {}
    for record in open_table(path, ignore, options.encoding).records(()):
        for name in record.values:
            if name.casefold() in late:
                found.setdefault(name.casefold(), name)
        if len(found) == len(late):
            break
    return list(found.values())


def names_pictures(found: Found) -> bool:
    """Whether a table without texts is one of pictures: most rows name a picture file, or hold one."""
    records = [record for record in found.table.sample if not record.error]
    cells = [
        any(record.pictures) or any(_PICTURE_NAME.search(record.values.get(c, "")) for c in found.roles.image)
        for record in records
    ]
    return bool(cells) and 2 * sum(cells) >= len(cells)


def no_text(found: Found) -> SourceError:
    """Return what refuses a table in which no column reads like text."""
    columns = found.table.columns
    shown = ", ".join(columns[:30]) + (", …" if len(columns) > 30 else "")
    empty = [
        name for name in found.table.columns[:30] if not any(r.values.get(name) for r in found.table.sample)
    ]
    told = f" Empty: {', '.join(empty[:10])}." if empty and found.table.sample else ""
    return SourceError(
        f"{found.path.name} has no column that looks like text",
        f"Name it: --map text=COLUMN. Columns: {shown}{told}",
    )


def find_tables(source: Path, options: ReadOptions) -> list[Path]:
    """Find the tables that a source holds: the file itself, or those below a folder."""
    if source.is_file():
        kind = kind_of_table(source, options.encoding, options.delimiter)
        return [source] if kind else []
    found, stems = [], set[str]()
    for name in islice(walk(source), _LOOK_AT_FILES):
        plain = name.lower()
        for packing in _PACKED:
            plain = plain.removesuffix(packing)
        if plain.endswith((*SUFFIXES, ".txt")) and name.count("/") <= 3:
            found.append(name)
        elif plain.endswith(tuple(PICTURE_SUFFIXES)):
            stems |= _called_like(plain)
    found = [name for name in _without_sidecars(found, stems) if split_name(name)[1] not in _ABOUT_SETS]
    texts = [name for name in found if name.lower().endswith(".txt")]
    if len(texts) > _MAX_TABLES or not all(_is_data(source / name) for name in texts):
        # Text files are posts of their own, or notes; a few of them may be tables of a data set.
        found = [name for name in found if name not in texts or (len(texts) < 50 and _is_data(source / name))]
    found.sort(key=lambda name: (name.count("/"), natural_key(name)))
    if len(found) > 4 * _MAX_TABLES and not are_parts([source / name for name in found]):
        return []  # sidecars of a downloader: no table of posts
    return [source / name for name in found if kind_of_table(source / name, options.encoding)]


def _called_like(picture: str) -> set[str]:
    """Return what a sidecar of a picture is called but for its ending: `7` or `7.jpg`."""
    _, stem, suffix = split_name(picture)
    return {stem, stem + suffix}


def _without_sidecars(names: Sequence[str], stems: set[str]) -> Iterator[str]:
    """Leave out folders of small files of JSON, each called like a picture of which it tells."""
    folders: dict[str, list[str]] = {}
    for name in names:
        folders.setdefault(split_name(name)[0], []).append(name)
    for inside in folders.values():
        told = [n for n in inside if n.lower().endswith(".json") and split_name(n.lower())[1] in stems]
        if len(told) < max(2, 0.9 * len(inside)):
            yield from inside


def _is_data(path: Path) -> bool:
    """Whether a text is a table of a data set, or names its columns as one does: `image,caption`."""
    sample = read_start(path, 65_536)
    if kind_of_plain(sample):
        return True
    dialect = sniff(sample)
    lines = sample.decode("utf-8-sig", "replace").split("\n")
    if dialect is None or len(lines) < 3:
        return False
    names = [cell.strip().strip('"') for cell in lines[0].split(dialect.delimiter)]
    known = sum(map(is_known, names))
    rows = [line.count(dialect.delimiter) for line in lines[:_FEW_LINES] if line.strip()]
    # Of several names some may be a data set's own, or none, where all rows are as wide as the first.
    is_even = min(rows) == max(rows) and (known > 2 or (dialect.delimiter == "\t" and len(rows) > _MANY_ROWS))
    return len(names) > 1 and (known == len(names) or is_even)
