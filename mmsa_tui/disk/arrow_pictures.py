"""Files of Arrow, batch by batch, and the pictures in them: Feather, IPC files, streams of `save_to_disk`.

Knows batches, places and bytes, not what a picture is. A place is `row/index/column`, as in Parquet.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from mmsa_tui.disk.parquet_pictures import as_os_error, bytes_in

FILE_MARK = b"ARROW1"
OLD_MARK = b"FEA1"
_STREAM_MARK = b"\xff\xff\xff\xff"
_MOST_SCHEMA_BYTES = 1 << 24


def is_arrow(head: bytes) -> bool:
    """Whether these first bytes begin a file of Arrow, of any of its kinds."""
    return head.startswith((FILE_MARK, OLD_MARK)) or _is_stream(head)


def _is_stream(head: bytes) -> bool:
    # A message begins with a mark and the length of what describes it, in steps of eight bytes.
    length = int.from_bytes(head[4:8], "little")
    return head.startswith(_STREAM_MARK) and 0 < length < _MOST_SCHEMA_BYTES and not length % 8


@contextmanager
def open_batches(path: Path) -> Iterator[tuple[Any, Iterator[Any]]]:
    """Open a file of Arrow: its schema, and its batches one after another.

    Raises:
        OSError, ValueError or pyarrow.ArrowException: it is none, or is damaged; also while batches are read.
    """
    # pyarrow costs 200 ms to import.
    import pyarrow as pa

    with path.open("rb") as file:
        head = file.read(8)
    if head.startswith(OLD_MARK):
        import pyarrow.feather

        table = pyarrow.feather.read_table(path, memory_map=True)
        yield table.schema, iter(table.to_batches())
        return
    with pa.memory_map(str(path)) as source:
        if _is_stream(head):
            stream = pa.ipc.open_stream(source)
            yield stream.schema, iter(stream)
        else:
            opened = pa.ipc.open_file(source)
            yield opened.schema, map(opened.get_batch, range(opened.num_record_batches))


class ArrowPictures:
    """The pictures of one file, by place; for one thread at a time. Forward is cheap, backward begins anew.

    Raises:
        OSError: it is no file of Arrow, or is damaged.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rest = self._batches()
        self._start = 0
        with as_os_error():
            self._batch = next(self._rest, None)

    def open(self, name: str) -> IO[bytes]:
        """Open a picture by its place.

        Raises:
            OSError: there is none at this place, or the file is damaged.
        """
        row, index, column = name.split("/", 2)
        with as_os_error():
            cell = self._cell(int(row), column)
            return io.BytesIO(bytes_in(cell, int(index)))

    def close(self) -> None:
        self._batch = None
        self._rest = iter(())

    def _cell(self, row: int, column: str) -> Any:
        if row < self._start:
            self._rest, self._start = self._batches(), 0
            self._batch = next(self._rest, None)
        while self._batch is not None and row >= self._start + self._batch.num_rows:
            self._start += self._batch.num_rows
            self._batch = next(self._rest, None)
        if self._batch is None or row < 0:
            raise OSError(f"there is no row {row}")
        return self._batch.column(column)[row - self._start]

    def _batches(self) -> Iterator[Any]:
        with open_batches(self._path) as (_schema, batches):
            yield from batches
