"""Stories of the line of queues."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult

from mmsa_tui.analysis.queues import QUEUES, QueueCount
from mmsa_tui.tui.browse.queue_bar import QueueBar
from mmsa_tui.tui.themes import register_themes

COUNTS = {
    "all": QueueCount(4173, 143),
    "uncertain": QueueCount(640, 212),
    "conflict": QueueCount(0, 0),
    "errors": QueueCount(87, 3),
    "flagged": QueueCount(9, 0),
    "corrected": QueueCount(143, 143),
    "duplicates": QueueCount(0, 0),
    "audit": QueueCount(203, 12),
}


class Host(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []

    def compose(self) -> ComposeResult:
        yield QueueBar(self.told.append, id="queues")

    def on_mount(self) -> None:
        register_themes(self)
        self.bar.set_counts(COUNTS)

    @property
    def bar(self) -> QueueBar:
        return self.query_one(QueueBar)

    @property
    def shown(self) -> str:
        return self.bar.render().plain


async def test_a_wide_bar_shows_every_queue_with_its_progress() -> None:
    app = Host()
    async with app.run_test(size=(150, 5)) as pilot:
        await pilot.pause()
        assert "▸all 143/4,173" in app.shown
        assert "uncertain 212/640" in app.shown
        assert "corrected 143" in app.shown


@pytest.mark.parametrize("width", range(10, 150, 7))
async def test_a_bar_of_any_width_shows_the_chosen_queue_and_no_half_ones(width: int) -> None:
    app = Host()
    async with app.run_test(size=(width, 5)) as pilot:
        app.bar.select("errors")
        await pilot.pause()
        assert "▸" in app.shown
        assert "errors?" in app.shown
        if width > 15:
            assert all(len(line) <= width for line in app.shown.splitlines())


async def test_on_a_wide_screen_every_queue_is_there_in_words() -> None:
    app = Host()
    async with app.run_test(size=(100, 5)) as pilot:
        app.bar.styles.width = 60
        await pilot.pause()
        assert all(queue.title in app.shown for queue in QUEUES)
        assert app.bar.size.height == 2


async def test_stepping_passes_over_empty_queues_and_comes_round() -> None:
    app = Host()
    async with app.run_test(size=(100, 5)) as pilot:
        for _ in range(6):
            app.bar.next()
        await pilot.pause()
        assert app.told == ["uncertain", "errors", "flagged", "corrected", "audit", "all"]


async def test_stepping_back_is_the_way_stepping_came() -> None:
    app = Host()
    async with app.run_test(size=(100, 5)) as pilot:
        app.bar.previous()
        await pilot.pause()
        assert app.told == ["audit"]


async def test_queues_that_have_not_been_counted_are_not_passed_over() -> None:
    app = Host()
    async with app.run_test(size=(100, 5)) as pilot:
        app.bar.set_counts({})
        app.bar.next()
        app.bar.next()
        await pilot.pause()
        assert app.told == ["uncertain", "conflict"]


async def test_a_click_chooses_the_queue_under_it() -> None:
    app = Host()
    async with app.run_test(size=(150, 5)) as pilot:
        await pilot.pause()
        await pilot.click(QueueBar, offset=(app.shown.index("flagged") + 2, 0))
        assert app.told == ["flagged"]
        assert app.bar.queue == "flagged"


async def test_selecting_tells_nobody_and_forgives_an_unknown_name() -> None:
    app = Host()
    async with app.run_test(size=(100, 5)) as pilot:
        app.bar.select("gone")
        await pilot.pause()
        assert (app.bar.queue, app.told) == (QUEUES[0].name, [])
