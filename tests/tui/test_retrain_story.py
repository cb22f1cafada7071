"""Stories of a retrain: what there is to learn, the run and its verdict, stopping, what goes wrong."""

from __future__ import annotations

import asyncio

import pytest
from retrain_stories import active, correct, run_to_its_end
from stories import SIZE, asked, opened, text_of
from textual.widgets import OptionList

from mmsa_tui import retrain as service
from mmsa_tui.config import Config
from mmsa_tui.errors import TrainingError
from mmsa_tui.records import Correction
from mmsa_tui.services import promote as promotion
from mmsa_tui.services import retrain as run
from mmsa_tui.tui.dialogs.ask import AskOne, AskWhether
from mmsa_tui.tui.dialogs.help import HelpScreen
from mmsa_tui.tui.retrain.curve import Curve


async def test_the_corrections_are_summed_up_before_anything_starts(retraining, classified, store):
    correct(store, classified.id, 6)
    post = next(store.posts(classified.id)).post
    store.add_corrections(
        [
            Correction("far", "b2:elsewhere", "positive"),
            Correction("o", post.content_hash, "angry", analyst="bob", created_at="2024-01-01T00:00:00Z"),
        ]
    )
    async with retraining() as (_, screen):
        said = text_of(screen, "#waiting-text")
    assert "6 corrections" in said
    assert "by ana 6" in said
    assert "left out: 1 correction of posts that no source here holds" in said
    assert "analysts disagree on 1 post" in said
    assert "Below 50 new ones" in said


async def test_a_run_draws_its_curves_and_puts_forward_a_candidate(offered, config):
    async with offered() as (_, screen):
        assert list(screen.query_one("#loss", Curve).values) == pytest.approx([1, 1 / 2, 1 / 3, 1 / 4])
        assert len(screen.query_one("#f1", Curve).values) == 4
        said = text_of(screen, "#verdict-text")
        for words in ("passed small 1.0.1", "macro-F1", "held-out corrections", "[-0.010, +0.030]"):
            assert words in said
        assert "9 more are likely to pay" in said
        assert "gone 60% of the way" in said
        assert "agrees with 75% of 12 corrections" in said
        assert "[b]goes[/b] round" in said
        assert "you: negative" in said
        assert active(config) == "small 1.0.0"


async def test_labels_can_be_taken_for_a_rule_of_ones_own(retraining, config, wait_for):
    async with retraining() as (pilot, screen):
        assert "taken as found: by how they fit the model" in text_of(screen, "#waiting-text")
        await pilot.press("w")
        dialog = await asked(pilot, wait_for, AskOne)
        own = dialog.query_one(OptionList).get_option_at_index(2).prompt
        assert own.plain.startswith("own rule: I label by a rule of my own")
        await pilot.press("down", "down", "enter")
        await wait_for(pilot, lambda: "taken as own rule" in text_of(screen, "#waiting-text"), "the choice")
        await run_to_its_end(pilot, screen, wait_for)
        assert "as a rule of your own: the model gives way to it" in text_of(screen, "#verdict-text")
    (kept,) = promotion.kept_candidates(config.paths)
    assert kept.bundle.meta.training["correction_weight"] == 48


async def test_a_stopped_run_changes_nothing(retraining, config, wait_for, train):
    async with retraining("hang") as (pilot, screen):
        await pilot.press("s")
        await wait_for(pilot, lambda: screen.query_one("#loss", Curve).values, "the first epoch")
        await pilot.press("ctrl+x")
        await wait_for(pilot, lambda: "Stopped" in text_of(screen, "#status"), "the end")
        assert promotion.kept_candidates(config.paths) == []
        train("pass")
        await pilot.press("s")
        await wait_for(pilot, lambda: screen.offer is not None, "the next run")


@pytest.mark.parametrize("width", [120, 100, 60])
async def test_a_bar_moves_after_the_curves_are_drawn_too(retraining, wait_for, width):
    async with retraining("dawdle", size=(width, 36)) as (pilot, screen):
        await pilot.press("s")
        await wait_for(pilot, lambda: "learning from half of them" in text_of(screen, "#stage"), "the stage")
        await wait_for(pilot, lambda: "━" in text_of(screen, "#stage"), "the bar")
        assert text_of(screen, "#stage").endswith(" 2/4")
        assert len(text_of(screen, "#stage")) <= screen.query_one("#stage").content_size.width
        assert len(screen.query_one("#f1", Curve).values) == 4


async def test_leaving_in_the_middle_asks_and_the_app_stays_responsive(retraining, config, wait_for):
    async with retraining("hang") as (pilot, screen):
        await pilot.press("s")
        await wait_for(pilot, lambda: screen.query_one("#loss", Curve).values, "the first epoch")
        await pilot.press("f1")
        await asked(pilot, wait_for, HelpScreen)
        await pilot.press("escape", "escape")
        await asked(pilot, wait_for, AskWhether)
        await pilot.press("y")
        await opened(pilot, wait_for)
        # The lock is free once the child has gone.
        await wait_for(pilot, lambda: is_free(config), "the end of the run")


def is_free(config: Config) -> bool:
    try:
        with run.exclusive(config.paths):
            return True
    except TrainingError:
        return False


async def test_quitting_in_the_middle_ends_the_child(retraining, config, wait_for):
    async with retraining("hang") as (pilot, screen):
        await pilot.press("s")
        await wait_for(pilot, lambda: screen.query_one("#loss", Curve).values, "the first epoch")
        await pilot.press("ctrl+q")
    async with asyncio.timeout(30):
        while not is_free(config):
            await asyncio.sleep(0.01)
    assert active(config) == "small 1.0.0"


async def test_an_error_of_the_run_is_shown_with_what_to_do(retraining, wait_for):
    async with retraining("full") as (pilot, screen):
        await pilot.press("s")
        await wait_for(pilot, lambda: "disk is full" in text_of(screen, "#status"), "the message")

        def is_told() -> bool:
            return any("Free some space" in note.message for note in pilot.app._notifications)

        await wait_for(pilot, is_told, "what to do")
        assert not screen.is_learning


async def test_a_second_retrain_beside_it_is_refused(retraining, config, wait_for):
    async with retraining() as (pilot, screen):
        with run.exclusive(config.paths):
            await pilot.press("s")
            await wait_for(pilot, lambda: "running already" in text_of(screen, "#status"), "the message")


async def test_enough_corrections_bring_a_reminder_among_the_posts(learning_app, many, store, wait_for):
    correct(store, many.id, service.ENOUGH - 1)
    async with learning_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        await wait_for(pilot, lambda: "49 corrections" in text_of(screen, "#status"), "the count")
        assert "not learned" not in text_of(screen, "#status")
        await pilot.press("end")
        await wait_for(pilot, lambda: screen.row and screen.row.post_id == "399", "the last post")
        await pilot.press("1")
        await wait_for(
            pilot, lambda: "50 corrections · not learned from (r)" in text_of(screen, "#status"), "it"
        )


async def test_a_small_screen_shows_one_thing_at_a_time(retraining, wait_for, train):
    async with retraining("hang", size=(60, 18)) as (pilot, screen):
        assert screen.query_one("#waiting-text").region.height >= 6
        await pilot.press("s")
        await wait_for(pilot, lambda: screen.query_one("#loss", Curve).values, "the first epoch")
        assert screen.query_one("#loss").region.height >= 8
        await pilot.press("ctrl+x")
        await wait_for(pilot, lambda: not screen.is_learning, "the end")
        train("refuse")
        await run_to_its_end(pilot, screen, wait_for)
        assert screen.query_one("#verdict").region.height >= 12


async def test_quitting_in_the_middle_asks(retraining, wait_for):
    async with retraining("hang") as (pilot, screen):
        await pilot.press("s")
        await wait_for(pilot, lambda: screen.query_one("#loss", Curve).values, "the first epoch")
        await pilot.press("ctrl+q")
        await asked(pilot, wait_for, AskWhether)
        await pilot.press("n")
        await wait_for(pilot, lambda: pilot.app.screen is screen, "the screen")
        assert screen.is_learning


async def test_a_new_run_forgets_what_was_said_of_the_last(retraining, wait_for, train):
    async with retraining("hang") as (pilot, screen):
        await pilot.press("s")
        await wait_for(pilot, lambda: screen.query_one("#loss", Curve).values, "the first epoch")
        await pilot.press("ctrl+x")
        await wait_for(pilot, lambda: "Stopped" in text_of(screen, "#status"), "the end")
        await pilot.press("s")
        await wait_for(pilot, lambda: screen.query_one("#loss", Curve).values, "the first epoch")
        assert "Stopped" not in text_of(screen, "#status")


async def test_a_candidate_set_aside_by_another_run_can_be_taken_up_at_once(offered, wait_for, train):
    async with offered() as (pilot, screen):
        train("hang")
        await pilot.press("s")
        await wait_for(pilot, lambda: screen.query_one("#loss", Curve).values, "the first epoch")
        await pilot.press("ctrl+x")
        await wait_for(pilot, lambda: screen.seen is not None and screen.seen.kept, "the candidate")
