"""CSV for spreadsheets: UTF-8 with a byte order mark, CRLF, text in quotes, formulas neutralised."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from mmsa_tui.export.cells import clean, neutralise
from mmsa_tui.export.columns import Value


def write_csv(path: Path, columns: Sequence[str], records: Iterable[Mapping[str, Value]]) -> int:
    """Write all records; returns how many."""
    n_rows = 0
    # Excel takes CSV for the local 8-bit encoding unless it begins with the mark.
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        # Names are quoted where they must be: programs that look for the first line find it as ever.
        csv.writer(file).writerow([neutralise(clean(column)) for column in columns])
        writer = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC)
        for record in records:
            writer.writerow([_cell(record.get(column)) for column in columns])
            n_rows += 1
    return n_rows


class _Number(float):
    """A number as a cell shows it; the writer puts no quotes around one."""

    def __str__(self) -> str:
        return f"{self:.6f}"


def _cell(value: Value) -> str | float:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _Number(value)
    return neutralise(clean(value))
