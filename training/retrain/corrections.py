"""Corrections out of the store as features with labels, and what had to be left out.

Knows store and encoders; knows nothing of heads but how one compresses image features.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import torch

from mmsa_tui.errors import TrainingError
from mmsa_tui.model.encoding import Encoders
from mmsa_tui.model.features import Features, concatenate
from mmsa_tui.model.network import FusionHead
from mmsa_tui.records import Correction, Post
from mmsa_tui.retrain.held_out import content_group, is_held_out
from mmsa_tui.store import Store
from training.full.fusion import compress
from training.retrain.rehearsal import Corrected

_BATCH = 64

OTHER_LABEL = "chose a label that the bundle does not have"
NO_POST = "are of posts that no source here holds"
NO_PICTURE = "are of posts whose pictures are no longer where they were"
NOTHING = "are of posts that show nothing to judge"


@dataclass(frozen=True)
class Collected:
    """Corrections and their posts, in one order; `left_out` counts the others by reason.

    `withdrawn` are content hashes of posts that analysts have left without a label.
    """

    corrections: tuple[Correction, ...]
    posts: tuple[Post, ...]
    left_out: Mapping[str, int]
    withdrawn: frozenset[str]


def collect(store: Store, labels: Sequence[str]) -> Collected:
    """Read the current corrections and find their posts.

    Raises:
        TrainingError: there is none to learn from, or they all say the same.
    """
    current = list(store.current_corrections())
    if not current:
        raise TrainingError("there are no corrections to learn from", "Label some posts in the app first.")
    left_out: Counter[str] = Counter()
    posts: dict[str, Post] = {}
    for post in store.posts_with_content([c.content_hash for c in current]):
        if post.content_hash not in posts or not _is_whole(posts[post.content_hash]):
            posts[post.content_hash] = post
    kept = []
    for correction in current:
        if correction.new_label not in labels:
            left_out[OTHER_LABEL] += 1
        elif correction.content_hash not in posts:
            left_out[NO_POST] += 1
        else:
            kept.append(correction)
    if not kept:
        raise TrainingError(
            "no correction can be learned from: " + describe_left_out(left_out),
            "Open the sources of the posts again, or choose the bundle that they were labelled with.",
        )
    kinds = {c.new_label for c in kept}
    if len(kinds) < 2:
        raise TrainingError(
            f"all {len(kept)} corrections say {kinds.pop()}: nothing tells one label from another",
            "Label posts of other kinds too; accepting a right label counts as well.",
        )
    everything = {c.content_hash for c in store.corrections()}
    return Collected(
        tuple(kept),
        tuple(posts[c.content_hash] for c in kept),
        dict(left_out),
        frozenset(everything - {c.content_hash for c in current}),
    )


def describe_left_out(left_out: Mapping[str, int]) -> str:
    """Say how many were left out, by reason."""
    return "; ".join(f"{count} {reason}" for reason, count in left_out.items())


def encode(
    collected: Collected,
    encoders: Encoders,
    head: FusionHead,
    labels: Sequence[str],
    on_progress: Callable[[int, int], None],
) -> tuple[Corrected, Collected]:
    """Encode corrected posts; from the cache, where they were classified before.

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
        usable = []
        for row, post in enumerate(batch):
            n_shown = sum(bool(picture.digest) for picture in post.pictures)
            # The content hash says that these pictures could be read when the post was judged.
            if len(encoded.pictures[row]) < n_shown and not _is_whole(post):
                left_out[NO_PICTURE] += 1
            elif not (bool(encoded.features.has_text[row]) or bool(encoded.features.has_image[row])):
                left_out[NOTHING] += 1
            else:
                usable.append(row)
        parts.append(encoded.features.take(usable))
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
    groups = tuple(
        content_group(post.text, [p.digest for p in post.pictures if p.digest], post.content_hash)
        for post in rest.posts
    )
    corrected = Corrected(
        compress(head, concatenate(parts)),
        torch.tensor([labels.index(c.new_label) for c in rest.corrections]),
        tuple(c.content_hash for c in rest.corrections),
        groups,
        torch.tensor([is_held_out(group) for group in groups], dtype=torch.bool),
    )
    return corrected, rest


def _is_whole(post: Post) -> bool:
    return all(p.path is not None and p.path.exists() for p in post.pictures if p.digest)
