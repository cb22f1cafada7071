"""Corrections written to a file and read back, and what a broken record costs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mmsa_tui.corrections import (
    FORMAT_VERSION,
    Incoming,
    Intake,
    Rejection,
    export_corrections,
    read_corrections,
    take_in,
)
from mmsa_tui.errors import OutputError, SourceError
from mmsa_tui.records import FACTS, Correction, Post
from mmsa_tui.store import Store

LABELS = ("negative", "neutral", "positive")
BUNDLE = "mvsa 1.0.0"

HONEST = Correction(
    uid="u1",
    content_hash="b2:one",
    new_label="negative",
    old_label="positive",
    probs=(0.1, 1 / 3, 0.1 + 0.2),
    bundle=BUNDLE,
    analyst="Ann",
    created_at="2024-05-01T14:03:00.000001+00:00",
    note="it is irony\nthe picture says so",
    flagged=True,
    post_id="001843002884002115584",
    text="best day and then this arrives",
)
HOSTILE = replace(
    HONEST,
    uid="u2",
    analyst="=HYPERLINK(1)",
    note="@SUM(A1) \x1b[31m \u202e \ud800",
    text='=cmd|"/c calc"!A1',
    origin="=audit",
    facts=FACTS,
)


def labels_of(bundle: str) -> tuple[str, ...]:
    return LABELS if bundle == BUNDLE else ()


def read(path: Path) -> list[Incoming | Rejection]:
    return [item for _, item in read_corrections(path)]


def write_lines(path: Path, *records: dict[str, object] | str) -> Path:
    lines = [record if isinstance(record, str) else json.dumps(record) for record in records]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def plain(**changes: object) -> dict[str, object]:
    record: dict[str, object] = {"content_hash": "b2:one", "new_label": "negative", "uid": "u1"}
    return record | changes


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "mmsa.db") as opened:
        posts = [Post("1", "one", content_hash="b2:one"), Post("2", "two", content_hash="b2:two")]
        opened.index_source("here", "pairs", "here", posts)
        yield opened


def only_rejection(taken: Intake) -> str:
    assert (taken.n_new, taken.n_known) == (0, 0)
    (rejection,) = taken.rejections
    return rejection.reason


@pytest.mark.parametrize("correction", [HONEST, HOSTILE], ids=["honest", "hostile"])
def test_json_lines_give_back_every_character(tmp_path: Path, correction: Correction) -> None:
    export_corrections([correction], tmp_path / "c.jsonl", labels_of)
    assert read(tmp_path / "c.jsonl") == [Incoming(correction, LABELS)]


def test_a_workbook_gives_back_a_correction(tmp_path: Path) -> None:
    export_corrections([HONEST], tmp_path / "c.xlsx", labels_of)
    assert read(tmp_path / "c.xlsx") == [Incoming(HONEST, LABELS)]


def test_no_cell_of_a_workbook_is_a_formula_or_a_number(tmp_path: Path) -> None:
    import openpyxl

    export_corrections([HOSTILE], tmp_path / "c.xlsx", labels_of)
    (_, cells) = openpyxl.load_workbook(tmp_path / "c.xlsx").active.iter_rows()
    assert {cell.data_type for cell in cells} == {"s"}


def test_what_a_workbook_cannot_hold_is_no_change_of_the_correction(store: Store, tmp_path: Path) -> None:
    store.add_corrections([HOSTILE])
    export_corrections([HOSTILE], tmp_path / "c.xlsx", labels_of)
    assert take_in(store, [tmp_path / "c.xlsx"], LABELS).n_known == 1


def test_a_terminal_survives_the_json_lines(tmp_path: Path) -> None:
    export_corrections([HOSTILE], tmp_path / "c.jsonl", labels_of)
    assert not set("\x1b\u202e") & set((tmp_path / "c.jsonl").read_text())


def test_an_existing_export_is_kept(tmp_path: Path) -> None:
    (tmp_path / "c.jsonl").write_text("mine")
    with pytest.raises(OutputError, match="exists"):
        export_corrections([HONEST], tmp_path / "c.jsonl", labels_of)
    assert (tmp_path / "c.jsonl").read_text() == "mine"


def test_another_suffix_is_refused_with_those_that_are_known(tmp_path: Path) -> None:
    with pytest.raises(OutputError) as caught:
        export_corrections([HONEST], tmp_path / "c.csv", labels_of)
    assert ".jsonl" in caught.value.hint


def test_importing_twice_adds_once(store: Store, tmp_path: Path) -> None:
    export_corrections([HONEST], tmp_path / "c.jsonl", labels_of)
    first = take_in(store, [tmp_path / "c.jsonl"], LABELS)
    second = take_in(store, [tmp_path / "c.jsonl"], LABELS)
    assert (first.n_new, first.n_known, second.n_new, second.n_known) == (1, 0, 0, 1)


def test_a_row_typed_without_a_uid_is_added_once(store: Store, tmp_path: Path) -> None:
    file = write_lines(tmp_path / "c.jsonl", plain(uid="", analyst="Bob"))
    take_in(store, [file], LABELS)
    assert take_in(store, [file], LABELS).n_known == 1


def test_another_laptops_database_can_be_imported(store: Store, tmp_path: Path) -> None:
    with Store.open(tmp_path / "other.db") as other:
        other.add_corrections([HONEST])
    assert take_in(store, [tmp_path / "other.db"], LABELS).n_new == 1


def test_a_time_to_come_in_another_laptops_database_is_rejected(store: Store, tmp_path: Path) -> None:
    ahead = replace(HONEST, created_at="2999-01-01T00:00:00+00:00")
    with Store.open(tmp_path / "other.db") as other:
        other.add_corrections([ahead])
    assert "in the future" in only_rejection(take_in(store, [tmp_path / "other.db"], LABELS))


def test_a_clock_that_is_some_hours_ahead_is_forgiven(store: Store, tmp_path: Path) -> None:
    soon = (datetime.now(UTC) + timedelta(hours=20)).isoformat()
    file = write_lines(tmp_path / "c.jsonl", plain(created_at=soon))
    assert take_in(store, [file], LABELS).n_new == 1


def test_the_label_order_of_an_unknown_bundle_comes_along(store: Store, tmp_path: Path) -> None:
    export_corrections([HONEST], tmp_path / "c.jsonl", labels_of)
    take_in(store, [tmp_path / "c.jsonl"], LABELS)
    assert store.bundle_labels(BUNDLE) == LABELS


def test_a_dry_run_adds_nothing(store: Store, tmp_path: Path) -> None:
    export_corrections([HONEST], tmp_path / "c.jsonl", labels_of)
    assert take_in(store, [tmp_path / "c.jsonl"], LABELS, dry_run=True).n_new == 1
    assert list(store.corrections()) == []


def test_a_half_written_last_line_costs_that_line(store: Store, tmp_path: Path) -> None:
    file = write_lines(tmp_path / "c.jsonl", plain(), '{"content_hash": "b2:two", "new_l')
    taken = take_in(store, [file], LABELS)
    assert taken.n_new == 1
    assert "c.jsonl line 2" in taken.rejections[0].where


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (plain(new_label="angry"), "'angry' is no label here"),
        (plain(labels=["bad", "good"], new_label="bad"), "other labels (bad, good)"),
        (plain(labels=["negative", "positive"]), "other labels (negative, positive)"),
        (plain(format=FORMAT_VERSION + 1), "newer mmsa"),
        (plain(content_hash="b2:unheard of", post_id="77"), "post 77 is in no source"),
        (plain(content_hash="b2:edited", post_id="1"), "post 1 is another one here"),
        (plain(content_hash=""), "names no post"),
        ({"content_hash": "b2:one"}, "no new_label"),
        (plain(created_at="yesterday"), "'yesterday'"),
        (plain(created_at="2999-01-01T00:00:00+00:00"), "in the future: set the clock"),
        (plain(created_at="9999-12-31T23:59:59-14:00"), "no time that UTC can hold"),
        (plain(created_at="0001-01-01T00:00:00+14:00"), "no time that UTC can hold"),
        (plain(flagged="perhaps"), "'perhaps'"),
        (plain(probs=[0.5, 0.5], labels=list(LABELS)), "2 probabilities for 3 labels"),
        (plain(probs=[2.0]), "between 0 and 1"),
        (plain(probs="0.5"), "probs is not a list"),
        (plain(note=["a"]), "note is not text"),
        (plain(uid="\ud800"), "uid is not text"),
        (plain(facts=[["label"]]), "facts is"),
        ("7" * 10, "not a record"),
    ],
)
def test_a_bad_record_is_rejected_with_its_reason(
    store: Store, tmp_path: Path, record: dict[str, object] | str, reason: str
) -> None:
    file = write_lines(tmp_path / "c.jsonl", "", record, plain(uid="good", content_hash="b2:two"))
    (rejection,) = take_in(store, [file], LABELS).rejections
    assert reason in rejection.reason


@pytest.mark.parametrize(
    "text",
    [
        "id,words\n1,none\n",
        '{"post_id": "1", "words": "none"}\n',
        '{"content_hash": "b2:one", "label": "positive", "counts_now": true}\n',
        '{"content_hash": "b2:o',
    ],
)
def test_a_file_without_one_correction_is_refused_as_such(store: Store, tmp_path: Path, text: str) -> None:
    (tmp_path / "c.jsonl").write_text(text)
    with pytest.raises(SourceError, match="holds no corrections") as caught:
        take_in(store, [tmp_path / "c.jsonl"], LABELS)
    assert "export" in caught.value.hint


def test_a_label_edited_under_its_old_uid_is_rejected_not_lost(store: Store, tmp_path: Path) -> None:
    store.add_corrections([HONEST])
    file = write_lines(tmp_path / "c.jsonl", plain(new_label="positive"))
    assert "says something else here" in only_rejection(take_in(store, [file], LABELS))


def test_a_bundle_whose_label_order_differs_is_not_mixed_up(store: Store, tmp_path: Path) -> None:
    store.save_bundle_labels(BUNDLE, LABELS)
    file = write_lines(tmp_path / "c.jsonl", plain(bundle=BUNDLE, labels=list(reversed(LABELS))))
    assert "another order" in only_rejection(take_in(store, [file], LABELS))


def test_corrections_of_unknown_posts_are_kept_when_asked_for(store: Store, tmp_path: Path) -> None:
    file = write_lines(tmp_path / "c.jsonl", plain(content_hash="b2:later"))
    assert take_in(store, [file], LABELS, keep_unknown=True).n_new == 1


@pytest.mark.parametrize(
    ("name", "data"),
    [("none.jsonl", None), ("x.xlsx", b"PK\x03\x04 rubbish"), ("x.db", b"SQLite format 3\0rubbish")],
)
def test_a_file_that_is_none_refuses_the_import(
    store: Store, tmp_path: Path, name: str, data: bytes | None
) -> None:
    from mmsa_tui.errors import MmsaError

    good = write_lines(tmp_path / "good.jsonl", plain())
    if data is not None:
        (tmp_path / name).write_bytes(data)
    with pytest.raises(MmsaError, match=name.split(".")[0]):
        take_in(store, [good, tmp_path / name], LABELS)
    assert list(store.corrections()) == []


def test_a_workbook_of_something_else_is_refused(store: Store, tmp_path: Path) -> None:
    from mmsa_tui.corrections import write_table

    write_table(tmp_path / "posts.xlsx", ["post_id"], [{"post_id": "1"}])
    with pytest.raises(SourceError, match="holds no corrections"):
        take_in(store, [tmp_path / "posts.xlsx"], LABELS)
