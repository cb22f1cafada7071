"""Stories of the filter line: typing, completing, mistakes, saved views."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widgets import Static

from mmsa_tui.filters.views import View, read_views, save_view
from mmsa_tui.store import Where
from mmsa_tui.tui.browse.filter_bar import FilterBar
from mmsa_tui.tui.browse.offer_list import OfferList
from mmsa_tui.tui.themes import register_themes

LABELS = ("negative", "neutral", "positive")


class Host(App[None]):
    """The bar over some rows, and what it has told."""

    def __init__(self, views_file: Path | None = None) -> None:
        super().__init__()
        self.views_file = views_file
        self.told: list[tuple[str, Where | None]] = []
        self.n_left = 0

    def compose(self) -> ComposeResult:
        yield FilterBar(self.take, lambda text, error: None, self.views_file, id="filter")
        yield Static("\n".join(f"row {number}" for number in range(30)))

    def on_mount(self) -> None:
        register_themes(self)
        self.bar.set_labels(LABELS)
        self.bar.input.focus()

    @property
    def bar(self) -> FilterBar:
        return self.query_one(FilterBar)

    @property
    def offers(self) -> list[str]:
        listed = self.query_one(OfferList)
        return [offer.title for offer in listed.offers] if listed.display else []

    @property
    def error(self) -> str:
        shown = self.query_one("#filter-error", Static)
        return str(shown.render()) if shown.display else ""

    def take(self, text: str, where: Where | None) -> None:
        self.told.append((text, where))

    def on_filter_bar_left(self, event: FilterBar.Left) -> None:
        self.n_left += 1


async def type_in(pilot: Pilot[None], text: str) -> None:
    names = {" ": "space", ":": "colon", "<": "less_than_sign", '"': "quotation_mark", "-": "minus"}
    await pilot.press(*(names.get(char, char) for char in text))


async def until(pilot: Pilot[None], claim: Callable[[], bool]) -> None:
    for _ in range(200):
        if claim():
            return
        await pilot.pause(0.02)
    pytest.fail("it never came true")


Story = Callable[[Host, Pilot[None]], Awaitable[None]]


async def play(story: Story, views_file: Path | None = None) -> None:
    app = Host(views_file)
    async with app.run_test(size=(100, 20)) as pilot:
        await pilot.pause()
        await story(app, pilot)


async def test_a_filter_counts_once_the_typing_rests() -> None:
    async def story(app: Host, pilot: Pilot[None]) -> None:
        await type_in(pilot, "polls ")
        await until(pilot, lambda: bool(app.told) and app.told[-1][0] == "polls")
        assert app.told[-1][1] is not None

    await play(story)


async def test_enter_uses_the_filter_at_once_and_leaves() -> None:
    async def story(app: Host, pilot: Pilot[None]) -> None:
        await type_in(pilot, "label:negative")
        await pilot.press("enter")
        assert app.told[-1][0] == "label:negative"
        assert app.n_left == 1

    await play(story)


async def test_a_filter_that_makes_no_sense_is_never_told() -> None:
    async def story(app: Host, pilot: Pilot[None]) -> None:
        await type_in(pilot, "lable:negative")
        await pilot.press("enter")
        assert "there is no field lable" in app.error
        assert "lable:negative" not in [text for text, _ in app.told]
        assert app.n_left == 0

    await play(story)


async def test_tab_repairs_a_mistake() -> None:
    async def story(app: Host, pilot: Pilot[None]) -> None:
        await type_in(pilot, "has:imge")
        await pilot.press("enter", "tab")
        assert app.bar.text == "has:image"
        assert app.error == ""

    await play(story)


async def test_half_a_term_is_not_called_a_mistake() -> None:
    async def story(app: Host, pilot: Pilot[None]) -> None:
        await type_in(pilot, "conf:<")
        await pilot.pause(0.6)
        assert app.error == ""

    await play(story)


async def test_a_mistake_is_named_once_the_cursor_has_moved_on() -> None:
    async def story(app: Host, pilot: Pilot[None]) -> None:
        await type_in(pilot, "conf:x y")
        await until(pilot, lambda: "conf: takes a number" in app.error)

    await play(story)


async def test_tab_completes_field_and_value() -> None:
    async def story(app: Host, pilot: Pilot[None]) -> None:
        await type_in(pilot, "lab")
        await pilot.press("tab")
        assert app.bar.text == "label:"
        await type_in(pilot, "pos")
        assert app.offers == ["positive"]
        await pilot.press("tab")
        assert app.bar.text == "label:positive"
        await pilot.pause()
        assert app.offers == []

    await play(story)


async def test_values_of_the_source_are_offered() -> None:
    async def story(app: Host, pilot: Pilot[None]) -> None:
        app.bar.set_values({"author": ["@ann", "@\x1b[31mbob"]})
        await type_in(pilot, "author:")
        assert app.offers == ["*", "@ann", "@\x1b[31mbob"]
        await type_in(pilot, "an")
        await pilot.press("tab")
        assert app.bar.text == "author:@ann"

    await play(story)


async def test_the_arrows_choose_an_offer_and_enter_takes_it() -> None:
    async def story(app: Host, pilot: Pilot[None]) -> None:
        await type_in(pilot, "has:")
        await pilot.press("down", "down", "enter")
        assert app.bar.text == "has:text"
        assert app.n_left == 0

    await play(story)


async def test_down_without_offers_goes_to_the_posts() -> None:
    async def story(app: Host, pilot: Pilot[None]) -> None:
        await type_in(pilot, '"polls"')
        await pilot.press("down")
        assert app.n_left == 1

    await play(story)


async def test_escape_closes_the_offers_first_and_then_leaves() -> None:
    async def story(app: Host, pilot: Pilot[None]) -> None:
        await type_in(pilot, "la")
        await pilot.press("escape")
        assert (app.offers, app.n_left) == ([], 0)
        await pilot.press("escape")
        assert app.n_left == 1

    await play(story)


async def test_emptying_the_line_lets_all_posts_through() -> None:
    async def story(app: Host, pilot: Pilot[None]) -> None:
        app.bar.choose("polls")
        await pilot.press("ctrl+u", "escape", "enter")
        await until(pilot, lambda: bool(app.told) and app.told[-1] == ("", None))

    await play(story)


async def test_a_filter_that_is_set_is_not_told() -> None:
    async def story(app: Host, pilot: Pilot[None]) -> None:
        app.bar.set_text("label:negative")
        await pilot.pause(0.6)
        assert (app.bar.text, app.told) == ("label:negative", [])

    await play(story)


async def test_what_is_pasted_loses_its_control_characters() -> None:
    async def story(app: Host, pilot: Pilot[None]) -> None:
        app.bar.choose("a\x1b[31m\u202eb")
        await pilot.pause()
        assert app.bar.text == "a␛[31m\ufffdb"

    await play(story)


async def test_a_filter_is_saved_under_a_name_and_offered_again(tmp_path: Path) -> None:
    file = tmp_path / "views.json"

    async def story(app: Host, pilot: Pilot[None]) -> None:
        await type_in(pilot, "label:negative")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: len(app.screen_stack) == 2)
        await type_in(pilot, "angry")
        await pilot.press("enter")
        await until(pilot, lambda: len(app.screen_stack) == 1)
        assert read_views(file) == [View("angry", "label:negative")]
        await pilot.press("ctrl+u")
        await until(pilot, lambda: "★ angry" in app.offers)
        await pilot.press("down", "enter")
        assert app.bar.text == "label:negative"

    await play(story, file)


async def test_a_saved_view_is_removed_with_its_key(tmp_path: Path) -> None:
    file = tmp_path / "views.json"
    save_view(file, View("angry", "label:negative"))

    async def story(app: Host, pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "★ angry" in app.offers)
        await pilot.press("down", "ctrl+d")
        assert read_views(file) == []
        assert "★ angry" not in app.offers

    await play(story, file)


async def test_a_damaged_views_file_costs_only_the_views(tmp_path: Path) -> None:
    file = tmp_path / "views.json"
    file.write_text("{")

    async def story(app: Host, pilot: Pilot[None]) -> None:
        await type_in(pilot, "has:")
        assert "image" in app.offers

    await play(story, file)


@pytest.mark.parametrize("size", [(40, 12), (14, 4), (5, 3)])
async def test_offers_fit_on_the_smallest_screen(size: tuple[int, int]) -> None:
    app = Host()
    async with app.run_test(size=size) as pilot:
        await type_in(pilot, "ha")
        await pilot.pause()
        assert app.query_one(OfferList).region.right <= max(size[0], 12)
