"""Rows to stdout in the order of the source, each as soon as all before it are known."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import takewhile
from typing import TYPE_CHECKING, TextIO

from mmsa_tui.cli.row_changes import apply
from mmsa_tui.errors import Interrupted
from mmsa_tui.export import stream_jsonl
from mmsa_tui.store import Row, Store, Where

if TYPE_CHECKING:
    from mmsa_tui.bundle.meta import Bundle

_CHUNK = 64
"""Rows looked up at once; about two batches."""


class OrderedStream:
    """Streams one source as jsonl.

    Args:
        changes: what is done to every row on its way out.
        on_row: told each row that was written.
    """

    def __init__(
        self,
        store: Store,
        source_id: int,
        bundle: Bundle,
        where: Where | None,
        changes: Sequence[Callable[[Row], Row]],
        file: TextIO,
        on_row: Callable[[Row], None],
    ) -> None:
        self._store = store
        self._source_id = source_id
        self._bundle = bundle
        self._changes = changes
        self._file = file
        self._on_row = on_row
        self._pending = store.ordinals(source_id, bundle.id, where)
        self._next = 0

    def advance(self) -> None:
        """Write the rows that have become ready.

        Raises:
            Interrupted: nobody reads any more.
        """
        while self._next < len(self._pending):
            wanted = self._pending[self._next : self._next + _CHUNK]
            found = self._store.rows_at(self._source_id, self._bundle.id, wanted)
            ready = list(takewhile(_is_done, found))
            try:
                stream_jsonl(self._told(apply(ready, self._changes)), self._file, self._bundle.labels)
            except BrokenPipeError:
                # As other tools do: `| head` is no news to the one who typed it.
                raise Interrupted("") from None
            self._next += len(ready)
            if len(ready) < len(wanted):
                return

    def _told(self, rows: Iterator[Row]) -> Iterator[Row]:
        for row in rows:
            yield row
            self._on_row(row)


def _is_done(row: Row) -> bool:
    return row.failure is not None or row.prediction is not None
