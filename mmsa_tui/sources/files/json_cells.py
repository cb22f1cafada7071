"""Tables whose cells hold JSON, as of annotators and databases: its fields become columns of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from mmsa_tui.sources.files.cells import parse_cell
from mmsa_tui.sources.files.table_rows import Record, Table
from mmsa_tui.sources.files.typed_rows import flatten

_LOOK_AT_COLUMNS = 60
_LOOK_AT_ROWS = 50


def open_json_cells(table: Table) -> Table | None:
    """Return the table with a column for each field of its JSON, `data.text`; None if it holds no objects."""
    rows = [record.values for record in table.sample[:_LOOK_AT_ROWS] if not record.error]
    packed = [
        name
        for name in table.columns[:_LOOK_AT_COLUMNS]
        if any(cells := [cell for row in rows if (cell := row.get(name, "").strip())])
        and all(cell[0] == "{" and _fields_in(cell) is not None for cell in cells)
    ]
    if not packed:
        return None

    def opened(record: Record) -> Record:
        values = dict(record.values)
        for name in packed:
            if (fields := _fields_in(values.get(name, ""))) is not None:
                flatten(fields, f"{name}.", 0, values)
        return replace(record, values=values)

    def records(names: Sequence[str]) -> Iterator[Record]:
        needed = [name for name in table.columns if not names or name in names or name in packed]
        return map(opened, table.records(needed))

    sample = [opened(record) for record in table.sample]
    columns = list(dict.fromkeys([*table.columns, *(name for record in sample for name in record.values)]))
    return replace(table, columns=columns, sample=sample, records=records)


def _fields_in(cell: str) -> dict[str, object] | None:
    """Return the fields in a cell, without the id that Zooniverse files them under; None without fields."""
    fields = parse_cell(cell)
    if not isinstance(fields, dict):
        return None
    (key, inner), *others = fields.items() or [("", None)]
    return inner if isinstance(inner, dict) and key.isdigit() and not others else fields
