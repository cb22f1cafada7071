"""The last line names the keys that do something now."""

from __future__ import annotations

from stories import SIZE, asked, opened

from mmsa_tui.tui.browse.footer import Situation, footer
from mmsa_tui.tui.dialogs.ask import AskText
from mmsa_tui.tui.widgets.bars import KeyBar
from mmsa_tui.tui.widgets.label_looks import LabelLooks

LOOKS = LabelLooks(("negative", "neutral", "positive"))


def named(now: Situation, keys=None) -> list[str]:
    return [f"{item.key} {item.text}" for item in footer(now, LOOKS, keys or {})]


def test_a_batch_can_be_paused_and_stopped_before_all_else() -> None:
    assert named(Situation(is_batch=True))[3:5] == ["p pause", "^x stop"]
    assert "p pause" not in named(Situation())


def test_a_paused_batch_can_go_on() -> None:
    assert named(Situation(is_batch=True, is_paused=True))[3:5] == ["p go on", "^x stop"]


def test_what_needs_a_prediction_waits_for_one() -> None:
    assert named(Situation())[3] == "c classify"
    assert "e explain" not in named(Situation())
    assert {"e explain", "space accept"} <= set(named(Situation(has_prediction=True)))


def test_an_input_that_is_no_post_takes_no_label() -> None:
    shown = named(Situation(is_post=False))
    assert not {"1 neg", "n note", "f flag"} & set(shown)


def test_marked_posts_bring_bulk_forward() -> None:
    assert named(Situation(has_prediction=True, has_marks=True))[3] == "b bulk"


def test_help_is_always_there_and_last() -> None:
    for now in (Situation(), Situation(is_typing=True), Situation(is_batch=True, is_post=False)):
        assert named(now)[-1].startswith("F1 help")


def test_keys_of_the_config_are_shown_and_absent_ones_left_out() -> None:
    shown = named(Situation(has_prediction=True), {"accept": "y", "explain": "none"})
    assert "y accept" in shown
    assert not any(item.endswith(" explain") for item in shown)


async def test_in_the_filter_the_keys_are_those_of_the_filter(make_app, classified, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        bar = screen.query_one(KeyBar)
        await pilot.press("/")
        await wait_for(pilot, lambda: "tab complete" in bar.render().plain, "the keys of the filter")
        await pilot.press("escape", "escape")
        await wait_for(pilot, lambda: "1 neg" in bar.render().plain, "the keys of the posts")


async def test_a_key_in_the_last_line_can_be_clicked(make_app, classified, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        bar = screen.query_one(KeyBar)
        await wait_for(pilot, lambda: " note" in bar.render().plain, "the keys")
        await pilot.click(KeyBar, offset=(bar.render().plain.index("n note"), 0))
        await asked(pilot, wait_for, AskText)
