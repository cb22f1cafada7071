"""Files that someone has damaged or made up, by a fixed seed: never a traceback, never exit code 70.

`make fuzz` does the same for longer, with other seeds: FUZZ_ROUNDS and FUZZ_SEED choose.
"""

from __future__ import annotations

import json
import os
import random
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from command_runs import Mmsa, Ran
from word_model import write_word_bundle

from mmsa_tui.errors import MmsaError
from mmsa_tui.records import Correction, Post
from mmsa_tui.store import Store

ROUNDS = int(os.environ.get("FUZZ_ROUNDS", "25"))
SEED = int(os.environ.get("FUZZ_SEED", "1"))

PIECES = (
    b"", b"\0", b"\xff\xfe", b"\xed\xa0\x80", b'"\\ud800"', b"[" * 3000, b'{"a":' * 3000, b"1" * 5000,
    b"-1", b"1e999", b"NaN", b"null", b"true", b"[]", b"{}", b'""', b"0x" + b"f" * 3000, b"\r\n", b",", b"'",
    b"../../x", b"=1+1", b"10000-01-01T00:00:00+00:00", b"2024-01-01T00:00:00-23:59",
)  # fmt: skip


STRANGE: tuple[object, ...] = (
    None, True, -1, 1.5, 10**400, "", "\ud800", "x" * 5000, [], {}, [[]], {"a": []}, [1] * 300, 1e308, "1.5",
)  # fmt: skip


def damaged(data: bytes, chosen: random.Random) -> bytes:
    """Cut, flip, repeat, drop, or put something hostile somewhere; a few times."""
    changed = bytearray(data)
    for _ in range(chosen.randrange(1, 5)):
        at = chosen.randrange(len(changed) + 1)
        match chosen.randrange(5):
            case 0:
                del changed[at:]
            case 1 if changed:
                changed[at % len(changed)] ^= chosen.randrange(1, 256)
            case 2:
                changed[at:at] = chosen.choice(PIECES)
            case 3:
                del changed[at : at + chosen.randrange(1, 60)]
            case _:
                end = at + chosen.randrange(1, 40)
                changed[at:end] = chosen.choice(PIECES)
    return bytes(changed)


def altered(value: object, chosen: random.Random) -> object:
    """Put something of another kind in the place of one part of a JSON value."""
    strange = chosen.choice(STRANGE)
    if isinstance(value, dict) and value and chosen.random() < 0.8:
        key = chosen.choice(sorted(value))
        return {**value, key: altered(value[key], chosen)}
    if isinstance(value, list) and value and chosen.random() < 0.5:
        at = chosen.randrange(len(value))
        return [*value[:at], altered(value[at], chosen), *value[at + 1 :]]
    return strange


def check(ran: Ran, what: bytes) -> None:
    assert ran.code in (0, 1, 2, 3, 4, 5), (ran.code, ran.err, what[:500])
    assert "Traceback" not in ran.err


@pytest.fixture
def rounds() -> list[random.Random]:
    return [random.Random(SEED * 1_000_003 + number) for number in range(ROUNDS)]


@pytest.fixture
def record(home: Path) -> dict[str, object]:
    """A correction as it is exported, of a post that is here."""
    with Store.open(home / "data" / "mmsa.db") as store:
        post = Post("1", "good day", content_hash="b2:" + "1" * 40)
        store.index_source("here", "pairs", "Here", [post])
    return {
        "post_id": "1", "text": "good day", "old_label": "negative", "new_label": "positive",
        "analyst": "Ann", "created_at": "2026-01-01T10:00:00+00:00", "note": "", "flagged": False,
        "bundle": "words 1.0.0",
        "labels": ["negative", "neutral", "positive"], "probs": [0.1, 0.2, 0.7],
        "content_hash": "b2:" + "1" * 40, "uid": "u1", "format": 1, "origin": "", "facts": ["label"],
    }  # fmt: skip


def test_corrections(
    mmsa: Mmsa, tmp_path: Path, record: dict[str, object], rounds: list[random.Random]
) -> None:
    file = tmp_path / "theirs.jsonl"
    for chosen in rounds:
        line = json.dumps(altered(record, chosen)).encode()
        data = b"\n".join([line, json.dumps({**record, "uid": "u2"}).encode()])
        data = damaged(data, chosen) if chosen.random() < 0.5 else data
        file.write_bytes(data)
        check(mmsa("corrections", "import", file, "--keep-unknown"), data)
    check(mmsa("corrections", "export"), b"")


def test_config(mmsa: Mmsa, home: Path, rounds: list[random.Random]) -> None:
    whole = b'device = "cpu"\nbatch_size = 8\nthreads = 1\nanalyst = "Ann"\n[keys]\naccept = "enter"\n'
    for chosen in rounds:
        data = damaged(whole, chosen)
        (home / "config.toml").write_bytes(data)
        check(mmsa("bundle", "list"), data)


def test_bundles(mmsa: Mmsa, home: Path, rounds: list[random.Random]) -> None:
    folder = write_word_bundle(home, "1.0.7")
    names = ("meta.json", "config.json", "calibration.json")
    whole = {name: (folder / name).read_bytes() for name in names}
    for chosen in rounds:
        name = chosen.choice(names)
        if name == "meta.json" and chosen.random() < 0.7:
            data = json.dumps(altered(json.loads(whole[name]), chosen)).encode()
        else:
            data = damaged(whole[name], chosen)
        (folder / name).write_bytes(data)
        check(mmsa("bundle", "list"), data)
        check(mmsa("bundle", "info", "words 1.0.7"), data)
        check(mmsa("bundle", "verify", "words 1.0.7"), data)
        (folder / name).write_bytes(whole[name])


def test_archives(mmsa: Mmsa, tmp_path: Path, rounds: list[random.Random]) -> None:
    assert mmsa("bundle", "export", "words", "-o", "words.zip").code == 0
    contents = {}
    with zipfile.ZipFile("words.zip") as whole:
        contents = {entry.filename: whole.read(entry) for entry in whole.infolist()}
    for chosen in rounds:
        file = tmp_path / "theirs.zip"
        methods = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2]
        with zipfile.ZipFile(file, "w", chosen.choice(methods)) as archive:
            for name, data in contents.items():
                if chosen.random() < 0.1:
                    name = chosen.choice(
                        ["bundle/" + "9" * 200, "../" + name, name + "/x", "encoders/a/b.py"]
                    )
                archive.writestr(name, damaged(data, chosen) if chosen.random() < 0.2 else data)
        if chosen.random() < 0.5:
            file.write_bytes(damaged(file.read_bytes(), chosen))
        check(mmsa("bundle", "import", file), b"archive")


def test_tables(mmsa: Mmsa, tmp_path: Path, rounds: list[random.Random]) -> None:
    whole = b'id,text,image,created_at\n1,"good ""day""",a.jpg,2024-05-01\n2,bad day,,\n3,"two\nlines",,x\n'
    for chosen in rounds:
        data = damaged(whole, chosen)
        (tmp_path / "posts.csv").write_bytes(data)
        check(mmsa("inspect", "posts.csv"), data)


def test_stores(mmsa: Mmsa, home: Path, record: dict[str, object], rounds: list[random.Random]) -> None:
    database = home / "data" / "mmsa.db"
    with Store.open(database) as store:
        store.add_corrections(
            [Correction("", f"b2:{n:040x}", "positive", text="good " * n) for n in range(30)]
        )
        store._db.all("PRAGMA wal_checkpoint(TRUNCATE)")
    whole = database.read_bytes()
    for chosen in rounds[: max(5, len(rounds) // 3)]:
        for suffix in ("-wal", "-shm"):
            database.with_name(database.name + suffix).unlink(missing_ok=True)
        database.write_bytes(damaged(whole, chosen))
        for command in (["store", "check"], ["corrections", "export"], ["store", "restore"]):
            check(mmsa(*command), b"store")


def test_recipes(tmp_path: Path, rounds: list[random.Random]) -> None:
    from training.full.recipe import load_recipe

    whole = (
        b'name = "mine"\nseed = 3\nlabels = ["a", "b"]\n[text]\nencoder = "x"\n[text.tuning]\nepochs = 1\n'
    )
    load: Callable[[str], object] = load_recipe
    for chosen in rounds:
        file = tmp_path / "mine.toml"
        file.write_bytes(damaged(whole, chosen))
        try:
            load(str(file))
        except MmsaError as error:
            assert error.hint
