"""Undo and redo of corrections, over restarts.

Nothing is taken out of the list of corrections: a step back or forth appends rows that say once more
what was said before, each in the name of who said it. What is remembered here is which rows were
one act of the user.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

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
from mmsa_tui.store.uids import is_vote, made_again


@dataclass(frozen=True, slots=True)
class Step:
    """One undo or redo: what it was about, and which posts it changed.

    `n_kept` posts had been changed by something else since, and were left as they are.
    """

    title: str
    content_hashes: tuple[str, ...]
    n_kept: int


@dataclass(frozen=True, slots=True)
class _Changed:
    """A post of an act: what counted before, what its analyst had said, and the act's last row.

    `answer` is what the analyst had said inside the same audit, if the act belongs to one.
    """

    before: Correction
    own: Correction
    answer: Correction
    after: Correction


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


def undo(db: Database, scope: str) -> Step | None:
    return _step(db, scope, back=True)


def redo(db: Database, scope: str) -> Step | None:
    return _step(db, scope, back=False)


def undoable(db: Database, scope: str) -> str | None:
    found = _next_act(db, scope, back=True)
    return None if found is None else found[1]


def redoable(db: Database, scope: str) -> str | None:
    found = _next_act(db, scope, back=False)
    return None if found is None else found[1]


def _step(db: Database, scope: str, *, back: bool) -> Step | None:
    with db.transaction():
        found = _next_act(db, scope, back=back)
        if found is None:
            return None
        act, title, first, last = found
        restoring: list[Correction] = []
        n_kept = 0
        for digest, changed in _changes(db, first, last).items():
            expected = changed.after if back else changed.before
            now = current_state(db, digest)
            if now is None or _says(now) != _says(expected):
                n_kept += 1
                continue
            restoring += _taken_back(changed) if back else [_again(changed.after)]
        add_corrections(db, restoring)
        db.run("UPDATE acts SET undone = ? WHERE id = ?", (back, act))
    return Step(title, tuple(dict.fromkeys(correction.content_hash for correction in restoring)), n_kept)


def _next_act(db: Database, scope: str, *, back: bool) -> tuple[int, str, int, int] | None:
    newest_or_oldest = "DESC" if back else "ASC"
    row = db.one(
        "SELECT id, title, first_seq, last_seq FROM acts WHERE scope = ? AND undone = ?"
        f" ORDER BY id {newest_or_oldest} LIMIT 1",
        (to_sql(scope), not back),
    )
    return None if row is None else (row[0], from_sql(row[1]), row[2], row[3])


def _changes(db: Database, first: int, last: int) -> dict[str, _Changed]:
    rows = db.all(
        f"SELECT {CORRECTION_COLUMNS}, created_us, seq FROM corrections"
        " WHERE seq BETWEEN ? AND ? ORDER BY seq",
        (first, last),
    )
    changes: dict[str, _Changed] = {}
    for *columns, created_us, seq in rows:
        after = to_correction(tuple(columns))
        known = changes.get(after.content_hash)
        changes[after.content_hash] = (
            _Changed(*_before(db, after, created_us, seq), after)
            if known is None
            else replace(known, after=after)
        )
    return changes


def _before(
    db: Database, act: Correction, created_us: int, seq: int
) -> tuple[Correction, Correction, Correction]:
    """Find what counted before an act, and what its analyst had last said, at all and inside the same audit.

    Where there is nothing of the kind, it is the act withdrawn.
    """
    rows = db.all(
        f"SELECT {CORRECTION_COLUMNS} FROM corrections"
        " WHERE content_hash = ? AND (created_us, seq) < (?, ?) ORDER BY created_us DESC, seq DESC",
        (act.content_hash, created_us, seq),
    )
    earlier = db.decode(to_correction, rows)
    withdrawn = replace(act, uid="", new_label="", old_label=act.new_label, note="", flagged=False)
    own = [made for made in earlier if made.analyst == act.analyst and is_vote(made.uid)]
    answer = (made for made in own if made.origin == act.origin)
    before = earlier[0] if earlier else withdrawn
    return before, own[0] if own else withdrawn, next(answer, withdrawn)


def _taken_back(changed: _Changed) -> list[Correction]:
    """Restore what counted; before that what the act's analyst had said, if that is not the same.

    An audit counts the latest answer of its own, so the answer before this one is said again too.
    """
    restored = [changed.own, changed.before]
    if changed.after.origin:
        restored.insert(0, changed.answer)
    # What is said once more right after needs no saying before.
    last = [one for one, then in pairwise(restored) if one.uid != then.uid]
    return [_again(one) for one in (*last, changed.before)]


def _again(act: Correction) -> Correction:
    return replace(act, uid=made_again(act.uid) if act.uid else "", created_at="")


def _says(act: Correction) -> tuple[str, str, bool, str]:
    """Name all that a correction can change of a post, and who says so."""
    return (act.new_label, act.note, act.flagged, act.analyst)
