"""What there is to learn from, and whether it is enough to be worth a retrain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from mmsa_tui.model.bundle import Bundle
from mmsa_tui.model.held_out import content_group, is_held_out
from mmsa_tui.store import Store

ENOUGH = 50
"""Corrections since the last retrain from which a reminder is worth its place: a fifth is held out,
and on fewer the gate can seldom tell them from labels at random."""


@dataclass(frozen=True)
class Waiting:
    """The corrections that a retrain of a bundle would read.

    `n_changed` contradict what was shown when they were made, the others confirm it. `n_new` were
    made since the bundle was; `n_held_out`, about a fifth, only judge. `n_other_labels` chose a
    label that the bundle does not have. `analysts` counts posts by who decided last.
    """

    by_label: Mapping[str, int]
    n_changed: int
    n_new: int
    n_held_out: int
    n_other_labels: int
    analysts: Mapping[str, int]

    @property
    def n_all(self) -> int:
        return sum(self.by_label.values())

    @property
    def is_enough(self) -> bool:
        return self.n_new >= ENOUGH


def count_waiting(store: Store, bundle: Bundle) -> Waiting:
    """Count the current corrections; all are new to a bundle that was not made by a retrain."""
    by_label = Counter(dict.fromkeys(bundle.labels, 0))
    analysts: Counter[str] = Counter()
    n_changed = n_new = n_held_out = n_other = 0
    made = bundle.meta.created_at if bundle.meta.parent else ""
    for correction in store.current_corrections():
        if correction.new_label not in by_label:
            n_other += 1
            continue
        by_label[correction.new_label] += 1
        analysts[correction.analyst] += 1
        n_changed += correction.new_label != correction.old_label
        n_new += correction.created_at > made
        # Without its pictures a post that has no words may be counted in the wrong share.
        n_held_out += is_held_out(content_group(correction.text, (), correction.content_hash))
    return Waiting(dict(by_label), n_changed, n_new, n_held_out, n_other, dict(analysts))
