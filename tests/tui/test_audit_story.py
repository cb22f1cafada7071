"""Stories of the audit: a random sample labelled blind, one key a post, nothing lost."""

from __future__ import annotations

from dataclasses import replace

import pytest
from small_engine import BUNDLE, LABELS, judge
from stories import SIZE, asked, opened, text_of
from textual.widgets import Label

from mmsa_tui.codebook import Codebook, CodebookLabel
from mmsa_tui.services.audit import answer, audit_status, find_audit, next_post, start_audit
from mmsa_tui.services.codebook import edit_codebook, new_codebook
from mmsa_tui.services.ingest import read_in
from mmsa_tui.store import Store
from mmsa_tui.tui.audit.screen import AuditScreen
from mmsa_tui.tui.browse.screen import BrowseScreen
from mmsa_tui.tui.dialogs.ask import AskWhether
from mmsa_tui.tui.overview.screen import OverviewScreen


@pytest.fixture
def ready(store: Store, classified, config):
    """The folder with every post classified."""
    store.save_predictions([judge(row.post) for row in store.posts(classified.id) if row.post is not None])
    assert not store.count_unpredicted(classified.id, BUNDLE)
    return classified


async def auditing(pilot, wait_for) -> AuditScreen:
    screen = await asked(pilot, wait_for, AuditScreen)
    await wait_for(pilot, lambda: screen.row is not None and screen.progress is not None, "the first post")
    return screen


async def drawn(pilot, wait_for) -> AuditScreen:
    await opened(pilot, wait_for)
    await pilot.press("t")
    await asked(pilot, wait_for, AskWhether)
    await pilot.press("y")
    return await auditing(pilot, wait_for)


async def test_a_sample_is_drawn_on_demand_and_labelled_one_key_a_post(make_app, ready, store, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        await drawn(pilot, wait_for)
        await pilot.press("1", "3", "2")
    audit = find_audit(store, ready)
    assert sorted(said.label for said in store.audits.answers(audit.uid)) == sorted(LABELS)


async def test_what_is_left_to_label_is_told_after_each_label(make_app, ready, store, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await drawn(pilot, wait_for)
        await wait_for(pilot, lambda: "left to label" in text_of(screen, "#top"), "the counts")
        n_sampled = screen.progress.n_sampled
        await pilot.press("1", "3")
        assert f"{n_sampled - 2:,} posts left to label" in text_of(screen, "#top")


async def test_what_the_model_says_is_nowhere_on_the_screen(make_app, ready, store, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await drawn(pilot, wait_for)
        assert "blind" in text_of(screen, "#top")
        assert screen.view.row.prediction is None and screen.view.row.correction is None
        assert not screen.view.row.post.truth


async def test_no_draws_nothing_and_goes_back(make_app, ready, store, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        await opened(pilot, wait_for)
        await pilot.press("t")
        await asked(pilot, wait_for, AskWhether)
        await pilot.press("n")
        await wait_for(pilot, lambda: isinstance(pilot.app.screen, BrowseScreen), "the main screen")
    assert store.audits.of(ready.location) == []


async def test_a_label_is_taken_back_and_its_post_comes_again(make_app, ready, store, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await drawn(pilot, wait_for)
        before = screen.row.post_id
        await pilot.press("1")
        assert screen.row.post_id != before
        await pilot.press("u")
        assert screen.row.post_id == before
    assert store.audits.answers(find_audit(store, ready).uid) == []


async def test_a_post_put_off_comes_at_the_end(make_app, ready, store, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await drawn(pilot, wait_for)
        put_off = screen.row.post_id
        n = screen.progress.n_sampled
        await pilot.press("s", *["1"] * (n - 1))
        assert screen.row.post_id == put_off
        await pilot.press("2")
        assert screen.row is None
    status = audit_status(store, ready, find_audit(store, ready))
    assert status.n_labelled == n


async def test_an_audit_goes_on_where_it_was_and_is_enlarged(make_app, ready, store, wait_for):
    audit = start_audit(
        store, ready, store.audits.of("")[0].bundle if store.audits.of("") else "small 1.0.0", size=2
    )
    n = len(store.audits.sample(audit.location, audit.uid))
    async with make_app().run_test(size=SIZE) as pilot:
        await opened(pilot, wait_for)
        await pilot.press("t")
        screen = await auditing(pilot, wait_for)
        await pilot.press(*["1"] * n)
        assert screen.row is None
        await pilot.press("plus")
        await wait_for(pilot, lambda: screen.row is not None or n == ready.n_posts, "more posts")


async def test_the_overview_says_what_the_shares_are_worth(make_app, ready, store, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        await opened(pilot, wait_for)
        await pilot.press("a")
        screen = await asked(pilot, wait_for, OverviewScreen)
        await wait_for(pilot, lambda: "not corrected" in text_of(screen, "#overview-labels"), "no audit")
        await pilot.press("escape")
    audit = start_audit(store, ready, BUNDLE)
    n_drawn = len(store.audits.sample(audit.location, audit.uid))
    async with make_app().run_test(size=SIZE) as pilot:
        await opened(pilot, wait_for)
        await pilot.press("a")
        screen = await asked(pilot, wait_for, OverviewScreen)
        waiting = f"0 of {n_drawn} audited (t: audit)"
        await wait_for(pilot, lambda: waiting in text_of(screen, "#overview-labels"), "the audit drawn")
        await pilot.press("escape")
    while (row := next_post(store, ready, audit, "ann")) is not None:
        answer(store, audit, row, LABELS[0], "ann", "")
    async with make_app().run_test(size=SIZE) as pilot:
        await opened(pilot, wait_for)
        await pilot.press("a")
        screen = await asked(pilot, wait_for, OverviewScreen)
        await wait_for(pilot, lambda: "95 %: ▼ 100–100" in text_of(screen, "#overview-labels"), "shares")
        assert "audit: model right in" in text_of(screen, "#overview-corrections")


async def test_the_overview_names_audited_posts_that_the_model_has_learned(
    make_app, ready, store, wait_for, monkeypatch
):
    audit = start_audit(store, ready, BUNDLE)
    while (row := next_post(store, ready, audit, "ann")) is not None:
        answer(store, audit, row, LABELS[0], "ann", "")
    drawn = [post.content_hash for post in store.audits.sample(audit.location, audit.uid)]
    monkeypatch.setattr("mmsa_tui.services.bundles.learned_since", lambda *of: frozenset(drawn[:3]))
    async with make_app().run_test(size=SIZE) as pilot:
        await opened(pilot, wait_for)
        await pilot.press("a")
        screen = await asked(pilot, wait_for, OverviewScreen)
        await wait_for(
            pilot,
            lambda: "3 posts learned by the model" in text_of(screen, "#overview-corrections"),
            "what was learned",
        )
        # Its lines wrap, and the last of them must still be inside the frame.
        part = screen.query_one("#overview-corrections")
        lines = text_of(screen, "#overview-corrections").splitlines()
        assert sum(-(-len(line) // part.size.width) or 1 for line in lines) <= part.size.height


async def test_a_codebook_without_a_model_has_an_audit_all_the_same(make_app, classified, config, wait_for):
    new_codebook(config.paths, Codebook("stance", (CodebookLabel("for"), CodebookLabel("against"))))
    stance = config.paths.under("stance")
    with Store.open(stance.database) as other:
        source = read_in(other, classified.location)
    async with make_app(config=replace(config, paths=stance, bundle="")).run_test(size=SIZE) as pilot:
        await opened(pilot, wait_for)
        await pilot.press("t")
        question = await asked(pilot, wait_for, AskWhether)
        assert any("no model yet" in str(label.render()) for label in question.query(Label))
        await pilot.press("y")
        screen = await auditing(pilot, wait_for)
        n = screen.progress.n_sampled
        await pilot.press(*["1"] * n)
        assert screen.row is None
        await pilot.press("escape", "a")
        screen = await asked(pilot, wait_for, OverviewScreen)
        await wait_for(
            pilot, lambda: "sample, 95 %: ▼ 100–100" in text_of(screen, "#overview-labels"), "shares"
        )
    with Store.open(stance.database) as store:
        audit = find_audit(store, source)
        assert audit_status(store, source, audit).n_labelled == n


async def test_a_label_that_joined_after_the_draw_is_no_answer_of_that_audit(
    make_app, classified, config, wait_for
):
    new_codebook(config.paths, Codebook("stance", (CodebookLabel("for"), CodebookLabel("against"))))
    stance = config.paths.under("stance")
    with Store.open(stance.database) as store:
        source = read_in(store, classified.location)
        audit = start_audit(store, source, "stance 1.0", has_model=False)
    labels = tuple(map(CodebookLabel, ("neither", "for", "against")))
    edit_codebook(stance, Codebook("stance", labels))
    async with make_app(config=replace(config, paths=stance, bundle="")).run_test(size=SIZE) as pilot:
        await opened(pilot, wait_for)
        await pilot.press("t")
        screen = await auditing(pilot, wait_for)
        await pilot.press("1")
        assert "joined the codebook after" in text_of(screen, "#status")
        await pilot.press("2")
    with Store.open(stance.database) as store:
        assert [said.label for said in store.audits.answers(audit.uid)] == ["for"]


async def test_how_exact_shares_are_is_read_whole_in_a_terminal_of_a_hundred_columns(
    make_app, ready, wait_for
):
    async with make_app().run_test(size=(100, 30)) as pilot:
        screen = await drawn(pilot, wait_for)
        screen.progress = replace(
            screen.progress, n_sampled=1_200, n_labelled=0, half_width=0.156, n_needed=1_150
        )
        await pilot.press("1")
        await wait_for(pilot, lambda: "points now" in text_of(screen, "#top"), "the exactness")
        assert "±15.6 points now; about 1,14" in text_of(screen, "#top")
        assert "more for ±5" in text_of(screen, "#top")
        assert "blind" in text_of(screen, "#top")
