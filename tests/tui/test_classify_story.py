"""Classifying inside the app, by its real engine around a small model."""

from __future__ import annotations

from stories import SIZE, asked, opened

from mmsa_tui.tui.dialogs.ask import AskWhether
from mmsa_tui.tui.dialogs.classify import ClassifyDialog
from mmsa_tui.tui.widgets.bars import StatusLine

BUNDLE = "small 1.0.0"


async def begin(pilot, wait_for) -> None:
    await pilot.press("c")
    await asked(pilot, wait_for, ClassifyDialog)
    await pilot.press("enter")


async def test_the_model_loads_by_itself_and_says_when_it_is_ready(make_app, source, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        await opened(pilot, wait_for)
        await wait_for(pilot, lambda: pilot.app.engine.state == "ready", "the model")
        assert "ready" in pilot.app.screen.query_one("#top").render().plain


async def test_classifying_a_source_fills_the_table(make_app, source, store, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        await begin(pilot, wait_for)
        await wait_for(pilot, lambda: store.count_unpredicted(source.id, BUNDLE) == 0, "predictions")
        await wait_for(pilot, lambda: screen.row.prediction is not None, "the row on screen")
        await wait_for(pilot, lambda: "Classified" in screen.query_one(StatusLine).render().plain, "the end")


async def test_a_selection_can_be_classified_alone(make_app, source, store, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        await opened(pilot, wait_for)
        await pilot.press("shift+down")
        await begin(pilot, wait_for)
        await wait_for(pilot, lambda: store.count_unpredicted(source.id, BUNDLE) < 12, "predictions")
        assert store.count_unpredicted(source.id, BUNDLE) == 10


async def test_a_paused_batch_waits_and_goes_on(make_app, many, store, wait_for):
    async with make_app(seconds_per_batch=0.3).run_test(size=SIZE) as pilot:
        await opened(pilot, wait_for)
        await begin(pilot, wait_for)
        await wait_for(pilot, lambda: pilot.app.engine.batch and pilot.app.engine.batch.progress, "progress")
        await pilot.press("p")
        await wait_for(pilot, lambda: pilot.app.engine.batch.is_paused, "the pause")
        done = pilot.app.engine.batch.progress.done
        await pilot.press("p")
        await wait_for(pilot, lambda: pilot.app.engine.batch is None, "the end")
        assert done < 400
        assert store.count_unpredicted(many.id, BUNDLE) == 0


async def test_a_stopped_batch_keeps_what_is_done_and_goes_on_later(make_app, many, store, wait_for):
    async with make_app(seconds_per_batch=0.3).run_test(size=SIZE) as pilot:
        await opened(pilot, wait_for)
        await begin(pilot, wait_for)
        await wait_for(pilot, lambda: pilot.app.engine.batch and pilot.app.engine.batch.progress, "progress")
        await pilot.press("ctrl+x")
        await wait_for(pilot, lambda: pilot.app.engine.batch is None, "the end")
        left = store.count_unpredicted(many.id, BUNDLE)
        assert 0 < left < 400
        await begin(pilot, wait_for)
        await wait_for(pilot, lambda: store.count_unpredicted(many.id, BUNDLE) == 0, "the rest")


async def test_one_can_correct_while_a_batch_runs(make_app, many, store, wait_for):
    async with make_app(seconds_per_batch=0.5).run_test(size=SIZE) as pilot:
        await opened(pilot, wait_for)
        await begin(pilot, wait_for)
        await wait_for(pilot, lambda: pilot.app.engine.batch and pilot.app.engine.batch.progress, "progress")
        await pilot.press("1")
        assert pilot.app.engine.batch is not None
        assert store.count_corrected() == 1


async def test_leaving_asks_only_while_a_batch_runs(make_app, many, wait_for):
    async with make_app(seconds_per_batch=0.2).run_test(size=SIZE) as pilot:
        await opened(pilot, wait_for)
        await begin(pilot, wait_for)
        await wait_for(pilot, lambda: pilot.app.engine.batch and pilot.app.engine.batch.progress, "progress")
        await pilot.press("q")
        await asked(pilot, wait_for, AskWhether)
        await pilot.press("n")
        assert pilot.app.is_running


async def test_a_model_that_dies_leaves_the_app_whole_and_can_be_started_again(
    make_app, many, store, wait_for
):
    async with make_app(seconds_per_batch=0.3).run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        await begin(pilot, wait_for)
        await wait_for(pilot, lambda: pilot.app.engine.batch and pilot.app.engine.batch.progress, "progress")
        pilot.app.engine._child._process.kill()
        await wait_for(pilot, lambda: "failed" in screen.query_one("#top").render().plain, "the failure")
        assert pilot.app.engine.state == "failed"
        await begin(pilot, wait_for)
        await wait_for(pilot, lambda: store.count_unpredicted(many.id, BUNDLE) == 0, "the rest")


async def test_e_colours_words_and_picture_and_e_again_takes_it_away(make_app, classified, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        await pilot.press("e")
        await wait_for(pilot, lambda: screen.view.is_explained, "the explanation")
        assert screen.query_one("#post-legend").display
        await pilot.press("e")
        assert not screen.view.is_explained


async def test_an_explanation_goes_when_the_cursor_moves_on(make_app, classified, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        await pilot.press("e")
        await wait_for(pilot, lambda: screen.view.is_explained, "the explanation")
        await pilot.press("down")
        await wait_for(pilot, lambda: not screen.view.is_explained, "a plain view")


async def test_without_a_bundle_one_can_still_browse(make_app, source, config, wait_for):
    for file in config.paths.shipped_bundles.rglob("meta.json"):
        file.unlink()
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        await pilot.press("down", "1", "c")
        assert screen.row.post_id == "02"
        assert pilot.app.engine.state == "off"
