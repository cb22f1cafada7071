"""Opening a source and moving in it."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest
from stories import SIZE, asked, opened, read_lines, text_of

from mmsa_tui.records import Correction
from mmsa_tui.services.ingest import describe_change, read_in
from mmsa_tui.store import Store
from mmsa_tui.tui.browse.columns_dialog import ColumnsDialog
from mmsa_tui.tui.browse.position import Position
from mmsa_tui.tui.browse.post_table import PostTable
from mmsa_tui.tui.picker.screen import PickerScreen


async def test_the_last_source_opens_when_none_is_named(make_app, source, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        assert screen.source.location == source.location
        assert screen.n_rows == 12


async def test_without_any_source_the_picker_opens(make_app, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, PickerScreen), "the picker")


async def test_arrow_keys_move_and_the_post_view_follows(make_app, source, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        await pilot.press("down", "down")
        assert screen.row.post_id == "03"
        await wait_for(pilot, lambda: screen.view.row.post_id == "03", "the post view")


async def test_the_position_is_remembered_for_each_source(make_app, source, store, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        await opened(pilot, wait_for)
        await pilot.press("end", "q")
    kept = Position.from_text(store.source(source.location).position)
    assert kept.ordinal == 11
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        assert screen.row.post_id == "12"


async def test_a_press_on_a_header_sorts_and_a_second_one_turns_it_round(make_app, classified, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        screen.posts.sort_by("confidence")
        await wait_for(pilot, lambda: screen.posts.listing.order is not None, "the order")
        await pilot.press("home")
        await wait_for(pilot, lambda: screen.row is not None, "rows")
        lowest = screen.row.prediction.confidence
        await pilot.press("R")
        await wait_for(pilot, lambda: screen.posts.listing.order.descending, "the other order")
        await pilot.press("home")
        await wait_for(pilot, lambda: screen.row is not None, "rows")
        assert screen.row.prediction.confidence > lowest


async def test_jumping_to_an_id_puts_the_cursor_there(make_app, source, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        await pilot.press("g")
        await wait_for(pilot, lambda: len(pilot.app.screen_stack) > 2, "the question")
        await pilot.press("0", "9", "enter")
        await wait_for(pilot, lambda: screen.row is not None and screen.row.post_id == "09", "the post")


async def test_shift_and_arrows_select_rows_and_escape_lets_them_go(make_app, source, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        await pilot.press("shift+down", "shift+down")
        assert screen.posts.table.selection == (0, 1, 2)
        await pilot.press("escape")
        assert screen.posts.table.selection == ()


async def test_enter_gives_the_post_the_whole_width_and_back(make_app, source, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        await pilot.press("enter")
        await pilot.pause()
        assert screen.view.size.width > 100
        await pilot.press("escape")
        await pilot.pause()
        assert screen.view.size.width < 70


async def test_under_a_hundred_columns_the_post_is_below_the_table(make_app, source, wait_for):
    async with make_app().run_test(size=(90, 36)) as pilot:
        screen = await opened(pilot, wait_for)
        assert screen.view.region.y > screen.query_one(PostTable).region.y
        assert screen.view.region.x == screen.query_one(PostTable).region.x


async def test_on_forty_by_twelve_table_and_post_are_both_there(make_app, classified, wait_for):
    async with make_app().run_test(size=(40, 12)) as pilot:
        screen = await opened(pilot, wait_for)
        assert screen.query_one(PostTable).size.height >= 3
        assert screen.view.size.height >= 3
        assert screen.query_one("#keys").region.bottom == 12


async def test_a_source_read_again_elsewhere_is_followed(make_app, source, folder: Path, config, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        (folder / "12.txt").unlink()
        (folder / "11.txt").unlink()
        (folder / "11.png").unlink()
        with Store.open(config.paths.database) as other:
            read_in(other, folder)
        screen.refresh_rows()
        await wait_for(pilot, lambda: screen.n_rows == 10, "the new rows")


async def test_a_source_removed_elsewhere_leads_back_to_the_picker(make_app, source, store, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        store.forget_source(source.id)
        screen.refresh_rows()
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, PickerScreen), "the picker")


async def test_a_filter_is_typed_after_a_slash_and_escape_clears_it(make_app, source, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        await pilot.press("/", *"train", "enter")
        await wait_for(pilot, lambda: screen.n_rows == 2, "the matches")
        assert screen.focused is screen.posts.table
        await pilot.press("escape")
        await wait_for(pilot, lambda: screen.n_rows == 12, "all rows")


async def test_a_filter_that_matches_nothing_says_how_to_get_back(make_app, source, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        await pilot.press("/", *"zebra", "enter")
        await wait_for(pilot, lambda: screen.n_rows == 0, "no matches")
        await wait_for(pilot, lambda: "esc clears" in screen.posts.table.empty_text, "the advice")
        await pilot.press("1", "e", "space", "enter", "down")
        assert screen.row is None


async def test_tab_opens_the_next_queue(make_app, classified, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        await wait_for(pilot, lambda: screen.counts.queues, "the counts")
        await pilot.press("tab")
        await wait_for(
            pilot, lambda: screen.posts.queue_name != "all" and screen.posts.where is not None, "a queue"
        )
        count = screen.counts.queues[screen.posts.queue_name]
        assert screen.n_rows == count.total - count.done


async def test_the_filter_is_remembered_too(make_app, source, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        await pilot.press("/", *"train", "enter")
        await wait_for(pilot, lambda: screen.n_rows == 2, "the matches")
        await wait_for(pilot, lambda: screen.posts.position.filter == "train", "the position")
        await pilot.press("q")
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        assert screen.n_rows == 2


async def test_a_filter_that_makes_no_sense_shows_no_posts_and_no_count(make_app, classified, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        await pilot.press("slash", *"train", "enter")
        await wait_for(pilot, lambda: "shown" in text_of(screen, "#top"), "the count")
        await pilot.press("slash", "ctrl+u", *"lable:x", "enter")
        await wait_for(pilot, lambda: "not understood" in text_of(screen, "#top"), "the top line")
        await wait_for(pilot, lambda: screen.n_rows == 0, "the empty list")
        assert "shown" not in text_of(screen, "#top")
        assert "no field lable" in screen.posts.table.empty_text
        await pilot.press("tab")
        await pilot.press("ctrl+u", *"train", "enter")
        await wait_for(pilot, lambda: screen.n_rows > 0, "the posts")
        assert "not understood" not in text_of(screen, "#top")


async def test_hits_in_other_queues_are_named(make_app, classified, store, wait_for):
    post = next(row.post for row in store.rows(classified.id, "small 1.0.0") if row.post_id == "01")
    store.add_corrections([Correction("", post.content_hash, "", flagged=True)])
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        screen.posts.queue_bar.choose("corrected")
        await pilot.press("slash", *"id", "colon", *"01", "enter")
        await wait_for(pilot, lambda: "flagged 1" in screen.posts.table.empty_text, "the other queue")
        assert "1 more match outside this queue" in text_of(screen, "#top")


async def test_the_columns_of_the_table_are_the_users_choice_and_stay(make_app, store, tmp_path, wait_for):
    table = tmp_path / "regions.csv"
    long = "padding words " * 12
    table.write_text(
        f"id,text,Region,likes\n1,{long} harbour,North,900\n2,quiet,South,1000\n3,loud,North,20\n",
        encoding="utf-8",
    )
    read_in(store, table)
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        assert "Region" not in screen.posts.table.render_line(0).text
        await pilot.press("C")
        await asked(pilot, wait_for, ColumnsDialog)
        await pilot.press("end", "space", "enter")
        await wait_for(pilot, lambda: "likes" in screen.posts.table.render_line(0).text, "the column")
        assert "900" in screen.posts.table.render_line(1).text
        screen.posts.sort_by("likes", is_own=True)
        await wait_for(pilot, lambda: screen.row and screen.posts.listing.order, "the order")
        assert list(screen.posts.listing.ordinals()) == [2, 0, 1]
        await pilot.press("slash", *"likes", "colon", "greater_than_sign", *"100 harbour", "enter")
        await wait_for(pilot, lambda: screen.n_rows == 1, "the posts")
        assert "harbour" in screen.posts.table.render_line(1).text
        await screen.upkeep.keep_position()
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        assert "likes" in screen.posts.table.render_line(0).text


@pytest.mark.parametrize("change", ["changed", "gone"])
async def test_a_source_that_is_no_longer_what_was_read_is_told(make_app, config, tmp_path, wait_for, change):
    here = read_lines(config, tmp_path, "id,text", "1,rain again")
    table = Path(here.location)
    if change == "gone":
        table.unlink()
    else:
        table.write_text("id,text\n1,rain again\n2,sun at last\n", encoding="utf-8")
        os.utime(table, (time.time() + 60, time.time() + 60))
    async with make_app(here.location).run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        await wait_for(pilot, lambda: "changed on disk" in text_of(screen, "#top"), "the top line")
        words = "has changed since it was read" if change == "changed" else "no longer where it was"
        assert words in text_of(screen, "#status")


def test_a_source_as_it_was_is_not_called_changed(config, tmp_path):
    here = read_lines(config, tmp_path, "id,text", "1,rain again")
    assert describe_change(here) == ""
    # As another version of mmsa would have it, which writes other stamps.
    assert describe_change(replace(here, stamp="other")) == ""
