"""A source taken out of a store for good: its posts, what was said of them, and every trace of their words.

The one place that may delete corrections. Freed pages are overwritten, the full-text index is written
anew, and the file shrinks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from mmsa_tui.store import image_texts
from mmsa_tui.store.codec import to_sql
from mmsa_tui.store.database import Database

_OWN = """SELECT DISTINCT content_id FROM posts
    WHERE content_id IS NOT NULL AND reading IN (SELECT id FROM readings WHERE location = ?1)
    AND content_id NOT IN (SELECT content_id FROM posts WHERE content_id IS NOT NULL
        AND reading NOT IN (SELECT id FROM readings WHERE location = ?1))"""
"""Contents that no other source holds."""
_KEEPS_ACTS = "correction_is_never_removed"


def own_contents(db: Database, location: str) -> list[str]:
    """List the content hashes of posts that only this source holds."""
    rows = db.all(f"SELECT hash FROM contents WHERE id IN ({_OWN})", (to_sql(location),))
    return [str(digest) for (digest,) in rows]


def count_said(db: Database, location: str) -> tuple[int, int]:
    """Count the predictions and the corrections that go with a source."""
    own = f"SELECT hash FROM contents WHERE id IN ({_OWN})"
    counts = [
        db.all(question, (to_sql(location),))[0][0]
        for question in (
            f"SELECT count(*) FROM predictions WHERE content_id IN ({_OWN})",
            f"SELECT count(*) FROM corrections WHERE content_hash IN ({own})",
        )
    ]
    return int(counts[0]), int(counts[1])


def erase(db: Database, location: str, contents: Sequence[str]) -> None:
    """Take a source and these contents out; done again after an interruption it finishes the work.

    Raises:
        StoreError: another program holds the store, or the disk is full; nothing is then half gone.
    """
    db.all("PRAGMA secure_delete = ON")
    place = to_sql(location)
    with _unlinked(db), db.transaction():
        readings = [row[0] for row in db.all("SELECT id FROM readings WHERE location = ?", (place,))]
        db.run("DELETE FROM sources WHERE location = ?", (place,))
        for reading in readings:
            db.run("DELETE FROM posts WHERE reading = ?", (reading,))
            db.run("DELETE FROM readings WHERE id = ?", (reading,))
        audits = "(SELECT id FROM audits WHERE location = ?)"
        db.run(f"DELETE FROM audit_posts WHERE audit_id IN {audits}", (place,))
        db.run(f"DELETE FROM audit_strata WHERE audit_id IN {audits}", (place,))
        db.run("DELETE FROM audits WHERE location = ?", (place,))
        with _acts_may_go(db):
            _erase_contents(db, contents)
        image_texts.forget_unseen(db)
        # An undo list that points at acts that are gone has nothing to undo.
        db.run(
            "DELETE FROM acts WHERE NOT EXISTS"
            " (SELECT 1 FROM corrections WHERE seq BETWEEN first_seq AND last_seq)"
        )
        # Also merges away the words of posts that were deleted before.
        db.run("INSERT INTO post_text (post_text) VALUES ('optimize')")
        db.run("INSERT INTO image_words (image_words) VALUES ('optimize')")
    db.all("PRAGMA wal_checkpoint(TRUNCATE)")
    db.run("VACUUM")
    db.all("PRAGMA wal_checkpoint(TRUNCATE)")


def _erase_contents(db: Database, contents: Sequence[str]) -> None:
    """Delete contents that no post has any more, with all that was said of them."""
    db.run("CREATE TEMP TABLE going (id INTEGER PRIMARY KEY, hash TEXT NOT NULL)")
    db.run_many(
        "INSERT OR IGNORE INTO going SELECT id, hash FROM contents WHERE hash = ?",
        [(digest,) for digest in contents],
    )
    db.run("DELETE FROM going WHERE id IN (SELECT content_id FROM posts WHERE content_id IS NOT NULL)")
    for table in ("predictions", "current_correction", "image_texts"):
        db.run(f"DELETE FROM {table} WHERE content_id IN (SELECT id FROM going)")
    db.run("DELETE FROM corrections WHERE content_hash IN (SELECT hash FROM going)")
    db.run("DELETE FROM contents WHERE id IN (SELECT id FROM going)")
    db.run("DROP TABLE going")


@contextmanager
def _unlinked(db: Database) -> Iterator[None]:
    """Keep SQLite from looking through all posts and predictions for each content that goes."""
    db.all("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        db.all("PRAGMA foreign_keys = ON")


@contextmanager
def _acts_may_go(db: Database) -> Iterator[None]:
    """Lift the rule that corrections are never removed, within one transaction."""
    rule = db.one("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = ?", (_KEEPS_ACTS,))
    if rule is None:
        yield
        return
    db.run(f"DROP TRIGGER {_KEEPS_ACTS}")
    yield
    db.run(rule[0])
