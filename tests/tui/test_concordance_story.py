"""Stories of words in context: every hit in a line of its own."""

from __future__ import annotations

import csv

import pytest
from stories import SIZE, asked, opened, read_lines, text_of

from mmsa_tui.tui.browse.screen import BrowseScreen
from mmsa_tui.tui.concordance.screen import ConcordanceScreen
from mmsa_tui.tui.dialogs.ask import AskText


@pytest.fixture
def posts(config, tmp_path):
    return read_lines(
        config,
        tmp_path,
        "id,text",
        '1,"The ferry leaves at nine, and the next ferry at ten"',
        "2,All day long the queue for the ferry went round the corner and back",
        "3,No boat today",
        "4,Ferry? Cafés are nicer",
    )


async def in_context(pilot, wait_for, words: str) -> ConcordanceScreen:
    await pilot.press("W")
    await asked(pilot, wait_for, AskText)
    await pilot.press(*words, "enter")
    await wait_for(pilot, lambda: isinstance(pilot.app.screen, ConcordanceScreen), "the words in context")
    screen = pilot.app.screen
    await wait_for(pilot, lambda: screen.found is not None and screen.lines.size.height, "the hits")
    return screen


async def test_every_hit_has_a_line_and_the_hits_stand_below_each_other(make_app, posts, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        await opened(pilot, wait_for)
        screen = await in_context(pilot, wait_for, "ferry")
        lines = screen.lines.render().plain.splitlines()
        assert len(lines) == 4
        assert len({line.lower().index("ferry", 5 if at != 1 else 40) for at, line in enumerate(lines)}) == 1
        assert "4 hits in 3 of 4 posts" in text_of(screen, "#top")


async def test_a_line_leads_to_its_post_and_the_list_stays(make_app, posts, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        main = await opened(pilot, wait_for)
        await in_context(pilot, wait_for, "ferry")
        await pilot.press("end", "enter")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, BrowseScreen), "the posts")
        await wait_for(pilot, lambda: main.row is not None and main.row.post_id == "4", "the post")
        assert main.n_rows == 4


async def test_hits_of_a_filter_need_no_question(make_app, posts, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        main = await opened(pilot, wait_for)
        await pilot.press("/", *"cafes OR boat", "enter")
        await wait_for(pilot, lambda: main.n_rows == 2, "the filter")
        await pilot.press("W")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, ConcordanceScreen), "the words in context")
        screen = pilot.app.screen
        await wait_for(pilot, lambda: screen.found is not None, "the hits")
        assert [line.hit for line in screen.found.lines] == ["boat", "Cafés"]


async def test_lines_are_sorted_and_saved_as_they_stand(make_app, posts, wait_for, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    async with make_app().run_test(size=SIZE) as pilot:
        await opened(pilot, wait_for)
        screen = await in_context(pilot, wait_for, "ferry")
        await pilot.press("S")
        assert "by the words before" in text_of(screen, "#top")
        assert [line.before.split()[-1:] for line in screen.lines.lines] == [[], ["next"], ["The"], ["the"]]
        await pilot.press("x")
        await asked(pilot, wait_for, AskText)
        await pilot.press("enter")
        target = tmp_path / "posts-context.csv"
        await wait_for(pilot, target.exists, "the file")
        with target.open(encoding="utf-8-sig", newline="") as file:
            records = list(csv.DictReader(file))
        assert [record["post_id"] for record in records] == ["4", "1", "1", "2"]
        assert records[1]["hit"] == "ferry" and records[1]["hit_number"] == "2"


async def test_in_the_words_in_context_nothing_shows_labels_to_who_codes_blind(
    make_app, classified, wait_for, store
):
    async with make_app().run_test(size=SIZE) as pilot:
        await opened(pilot, wait_for)
        await pilot.press("B")
        screen = await in_context(pilot, wait_for, "the")
        assert screen.found.lines and not set("▼■▲") & set(screen.lines.render().plain)


async def test_where_nothing_is_found_the_screen_says_so(make_app, posts, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        await opened(pilot, wait_for)
        screen = await in_context(pilot, wait_for, "zeppelin")
        await wait_for(
            pilot, lambda: "none of the 4 posts searched" in text_of(screen, "#status"), "the answer"
        )
