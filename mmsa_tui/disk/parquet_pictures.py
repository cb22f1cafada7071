"""The pictures that lie in a Parquet file: in a part of a pack, or in a column as Hugging Face writes them.

Knows places and bytes, not what a picture is. A place is `row/index/column`, that in a pack `row/index`.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import accumulate
from pathlib import Path
from typing import IO, Any

MARK = b"PAR1"
"""How a Parquet file begins."""
PACKED_COLUMN = "pictures"
BYTES_FIELDS = ("bytes", "data")
"""What the bytes are called where a picture is kept with its name: by Hugging Face, and in a pack."""

_WHOLE_BYTES = 128 << 20
"""A row group whose pictures are no more than this is kept whole: pictures are asked for out of order."""
_KEPT_GROUPS = 3
_BATCH_ROWS = 16


def place_of(row: int, index: int, column: str) -> str:
    """Name the place of a picture: the row from 0, the picture of the row from 0, its column."""
    return f"{row}/{index}/{column}"


class ParquetPictures:
    """The pictures of one file, by place; for one thread at a time.

    Raises:
        OSError: it is no Parquet file, or is damaged.
    """

    def __init__(self, path: Path) -> None:
        import pyarrow.parquet

        with as_os_error():
            self._file = pyarrow.parquet.ParquetFile(path)
        counts = [self._file.metadata.row_group(n).num_rows for n in range(self._file.num_row_groups)]
        self._ends = list(accumulate(counts))
        self._kept: dict[tuple[int, str], Any] = {}
        self._batches: tuple[tuple[int, str], int, Any, Iterator[Any]] | None = None
        """Of a group too large to be kept: which it is, where its batch begins, the batch, the rest."""

    def open(self, name: str) -> IO[bytes]:
        """Open a picture by its place.

        Raises:
            OSError: there is none at this place, or the file is damaged.
        """
        with as_os_error():
            row, index, column = (*name.split("/", 2), PACKED_COLUMN)[:3]
            data = bytes_in(self._cell(int(row), column), int(index))
        return io.BytesIO(data)

    def close(self) -> None:
        self._kept.clear()
        self._batches = None
        self._file.close()

    def _cell(self, row: int, column: str) -> Any:
        group = next((n for n, end in enumerate(self._ends) if row < end), None)
        if group is None or row < 0:
            raise OSError(f"there is no row {row}")
        at = row - (self._ends[group - 1] if group else 0)
        key = group, column
        if key not in self._kept and self._size(group, column) > _WHOLE_BYTES:
            return self._step_to(key, at)
        if key not in self._kept:
            while len(self._kept) >= _KEPT_GROUPS:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = self._file.read_row_group(group, columns=[column]).column(0)
        return self._kept[key][at]

    def _size(self, group: int, column: str) -> int:
        found = self._file.metadata.row_group(group)
        parts = (found.column(n) for n in range(found.num_columns))
        return sum(
            part.total_uncompressed_size for part in parts if part.path_in_schema.split(".")[0] == column
        )

    def _step_to(self, key: tuple[int, str], at: int) -> Any:
        """Go through a large group batch by batch: forward it is cheap, backward it begins anew."""
        if self._batches is None or self._batches[0] != key or at < self._batches[1]:
            rest = self._file.iter_batches(batch_size=_BATCH_ROWS, row_groups=[key[0]], columns=[key[1]])
            self._batches = key, 0, next(rest), rest
        _, start, batch, rest = self._batches
        while at >= start + batch.num_rows:
            start += batch.num_rows
            batch = next(rest)
        self._batches = key, start, batch, rest
        return batch.column(0)[at - start]


def bytes_in(cell: Any, index: int) -> bytes:
    """Return the bytes of a picture in a cell of pyarrow: of one, or of the one at `index` in a list.

    Raises:
        OSError: there is none.
    """
    import pyarrow

    if index < 0:
        raise OSError("there is no such picture")
    if isinstance(cell, pyarrow.ListScalar):
        cell = cell.values[index]
    elif index:
        raise OSError(f"there is one picture in this row, not {index + 1}")
    if isinstance(cell, pyarrow.StructScalar):
        named = [field.name for field in cell.type if field.name in BYTES_FIELDS]
        cell = cell[named[0]]
    data = cell.as_py()
    if not isinstance(data, bytes):
        raise OSError("it was not there when the file was written")
    return data


@contextmanager
def as_os_error() -> Iterator[None]:
    """Turn whatever a damaged file does to pyarrow into what a damaged picture file gives."""
    import pyarrow

    try:
        yield
    except OSError:
        raise
    except (
        pyarrow.ArrowException, ValueError, TypeError, LookupError, AttributeError, StopIteration,
    ) as error:  # fmt: skip
        raise OSError(str(error)) from error
