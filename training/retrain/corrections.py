"""Corrections out of the store as features with labels, and what had to be left out.

Knows store and encoders; knows nothing of heads but how one compresses image features.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

import torch

from mmsa_tui.errors import TrainingError
from mmsa_tui.model.encoding import Encoders
from mmsa_tui.model.features import Features, concatenate
from mmsa_tui.model.network import FusionHead
from mmsa_tui.pictures.files import PictureFiles
from mmsa_tui.retrain.eligible import (
    AUDITED,
    NOTHING,
    Eligible,
    describe_left_out,
    find_eligible,
)
from mmsa_tui.retrain.held_out import Apart, sides_of
from mmsa_tui.store import Store
from training.full.fusion import compress
from training.retrain.rehearsal import Corrected

_BATCH = 64


def collect(store: Store, labels: Sequence[str], *, learns_audited: bool = False) -> Eligible:
    """Read the corrections that can be learned from; see `find_eligible`.

    Raises:
        TrainingError: there is none to learn from, or they all say the same.
    """
    found = find_eligible(store, labels, learns_audited=learns_audited)
    if not found.n_all:
        raise TrainingError("there are no corrections to learn from", "Label some posts in the app first.")
    if not found.corrections:
        raise TrainingError(
            "no correction can be learned from: " + describe_left_out(found.left_out),
            "Label other posts; or `mmsa retrain --learn-audited` learns from these, and estimates from their"
            " audit are biased for the new model."
            if set(found.left_out) == {AUDITED}
            else "Open the sources of the posts again where they are now, or choose the bundle that they were"
            " labelled with.",
        )
    kinds = {correction.new_label for correction in found.corrections}
    if len(kinds) < 2:
        raise TrainingError(
            f"all {len(found.posts)} corrections say {kinds.pop()}: nothing tells one label from another",
            "Label posts of other kinds too; accepting a right label counts as well.",
        )
    return found


def encode(
    collected: Eligible,
    encoders: Encoders,
    head: FusionHead,
    labels: Sequence[str],
    apart: Apart,
    on_progress: Callable[[int, int], None],
) -> tuple[Corrected, Eligible]:
    """Encode corrected posts; from the cache, where they were classified before.

    Args:
        apart: the posts that only judge.

    Returns:
        What can be learned from, and `collected` without the rest.

    Raises:
        TrainingError: nothing is left.
    """
    parts: list[Features] = []
    kept: list[int] = []
    left_out = Counter(collected.left_out)
    total = len(collected.posts)
    for start in range(0, total, _BATCH):
        batch = collected.posts[start : start + _BATCH]
        encoded = encoders.encode(batch)
        # A picture may have been changed or taken away since the post was judged.
        shows = encoded.features.has_text | encoded.features.has_image
        usable = [row for row in range(len(batch)) if shows[row]]
        if len(usable) < len(batch):
            left_out[NOTHING] += len(batch) - len(usable)
        parts.append(Features.of(encoded.features.take(usable)))
        kept += [start + row for row in usable]
        on_progress(min(start + _BATCH, total), total)
    if not kept:
        raise TrainingError(
            "no correction can be learned from: " + describe_left_out(left_out),
            "Put the sources back where they were, or open them at their new place.",
        )
    rest = replace(
        collected,
        corrections=tuple(collected.corrections[i] for i in kept),
        posts=tuple(collected.posts[i] for i in kept),
        left_out=dict(left_out),
    )
    with PictureFiles() as files:
        sides = sides_of(rest.posts, apart, files.read)
    corrected = Corrected(
        compress(head, concatenate(parts)),
        torch.tensor([labels.index(c.new_label) for c in rest.corrections]),
        tuple(c.content_hash for c in rest.corrections),
        sides.groups,
        torch.tensor(sides.held_out, dtype=torch.bool),
    )
    return corrected, rest
