"""What snapshots begin with: the sample posts under fixed paths, and a screen on which nothing moves."""

from __future__ import annotations

import csv
from collections.abc import Awaitable, Callable
from importlib.resources import files
from pathlib import Path

import pytest
from pytest_textual_snapshot import SVGImageExtension
from screen_svg import screen_svg
from small_engine import BUNDLE, LABELS, judge
from small_pictures import draw_picture
from stories import SIZE, opened
from syrupy.assertion import SnapshotAssertion
from textual.pilot import Pilot
from textual.widgets import Input

from mmsa_tui.services.ingest import read_in
from mmsa_tui.store import SourceRow, Store
from mmsa_tui.tui.app import MmsaApp
from mmsa_tui.tui.browse.screen import BrowseScreen

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
            screen.upkeep.tick()
    for _ in range(3):
        await wait_for(pilot, lambda: all(worker.is_finished for worker in app.workers), "all work")
        await pilot.pause()


async def reading(pilot: Pilot, wait_for) -> BrowseScreen:
    """Open the source and let it come to rest: what covers it must not decide how far it has come."""
    screen = await opened(pilot, wait_for)
    await still(pilot, wait_for)
    return screen
