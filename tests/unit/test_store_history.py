"""Undo and redo: one step an act, over restarts, and never over somebody else's work."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mmsa_tui.records import FACTS, Correction
from mmsa_tui.store import Step, Store
from mmsa_tui.store.uids import ADJUDICATION, is_vote, original_uid


def correct(label: str, digest: str = "h0", note: str = "", flagged: bool = False) -> Correction:
    return Correction("", digest, label, note=note, flagged=flagged, analyst="Ann")


def state(store: Store, digest: str = "h0") -> tuple[str, str, bool]:
    latest = store.correction_state(digest)
    return (latest.new_label, latest.note, latest.flagged) if latest else ("", "", False)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "mmsa.db") as opened:
        yield opened


def test_undo_restores_label_note_and_flag(store: Store) -> None:
    store.acts.record([correct("a", note="why", flagged=True)], "label a")
    store.acts.record([correct("b")], "label b")
    assert store.acts.undo() == Step("label b", ("h0",), 0)
    assert state(store) == ("a", "why", True)


def test_undo_of_the_first_act_leaves_nothing(store: Store) -> None:
    store.acts.record([correct("a", note="why")], "label a")
    store.acts.undo()
    assert state(store) == ("", "", False)


def test_undo_and_redo_walk_through_all_acts(store: Store) -> None:
    for label in "abc":
        store.acts.record([correct(label)], f"label {label}")
    back = []
    while store.acts.undo():
        back.append(state(store)[0])
    forth = []
    while store.acts.redo():
        forth.append(state(store)[0])
    assert (back, forth) == (["b", "a", ""], ["a", "b", "c"])


def test_undo_appends_and_removes_nothing(store: Store) -> None:
    store.acts.record([correct("a")], "label a")
    store.acts.undo()
    assert [(c.new_label, c.old_label, c.analyst) for c in store.corrections("h0")] == [
        ("a", "", "Ann"),
        ("", "a", "Ann"),
    ]


def test_a_bulk_act_is_one_step(store: Store) -> None:
    store.acts.record([correct("a", digest) for digest in ("h0", "h1", "h2")], "label 3 posts")
    step = store.acts.undo()
    assert step == Step("label 3 posts", ("h0", "h1", "h2"), 0)
    assert store.acts.undo() is None


def test_undo_and_redo_outlive_a_restart(store: Store, tmp_path: Path) -> None:
    store.acts.record([correct("a")], "label a")
    store.acts.record([correct("b")], "label b")
    store.acts.undo()
    with Store.open(tmp_path / "mmsa.db") as later:
        assert (later.acts.undoable(), later.acts.redoable()) == ("label a", "label b")
        later.acts.redo()
        assert state(later)[0] == "b"


def test_a_new_act_ends_what_could_be_redone(store: Store) -> None:
    store.acts.record([correct("a")], "label a")
    store.acts.undo()
    store.acts.record([correct("b")], "label b")
    assert store.acts.redo() is None
    assert state(store)[0] == "b"


def test_undo_leaves_alone_what_a_colleague_has_changed_since(store: Store) -> None:
    store.acts.record([correct("a"), correct("a", "h1")], "label 2 posts")
    store.add_corrections([correct("z", "h1")])
    assert store.acts.undo() == Step("label 2 posts", ("h0",), 1)
    assert (state(store, "h0")[0], state(store, "h1")[0]) == ("", "z")


def test_a_post_twice_in_one_act_goes_back_to_before_the_first(store: Store) -> None:
    store.acts.record([correct("a")], "label a")
    store.acts.record([correct("b"), correct("c")], "label twice")
    store.acts.undo()
    assert state(store)[0] == "a"


def test_each_scope_has_its_own_list(store: Store) -> None:
    store.acts.record([correct("a", "h0")], "label a", scope="here")
    store.acts.record([correct("b", "h1")], "label b", scope="there")
    assert store.acts.undo("here") == Step("label a", ("h0",), 0)
    assert store.acts.undoable("there") == "label b"


def test_an_act_of_known_corrections_is_no_step(store: Store) -> None:
    known = Correction("u1", "h0", "a")
    store.add_corrections([known])
    assert store.acts.record([known], "again") == 0
    assert store.acts.undo() is None


def test_nothing_done_is_nothing_to_undo_or_redo(store: Store) -> None:
    assert (store.acts.undo(), store.acts.redo(), store.acts.undoable(), store.acts.redoable()) == (
        None,
        None,
        None,
        None,
    )


def said(store: Store) -> dict[str, str]:
    """What each analyst said last of the post."""
    return {act.analyst: act.new_label for act in store.corrections("h0")}


BOB = Correction(
    "bob",
    "h0",
    "b",
    "z",
    (0.25, 0.75),
    "words 1",
    "Bob",
    note="n",
    facts=FACTS,
)


def test_undo_gives_a_correction_back_to_who_made_it(store: Store) -> None:
    store.add_corrections([BOB])
    store.acts.record([correct("a")], "label a")
    assert store.acts.undo() == Step("label a", ("h0",), 0)
    now = store.correction_state("h0")
    assert now is not None
    assert replace(now, uid="bob", created_at="", facts=FACTS) == BOB
    assert original_uid(now.uid) == "bob"
    assert said(store) == {"Bob": "b", "Ann": ""}


def test_redo_gives_it_to_the_other_again_and_undo_back(store: Store) -> None:
    store.add_corrections([BOB])
    store.acts.record([correct("a")], "label a")
    for _ in range(2):
        store.acts.undo()
        store.acts.redo()
        now = store.correction_state("h0")
        assert now is not None and (now.new_label, now.analyst) == ("a", "Ann")
        assert said(store) == {"Bob": "b", "Ann": "a"}
    store.acts.undo()
    assert said(store) == {"Bob": "b", "Ann": ""}


def test_undo_leaves_an_analyst_what_they_had_said_before_a_colleague(store: Store) -> None:
    store.acts.record([correct("c")], "label c")
    store.add_corrections([BOB])
    store.acts.record([correct("a")], "label a")
    store.acts.undo()
    assert (state(store)[0], said(store)) == ("b", {"Bob": "b", "Ann": "c"})


def test_undo_after_a_decision_between_analysts_restores_the_decision(store: Store) -> None:
    store.add_corrections([replace(BOB, uid=f"{ADJUDICATION}1", analyst="Ann")])
    store.acts.record([correct("a")], "label a")
    store.acts.undo()
    *_, withdrawn, decided = store.corrections("h0")
    assert (withdrawn.new_label, is_vote(withdrawn.uid)) == ("", True)
    assert (decided.new_label, is_vote(decided.uid)) == ("b", False)


def test_undo_keeps_that_a_colleague_has_said_the_same_since(store: Store) -> None:
    store.acts.record([correct("b", note="n")], "label b")
    store.add_corrections([BOB])
    assert store.acts.undo() == Step("label b", (), 1)
    assert said(store) == {"Ann": "b", "Bob": "b"}
