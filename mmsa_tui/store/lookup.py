"""Finding posts by what they are, over all sources that have been read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mmsa_tui.records import Post
from mmsa_tui.store.codec import from_sql, to_sql
from mmsa_tui.store.database import Database
from mmsa_tui.store.posts import CHUNK, POST_COLUMNS, to_stored


def posts_with_content(db: Database, content_hashes: Sequence[str]) -> Iterator[Post]:
    for start in range(0, len(content_hashes), CHUNK):
        part = content_hashes[start : start + CHUNK]
        rows = db.all(
            f"SELECT {POST_COLUMNS} FROM contents CROSS JOIN sources"
            " JOIN posts ON posts.reading = sources.reading AND posts.content_id = contents.id"
            f" WHERE contents.hash IN ({', '.join('?' * len(part))})"
            " ORDER BY sources.opened_at DESC, posts.id",
            part,
        )
        for row in rows:
            post = to_stored(row).post
            if post is not None:
                yield post


def contents_of(db: Database, post_ids: Sequence[str], source_id: int | None) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for start in range(0, len(post_ids), CHUNK):
        part = [to_sql(post_id) for post_id in post_ids[start : start + CHUNK]]
        rows = db.all(
            "SELECT posts.post_id, contents.hash FROM sources"
            " JOIN posts ON posts.reading = sources.reading JOIN contents ON contents.id = content_id"
            f" WHERE posts.post_id IN ({', '.join('?' * len(part))})"
            " AND sources.id = coalesce(?, sources.id)",
            (*part, source_id),
        )
        for post_id, digest in rows:
            found.setdefault(from_sql(post_id), set()).add(digest)
    return found


def places_of(db: Database, content_hash: str) -> list[tuple[int, int]]:
    rows = db.all(
        "SELECT sources.id, posts.ordinal FROM contents CROSS JOIN sources"
        " JOIN posts ON posts.reading = sources.reading AND posts.content_id = contents.id"
        " WHERE contents.hash = ? ORDER BY sources.opened_at DESC, sources.id, posts.ordinal",
        (content_hash,),
    )
    return [(int(source_id), int(ordinal)) for source_id, ordinal in rows]
