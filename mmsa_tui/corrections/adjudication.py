"""Settling what analysts label differently.

A decision is one more correction, later than all it settles, marked by its uid as nobody's own
vote. It is taken back by another one that names it: both then count for nothing, and the votes
stand again. Knows the store, no file and no screen.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace

from mmsa_tui.corrections.conflicts import Conflict, find_conflicts, standing_adjudications
from mmsa_tui.errors import StoreError
from mmsa_tui.records import Correction, Prediction
from mmsa_tui.store import Store
from mmsa_tui.store.uids import ADJUDICATION, TAKEN_BACK, original_uid, void_uids


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
        note=note,
        facts=("label", "note") if note else ("label",),
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
    """Make a decision count for nothing; the post has again what it had before, in its analyst's name.

    What has been changed on the post since stays as it is.

    Args:
        analyst: who takes it back, to be named where nothing was before.

    Raises:
        StoreError: the database cannot be written, or never held the decision.
    """
    acts = list(store.corrections(decision.content_hash))
    # An undo may have restored the decision: its repetitions go with it.
    original = original_uid(decision.uid)
    places = [at for at, act in enumerate(acts) if original_uid(act.uid) == original]
    if not places:
        raise StoreError(f"there is no decision {decision.uid} to take back", "Open the list again.")
    is_latest = places[-1] == len(acts) - 1
    void = void_uids(act.uid for act in acts)
    rest = (acts[: places[0]] if is_latest else acts)[::-1]
    others = [act for act in rest if act.uid not in void and original_uid(act.uid) != original]
    label, note = (next((act for act in others if act.says(fact)), None) for fact in ("label", "note"))
    nothing = replace(decision, new_label="", analyst=analyst, note="", flagged=False)
    taken = replace(
        label or nothing,
        uid=f"{TAKEN_BACK}{original.removeprefix(ADJUDICATION)}",
        note=note.note if note else "",
        facts=decision.facts,
        old_label=acts[-1].new_label,
        created_at="",
    )
    store.add_corrections([taken])
