"""Which corrections only judge: those held out for ever, and those of posts that a bundle keeps apart.

Held out is decided by what a post says, not by chance: the same posts in every retrain, on every
laptop; who is a copy of one of them goes with it, so that copies of one tweet never part. Imports
no torch: the app asks for it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mmsa_tui.bundle.contents import posts_in
from mmsa_tui.bundle.meta import COPIES, EVALUATION, TUNING, Bundle
from mmsa_tui.errors import BundleError
from mmsa_tui.pictures.likeness import copy_keys
from mmsa_tui.records import Picture, Post
from mmsa_tui.text.copies import group_copies, text_key

SHARE = 0.2
"""Share of the groups that is held out."""


@dataclass(frozen=True)
class Sides:
    """On which side posts are, in their order.

    `groups` names the copies each is one of. `held_out` are those that are never learned from, for
    their own sake or for that of a copy.
    """

    groups: tuple[str, ...]
    held_out: tuple[bool, ...]


@dataclass(frozen=True)
class Apart:
    """Posts that a bundle is tuned and judged by: content hashes, and for each the keys of its copies."""

    hashes: frozenset[str] = frozenset()
    keys: tuple[tuple[str, ...], ...] = ()


def sides_of(posts: Sequence[Post], apart: Apart, read: Callable[[Picture], bytes] | None = None) -> Sides:
    """Put posts on their side; no copies part, whatever they share: words, a picture or its look.

    Args:
        apart: what is one of these posts or a copy of one is held out.
        read: gives a picture's bytes, to see which pictures look the same; see `copy_keys`.
    """
    keys = [copy_keys(post.text, post.pictures, read) for post in posts]
    firsts = group_copies([*keys, *apart.keys])
    held_out = set(firsts[len(posts) :])
    for post, first in zip(posts, firsts, strict=False):
        if post.content_hash in apart.hashes or _is_drawn(own_group(post)):
            held_out.add(first)
    firsts = firsts[: len(posts)]
    return Sides(
        tuple(own_group(posts[first]) for first in firsts), tuple(first in held_out for first in firsts)
    )


def own_group(post: Post) -> str:
    """Name the group that a post is in by itself: its words, else its first picture, else itself."""
    words = text_key(post.text)
    if words:
        return "t:" + words
    pictures = (picture.digest for picture in post.pictures if picture.digest)
    return "p:" + first if (first := next(pictures, "")) else "h:" + post.content_hash


def _is_drawn(group: str) -> bool:
    digest = hashlib.blake2b(group.encode("utf-8"), digest_size=8, person=b"held out").digest()
    return int.from_bytes(digest, "big") < SHARE * 2**64


def kept_apart(bundle: Bundle) -> Apart:
    """List the posts that a bundle is tuned and judged by, never fitted on.

    Raises:
        BundleError: a file is damaged.
    """
    return Apart(posts_in(bundle, (EVALUATION, TUNING)), _keys_apart(bundle))


def _keys_apart(bundle: Bundle) -> tuple[tuple[str, ...], ...]:
    path = bundle.directory / COPIES
    if not path.is_file():
        return ()
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise _damaged(path, error) from error
    if not isinstance(found, list) or not all(isinstance(own, list) for own in found):
        raise _damaged(path, "it is no list of lists")
    return tuple(tuple(key for key in own if isinstance(key, str)) for own in found)


def _damaged(path: Path, reason: object) -> BundleError:
    return BundleError(f"{path} cannot be read ({reason})", "Get the bundle again from where it came.")
