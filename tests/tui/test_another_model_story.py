"""A bundle of the name and version of another one that has judged: the app says whose answers it shows."""

from __future__ import annotations

import json
from dataclasses import replace

import openpyxl
import pytest
from small_engine import BUNDLE, LABELS, judge
from stories import SIZE, asked, opened, text_of

from mmsa_tui.services.export import Choice, export_posts
from mmsa_tui.services.ingest import read_in
from mmsa_tui.tui.dialogs.classify import ClassifyDialog
from mmsa_tui.tui.dialogs.export import ExportDialog
from mmsa_tui.tui.overview.screen import OverviewScreen
from mmsa_tui.worker.messages import Ready

LEAD = f"{BUNDLE} is another model now than the one that judged 11 posts here"


@pytest.fixture
def by_another(source, store):
    """The source, judged by another model under the bundle's id, but for the last post."""
    posts = [row.post for row in store.posts(source.id) if row.post is not None]
    store.save_bundle_labels(BUNDLE, LABELS, "another")
    store.save_predictions([replace(judge(post), model="another") for post in posts[:-1]])
    return source


def kept(pilot) -> str:
    return " ".join(said.text for said in pilot.app.notices.said)


async def test_the_app_says_whose_answers_it_shows_and_judges_them_anew(
    make_app, by_another, store, wait_for
):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        await wait_for(pilot, lambda: "11 by another model" in text_of(screen, "#top"), "the top line")
        assert f"Classify (c) judges anew: {LEAD}" in kept(pilot)
        assert screen.row.prediction.model == "another"
        await pilot.press("c")
        dialog = await asked(pilot, wait_for, ClassifyDialog)
        assert "12 to do" in dialog.query_one("OptionList").get_option_at_index(0).prompt.plain
        await pilot.press("enter")
        await wait_for(pilot, lambda: not store.count_unpredicted(by_another.id, BUNDLE), "predictions")
        await wait_for(pilot, lambda: f"{LEAD}: they are judged anew." in kept(pilot), "the end")
        await wait_for(pilot, lambda: "another model" not in text_of(screen, "#top"), "the top line")
    assert {row.prediction.model for row in store.rows(by_another.id, BUNDLE)} == {pilot.app.model.model}


async def test_what_counts_and_what_writes_says_so_too(make_app, by_another, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        await wait_for(pilot, lambda: "by another model" in text_of(screen, "#top"), "the top line")
        await pilot.press("a")
        overview = await asked(pilot, wait_for, OverviewScreen)
        await wait_for(
            pilot, lambda: "11 by another model" in text_of(overview, "#overview-title"), "the overview"
        )
        await pilot.press("escape", "x")
        dialog = await asked(pilot, wait_for, ExportDialog)
        said = "judged by another model of this name and version: 11 posts"
        await wait_for(pilot, lambda: said in text_of(dialog, "#export-about"), "the export")


async def test_what_is_exported_before_says_so_in_its_summary(
    make_app, by_another, store, wait_for, tmp_path
):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        await wait_for(pilot, lambda: "by another model" in text_of(screen, "#top"), "the top line")
    target = tmp_path / "out.xlsx"
    export_posts(store, by_another, BUNDLE, target, Choice("source"))
    cells = [cell for row in openpyxl.load_workbook(target)["Summary"].values for cell in row]
    assert any(LEAD in str(cell) for cell in cells)


async def test_scores_of_another_models_answers_say_so_first(make_app, store, tmp_path, wait_for):
    table = tmp_path / "labelled.csv"
    table.write_text("id,text,label\n" + "".join(f"{n},post {n},{LABELS[n % 3]}\n" for n in range(6)))
    source = read_in(store, table)
    store.save_bundle_labels(BUNDLE, LABELS, "another")
    posts = [row.post for row in store.posts(source.id) if row.post is not None]
    store.save_predictions([replace(judge(post), model="another") for post in posts])
    async with make_app(str(table)).run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        await screen.run_action("evaluate")
        await wait_for(pilot, lambda: "6 posts with people's labels" in kept(pilot), "the scores")
        said = next(said.text for said in pilot.app.notices.said if "people's labels" in said.text)
    assert said.startswith(f"{LEAD.replace('11', '6')}, whose answers are shown: c classifies the posts.")


def put_another(config) -> None:
    """Put a model of other temperatures in the place of the bundle's."""
    meta = config.paths.shipped_bundles / "small-1.0.0" / "meta.json"
    found = json.loads(meta.read_text())
    found["files"]["calibration.json"] = "0" * 64
    meta.write_text(json.dumps(found))


async def test_c_judges_by_the_model_that_has_come_while_the_app_was_open(
    make_app, classified, config, store, wait_for
):
    async with make_app().run_test(size=SIZE) as pilot:
        await opened(pilot, wait_for)
        await wait_for(pilot, lambda: pilot.app.engine.state == "ready", "the model")
        before = pilot.app.model.model
        put_another(config)
        await pilot.press("c")
        await asked(pilot, wait_for, ClassifyDialog)
        await pilot.press("enter")
        await wait_for(pilot, lambda: f"{LEAD}: they are judged anew." in kept(pilot), "the end")
        now = pilot.app.model.model
    assert now != before
    assert {row.prediction.model for row in store.rows(classified.id, BUNDLE)} == {now}


async def test_a_bundle_that_gets_another_model_is_taken_up_anew(make_app, classified, config, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        await wait_for(pilot, lambda: pilot.app.engine.state == "ready", "the model")
        before = pilot.app.model.model
        heard = []
        pilot.app.engine_reports.subscribe(screen, heard.append)
        put_another(config)
        await pilot.app.reload_bundle()
        await wait_for(pilot, lambda: any(isinstance(said, Ready) for said in heard), "the model again")
        assert pilot.app.model.model not in ("", before)
        await wait_for(pilot, lambda: "11 by another model" in text_of(screen, "#top"), "the top line")
