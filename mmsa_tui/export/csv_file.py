"""CSV for spreadsheets: UTF-8 with a byte order mark, CRLF, formulas neutralised."""

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
        writer = csv.writer(file)
        writer.writerow([neutralise(clean(column)) for column in columns])
        for record in records:
            writer.writerow([_cell(record.get(column)) for column in columns])
            n_rows += 1
    return n_rows


def _cell(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.6f}"
    return neutralise(clean(value))
