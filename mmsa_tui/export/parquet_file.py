"""Parquet for notebooks: text, double and boolean columns, written and read a row group at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from mmsa_tui.export.cells import encodable
from mmsa_tui.export.columns import NUMBERS, TRUTHS, Value

ROW_GROUP = 5000
_ABOUT = b"mmsa"


@dataclass(frozen=True, slots=True)
class ParquetTable:
    """A table that `write_parquet` has written: its columns, its rows' number, what it says of itself."""

    path: Path
    columns: tuple[str, ...]
    n_rows: int
    about: str


def write_parquet(
    path: Path,
    columns: Sequence[str],
    labels: Sequence[str],
    records: Iterable[Mapping[str, Value]],
    about: str = "",
) -> int:
    """Write all records; returns how many.

    Args:
        about: what the file is to say of itself beside its rows, for `open_parquet`.
    """
    # pyarrow takes 200 ms to import; users of the other formats should not pay it.
    import pyarrow
    import pyarrow.parquet

    numbers = {*NUMBERS, *(f"p_{label}" for label in labels)}
    kinds = {name: pyarrow.float64() for name in numbers} | {name: pyarrow.bool_() for name in TRUTHS}
    schema = pyarrow.schema([(encodable(name), kinds.get(name, pyarrow.string())) for name in columns])
    if about:
        schema = schema.with_metadata({_ABOUT: about.encode()})
    n_rows = 0
    remaining = iter(records)
    with (
        path.open("wb") as file,
        pyarrow.parquet.ParquetWriter(file, schema, write_page_checksum=True) as writer,
    ):
        while chunk := list(islice(remaining, ROW_GROUP)):
            arrays = [
                pyarrow.array([_value(record.get(name)) for record in chunk], type=field.type)
                for name, field in zip(columns, schema, strict=True)
            ]
            writer.write_batch(pyarrow.record_batch(arrays, schema=schema))
            n_rows += len(chunk)
    return n_rows


def open_parquet(path: Path) -> ParquetTable:
    """Read what a table says of itself.

    Raises:
        OSError, ValueError: it is missing, or no Parquet file.
    """
    import pyarrow.parquet

    with pyarrow.parquet.ParquetFile(path) as file:
        schema = file.schema_arrow
        about = (schema.metadata or {}).get(_ABOUT, b"").decode("utf-8", "replace")
        return ParquetTable(path, tuple(schema.names), file.metadata.num_rows, about)


def read_parquet(path: Path, columns: Sequence[str] | None = None) -> Iterator[dict[str, Value]]:
    """Yield the rows of a table, or some columns of them, a few thousand in memory at once.

    Raises:
        OSError, ValueError: it is missing or damaged.
    """
    import pyarrow.parquet

    with pyarrow.parquet.ParquetFile(path, page_checksum_verification=True) as file:
        for batch in file.iter_batches(
            batch_size=ROW_GROUP, columns=None if columns is None else list(columns)
        ):
            yield from batch.to_pylist()


def _value(value: Value) -> Value:
    return encodable(value) if isinstance(value, str) else value
