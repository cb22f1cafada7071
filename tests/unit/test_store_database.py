"""Opening the database: fresh, old, newer, damaged, foreign, locked, full."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mmsa_tui.errors import DamagedStoreError, StoreError
from mmsa_tui.records import Correction, Picture, Post, ReadAs
from mmsa_tui.store import Store
from mmsa_tui.store import database as database_module
from mmsa_tui.store.database import Database
from mmsa_tui.store.indexing import BATCH
from mmsa_tui.store.schema import APPLICATION_ID, MIGRATIONS, Migration

REPOSITORY = Path(__file__).parents[2]


def fill(path: Path) -> None:
    with Store.open(path) as store:
        store.index_source(
            "here", "pairs", "Here", [Post(str(number), "text " * 50) for number in range(500)]
        )
        store.add_corrections([Correction("u1", "h0", "a")])


def test_a_fresh_database_is_made_with_its_folders(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "mmsa.db"
    with Store.open(path) as store:
        assert store.recent_sources() == []
    assert path.is_file()


def test_opening_again_changes_nothing(tmp_path: Path) -> None:
    fill(tmp_path / "mmsa.db")
    with Store.open(tmp_path / "mmsa.db") as store:
        assert [correction.uid for correction in store.corrections()] == ["u1"]


def test_reading_a_source_leaves_the_connection_waiting_for_the_disk(tmp_path: Path) -> None:
    def interrupted() -> Iterator[Post]:
        yield Post("1", "words")
        raise KeyboardInterrupt

    with Store.open(tmp_path / "mmsa.db") as store:
        store.index_source("here", "pairs", "Here", [Post("1", "words")])
        assert store._db.one("PRAGMA synchronous") == (2,)
        with pytest.raises(KeyboardInterrupt):
            store.index_source("there", "pairs", "There", interrupted())
        assert store._db.one("PRAGMA synchronous") == (2,)


def test_a_large_store_that_has_lost_what_people_corrected_is_not_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "mmsa.db"
    fill(path)
    monkeypatch.setattr(database_module, "_READ_WHOLE_BYTES", 0)
    Store.open_to_write(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("DELETE FROM contents WHERE hash = 'h0'")
    with pytest.raises(DamagedStoreError):
        Store.open_to_write(path)


def test_of_a_large_store_no_more_is_looked_at_than_what_people_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "mmsa.db"
    fill(path)
    monkeypatch.setattr(database_module, "_READ_WHOLE_BYTES", 0)
    asked: list[str] = []
    ask = Database.all

    def listen(self: Database, sql: str, parameters: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
        asked.append(sql)
        return ask(self, sql)

    monkeypatch.setattr(Database, "all", listen)
    Store.open_to_write(path).close()
    looked_at = {sql for sql in asked if "quick_check" in sql}
    assert looked_at == {
        f"PRAGMA quick_check({name})" for name in ("corrections", "current_correction", "acts")
    }


def test_every_batch_of_a_source_can_be_searched(tmp_path: Path) -> None:
    n_posts = 2 * BATCH + 1
    posts = [Post(str(number), f"number{number}") for number in range(n_posts)]
    with Store.open(tmp_path / "mmsa.db") as store:
        store.index_source("here", "pairs", "Here", posts)
        for number in (0, BATCH - 1, BATCH, n_posts - 1):
            assert store._db.all(
                "SELECT post_id FROM posts WHERE id IN (SELECT rowid FROM post_text WHERE post_text MATCH ?)",
                (f"number{number}",),
            ) == [(str(number),)]
        store.index_source("here", "pairs", "Here", posts[:1])
        assert store._db.one("SELECT count(*) FROM post_text WHERE post_text MATCH 'number*'") == (1,)


@pytest.mark.parametrize("n_applied", range(len(MIGRATIONS)))
def test_every_older_schema_is_brought_up_to_date(tmp_path: Path, n_applied: int) -> None:
    old = Database.open(tmp_path / "mmsa.db", MIGRATIONS[:n_applied])
    old.close()
    with Store.open(tmp_path / "mmsa.db") as store:
        store.acts.record([Correction("u1", "h0", "a")], "label a")
        assert store._db.one("PRAGMA user_version") == (len(MIGRATIONS),)
        assert store._db.one("PRAGMA application_id") == (APPLICATION_ID,)


def test_corrections_outlive_a_migration(tmp_path: Path) -> None:
    path = tmp_path / "mmsa.db"
    old = Database.open(path, MIGRATIONS[:3])
    old.run(
        "INSERT INTO corrections (uid, content_hash, new_label, old_label, probs, bundle, analyst,"
        " created_at, created_us, note, flagged, post_id, text)"
        " VALUES ('u1', 'h0', 'a', '', '[]', '', '', '', 0, '', 0, '', '')"
    )
    old.close()
    with Store.open(path) as store:
        assert [correction.uid for correction in store.current_corrections()] == ["u1"]


def test_a_source_of_an_older_schema_is_read_as_it_is_found(tmp_path: Path) -> None:
    path = tmp_path / "mmsa.db"
    old = Database.open(path, MIGRATIONS[:4])
    old.run("INSERT INTO readings (id, location, touched_s) VALUES (1, 'here', 0)")
    old.run("INSERT INTO sources (location, format, title, reading) VALUES ('here', 'pairs', 'Here', 1)")
    old.close()
    with Store.open(path) as store:
        (source,) = store.recent_sources()
        assert (source.format, source.read_as) == ("pairs", ReadAs())


def test_a_migration_that_fails_leaves_the_old_schema(tmp_path: Path) -> None:
    path = tmp_path / "mmsa.db"
    fill(path)
    broken = Migration("broken", ("CREATE TABLE half (x)", "CREATE TABLE nonsense ("))
    with pytest.raises(StoreError):
        Database.open(path, (*MIGRATIONS, broken))
    with Store.open(path) as store:
        assert store._db.one("SELECT count(*) FROM sqlite_master WHERE name = 'half'") == (0,)


def test_a_newer_schema_is_refused_untouched(tmp_path: Path) -> None:
    path = tmp_path / "mmsa.db"
    Database.open(path, (*MIGRATIONS, Migration("later", ("CREATE TABLE later (x)",)))).close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="newer mmsa") as caught:
        Store.open(path)
    assert "newer version" in caught.value.hint
    assert path.read_bytes() == before


def test_a_database_of_another_program_is_refused_untouched(tmp_path: Path) -> None:
    path = tmp_path / "mmsa.db"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE theirs (x)")
    other.commit()
    other.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="another program"):
        Store.open(path)
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_kept_and_said_to_hold_corrections(tmp_path: Path) -> None:
    path = tmp_path / "mmsa.db"
    path.write_bytes(b"this is no database, but it may have been one" * 200)
    with pytest.raises(StoreError, match="is damaged") as caught:
        Store.open(path)
    assert "Keep the file, it holds your corrections" in caught.value.hint
    assert path.read_bytes().startswith(b"this is no database")


def test_damage_inside_is_a_store_error_that_keeps_the_file(tmp_path: Path) -> None:
    path = tmp_path / "mmsa.db"
    fill(path)
    content = bytearray(path.read_bytes())
    content[4096 * 4 :] = b"\xa5" * (len(content) - 4096 * 4)
    path.write_bytes(content)
    with pytest.raises(StoreError, match="is damaged"), Store.open(path) as store:
        list(store.posts(1))
    assert path.read_bytes()[4096 * 4 : 4096 * 5] == b"\xa5" * 4096


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"spoilt text", b"spo\xff\xfet text"), (b'["a.jpg"', b'[{a.jpg"')],
)
def test_garbage_in_a_row_is_damage_and_no_traceback(tmp_path: Path, old: bytes, new: bytes) -> None:
    path = tmp_path / "mmsa.db"
    with Store.open(path) as store:
        store.index_source("here", "pairs", "Here", [Post("1", "spoilt text", (Picture("a.jpg"),))])
        store._db.all("PRAGMA wal_checkpoint(TRUNCATE)")
    path.write_bytes(path.read_bytes().replace(old, new))
    with Store.open(path) as store:
        for walk in (store.posts(1), store.rows(1, "")):
            with pytest.raises(StoreError, match="is damaged"):
                list(walk)


def test_a_folder_in_the_place_of_the_database_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "mmsa.db").mkdir()
    with pytest.raises(StoreError) as caught:
        Store.open(tmp_path / "mmsa.db")
    assert "MMSA_HOME" in caught.value.hint


def test_a_file_in_the_place_of_the_folder_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(StoreError, match="cannot be made"):
        Store.open(tmp_path / "data" / "mmsa.db")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root and Windows write there all the same")
def test_a_read_only_folder_is_a_store_error_with_a_way_out(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StoreError) as caught:
        Store.open(tmp_path / "mmsa.db")
    assert "MMSA_HOME" in caught.value.hint


def test_a_full_disk_is_a_store_error_and_keeps_what_was_saved(tmp_path: Path) -> None:
    path = tmp_path / "mmsa.db"
    fill(path)
    with Store.open(path) as store:
        (n_pages,) = store._db.one("PRAGMA page_count") or (0,)
        store._db.all(f"PRAGMA max_page_count = {n_pages}")
        with pytest.raises(StoreError, match="disk is full") as caught:
            store.add_corrections(
                [Correction("", f"h{number}", "a", note="x" * 500) for number in range(5000)]
            )
        assert "Free some space" in caught.value.hint
        assert [correction.uid for correction in store.corrections()] == ["u1"]
        with pytest.raises(StoreError, match="disk is full"):
            store.index_source("here", "pairs", "Here", [Post(str(n), "more " * 99) for n in range(5000)])
        assert len(list(store.posts(1))) == 500


def test_a_database_locked_by_another_is_a_store_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "BUSY_TIMEOUT_S", 0.0)
    fill(tmp_path / "mmsa.db")
    with Store.open(tmp_path / "mmsa.db") as one, Store.open(tmp_path / "mmsa.db") as two:
        with one._db.transaction(), pytest.raises(StoreError, match="locked"):
            two.add_corrections([Correction("", "h1", "a")])
        assert two.add_corrections([Correction("", "h1", "a")]) == 1


WRITER = """
import sys
from pathlib import Path
from mmsa_tui.records import Correction
from mmsa_tui.store import Store

with Store.open(Path(sys.argv[1])) as store:
    for number in range(50):
        store.add_corrections([Correction("", f"{sys.argv[2]}-{number}", "a")])
"""


def test_processes_that_open_and_write_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "mmsa.db"
    children = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(path), name], cwd=REPOSITORY) for name in "abc"
    ]
    assert [child.wait() for child in children] == [0, 0, 0]
    with Store.open(path) as store:
        assert len({correction.content_hash for correction in store.current_corrections()}) == 150


def test_a_failing_transaction_leaves_nothing(tmp_path: Path) -> None:
    db = Database.open(tmp_path / "mmsa.db")
    with pytest.raises(ZeroDivisionError), db.transaction():
        db.run("INSERT INTO contents (hash) VALUES ('h0')")
        raise ZeroDivisionError
    assert db.all("SELECT * FROM contents") == []


def test_a_transaction_inside_another_is_part_of_it(tmp_path: Path) -> None:
    db = Database.open(tmp_path / "mmsa.db")
    with pytest.raises(ZeroDivisionError), db.transaction():
        with db.transaction():
            db.run("INSERT INTO contents (hash) VALUES ('h0')")
        raise ZeroDivisionError
    assert db.all("SELECT * FROM contents") == []


def test_what_was_acknowledged_is_on_the_disk_and_not_only_in_memory(tmp_path: Path) -> None:
    with Store.open(tmp_path / "mmsa.db") as store:
        assert store._db.one("PRAGMA synchronous") == (2,)
        assert store._db.one("PRAGMA journal_mode") == ("wal",)


def test_a_store_that_keeps_few_pages_stays_within_them(tmp_path: Path) -> None:
    with Store.open(tmp_path / "mmsa.db") as store:
        pages = abs(store._db.all("PRAGMA cache_size")[0][0])
        store.keep_few_pages()
        assert abs(store._db.all("PRAGMA cache_size")[0][0]) <= pages / 4
