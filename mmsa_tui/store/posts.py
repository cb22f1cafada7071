"""Sources and the posts read from them.

A source is read into rows that nobody sees, in many small transactions so that other writers are
never kept waiting; one last transaction makes them the source's rows. A run that dies leaves the
old rows in place.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from mmsa_tui.duplicates import duplicate_group
from mmsa_tui.errors import StoreError
from mmsa_tui.records import Failure, Post, content_hash
from mmsa_tui.store.codec import (
    from_sql,
    pictures_from_json,
    pictures_to_json,
    to_sql,
)
from mmsa_tui.store.database import Database, Sql

BATCH = 500
"""Posts written in one transaction."""

ABANDONED_S = 3600.0
"""A reading not touched for so long belongs to a run that died."""

POST_COLUMNS = """posts.ordinal, posts.post_id, posts.text, posts.author, posts.created_at,
    posts.language, posts.encoding, contents.hash, posts.pictures, posts.metadata, posts.truth,
    posts.failure"""
"""What `to_stored` needs, from `posts LEFT JOIN contents`."""


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A source as it was last read; `position` is whatever the app left there to find its place.

    `read_at` is ISO 8601 UTC. `metadata_columns` are the names of the posts' own columns, in the
    order they were first seen.
    """

    id: int
    location: str
    format: str
    title: str
    n_posts: int
    n_failures: int
    read_at: str
    position: str
    metadata_columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StoredPost:
    """One input of a source: a post, or why it is none. Ordinals run from 0 without gaps."""

    ordinal: int
    post: Post | None
    failure: Failure | None


_SOURCE_COLUMNS = "id, location, format, title, n_posts, n_failures, read_at, position, metadata_columns"


def source(db: Database, location: str) -> SourceRow | None:
    row = db.one(
        f"SELECT {_SOURCE_COLUMNS} FROM sources WHERE location = ?",
        (to_sql(location),),
    )
    return None if row is None else _to_source(row)


def recent_sources(db: Database, limit: int) -> list[SourceRow]:
    rows = db.all(
        f"SELECT {_SOURCE_COLUMNS} FROM sources ORDER BY opened_at DESC, id DESC LIMIT ?",
        (limit,),
    )
    return [_to_source(row) for row in rows]


def remember_position(db: Database, source_id: int, position: str) -> None:
    db.run(
        "UPDATE sources SET position = ?, opened_at = ? WHERE id = ?",
        (to_sql(position), _now(), source_id),
    )


def index_source(
    db: Database,
    location: str,
    format: str,
    title: str,
    items: Iterable[Post | Failure],
    on_count: Callable[[int], None] | None = None,
) -> SourceRow:
    reading = _begin_reading(db, location)
    try:
        columns, n_posts, n_failures = _write(db, reading, items, on_count)
        _swap(db, reading, (to_sql(location), format, to_sql(title)), columns, n_posts, n_failures)
    except BaseException:
        # If even this fails, the rows stay unseen and the next run clears them.
        with suppress(StoreError):
            _remove_reading(db, reading)
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


def current_reading(db: Database, source_id: int) -> int:
    """Find which rows are the source's now.

    Raises:
        StoreError: there is no such source.
    """
    row = db.one("SELECT reading FROM sources WHERE id = ?", (source_id,))
    if row is None:
        raise StoreError(f"source {source_id} is not in {db.path}", "Open the source again.")
    return int(row[0])


def check_reading(db: Database, source_id: int, reading: int) -> None:
    """Notice that the source was read anew under a long walk over its rows.

    Raises:
        StoreError: it was; what came so far may be of the old rows.
    """
    if current_reading(db, source_id) != reading:
        raise StoreError(
            "the source was read again while its posts were being walked through",
            "Run the same command again.",
        )


def walk(db: Database, source_id: int) -> Iterator[StoredPost]:
    reading = current_reading(db, source_id)
    last = -1
    while True:
        rows = db.all(
            f"SELECT {POST_COLUMNS} FROM posts LEFT JOIN contents ON contents.id = content_id"
            " WHERE reading = ? AND ordinal > ? ORDER BY ordinal LIMIT ?",
            (reading, last, BATCH),
        )
        check_reading(db, source_id, reading)
        if not rows:
            return
        for row in rows:
            yield to_stored(row)
        last = rows[-1][0]


def post(db: Database, source_id: int, ordinal: int) -> StoredPost:
    row = db.one(
        f"SELECT {POST_COLUMNS} FROM posts LEFT JOIN contents ON contents.id = content_id"
        " WHERE reading = ? AND ordinal = ?",
        (current_reading(db, source_id), ordinal),
    )
    if row is None:
        raise StoreError(f"the source has no post number {ordinal}", "Open the source again.")
    return to_stored(row)


def to_stored(row: tuple[Any, ...]) -> StoredPost:
    """Rebuild what `POST_COLUMNS` selected."""
    (ordinal, post_id, text, author, created_at, language, encoding, digest) = row[:8]
    (pictures, metadata, truth, failure) = row[8:12]
    if failure is not None:
        reason = from_sql(failure)
        broken = Failure(from_sql(post_id), reason, from_sql(text), json.loads(metadata))
        return StoredPost(ordinal, None, broken)
    whole = Post(
        post_id=from_sql(post_id),
        text=from_sql(text),
        pictures=pictures_from_json(pictures),
        author=from_sql(author),
        created_at=from_sql(created_at),
        language=from_sql(language),
        encoding=encoding,
        content_hash=digest,
        metadata=json.loads(metadata),
        truth=json.loads(truth),
    )
    return StoredPost(ordinal, whole, None)


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
    counted = _counted(items, on_count)
    while batch := list(islice(counted, BATCH)):
        rows: list[tuple[Sql, ...]] = []
        hashes: list[tuple[str]] = []
        for ordinal, item in enumerate(batch, start=n_posts + n_failures):
            columns.update(dict.fromkeys(item.metadata))
            if isinstance(item, Post):
                digest = item.content_hash or content_hash(
                    item.text, [picture.digest for picture in item.pictures if picture.digest]
                )
                hashes.append((digest,))
                rows.append(_post_row(reading, ordinal, item, digest))
            else:
                rows.append(_failure_row(reading, ordinal, item))
        n_posts += len(hashes)
        n_failures += len(batch) - len(hashes)
        with db.transaction():
            _touch(db, reading)
            db.run_many("INSERT INTO contents (hash) VALUES (?) ON CONFLICT DO NOTHING", hashes)
            db.run_many(_INSERT_POST, rows)
    return list(columns), n_posts, n_failures


_INSERT_POST = """INSERT INTO posts (reading, ordinal, content_id, post_id, text, author,
    created_at, language, has_image, n_pictures, duplicate_group, failure, encoding, pictures,
    metadata, truth)
    VALUES (?, ?, (SELECT id FROM contents WHERE hash = ?), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


def _post_row(reading: int, ordinal: int, post: Post, digest: str) -> tuple[Sql, ...]:
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
        duplicate_group(post.text),
        None,
        post.encoding,
        pictures_to_json(post.pictures),
        json.dumps(dict(post.metadata)),
        json.dumps(dict(post.truth)),
    )


def _failure_row(reading: int, ordinal: int, failure: Failure) -> tuple[Sql, ...]:
    post_id, text, reason = map(to_sql, (failure.post_id, failure.text, failure.reason))
    metadata = json.dumps(dict(failure.metadata))
    return (
        *(reading, ordinal, None, post_id, text, "", "", "", 0, 0, "", reason),
        *("utf-8", "[]", metadata, "{}"),
    )


def _touch(db: Database, reading: int) -> None:
    if not db.run("UPDATE readings SET touched_s = ? WHERE id = ?", (time.time(), reading)):
        raise StoreError(
            "another run has read this source in the meantime",
            "Run the same command again.",
        )


def _swap(
    db: Database,
    reading: int,
    identity: tuple[Sql, Sql, Sql],
    columns: list[str],
    n_posts: int,
    n_failures: int,
) -> None:
    db.run(
        """UPDATE posts SET n_duplicates = alike.n
        FROM (SELECT duplicate_group AS name, count(*) AS n FROM posts
              WHERE reading = ?1 AND duplicate_group <> '' GROUP BY duplicate_group) AS alike
        WHERE reading = ?1 AND duplicate_group = alike.name""",
        (reading,),
    )
    now = _now()
    with db.transaction():
        _touch(db, reading)
        db.run(
            """INSERT INTO sources (location, format, title, reading, n_posts, n_failures,
                metadata_columns, read_at, opened_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (location) DO UPDATE SET format = excluded.format,
                title = excluded.title, reading = excluded.reading, n_posts = excluded.n_posts,
                n_failures = excluded.n_failures, metadata_columns = excluded.metadata_columns,
                read_at = excluded.read_at, opened_at = excluded.opened_at""",
            (*identity, reading, n_posts, n_failures, json.dumps(columns), now, now),
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


def _remove_reading(db: Database, reading: int) -> None:
    while db.run(
        "DELETE FROM posts WHERE id IN (SELECT id FROM posts WHERE reading = ? LIMIT ?)",
        (reading, 4 * BATCH),
    ):
        pass
    db.run("DELETE FROM readings WHERE id = ?", (reading,))


def _counted(
    items: Iterable[Post | Failure], on_count: Callable[[int], None] | None
) -> Iterator[Post | Failure]:
    for number, item in enumerate(items, start=1):
        yield item
        if on_count is not None:
            on_count(number)


def _to_source(row: tuple[Any, ...]) -> SourceRow:
    return SourceRow(
        row[0], from_sql(row[1]), row[2], from_sql(row[3]), row[4], row[5], row[6],
        from_sql(row[7]), tuple(json.loads(row[8])),
    )  # fmt: skip


def _now() -> str:
    return datetime.now(UTC).isoformat()
