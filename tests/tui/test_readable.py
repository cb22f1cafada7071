"""Whatever theme is on, every word on every screen can be read: what is drawn is measured.

Each theme is reckoned through; on the screens, grounds and letters are taken as they stand, so that a
colour mixed on the way there, or kept from another theme, is measured too. Drawings, rules and what
cannot be used now are left out: WCAG asks 4.5:1 of text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from snapshot_stories import reading, still
from textual.app import App
from textual.color import Color
from textual.theme import BUILTIN_THEMES
from textual.widgets import Input

from mmsa_tui.tui.contrast import ENOUGH, contrast, readable
from mmsa_tui.tui.themes import THEMES, label_variables

OFFERED = [theme for theme in (*THEMES, *BUILTIN_THEMES.values()) if not theme.ansi]
WORN = ("mmsa-light", "nord", "catppuccin-latte")
"""Themes in which every screen is looked at: of ours a light one, of Textual's those that say least."""
TEXTS = (
    "foreground", "foreground-muted", "text-muted", "text-disabled", "footer-key-foreground",
    "text-primary", "text-secondary", "text-accent", "text-warning", "text-error", "text-success",
    "button-foreground", "input-selection-foreground",
)  # fmt: skip
GROUNDS = (
    "background", "surface", "panel", "primary-muted", "accent-muted", "error-muted",
    "input-selection-background",
)  # fmt: skip
FILLED = (
    ("block-cursor-foreground", "block-cursor-background"),
    ("button-color-foreground", "primary"),
)
SIZE = (140, 44)
CONSOLE = Console(width=140, height=44, force_terminal=True, color_system="truecolor", _environ={})


def drawn(app: App) -> Iterator[tuple[str, Style]]:
    """Give the words on the screen in their colours; what lies behind a dialog is out of reach now."""
    update = app.screen._compositor.render_update(full=True, screen_stack=app._background_screens)
    shown = [segment for segment in CONSOLE.render(update) if not segment.control]
    parts = [widget.region for widget in app.screen.children] if app.screen.is_modal else [app.screen.region]
    idle = [widget.region for widget in app.screen.query("Button:disabled")]
    for y, line in enumerate(Segment.split_lines(shown)):
        x = 0
        for text, style, _ in line:
            for at, word in words(text):
                place = (x + cell_len(text[:at]), y)
                is_seen = any(part.contains(*place) for part in parts)
                if style is not None and is_seen and not any(part.contains(*place) for part in idle):
                    yield word, style
            x += cell_len(text)


def words(text: str) -> Iterator[tuple[int, str]]:
    for found in re.finditer(r"\w+", text):
        yield found.start(), found.group()


def unreadable(app: App) -> set[tuple[str, str, str, float]]:
    """Find words whose colour is too near to their ground's."""
    found = set()
    for word, style in drawn(app):
        if style.color is None or style.bgcolor is None:
            continue
        ink, ground = Color.from_rich_color(style.color), Color.from_rich_color(style.bgcolor)
        if style.reverse:
            ink, ground = ground, ink
        ratio = contrast(ink, ground)
        # What is mixed is rounded to whole steps of each channel.
        if ratio < ENOUGH - 0.05:
            found.add((word, ink.hex, ground.hex, round(ratio, 2)))
    return found


async def on_the_list(pilot, wait_for):
    await reading(pilot, wait_for)
    await pilot.press("1", "f", "3", "shift+down", "up")


async def on_a_wrong_filter(pilot, wait_for):
    await reading(pilot, wait_for)
    await pilot.press("/", *"conf:<much", "enter")


async def on_offers(pilot, wait_for):
    await reading(pilot, wait_for)
    await pilot.press("/", *"label:")


async def on_help(pilot, wait_for):
    await reading(pilot, wait_for)
    await pilot.press("f1")


async def in_the_palette(pilot, wait_for):
    await reading(pilot, wait_for)
    await pilot.press("ctrl+p")
    await wait_for(pilot, lambda: pilot.app.screen.query(Input), "the palette")


async def on_the_overview(pilot, wait_for):
    await on_the_list(pilot, wait_for)
    await pilot.press("a")


async def on_the_audit(pilot, wait_for):
    await reading(pilot, wait_for)
    await pilot.press("t")


async def on_settling(pilot, wait_for):
    await reading(pilot, wait_for)
    await pilot.press("A")


async def on_the_export(pilot, wait_for):
    await reading(pilot, wait_for)
    await pilot.press("x")


async def on_bulk(pilot, wait_for):
    await reading(pilot, wait_for)
    await pilot.press("b")


async def on_the_classify_dialog(pilot, wait_for):
    await reading(pilot, wait_for)
    await pilot.press("c")


async def on_the_retrain(pilot, wait_for):
    await on_the_list(pilot, wait_for)
    await pilot.press("r")


async def on_the_picker(pilot, wait_for):
    await reading(pilot, wait_for)
    await pilot.press("ctrl+o")


async def on_columns(pilot, wait_for):
    await reading(pilot, wait_for)
    await pilot.press("C")


async def on_messages(pilot, wait_for):
    await reading(pilot, wait_for)
    for severity in ("information", "warning", "error"):
        pilot.app.notify("What to do about it", title="That did not work", severity=severity)
    pilot.app.notices.keep("Written: here", "$text-error")
    await pilot.press("M")


@pytest.mark.parametrize(
    "story",
    [
        on_the_list, on_a_wrong_filter, on_offers, on_help, in_the_palette, on_the_overview, on_the_audit,
        on_settling, on_the_export, on_bulk, on_the_classify_dialog, on_the_retrain, on_the_picker,
        on_columns, on_messages,
    ],
)  # fmt: skip
async def test_every_word_on_screen_is_readable_after_a_change_of_theme(story, merrow, make_app, wait_for):
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await story(pilot, wait_for)
        await still(pilot, wait_for)
        wrong = {}
        for theme in WORN:
            app.theme = theme
            await pilot.pause()
            if found := unreadable(app):
                wrong[theme] = sorted(found)
        assert not wrong


@pytest.mark.parametrize("theme", OFFERED, ids=lambda theme: theme.name)
def test_every_text_colour_of_every_theme_is_readable_on_every_ground(theme):
    worn = readable(theme)
    colours = worn.to_color_system().generate() | worn.variables | label_variables(worn.dark)
    texts = [name for name in colours if name in TEXTS or name.startswith("label-")]
    assert len(texts) == len(TEXTS) + 25
    found = {
        (text, ground): round(contrast(Color.parse(colours[text]), Color.parse(colours[ground])), 2)
        for text in texts
        for ground in GROUNDS
    }
    assert {pair: ratio for pair, ratio in found.items() if ratio < ENOUGH - 0.02} == {}
    for text, ground in FILLED:
        assert contrast(Color.parse(colours[text]), Color.parse(colours[ground])) >= ENOUGH, (text, ground)


def test_what_is_measured_is_what_wcag_defines():
    assert contrast(Color(0, 0, 0), Color(255, 255, 255)) == pytest.approx(21)
    assert contrast(Color.parse("#777777"), Color(255, 255, 255)) == pytest.approx(4.48, abs=0.01)
