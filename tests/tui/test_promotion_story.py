"""Stories of the decision on a candidate: promote or not, go back, see what it changed."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

from retrain_stories import active, correct, on_retrain_screen, run_to_its_end
from stories import SIZE, asked, opened, text_of

from mmsa_tui.bundle.meta import META, read_bundle
from mmsa_tui.bundle.registry import find_bundle
from mmsa_tui.services import promote as promotion
from mmsa_tui.services.reclassify import list_changes
from mmsa_tui.store import judged_by
from mmsa_tui.tui.browse.screen import BrowseScreen
from mmsa_tui.tui.dialogs.ask import AskOne, AskWhether
from mmsa_tui.tui.engine_link import Batch
from mmsa_tui.tui.retrain.changes import ChangesScreen
from mmsa_tui.tui.retrain.screen import RetrainScreen


async def test_what_passed_is_promoted_judges_again_and_lists_the_changes(
    learning_app, classified, config, store, wait_for, train
):
    post = [row.post for row in store.posts(classified.id)][-1]
    train("pass")
    async with learning_app().run_test(size=SIZE) as pilot:
        await opened(pilot, wait_for)
        await pilot.press("c", "enter")
        await wait_for(pilot, lambda: not store.count_unpredicted(classified.id, "small 1.0.0"), "labels")
        correct(store, classified.id, 12)
        await run_to_its_end(pilot, await on_retrain_screen(pilot, wait_for), wait_for)
        await pilot.press("p")
        await asked(pilot, wait_for, ChangesScreen)
        assert active(config) == "small 1.0.1"
        assert store.count_unpredicted(classified.id, "small 1.0.1") == 0
        (compared,) = list_changes(store, "small 1.0.0", "small 1.0.1")
        assert (len(compared.changes), compared.n_compared, compared.n_unlike) == (12, 12, 0)
        assert "12 of 12 posts have another label" in text_of(pilot.app.screen, "#changes-title")
        await pilot.press("end", "enter")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, BrowseScreen), "the posts")
        browse = pilot.app.screen
        await wait_for(pilot, lambda: browse.row and browse.row.post.content_hash == post.content_hash, "it")
        assert browse.row.prediction.bundle == "small 1.0.1"


async def test_a_refused_candidate_needs_a_second_word_and_the_record_says_so(offered, config, wait_for):
    async with offered("refuse") as (pilot, screen):
        assert "REFUSED small 1.0.1" in text_of(screen, "#verdict-text")
        await pilot.press("p")
        await asked(pilot, wait_for, AskWhether)
        await pilot.press("n")
        await asked(pilot, wait_for, RetrainScreen)
        assert active(config) == "small 1.0.0"
        await pilot.press("p")
        await asked(pilot, wait_for, AskWhether)
        await pilot.press("y")
        await asked(pilot, wait_for, ChangesScreen)
        assert active(config) == "small 1.0.1"
    training = find_bundle(config.paths).meta.training
    assert training["overruled"] is True
    assert training["promotion"]["by"] == "ana"
    assert training["promotion"]["against"] == ["it has not learned what analysts mean"]


async def test_a_discarded_candidate_is_gone(offered, config, wait_for):
    async with offered() as (pilot, screen):
        await pilot.press("d")
        await wait_for(pilot, lambda: "is gone" in text_of(screen, "#status"), "the message")
        assert promotion.kept_candidates(config.paths) == []
        assert active(config) == "small 1.0.0"


async def test_a_candidate_left_alone_is_kept_aside_and_can_be_taken_up_later(
    retraining, offered, config, wait_for
):
    async with offered() as (pilot, _):
        await pilot.press("escape")
        await opened(pilot, wait_for)
    async with retraining() as (pilot, screen):
        assert "1 candidate kept aside" in text_of(screen, "#waiting-text")
        await pilot.press("k")
        await asked(pilot, wait_for, AskOne)
        await pilot.press("enter")
        await wait_for(pilot, lambda: screen.offer is not None, "the candidate")
        await asked(pilot, wait_for, RetrainScreen)
        await pilot.press("p")
        await wait_for(pilot, lambda: active(config) == "small 1.0.1", "the promotion")


async def test_one_can_go_back_to_the_bundle_before(offered, config, wait_for):
    async with offered() as (pilot, screen):
        await pilot.press("p")
        await asked(pilot, wait_for, ChangesScreen)
        await pilot.press("escape")
        await asked(pilot, wait_for, RetrainScreen)
        await wait_for(pilot, lambda: screen.seen.bundle.id == "small 1.0.1", "the promotion")
        await pilot.press("b")
        await asked(pilot, wait_for, AskWhether)
        await pilot.press("y")
        await wait_for(pilot, lambda: active(config) == "small 1.0.0", "the way back")
        await wait_for(pilot, lambda: pilot.app.bundle_id == "small 1.0.0", "the app")


async def test_a_setting_that_keeps_the_old_bundle_is_named(offered, config, wait_for):
    async with offered(bundle="small") as (pilot, screen):
        await pilot.press("p")
        await wait_for(pilot, lambda: "the setting `bundle` keeps" in text_of(screen, "#status"), "it")
        assert read_bundle(config.paths.bundles_dir / "small-1.0.1").id == active(config)


async def test_promoting_during_a_batch_asks_and_loses_nothing(offered, classified, config, store, wait_for):
    done = store.count_unpredicted(classified.id, "small 1.0.0")
    async with offered() as (pilot, _):
        await wait_for(pilot, lambda: pilot.app.engine.state == "ready", "the model")
        pilot.app.engine.batch = Batch(classified.id, "harbour")
        await pilot.press("p")
        await asked(pilot, wait_for, AskWhether)
        await pilot.press("y")
        await wait_for(pilot, lambda: active(config) == "small 1.0.1", "the promotion")
        assert store.count_unpredicted(classified.id, "small 1.0.0") == done


async def test_only_what_the_bundle_before_has_judged_is_judged_again(offered, classified, store, wait_for):
    n_judged = store.count(classified.id, "small 1.0.0", judged_by("small 1.0.0"))
    assert 0 < n_judged < classified.n_posts
    async with offered() as (pilot, _):
        await pilot.press("p")
        await asked(pilot, wait_for, ChangesScreen)
        assert store.count(classified.id, "small 1.0.1", judged_by("small 1.0.1")) == n_judged


async def test_a_candidate_compared_with_another_bundle_is_named_and_asked_about(
    retraining, offered, config, wait_for
):
    async with offered() as (pilot, _):
        await pilot.press("escape")
        await opened(pilot, wait_for)
    (kept,) = promotion.kept_candidates(config.paths)
    shutil.copytree(kept.bundle.directory, kept.bundle.directory.parent.parent / "retrain-2" / "small-1.0.1")
    promotion.promote(config.paths, kept.bundle.directory, in_use="small 1.0.0")
    async with retraining() as (pilot, screen):
        await pilot.press("k")
        await asked(pilot, wait_for, AskOne)
        await pilot.press("enter")
        await wait_for(pilot, lambda: screen.offer is not None, "the candidate")
        await asked(pilot, wait_for, RetrainScreen)
        assert "compared it with small 1.0.0; small 1.0.1 is in use now" in text_of(screen, "#verdict-text")
        await pilot.press("p")
        await asked(pilot, wait_for, AskWhether)
        await pilot.press("n")
        assert active(config) == "small 1.0.1"


async def test_a_candidate_that_was_decided_on_elsewhere_leaves_the_table(offered, config, wait_for):
    async with offered() as (pilot, screen):
        promotion.promote(config.paths, screen.offer.directory, in_use="small 1.0.0")
        await pilot.press("d")
        await wait_for(pilot, lambda: "elsewhere meanwhile" in text_of(screen, "#status"), "the message")
        assert screen.offer is None
        assert active(config) == "small 1.0.1"


async def test_judging_again_that_was_interrupted_is_told_at_the_next_start(
    make_app, config, classified, store, wait_for
):
    folder = config.paths.shipped_bundles / "small-1.0.0"
    made = shutil.copytree(folder, config.paths.bundles_dir / "small-1.0.1")
    meta = json.loads((made / META).read_text())
    promotion = {"at": "2026-01-01T00:00:00+00:00", "instead_of": "small 1.0.0"}
    meta |= {"version": "1.0.1", "training": {"promotion": promotion}}
    (made / META).write_text(json.dumps(meta))
    async with make_app(config=replace(config, bundle="small 1.0.1")).run_test(size=SIZE) as pilot:
        await opened(pilot, wait_for)
        said = "11 posts judged by small 1.0.0 were not judged by small 1.0.1"
        await wait_for(pilot, lambda: any(said in one.text for one in pilot.app.notices.said), "what is told")
