"""What was read in pictures: by picture, so that none is read twice, and by post, to be joined and searched.

A post counts as looked at once there is a row for its content, even an empty one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from mmsa_tui.records import Post
from mmsa_tui.store.codec import from_sql, to_sql
from mmsa_tui.store.database import Database
from mmsa_tui.store.posts import CHUNK, POST_COLUMNS, current_reading, to_stored
from mmsa_tui.store.rows import Where, view

_UNREAD = Where(
    "has_image = 1 AND failure IS NULL AND NOT EXISTS"
    " (SELECT 1 FROM image_texts WHERE image_texts.content_id = seen.content_id)"
)


class ImageTexts:
    """The words in the pictures of all posts in a database."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def unread(self, source_id: int, bundle: str, where: Where | None = None) -> Iterator[Post]:
        """Walk through posts whose pictures nobody has read; what is saved during the walk does not come."""
        db = self._db
        reading, last = current_reading(db, source_id), -1
        shown, params = view(db, reading, bundle, where)
        while True:
            found = db.all(
                f"SELECT {POST_COLUMNS} FROM posts LEFT JOIN contents ON contents.id = content_id"
                f" WHERE reading = ? AND ordinal IN (SELECT ordinal FROM (SELECT * FROM {shown}) AS seen"
                f" WHERE {_UNREAD.sql} AND ordinal > ? ORDER BY ordinal LIMIT ?) ORDER BY ordinal",
                (reading, *params, last, CHUNK),
            )
            if not found:
                return
            for stored in db.decode(to_stored, found):
                if stored.post is not None:
                    yield stored.post
            last = found[-1][0]

    def count_unread(self, source_id: int, bundle: str, where: Where | None = None) -> int:
        """Count the different posts that `unread` has to offer."""
        db = self._db
        shown, params = view(db, current_reading(db, source_id), bundle, where)
        row = db.one(
            f"SELECT count(DISTINCT content_id) FROM (SELECT * FROM {shown}) AS seen WHERE {_UNREAD.sql}",
            params,
        )
        assert row is not None
        return int(row[0])

    def is_read(self, content_hash: str) -> bool:
        """Whether the pictures of a post have been read for words."""
        return (
            self._db.one(
                "SELECT 1 FROM image_texts WHERE content_id = (SELECT id FROM contents WHERE hash = ?)",
                (content_hash,),
            )
            is not None
        )

    def of_pictures(self, digests: Sequence[str]) -> dict[str, str]:
        """Look up what was read in pictures, by `hash_bytes`; those not read are left out."""
        marks = ",".join("?" * len(digests))
        found = self._db.all(
            f"SELECT digest, text FROM picture_texts WHERE digest IN ({marks})", tuple(digests)
        )
        return {str(digest): from_sql(text) for digest, text in found}

    def save(self, pictures: Mapping[str, str], posts: Mapping[str, str]) -> None:
        """Keep what was read: by digest of the picture, and all of it by content hash of the post.

        Predictions of posts in which words were found are dropped: they were made without them.
        """
        db = self._db
        with db.transaction():
            db.run_many(
                "INSERT OR REPLACE INTO picture_texts (digest, text) VALUES (?, ?)",
                [(digest, to_sql(text)) for digest, text in pictures.items()],
            )
            hashes = [(digest,) for digest in posts]
            db.run_many("INSERT INTO contents (hash) VALUES (?) ON CONFLICT DO NOTHING", hashes)
            the_content = "(SELECT id FROM contents WHERE hash = ?)"
            db.run_many(f"DELETE FROM image_texts WHERE content_id = {the_content}", hashes)
            db.run_many(
                f"INSERT INTO image_texts (content_id, text) VALUES ({the_content}, ?)",
                [(digest, to_sql(text)) for digest, text in posts.items()],
            )
            # What was said of a post before its pictures were read was said of half of its words.
            db.run_many(
                f"DELETE FROM predictions WHERE content_id = {the_content}",
                [(digest,) for digest, text in posts.items() if text],
            )


def forget_unseen(db: Database) -> None:
    """Remove what was read in pictures that no post has any more."""
    db.run(
        "DELETE FROM picture_texts WHERE digest NOT IN (SELECT json_extract(picture.value, '$[4]')"
        " FROM posts, json_each(posts.pictures) AS picture)"
    )
