"""Stories of the retrain screen: watch, judge the judge, promote or not, see what it changed."""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from small_engine import LABELS
from stories import SIZE, asked, opened
from textual.widgets import OptionList

from mmsa_tui import retrain as service
from mmsa_tui.config import Config
from mmsa_tui.errors import TrainingError
from mmsa_tui.model.bundle import REQUIRED, directory_hash, read_bundle
from mmsa_tui.model.bundle_registry import find_bundle, use_bundle
from mmsa_tui.records import Correction
from mmsa_tui.retrain import run
from mmsa_tui.store import Store
from mmsa_tui.tui.app import MmsaApp
from mmsa_tui.tui.screens.ask import AskOne, AskWhether
from mmsa_tui.tui.screens.browse import BrowseScreen
from mmsa_tui.tui.screens.changes import ChangesScreen
from mmsa_tui.tui.screens.help import HelpScreen
from mmsa_tui.tui.screens.retrain import RetrainScreen
from mmsa_tui.tui.widgets.curve import Curve, draw_line

HERE = Path(__file__).parent


@pytest.fixture
def config(config: Config) -> Config:
    """The same home; the bundle `small` passes every check, and it is active by name of its version."""
    root = config.paths.shipped_bundles
    encoders = {}
    for which in ("text", "image"):
        scratch = root / "encoders" / which
        scratch.mkdir(parents=True)
        (scratch / "config.json").write_text(json.dumps({"which": which}))
        encoders[which] = directory_hash(scratch)
        scratch.rename(root / "encoders" / encoders[which])
    folder = root / "small-1.0.0"
    for name in REQUIRED:
        (folder / name).write_bytes(name.encode())
    files = {name: hashlib.sha256(name.encode()).hexdigest() for name in REQUIRED}
    meta = json.loads((folder / "meta.json").read_text())
    (folder / "meta.json").write_text(json.dumps(meta | {"encoders": encoders, "files": files}))
    use_bundle(config.paths, "small")
    return replace(config, bundle="")


@pytest.fixture
def make_app(config: Config) -> Callable[..., MmsaApp]:
    return lambda **settings: MmsaApp(
        replace(config, **settings), engine_command=[sys.executable, str(HERE / "learning_engine.py")]
    )


@pytest.fixture(autouse=True)
def train(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Choose how the retrain goes: `pass`, `refuse`, `hang`, `dawdle`, `full`; it passes unless told."""

    def choose(manner: str) -> None:
        monkeypatch.setattr(
            run,
            "command_for",
            lambda file: [sys.executable, str(HERE / "small_training.py"), str(file), manner],
        )

    choose("pass")
    return choose


def correct(store: Store, source_id: int, n: int) -> None:
    posts = [row.post for row in store.posts(source_id)][:n]
    store.add_corrections(
        [
            Correction(f"u{at}", post.content_hash, LABELS[at % 3], analyst="ana", post_id=post.post_id)
            for at, post in enumerate(posts)
        ]
    )


async def retraining(pilot, wait_for) -> RetrainScreen:
    """Open the screen and wait until it knows what there is."""
    await opened(pilot, wait_for)
    await pilot.press("r")
    screen = await asked(pilot, wait_for, RetrainScreen)
    await wait_for(pilot, lambda: screen.seen is not None, "what there is")
    await pilot.pause()
    return screen


async def offered(pilot, wait_for) -> RetrainScreen:
    """Run a retrain to its end."""
    screen = await retraining(pilot, wait_for)
    await pilot.press("s")
    await wait_for(pilot, lambda: screen.offer is not None, "the candidate")
    await pilot.pause()
    return screen


def text_of(screen, part: str) -> str:
    return screen.query_one(part).render().plain


def active(config: Config) -> str:
    return find_bundle(config.paths).id


async def test_the_corrections_are_summed_up_before_anything_starts(
    make_app, classified, config, store, wait_for
):
    correct(store, classified.id, 6)
    post = next(store.posts(classified.id)).post
    store.add_corrections(
        [
            Correction("far", "b2:elsewhere", "positive"),
            Correction("o", post.content_hash, "angry", analyst="bob", created_at="2024-01-01T00:00:00Z"),
        ]
    )
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await retraining(pilot, wait_for)
        said = text_of(screen, "#waiting-text")
    assert "6 corrections" in said
    assert "by ana 6" in said
    assert "left out: 1 correction are of posts that no source here holds" in said
    assert "analysts disagree on 1 post" in said
    assert "Best from 50 new ones" in said


async def test_a_run_draws_its_curves_and_puts_forward_a_candidate(
    make_app, classified, config, store, wait_for
):
    correct(store, classified.id, 12)
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await offered(pilot, wait_for)
        assert list(screen.query_one("#loss", Curve).values) == pytest.approx([1, 1 / 2, 1 / 3, 1 / 4])
        assert len(screen.query_one("#f1", Curve).values) == 4
        said = text_of(screen, "#verdict-text")
        for words in ("passed small 1.0.1", "macro-F1", "held-out corrections", "[-0.010, +0.030]"):
            assert words in said
        assert "9 more are likely to pay" in said
        assert "[b]goes[/b] round" in said
        assert "you: negative" in said
        assert active(config) == "small 1.0.0"


async def test_labels_that_follow_a_rule_of_ones_own_can_count_more(
    make_app, classified, config, store, wait_for
):
    correct(store, classified.id, 12)
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await retraining(pilot, wait_for)
        assert "each counts for 8 posts of the model: usual" in text_of(screen, "#waiting-text")
        await pilot.press("w")
        dialog = await asked(pilot, wait_for, AskOne)
        offered_weights = [option.prompt.plain for option in dialog.query_one(OptionList).options]
        assert offered_weights[1] == "strong: I label by a rule of my own; each label counts for 16"
        await pilot.press("down", "enter")
        await wait_for(pilot, lambda: "16 posts" in text_of(screen, "#waiting-text"), "the choice")
        await pilot.press("s")
        await wait_for(pilot, lambda: screen.offer is not None, "the candidate")
        await pilot.pause()
        assert "each counting for 16 posts of the model's own" in text_of(screen, "#verdict-text")
    (kept,) = service.kept_candidates(config.paths)
    assert kept.bundle.meta.training["correction_weight"] == 16


async def test_what_passed_is_promoted_judges_again_and_lists_the_changes(
    make_app, classified, config, store, wait_for
):
    post = [row.post for row in store.posts(classified.id)][-1]
    async with make_app().run_test(size=SIZE) as pilot:
        await opened(pilot, wait_for)
        await pilot.press("c", "enter")
        await wait_for(pilot, lambda: not store.count_unpredicted(classified.id, "small 1.0.0"), "labels")
        correct(store, classified.id, 12)
        await offered(pilot, wait_for)
        await pilot.press("p")
        await asked(pilot, wait_for, ChangesScreen)
        assert active(config) == "small 1.0.1"
        assert store.count_unpredicted(classified.id, "small 1.0.1") == 0
        changed = list(service.changes(store, classified.id, "small 1.0.0", "small 1.0.1"))
        assert len(changed) == 12
        assert "12 of 12 posts have another label" in text_of(pilot.app.screen, "#changes-title")
        await pilot.press("end", "enter")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, BrowseScreen), "the posts")
        browse = pilot.app.screen
        await wait_for(pilot, lambda: browse.row and browse.row.post.content_hash == post.content_hash, "it")
        assert browse.row.prediction.bundle == "small 1.0.1"


async def test_a_refused_candidate_needs_a_second_word_and_the_record_says_so(
    make_app, classified, config, store, wait_for, train
):
    train("refuse")
    correct(store, classified.id, 12)
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await offered(pilot, wait_for)
        assert "REFUSED small 1.0.1" in text_of(screen, "#verdict-text")
        await pilot.press("p")
        await asked(pilot, wait_for, AskWhether)
        await pilot.press("n")
        await asked(pilot, wait_for, RetrainScreen)
        assert active(config) == "small 1.0.0"
        await pilot.press("p")
        await asked(pilot, wait_for, AskWhether)
        await pilot.press("y")
        await wait_for(pilot, lambda: active(config) == "small 1.0.1", "the promotion")
        await wait_for(pilot, lambda: "against the gate" in text_of(screen, "#status"), "the message")
    training = find_bundle(config.paths).meta.training
    assert training["overruled"] is True
    assert training["promotion"]["by"] == "ana"
    assert training["promotion"]["against"] == ["it has not learned what analysts mean"]


async def test_a_discarded_candidate_is_gone(make_app, classified, config, store, wait_for):
    correct(store, classified.id, 12)
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await offered(pilot, wait_for)
        await pilot.press("d")
        await wait_for(pilot, lambda: "is gone" in text_of(screen, "#status"), "the message")
        assert service.kept_candidates(config.paths) == []
        assert active(config) == "small 1.0.0"


async def test_a_candidate_left_alone_is_kept_aside_and_can_be_taken_up_later(
    make_app, classified, config, store, wait_for
):
    correct(store, classified.id, 12)
    async with make_app().run_test(size=SIZE) as pilot:
        await offered(pilot, wait_for)
        await pilot.press("escape")
        await opened(pilot, wait_for)
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await retraining(pilot, wait_for)
        assert "1 candidate kept aside" in text_of(screen, "#waiting-text")
        await pilot.press("k")
        await asked(pilot, wait_for, AskOne)
        await pilot.press("enter")
        await wait_for(pilot, lambda: screen.offer is not None, "the candidate")
        await asked(pilot, wait_for, RetrainScreen)
        await pilot.press("p")
        await wait_for(pilot, lambda: active(config) == "small 1.0.1", "the promotion")


async def test_a_stopped_run_changes_nothing(make_app, classified, config, store, wait_for, train):
    train("hang")
    correct(store, classified.id, 12)
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await retraining(pilot, wait_for)
        await pilot.press("s")
        await wait_for(pilot, lambda: screen.query_one("#loss", Curve).values, "the first epoch")
        await pilot.press("ctrl+x")
        await wait_for(pilot, lambda: "Stopped" in text_of(screen, "#status"), "the end")
        assert service.kept_candidates(config.paths) == []
        train("pass")
        await pilot.press("s")
        await wait_for(pilot, lambda: screen.offer is not None, "the next run")


async def test_a_bar_moves_after_the_curves_are_drawn_too(
    make_app, classified, config, store, wait_for, train
):
    train("dawdle")
    correct(store, classified.id, 12)
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await retraining(pilot, wait_for)
        await pilot.press("s")
        await wait_for(pilot, lambda: "learning from half of them" in text_of(screen, "#stage"), "the stage")
        assert "1/4" in text_of(screen, "#stage")
        assert len(screen.query_one("#f1", Curve).values) == 4


async def test_leaving_in_the_middle_asks_and_the_app_stays_responsive(
    make_app, classified, config, store, wait_for, train
):
    train("hang")
    correct(store, classified.id, 12)
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await retraining(pilot, wait_for)
        await pilot.press("s")
        await wait_for(pilot, lambda: screen.query_one("#loss", Curve).values, "the first epoch")
        await pilot.press("f1")
        await asked(pilot, wait_for, HelpScreen)
        await pilot.press("escape", "escape")
        await asked(pilot, wait_for, AskWhether)
        await pilot.press("y")
        await opened(pilot, wait_for)
        # The lock is free once the child has gone.
        await wait_for(pilot, lambda: _is_free(config), "the end of the run")


def _is_free(config: Config) -> bool:
    try:
        with run.exclusive(config.paths):
            return True
    except TrainingError:
        return False


async def test_quitting_in_the_middle_ends_the_child(make_app, classified, config, store, wait_for, train):
    train("hang")
    correct(store, classified.id, 12)
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await retraining(pilot, wait_for)
        await pilot.press("s")
        await wait_for(pilot, lambda: screen.query_one("#loss", Curve).values, "the first epoch")
        await pilot.press("ctrl+q")
    async with asyncio.timeout(30):
        while not _is_free(config):
            await asyncio.sleep(0.01)
    assert active(config) == "small 1.0.0"


async def test_an_error_of_the_run_is_shown_with_what_to_do(
    make_app, classified, config, store, wait_for, train
):
    train("full")
    correct(store, classified.id, 12)
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await retraining(pilot, wait_for)
        await pilot.press("s")
        await wait_for(pilot, lambda: "disk is full" in text_of(screen, "#status"), "the message")
        assert any("Free some space" in note.message for note in pilot.app._notifications)
        assert not screen.is_learning


async def test_a_second_retrain_beside_it_is_refused(make_app, classified, config, store, wait_for):
    correct(store, classified.id, 12)
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await retraining(pilot, wait_for)
        with run.exclusive(config.paths):
            await pilot.press("s")
            await wait_for(pilot, lambda: "running already" in text_of(screen, "#status"), "the message")


async def test_one_can_go_back_to_the_bundle_before(make_app, classified, config, store, wait_for):
    correct(store, classified.id, 12)
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await offered(pilot, wait_for)
        await pilot.press("p")
        await wait_for(pilot, lambda: screen.seen.bundle.id == "small 1.0.1", "the promotion")
        await pilot.press("b")
        await asked(pilot, wait_for, AskWhether)
        await pilot.press("y")
        await wait_for(pilot, lambda: active(config) == "small 1.0.0", "the way back")
        await wait_for(pilot, lambda: pilot.app.bundle_id == "small 1.0.0", "the app")


async def test_a_setting_that_keeps_the_old_bundle_is_named(make_app, classified, config, store, wait_for):
    correct(store, classified.id, 12)
    async with make_app(bundle="small").run_test(size=SIZE) as pilot:
        screen = await offered(pilot, wait_for)
        await pilot.press("p")
        await wait_for(pilot, lambda: "the setting `bundle` keeps" in text_of(screen, "#status"), "it")
        assert read_bundle(config.paths.bundles_dir / "small-1.0.1").id == active(config)


async def test_promoting_during_a_batch_asks_and_loses_nothing(make_app, classified, config, store, wait_for):
    correct(store, classified.id, 12)
    done = store.count_unpredicted(classified.id, "small 1.0.0")
    async with make_app().run_test(size=SIZE) as pilot:
        await offered(pilot, wait_for)
        await wait_for(pilot, lambda: pilot.app.engine.state == "ready", "the model")
        from mmsa_tui.tui.engine_link import Batch

        pilot.app.engine.batch = Batch(classified.id, "harbour")
        await pilot.press("p")
        await asked(pilot, wait_for, AskWhether)
        await pilot.press("y")
        await wait_for(pilot, lambda: active(config) == "small 1.0.1", "the promotion")
        assert store.count_unpredicted(classified.id, "small 1.0.0") == done


async def test_enough_corrections_bring_a_reminder_among_the_posts(make_app, many, config, store, wait_for):
    correct(store, many.id, service.ENOUGH - 1)
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        await wait_for(pilot, lambda: "49 corrections" in text_of(screen, "#status"), "the count")
        assert "retrain" not in text_of(screen, "#status")
        await pilot.press("end")
        await wait_for(pilot, lambda: screen.row and screen.row.post_id == "399", "the last post")
        await pilot.press("1")
        await wait_for(pilot, lambda: "50 corrections · retrain (r)?" in text_of(screen, "#status"), "it")


def test_a_curve_rises_to_the_right_where_the_figure_rises() -> None:
    lines = draw_line([0.0, 1.0], width=4, height=2)
    assert lines[0][0] == "\u2800" and lines[0][-1] != "\u2800"
    assert lines[1][0] != "\u2800" and lines[1][-1] == "\u2800"


def test_half_a_run_fills_half_the_width() -> None:
    (line,) = draw_line([0.0, 1.0], width=6, height=1, n_all=3)
    assert line[:3].strip("\u2800") and not line[4:].strip("\u2800")


async def test_a_small_screen_shows_one_thing_at_a_time(make_app, classified, config, store, wait_for, train):
    train("hang")
    correct(store, classified.id, 12)
    async with make_app().run_test(size=(60, 18)) as pilot:
        screen = await retraining(pilot, wait_for)
        assert screen.query_one("#waiting-text").region.height >= 6
        await pilot.press("s")
        await wait_for(pilot, lambda: screen.query_one("#loss", Curve).values, "the first epoch")
        assert screen.query_one("#loss").region.height >= 8
        await pilot.press("ctrl+x")
        await wait_for(pilot, lambda: not screen.is_learning, "the end")
        train("refuse")
        await pilot.press("s")
        await wait_for(pilot, lambda: screen.offer is not None, "the candidate")
        await pilot.pause()
        assert screen.query_one("#verdict").region.height >= 12
