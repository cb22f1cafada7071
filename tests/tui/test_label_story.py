"""Correcting by keyboard: what a key does is in the database before the next."""

from __future__ import annotations

import asyncio

from stories import SIZE, asked, labels, opened, read_lines, text_of
from textual import events

from mmsa_tui.records import Correction
from mmsa_tui.store import Store
from mmsa_tui.tui.browse.upkeep import WATCH_S
from mmsa_tui.tui.dialogs.ask import AskText
from mmsa_tui.tui.dialogs.bulk import BulkChoice, BulkDialog
from mmsa_tui.tui.widgets.bars import StatusLine

LABELS = ("negative", "neutral", "positive")


async def test_a_digit_labels_the_post_and_goes_on(make_app, classified, store, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        await pilot.press("3")
        assert labels(store, classified) == {"01": "positive"}
        assert screen.row.post_id == "02"


async def test_each_key_is_on_disk_before_the_next(make_app, classified, store, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        await opened(pilot, wait_for)
        made: dict[str, str] = {}
        skipped = ("s", "", "")
        keys = [
            ("1", "01", "negative"),
            ("2", "02", "neutral"),
            skipped,
            skipped,
            ("3", "05", "positive"),
        ]
        for key, post, label in keys:
            await pilot.press(key)
            made |= {post: label} if post else {}
            # Another connection sees only what was committed.
            assert labels(store, classified) == made


async def test_a_correction_says_what_was_shown_and_who_made_it(make_app, classified, store, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        shown = screen.row.prediction
        await pilot.press("2")
    (made,) = store.corrections()
    assert (made.analyst, made.old_label, made.bundle) == ("ana", shown.label, "small 1.0.0")
    assert made.probs == shown.probs


async def test_space_takes_the_predicted_label_for_the_analysts(make_app, classified, store, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        predicted = screen.row.prediction.label
        await pilot.press("space")
        assert labels(store, classified) == {"01": predicted}


async def test_space_on_a_post_without_prediction_changes_nothing(make_app, source, store, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        await opened(pilot, wait_for)
        await pilot.press("space")
        assert list(store.corrections()) == []


async def test_skip_goes_on_and_changes_nothing(make_app, classified, store, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        await pilot.press("s")
        assert screen.row.post_id == "02"
        assert list(store.corrections()) == []


async def test_a_label_goes_to_all_retweets_and_one_undo_takes_it_back(make_app, classified, store, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        await pilot.press("down", "down", "1")
        assert labels(store, classified) == {"03": "negative", "04": "negative"}
        await pilot.press("u")
        assert labels(store, classified) == {}
        assert screen.row.post_id == "03"


async def test_undo_leaves_a_correction_with_the_colleague_who_made_it(make_app, classified, store, wait_for):
    post = next(iter(store.posts(classified.id))).post
    store.add_corrections([Correction("bob", post.content_hash, "neutral", analyst="bob", note="irony")])
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        await pilot.press("d", "1", "u")
        assert screen.row.post_id == "01"
    act = screen.row.correction
    assert (act.new_label, act.analyst, act.note) == ("neutral", "bob", "irony")


async def test_one_post_is_told_as_one(make_app, classified, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        screen.posts.table.select([screen.row.ordinal])
        await screen.labeller.apply(BulkChoice("selection", "label", label="neutral"))
        assert "1 post ·" in screen.query_one(StatusLine).render().plain
        await pilot.press("down", "down", "1")
        assert "and 1 duplicate with the same picture" in screen.query_one(StatusLine).render().plain


async def test_exact_copies_are_counted_wherever_a_label_goes_to_them(make_app, config, tmp_path, wait_for):
    here = read_lines(config, tmp_path, "id,text", "1,rain again", "2,rain again", "3,sun at last")
    async with make_app(here.location).run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        status = screen.query_one(StatusLine)
        await wait_for(
            pilot, lambda: "always labelled together" in text_of(screen, "#post-verdict"), "copies"
        )
        await pilot.press("d", "1")
        assert "and 1 duplicate" in status.render().plain
        await wait_for(pilot, lambda: "1 correction on 2 posts" in status.render().plain, "the count")
        await pilot.press("u")
        assert "2 posts" in status.render().plain
        screen.posts.table.select([0, 1])
        await screen.labeller.apply(BulkChoice("selection", "label", label="neutral"))
        assert "2 posts ·" in status.render().plain


async def test_d_labels_one_copy_alone(make_app, classified, store, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        await opened(pilot, wait_for)
        await pilot.press("d", "down", "down", "1")
        assert labels(store, classified) == {"03": "negative"}


async def test_undo_and_redo_survive_a_restart(make_app, classified, store, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        await opened(pilot, wait_for)
        await pilot.press("1", "2")
    async with make_app().run_test(size=SIZE) as pilot:
        await opened(pilot, wait_for)
        await pilot.press("u")
        assert labels(store, classified) == {"01": "negative"}
    async with make_app().run_test(size=SIZE) as pilot:
        await opened(pilot, wait_for)
        await pilot.press("ctrl+r")
        assert labels(store, classified) == {"01": "negative", "02": "neutral"}


async def test_a_flag_stays_when_a_label_comes(make_app, classified, store, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        await pilot.press("f", "3", "up")
        state = screen.row.correction
        assert (state.new_label, state.flagged) == ("positive", True)


async def test_f_twice_takes_the_flag_away(make_app, classified, store, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        await pilot.press("f", "f")
        assert screen.row.correction is None


async def test_a_note_is_kept_with_the_post(make_app, classified, store, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        await pilot.press("n")
        await asked(pilot, wait_for, AskText)
        await pilot.press(*"irony", "enter")
        await wait_for(pilot, lambda: screen.row.correction is not None, "the note")
        assert screen.row.correction.note == "irony"


async def test_bulk_labels_what_is_listed_as_one_act(make_app, classified, store, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        await screen.labeller.apply(BulkChoice("filter", "label", label="neutral"))
        assert set(labels(store, classified).values()) == {"neutral"}
        assert len(labels(store, classified)) == 12
        await pilot.press("u")
        assert labels(store, classified) == {}


async def test_bulk_on_a_selection_leaves_the_others_alone(make_app, classified, store, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        await pilot.press("shift+down")
        await screen.labeller.apply(BulkChoice("selection", "label", label="neutral"))
        assert labels(store, classified) == {"01": "neutral", "02": "neutral"}


async def test_bulk_can_spare_what_was_corrected_by_hand(make_app, classified, store, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        await pilot.press("1")
        await screen.labeller.apply(BulkChoice("filter", "label", label="neutral", keep_corrected=True))
        assert labels(store, classified)["01"] == "negative"


async def test_a_correction_made_in_another_window_is_not_lost(make_app, classified, config, store, wait_for):
    async with make_app().run_test(size=SIZE) as first, make_app().run_test(size=SIZE) as second:
        one, two = await opened(first, wait_for), await opened(second, wait_for)
        await second.press("f")
        await first.press("3")
        row = next(store.rows(classified.id, "small 1.0.0", limit=1))
        assert (row.correction.new_label, row.correction.flagged) == ("positive", True)
        assert one is not two


async def test_undo_takes_back_ones_own_act_and_says_whose_is_left(make_app, classified, store, wait_for):
    with Store.open(store._db.path) as other:
        row = next(other.rows(classified.id, "small 1.0.0", limit=1))
        made = Correction("", row.post.content_hash, "negative", analyst="Ben", facts=("label",))
        other.acts.record([made], "negative", classified.location)
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        await pilot.press("u")
        await wait_for(pilot, lambda: "Nothing of yours" in text_of(screen, "#status"), "the answer")
        assert "made by Ben" in text_of(screen, "#status")
    assert labels(store, classified) == {"01": "negative"}


async def test_the_end_of_a_list_says_so(make_app, classified, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        await pilot.press("end", "s")
        assert "last post" in screen.query_one(StatusLine).render().plain


async def test_labels_are_those_of_the_bundle(make_app, classified, config, store, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        await pilot.press("4")
        assert list(store.corrections()) == []
        assert screen.row.post_id == "01"


async def test_letters_typed_at_once_after_a_key_go_to_its_dialog(make_app, classified, store, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        for key in ("n", *"123 fun", "enter"):
            pilot.app.post_message(events.Key(key if key != " " else "space", key if len(key) == 1 else None))
        await wait_for(pilot, lambda: screen.row.correction is not None, "the note")
        assert screen.row.correction.note == "123 fun"
        assert labels(store, classified) == {}


async def test_keys_typed_at_once_behind_a_note_are_no_part_of_it(make_app, classified, store, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        for key in ("n", *"abc", "enter", "f", "2"):
            pilot.app.post_message(events.Key(key, key if len(key) == 1 else None))
        await wait_for(pilot, lambda: screen.posts.table.cursor == 1, "the label")
        first = store.correction_state(next(store.posts(classified.id)).post.content_hash)
        assert first is not None
        assert (first.note, first.flagged, first.new_label) == ("abc", True, LABELS[1])


async def test_keys_typed_at_once_behind_a_filter_are_no_part_of_it(make_app, classified, store, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        for key in ("slash", *"train", "enter", "f"):
            character = "/" if key == "slash" else key if len(key) == 1 else None
            pilot.app.post_message(events.Key(key, character))
        await wait_for(pilot, lambda: any(one.flagged for one in store.corrections()), "the flag")
        assert screen.posts.filter_text == "train"


async def test_a_label_typed_at_once_behind_a_filter_goes_to_a_post_of_the_filter(
    make_app, classified, store, wait_for
):
    wanted = next(item.post for item in store.posts(classified.id) if "train" in item.post.text.lower())
    assert wanted.post_id != "01"
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        settle = screen.posts.listing.settle

        async def slowly(where, order):
            await asyncio.sleep(0.3)
            return await settle(where, order)

        screen.posts.listing.settle = slowly
        for key in ("slash", *"train", "enter", "2"):
            character = "/" if key == "slash" else key if len(key) == 1 else None
            pilot.app.post_message(events.Key(key, character))
        await wait_for(pilot, lambda: labels(store, classified), "the label")
        # Its copy has the same picture, and gets the same label.
        assert labels(store, classified) == {wanted.post_id: LABELS[1], "04": LABELS[1]}


async def test_letters_typed_at_once_after_a_slash_go_to_the_filter(make_app, classified, store, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        for key in ("slash", *"123f", "enter"):
            character = "/" if key == "slash" else key if len(key) == 1 else None
            pilot.app.post_message(events.Key(key, character))
        await wait_for(pilot, lambda: screen.posts.filter_text == "123f", "the filter")
        assert list(store.corrections()) == []


async def test_bulk_counts_what_is_still_in_the_queue(make_app, classified, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        await pilot.press("tab")
        await wait_for(pilot, lambda: screen.n_rows < 12, "the queue")
        n_listed = screen.n_rows
        await pilot.press("d", "1", "b")
        dialog = await asked(pilot, wait_for, BulkDialog)
        assert f"all {n_listed - 1} " in str(dialog.query_one("#bulk-posts").content)


async def test_labels_of_another_window_are_seen_within_a_second(make_app, classified, store, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        post = screen.row.post
        assert screen.row.corrected_label == ""
        await pilot.pause(WATCH_S)
        store.add_corrections([Correction("", post.content_hash, "negative", analyst="ben")])
        await wait_for(pilot, lambda: "by ben" in text_of(screen, "#post-verdict"), "the label")


async def test_a_label_against_the_model_is_not_shown_with_the_models_confidence(
    make_app, classified, store, wait_for
):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        predicted = screen.row.prediction.label
        other = next(number for number in (1, 3) if LABELS[number - 1] != predicted)
        await pilot.press(str(other), "up")
        await wait_for(pilot, lambda: screen.row.corrected_label == LABELS[other - 1], "the label")
        sign = screen.looks.sign(predicted)
        sure = f"{screen.row.prediction.confidence:.0%}"
        assert f"{sign} {predicted} {sure}" in text_of(screen, "#post-verdict")
        line = screen.posts.table.render_line(1).text
        assert f"{sign}{sure}" in line


async def test_label_note_and_flag_are_each_shown_with_who_gave_it(make_app, classified, store, wait_for):
    post = next(store.posts(classified.id)).post
    for who, facts, said in (
        ("bob", ("note",), {"note": "irony"}),
        ("cleo", ("flag",), {"flagged": True}),
        ("dan", ("label",), {"new_label": "neutral"}),
    ):
        given = {"new_label": ""} | said
        store.add_corrections([Correction(who, post.content_hash, analyst=who, facts=facts, **given)])
    async with make_app().run_test(size=SIZE) as pilot:
        await opened(pilot, wait_for)
        await wait_for(
            pilot, lambda: "by dan" in text_of(pilot.app.screen, "#post-verdict"), "the label of a colleague"
        )
        shown = text_of(pilot.app.screen, "#post-verdict")
        assert "✎ ■ neutral  by dan" in shown
        assert "⚑ flagged  by cleo" in shown
        assert "¶ irony  by bob" in shown
        await pilot.press("3")
        await pilot.press("up")
        await wait_for(
            pilot, lambda: "by ana" in text_of(pilot.app.screen, "#post-verdict"), "one's own label"
        )
        shown = text_of(pilot.app.screen, "#post-verdict")
        assert "✎ ▲ positive  by ana" in shown
        assert "¶ irony  by bob" in shown


async def test_a_bulk_dialog_names_queue_and_filter(make_app, classified, wait_for):
    async with make_app().run_test(size=SIZE) as pilot:
        screen = await opened(pilot, wait_for)
        screen.posts.queue_bar.choose("duplicates")
        await wait_for(pilot, lambda: screen.n_rows == 2, "the queue")
        screen.posts.go_to_filter("train", in_queue=True)
        await wait_for(pilot, lambda: screen.posts.filter_text == "train" and screen.row is not None, "rows")
        await pilot.press("b")
        dialog = await asked(pilot, wait_for, BulkDialog)
        assert "listed: queue duplicates, train" in str(dialog.query_one("#bulk-posts").content)
