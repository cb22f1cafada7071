"""What analysts decided: an append-only list, and the state it leaves each post in.

Label, note and flag of a post are separate facts: each is what the latest row says that decides it, so
that nobody's label takes away another's note. A row also repeats the facts that it does not decide, as
they stood: programs of before facts were told apart read it whole. Latest is by `created_at`, then by
order of arrival, so that two laptops that merge each other's corrections agree. The tables' triggers
refuse UPDATE and DELETE and keep `current_correction` in the same transaction.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from mmsa_tui.errors import StoreError
from mmsa_tui.records import FACTS, Correction, Fact
from mmsa_tui.store.codec import floats_from_json, floats_to_json, from_sql, to_sql
from mmsa_tui.store.database import Database, Sql
from mmsa_tui.store.posts import current_reading
from mmsa_tui.store.schema import FACTS_SAID
from mmsa_tui.store.seals import seal_act

CORRECTION_COLUMNS = """corrections.uid, corrections.content_hash, corrections.new_label,
    corrections.old_label, corrections.probs, corrections.bundle, corrections.analyst,
    corrections.created_at, corrections.note, corrections.flagged, corrections.post_id,
    corrections.text, corrections.origin, corrections.facts"""
"""What `to_correction` needs."""
N_COLUMNS = 14

_CHUNK = 1000

_ALL = f"SELECT {CORRECTION_COLUMNS}, seq FROM corrections WHERE seq > ? ORDER BY seq LIMIT ?"
_CURRENT = (
    f"SELECT {CORRECTION_COLUMNS}, label_seq FROM current_correction"
    " JOIN corrections ON corrections.seq = label_seq"
    " WHERE label <> '' AND label_seq > ? ORDER BY label_seq LIMIT ?"
)
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
            is_made_now = not correction.created_at
            dated, created_us = _dated(db, correction)
            if not dated.facts:
                dated = replace(dated, facts=_facts_of(db, dated, created_us))
            elif is_made_now:
                dated = _with_state(db, dated)
            db.run(_INSERT, _to_row(dated, created_us))
        # Also if a transaction around this one is yet to be finished.
        db.after_commit("journal", lambda: write_journal(db))
        return last_seq(db) - before


def write_journal(db: Database) -> None:
    """Bring the journal up to date. Without it the act is made all the same: `mmsa doctor` tells."""
    if not db.is_in_place():
        # The journal is that of another store now, or was removed with this one.
        return
    try:
        last = db.journal.last_seq()
        # A journal that is ahead tells of another store, whose place this one has taken.
        last = last if last <= last_seq(db) else 0
        for rows in _by_seq(db, _ALL, last):
            db.journal.append([_journalled(to_correction(row), row[-1]) for row in rows])
    except (OSError, StoreError, ValueError):
        return


def _journalled(made: Correction, seq: int) -> dict[str, object]:
    seal = seal_act(made, to_us(made.created_at, made.uid))
    return {**asdict(made), "seq": seq, "format": 1, "seal": seal}


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
    analyst, created_at, created_us, note, flagged, post_id, text, origin, facts, seal)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""


def _facts_of(db: Database, act: Correction, created_us: int) -> tuple[Fact, ...]:
    """Find out what an act says that does not tell, by what was said of its post before."""
    columns = ["? AS uid", "? AS new_label", "? AS note", "? AS flagged"]
    values: list[Sql] = [act.uid, act.new_label, to_sql(act.note), act.flagged]
    for column, nothing in (("new_label", "''"), ("note", "''"), ("flagged", "0")):
        name = column.removeprefix("new_")
        for whose, condition in (("last", ""), ("own", "AND analyst = ?")):
            columns.append(
                f"coalesce((SELECT {column} FROM corrections WHERE content_hash = ? AND created_us <= ?"
                f" {condition} ORDER BY created_us DESC, seq DESC LIMIT 1), {nothing}) AS {whose}_{name}"
            )
            values += [act.content_hash, created_us, *([to_sql(act.analyst)] if condition else [])]
    row = db.one(f"SELECT {FACTS_SAID} FROM (SELECT {', '.join(columns)})", values)
    assert row is not None
    return to_facts(row[0])


def _with_state(db: Database, act: Correction) -> Correction:
    """Let an act repeat what it does not decide, as it stands."""
    now = current_state(db, act.content_hash)
    if now is None:
        return act
    return replace(
        act,
        new_label=act.new_label if act.says("label") else now.new_label,
        note=act.note if act.says("note") else now.note,
        flagged=act.flagged if act.says("flag") else now.flagged,
    )


def to_facts(text: str) -> tuple[Fact, ...]:
    """Read the facts of a row."""
    said = text.split()
    return tuple(fact for fact in FACTS if fact in said)


def corrections(db: Database, content_hash: str | None = None) -> Iterator[Correction]:
    if content_hash is not None:
        rows = db.all_legible(
            f"SELECT {CORRECTION_COLUMNS} FROM corrections WHERE content_hash = ? ORDER BY created_us, seq",
            (content_hash,),
        )
        yield from db.decode(to_correction, rows)
        return
    for rows in _by_seq(db, _ALL):
        yield from db.decode(to_correction, rows)


def current_corrections(db: Database) -> Iterator[Correction]:
    for rows in _by_seq(db, _CURRENT):
        yield from db.decode(to_correction, rows)


def _by_seq(db: Database, select: str, last: int = -1) -> Iterator[list[tuple[Any, ...]]]:
    """Walk through what comes after a number, a chunk at a time; no statement stays open between two.

    Args:
        select: its last column is the number that counts on.
    """
    while rows := db.all_legible(select, (last, _CHUNK)):
        yield rows
        last = rows[-1][-1]


def count_corrected(db: Database, source_id: int | None) -> int:
    here: str = ""
    params: tuple[int, ...] = ()
    if source_id is not None:
        here = (
            " AND EXISTS (SELECT 1 FROM posts WHERE reading = ?"
            " AND posts.content_id = current_correction.content_id)"
        )
        params = (current_reading(db, source_id),)
    row = db.one(f"SELECT count(*) FROM current_correction WHERE label <> ''{here}", params)
    assert row is not None
    return int(row[0])


def current_state(db: Database, content_hash: str) -> Correction | None:
    row = db.one(
        f"SELECT {CORRECTION_COLUMNS}, {STATE_COLUMNS} FROM contents JOIN current_correction"
        " ON content_id = contents.id JOIN corrections USING (seq) WHERE contents.hash = ?",
        (content_hash,),
    )
    return None if row is None else db.decode(to_state, [row])[0]


def current_acts(db: Database) -> Iterator[Correction]:
    for fact, value in (("label", "label <> ''"), ("note", "note <> ''"), ("flag", "flagged <> 0")):
        last = -1
        # An act that decides two facts is listed once.
        apart = {"label": "", "note": "AND note_seq IS NOT label_seq"}.get(
            fact, "AND flag_seq IS NOT label_seq AND flag_seq IS NOT note_seq"
        )
        while rows := db.all(
            f"SELECT {CORRECTION_COLUMNS}, {fact}_seq FROM current_correction"
            f" JOIN corrections ON corrections.seq = {fact}_seq"
            f" WHERE current_correction.{value} AND {fact}_seq > ? {apart} ORDER BY {fact}_seq LIMIT ?",
            (last, _CHUNK),
        ):
            yield from db.decode(to_correction, rows)
            last = rows[-1][-1]


def saying(db: Database, content_hash: str, fact: Fact) -> Correction | None:
    """Find the act that decides a fact of a post now."""
    row = db.one(
        f"SELECT {CORRECTION_COLUMNS} FROM contents JOIN current_correction ON content_id = contents.id"
        f" JOIN corrections ON corrections.seq = {fact}_seq WHERE contents.hash = ?",
        (content_hash,),
    )
    return None if row is None else db.decode(to_correction, [row])[0]


STATE_COLUMNS = "current_correction.label, current_correction.note, current_correction.flagged"
"""What `to_state` needs after `CORRECTION_COLUMNS`."""

SIGNERS = ", ".join(
    f"(SELECT analyst FROM corrections AS said WHERE said.seq = {fact}_seq)" for fact in ("note", "flag")
)
"""Who wrote the note, and who set the flag."""

_SAYS_LABEL = "(instr({0}.facts, 'label') OR {0}.facts = '')"
LABELLERS = f"""CASE WHEN current_correction.seq IS NOT NULL THEN (
    SELECT json_group_array(analyst) FROM corrections AS own
    WHERE own.content_hash = contents.hash AND own.new_label <> '' AND {_SAYS_LABEL.format("own")}
    AND NOT EXISTS (SELECT 1 FROM corrections AS later
        WHERE later.content_hash = own.content_hash AND later.analyst = own.analyst
        AND {_SAYS_LABEL.format("later")} AND (later.created_us, later.seq) > (own.created_us, own.seq))
) END"""
"""Whose own last label of the post is not taken back, whichever of them counts; a list in JSON."""


def to_state(row: tuple[Any, ...]) -> Correction:
    """Rebuild what stands of a post: all facts, signed by who gave the label, else by who said the rest."""
    label, note, flagged = row[N_COLUMNS : N_COLUMNS + 3]
    act = to_correction(row)
    return replace(act, new_label=label, note=from_sql(note), flagged=bool(flagged))


def to_correction(row: tuple[Any, ...]) -> Correction:
    """Rebuild what `CORRECTION_COLUMNS` selected."""
    (uid, digest, new_label, old_label, probs, bundle) = row[:6]
    (analyst, created_at, note, flagged, post_id, text, origin, facts) = row[6:N_COLUMNS]
    return Correction(
        uid=uid,
        content_hash=digest,
        new_label=new_label,
        old_label=old_label,
        probs=_probs_of(probs),
        bundle=bundle,
        analyst=from_sql(analyst),
        created_at=created_at,
        note=from_sql(note),
        flagged=bool(flagged),
        post_id=from_sql(post_id),
        text=from_sql(text),
        origin=origin,
        facts=to_facts(facts),
    )


def _probs_of(cell: str | None) -> tuple[float, ...]:
    """Read what the model had believed; a damaged cell costs that belief, not what the analyst said."""
    try:
        return floats_from_json(cell) or ()
    except (ValueError, TypeError, RecursionError):
        return ()


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
        created_us = to_us(correction.created_at, uid)
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
    return replace(correction, uid=uid, created_at=to_time(created_us)), created_us


def to_time(created_us: int) -> str:
    """Write a moment, in microseconds since 1970, as the time of a correction."""
    zone = UTC if created_us <= _LAST_UTC_US else _LAST_ZONE
    return (_EPOCH.astimezone(zone) + created_us * _US).isoformat(timespec="microseconds")


def to_us(created_at: str, uid: str) -> int:
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
        " ".join(correction.facts),
        seal_act(correction, created_us),
    )


def last_seq(db: Database) -> int:
    """Find the number of the newest act; inside one transaction numbers run without gaps."""
    row = db.one("SELECT coalesce(max(seq), 0) FROM corrections")
    assert row is not None
    return int(row[0])
