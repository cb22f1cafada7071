"""Errors that come again and again are one box; damage stops what would be written."""

from __future__ import annotations

import sqlite3

from stories import SIZE, opened

from mmsa_tui.errors import DamagedStoreError, StoreError


async def test_a_full_disk_is_one_box_however_often_a_key_fails(
    make_app, classified, store, wait_for, monkeypatch
):
    def fail(*arguments: object) -> int:
        raise StoreError("the disk is full", "Free some space.") from sqlite3.OperationalError("full")

    async with make_app().run_test(size=SIZE) as pilot:
        await opened(pilot, wait_for)
        monkeypatch.setattr("mmsa_tui.store.history.Acts.record", fail)
        await pilot.press(*"123123")
        await wait_for(pilot, lambda: len(pilot.app._notifications) == 1, "the box")
        assert [one.text for one in pilot.app.notices.said] == ["the disk is full Free some space."]


async def test_damage_that_is_seen_stops_all_labelling(make_app, classified, store, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        await opened(pilot, wait_for)
        await pilot.press("1")
        await wait_for(pilot, lambda: store.count_corrected() == 1, "a label")
        pilot.app.show_error(DamagedStoreError("the store is damaged", "`mmsa store restore`"))
        await pilot.press("1", "f", "u")
        assert len(list(store.corrections())) == 1
