"""Which kind of table a file is, and the one way to open it.

Knows kinds by their bytes, and which options each has room for; how each lies in its file is known
by `table_rows` and `typed_rows`, what columns mean by neither.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from mmsa_tui.errors import SourceError
from mmsa_tui.sources.files import workbook
from mmsa_tui.sources.files.byte_stream import is_tape, packing_of, read_start
from mmsa_tui.sources.files.columnar import kind_of_columnar
from mmsa_tui.sources.files.contradictions import Said, without_room
from mmsa_tui.sources.files.dataset_rows import labels_beside
from mmsa_tui.sources.files.dialect import SAMPLE_BYTES, sniff
from mmsa_tui.sources.files.foreign import foreign_kind
from mmsa_tui.sources.files.ndjson import JSON_SUFFIXES, sample_records
from mmsa_tui.sources.files.plain_rows import kind_of_plain
from mmsa_tui.sources.files.plain_tables import PLAIN_KINDS, open_plain
from mmsa_tui.sources.files.table_rows import Table, open_book, open_text
from mmsa_tui.sources.files.typed_rows import open_columnar_table, open_jsonl

_SCRIPT = re.compile(
    rb"""[\s\xef\xbb\xbf]*(?:export\s+default|(?:(?:var|let|const|export)\s+)?[A-Za-z_$][\w.$\[\]'"]*\s*(?:=|\())"""
    rb"""\s*(?:\[\s*)?\{\s*\""""
)
_TEXT_SUFFIXES = (".csv", ".tsv", ".tab", ".txt")


def kind_of_table(path: Path, encoding: str = "", delimiter: str = "") -> str:
    """Name the kind of table that a file's content is, or "": nothing is parsed to its end.

    By the first bytes, the ending of the name, and many lines; the first may be damaged.

    Args:
        encoding: what text without a mark is in, "" to find out.
        delimiter: what the user says stands between cells.
    """
    try:
        with path.open("rb") as file:
            head = file.read(64)
    except OSError:
        return ""
    if kind := kind_of_columnar(head):
        return kind
    if kind := workbook.kind_of_workbook(path):
        return kind
    sample = read_start(path, SAMPLE_BYTES)
    if not sample or packing_of(sample) or is_tape(sample) or foreign_kind(sample, path.name):
        return ""
    suffix = _suffix(path)
    is_text = not delimiter and suffix in JSON_SUFFIXES
    start = sample.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0")[:8].split()
    # A csv may begin with a bracket too; one of records within one it does not.
    is_listed = b"".join(start).startswith((b"[{", b"{{"))
    is_json = start[:1] and start[0][:1] in (b"{", b"[") and suffix not in _TEXT_SUFFIXES
    if is_text or is_json or (is_listed and not delimiter) or _may_be_lines(sample):
        # A table of JSON holds a record.
        if sample_records(path, 1):
            return "jsonl"
        if suffix in JSON_SUFFIXES:
            return ""
    if looks_like_markup(sample) or looks_like_script(sample):
        return ""
    if not delimiter and (kind := kind_of_plain(sample)):
        return kind
    if not delimiter and labels_beside(path):
        return "labelled"
    dialect = sniff(sample, encoding, delimiter, is_whole=len(sample) < SAMPLE_BYTES)
    if dialect is None:
        return ""
    return "tsv" if dialect.delimiter == "\t" else "csv"


def looks_like_markup(sample: bytes) -> bool:
    """Whether a text begins as a web page or XML does."""
    start = sample.lstrip(b"\xef\xbb\xbf \t\r\n")[:200].lower()
    return start.startswith(
        (b"<!doctype", b"<html", b"<?xml", b"<rss", b"<feed", b"<head", b"<body", b"<table")
    )


def looks_like_script(sample: bytes) -> bool:
    """Whether a text begins as a script that gives JSON a name: `var tweets = [{`, `callback({"`."""
    return _SCRIPT.match(sample) is not None


def _suffix(path: Path) -> str:
    name = path.name.lower()
    for packed in (".gz", ".bz2", ".zst", ".xz", ".zip"):
        name = name.removesuffix(packed)
    return "." + name.rpartition(".")[2]


def _may_be_lines(sample: bytes) -> bool:
    """Whether most lines of a text are records of JSON, whatever its name."""
    lines = [line for line in sample.split(b"\n")[:20] if line.strip()]
    if len(sample) >= SAMPLE_BYTES and len(lines) > 1:
        lines = lines[:-1]
    return 2 * sum(line.lstrip()[:1] == b"{" and line.rstrip()[-1:] == b"}" for line in lines) > len(lines)


def open_table(
    path: Path,
    note: Callable[[str], None],
    encoding: str = "",
    *,
    delimiter: str = "",
    sheet: str = "",
    header_row: int = 0,
    has_header: bool | None = None,
) -> Table:
    """Find the columns of a table, and take a sample of its rows.

    Args:
        encoding: as for `kind_of_table`.
        delimiter: what stands between cells, "" to find out.
        sheet: of a workbook or a database, by name or number from 1; "" to find out.
        header_row: the row that names the columns, from 1; 0 to find out.
        has_header: False if no row does; None to find out.

    Raises:
        SourceError: the file is no table, or is damaged at its start.
        UsageError: there is no such sheet or row, or nothing could be read as the user says.
    """
    kind = kind_of_table(path, encoding, delimiter)
    said = Said(encoding, delimiter, sheet, header_row, has_header)
    for idle in without_room(path.name, kind, said):
        note(idle)
    try:
        if kind == "jsonl":
            return open_jsonl(path)
        if kind in ("parquet", "feather", "sqlite", "spss", "stata"):
            return open_columnar_table(path, kind, sheet)
        if kind in ("xlsx", "ods", "xls"):
            return open_book(path, kind, said)
        if kind in PLAIN_KINDS:
            return open_plain(path, kind)
        if kind in ("csv", "tsv"):
            return open_text(path, kind, said)
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error}", "Check that you may read it.") from error
    raise SourceError(
        f"{path.name} is no table: not csv, tsv, xlsx, ods, jsonl, parquet, Feather or SQLite",
        "Save it as one of these.",
    )
