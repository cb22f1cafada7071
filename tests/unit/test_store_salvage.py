"""A damaged store gives back every correction that its pages still hold."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from mmsa_tui.errors import StoreError
from mmsa_tui.records import Correction
from mmsa_tui.store import Store, salvage_corrections
from mmsa_tui.store.corrections import to_us
from mmsa_tui.store.database import Database
from mmsa_tui.store.schema import MIGRATIONS

N = 200


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A store with 200 acts on texts short and long."""
    path = tmp_path_factory.mktemp("whole") / "mmsa.db"
    with Store.open(path) as store:
        for start in range(0, N, 20):
            store.add_corrections(
                [
                    Correction(
                        f"u{n}", f"b2:{n:040x}", "positive", "negative", (0.1, 0.2, 0.7), "mvsa 1.0.0", "Ann",
                        f"2026-01-01T00:{n // 60:02}:{n % 60:02}+00:00", note=f"note {n}",
                        text=f"text {n} " * random.Random(n).choice([1, 5, 20, 900]), post_id=str(n),
                    )
                    for n in range(start, start + 20)
                ]
            )  # fmt: skip
        store._db.all("PRAGMA wal_checkpoint(TRUNCATE)")
    return path.read_bytes()


def rescued(folder: Path, data: bytes, wal: bytes = b"") -> dict[str, Correction]:
    path = folder / "damaged.db"
    path.write_bytes(data)
    if wal:
        path.with_name("damaged.db-wal").write_bytes(wal)
    salvaged = salvage_corrections(path)
    found, is_whole = salvaged.corrections, salvaged.is_whole
    assert not is_whole
    assert path.read_bytes() == data
    return {correction.uid: correction for correction in found}


def flipped(data: bytes, n_bytes: int, seed: int) -> bytes:
    chosen, changed = random.Random(seed), bytearray(data)
    for _ in range(n_bytes):
        changed[chosen.randrange(len(changed))] ^= chosen.randrange(1, 256)
    return bytes(changed)


@pytest.mark.parametrize(("share", "least"), [(0.9, 0.7), (0.5, 0.3)])
def test_a_store_that_was_cut_gives_back_what_is_on_its_pages(
    whole: bytes, tmp_path: Path, share: float, least: float
) -> None:
    found = rescued(tmp_path, whole[: int(len(whole) * share)])
    assert len(found) >= least * N
    for uid, correction in found.items():
        assert (correction.note, correction.new_label) == (f"note {uid[1:]}", "positive")


@pytest.mark.parametrize(("n_bytes", "least"), [(20, 0.97), (200, 0.9), (2000, 0.6)])
@pytest.mark.parametrize("seed", range(4))
def test_flipped_bytes_cost_the_rows_they_hit(
    whole: bytes, tmp_path: Path, n_bytes: int, least: float, seed: int
) -> None:
    assert len(rescued(tmp_path, flipped(whole, n_bytes, seed))) >= least * N


@pytest.mark.parametrize("seed", range(6))
def test_no_act_comes_back_that_nobody_has_made(whole: bytes, tmp_path: Path, seed: int) -> None:
    found = rescued(tmp_path, flipped(whole, 3000, seed))
    assert found
    for correction in found.values():
        n = int(correction.content_hash[3:], 16)
        assert (correction.new_label, correction.analyst) == ("positive", "Ann")
        assert correction.created_at.startswith(f"2026-01-01T00:{n // 60:02}:{n % 60:02}")


@pytest.mark.parametrize("letter", [b"6", b":", b"x"])
def test_a_time_is_put_right_whatever_stands_between_day_and_hour(
    whole: bytes, tmp_path: Path, letter: bytes
) -> None:
    data = whole.replace(b"2026-01-01T00:00:23", b"2026-01-01" + letter + b"00:00:23", 1)
    assert data != whole
    # And a letter of another row, which does not fit its seal.
    found = rescued(tmp_path, data.replace(b"positivenegative", b"pozitivenegative", 1))
    assert found["u23"].created_at.startswith("2026-01-01T00:00:23")


@pytest.mark.parametrize(
    ("old", "new"), [(b"positivenegative", b"pozitivenegative"), (b"Ann2026", b"Bnn2026")]
)
def test_a_part_that_was_damaged_is_put_right_by_the_seal(
    whole: bytes, tmp_path: Path, old: bytes, new: bytes
) -> None:
    # In one row; SQLite notices nothing of it.
    data = whole.replace(old, new, 1)
    assert data != whole
    found = rescued(tmp_path, data)
    assert len(found) == N
    assert {(act.new_label, act.analyst) for act in found.values()} == {("positive", "Ann")}


def test_what_a_damaged_store_without_seals_cannot_prove_is_marked(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    before = [migration.name for migration in MIGRATIONS].index("seals of corrections")
    Database.open(path, MIGRATIONS[:before]).close()
    with closing(sqlite3.connect(path)) as old:
        for n in range(30):
            moment = f"2026-01-01T00:00:{n:02}+00:00"
            old.execute(
                "INSERT INTO corrections (uid, content_hash, new_label, old_label, probs, bundle, analyst,"
                " created_at, created_us, note, flagged, post_id, text, facts)"
                " VALUES (?, ?, 'positive', '', '[]', '', 'Ann', ?, ?, '', 0, '', '', 'label')",
                (f"u{n}", f"b2:{n:040x}", moment, to_us(moment, "")),
            )
        old.commit()
        old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = path.read_bytes().replace(b"SQLite format 3", b"SQLite format ?")
    # A label of which another letter is in its own row alone, and not where it is said what counts.
    path.write_bytes(data.replace(b"positive[]Ann2026-01-01T00:00:07", b"pozitive[]Ann2026-01-01T00:00:07"))
    assert path.read_bytes() != data
    salvaged = salvage_corrections(path)
    assert len(salvaged.corrections) == 30
    assert salvaged.unproven == {"u7"}


@pytest.mark.parametrize("n_bytes", [100, 4096])
def test_a_first_page_that_is_gone_costs_that_page(whole: bytes, tmp_path: Path, n_bytes: int) -> None:
    assert len(rescued(tmp_path, b"\xff" * n_bytes + whole[n_bytes:])) >= 0.9 * N


def test_acts_that_are_only_in_the_log_are_read_there(tmp_path: Path) -> None:
    path = tmp_path / "mmsa.db"
    with Store.open(path) as store:
        store._db.all("PRAGMA wal_checkpoint(TRUNCATE)")
        store.add_corrections([Correction("late", "b2:1", "positive")])
        data, wal = path.read_bytes(), path.with_name("mmsa.db-wal").read_bytes()
    assert set(rescued(tmp_path, b"\xff" * 4096 + data[4096:], wal)) == {"late"}


def test_a_file_without_a_single_act_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "noise.db"
    path.write_bytes(random.Random(1).randbytes(40_000))
    with pytest.raises(StoreError, match="no corrections"):
        salvage_corrections(path)


def test_an_act_whose_belief_is_garbage_keeps_its_label(tmp_path: Path) -> None:
    path = tmp_path / "mmsa.db"
    with Store.open(path) as store:
        store.add_corrections([Correction("u1", "b2:1", "positive", probs=(0.125, 0.875))])
        store._db.all("PRAGMA wal_checkpoint(TRUNCATE)")
    path.write_bytes(path.read_bytes().replace(b"[0.125, 0.875]", b"[[[[[[, 0.875]"))
    with Store.open(path) as store:
        (found,) = store.corrections()
    assert (found.new_label, found.probs) == ("positive", ())
