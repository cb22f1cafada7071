"""The database, off the event loop: one thread with its own `Store`, jobs in the order given.

Textual is not needed here, and SQLite is not touched anywhere else in the app.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from mmsa_tui.errors import DamagedStoreError
from mmsa_tui.store import Store

T = TypeVar("T")


class StoreThread:
    """Runs functions of a `Store` on a thread; the store is opened at the first."""

    def __init__(self, path: Path, name: str) -> None:
        self._path = path
        self._store: Store | None = None
        self._is_closing = False
        self._damage: DamagedStoreError | None = None
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"store-{name}")

    async def run(self, work: Callable[[Store], T]) -> T:
        """Wait for `work` to be done.

        A caller that is cancelled stops waiting; work that has begun is still finished.

        Raises:
            StoreError: the database cannot be opened.
            CancelledError: the app is being left: what comes late is dropped.
            Whatever `work` raises.
        """
        if self._is_closing:
            raise asyncio.CancelledError
        return await asyncio.get_running_loop().run_in_executor(self._executor, self._do, work)

    def refuse_writes(self, damage: DamagedStoreError) -> None:
        """Let nothing more be written here from now on."""
        self._damage = damage
        if self._store is not None:
            self._store.refuse_writes(damage)

    def close(self) -> None:
        """Finish the job in hand, drop those that wait, close the database."""
        self._is_closing = True
        self._executor.submit(self._close_store)
        self._executor.shutdown(wait=True)

    def _do(self, work: Callable[[Store], T]) -> T:
        if self._is_closing:
            raise asyncio.CancelledError
        if self._store is None:
            self._store = Store.open(self._path)
            if self._damage is not None:
                self._store.refuse_writes(self._damage)
        return work(self._store)

    def _close_store(self) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None
