"""Stories of changing many posts at once: what, which, and how many exactly."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from textual.app import App
from textual.widgets import Button, Static

from mmsa_tui.tui.dialogs.bulk import BulkChoice, BulkDialog, On
from mmsa_tui.tui.themes import register_themes

LABELS = ("negative", "neutral", "positive")


class Host(App[None]):
    """Asks, and keeps the answer."""

    def __init__(self, n_rows: int = 640, n_selected: int = 0, n_corrected: int = 143) -> None:
        super().__init__()
        corrected: dict[On, int] = {"filter": n_corrected, "selection": 2}
        self.dialog = BulkDialog(LABELS, n_rows, n_selected, "has:image", corrected)
        self.answers: list[BulkChoice | None] = []

    def on_mount(self) -> None:
        register_themes(self)
        self.push_screen(self.dialog, self.answers.append)

    @property
    def button(self) -> str:
        return str(self.dialog.query_one("#bulk-do", Button).label)

    @property
    def posts(self) -> str:
        return str(self.dialog.query_one("#bulk-posts", Static).render())


async def answer(app: Host, keys: Sequence[str]) -> BulkChoice | None:
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press(*keys)
        await pilot.pause()
    return app.answers[0]


@pytest.mark.parametrize(
    ("keys", "choice"),
    [
        (["3", "enter"], BulkChoice("filter", "label", "positive", keep_corrected=True)),
        (["down", "down", "enter"], BulkChoice("filter", "label", "neutral", keep_corrected=True)),
        (["2", "k", "enter"], BulkChoice("filter", "label", "neutral")),
        (["space", "enter"], BulkChoice("filter", "accept", keep_corrected=True)),
        (["f", "enter"], BulkChoice("filter", "flag")),
        (["f", "down", "enter"], BulkChoice("filter", "unflag")),
        (["0", "enter"], BulkChoice("filter", "clear")),
        (["n", "enter", "h", "i", "enter"], BulkChoice("filter", "note", note="hi")),
        (["escape"], None),
    ],
)
async def test_keys_make_a_choice(keys: list[str], choice: BulkChoice | None) -> None:
    assert await answer(Host(), keys) == choice


async def test_marked_posts_are_proposed_first_and_m_takes_all_instead() -> None:
    assert await answer(Host(n_selected=12), ["1", "enter"]) == BulkChoice(
        "selection", "label", "negative", keep_corrected=True
    )
    assert await answer(Host(n_selected=12), ["1", "m", "enter"]) == BulkChoice(
        "filter", "label", "negative", keep_corrected=True
    )


async def test_enter_alone_changes_nothing() -> None:
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("enter", "enter")
        await pilot.pause()
        assert app.answers == []
        assert app.button == "Choose what to do"
        await pilot.press("3", "enter")
        await pilot.pause()
    assert app.answers == [BulkChoice("filter", "label", "positive", keep_corrected=True)]


async def test_the_number_of_posts_is_said_before_anything_happens() -> None:
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("1")
        assert app.button == "negative: 497 posts"
        await pilot.press("k")
        assert app.button == "negative: 640 posts"
        assert "all 640 listed: has:image" in app.posts
        assert app.answers == []


async def test_of_marked_posts_those_labelled_already_are_counted_too() -> None:
    app = Host(n_selected=12)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("1")
        assert app.button == "negative: 10 posts"
        await pilot.press("k")
        assert app.button == "negative: 12 posts"


async def test_digits_typed_into_a_note_stay_there() -> None:
    note = await answer(Host(), ["n", "enter", "2", "k", "enter"])
    assert note == BulkChoice("filter", "note", note="2k")


async def test_there_is_nothing_to_do_when_all_posts_are_labelled_and_kept() -> None:
    app = Host(n_rows=5, n_corrected=5)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("1", "enter")
        await pilot.pause()
        assert app.answers == []
        assert app.dialog.query_one("#bulk-do", Button).disabled


async def test_a_hostile_filter_is_shown_as_it_is() -> None:
    app = Host()
    app.dialog = BulkDialog(LABELS, 3, 0, "[red]\x1b[31m", {})
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert "[red]␛[31m" in app.posts


async def test_on_a_tiny_screen_the_deed_can_still_be_done() -> None:
    app = Host()
    async with app.run_test(size=(40, 12)) as pilot:
        await pilot.press("3", "enter")
        await pilot.pause()
    assert app.answers == [BulkChoice("filter", "label", "positive", keep_corrected=True)]
