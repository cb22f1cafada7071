"""Reading a source in.

A source is read into rows that nobody sees, in many small transactions so that other writers are
never kept waiting; one last transaction makes them the source's rows. A run that dies leaves the
old rows in place.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict

from mmsa_tui.errors import StoreError
from mmsa_tui.records import Failure, Post, ReadAs, content_hash
from mmsa_tui.store.codec import mapping_to_json, pictures_to_json, to_sql
from mmsa_tui.store.database import Database, Sql
from mmsa_tui.store.posts import SourceRow, current_reading, now, source
from mmsa_tui.text.copies import text_key

BATCH = 10_000
"""Posts written in one transaction, of half a second. It writes whole pages, of which hashes hit many."""

REMOVED_AT_ONCE = 8_000
GIVE_UP_S = 0.7
ABANDONED_S = 3600.0
"""A reading not touched for so long belongs to a run that died."""


def index_source(
    db: Database,
    location: str,
    format: str,
    title: str,
    items: Iterable[Post | Failure],
    on_count: Callable[[int], None] | None = None,
    read_as: ReadAs | None = None,
    stamp: str = "",
) -> SourceRow:
    reading = _begin_reading(db, location)
    try:
        with db.hurrying():
            columns, n_posts, n_failures = _write(db, reading, items, on_count)
            _count_copies(db, reading)
        said = json.dumps(asdict(read_as or ReadAs()))
        identity = (to_sql(location), format, to_sql(title), said, stamp)
        _swap(db, reading, identity, columns, n_posts, n_failures)
    except BaseException:
        # If even this fails, the rows stay unseen and the next run clears them.
        with suppress(StoreError):
            _give_up(db, reading)
        raise
    _remove_unseen(db)
    row = source(db, location)
    if row is None:
        raise StoreError(f"{location} was forgotten while it was read", "Open it again.")
    return row


def forget_source(db: Database, source_id: int) -> None:
    reading = current_reading(db, source_id)
    db.run("DELETE FROM sources WHERE id = ?", (source_id,))
    _remove_reading(db, reading)


def _begin_reading(db: Database, location: str) -> int:
    with db.transaction():
        db.run(
            "INSERT INTO readings (location, touched_s) VALUES (?, ?)",
            (to_sql(location), time.time()),
        )
        row = db.one("SELECT last_insert_rowid()")
    assert row is not None
    return int(row[0])


def _write(
    db: Database,
    reading: int,
    items: Iterable[Post | Failure],
    on_count: Callable[[int], None] | None,
) -> tuple[list[str], int, int]:
    columns: dict[str, None] = {}
    n_posts = n_failures = 0
    rows: list[tuple[Sql, ...]] = []
    # While a batch is stored the next one is read: SQLite leaves Python to others meanwhile.
    with ThreadPoolExecutor(1, "storing") as storing:
        stored: Future[None] | None = None
        for ordinal, item in enumerate(items):
            for name in item.metadata:
                if name not in columns:
                    columns[name] = None
            if isinstance(item, Post):
                rows.append(_post_row(reading, ordinal, item))
                n_posts += 1
            else:
                rows.append(_failure_row(reading, ordinal, item))
                n_failures += 1
            if on_count is not None:
                on_count(ordinal + 1)
            if len(rows) >= BATCH:
                if stored is not None:
                    stored.result()
                stored = storing.submit(_store, db, reading, rows)
                rows = []
        if stored is not None:
            stored.result()
        if rows:
            _store(db, reading, rows)
    return list(columns), n_posts, n_failures


def _store(db: Database, reading: int, rows: Sequence[tuple[Sql, ...]]) -> None:
    with db.transaction():
        _touch(db, reading)
        db.run_in_bulk(_INSERT_CONTENT, [row[2:3] for row in rows if row[2] is not None])
        db.run_in_bulk(_INSERT_POST, rows)
        db.run(_INDEX_WORDS, (reading, rows[0][1], rows[-1][1]))


_INSERT_CONTENT = "INSERT INTO contents (hash) VALUES {rows} ON CONFLICT DO NOTHING"

_INSERT_POST = f"""INSERT INTO posts (reading, ordinal, content_id, post_id, text, author,
    created_at, language, has_image, n_pictures, duplicate_group, n_duplicates, failure, encoding, pictures,
    metadata, truth)
    SELECT column1, column2, contents.id, {", ".join(f"column{place}" for place in range(4, 18))}
    FROM (VALUES {{rows}}) LEFT JOIN contents ON contents.hash = column3
"""

_INDEX_WORDS = """INSERT INTO post_text (rowid, text)
    SELECT id, text FROM posts WHERE reading = ? AND ordinal BETWEEN ? AND ?"""


def _post_row(reading: int, ordinal: int, post: Post) -> tuple[Sql, ...]:
    digest = post.content_hash or content_hash(
        post.text, [picture.digest for picture in post.pictures if picture.digest]
    )
    group = text_key(post.text)
    return (
        reading,
        ordinal,
        digest,
        to_sql(post.post_id),
        to_sql(post.text),
        to_sql(post.author),
        to_sql(post.created_at),
        to_sql(post.language),
        any(not picture.is_missing for picture in post.pictures),
        len(post.pictures),
        group,
        1 if group else 0,
        None,
        post.encoding,
        pictures_to_json(post.pictures) if post.pictures else "[]",
        mapping_to_json(post.metadata),
        mapping_to_json(post.truth),
    )


def _failure_row(reading: int, ordinal: int, failure: Failure) -> tuple[Sql, ...]:
    post_id, text, reason = map(to_sql, (failure.post_id, failure.text, failure.reason))
    metadata = mapping_to_json(failure.metadata)
    return (
        *(reading, ordinal, None, post_id, text, "", "", "", 0, 0, "", 0, reason),
        *("utf-8", "[]", metadata, "{}"),
    )


def _touch(db: Database, reading: int) -> None:
    if not db.run("UPDATE readings SET touched_s = ? WHERE id = ?", (time.time(), reading)):
        raise StoreError(
            "another run has read this source in the meantime",
            "Run the same command again.",
        )


def _count_copies(db: Database, reading: int) -> None:
    with db.sorting_on_disk():
        db.run(
            """UPDATE posts INDEXED BY posts_by_ordinal SET n_duplicates = alike.n
            FROM (SELECT duplicate_group AS name, count(*) AS n FROM posts INDEXED BY posts_by_ordinal
                  WHERE reading = ?1 AND duplicate_group <> '' GROUP BY duplicate_group HAVING n > 1) AS alike
            WHERE reading = ?1 AND duplicate_group = alike.name""",
            (reading,),
        )


def _swap(
    db: Database,
    reading: int,
    identity: tuple[Sql, ...],
    columns: list[str],
    n_posts: int,
    n_failures: int,
) -> None:
    read_at = now()
    with db.transaction():
        _touch(db, reading)
        db.run(
            """INSERT INTO sources (location, format, title, read_as, stamp, reading, n_posts,
                n_failures, metadata_columns, read_at, opened_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (location) DO UPDATE SET format = excluded.format,
                title = excluded.title, read_as = excluded.read_as, stamp = excluded.stamp,
                reading = excluded.reading, n_posts = excluded.n_posts,
                n_failures = excluded.n_failures, metadata_columns = excluded.metadata_columns,
                read_at = excluded.read_at, opened_at = excluded.opened_at""",
            (*identity, reading, n_posts, n_failures, json.dumps(columns), read_at, read_at),
        )


def _remove_unseen(db: Database) -> None:
    """Remove rows that a swap replaced, and those of runs that died."""
    unseen = db.all(
        """SELECT id FROM readings WHERE id NOT IN
            (SELECT reading FROM sources)
        AND (touched_s < ? OR id < (SELECT reading FROM sources
             WHERE sources.location = readings.location))""",
        (time.time() - ABANDONED_S,),
    )
    for (reading,) in unseen:
        _remove_reading(db, reading)


def _give_up(db: Database, reading: int) -> None:
    """Take an unfinished reading out: whoever stops it waits a second at most, and gets the space back.

    Where the store holds more, what is left of it then goes with the next reading.
    """
    if _is_all(db, reading):
        db.empty("posts", "contents", "readings", words="post_text", trigger="post_is_no_longer_searchable")
        return
    db.run("UPDATE readings SET touched_s = 0 WHERE id = ?", (reading,))
    _remove_reading(db, reading, within_s=GIVE_UP_S)


def _is_all(db: Database, reading: int) -> bool:
    """Whether a reading is all that the store holds."""
    row = db.one(
        "SELECT EXISTS (SELECT 1 FROM readings WHERE id <> ?) OR EXISTS (SELECT 1 FROM sources) OR"
        " EXISTS (SELECT 1 FROM corrections) OR EXISTS (SELECT 1 FROM predictions) OR"
        " EXISTS (SELECT 1 FROM audits) OR EXISTS (SELECT 1 FROM picture_texts)",
        (reading,),
    )
    return row == (0,)


def _remove_reading(db: Database, reading: int, within_s: float = math.inf) -> None:
    until = time.monotonic() + within_s
    while db.run(
        "DELETE FROM posts WHERE id IN (SELECT id FROM posts WHERE reading = ? LIMIT ?)",
        (reading, REMOVED_AT_ONCE),
    ):
        if time.monotonic() > until:
            return
    db.run("DELETE FROM readings WHERE id = ?", (reading,))
