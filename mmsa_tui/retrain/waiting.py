"""What there is to learn from, how it is to be taken, and whether it is enough to be worth a retrain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from mmsa_tui.bundle.meta import Bundle
from mmsa_tui.config import Paths
from mmsa_tui.decoding import DecodingError, from_json
from mmsa_tui.pictures.files import PictureFiles
from mmsa_tui.records import Correction
from mmsa_tui.retrain.eligible import find_audited, find_eligible
from mmsa_tui.retrain.held_out import kept_apart, sides_of
from mmsa_tui.retrain.manifest import read_manifest
from mmsa_tui.retrain.messages import OUTCOME
from mmsa_tui.store import Store
from mmsa_tui.store.uids import original_uid

ENOUGH = 50
"""Corrections since the last retrain from which a reminder is worth its place: a fifth is held out,
and on fewer the gate can seldom tell them from labels at random."""


LEAST_OF_LABEL = 5
"""Posts, copies apart, that each label of a codebook must have before a head is fitted: one a fold."""


@dataclass(frozen=True)
class Teaching:
    """How corrections are to be taken, in the words in which people choose it; `rule` is what `retrain` is
    given."""

    name: str
    meaning: str
    rule: bool | None


AS_FOUND = Teaching("as found", "by how they fit the model", None)
USUAL = Teaching("usual", "I judge posts as most people would", False)
OWN_RULE = Teaching("own rule", "I label by a rule of my own", True)
TEACHINGS = (AS_FOUND, USUAL, OWN_RULE)


@dataclass(frozen=True)
class Waiting:
    """The corrections that a retrain of a bundle would read.

    `by_label` and `by_analyst` count them by label and by who decided last. `n_changed` contradict
    what was shown when they were made, `n_same` confirm it; on the others nothing was shown. `n_new`
    were not there at the last retrain; `n_held_out` only judge: about a fifth, and those of posts by
    which the bundle is judged anyway. `left_out` counts those it cannot use, by reason. `n_since_refusal`
    have come since the gate last refused a candidate made from this bundle, None if it has not.
    `is_few_shot`: they make a head of their own, under a codebook, and none is held out.
    """

    by_label: Mapping[str, int]
    by_analyst: Mapping[str, int]
    n_changed: int
    n_same: int
    n_new: int
    n_held_out: int
    left_out: Mapping[str, int]
    n_since_refusal: int | None = None
    is_few_shot: bool = False

    @property
    def n_all(self) -> int:
        return sum(self.by_label.values())

    @property
    def is_enough(self) -> bool:
        """Whether the gate can judge what has come since it last had its say."""
        n_new = self.n_new if self.n_since_refusal is None else min(self.n_new, self.n_since_refusal)
        return n_new >= ENOUGH

    @property
    def advice(self) -> str:
        """Say what a retrain may bring now, by `benchmarks/simulated_analyst.py`."""
        if not self.n_all:
            return "There is nothing to learn from yet: label some posts first."
        if not self.n_new:
            return "Nothing new to learn: label more posts first."
        if self.is_few_shot:
            few = [label for label, number in self.by_label.items() if number < LEAST_OF_LABEL]
            if few:
                return f"Each label needs {LEAST_OF_LABEL} posts; too few have {', '.join(few)}."
            if self.n_all < ENOUGH:
                return f"A model can be tried; from some {ENOUGH} labels it is worth more."
            return "Enough for a model: each post is judged by a head that has not seen it."
        if self.n_held_out >= self.n_all:
            return (
                "All of these are held out to judge, so none is left to learn from: label more posts first."
            )
        if self.n_since_refusal is not None and not self.is_enough:
            return (
                f"The gate refused these, and only {self.n_since_refusal:,} have come since: more of the same"
                " seldom change that."
            )
        if not self.is_enough:
            return f"Below {ENOUGH} new ones the gate can seldom tell them from chance."
        return (
            "Enough for the gate to judge. On posts like those it learned from, 300 changed next to nothing;"
            " posts of another kind and rules of your own bring more."
        )


def count_waiting(store: Store, bundle: Bundle, paths: Paths) -> Waiting:
    """Look at the current corrections, their posts and whether the pictures are still there."""
    found = find_eligible(store, bundle.labels)
    with PictureFiles() as files:
        held_out = sides_of(found.posts, kept_apart(bundle), files.read).held_out
    acts = found.corrections
    by_label = Counter(act.new_label for act in acts)
    return Waiting(
        by_label={label: by_label[label] for label in bundle.labels},
        by_analyst=Counter(act.analyst for act in acts),
        n_changed=sum(act.old_label not in ("", act.new_label) for act in acts),
        n_same=sum(act.old_label == act.new_label for act in acts),
        n_new=_count_new(acts, bundle, paths),
        n_held_out=0 if paths.codebook else sum(held_out),
        left_out=found.left_out,
        n_since_refusal=_count_since_refusal(acts, bundle, paths),
        is_few_shot=bool(paths.codebook),
    )


def count_new(store: Store, bundle: Bundle, paths: Paths) -> int:
    """Count the corrections that may teach and that neither the last retrain nor the last refusal knew.

    Opens no picture.
    """
    current = [act for act in store.current_corrections() if act.new_label in bundle.labels]
    audited = find_audited(store)
    known = {
        post.content_hash
        for post in store.posts_with_content([act.content_hash for act in current])
        if not audited.holds(post)
    }
    usable = [act for act in current if act.content_hash in known]
    since_refusal = _count_since_refusal(usable, bundle, paths)
    n_new = _count_new(usable, bundle, paths)
    return n_new if since_refusal is None else min(n_new, since_refusal)


def _count_new(current: Iterable[Correction], bundle: Bundle, paths: Paths) -> int:
    """Count what a bundle was not made from: everything, if it was not made by a retrain."""
    if not bundle.meta.parent:
        return sum(1 for _ in current)
    known = _known(bundle, paths)
    if known is not None:
        # An act that an undo has restored is the same act under another uid.
        return sum(original_uid(act.uid) not in known for act in current)
    # Its run folder is on another laptop, or was deleted.
    made = _moment(bundle.meta.created_at)
    return sum(_moment(act.created_at) > made for act in current)


def _known(bundle: Bundle, paths: Paths) -> frozenset[str] | None:
    """Read from the run folder which corrections went into a bundle, learned from or held out.

    A colleague's corrections may be older than the bundle and have arrived after it: time says
    nothing of that.
    """
    try:
        return _read_in(paths.runs_dir / str(bundle.meta.training["promotion"]["run"]), bundle.meta.parent)
    except (KeyError, TypeError):
        return None


class _Gate(msgspec.Struct):
    passed: bool


class _Outcome(msgspec.Struct):
    """What counts here of `Result`; files of older versions have less of it."""

    verdict: _Gate


def _count_since_refusal(acts: Iterable[Correction], bundle: Bundle, paths: Paths) -> int | None:
    """Count what the last retrain of a bundle did not know, if the gate refused what came of it."""
    for run in sorted(paths.runs_dir.glob("retrain-*"), reverse=True):
        known = _read_in(run, bundle.id)
        if known is None:
            continue
        try:
            is_refused = not from_json((run / OUTCOME).read_bytes(), _Outcome).verdict.passed
        except (OSError, DecodingError):
            continue
        return sum(original_uid(act.uid) not in known for act in acts) if is_refused else None
    return None


def _read_in(run: Path, bundle_id: str) -> frozenset[str] | None:
    """Name the corrections that a retrain of a bundle has read; None if it was of another, or cannot tell."""
    manifest = read_manifest(run)
    if manifest is None or manifest.bundle != bundle_id:
        return None
    return frozenset(original_uid(entry.uid) for entry in manifest.corrections)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
