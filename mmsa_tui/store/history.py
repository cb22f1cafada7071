"""Undo and redo of corrections, over restarts.

Nothing is taken out of the list of corrections: a step back or forth appends rows that restore a
state. What is remembered here is which rows were one act of the user.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mmsa_tui.records import Correction
from mmsa_tui.store.codec import from_sql, to_sql
from mmsa_tui.store.corrections import (
    CORRECTION_COLUMNS,
    add_corrections,
    current_state,
    last_seq,
    to_correction,
)
from mmsa_tui.store.database import Database


@dataclass(frozen=True, slots=True)
class Step:
    """One undo or redo: what it was about, and which posts it changed.

    `n_kept` posts had been changed by something else since, and were left as they are.
    """

    title: str
    content_hashes: tuple[str, ...]
    n_kept: int


State = tuple[str, str, bool]
"""Label, note and flag: all that a correction can change of a post."""

_NOTHING: State = ("", "", False)


def record_act(db: Database, made: Sequence[Correction], title: str, scope: str) -> int:
    with db.transaction():
        first = last_seq(db) + 1
        n_new = add_corrections(db, made)
        if n_new:
            db.run("DELETE FROM acts WHERE scope = ? AND undone = 1", (to_sql(scope),))
            db.run(
                "INSERT INTO acts (scope, title, first_seq, last_seq) VALUES (?, ?, ?, ?)",
                (to_sql(scope), to_sql(title), first, last_seq(db)),
            )
        return n_new


def undo(db: Database, scope: str, analyst: str) -> Step | None:
    return _step(db, scope, analyst, back=True)


def redo(db: Database, scope: str, analyst: str) -> Step | None:
    return _step(db, scope, analyst, back=False)


def undoable(db: Database, scope: str) -> str | None:
    found = _next_act(db, scope, back=True)
    return None if found is None else found[1]


def redoable(db: Database, scope: str) -> str | None:
    found = _next_act(db, scope, back=False)
    return None if found is None else found[1]


def _step(db: Database, scope: str, analyst: str, *, back: bool) -> Step | None:
    with db.transaction():
        found = _next_act(db, scope, back=back)
        if found is None:
            return None
        act, title, first, last = found
        restoring: list[Correction] = []
        n_kept = 0
        for digest, (before, after, latest) in _changes(db, first, last).items():
            origin, goal = (after, before) if back else (before, after)
            if _state(current_state(db, digest)) != origin:
                n_kept += 1
                continue
            restoring.append(_restore(latest, goal, analyst, origin[0]))
        add_corrections(db, restoring)
        db.run("UPDATE acts SET undone = ? WHERE id = ?", (back, act))
    return Step(title, tuple(correction.content_hash for correction in restoring), n_kept)


def _next_act(db: Database, scope: str, *, back: bool) -> tuple[int, str, int, int] | None:
    newest_or_oldest = "DESC" if back else "ASC"
    row = db.one(
        "SELECT id, title, first_seq, last_seq FROM acts WHERE scope = ? AND undone = ?"
        f" ORDER BY id {newest_or_oldest} LIMIT 1",
        (to_sql(scope), not back),
    )
    return None if row is None else (row[0], from_sql(row[1]), row[2], row[3])


def _changes(db: Database, first: int, last: int) -> dict[str, tuple[State, State, Correction]]:
    """Find for each post of an act the state before, the state after, and the act's last row."""
    rows = db.all(
        f"SELECT {CORRECTION_COLUMNS}, created_us, seq FROM corrections"
        " WHERE seq BETWEEN ? AND ? ORDER BY seq",
        (first, last),
    )
    changes: dict[str, tuple[State, State, Correction]] = {}
    for *columns, created_us, seq in rows:
        correction = to_correction(tuple(columns))
        digest = correction.content_hash
        before = changes[digest][0] if digest in changes else _before(db, digest, created_us, seq)
        changes[digest] = (before, _state(correction), correction)
    return changes


def _before(db: Database, digest: str, created_us: int, seq: int) -> State:
    row = db.one(
        "SELECT new_label, note, flagged FROM corrections"
        " WHERE content_hash = ? AND (created_us, seq) < (?, ?)"
        " ORDER BY created_us DESC, seq DESC LIMIT 1",
        (digest, created_us, seq),
    )
    return _NOTHING if row is None else (row[0], from_sql(row[1]), bool(row[2]))


def _state(correction: Correction | None) -> State:
    if correction is None:
        return _NOTHING
    return (correction.new_label, correction.note, correction.flagged)


def _restore(latest: Correction, goal: State, analyst: str, shown: str) -> Correction:
    new_label, note, flagged = goal
    return Correction(
        uid="",
        content_hash=latest.content_hash,
        new_label=new_label,
        old_label=shown or latest.old_label,
        probs=latest.probs,
        bundle=latest.bundle,
        analyst=analyst or latest.analyst,
        note=note,
        flagged=flagged,
        post_id=latest.post_id,
        text=latest.text,
    )
