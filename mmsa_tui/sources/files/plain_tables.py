"""Opens tables that need no header, each kind in a layout of its own: `plain_rows` knows how they lie."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from mmsa_tui.sources.columns import unique_names
from mmsa_tui.sources.files.byte_stream import read_start
from mmsa_tui.sources.files.dataset_rows import (
    LABELLED_NAMES,
    MARKED_NAMES,
    THREE_NAMES,
    TOKEN_NAMES,
    labels_beside,
)
from mmsa_tui.sources.files.dialect import SAMPLE_BYTES
from mmsa_tui.sources.files.header import Header, without_header
from mmsa_tui.sources.files.plain_rows import BLOCK_NAMES, field_names, plain_rows
from mmsa_tui.sources.files.table_rows import FIRST_ROWS, Layout, Table, from_rows

_OWN_NAMES = {
    "blocks": BLOCK_NAMES,
    "tokens": TOKEN_NAMES,
    "threes": (*THREE_NAMES, "image", "text"),
    "labelled": LABELLED_NAMES,
    "marked": MARKED_NAMES,
}
PLAIN_KINDS = ("lists", "fields", *_OWN_NAMES)
"""Tables that need no header: each kind has a layout of its own."""


def open_plain(path: Path, kind: str) -> Table:
    """Open a list of a data set that needs no header."""
    names = field_names(read_start(path, SAMPLE_BYTES)) if kind == "fields" else []
    rows = plain_rows(path, kind, names)
    first = list(islice(rows, FIRST_ROWS))
    header = without_header([row.cells for row in first if not row.error], "")
    if kind in _OWN_NAMES:
        header = Header(-1, list(_OWN_NAMES[kind]))
    if kind == "fields":
        header = Header(-1, unique_names(names))
    notes = []
    if kind == "labelled" and (labels := labels_beside(path)):
        notes.append(f"people's labels are taken from {labels.name}, line by line")
    return from_rows(kind, header, first, rows, [], Layout(0, encoding="utf-8"), notes)
