"""Undo and redo of corrections, over restarts.

Nothing is taken out of the list of corrections: a step back or forth appends rows that say once more
what was said before, each in the name of who said it, and of the facts that the act changed alone. What
is remembered here is which rows were one act of the user.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from mmsa_tui.records import Correction, Fact
from mmsa_tui.store.codec import from_sql, to_sql
from mmsa_tui.store.corrections import (
    CORRECTION_COLUMNS,
    add_corrections,
    last_seq,
    saying,
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
    """A fact of a post that an act has changed: what counted before, what its analyst had said, and the
    act's last row.

    `answer` is what the analyst had said inside the same audit, if the act belongs to one.
    """

    fact: Fact
    before: Correction
    own: Correction
    answer: Correction
    after: Correction


class Acts:
    """What users did, each act to be taken back and done again as one, over restarts."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def record(self, made: Sequence[Correction], title: str, scope: str = "") -> int:
        """Append corrections as one act that `undo` takes back as one.

        Args:
            title: what the user did, for "undo ...".
            scope: whose undo list it is on, such as a source; `redo` is over for that scope.

        Returns:
            How many corrections were new.
        """
        db = self._db
        with db.transaction():
            first = last_seq(db) + 1
            n_new = add_corrections(db, made)
            if n_new:
                # What others have taken back stays for them to do again.
                db.run(
                    "DELETE FROM acts WHERE scope = ? AND undone = 1 AND"
                    " (SELECT analyst FROM corrections WHERE seq = first_seq) = ?",
                    (to_sql(scope), to_sql(made[0].analyst)),
                )
                db.run(
                    "INSERT INTO acts (scope, title, first_seq, last_seq) VALUES (?, ?, ?, ?)",
                    (to_sql(scope), to_sql(title), first, last_seq(db)),
                )
            return n_new

    def undo(self, scope: str = "", analyst: str | None = None) -> Step | None:
        """Take back the latest act of the scope by appending what was before; None if none is left.

        What was before is again that of the analyst who said it. Facts that have been changed since by
        something else stay as they are.

        Args:
            analyst: only what this analyst did; None for anybody's.
        """
        return _step(self._db, scope, analyst, back=True)

    def redo(self, scope: str = "", analyst: str | None = None) -> Step | None:
        """Do again what `undo` took back last, as the act of the same analyst; None if nothing is left."""
        return _step(self._db, scope, analyst, back=False)

    def undoable(self, scope: str = "", analyst: str | None = None) -> str | None:
        """Name the act that `undo` would take back."""
        found = _next_act(self._db, scope, analyst, back=True)
        return None if found is None else found[1]

    def redoable(self, scope: str = "", analyst: str | None = None) -> str | None:
        """Name the act that `redo` would do again."""
        found = _next_act(self._db, scope, analyst, back=False)
        return None if found is None else found[1]

    def last_actor(self, scope: str = "") -> str | None:
        """Name the analyst of the latest act that has not been taken back; None if there is none."""
        row = self._db.one(
            "SELECT analyst FROM acts JOIN corrections ON seq = first_seq"
            " WHERE scope = ? AND undone = 0 ORDER BY acts.id DESC LIMIT 1",
            (to_sql(scope),),
        )
        return None if row is None else from_sql(row[0])


def _step(db: Database, scope: str, analyst: str | None, *, back: bool) -> Step | None:
    with db.transaction():
        found = _next_act(db, scope, analyst, back=back)
        if found is None:
            return None
        act, title, first, last = found
        restoring: list[Correction] = []
        kept: set[str] = set()
        for changed in _changes(db, first, last):
            digest = changed.after.content_hash
            expected = changed.after if back else changed.before
            now = saying(db, digest, changed.fact)
            if now is None or _says(now, changed.fact) != _says(expected, changed.fact):
                kept.add(digest)
                continue
            said = _taken_back(changed) if back else [_again(changed.after)]
            restoring += [replace(one, facts=(changed.fact,)) for one in said]
        add_corrections(db, restoring)
        db.run("UPDATE acts SET undone = ? WHERE id = ?", (back, act))
    restored = dict.fromkeys(correction.content_hash for correction in restoring)
    return Step(title, tuple(restored), len(kept - restored.keys()))


def _next_act(
    db: Database, scope: str, analyst: str | None, *, back: bool
) -> tuple[int, str, int, int] | None:
    newest_or_oldest = "DESC" if back else "ASC"
    whose, signed = ("", ()) if analyst is None else (" AND analyst = ?", (to_sql(analyst),))
    row = db.one(
        "SELECT id, title, first_seq, last_seq FROM acts JOIN corrections ON seq = first_seq"
        f" WHERE scope = ? AND undone = ?{whose} ORDER BY id {newest_or_oldest} LIMIT 1",
        (to_sql(scope), not back, *signed),
    )
    return None if row is None else (row[0], from_sql(row[1]), row[2], row[3])


def _changes(db: Database, first: int, last: int) -> list[_Changed]:
    rows = db.all(
        f"SELECT {CORRECTION_COLUMNS}, created_us, seq FROM corrections"
        " WHERE seq BETWEEN ? AND ? ORDER BY seq",
        (first, last),
    )
    changes: dict[tuple[str, Fact], _Changed] = {}
    for *columns, created_us, seq in rows:
        after = to_correction(tuple(columns))
        # The label last: it is the last thing that is said of a post when the act is taken back.
        for fact in reversed(after.facts):
            known = changes.get((after.content_hash, fact))
            changes[after.content_hash, fact] = (
                _Changed(fact, *_before(db, after, fact, created_us, seq), after)
                if known is None
                else replace(known, after=after)
            )
    return list(changes.values())


def _before(
    db: Database, act: Correction, fact: Fact, created_us: int, seq: int
) -> tuple[Correction, Correction, Correction]:
    """Find what counted before an act, and what its analyst had last said, at all and inside the same audit.

    Where there is nothing of the kind, it is the act withdrawn.
    """
    rows = db.all(
        f"SELECT {CORRECTION_COLUMNS} FROM corrections"
        " WHERE content_hash = ? AND (created_us, seq) < (?, ?) ORDER BY created_us DESC, seq DESC",
        (act.content_hash, created_us, seq),
    )
    earlier = [made for made in db.decode(to_correction, rows) if made.says(fact)]
    withdrawn = replace(act, uid="", new_label="", old_label=act.new_label, note="", flagged=False)
    own = [made for made in earlier if made.analyst == act.analyst and is_vote(made.uid)]
    answer = (made for made in own if made.origin == act.origin)
    before = earlier[0] if earlier else withdrawn
    return before, own[0] if own else withdrawn, next(answer, withdrawn)


def _taken_back(changed: _Changed) -> list[Correction]:
    """Restore what counted; of a label before that what the act's analyst had said, if that is not the same.

    An audit counts the latest answer of its own, so the answer before this one is said again too.
    """
    if changed.fact != "label":
        return [_again(changed.before)]
    restored = [changed.own, changed.before]
    if changed.after.origin:
        restored.insert(0, changed.answer)
    # What is said once more right after needs no saying before.
    last = [one for one, then in pairwise(restored) if one.uid != then.uid]
    return [_again(one) for one in (*last, changed.before)]


def _again(act: Correction) -> Correction:
    return replace(act, uid=made_again(act.uid) if act.uid else "", created_at="")


def _says(act: Correction, fact: Fact) -> tuple[object, str]:
    """Name what an act says of a fact, and who says so."""
    said: dict[Fact, object] = {"label": act.new_label, "note": act.note, "flag": act.flagged}
    return said[fact], act.analyst
