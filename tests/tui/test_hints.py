"""What the app advises can be done where it is advised."""

from __future__ import annotations

import pytest
from stories import SIZE, opened

from mmsa_tui.tui.hints import in_app


@pytest.mark.parametrize(
    ("advice", "said"),
    [
        ("Run `mmsa classify /x -o FILE.csv` first, or choose other posts.", "c classifies the posts."),
        ("Draw one with `mmsa audit start /x`.", "t draws a sample."),
        (
            "Found: none. `mmsa corrections merge FILE` adds those of a colleague.",
            "Found: none. Merge a colleague's corrections: ctrl+p.",
        ),
        (
            "sheet `a` is read; left out: b. --sheet NAME chooses another",
            "sheet `a` is read; left out: b. On the command line: --sheet NAME chooses another",
        ),
        ("`mmsa store restore` puts a whole one in its place.",) * 2,
        ("Choose another name.",) * 2,
        ("",) * 2,
    ],
)
def test_advice_for_the_command_line_is_given_in_keys_of_the_app(advice: str, said: str) -> None:
    assert in_app(advice, {}) == said


def test_keys_of_the_config_are_advised() -> None:
    assert in_app("Run `mmsa classify /x` first.", {"classify": "f6"}) == "F6 classifies the posts."


async def test_no_flag_stands_alone_in_a_message(make_app, classified, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        screen.action_evaluate()
        await wait_for(pilot, lambda: pilot.app.notices.said, "the answer")
        assert "`mmsa evaluate SOURCE --labels FILE`" in pilot.app.notices.said[-1].text
        assert "--label-kind" not in pilot.app.notices.said[-1].text
