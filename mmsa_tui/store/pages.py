"""Rows of a table out of the raw pages of a SQLite file, whatever state its tree is in.

SQLite refuses a file that is shorter than its header says, and stops at the first page that makes no
sense; the rows on all other pages are still there. Source of the layout: "Database File Format" and
"WAL-mode File Format", sqlite.org. Knows bytes, no meaning of a column.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Sequence

Value = str | bytes | int | float | None

_TABLE_LEAF = 0x0D
_HEADER = 100
_WAL_HEADER, _FRAME_HEADER = 32, 24
_FIXED = {0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8, 7: 8, 8: 0, 9: 0}
"""Serial type -> bytes of the value, but for texts and blobs."""
_MAX_PAYLOAD = 64 * 1024 * 1024


class PageFile:
    """The pages of a database file, each as new as its log says.

    Args:
        data: the file, perhaps cut short. wal: the file beside it, b"" if there is none.
    """

    def __init__(self, data: bytes, wal: bytes = b"") -> None:
        size = int.from_bytes(data[16:18], "big")
        size = 65536 if size == 1 else size
        # A header that is damaged says nothing; 4096 is what SQLite makes.
        self.page_size = size if size >= 512 and size & (size - 1) == 0 else 4096
        self._data = data
        self.is_cut = len(data) < int.from_bytes(data[28:32], "big") * self.page_size
        """Whether the file is shorter than its header says."""
        self._newer = dict(self._frames(wal))

    def rows(self, n_columns: Sequence[int]) -> Iterator[tuple[int, tuple[Value, ...]]]:
        """Yield (rowid, values) of whatever looks like a row of so many columns, the first of them the rowid.

        A row may come several times, as it was at several moments; old pages come first.
        """
        n_pages = -(-len(self._data) // self.page_size)
        for number in range(1, n_pages + 1):
            old = self._data[(number - 1) * self.page_size : number * self.page_size]
            yield from self._rows_on(old, number == 1, n_columns)
        for number, page in sorted(self._newer.items()):
            yield from self._rows_on(page, number == 1, n_columns)

    def _page(self, number: int) -> bytes:
        start = (number - 1) * self.page_size
        return self._newer.get(number) or self._data[start : start + self.page_size]

    def _frames(self, wal: bytes) -> Iterator[tuple[int, bytes]]:
        """Yield the pages of the log up to its last transaction that was finished."""
        if len(wal) < _WAL_HEADER or wal[:4] not in (b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83"):
            return
        salt, step = wal[16:24], _FRAME_HEADER + self.page_size
        pending: list[tuple[int, bytes]] = []
        for start in range(_WAL_HEADER, len(wal) - step + 1, step):
            number, n_pages = struct.unpack(">II", wal[start : start + 8])
            if wal[start + 8 : start + 16] != salt:
                return
            pending.append((number, wal[start + _FRAME_HEADER : start + step]))
            if n_pages:
                yield from pending
                pending = []

    def _rows_on(
        self, page: bytes, is_first: bool, n_columns: Sequence[int]
    ) -> Iterator[tuple[int, tuple[Value, ...]]]:
        # The record's header: its length, then nothing for the rowid, then the other columns' types.
        begins = re.compile(b"[" + bytes([min(n_columns)]) + b"-\x7f]\x00", re.DOTALL)
        seen: set[int] = set()
        for start in self._cells(page, _HEADER if is_first else 0):
            found = self._cell(page, start, n_columns)
            if found is not None:
                seen.add(found[2])
                yield found[0], found[1]
        # What no pointer leads to: the page's own head is damaged, or its tree has dropped it.
        for match in begins.finditer(page):
            if match.start() in seen:
                continue
            for start in range(match.start() - 2, max(-1, match.start() - 15), -1):
                found = self._cell(page, start, n_columns)
                if found is not None and found[2] == match.start():
                    yield found[0], found[1]
                    break

    def _cells(self, page: bytes, offset: int) -> Iterator[int]:
        if len(page) < offset + 8 or page[offset] != _TABLE_LEAF:
            return
        n_cells = int.from_bytes(page[offset + 3 : offset + 5], "big")
        for index in range(min(n_cells, self.page_size // 4)):
            at = offset + 8 + 2 * index
            yield int.from_bytes(page[at : at + 2], "big")

    def _cell(
        self, page: bytes, start: int, n_columns: Sequence[int]
    ) -> tuple[int, tuple[Value, ...], int] | None:
        """Read a cell: its rowid, its values, and where its record begins; None if it is none of ours."""
        try:
            size, at = _varint(page, start)
            rowid, at = _varint(page, at)
            if not 0 < size <= _MAX_PAYLOAD or rowid <= 0:
                return None
            length, first = _varint(page, at)
            if not min(n_columns) < length <= 200 or page[first] != 0:
                return None
            types = []
            while first < at + length:
                kind, first = _varint(page, first)
                types.append(kind)
            sizes = [_FIXED[kind] if kind < 10 else (kind - 12) // 2 for kind in types]
            if len(types) not in n_columns or length + sum(sizes) != size or {10, 11} & set(types):
                return None
            payload = self._payload(page, at, size)
            if payload is None:
                return None
            return rowid, tuple(_values(payload[length:], types, sizes)), at
        except (IndexError, KeyError, ValueError):
            return None

    def _payload(self, page: bytes, at: int, size: int) -> bytes | None:
        """Gather a record from its page and the pages that it flows over to; None if one is gone."""
        room = self.page_size - 35
        if size <= room:
            return page[at : at + size] if at + size <= len(page) else None
        least = (self.page_size - 12) * 32 // 255 - 23
        kept = least + (size - least) % (self.page_size - 4)
        kept = kept if kept <= room else least
        parts, left = [page[at : at + kept]], size - kept
        following = int.from_bytes(page[at + kept : at + kept + 4], "big")
        for _ in range(size // (self.page_size - 4) + 1):
            if left <= 0:
                break
            more = self._page(following) if following else b""
            if len(more) < min(left + 4, self.page_size):
                return None
            parts.append(more[4 : 4 + left])
            left -= len(parts[-1])
            following = int.from_bytes(more[:4], "big")
        payload = b"".join(parts)
        return payload if len(payload) == size else None


def _varint(data: bytes, at: int) -> tuple[int, int]:
    if at < 0:
        raise IndexError(at)
    value = 0
    for index in range(8):
        byte = data[at + index]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + index + 1
    return value << 8 | data[at + 8], at + 9


def _values(body: bytes, types: Sequence[int], sizes: Sequence[int]) -> Iterator[Value]:
    at = 0
    for kind, size in zip(types, sizes, strict=True):
        raw = body[at : at + size]
        at += size
        if kind == 0:
            yield None
        elif kind == 7:
            yield float(struct.unpack(">d", raw)[0])
        elif kind in (8, 9):
            yield kind - 8
        elif kind < 7:
            yield int.from_bytes(raw, "big", signed=True)
        elif kind % 2:
            # One damaged character costs that character.
            yield raw.decode("utf-8", "replace")
        else:
            yield raw
