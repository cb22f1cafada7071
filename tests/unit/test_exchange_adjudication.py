"""A decision between analysts: it wins, it travels, and it can be taken back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mmsa_tui.corrections import (
    collect_ratings,
    export_corrections,
    last_decision,
    open_docket,
    settle,
    take_back,
    take_in,
)
from mmsa_tui.records import Correction, Post
from mmsa_tui.store import Store

LABELS = ("negative", "neutral", "positive")
POST = Post("1", "one", content_hash="b2:one")


def vote(uid: str, analyst: str, label: str, minute: int, note: str = "") -> Correction:
    return Correction(
        uid, "b2:one", label, analyst=analyst, created_at=f"2024-05-01T14:{minute:02}:00+00:00",
        note=note, post_id="1", text="one",
    )  # fmt: skip


ANN = vote("a", "Ann", "negative", 1)
BOB = vote("b", "Bob", "positive", 2, note="sarcasm")


def make_store(folder: Path) -> Store:
    store = Store.open(folder / "mmsa.db")
    store.index_source("here", "pairs", "here", [POST])
    return store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with make_store(tmp_path) as opened:
        opened.add_corrections([ANN, BOB])
        yield opened


def label_of(store: Store) -> str:
    state = store.correction_state("b2:one")
    return state.new_label if state else ""


def note_of(store: Store) -> str:
    state = store.correction_state("b2:one")
    return state.note if state else ""


def hand_over(store: Store, other: Store, file: Path) -> None:
    file.unlink(missing_ok=True)
    export_corrections(store.corrections(), file, lambda bundle: ())
    assert not take_in(other, [file], LABELS).rejections


def test_a_decision_wins_over_the_votes_and_closes_the_case(store: Store) -> None:
    (conflict,) = open_docket(store).conflicts
    settle(store, conflict, "neutral", analyst="Cy")
    docket = open_docket(store)
    assert (label_of(store), docket.conflicts, docket.n_settled) == ("neutral", (), 1)


def test_a_decision_keeps_the_note_unless_it_brings_one(store: Store) -> None:
    (conflict,) = open_docket(store).conflicts
    settle(store, conflict, "neutral", analyst="Cy")
    assert note_of(store) == "sarcasm"
    settle(store, conflict, "neutral", analyst="Cy", note="both")
    assert note_of(store) == "both"


def test_a_decision_wins_over_a_vote_whose_clock_ran_ahead(store: Store) -> None:
    ahead = Correction("c", "b2:one", "positive", analyst="Cleo", created_at="2999-01-01T00:00:00+00:00")
    store.add_corrections([ahead])
    (conflict,) = open_docket(store).conflicts
    settle(store, conflict, "neutral", analyst="Cy")
    assert (label_of(store), open_docket(store).conflicts) == ("neutral", ())


@pytest.mark.parametrize("suffix", [".jsonl", ".xlsx"])
def test_a_decision_is_one_on_the_laptop_of_a_colleague_too(
    store: Store, tmp_path: Path, suffix: str
) -> None:
    (conflict,) = open_docket(store).conflicts
    settle(store, conflict, "neutral", analyst="Cy")
    (tmp_path / "bob").mkdir()
    with make_store(tmp_path / "bob") as bobs:
        bobs.add_corrections([BOB])
        hand_over(store, bobs, tmp_path / f"all{suffix}")
        docket = open_docket(bobs)
        assert (label_of(bobs), docket.conflicts, docket.n_settled) == ("neutral", (), 1)
        assert set(collect_ratings(bobs).by_rater) == {"Ann", "Bob"}


def test_taking_back_opens_the_case_again_with_the_votes_as_they_were(store: Store) -> None:
    (before,) = open_docket(store).conflicts
    take_back(store, settle(store, before, "neutral", analyst="Cy"), "Cy")
    docket = open_docket(store)
    assert (label_of(store), docket.n_settled) == ("positive", 0)
    assert docket.conflicts[0].votes == before.votes


def test_what_was_taken_back_is_so_on_every_laptop(store: Store, tmp_path: Path) -> None:
    (conflict,) = open_docket(store).conflicts
    decision = settle(store, conflict, "neutral", analyst="Cy")
    (tmp_path / "bob").mkdir()
    with make_store(tmp_path / "bob") as bobs:
        hand_over(store, bobs, tmp_path / "first.jsonl")
        take_back(store, decision, "Cy")
        hand_over(store, bobs, tmp_path / "second.jsonl")
        assert label_of(bobs) == label_of(store) == "positive"
        assert open_docket(bobs).conflicts == open_docket(store).conflicts


def test_a_case_can_be_decided_anew_after_it_was_taken_back(store: Store) -> None:
    (conflict,) = open_docket(store).conflicts
    take_back(store, settle(store, conflict, "neutral", analyst="Cy"), "Cy")
    settle(store, conflict, "negative", analyst="Cy")
    assert (label_of(store), open_docket(store).conflicts) == ("negative", ())


def test_taking_back_leaves_what_was_done_since(store: Store) -> None:
    (conflict,) = open_docket(store).conflicts
    decision = settle(store, conflict, "neutral", analyst="Cy")
    store.add_corrections([Correction("", "b2:one", "negative", analyst="Bob")])
    take_back(store, decision, "Cy")
    assert (label_of(store), open_docket(store).conflicts) == ("negative", ())


def test_taking_back_twice_is_taking_back_once(store: Store) -> None:
    (conflict,) = open_docket(store).conflicts
    decision = settle(store, conflict, "neutral", analyst="Cy")
    take_back(store, decision, "Cy")
    take_back(store, decision, "Cy")
    assert len(list(store.corrections())) == 4


def test_the_last_decision_is_the_analysts_own_and_stands(store: Store) -> None:
    (conflict,) = open_docket(store).conflicts
    decision = settle(store, conflict, "neutral", analyst="Cy")
    found = last_decision(store, "Cy")
    assert found is not None and found.uid == decision.uid
    assert last_decision(store, "Ann") is None
    take_back(store, decision, "Cy")
    assert last_decision(store, "Cy") is None


def analyst_of(store: Store) -> str:
    state = store.correction_state("b2:one")
    return state.analyst if state else ""


def test_what_is_taken_back_leaves_the_label_to_who_gave_it(store: Store) -> None:
    (conflict,) = open_docket(store).conflicts
    take_back(store, settle(store, conflict, "neutral", analyst="Cy"), "Cy")
    assert analyst_of(store) == "Bob"
    assert set(collect_ratings(store).by_rater) == {"Ann", "Bob"}


def test_of_two_decisions_taken_back_none_counts(store: Store) -> None:
    (conflict,) = open_docket(store).conflicts
    first, second = (settle(store, conflict, label, analyst="Cy") for label in ("neutral", "negative"))
    take_back(store, first, "Cy")
    take_back(store, second, "Cy")
    assert (label_of(store), analyst_of(store), len(open_docket(store).conflicts)) == ("positive", "Bob", 1)


def test_a_decision_that_an_undo_restored_is_taken_back_as_a_whole(store: Store) -> None:
    (conflict,) = open_docket(store).conflicts
    settle(store, conflict, "neutral", analyst="Cy")
    store.acts.record([Correction("", "b2:one", "negative", analyst="Dee")], "label")
    store.acts.undo()
    docket = open_docket(store)
    assert (label_of(store), docket.conflicts, docket.n_settled) == ("neutral", (), 1)
    restored = last_decision(store, "Cy")
    assert restored is not None
    take_back(store, restored, "Cy")
    assert (label_of(store), analyst_of(store), len(open_docket(store).conflicts)) == ("positive", "Bob", 1)
    assert last_decision(store, "Cy") is None


def test_a_label_undone_on_a_contested_post_is_no_vote(store: Store) -> None:
    before = open_docket(store).conflicts
    store.acts.record([Correction("", "b2:one", "neutral", analyst="Cy")], "label")
    store.acts.undo()
    (conflict,) = open_docket(store).conflicts
    assert [(vote.act.analyst, vote.act.new_label) for vote in conflict.votes] == [
        ("Ann", "negative"),
        ("Bob", "positive"),
    ]
    assert conflict.standing_label == before[0].standing_label
    assert collect_ratings(store).by_rater["Cy"] == {}
