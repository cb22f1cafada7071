"""What the uid of a correction tells besides which one it is; it tells so on every laptop.

Pure text: knows no database and no file.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable

ADJUDICATION = "adjudication:"
"""What the uid of an adjudication begins with, so that it stays one on every laptop. It settles a
conflict and is nobody's own vote: measures of agreement leave it out."""

TAKEN_BACK = f"{ADJUDICATION}undo:"
"""What the uid of the act begins with that takes an adjudication back; the rest of it is that of
the adjudication. Neither counts for anything then, on whichever laptop the two meet."""

_AGAIN = ":again:"


def is_vote(uid: str) -> bool:
    """Tell an analyst's own judgement from an adjudication and what takes one back."""
    return not uid.startswith(ADJUDICATION)


def void_uids(uids: Iterable[str]) -> set[str]:
    """Name the adjudications that were taken back, and the acts that did so, with their repetitions."""
    subjects = {uid: _subject(uid) for uid in uids if not is_vote(uid)}
    undone = {subject for uid, subject in subjects.items() if uid.startswith(TAKEN_BACK)}
    return {uid for uid, subject in subjects.items() if subject in undone}


def _subject(uid: str) -> str:
    return original_uid(uid).removeprefix(TAKEN_BACK).removeprefix(ADJUDICATION)


def made_again(uid: str) -> str:
    """Make a uid for an act that says once more what another one said, and counts as that one did."""
    return f"{original_uid(uid)}{_AGAIN}{uuid.uuid4().hex}"


def original_uid(uid: str) -> str:
    """Find which act one says once more: itself, if it was not made to restore another."""
    return uid.partition(_AGAIN)[0]
