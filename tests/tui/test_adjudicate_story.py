"""Stories of settling what analysts label differently; every decision is in the store before the next key."""

from __future__ import annotations

from dataclasses import replace

import pytest
from adjudicate_stories import contest, settling
from stories import SIZE, asked, opened, text_of
from textual import events
from textual.command import CommandPalette
from textual.widgets import OptionList

from mmsa_tui.corrections import open_docket
from mmsa_tui.records import Correction
from mmsa_tui.services.ingest import read_in
from mmsa_tui.store import Store
from mmsa_tui.tui.adjudicate.screen import AdjudicateScreen
from mmsa_tui.tui.browse.screen import BrowseScreen
from mmsa_tui.tui.dialogs.ask import AskText
from mmsa_tui.tui.dialogs.help import HelpScreen


@pytest.fixture
def contested(store: Store, classified):
    contest(store, classified.id)
    return classified


def label_of(store: Store, screen: AdjudicateScreen, at: int) -> str:
    state = store.correction_state(screen.cases[at].conflict.content_hash)
    return state.new_label if state else ""


async def test_until_it_is_decided_nothing_says_what_others_think(make_app, contested, store, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await settling(pilot, wait_for)

        def seen() -> str:
            listed = [screen.listed.get_option_at_index(at).prompt.plain for at in range(3)]
            return " ".join(
                [*listed, *(text_of(screen, part) for part in ("#votes", "#post-verdict", "#bars"))]
            )

        for word in ("neg", "neu", "pos", "bob", "cleo", "irony"):
            assert word not in seen()
        assert "2 analysts give different labels" in seen()
        await pilot.press("3")
        assert "votes were bob ▼, cleo ■" in text_of(screen, "#status")
        await pilot.press("up")
        assert "bob" in text_of(screen, "#votes")


async def test_who_wants_to_see_the_votes_sees_them_now_and_by_the_config_always(
    make_app, contested, config, store, wait_for
):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await settling(pilot, wait_for)
        await pilot.press("B")
        assert "bob" in text_of(screen, "#votes")
        await pilot.press("B")
        assert "bob" not in text_of(screen, "#votes")
    async with make_app(config=replace(config, blind="never")).run_test(size=SIZE) as pilot:
        screen = await settling(pilot, wait_for)
        assert "bob" in text_of(screen, "#votes")


async def test_votes_agreement_and_the_post_stand_side_by_side(make_app, contested, store, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await settling(pilot, wait_for)
        await pilot.press("B")
        votes = text_of(screen, "#votes")
        for words in (
            "negative",
            "bob",
            "2024-05-01 14:00",
            "neutral",
            "cleo",
            "14:30",
            "¶ irony",
            "counts now",
        ):
            assert words in votes
        agreement = text_of(screen, "#agreement")
        assert "alpha 0.5" in agreement
        assert "bob – cleo" in agreement
        assert "equal 70%" in agreement
        assert "3 open · 0 settled" in text_of(screen, "#top")
        assert "Sunrise" in text_of(screen, "#post-text")


async def test_a_digit_decides_and_goes_on(make_app, contested, store, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await settling(pilot, wait_for)
        await pilot.press("3")
        assert label_of(store, screen, 0) == "positive"
        assert len(open_docket(store).conflicts) == 2
        assert "2 open · 1 settled" in text_of(screen, "#top")
        assert screen.case.conflict.post_id == "02"
    act = list(store.corrections())[-1]
    assert (act.analyst, act.old_label, act.bundle) == ("ana", "neutral", "small 1.0.0")


async def test_keys_in_one_burst_each_decide_their_own_post(make_app, contested, store, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await settling(pilot, wait_for)
        for key in ("1", "s", "3"):
            pilot.app.post_message(events.Key(key, key))
        await wait_for(pilot, lambda: label_of(store, screen, 2) == "positive", "the last key")
        assert [label_of(store, screen, at) for at in range(3)] == ["negative", "positive", "positive"]
        assert [case.decided for case in screen.cases] == ["negative", "", "positive"]


async def test_u_takes_the_decision_back_and_the_votes_stand_again(make_app, contested, store, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await settling(pilot, wait_for)
        await pilot.press("3", "1", "u")
        assert (label_of(store, screen, 0), label_of(store, screen, 1)) == ("positive", "positive")
        assert screen.case.conflict.post_id == "02"
        await pilot.press("u")
        assert label_of(store, screen, 0) == "neutral"
        assert len(open_docket(store).conflicts) == 3
        state = store.correction_state(screen.case.conflict.content_hash)
        assert state.analyst == "cleo"


async def test_a_decision_of_another_day_can_be_taken_back(make_app, contested, store, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        await settling(pilot, wait_for)
        await pilot.press("3")
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await settling(pilot, wait_for)
        assert "2 open · 1 settled" in text_of(screen, "#top")
        await pilot.press("u")
        await wait_for(pilot, lambda: len(screen.cases) == 3, "the case")
        assert screen.case.conflict.post_id == "01"
        await pilot.press("u")
        await wait_for(pilot, lambda: "Nothing is left" in text_of(screen, "#status"), "the end")


async def test_a_note_goes_with_the_decision(make_app, contested, store, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await settling(pilot, wait_for)
        await pilot.press("n")
        await asked(pilot, wait_for, AskText)
        await pilot.press(*"1both", "enter")
        await wait_for(pilot, lambda: screen.case.note == "1both", "the note")
        await pilot.press("2")
    act = list(store.corrections())[-1]
    assert (act.new_label, act.note) == ("neutral", "1both")


async def test_the_end_of_the_list_says_so(make_app, contested, store, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await settling(pilot, wait_for)
        await pilot.press("1", "1", "1")
        assert "All of them are settled" in text_of(screen, "#status")
        assert "0 open · 3 settled" in text_of(screen, "#top")
        assert open_docket(store).conflicts == ()


async def test_enter_goes_to_the_post(make_app, contested, store, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await settling(pilot, wait_for)
        await pilot.press("down")
        await wait_for(pilot, lambda: screen.found.row.post_id == "02", "the second case")
        await pilot.press("enter")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, BrowseScreen), "the posts")
        await wait_for(pilot, lambda: pilot.app.screen.row.post_id == "02", "the post")


async def test_a_post_of_another_source_is_shown_and_gone_to(make_app, contested, store, wait_for, tmp_path):
    table = tmp_path / "other.csv"
    table.write_text("id,text\n1,first\n77,somewhere else\n", encoding="utf-8")
    other = read_in(store, table)
    post = list(store.posts(other.id))[1].post
    for who, label in (("bob", "negative"), ("cleo", "positive")):
        store.add_corrections(
            [Correction(f"x{who}", post.content_hash, label, analyst=who, post_id="77", text=post.text)]
        )
    async with make_app(contested.location).run_test(size=SIZE) as pilot:
        screen = await settling(pilot, wait_for)
        await pilot.press("end")
        await wait_for(pilot, lambda: screen.found.row.post_id == "77", "the post")
        await pilot.press("enter")
        await wait_for(
            pilot,
            lambda: isinstance(pilot.app.screen, BrowseScreen) and pilot.app.screen.source.id == other.id,
            "the other source",
        )
        await wait_for(pilot, lambda: pilot.app.screen.row and pilot.app.screen.row.post_id == "77", "it")


async def test_a_post_that_no_source_holds_is_settled_by_its_words(make_app, classified, store, wait_for):
    for who, label in (("bob", "negative"), ("cleo", "angry")):
        store.add_corrections(
            [Correction(who, "b2:gone", label, analyst=who, post_id="9", text="[b]gone\x1b")]
        )
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await settling(pilot, wait_for)
        assert "[b]gone" in text_of(screen, "#post-text")
        await pilot.press("B")
        assert "angry" in text_of(screen, "#votes")
        await pilot.press("enter")
        assert "in no source" in text_of(screen, "#status")
        await pilot.press("4", "1")
        assert label_of(store, screen, 0) == "negative"


async def test_without_contradictions_it_says_so(make_app, classified, store, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        await opened(pilot, wait_for)
        await pilot.press("A")
        screen = await asked(pilot, wait_for, AdjudicateScreen)
        await wait_for(pilot, lambda: "not disagree on any post" in text_of(screen, "#status"), "the message")
        await pilot.press("1", "s", "u", "n", "enter", "end")
        assert list(store.corrections()) == []
        await pilot.press("escape")
        await opened(pilot, wait_for)


async def test_agreement_that_chance_cannot_be_told_from_is_called_undefined(
    make_app, classified, store, wait_for
):
    posts = [row.post for row in store.posts(classified.id)][:4]
    store.add_corrections(
        [
            Correction(f"{who}{at}", post.content_hash, "neutral", analyst=who, post_id=post.post_id)
            for who in ("bob", "cleo")
            for at, post in enumerate(posts)
        ]
    )
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        await screen.run_action("agree")
        await wait_for(pilot, lambda: pilot.app.notices.said, "what is said")
        assert "alpha undefined" in pilot.app.notices.said[-1].text


async def test_the_palette_opens_it_and_help_names_its_keys(make_app, contested, store, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        await opened(pilot, wait_for)
        await pilot.press("ctrl+p")
        palette = await asked(pilot, wait_for, CommandPalette)
        await pilot.press(*"settle")
        await wait_for(pilot, lambda: palette.query_one(OptionList).option_count > 0, "a hit")
        await pilot.press("enter")
        if isinstance(pilot.app.screen, CommandPalette):
            await pilot.press("enter")
        await asked(pilot, wait_for, AdjudicateScreen)
        await pilot.press("f1")
        help = await asked(pilot, wait_for, HelpScreen)
        assert "Decide for this label" in text_of(help, "#help-text")


async def test_on_a_small_screen_the_votes_are_there(make_app, contested, store, wait_for):
    async with make_app().run_test(size=(60, 18)) as pilot:
        screen = await settling(pilot, wait_for)
        assert screen.query_one("#votes").size.height >= 2
        await pilot.press("3")
        assert label_of(store, screen, 0) == "positive"


async def test_keys_of_the_config_hold_here_too(make_app, contested, config, store, wait_for):
    changed = replace(config, keys={"label_3": "w"})
    async with make_app(config=changed).run_test(size=SIZE) as pilot:
        screen = await settling(pilot, wait_for)
        await pilot.press("w")
        assert label_of(store, screen, 0) == "positive"
