"""Who has labelled what, before agreement is measured."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mmsa_tui.corrections import ADJUDICATION, collect_ratings, export_corrections
from mmsa_tui.errors import UsageError
from mmsa_tui.records import Correction
from mmsa_tui.store import Store


def act(uid: str, analyst: str, label: str, minute: int = 0, digest: str = "b2:one") -> Correction:
    return Correction(
        uid, digest, label, analyst=analyst, created_at=f"2024-05-01T14:{minute:02}:00Z", post_id="7"
    )


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "mmsa.db")


def write(path: Path, *made: Correction) -> str:
    export_corrections(made, path, lambda bundle: ())
    return str(path)


def test_the_last_label_of_an_analyst_counts_whatever_the_order_of_arrival(store: Store) -> None:
    store.add_corrections([act("2", "Ann", "negative", 2), act("1", "Ann", "positive", 1)])
    assert collect_ratings(store).by_rater == {"Ann": {"b2:one": "negative"}}


def test_a_withdrawn_label_is_no_rating(store: Store) -> None:
    store.add_corrections([act("1", "Ann", "positive", 1), act("2", "Ann", "", 2)])
    assert collect_ratings(store).by_rater == {"Ann": {}}


def test_an_adjudication_is_no_rating(store: Store) -> None:
    store.add_corrections([act("1", "Ann", "positive", 1), act(f"{ADJUDICATION}2", "Ann", "negative", 2)])
    assert collect_ratings(store).by_rater == {"Ann": {"b2:one": "positive"}}


def test_a_file_of_several_analysts_stands_for_all_of_them(store: Store, tmp_path: Path) -> None:
    file = write(tmp_path / "both.jsonl", act("1", "Ann", "positive"), act("2", "Bob", "negative"))
    assert list(collect_ratings(store, [file]).by_rater) == ["Ann", "Bob"]


def test_an_analyst_here_is_compared_with_a_file(store: Store, tmp_path: Path) -> None:
    store.add_corrections([act("1", "Ann", "positive"), act("2", "Eve", "positive")])
    file = write(tmp_path / "bob.jsonl", act("3", "Bob", "negative"))
    assert list(collect_ratings(store, ["Ann", file]).by_rater) == ["Ann", "Bob"]


def test_an_undated_label_in_a_file_is_the_analysts_last(store: Store, tmp_path: Path) -> None:
    typed = Correction("", "b2:one", "negative", analyst="Ann")
    file = write(tmp_path / "a.jsonl", act("1", "Ann", "positive"), typed)
    assert collect_ratings(store, [file]).by_rater == {"Ann": {"b2:one": "negative"}}


@pytest.mark.parametrize("labels", [(), ("angry", "positive")])
def test_what_an_import_would_reject_for_its_label_is_no_rating(
    store: Store, tmp_path: Path, labels: tuple[str, ...]
) -> None:
    path = tmp_path / "a.jsonl"
    made = [act("1", "Ann", "angry"), act("2", "Ann", "negative", digest="b2:two")]
    export_corrections(made[:1], path, lambda bundle: labels)
    record = json.loads(path.read_text()) | {"labels": list(labels)}
    path.write_text(json.dumps(record) + "\n")
    good = write(tmp_path / "b.jsonl", made[1])
    ratings = collect_ratings(store, [str(path), good], labels=("negative", "positive"))
    assert ratings.by_rater == {"Ann": {"b2:two": "negative"}}
    (rejection,) = ratings.rejections
    assert "angry" in rejection.reason and rejection.where == "a.jsonl line 1"


def test_what_cannot_be_read_is_reported(store: Store, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("{\n")
    assert len(collect_ratings(store, [str(tmp_path / "a.jsonl")]).rejections) == 1


def test_an_unknown_name_is_refused_with_those_that_are_known(store: Store) -> None:
    store.add_corrections([act("1", "Ann", "positive")])
    with pytest.raises(UsageError) as caught:
        collect_ratings(store, ["Zoe"])
    assert "Ann" in caught.value.hint
