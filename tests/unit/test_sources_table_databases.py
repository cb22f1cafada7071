"""Tables in files of databases and of programs for statistics."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest
from table_files import notes_of, posts, texts

from mmsa_tui.errors import SourceError
from mmsa_tui.records import Failure
from mmsa_tui.sources import read


def test_feather_and_the_table_with_texts_of_a_database_open(tmp_path: Path) -> None:
    feather.write_feather(pa.table({"id": ["7"], "text": ["a fine day"]}), tmp_path / "a.feather")
    with sqlite3.connect(tmp_path / "a.db") as database:
        database.execute("CREATE TABLE people (id TEXT, bio TEXT)")
        database.executemany("INSERT INTO people VALUES (?, 'a long story of a life')", [("1",), ("2",)])
        database.execute("CREATE TABLE posts (id TEXT, body TEXT)")
        database.execute("INSERT INTO posts VALUES ('7', 'a fine day')")
    assert texts(tmp_path / "a.feather") == texts(tmp_path / "a.db") == ["a fine day"]


@pytest.mark.parametrize("suffix", [".sav", ".dta"])
def test_files_of_spss_and_stata_are_read_with_the_extra(tmp_path: Path, suffix: str) -> None:
    pytest.importorskip("pyreadstat")
    import pandas
    import pyreadstat

    frame = pandas.DataFrame({"id": [1.0, 2.0], "text": ["a fine day", "zwei Züge"], "sent": [1.0, 3.0]})
    path = tmp_path / f"survey{suffix}"
    write = pyreadstat.write_sav if suffix == ".sav" else pyreadstat.write_dta
    write(frame, str(path), variable_value_labels={"sent": {1.0: "negative", 3.0: "positive"}})
    found = list(read(path))
    assert [(item.post_id, item.text) for item in found] == [("1", "a fine day"), ("2", "zwei Züge")]


def database_of(path: Path, rows: int) -> Path:
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE posts (id, text BLOB)")
        texts = [(number, f"a fine day {number} ".encode() * 20) for number in range(rows)]
        database.executemany("INSERT INTO posts VALUES (?, ?)", texts)
    return path


def test_a_text_that_is_kept_as_bytes_is_read_and_a_thumbnail_is_not(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"id": ["7"], "text": ["caffè".encode()], "thumb": [b"\x89PNG\0"]}), path)
    (post,) = posts(path)
    assert (post.text, post.metadata["thumb"]) == ("caffè", "")
    assert posts(database_of(tmp_path / "a.db", 1))[0].text.startswith("a fine day 0")


def test_a_database_that_is_cut_tells_that_rows_are_missing(tmp_path: Path) -> None:
    path = database_of(tmp_path / "a.db", 60)
    path.write_bytes(path.read_bytes()[:-5_000])
    try:
        items = list(read(path))
    except SourceError as error:
        assert "cut" in error.message or "malformed" in error.message
    else:
        assert isinstance(items[-1], Failure)


def test_changes_that_wait_beside_a_database_are_told(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("CREATE TABLE posts (id, text)")
        database.execute("INSERT INTO posts VALUES (1, 'a fine day')")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.execute("INSERT INTO posts VALUES (2, 'a day in the log only')")
        assert any("a.db-wal" in note and "left out" in note for note in notes_of(tmp_path / "a.db"))


@pytest.mark.parametrize("is_declared", [True, False])
def test_authors_and_pictures_in_tables_of_their_own_belong_to_the_posts(
    tmp_path: Path, is_declared: bool
) -> None:
    key = "REFERENCES user(id)" if is_declared else ""
    with closing(sqlite3.connect(tmp_path / "a.db")) as database, database:
        database.execute("CREATE TABLE user (id INTEGER PRIMARY KEY, screen_name TEXT, bio TEXT)")
        database.execute(f"CREATE TABLE status (id INTEGER PRIMARY KEY, text TEXT, user_id INTEGER {key})")
        database.execute("CREATE TABLE media (id INTEGER PRIMARY KEY, status_id TEXT, filename TEXT)")
        database.execute("CREATE TABLE log (message TEXT)")
        database.executemany(
            "INSERT INTO user VALUES (?, ?, 'a captain of ferries')", [(1, "sam"), (2, "leo")]
        )
        texts = [(71, "a fine day", 2), (72, "rain again, and wind", 1), (73, "nobody wrote this", 9)]
        database.executemany("INSERT INTO status VALUES (?, ?, ?)", texts)
        database.executemany("INSERT INTO media VALUES (?, ?, ?)", [(1, "71", "a.jpg"), (2, "71", "b.jpg")])
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / name).write_bytes(b"\xff\xd8\xff\xe0")
    found = posts(tmp_path / "a.db")
    assert [(post.post_id, post.author) for post in found] == [("71", "leo"), ("72", "sam"), ("73", "")]
    assert [[picture.name for picture in post.pictures] for post in found] == [["a.jpg", "b.jpg"], [], []]
    told = notes_of(tmp_path / "a.db")
    assert any("authors and pictures of user, media" in note and "left out: log" in note for note in told)
