"""Stories of help and palette: they know the screen, the labels and the keys of the config."""

from __future__ import annotations

from dataclasses import replace

import pytest
from stories import SIZE, asked, opened
from textual.command import CommandPalette
from textual.widgets import OptionList, Static

from mmsa_tui.filters.views import View, save_view
from mmsa_tui.tui.browse.screen import BrowseScreen
from mmsa_tui.tui.commands import MmsaCommands
from mmsa_tui.tui.dialogs.help import HelpScreen
from mmsa_tui.tui.overview.screen import OverviewScreen


def text_of(screen: HelpScreen) -> str:
    return screen.query_one("#help-text", Static).render().plain


async def helped(pilot, wait_for, key: str = "f1") -> str:
    await pilot.press(key)
    screen = await asked(pilot, wait_for, HelpScreen)
    return text_of(screen)


@pytest.mark.parametrize("key", ["f1", "question_mark"])
async def test_help_lists_the_keys_of_the_main_screen(make_app, classified, wait_for, key):
    async with make_app().run_test(size=SIZE) as pilot:
        await opened(pilot, wait_for)
        said = await helped(pilot, wait_for, key)
        for line in ("Accept the model's label", "▼ negative", "Filter language", "errors?"):
            assert line in said
        assert "Give label 4" not in said


async def test_help_shows_the_keys_of_the_config(make_app, classified, config, wait_for):
    app = make_app(config=replace(config, keys={"skip": "ctrl+n"}))
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot, wait_for)
        said = await helped(pilot, wait_for)
        line = next(line for line in said.splitlines() if "Go on without a label" in line)
        assert line.startswith("^n")


async def test_help_in_the_filter_line_is_about_filters(make_app, classified, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        await opened(pilot, wait_for)
        await pilot.press("slash")
        said = await helped(pilot, wait_for)
        assert said.index("Filter language") < said.index("take the offer")


async def test_help_on_the_overview_lists_the_overviews_keys(make_app, classified, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        await opened(pilot, wait_for)
        await pilot.press("a")
        await asked(pilot, wait_for, OverviewScreen)
        said = await helped(pilot, wait_for)
        assert "Whole source, or what the filter leaves" in said
        assert "Accept the model's label" not in said


@pytest.mark.parametrize("key", ["escape", "q", "f1", "question_mark", "enter"])
async def test_help_closes_with_the_key_that_opened_it_too(make_app, classified, wait_for, key):
    async with make_app().run_test(size=SIZE) as pilot:
        await opened(pilot, wait_for)
        await helped(pilot, wait_for)
        await pilot.press(key)
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, BrowseScreen), "the main screen")


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (200, 60)])
async def test_no_line_of_help_is_wider_than_the_screen(make_app, classified, wait_for, size):
    async with make_app().run_test(size=size) as pilot:
        await opened(pilot, wait_for)
        await helped(pilot, wait_for)
        shown = pilot.app.screen.query_one("#help-text")
        assert shown.region.right <= size[0]
        widest = max(map(len, text_of(pilot.app.screen).splitlines()))
        assert widest <= shown.size.width


def commands(pilot) -> dict[str, str]:
    return {command.title: command.help for command in MmsaCommands(pilot.app.screen)._commands()}


async def test_the_palette_offers_actions_queues_views_and_themes(make_app, classified, config, wait_for):
    save_view(config.paths.data_dir / "views.json", View("angry", "label:negative"))
    async with make_app().run_test(size=SIZE) as pilot:
        await opened(pilot, wait_for)
        found = commands(pilot)
        for title in (
            "Export to a file",
            "Label: negative",
            "Queue: uncertain",
            "View: angry",
            "Theme: mmsa-light",
        ):
            assert title in found
        assert found["Export to a file"] == "key x"
        assert "Stop classifying; what is done is kept" not in found


async def test_the_palette_runs_what_is_chosen(make_app, classified, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        await opened(pilot, wait_for)
        await pilot.press("ctrl+p")
        palette = await asked(pilot, wait_for, CommandPalette)
        for char in "overview":
            await pilot.press(char)
        await wait_for(pilot, lambda: palette.query_one(OptionList).option_count > 0, "a hit")
        await pilot.press("enter")
        if isinstance(pilot.app.screen, CommandPalette):
            await pilot.press("enter")
        await asked(pilot, wait_for, OverviewScreen)


async def test_a_theme_of_the_palette_is_put_on(make_app, classified, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        await opened(pilot, wait_for)
        provider = MmsaCommands(pilot.app.screen)
        next(command for command in provider._commands() if command.title == "Theme: mmsa-light").run()
        assert pilot.app.theme == "mmsa-light"


async def test_the_palette_finds_actions_by_the_words_of_command_line_and_config(
    make_app, classified, wait_for
):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        commands = MmsaCommands(screen)
        for words in ("evaluate", "accuracy", "agree", "agreement", "report", "merge", "messages", "audit"):
            best = max([hit async for hit in commands.search(words)], key=lambda hit: hit.score, default=None)
            assert best is not None, words
        found = {hit.text async for hit in commands.search("evaluate")}
        assert any("people's labels" in title for title in found)
