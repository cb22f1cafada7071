"""Rows of a parquet file in small batches. The only place that reads with pyarrow."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from mmsa_tui.errors import SourceError

_BATCH_ROWS = 256

Batches = Callable[[Sequence[str]], Iterator[Mapping[str, object]]]


def open_parquet(path: Path) -> tuple[list[str], Batches]:
    """Return the names of the columns, and a function that yields rows with some of them.

    Raises:
        SourceError: it is damaged; also while rows are read.
    """
    # pyarrow costs 200 ms to import.
    import pyarrow as pa
    import pyarrow.parquet as pq

    def broken(error: Exception) -> SourceError:
        return SourceError(
            f"{path.name} is not a parquet file that can be read: {error}", "Write it again, or export csv."
        )

    try:
        with pq.ParquetFile(path) as file:
            columns = list(dict.fromkeys(str(name) for name in file.schema_arrow.names))
    except (pa.ArrowException, OSError, ValueError, TypeError) as error:
        raise broken(error) from error

    def batches(keep: Sequence[str]) -> Iterator[Mapping[str, object]]:
        try:
            with pq.ParquetFile(path) as file:
                for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=list(keep)):
                    yield from batch.to_pylist()
        except (pa.ArrowException, OSError, ValueError, TypeError) as error:
            raise broken(error) from error

    return columns, batches
