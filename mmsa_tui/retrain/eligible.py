"""What a retrain may learn from: the one rule, by which the app counts and training collects.

Asks the store and the disk; opens no picture and imports no torch.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mmsa_tui.records import Correction, Post
from mmsa_tui.store import Store
from mmsa_tui.text.copies import text_key
from mmsa_tui.text.words import has_words

OTHER_LABEL = "with a label that the bundle does not have"
NO_POST = "of posts that no source here holds"
NO_PICTURE = "of posts whose pictures are no longer where they were"
NOTHING = "of posts that show nothing to judge"
AUDITED = "of posts drawn into an audit, which measures the model and does not teach it"


@dataclass(frozen=True)
class Eligible:
    """Current corrections that can be learned from and their posts, in one order.

    `left_out` counts the others by reason. `n_all` are all current corrections. `withdrawn` are content
    hashes of posts that analysts have left without a label.
    """

    corrections: tuple[Correction, ...]
    posts: tuple[Post, ...]
    left_out: Mapping[str, int]
    n_all: int
    withdrawn: frozenset[str]


def find_eligible(store: Store, labels: Sequence[str], *, learns_audited: bool = False) -> Eligible:
    """Go through the current corrections.

    Args:
        labels: those of the bundle that is to learn.
        learns_audited: take in posts drawn into an audit too, whose estimates for the model that learns
            them are biased then: it would seem to make fewer errors than it does.
    """
    current = list(store.current_corrections())
    posts = _whole_first(store, current)
    audited = Audited() if learns_audited else find_audited(store)
    kept: list[Correction] = []
    left_out: Counter[str] = Counter()
    for correction in current:
        reason = _objection(correction, posts.get(correction.content_hash), labels)
        if not reason and audited.holds(posts[correction.content_hash]):
            reason = AUDITED
        if reason:
            left_out[reason] += 1
        else:
            kept.append(correction)
    everything = {correction.content_hash for correction in store.corrections()}
    return Eligible(
        tuple(kept),
        tuple(posts[correction.content_hash] for correction in kept),
        dict(left_out),
        len(current),
        frozenset(everything - {correction.content_hash for correction in current}),
    )


@dataclass(frozen=True)
class Audited:
    """The posts drawn into an audit, by content hash, and the copies of their texts, by `text_key`."""

    contents: frozenset[str] = frozenset()
    texts: frozenset[str] = frozenset()

    def holds(self, post: Post) -> bool:
        """Whether a post, or another that says the same, was drawn."""
        return post.content_hash in self.contents or (bool(self.texts) and text_key(post.text) in self.texts)


def find_audited(store: Store) -> Audited:
    """Find what was drawn into any audit."""
    contents = store.audits.contents()
    keys = {text_key(post.text) for post in store.posts_with_content(sorted(contents))}
    return Audited(contents, frozenset(keys - {""}))


def describe_left_out(left_out: Mapping[str, int]) -> str:
    """Say how many were left out, by reason."""
    return "; ".join(f"{count} {reason}" for reason, count in left_out.items())


def is_whole(post: Post) -> bool:
    """Whether every picture that the post was judged by is where it was."""
    return all(p.path is not None and p.path.exists() for p in post.pictures if p.digest)


def _objection(correction: Correction, post: Post | None, labels: Sequence[str]) -> str:
    if correction.new_label not in labels:
        return OTHER_LABEL
    if post is None:
        return NO_POST
    if not is_whole(post):
        return NO_PICTURE
    shows = any(picture.digest for picture in post.pictures)
    return "" if shows or has_words(post.text) else NOTHING


def _whole_first(store: Store, current: Sequence[Correction]) -> dict[str, Post]:
    """Find a post for each correction; of several copies one whose pictures are there."""
    found: dict[str, Post] = {}
    for post in store.posts_with_content([correction.content_hash for correction in current]):
        if post.content_hash not in found or not is_whole(found[post.content_hash]):
            found[post.content_hash] = post
    return found
