"""Sources and their posts, as `indexing` has put them there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from mmsa_tui.errors import StoreError
from mmsa_tui.records import Failure, Post, ReadAs
from mmsa_tui.store.codec import from_sql, pictures_from_json, to_sql
from mmsa_tui.store.database import Database

CHUNK = 500
"""Posts fetched at once in a long walk."""

POST_COLUMNS = """posts.ordinal, posts.post_id, posts.text, posts.author, posts.created_at,
    posts.language, posts.encoding, contents.hash, posts.pictures, posts.metadata, posts.truth,
    posts.failure, (SELECT text FROM image_texts WHERE image_texts.content_id = posts.content_id)"""
"""What `to_stored` needs, from `posts LEFT JOIN contents`."""

N_POST_COLUMNS = 13
"""How many these are."""


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A source as it was last read; `position` is whatever the app left there to find its place.

    `read_at` is ISO 8601 UTC. `metadata_columns` are the names of the posts' own columns, in the
    order they were first seen. `format` is the one it was read in, stated in `read_as` or found. `stamp`
    tells the state it was read in, "" where that is not known.
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
    read_as: ReadAs = field(default_factory=ReadAs)
    stamp: str = ""


@dataclass(frozen=True, slots=True)
class StoredPost:
    """One input of a source: a post, or why it is none. Ordinals run from 0 without gaps."""

    ordinal: int
    post: Post | None
    failure: Failure | None


_SOURCE_COLUMNS = """id, location, format, title, n_posts, n_failures, read_at, position,
    metadata_columns, read_as, stamp"""


def source(db: Database, location: str) -> SourceRow | None:
    row = db.one(
        f"SELECT {_SOURCE_COLUMNS} FROM sources WHERE location = ?",
        (to_sql(location),),
    )
    return None if row is None else db.decode(_to_source, [row])[0]


def recent_sources(db: Database, limit: int) -> list[SourceRow]:
    rows = db.all(
        f"SELECT {_SOURCE_COLUMNS} FROM sources ORDER BY opened_at DESC, id DESC LIMIT ?",
        (limit,),
    )
    return db.decode(_to_source, rows)


def remember_position(db: Database, source_id: int, position: str) -> None:
    db.run(
        "UPDATE sources SET position = ?, opened_at = ? WHERE id = ?",
        (to_sql(position), now(), source_id),
    )


def current_reading(db: Database, source_id: int) -> int:
    """Find which rows are the source's now.

    Raises:
        StoreError: there is no such source.
    """
    row = db.one("SELECT reading FROM sources WHERE id = ?", (source_id,))
    if row is None:
        raise StoreError(f"source {source_id} is not in {db.path}", "Open the source again.")
    return int(row[0])


def count_rows(db: Database, source_id: int) -> int:
    reading = current_reading(db, source_id)
    row = db.one("SELECT count(*) FROM posts INDEXED BY posts_by_ordinal WHERE reading = ?", (reading,))
    assert row is not None
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
            (reading, last, CHUNK),
        )
        check_reading(db, source_id, reading)
        if not rows:
            return
        yield from db.decode(to_stored, rows)
        last = rows[-1][0]


def post(db: Database, source_id: int, ordinal: int) -> StoredPost:
    row = db.one(
        f"SELECT {POST_COLUMNS} FROM posts LEFT JOIN contents ON contents.id = content_id"
        " WHERE reading = ? AND ordinal = ?",
        (current_reading(db, source_id), ordinal),
    )
    if row is None:
        raise StoreError(f"the source has no post number {ordinal}", "Open the source again.")
    return db.decode(to_stored, [row])[0]


def truth_kinds(db: Database, source_id: int) -> list[str]:
    rows = db.all(
        "SELECT DISTINCT judged.key FROM posts, json_each(posts.truth) AS judged"
        " WHERE posts.reading = ? AND posts.truth <> '{}' ORDER BY judged.key",
        (current_reading(db, source_id),),
    )
    return [str(kind) for (kind,) in rows]


def to_stored(row: tuple[Any, ...]) -> StoredPost:
    """Rebuild what `POST_COLUMNS` selected."""
    (ordinal, post_id, text, author, created_at, language, encoding, digest) = row[:8]
    (pictures, metadata, truth, failure, image_text) = row[8:N_POST_COLUMNS]
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
        image_text=from_sql(image_text or ""),
    )
    return StoredPost(ordinal, whole, None)


def _to_source(row: tuple[Any, ...]) -> SourceRow:
    return SourceRow(
        row[0], from_sql(row[1]), row[2], from_sql(row[3]), row[4], row[5], row[6],
        from_sql(row[7]), tuple(json.loads(row[8])), ReadAs(**json.loads(row[9])), row[10],
    )  # fmt: skip


def now() -> str:
    """Tell the time as ISO 8601 UTC."""
    return datetime.now(UTC).isoformat()
