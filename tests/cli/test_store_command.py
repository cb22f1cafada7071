"""A store that is damaged is named for what it is, and put together again with every act."""

from __future__ import annotations

import errno
import random
import shutil
import sqlite3
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from pathlib import Path

import pytest
from command_runs import Mmsa

from mmsa_tui.config import Paths, find_paths
from mmsa_tui.errors import StoreError
from mmsa_tui.records import Correction, Post
from mmsa_tui.services import forget, store_care
from mmsa_tui.store import Store
from mmsa_tui.store.database import Database

N = 60


@pytest.fixture
def database(home: Path) -> Path:
    """A store with a source and sixty acts, closed and in one file."""
    path = home / "data" / "mmsa.db"
    with Store.open(path) as store:
        store.index_source("here", "pairs", "Here", [Post(str(n), f"words {n}") for n in range(N)])
        store.add_corrections(
            [Correction("", f"b2:{n:040x}", "positive", note=f"note {n}", text="text " * n) for n in range(N)]
        )
        store._db.all("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


def run_sql(*statements: str) -> Callable[[Path], None]:
    def harm(path: Path) -> None:
        connection = sqlite3.connect(path, isolation_level=None)
        for statement in statements:
            connection.execute(statement)
        connection.close()

    return harm


def cut(share: float) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)]) and None


def flip(n_bytes: int) -> Callable[[Path], None]:
    def harm(path: Path) -> None:
        data, chosen = bytearray(path.read_bytes()), random.Random(n_bytes)
        for _ in range(n_bytes):
            data[chosen.randrange(len(data))] ^= chosen.randrange(1, 256)
        path.write_bytes(data)

    return harm


def replaced(old: bytes, new: bytes) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(path.read_bytes().replace(old, new)) and None


def link(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.parent / "gone.db")


NEVER_CHANGED = "DROP TRIGGER correction_is_never_changed"
DAMAGES: dict[str, Callable[[Path], None]] = {
    "cut to 90 %": cut(0.9),
    "cut to 50 %": cut(0.5),
    "200 bytes flipped": flip(200),
    "2,000 bytes flipped": flip(2000),
    "empty": lambda path: path.write_bytes(b"") and None,
    "gone": lambda path: path.unlink(),
    "a dangling link": link,
    "no database": lambda path: path.write_bytes(b"words " * 3000) and None,
    "a first page of zeros": lambda path: path.write_bytes(bytes(4096) + path.read_bytes()[4096:]) and None,
    "text that is no UTF-8": replaced(b"note 33", b"no\xff\xfe 33"),
    "a time that is none": run_sql(NEVER_CHANGED, "UPDATE corrections SET created_at = '?' WHERE seq = 9"),
    "a trigger missing": run_sql(NEVER_CHANGED),
    "a state without its act": run_sql("UPDATE current_correction SET seq = 999 WHERE seq = 5"),
    "a state of another label": run_sql("UPDATE current_correction SET label = 'neutral' WHERE seq = 5"),
    "a label of another letter": replaced(b"positive[]", b"pozitive[]"),
    "states missing": run_sql("DELETE FROM current_correction WHERE seq > 40"),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_store_is_named_and_restored_with_every_act(
    mmsa: Mmsa, home: Path, database: Path, name: str
) -> None:
    assert mmsa("store", "check").out.startswith(f"whole: {N} corrections")
    DAMAGES[name](database)
    found = mmsa("store", "check")
    assert (found.code, "wrong: " in found.out) == (4, True)
    restored = mmsa("store", "restore")
    assert restored.code == 0, restored.err
    assert int(restored.out.split()[1]) == N
    assert mmsa("store", "check").out.startswith("whole: ")
    with Store.open(database) as store:
        assert {c.note for c in store.current_corrections()} >= {f"note {n}" for n in range(N) if n != 33}


def test_a_newer_and_a_strange_database_are_named_and_not_replaced_unasked(
    mmsa: Mmsa, database: Path
) -> None:
    run_sql("PRAGMA user_version = 99")(database)
    assert "newer mmsa" in mmsa("store", "check").out
    copy = shutil.copy(database, database.with_name("newer.db"))
    database.unlink()
    ran = mmsa("store", "restore", copy)
    assert (ran.code, "newer mmsa" in ran.err) == (4, True)


def test_without_a_journal_a_restore_takes_what_the_pages_hold(mmsa: Mmsa, database: Path) -> None:
    database.with_name("mmsa.corrections.jsonl").unlink()
    cut(0.9)(database)
    assert mmsa("store", "restore").code == 0
    with Store.open(database) as store:
        assert sum(1 for _ in store.corrections()) > N / 2
    assert list(database.parent.glob("mmsa.db.damaged-*"))


def test_what_damage_makes_of_an_act_is_no_act(mmsa: Mmsa, database: Path) -> None:
    with Store.open(database) as store:
        made = next(iter(store.corrections()))
        store._db.all("PRAGMA wal_checkpoint(TRUNCATE)")
    # In the row itself, where one follows the other; indexes stay as they were.
    row, other = made.uid + made.content_hash, made.uid[::-1] + "b2:" + "e" * 40
    replaced(row.encode(), other.encode())(database)
    replaced(b"SQLite format 3", b"SQLite format ?")(database)
    assert mmsa("store", "restore").code == 0
    with Store.open(database) as store:
        assert "b2:" + "e" * 40 not in {act.content_hash for act in store.corrections()}
        assert made.uid in {act.uid for act in store.corrections()}


@pytest.mark.parametrize(
    "command",
    [
        ["classify", "posts.csv", "-o", "out.csv"],
        ["corrections", "import", "acts.jsonl"],
        ["audit", "start", "posts.csv"],
    ],
)
def test_nothing_is_written_into_a_damaged_store(
    mmsa: Mmsa, database: Path, table: Callable[..., Path], command: list[str]
) -> None:
    table(["good day"])
    Path("acts.jsonl").write_text("")
    page = sqlite3.connect(database)
    (root,) = page.execute("SELECT rootpage FROM sqlite_master WHERE name = 'corrections'").fetchone()
    page.close()
    data = bytearray(database.read_bytes())
    data[(root - 1) * 4096 : root * 4096] = bytes(4096)
    database.write_bytes(data)
    ran = mmsa(*command)
    assert (ran.code, "is damaged" in ran.err, "mmsa store restore" in ran.err) == (4, True, True)
    assert database.read_bytes() == bytes(data)


def test_a_backup_brings_back_the_posts_and_the_journal_what_came_after(mmsa: Mmsa, database: Path) -> None:
    assert mmsa("store", "backup").code == 0
    with Store.open(database) as store:
        store.add_corrections([Correction("late", "b2:late", "negative")])
    database.write_bytes(b"")
    assert mmsa("store", "restore").out == f"restored: {N + 1} corrections\n"
    with Store.open(database) as store:
        assert [source.n_posts for source in store.recent_sources()] == [N]


def test_seven_backups_are_kept(home: Path, database: Path) -> None:
    paths = find_paths({"MMSA_HOME": str(home)})
    made = [store_care.backup(paths) for _ in range(9)]
    assert store_care.backups(paths) == made[-7:]


def test_a_backup_is_the_newest_though_the_clock_has_gone_back(home: Path, database: Path) -> None:
    paths = find_paths({"MMSA_HOME": str(home)})
    store_care.backup(paths)
    for number in range(7):
        last = store_care.backups(paths)[-1]
        shutil.copy(last, last.with_name(f"mmsa-29990101-00000{number}-000000.db"))
    made = store_care.backup(paths)
    assert store_care.backups(paths)[-1] == made


def test_a_home_on_a_drive_without_locks_is_named(
    mmsa: Mmsa, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise NotImplementedError

    monkeypatch.setattr("filelock.FileLock.acquire", refuse)
    for command in (
        ["store", "backup"],
        ["store", "restore"],
        ["forget", "here", "--yes"],
        ["purge", "--yes"],
    ):
        ran = mmsa(*command)
        assert (ran.code, "a drive without locks" in ran.err) == (4, True)
    assert mmsa("corrections", "export").code == 0


@pytest.mark.skipif(sys.platform == "win32", reason="locks of another kind")
def test_a_drive_that_refuses_every_lock_is_not_taken_for_a_store_in_use(
    mmsa: Mmsa, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.lockf", refuse)
    monkeypatch.setattr("fcntl.flock", refuse)
    monkeypatch.setattr("mmsa_tui.store.database.BUSY_TIMEOUT_S", 0.01)
    monkeypatch.setattr("mmsa_tui.store.health._PATIENCE_S", 0.01)
    # To SQLite the two are alike.
    with closing(sqlite3.connect(database, isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        for command in (["store", "check"], ["doctor"], ["store", "backup"], ["forget", "here", "--yes"]):
            ran = mmsa(*command)
            assert (ran.code, "a drive without locks" in ran.out + ran.err) == (4, True)


def test_a_journal_cut_in_its_last_line_costs_that_line(mmsa: Mmsa, database: Path) -> None:
    journal = database.with_name("mmsa.corrections.jsonl")
    journal.write_bytes(journal.read_bytes()[:-20])
    with Store.open(database) as store:
        store.add_corrections([Correction("late", "b2:late", "negative")])
    database.unlink()
    assert mmsa("store", "restore").out == f"restored: {N + 1} corrections\n"


@pytest.mark.skipif("os.name == 'nt'", reason="Windows has no such rights")
def test_only_its_owner_reads_the_store(mmsa: Mmsa, home: Path, database: Path) -> None:
    mmsa("store", "backup")
    for path in (home / "data").rglob("*"):
        if "bundles" not in path.parts and "encoders" not in path.parts:
            assert path.stat().st_mode & 0o077 == 0, path
    assert (home / "data").stat().st_mode & 0o077 == 0


def test_labels_leave_a_home_that_cannot_be_written(
    mmsa: Mmsa, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store.open(database) as store:
        store.add_corrections([Correction("late", "b2:late", "negative")])
        opened = Database.open

        def refuse(path: Path) -> Database:
            if path == database:
                raise StoreError("the disk is full") from sqlite3.OperationalError("full")
            return opened(path)

        monkeypatch.setattr(Database, "open", refuse)
        ran = mmsa("corrections", "export")
    assert (ran.code, len(ran.out.splitlines())) == (0, N + 1)


def test_an_undecodable_text_does_not_stop_an_export(mmsa: Mmsa, database: Path) -> None:
    replaced(b"note 33", b"no\xff\xfe 33")(database)
    ran = mmsa("corrections", "export")
    assert (ran.code, len(ran.out.splitlines())) == (0, N)


def label(store: Store, number: int) -> None:
    store.acts.record([Correction(f"late-{number}", f"b2:{number:040x}", "negative")], "label", "here")


def test_what_an_app_labels_beside_a_restore_is_refused_or_in_the_new_store(
    mmsa: Mmsa, database: Path
) -> None:
    with Store.open_to_write(database) as app:
        label(app, 1)
        assert mmsa("store", "restore").code == 0
        with pytest.raises(StoreError, match="was restored or removed"):
            label(app, 2)
    with Store.open_to_write(database) as app:
        label(app, 3)
        uids = {act.uid for act in app.corrections()}
    assert {"late-1", "late-3"} <= uids
    assert "late-2" not in uids
    assert mmsa("store", "check").code == 0


def test_a_restore_waits_for_a_label_that_is_being_written(
    mmsa: Mmsa, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mmsa_tui.store.health.BUSY_TIMEOUT_S", 0.1)
    with Store.open(database) as app, app._db.transaction():
        ran = mmsa("store", "restore")
    assert ran.code == 4
    assert "another program writes to" in ran.err
    assert not list(database.parent.glob("*damaged*"))


def test_a_backup_that_waited_for_a_purge_says_that_there_is_no_store(
    mmsa: Mmsa, home: Path, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = find_paths({"MMSA_HOME": str(home)})
    alone = store_care.alone

    def purge_first(paths: Paths) -> AbstractContextManager[None]:
        monkeypatch.setattr("mmsa_tui.services.store_care.alone", alone)
        forget.purge(paths)
        return alone(paths)

    monkeypatch.setattr("mmsa_tui.services.store_care.alone", purge_first)
    ran = mmsa("store", "backup")
    assert (ran.code, "there is no store at" in ran.err) == (4, True)
    assert not (paths.data_dir / "backups").exists()
