"""Parquet for notebooks: text, double and boolean columns, written a row group at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path

from mmsa_tui.export.cells import encodable
from mmsa_tui.export.columns import NUMBERS, TRUTHS, Value

ROW_GROUP = 5000


def write_parquet(
    path: Path, columns: Sequence[str], labels: Sequence[str], records: Iterable[Mapping[str, Value]]
) -> int:
    """Write all records; returns how many."""
    # pyarrow takes 200 ms to import; users of the other formats should not pay it.
    import pyarrow
    import pyarrow.parquet

    numbers = {*NUMBERS, *(f"p_{label}" for label in labels)}
    kinds = {name: pyarrow.float64() for name in numbers} | {name: pyarrow.bool_() for name in TRUTHS}
    schema = pyarrow.schema([(encodable(name), kinds.get(name, pyarrow.string())) for name in columns])
    n_rows = 0
    remaining = iter(records)
    with path.open("wb") as file, pyarrow.parquet.ParquetWriter(file, schema) as writer:
        while chunk := list(islice(remaining, ROW_GROUP)):
            arrays = [
                pyarrow.array([_value(record.get(name)) for record in chunk], type=field.type)
                for name, field in zip(columns, schema, strict=True)
            ]
            writer.write_batch(pyarrow.record_batch(arrays, schema=schema))
            n_rows += len(chunk)
    return n_rows


def _value(value: Value) -> Value:
    return encodable(value) if isinstance(value, str) else value
