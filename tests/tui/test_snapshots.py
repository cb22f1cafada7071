"""What the screens look like. The pictures are in `__snapshots__`; look at them before accepting new ones.

`pytest tests/tui/test_snapshots.py --snapshot-update` draws them anew.
"""

from __future__ import annotations

import csv
from collections.abc import Awaitable, Callable
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest
from conftest import draw_picture
from pytest_textual_snapshot import SVGImageExtension
from screen_svg import screen_svg
from small_engine import BUNDLE, LABELS, judge
from stories import SIZE, asked, opened
from syrupy.assertion import SnapshotAssertion
from textual.command import CommandList
from textual.pilot import Pilot
from textual.widgets import Input

from mmsa_tui.engine.messages import Progress
from mmsa_tui.intake import read_in
from mmsa_tui.review import QUEUES
from mmsa_tui.store import SourceRow, Store
from mmsa_tui.tui.app import MmsaApp
from mmsa_tui.tui.engine_link import Batch
from mmsa_tui.tui.screens.browse import BrowseScreen
from mmsa_tui.tui.screens.bulk_dialog import BulkDialog
from mmsa_tui.tui.screens.classify_dialog import ClassifyDialog
from mmsa_tui.tui.screens.export_dialog import ExportDialog
from mmsa_tui.tui.screens.help import HelpScreen
from mmsa_tui.tui.screens.overview import OverviewScreen
from mmsa_tui.tui.screens.picker import PickerScreen
from mmsa_tui.tui.widgets.filter_input import FilterInput

Story = Callable[[Pilot, Callable[..., Awaitable[None]]], Awaitable[None]]


@pytest.fixture
def merrow(config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SourceRow:
    """The sample posts, with drawn pictures: no decoder decides what a snapshot looks like.

    The folder is the current one and the home, so that no path on screen depends on where it is.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("NO_COLOR", raising=False)
    folder = tmp_path / "merrow"
    folder.mkdir()
    with (files("mmsa_tui") / "samples" / "posts.csv").open(encoding="utf-8") as file:
        posts = list(csv.DictReader(file))
    for number, post in enumerate(posts, start=1):
        if post["image"]:
            post["image"] = f"{Path(post['image']).stem}.png"
            draw_picture(folder / post["image"], number)
    posts[5]["image"] += ";beach.png;dog.png"
    with (folder / "posts.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, posts[0].keys())
        table.writeheader()
        table.writerows(posts)
    with Store.open(config.paths.database) as store:
        source = read_in(store, folder / "posts.csv")
        store.save_bundle_labels(BUNDLE, LABELS)
        stored = [row.post for row in store.posts(source.id) if row.post is not None]
        store.save_predictions([judge(post) for post in stored[:-2]])
    return source


@pytest.fixture
def looks_right(make_app, wait_for, snapshot: SnapshotAssertion) -> Callable[..., Awaitable[bool]]:
    """Compare the app with its snapshot, when a story has been told and nothing moves any more."""

    async def compare(
        story: Story, size: tuple[int, int] = SIZE, *, source: str | None = None, app: MmsaApp | None = None
    ) -> bool:
        app = app or make_app(source)
        async with app.run_test(size=size) as pilot:
            await story(pilot, wait_for)
            await still(pilot, wait_for)
            return bool(screen_svg(app) == snapshot(extension_class=SVGImageExtension))

    return compare


async def still(pilot: Pilot, wait_for) -> None:
    """Wait until the model is ready, all work is done, and no cursor blinks."""
    app = pilot.app
    await wait_for(pilot, lambda: app.engine.state == "ready", "the model")
    for field in app.screen.query(Input):
        field.cursor_blink = False
        field._pause_blink(visible=True)
        # It comes from the disk, when it comes.
        field._suggestion = ""
    for screen in app.screen_stack:
        if isinstance(screen, BrowseScreen):
            await wait_for(pilot, lambda screen=screen: screen.counts.pace.is_due, "time to count")
            screen.tick()
    for _ in range(3):
        await wait_for(pilot, lambda: all(worker.is_finished for worker in app.workers), "all work")
        await pilot.pause()


async def reading(pilot: Pilot, wait_for) -> BrowseScreen:
    """Open the source and let it come to rest: what covers it must not decide how far it has come."""
    screen = await opened(pilot, wait_for)
    await still(pilot, wait_for)
    return screen


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
        screen.go_to_filter("#StormAlba")
        await still(pilot, wait_for)
        await pilot.press("c")
        await asked(pilot, wait_for, ClassifyDialog)

    assert await looks_right(story)


async def test_a_batch_under_way(looks_right, merrow):
    async def story(pilot, wait_for):
        screen = await reading(pilot, wait_for)
        await pilot.press("down", "down", "down")
        pilot.app.engine.batch = Batch(merrow.id, merrow.title, Progress(1204, 4173, 212.0, 14.0))
        screen.show_batch()
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
