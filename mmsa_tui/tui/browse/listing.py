"""The rows a table shows: which ones, in which order, and the pages of them that are in memory.

A list is settled once and then stands still under the user: a post that was corrected out of the
filter stays until the list is settled again. Knows the store, no widget.
"""

from __future__ import annotations

from array import array
from collections import OrderedDict
from collections.abc import Collection, Iterable, Sequence

from mmsa_tui.errors import MmsaError
from mmsa_tui.store import Order, Row, SourceRow, Store, Where
from mmsa_tui.tui.store_thread import StoreThread

PAGE = 50
"""Rows fetched at once; more than a screen shows."""
MAX_PAGES = 40
"""Pages kept; a page of the longest tweets is under 1 MB."""


class SourceMovedError(Exception):
    """The source was read again, or forgotten, by somebody else: the list must be settled anew."""


class Listing:
    """Some rows of one source, in one order, for one bundle."""

    def __init__(self, source: SourceRow, bundle_id: str, quick: StoreThread, slow: StoreThread) -> None:
        self.source = source
        self.bundle_id = bundle_id
        self.where: Where | None = None
        self.order: Order | None = None
        self._quick = quick
        self._slow = slow
        self._ordinals: Sequence[int] = range(0)
        self._pages: OrderedDict[int, list[Row]] = OrderedDict()
        self._stale: set[int] = set()
        self._settled = 0

    def __len__(self) -> int:
        return len(self._ordinals)

    async def settle(self, where: Where | None, order: Order | None) -> bool:
        """Find out which rows there are; False if another call has overtaken this one.

        Raises:
            StoreError, UsageError: the condition or the order cannot be used; the old list stays.
        """
        self._settled += 1
        turn = self._settled
        location, bundle_id = self.source.location, self.bundle_id

        def work(store: Store) -> tuple[SourceRow | None, Sequence[int]]:
            source = store.source(location)
            if source is None:
                return None, range(0)
            if where is None and order is None:
                return source, range(source.n_posts + source.n_failures)
            return source, store.ordinals(source.id, bundle_id, where, order)

        source, ordinals = await self._slow.run(work)
        if source is None:
            raise SourceMovedError(location)
        if turn != self._settled:
            return False
        self.source, self.where, self.order = source, where, order
        self._ordinals = ordinals if isinstance(ordinals, (range, array)) else array("q", ordinals)
        self._pages.clear()
        self._stale.clear()
        return True

    def ordinal(self, index: int) -> int:
        """Tell which row of the source stands at an index of the list."""
        return self._ordinals[index]

    def ordinals(self) -> Sequence[int]:
        """All rows of the list, by their place in the source."""
        return self._ordinals

    def index_of(self, ordinal: int) -> int | None:
        """Find a row of the source in the list."""
        try:
            return self._ordinals.index(ordinal)
        except ValueError:
            return None

    async def find(self, post_id: str) -> int | None:
        """Find the first row of the source with an id, whether or not it is in the list.

        Raises:
            StoreError: the database cannot be read.
        """
        source_id, bundle_id = self.source.id, self.bundle_id
        where = Where("unlikely(post_id = ?)", (post_id,))
        row = await self._slow.run(lambda store: next(store.rows(source_id, bundle_id, where, limit=1), None))
        return None if row is None else row.ordinal

    def row(self, index: int) -> Row | None:
        """Fetch a row from memory; None if its page is not there."""
        page = self._pages.get(index // PAGE)
        if page is None or index % PAGE >= len(page):
            return None
        return page[index % PAGE]

    def missing(self, first: int, last: int) -> list[int]:
        """List the pages that rows `first` to `last` are on and that must be fetched."""
        pages = range(max(0, first) // PAGE, max(0, min(last, len(self) - 1)) // PAGE + 1)
        if not len(self):
            return []
        return [page for page in pages if page not in self._pages or page in self._stale]

    async def fetch(self, pages: Iterable[int]) -> list[int]:
        """Bring pages into memory.

        Returns:
            The indexes of the rows that are other than before; none if the list has been settled
            anew meanwhile.

        Raises:
            SourceMovedError: somebody else has read the source again.
            StoreError: the database cannot be read.
        """
        turn = self._settled
        source, bundle_id = self.source, self.bundle_id
        wanted = {page: list(self._ordinals[page * PAGE : (page + 1) * PAGE]) for page in pages}

        def work(store: Store) -> dict[int, list[Row]]:
            now = store.source(source.location)
            if now is None or now.read_at != source.read_at:
                raise SourceMovedError(source.location)
            try:
                return {
                    page: list(store.rows_at(source.id, bundle_id, part)) for page, part in wanted.items()
                }
            except (KeyError, MmsaError) as error:
                now = store.source(source.location)
                if now is None or now.read_at != source.read_at:
                    raise SourceMovedError(source.location) from error
                raise

        found = await self._quick.run(work)
        if turn != self._settled:
            return []
        changed: list[int] = []
        for page, rows in found.items():
            old = self._pages.get(page, [])
            known = zip(rows, old, strict=False)
            changed += [page * PAGE + at for at, (row, before) in enumerate(known) if row != before]
            changed += range(page * PAGE + len(old), page * PAGE + len(rows))
            self._pages[page] = rows
            self._pages.move_to_end(page)
            self._stale.discard(page)
        while len(self._pages) > MAX_PAGES:
            page, _ = self._pages.popitem(last=False)
            self._stale.discard(page)
        return changed

    def mark_stale(self, content_hashes: Collection[str] | None = None) -> None:
        """Show what is in memory, but fetch it again when it is next looked at.

        Args:
            content_hashes: only the pages with these posts; None for all.
        """
        for page, rows in self._pages.items():
            if content_hashes is None or any(
                row.post is not None and row.post.content_hash in content_hashes for row in rows
            ):
                self._stale.add(page)
