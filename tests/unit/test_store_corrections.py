"""Corrections: appended, never changed, and what they leave each post with."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mmsa_tui.errors import StoreError
from mmsa_tui.records import FACTS, Correction, Fact, Post
from mmsa_tui.store import Store, salvage_corrections

REPOSITORY = Path(__file__).parents[2]

FULL = Correction(
    uid="u1",
    content_hash="h0",
    new_label="negative",
    old_label="positive",
    probs=(0.1, 1 / 3, 0.1 + 0.2),
    bundle="mvsa@1.0.0",
    analyst="Ann \ud800",
    created_at="2024-05-01T14:03:00Z",
    note="irony \x00 \ud800",
    flagged=True,
    post_id="0012",
    text="a \ud800 text",
    facts=FACTS,
)


def correct(label: str, digest: str = "h0", **changes: str | bool) -> Correction:
    return Correction("", digest, label, **changes)  # type: ignore[arg-type]


def label(store: Store, digest: str = "h0") -> str:
    state = store.correction_state(digest)
    return state.new_label if state else ""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "mmsa.db") as opened:
        yield opened


def test_a_correction_comes_back_as_it_went_in(store: Store) -> None:
    store.add_corrections([FULL])
    assert list(store.corrections()) == [FULL]
    assert list(store.current_corrections()) == [FULL]


def test_a_uid_that_is_known_is_left_out(store: Store) -> None:
    assert store.add_corrections([FULL, FULL, correct("neutral")]) == 2
    assert store.add_corrections([FULL]) == 0


def test_an_act_of_now_gets_a_uid_and_a_time(store: Store) -> None:
    store.add_corrections([correct("negative"), correct("neutral")])
    first, second = store.corrections()
    assert first.uid and second.uid and first.uid != second.uid
    assert abs(datetime.fromisoformat(second.created_at) - datetime.now(UTC)) < timedelta(minutes=5)


def test_the_latest_act_is_the_state_of_a_post(store: Store) -> None:
    store.add_corrections([correct("negative", note="why", flagged=True), correct("positive")])
    state = store.correction_state("h0")
    assert state is not None
    assert (state.new_label, state.note, state.flagged) == ("positive", "", False)


def test_a_withdrawn_label_is_no_current_correction(store: Store) -> None:
    store.add_corrections([correct("negative"), correct(""), correct("neutral", "h1")])
    assert [correction.content_hash for correction in store.current_corrections()] == ["h1"]
    assert store.count_corrected() == 1
    assert len(list(store.corrections("h0"))) == 2


def test_an_act_of_now_counts_although_a_colleagues_clock_runs_ahead(store: Store) -> None:
    store.add_corrections([Correction("u", "h0", "negative", created_at="2099-01-01T00:00:00+00:00")])
    store.add_corrections([correct("positive")])
    assert label(store) == "positive"


@pytest.mark.parametrize("zone", ["+00:00", "-14:00", "-23:59:59.999999"])
def test_acts_of_now_count_although_one_is_dated_at_the_end_of_time(store: Store, zone: str) -> None:
    store.add_corrections([Correction("u", "h0", "negative", created_at=f"9999-12-31T23:59:59.999999{zone}")])
    for word in ("positive", "neutral"):
        store.add_corrections([correct(word)])
        assert label(store) == word
    assert [act.new_label for act in store.corrections("h0")] == ["negative", "positive", "neutral"]


def test_what_is_dated_beforehand_is_added_as_it_was_dated(store: Store) -> None:
    store.add_corrections([FULL])
    label: tuple[Fact, ...] = ("label",)
    made = [
        replace(FULL, created_at=""),
        replace(correct("neutral"), facts=label),
        replace(correct("positive"), facts=label),
    ]
    dated = store.date_corrections(made)
    assert dated[0] == FULL
    assert FULL.created_at < dated[1].created_at < dated[2].created_at
    store.add_corrections(dated)
    assert list(store.corrections()) == dated


def test_two_laptops_that_merge_agree_whichever_way_round(tmp_path: Path) -> None:
    early = Correction("a", "h0", "negative", created_at="2024-05-01T14:03:00.5+00:00")
    late = Correction("b", "h0", "positive", created_at="2024-05-01T16:03:01+02:00")
    labels = []
    for name, order in (("one", [early, late]), ("two", [late, early])):
        with Store.open(tmp_path / f"{name}.db") as store:
            store.add_corrections(order)
            labels.append(label(store))
    assert labels == ["positive", "positive"]


@pytest.mark.parametrize("created_at", ["yesterday", "2024-13-01", "12:00"])
def test_a_time_that_is_none_refuses_the_whole_lot(store: Store, created_at: str) -> None:
    with pytest.raises(StoreError, match=re.escape(created_at)):
        store.add_corrections([FULL, Correction("u2", "h1", "a", created_at=created_at)])
    assert list(store.corrections()) == []


def test_a_correction_of_no_post_is_refused(store: Store) -> None:
    with pytest.raises(StoreError, match="names no post"):
        store.add_corrections([Correction("u", "", "negative")])


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE corrections SET new_label = 'x'",
        "UPDATE corrections SET note = ''",
        "DELETE FROM corrections",
        "DELETE FROM corrections WHERE uid = 'u1'",
    ],
)
def test_the_database_itself_refuses_to_change_a_correction(store: Store, sql: str) -> None:
    store.add_corrections([FULL])
    with pytest.raises(StoreError, match="append-only"):
        store._db.run(sql)
    assert list(store.corrections()) == [FULL]


@pytest.mark.parametrize("columns", ["uid, seq", "seq, uid"])
def test_the_database_itself_refuses_to_replace_a_correction(store: Store, columns: str) -> None:
    store.add_corrections([FULL])
    values = {"uid": "'u1'", "seq": "99"} if columns.startswith("uid") else {"uid": "'u2'", "seq": "1"}
    store._db.run(
        f"INSERT OR REPLACE INTO corrections ({columns}, content_hash, new_label, old_label, probs, bundle,"
        f" analyst, created_at, created_us, note, flagged, post_id, text) VALUES"
        f" ({', '.join(values[name] for name in columns.split(', '))}, 'h', 'x', '', '[]', '', '', '', 0,"
        " '', 0, '', '')"
    )
    assert list(store.corrections()) == [FULL]


def test_corrections_outlive_reading_again_forgetting_and_moving(store: Store) -> None:
    post = Post("1", "a", content_hash="h0")
    source = store.index_source("here", "pairs", "Here", [post])
    store.add_corrections([correct("negative")])
    store.index_source("here", "pairs", "Here", [post])
    assert [row.final_label for row in store.rows(source.id, "")] == ["negative"]
    store.forget_source(source.id)
    moved = store.index_source("moved", "pairs", "Moved", [Post("other", "a", content_hash="h0")])
    assert [row.final_label for row in store.rows(moved.id, "")] == ["negative"]


def test_a_correction_never_attaches_to_a_changed_post(store: Store) -> None:
    store.index_source("here", "pairs", "Here", [Post("1", "good")])
    digest = next(store.rows(1, "")).post.content_hash  # type: ignore[union-attr]
    store.add_corrections([correct("positive", digest)])
    store.index_source("here", "pairs", "Here", [Post("1", "not good")])
    assert [row.final_label for row in store.rows(1, "")] == [""]


def test_a_correction_may_come_before_its_post(store: Store) -> None:
    store.add_corrections([correct("negative", "h7")])
    store.index_source("here", "pairs", "Here", [Post("1", "a", content_hash="h7")])
    assert [row.final_label for row in store.rows(1, "")] == ["negative"]


def test_many_corrections_come_in_order_of_arrival(store: Store) -> None:
    digests = [f"h{number}" for number in range(2300)]
    assert store.add_corrections([correct("a", digest) for digest in digests]) == 2300
    assert [correction.content_hash for correction in store.corrections()] == digests
    assert [correction.content_hash for correction in store.current_corrections()] == digests


KILLED_CORRECTING = """
import sys
from pathlib import Path
from mmsa_tui.records import FACTS, Fact, Correction
from mmsa_tui.store import Store

store = Store.open(Path(sys.argv[1]))
for batch in range(10_000):
    store.add_corrections([Correction("", f"h{number}", str(batch)) for number in range(20)])
    print(batch, flush=True)
"""


@pytest.mark.parametrize("n_batches", [1, 4, 9])
def test_a_kill_keeps_every_finished_bulk_act_and_no_half_one(tmp_path: Path, n_batches: int) -> None:
    path = tmp_path / "mmsa.db"
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED_CORRECTING, str(path)], cwd=REPOSITORY, stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    for _ in range(n_batches):
        assert child.stdout.readline()
    child.kill()
    child.communicate()
    with Store.open(path) as store:
        kept = list(store.corrections())
        assert len(kept) % 20 == 0
        assert len(kept) >= 20 * n_batches
        assert {correction.new_label for correction in store.current_corrections()} == {kept[-1].new_label}


def damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    middle = len(content) // 2 // 4096 * 4096
    content[middle : middle + 16384] = b"\xa5" * 16384
    path.write_bytes(content)


def test_corrections_are_read_out_of_another_database(store: Store, tmp_path: Path) -> None:
    store.add_corrections([FULL, correct("neutral")])
    salvaged = salvage_corrections(tmp_path / "mmsa.db")
    found, is_whole = salvaged.corrections, salvaged.is_whole
    assert (found, is_whole) == (list(store.corrections()), True)


def test_corrections_are_saved_from_a_damaged_database(tmp_path: Path) -> None:
    path = tmp_path / "a folder?#%20" / "mmsa.db"
    with Store.open(path) as store:
        store.add_corrections([correct("a", f"h{number}", note="x" * 300) for number in range(3000)])
        store._db.all("PRAGMA wal_checkpoint(TRUNCATE)")
    damage(path)
    before = path.read_bytes()
    salvaged = salvage_corrections(path)
    found, is_whole = salvaged.corrections, salvaged.is_whole
    assert not is_whole
    assert len(found) > 2000
    assert path.read_bytes() == before


def test_a_garbled_correction_does_not_cost_the_others(tmp_path: Path) -> None:
    path = tmp_path / "mmsa.db"
    with Store.open(path) as store:
        store.add_corrections([correct("a", "h0", note="spoilt"), correct("b", "h1")])
        store._db.all("PRAGMA wal_checkpoint(TRUNCATE)")
    path.write_bytes(path.read_bytes().replace(b"spoilt", b"spo\xff\xfet"))
    salvaged = salvage_corrections(path)
    found, is_whole = salvaged.corrections, salvaged.is_whole
    assert [(c.content_hash, c.note) for c in found] == [("h0", "spo\ufffd\ufffdt"), ("h1", "")]
    assert not is_whole


@pytest.mark.parametrize("content", [b"", b"not a database at all" * 100])
def test_a_file_without_corrections_is_a_store_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "mmsa.db"
    path.write_bytes(content)
    with pytest.raises(StoreError, match="no corrections"):
        salvage_corrections(path)


def test_a_missing_file_to_salvage_is_a_store_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="is not a file"):
        salvage_corrections(tmp_path / "nowhere.db")
