"""What the screens look like. The pictures are in `__snapshots__`; look at them before accepting new ones.

`pytest tests/tui/test_snapshots.py --snapshot-update` draws them anew.
"""

from __future__ import annotations

from dataclasses import replace

from adjudicate_stories import contest, settling
from retrain_stories import correct, on_retrain_screen, run_to_its_end
from snapshot_stories import reading, still
from stories import asked
from textual.command import CommandList
from textual.pilot import Pilot
from textual.widgets import Input

from mmsa_tui.analysis.queues import QUEUES
from mmsa_tui.tui.browse.filter_input import FilterInput
from mmsa_tui.tui.dialogs.bulk import BulkDialog
from mmsa_tui.tui.dialogs.classify import ClassifyDialog
from mmsa_tui.tui.dialogs.export import ExportDialog
from mmsa_tui.tui.dialogs.help import HelpScreen
from mmsa_tui.tui.engine_link import Batch
from mmsa_tui.tui.overview.screen import OverviewScreen
from mmsa_tui.tui.picker.screen import PickerScreen
from mmsa_tui.worker.messages import Progress


async def browsing(pilot: Pilot, wait_for) -> None:
    """Open the source and correct some posts."""
    await reading(pilot, wait_for)
    await pilot.press("1", "3", "down", "f", "2", "up", "up", "up")
    await still(pilot, wait_for)


async def type_filter(pilot: Pilot, text: str) -> None:
    """Put a filter in at one stroke: typed letter by letter, the pace would decide what is used."""
    await pilot.press("/")
    pilot.app.screen.query_one(FilterInput).insert_text_at_cursor(text)
    await pilot.pause()


async def test_browse(looks_right, merrow):
    assert await looks_right(browsing)


async def test_browse_at_80_by_24(looks_right, merrow):
    assert await looks_right(browsing, (80, 24))


async def test_browse_at_40_by_12(looks_right, merrow):
    assert await looks_right(browsing, (40, 12))


async def test_browse_on_a_light_ground(looks_right, merrow, make_app, config):
    assert await looks_right(browsing, app=make_app(config=replace(config, theme="mmsa-light")))


async def test_browse_without_colour(looks_right, merrow, make_app, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    assert await looks_right(browsing, app=make_app())


async def test_a_post_alone_with_several_pictures(looks_right, merrow):
    async def story(pilot, wait_for):
        await reading(pilot, wait_for)
        await pilot.press(*["down"] * 5, "enter", "]")

    assert await looks_right(story)


async def test_what_decided(looks_right, merrow):
    async def story(pilot, wait_for):
        screen = await reading(pilot, wait_for)
        await pilot.press("e")
        await wait_for(pilot, lambda: screen.view.is_explained, "the explanation")

    assert await looks_right(story)


async def test_a_queue(looks_right, merrow):
    async def story(pilot, wait_for):
        await browsing(pilot, wait_for)
        await pilot.press("tab", "tab")

    assert await looks_right(story)


async def test_a_filter_being_completed(looks_right, merrow):
    async def story(pilot, wait_for):
        await reading(pilot, wait_for)
        await type_filter(pilot, "has:image label:")

    assert await looks_right(story)


async def test_a_filter_that_is_wrong(looks_right, merrow):
    async def story(pilot, wait_for):
        await reading(pilot, wait_for)
        await type_filter(pilot, "conf:<much")
        await pilot.press("enter")

    assert await looks_right(story)


async def test_help(looks_right, merrow):
    async def story(pilot, wait_for):
        await reading(pilot, wait_for)
        await pilot.press("f1")
        await asked(pilot, wait_for, HelpScreen)

    assert await looks_right(story)


async def test_help_at_80_by_24(looks_right, merrow):
    async def story(pilot, wait_for):
        await reading(pilot, wait_for)
        await pilot.press("f1")
        await asked(pilot, wait_for, HelpScreen)

    assert await looks_right(story, (80, 24))


async def test_overview(looks_right, merrow):
    async def story(pilot, wait_for):
        await browsing(pilot, wait_for)
        await pilot.press("a")
        await asked(pilot, wait_for, OverviewScreen)

    assert await looks_right(story)


async def test_export(looks_right, merrow):
    async def story(pilot, wait_for):
        await reading(pilot, wait_for)
        await pilot.press("x")
        dialog = await asked(pilot, wait_for, ExportDialog)
        dialog.query_one(Input).value = "merrow-labels.csv"

    assert await looks_right(story)


async def test_bulk(looks_right, merrow):
    async def story(pilot, wait_for):
        await browsing(pilot, wait_for)
        await pilot.press("down", "down", "v", "v", "v", "b")
        await asked(pilot, wait_for, BulkDialog)

    assert await looks_right(story)


async def test_the_posts_to_classify_are_asked_for(looks_right, merrow):
    async def story(pilot, wait_for):
        screen = await reading(pilot, wait_for)
        screen.posts.go_to_filter("#StormAlba")
        await still(pilot, wait_for)
        await pilot.press("c")
        await asked(pilot, wait_for, ClassifyDialog)

    assert await looks_right(story)


async def test_a_batch_under_way(looks_right, merrow):
    async def story(pilot, wait_for):
        screen = await reading(pilot, wait_for)
        await pilot.press("down", "down", "down")
        pilot.app.engine.batch = Batch(merrow.id, merrow.title, Progress(1204, 4173, 212.0, 14.0))
        screen.batches.show()
        await pilot.press("1")

    assert await looks_right(story)


async def test_what_was_found_before_it_is_read_in(looks_right, merrow):
    async def story(pilot, wait_for):
        screen = await asked(pilot, wait_for, PickerScreen)
        found = screen.query_one("#found-counts")
        await wait_for(pilot, lambda: "dates" in str(found.content), "what was found")

    assert await looks_right(story, source="merrow")


async def test_the_palette(looks_right, merrow):
    async def story(pilot, wait_for):
        await reading(pilot, wait_for)
        await pilot.press("ctrl+p", *"queue:")
        found = pilot.app.screen.query_one(CommandList)
        await wait_for(pilot, lambda: found.option_count == len(QUEUES) and found.highlighted == 0, "queues")

    assert await looks_right(story)


async def test_a_retrain_that_the_gate_refused(looks_right, merrow, learning_app, store, train):
    train("refuse")
    correct(store, merrow.id, 12)

    async def story(pilot, wait_for):
        await reading(pilot, wait_for)
        await run_to_its_end(pilot, await on_retrain_screen(pilot, wait_for), wait_for)

    assert await looks_right(story, app=learning_app())


async def test_settling_what_analysts_label_differently(looks_right, merrow, store):
    contest(store, merrow.id)

    async def story(pilot, wait_for):
        await reading(pilot, wait_for)
        screen = await settling(pilot, wait_for)
        await pilot.press("3")
        await wait_for(
            pilot, lambda: screen.view.row.post_id == screen.case.conflict.post_id, "the next post"
        )

    assert await looks_right(story)
