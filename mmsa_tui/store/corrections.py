"""What analysts decided: an append-only list, and the state it leaves each post in.

The state of a post is the fields of its latest row, all of them: `new_label` is the corrected
label ("" = none), `note` its note, `flagged` its flag. So each act repeats what it does not
change: a note on a post labelled positive is a row with `new_label` positive and the note; undo
is a row with the fields of the act before, its analyst too. Latest is by `created_at`, then by
order of arrival, so that two laptops that merge each other's corrections agree. The tables'
triggers refuse UPDATE and DELETE and keep `current_correction` in the same transaction.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from mmsa_tui.errors import StoreError
from mmsa_tui.records import Correction
from mmsa_tui.store.codec import floats_from_json, floats_to_json, from_sql, to_sql
from mmsa_tui.store.database import Database

CORRECTION_COLUMNS = """corrections.uid, corrections.content_hash, corrections.new_label,
    corrections.old_label, corrections.probs, corrections.bundle, corrections.analyst,
    corrections.created_at, corrections.note, corrections.flagged, corrections.post_id,
    corrections.text, corrections.origin"""
"""What `to_correction` needs."""

_CHUNK = 1000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_US = timedelta(microseconds=1)
# A time in a zone west of Greenwich can be later than the last one of UTC.
_LAST_ZONE = timezone(_US - timedelta(days=1))
_LAST_UTC_US = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _US
_LAST_US = (datetime.max.replace(tzinfo=_LAST_ZONE) - _EPOCH) // _US


def add_corrections(db: Database, corrections: Sequence[Correction]) -> int:
    with db.transaction():
        before = last_seq(db)
        for correction in corrections:
            dated, created_us = _dated(db, correction)
            db.run(_INSERT, _to_row(dated, created_us))
        return last_seq(db) - before


def date_corrections(db: Database, made: Sequence[Correction]) -> list[Correction]:
    latest: dict[str, int] = {}
    found: list[Correction] = []
    for correction in made:
        known = db.one("SELECT created_at FROM corrections WHERE uid = ?", (correction.uid,))
        if known is not None:
            found.append(replace(correction, created_at=known[0]))
            continue
        dated, created_us = _dated(db, correction, latest.get(correction.content_hash))
        latest[dated.content_hash] = max(created_us, latest.get(dated.content_hash, created_us))
        found.append(dated)
    return found


_INSERT = """INSERT INTO corrections (uid, content_hash, new_label, old_label, probs, bundle,
    analyst, created_at, created_us, note, flagged, post_id, text, origin)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""


def corrections(db: Database, content_hash: str | None = None) -> Iterator[Correction]:
    if content_hash is not None:
        rows = db.all(
            f"SELECT {CORRECTION_COLUMNS} FROM corrections WHERE content_hash = ? ORDER BY created_us, seq",
            (content_hash,),
        )
        yield from db.decode(to_correction, rows)
        return
    last = -1
    while True:
        rows = db.all(
            f"SELECT {CORRECTION_COLUMNS}, seq FROM corrections WHERE seq > ? ORDER BY seq LIMIT ?",
            (last, _CHUNK),
        )
        if not rows:
            return
        yield from db.decode(to_correction, rows)
        last = rows[-1][-1]


def current_corrections(db: Database) -> Iterator[Correction]:
    last = -1
    while True:
        rows = db.all(
            f"SELECT {CORRECTION_COLUMNS}, corrections.seq FROM current_correction"
            " JOIN corrections USING (seq)"
            " WHERE label <> '' AND seq > ? ORDER BY seq LIMIT ?",
            (last, _CHUNK),
        )
        if not rows:
            return
        yield from db.decode(to_correction, rows)
        last = rows[-1][-1]


def count_corrected(db: Database) -> int:
    row = db.one("SELECT count(*) FROM current_correction WHERE label <> ''")
    assert row is not None
    return int(row[0])


def current_state(db: Database, content_hash: str) -> Correction | None:
    row = db.one(
        f"SELECT {CORRECTION_COLUMNS} FROM contents JOIN current_correction"
        " ON content_id = contents.id JOIN corrections USING (seq) WHERE contents.hash = ?",
        (content_hash,),
    )
    return None if row is None else db.decode(to_correction, [row])[0]


def to_correction(row: tuple[Any, ...]) -> Correction:
    """Rebuild what `CORRECTION_COLUMNS` selected."""
    (uid, digest, new_label, old_label, probs, bundle) = row[:6]
    (analyst, created_at, note, flagged, post_id, text, origin) = row[6:13]
    return Correction(
        uid=uid,
        content_hash=digest,
        new_label=new_label,
        old_label=old_label,
        probs=floats_from_json(probs) or (),
        bundle=bundle,
        analyst=from_sql(analyst),
        created_at=created_at,
        note=from_sql(note),
        flagged=bool(flagged),
        post_id=from_sql(post_id),
        text=from_sql(text),
        origin=origin,
    )


def _dated(db: Database, correction: Correction, latest_us: int | None = None) -> tuple[Correction, int]:
    """Fill in an empty uid and time; the time is always after the state the act replaces.

    A laptop's clock may jump back, or a colleague's run ahead; a key pressed now must count all
    the same.

    Args:
        latest_us: when an act on the post was made that is yet to be added.
    """
    if not correction.content_hash:
        raise StoreError(
            f"correction {correction.uid or '(new)'} names no post",
            "Every correction needs the content hash of its post.",
        )
    uid = correction.uid or uuid.uuid4().hex
    if correction.created_at:
        created_us = _to_us(correction.created_at, uid)
        return replace(correction, uid=uid), created_us
    row = db.one(
        "SELECT created_us FROM current_correction"
        " WHERE content_id = (SELECT id FROM contents WHERE hash = ?)",
        (correction.content_hash,),
    )
    created_us = (datetime.now(UTC) - _EPOCH) // _US
    for replaced_us in (latest_us, None if row is None else row[0]):
        if replaced_us is not None:
            created_us = max(created_us, replaced_us + 1)
    # Of acts at one instant the one that arrived last counts.
    created_us = min(created_us, _LAST_US)
    return replace(correction, uid=uid, created_at=_to_time(created_us)), created_us


def _to_time(created_us: int) -> str:
    zone = UTC if created_us <= _LAST_UTC_US else _LAST_ZONE
    return (_EPOCH.astimezone(zone) + created_us * _US).isoformat(timespec="microseconds")


def _to_us(created_at: str, uid: str) -> int:
    try:
        moment = datetime.fromisoformat(created_at)
    except ValueError as error:
        raise StoreError(
            f"correction {uid} has the time {created_at!r}",
            "Write it as in 2024-05-01T14:03:00+00:00.",
        ) from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // _US


def _to_row(correction: Correction, created_us: int) -> tuple[str | bytes | int | None, ...]:
    return (
        correction.uid,
        correction.content_hash,
        correction.new_label,
        correction.old_label,
        floats_to_json(correction.probs),
        correction.bundle,
        to_sql(correction.analyst),
        correction.created_at,
        created_us,
        to_sql(correction.note),
        correction.flagged,
        to_sql(correction.post_id),
        to_sql(correction.text),
        correction.origin,
    )


def last_seq(db: Database) -> int:
    """Find the number of the newest act; inside one transaction numbers run without gaps."""
    row = db.one("SELECT coalesce(max(seq), 0) FROM corrections")
    assert row is not None
    return int(row[0])
