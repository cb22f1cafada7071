"""What is forgotten is in no file of the home any more."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from command_runs import Mmsa

from mmsa_tui.config import find_paths
from mmsa_tui.errors import StoreError
from mmsa_tui.records import Correction
from mmsa_tui.services import forget as service
from mmsa_tui.store import Store

WORDS = [f"zqword{n}x" for n in range(40)]


def traces(home: Path) -> set[str]:
    """Find which of the words are in any file of the home, as text or in UTF-16."""
    data = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    return {word for word in WORDS if word.encode() in data or word.encode("utf-16-le") in data}


@pytest.fixture
def source(mmsa: Mmsa, home: Path, table: Callable[..., Path]) -> Path:
    """A source that was classified, corrected, backed up, retrained on, and once met a defect."""
    path = table([f"good {word}" for word in WORDS], "secret.csv")
    other = table(["good day", "bad day", f"good {WORDS[0]}"], "other.csv")
    assert mmsa("classify", path, "-o", "out.csv").code == 0
    assert mmsa("classify", other, "-o", "other-out.csv").code == 0
    with Store.open(home / "data" / "mmsa.db") as store:
        row = store.source(str(path.resolve()))
        assert row is not None
        for stored in list(store.posts(row.id))[:20]:
            assert stored.post is not None
            store.add_corrections(
                [
                    Correction(
                        "", stored.post.content_hash, "positive", note=stored.post.text, text=stored.post.text
                    )
                ]
            )
    assert mmsa("store", "backup").code == 0
    run = home / "data" / "runs" / "retrain-1"
    run.mkdir(parents=True)
    (run / "outcome.json").write_text(json.dumps({"examples": [{"text": WORDS[3]}], "n": 1}))
    (run / "log.txt").write_text(WORDS[4])
    errors = home / "cache" / "errors"
    errors.mkdir(parents=True, exist_ok=True)
    (errors / "mmsa-error.txt").write_text(WORDS[5])
    assert len(traces(home)) == len(WORDS)
    return path


def test_no_word_of_a_forgotten_source_is_in_any_file(mmsa: Mmsa, home: Path, source: Path) -> None:
    ran = mmsa("forget", source, "--yes", "--export", "kept.jsonl")
    assert ran.code == 0, ran.err
    assert "40 posts of this source; of the 39 that no other source holds" in ran.err
    assert "19 corrections" in ran.err and "stays:" in ran.err
    # One post is another source's too.
    assert traces(home) == {WORDS[0]}
    assert len(Path("kept.jsonl").read_text().splitlines()) == 19
    assert mmsa("store", "check").code == 0
    with Store.open(home / "data" / "mmsa.db") as store:
        assert [row.title for row in store.recent_sources()] == ["other.csv"]
        store.add_corrections([Correction("", "b2:1", "positive")])


def test_a_source_that_is_not_here_is_named(mmsa: Mmsa, source: Path) -> None:
    ran = mmsa("forget", "nowhere.csv", "--yes")
    assert (ran.code, "nowhere.csv" in ran.err) == (2, True)


def test_nothing_goes_without_a_word(mmsa: Mmsa, home: Path, source: Path) -> None:
    for command in (["forget", source], ["purge"]):
        assert mmsa(*command).code in (2, 130)
    assert len(traces(home)) == len(WORDS)


@pytest.mark.parametrize("where", ["erase", "rewrite", "clean"])
def test_what_an_interruption_left_the_next_one_finishes(
    home: Path, source: Path, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = find_paths({"MMSA_HOME": str(home)})
    targets = {
        "erase": "mmsa_tui.store.store.Store.erase",
        "rewrite": "mmsa_tui.store.journal.Journal.rewrite",
        "clean": "mmsa_tui.services.forget._clean_runs",
    }

    def stop(*arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(targets[where], stop)
        with pytest.raises(KeyboardInterrupt):
            service.forget(paths, service.plan(paths, source))
    assert "what is left of" in service.plan(paths, source).lines()[0]
    other = service.plan(paths, source.with_name("other.csv"))
    service.forget(paths, other)
    assert traces(home) == set()


def test_a_purge_leaves_settings_and_bundles_alone(mmsa: Mmsa, home: Path, source: Path) -> None:
    (home / "config.toml").write_text('analyst = "Ann"\n')
    ran = mmsa("purge", "--yes", "--export", "all.jsonl")
    assert ran.code == 0, ran.err
    assert traces(home) == set()
    assert len(Path("all.jsonl").read_text().splitlines()) == 20
    assert (home / "config.toml").exists()
    assert mmsa("bundle", "verify", "words").code == 0
    assert mmsa("classify", source, "-o", "again.csv").code == 0


def test_a_store_that_another_app_writes_to_is_not_half_forgotten(
    home: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mmsa_tui.store.database.BUSY_TIMEOUT_S", 0.1)
    paths = find_paths({"MMSA_HOME": str(home)})
    going = service.plan(paths, source)
    app = sqlite3.connect(paths.database, isolation_level=None)
    app.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="locked"):
        service.forget(paths, going)
    app.execute("ROLLBACK")
    app.close()
    service.forget(paths, going)
    assert traces(home) == {WORDS[0]}


def test_an_app_that_is_open_brings_nothing_back_that_was_purged(
    mmsa: Mmsa, home: Path, source: Path
) -> None:
    act = Correction("late", "b2:" + "0" * 40, "positive")
    with Store.open(home / "data" / "mmsa.db") as app:
        assert mmsa("purge", "--yes").code == 0
        with pytest.raises(StoreError, match="was restored or removed"):
            app.add_corrections([act])
    assert not traces(home)
