"""A damaged store gives back every correction that its pages still hold."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from mmsa_tui.errors import StoreError
from mmsa_tui.records import Correction
from mmsa_tui.store import Store, salvage_corrections

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
    found, is_whole = salvage_corrections(path)
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
