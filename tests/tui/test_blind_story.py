"""Coding blind: labels of the model and of colleagues are hidden until one has given one's own."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from stories import SIZE, asked, labels, opened, text_of

from mmsa_tui.corrections import collect_ratings
from mmsa_tui.records import Correction
from mmsa_tui.store import Store
from mmsa_tui.tui.dialogs.ask import AskText
from mmsa_tui.tui.dialogs.bulk import BulkChoice, BulkDialog
from mmsa_tui.tui.dialogs.export import ExportDialog


async def test_coding_blind_hides_what_the_model_says_until_one_has_said_something(
    make_app, classified, store, wait_for
):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        predicted = screen.row.prediction.label
        await pilot.press("B")
        await pilot.pause()
        assert "Hidden until" in text_of(screen, "#bars")
        assert predicted not in screen.posts.table.render_line(1).text
        await pilot.press("space")
        assert labels(store, classified) == {}
        await pilot.press("2", "up")
        await wait_for(pilot, lambda: "both" in text_of(screen, "#bars"), "the beliefs")


def say(store: Store, post, analyst: str, label: str = "", note: str = "") -> None:
    facts = ("label",) if label else ("note",)
    store.add_corrections([Correction("", post.content_hash, label, analyst=analyst, note=note, facts=facts)])


async def test_who_has_given_a_label_sees_all_also_when_a_colleagues_came_later(
    make_app, classified, config, store, wait_for
):
    first, second = (store.post(classified.id, at).post for at in (0, 1))
    say(store, first, "ana", "positive")
    for post in (first, second):
        say(store, post, "bob", "neutral")
    async with make_app(config=replace(config, blind="always")).run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        await wait_for(pilot, lambda: "by bob" in text_of(screen, "#post-verdict"), "all labels")
        assert "neutral" in screen.posts.table.render_line(1).text
        await pilot.press("down")
        await wait_for(pilot, lambda: "Hidden until" in text_of(screen, "#bars"), "the post of bob alone")
        assert "neutral" not in screen.posts.table.render_line(2).text


async def test_the_same_label_as_a_colleagues_is_kept_as_ones_own(
    make_app, classified, config, store, wait_for
):
    post = store.post(classified.id, 0).post
    say(store, post, "bob", "neutral")
    async with make_app(config=replace(config, blind="always")).run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        await pilot.press("2")
        assert "as it was" not in text_of(screen, "#status")
        assert {
            name: found[post.content_hash] for name, found in collect_ratings(store).by_rater.items()
        } == {
            "ana": "neutral",
            "bob": "neutral",
        }
        await pilot.press("up")
        await wait_for(pilot, lambda: "both" in text_of(screen, "#bars"), "the beliefs")
        await pilot.press("u")
        await wait_for(pilot, lambda: "Hidden until" in text_of(screen, "#bars"), "the post hidden again")
        await pilot.press("2", "up", "2")
        await wait_for(pilot, lambda: "as it was" in text_of(screen, "#status"), "one's own label again")


async def test_a_colleagues_note_is_hidden_and_ones_own_is_not(make_app, classified, config, store, wait_for):
    first, second = (store.post(classified.id, at).post for at in (0, 1))
    say(store, first, "bob", note="plainly neutral")
    say(store, second, "ana", note="ask bob")
    async with make_app(config=replace(config, blind="always")).run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        await wait_for(pilot, lambda: "Hidden until" in text_of(screen, "#bars"), "the post")
        assert "plainly" not in text_of(screen, "#post-verdict")
        await pilot.press("n")
        dialog = await asked(pilot, wait_for, AskText)
        assert dialog.query_one("Input").value == ""
        await pilot.press("escape", "down")
        await wait_for(pilot, lambda: "ask bob" in text_of(screen, "#post-verdict"), "one's own note")


async def test_labels_of_the_model_are_not_accepted_unseen(make_app, classified, config, store, wait_for):
    async with make_app(config=replace(config, blind="always")).run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        await pilot.press("b")
        dialog = await asked(pilot, wait_for, BulkDialog)
        dialog.dismiss(BulkChoice("filter", "accept"))
        await wait_for(pilot, lambda: "unseen" in text_of(screen, "#status"), "the answer")
        assert labels(store, classified) == {}


async def test_the_queue_of_an_audit_is_blind_from_the_start(make_app, classified, store, wait_for):
    post = store.post(classified.id, 0).post
    store.add_corrections([Correction("", post.content_hash, "neutral", analyst="bob", origin="audit:1")])
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        screen.posts.queue_bar.choose("audit")
        await wait_for(pilot, lambda: "blind" in text_of(screen, "#top"), "the top line")
        await wait_for(pilot, lambda: "Hidden until" in text_of(screen, "#bars"), "the post")


@pytest.mark.parametrize(("wanted", "is_blind"), [("always", True), ("never", False)])
async def test_whether_labels_are_hidden_is_the_users_choice(
    make_app, classified, config, wait_for, wanted, is_blind
):
    async with make_app(config=replace(config, blind=wanted)).run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        await wait_for(pilot, lambda: ("blind" in text_of(screen, "#top")) == is_blind, "the top line")


@pytest.mark.parametrize("text", ["label:negative", "-conf:<0.6", "glad OR (is:conflict)", "p_negative:>0.1"])
async def test_a_filter_that_tells_what_is_hidden_lists_nothing_and_says_so(
    make_app, classified, wait_for, text
):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        n_posts = screen.n_rows
        await pilot.press("B")
        screen.posts.go_to_filter(text)
        await wait_for(pilot, lambda: "would tell" in screen.posts.table.empty_text, "the reason")
        assert screen.n_rows == 0 and screen.posts.hits_elsewhere == {}
        await pilot.press("B")
        await wait_for(pilot, lambda: not screen.posts.telling, "the list of the filter")
        await pilot.press("B")
        await wait_for(pilot, lambda: screen.posts.telling and not screen.n_rows, "nothing again")
        screen.posts.clear()
        await wait_for(pilot, lambda: screen.n_rows == n_posts, "all posts")


async def test_an_order_that_tells_what_is_hidden_lists_nothing_and_words_and_dates_are_free(
    make_app, classified, config, wait_for
):
    async with make_app(config=replace(config, blind="always")).run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        screen.posts.sort_by("confidence")
        await wait_for(pilot, lambda: "sorting by confidence" in screen.posts.table.empty_text, "the reason")
        screen.posts.sort_by("text")
        await wait_for(pilot, lambda: screen.n_rows, "the posts by their text")
        screen.posts.go_to_filter("-zebra has:text")
        await wait_for(pilot, lambda: screen.posts.where is not None and screen.n_rows, "those of the filter")


@pytest.mark.parametrize(
    ("action", "what"), [("overview", "the overview"), ("report", "a report"), ("evaluate", "an evaluation")]
)
async def test_what_tells_of_all_labels_waits_for_who_codes_blind(
    make_app, classified, config, wait_for, action, what
):
    async with make_app(config=replace(config, blind="always")).run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        await screen.run_action(action)
        await wait_for(pilot, lambda: f"{what} would tell" in text_of(screen, "#status"), "the reason")
        assert pilot.app.screen is screen


async def test_queues_that_tell_how_sure_the_model_is_are_shut(make_app, classified, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        posts, bar = screen.posts, screen.posts.queue_bar
        await wait_for(pilot, lambda: re.search(r"uncertain \d", bar.render().plain), "the counts")
        await pilot.press("B")
        assert not re.search(r"uncertain \d", bar.render().plain)
        names = {posts.queue_name}
        for _ in bar.queues:
            await pilot.press("tab")
            names.add(posts.queue_name)
        assert names.isdisjoint({"uncertain", "conflict", "errors"}) and len(names) > 1
        bar.choose("uncertain")
        await wait_for(
            pilot, lambda: "the queue uncertain would tell" in posts.table.empty_text, "the reason"
        )
        assert screen.n_rows == 0
        drawn = " ".join(posts.table.render_line(y).text.strip() for y in range(2, 6))
        assert drawn.split() == posts.table.empty_text.split()
        await pilot.press("W")
        await wait_for(
            pilot, lambda: "the queue uncertain would tell" in text_of(screen, "#status"), "it again"
        )
        await pilot.press("B")
        await wait_for(pilot, lambda: screen.n_rows, "the posts of the queue")


async def test_where_else_a_filter_hits_does_not_tell_how_sure_the_model_is(
    make_app, classified, config, wait_for
):
    async with make_app(config=replace(config, blind="always")).run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        screen.posts.queue_bar.choose("flagged")
        screen.posts.go_to_filter("train", in_queue=True)
        await wait_for(pilot, lambda: screen.posts.hits_elsewhere, "hits elsewhere")
        assert set(screen.posts.hits_elsewhere).isdisjoint({"uncertain", "conflict", "errors"})


async def test_an_export_says_that_the_file_holds_what_is_hidden(make_app, classified, config, wait_for):
    async with make_app(config=replace(config, blind="always")).run_test(size=SIZE) as pilot:
        await opened(pilot, wait_for)
        await pilot.press("x")
        dialog = await asked(pilot, wait_for, ExportDialog)
        assert "holds them all" in text_of(dialog, "#export-blind")
