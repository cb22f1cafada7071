"""What comes after the app was left is dropped, and nobody hears of it as an error."""

from __future__ import annotations

import asyncio

import pytest

from mmsa_tui.tui.store_thread import StoreThread


async def test_work_that_comes_after_the_end_is_cancelled(tmp_path) -> None:
    thread = StoreThread(tmp_path / "mmsa.db", "quick")
    assert await thread.run(lambda store: store.recent_sources(1)) == []
    thread.close()
    with pytest.raises(asyncio.CancelledError):
        await thread.run(lambda store: store.recent_sources(1))
