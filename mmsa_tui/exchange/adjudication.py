"""Settling what analysts label differently.

A decision is one more correction, later than all it settles, marked by its uid as nobody's own
vote. It is taken back by another one that names it: both then count for nothing, and the votes
stand again. Knows the store, no file and no screen.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from mmsa_tui.errors import StoreError
from mmsa_tui.exchange.conflicts import (
    ADJUDICATION,
    TAKEN_BACK,
    Conflict,
    find_conflicts,
    standing_adjudications,
)
from mmsa_tui.records import Correction, Prediction
from mmsa_tui.store import Store


@dataclass(frozen=True, slots=True)
class Docket:
    """The posts to settle, and how many have been settled."""

    conflicts: tuple[Conflict, ...]
    n_settled: int


def open_docket(store: Store) -> Docket:
    """Find the posts of all sources on which analysts disagree."""
    made = list(store.corrections())
    settled = {act.content_hash for act in standing_adjudications(made)}
    conflicts = tuple(find_conflicts(made))
    return Docket(conflicts, len(settled - {conflict.content_hash for conflict in conflicts}))


def settle(
    store: Store,
    conflict: Conflict,
    label: str,
    *,
    analyst: str,
    note: str = "",
    prediction: Prediction | None = None,
) -> Correction:
    """Decide on a post; the label counts from now on, here and wherever it is merged.

    Args:
        note: why; without one the post keeps the note it has.
        prediction: what was shown of the model.

    Raises:
        StoreError: the database cannot be written.
    """
    state = store.correction_state(conflict.content_hash)
    act = Correction(
        uid=f"{ADJUDICATION}{uuid.uuid4().hex}",
        content_hash=conflict.content_hash,
        new_label=label,
        old_label=state.new_label if state else "",
        probs=prediction.probs if prediction else (),
        bundle=prediction.bundle if prediction else "",
        analyst=analyst,
        note=note or (state.note if state else ""),
        flagged=state.flagged if state else False,
        post_id=conflict.post_id,
        text=conflict.text,
    )
    store.add_corrections([act])
    return act


def last_decision(store: Store, analyst: str) -> Correction | None:
    """Find what an analyst decided last and has not taken back."""
    own = [act for act in standing_adjudications(store.corrections()) if act.analyst == analyst]
    return own[-1] if own else None


def take_back(store: Store, decision: Correction, analyst: str) -> None:
    """Make a decision count for nothing; the post has again what it had before.

    What has been changed on the post since stays as it is.

    Raises:
        StoreError: the database cannot be written, or never held the decision.
    """
    acts = list(store.corrections(decision.content_hash))
    uids = [act.uid for act in acts]
    if decision.uid not in uids:
        raise StoreError(f"there is no decision {decision.uid} to take back", "Open the list again.")
    at = uids.index(decision.uid)
    is_latest = at == len(acts) - 1
    state = (acts[at - 1] if at else None) if is_latest else acts[-1]
    store.add_corrections(
        [
            Correction(
                uid=f"{TAKEN_BACK}{decision.uid.removeprefix(ADJUDICATION)}",
                content_hash=decision.content_hash,
                new_label=state.new_label if state else "",
                old_label=acts[-1].new_label,
                probs=decision.probs,
                bundle=decision.bundle,
                analyst=analyst,
                note=state.note if state else "",
                flagged=state.flagged if state else False,
                post_id=decision.post_id,
                text=decision.text,
            )
        ]
    )
