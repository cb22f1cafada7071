"""Where analysts disagree after a merge, and what settles it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mmsa_tui.corrections import ADJUDICATION, export_corrections, find_conflicts, take_in
from mmsa_tui.records import Correction, Post
from mmsa_tui.store import Store

LABELS = ("negative", "neutral", "positive")


def act(uid: str, analyst: str, label: str, minute: int, digest: str = "b2:one") -> Correction:
    return Correction(uid, digest, label, analyst=analyst, created_at=f"2024-05-01T14:{minute:02}:00+00:00")


def votes(*made: Correction) -> list[tuple[tuple[str, str], ...]]:
    return [
        tuple((vote.act.analyst, vote.act.new_label) for vote in found.votes)
        for found in find_conflicts(made)
    ]


ANN = act("a", "Ann", "negative", 1)
BOB = act("b", "Bob", "positive", 2)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "mmsa.db") as opened:
        posts = [Post("1", "one", content_hash="b2:one"), Post("2", "two", content_hash="b2:two")]
        opened.index_source("here", "pairs", "here", posts)
        yield opened


def write(path: Path, *made: Correction) -> Path:
    export_corrections(made, path, lambda bundle: ())
    return path


def test_different_labels_by_different_analysts_are_a_conflict() -> None:
    assert votes(ANN, BOB) == [(("Ann", "negative"), ("Bob", "positive"))]


def test_equal_labels_are_none() -> None:
    assert votes(ANN, act("b", "Bob", "negative", 2)) == []


def test_a_change_of_mind_is_none() -> None:
    assert votes(ANN, act("a2", "Ann", "positive", 2)) == []


def test_an_analyst_who_comes_round_ends_it() -> None:
    assert votes(ANN, BOB, act("a2", "Ann", "positive", 3)) == []


def test_a_withdrawn_label_is_no_vote() -> None:
    assert votes(ANN, BOB, act("a2", "Ann", "", 3)) == []


def test_opposite_labels_at_one_instant_are_a_conflict() -> None:
    assert votes(ANN, act("a2", "Ann", "positive", 1)) == [(("Ann", "negative"), ("Ann", "positive"))]


def test_an_adjudication_settles_it() -> None:
    assert votes(ANN, BOB, act(f"{ADJUDICATION}1", "Ann", "neutral", 3)) == []


def test_an_adjudication_is_not_the_adjudicators_own_change_of_mind() -> None:
    settled = act(f"{ADJUDICATION}1", "Ann", "positive", 0)
    assert votes(settled, ANN) == [(("Ann", "positive"), ("Ann", "negative"))]


def test_a_later_vote_against_an_adjudication_opens_it_again() -> None:
    settled = act(f"{ADJUDICATION}1", "Eve", "neutral", 3)
    assert votes(ANN, BOB, settled, act("b2", "Bob", "positive", 4)) == [
        (("Eve", "neutral"), ("Bob", "positive"))
    ]


def test_the_label_that_counts_now_is_named() -> None:
    (conflict,) = find_conflicts([BOB, ANN])
    assert conflict.standing_label == "positive"


def test_a_merge_lists_conflicts_and_keeps_both_sides(store: Store, tmp_path: Path) -> None:
    taken = take_in(store, [write(tmp_path / "a.jsonl", ANN), write(tmp_path / "b.jsonl", BOB)], LABELS)
    assert len(taken.conflicts) == 1
    assert {correction.uid for correction in store.corrections()} == {"a", "b"}


def test_a_merge_lists_conflicts_with_what_was_here(store: Store, tmp_path: Path) -> None:
    store.add_corrections([ANN])
    (conflict,) = take_in(store, [write(tmp_path / "b.jsonl", BOB)], LABELS).conflicts
    assert [vote.origin for vote in conflict.votes] == ["this laptop", "b.jsonl"]


def test_one_name_used_by_two_people_on_two_laptops_is_a_conflict(store: Store, tmp_path: Path) -> None:
    one = write(tmp_path / "one.jsonl", act("x", "user", "negative", 1))
    two = write(tmp_path / "two.jsonl", act("y", "user", "positive", 2))
    assert len(take_in(store, [one, two], LABELS).conflicts) == 1


def test_one_person_who_went_on_on_another_laptop_is_none(store: Store, tmp_path: Path) -> None:
    first, second = act("x", "Ann", "negative", 1), act("y", "Ann", "positive", 2)
    old, new = write(tmp_path / "old.jsonl", first), write(tmp_path / "new.jsonl", first, second)
    assert take_in(store, [old, new], LABELS).conflicts == ()


def test_posts_that_the_files_do_not_touch_are_not_listed(store: Store, tmp_path: Path) -> None:
    store.add_corrections([ANN, BOB])
    file = write(tmp_path / "c.jsonl", act("c", "Cleo", "neutral", 3, "b2:two"))
    assert take_in(store, [file], LABELS).conflicts == ()


def test_files_of_one_name_are_told_apart(store: Store, tmp_path: Path) -> None:
    files = []
    for folder, made in (("ann", ANN), ("bob", BOB)):
        (tmp_path / folder).mkdir()
        files.append(write(tmp_path / folder / "c.jsonl", made))
    (conflict,) = take_in(store, files, LABELS).conflicts
    assert [vote.origin for vote in conflict.votes] == [str(file) for file in files]


def typed(analyst: str, label: str) -> Correction:
    """What somebody writes into a workbook by hand: without a uid and a time."""
    return Correction("", "b2:one", label, analyst=analyst)


@pytest.mark.parametrize("dry_run", [True, False])
def test_an_undated_correction_counts_from_now_in_the_list_too(
    store: Store, tmp_path: Path, dry_run: bool
) -> None:
    store.add_corrections([BOB])
    file = write(tmp_path / "c.jsonl", typed("Cleo", "neutral"))
    (conflict,) = take_in(store, [file], LABELS, dry_run=dry_run).conflicts
    assert conflict.standing_label == "neutral"
    assert [vote.act.analyst for vote in conflict.votes] == ["Bob", "Cleo"]


def test_merging_again_lists_the_same_conflicts(store: Store, tmp_path: Path) -> None:
    store.add_corrections([BOB])
    file = write(tmp_path / "a.jsonl", ANN, typed("Ann", "neutral"))
    merged = [take_in(store, [file], LABELS).conflicts for _ in range(2)]
    for (conflict,) in merged:
        assert [(vote.act.analyst, vote.act.new_label) for vote in conflict.votes] == [
            ("Bob", "positive"),
            ("Ann", "neutral"),
        ]
        assert conflict.standing_label == "neutral"


def test_a_file_that_dates_a_known_correction_anew_does_not_hide_a_conflict(
    store: Store, tmp_path: Path
) -> None:
    later = act("a2", "Ann", "neutral", 3)
    store.add_corrections([ANN, BOB, later])
    file = write(tmp_path / "a.jsonl", ANN, replace(later, created_at="2024-05-01T14:00:00+00:00"))
    (conflict,) = take_in(store, [file], LABELS).conflicts
    assert [(vote.act.analyst, vote.act.new_label) for vote in conflict.votes] == [
        ("Bob", "positive"),
        ("Ann", "neutral"),
    ]


def test_of_two_at_one_instant_the_one_that_counts_in_the_store_is_named(
    store: Store, tmp_path: Path
) -> None:
    store.add_corrections([ANN, act("b", "Bob", "positive", 1)])
    (conflict,) = take_in(store, [write(tmp_path / "a.jsonl", ANN)], LABELS).conflicts
    assert conflict.standing_label == "positive"
