"""Which corrections only judge: those held out for ever, and those of posts that a bundle keeps apart.

Held out is decided by what a post says, not by chance: the same posts in every retrain, on every
laptop, and copies of one tweet never part. Imports no torch: the app asks for it.
"""

from __future__ import annotations

import hashlib

from mmsa_tui.bundle.contents import posts_in
from mmsa_tui.bundle.meta import EVALUATION, TUNING, Bundle
from mmsa_tui.records import Post
from mmsa_tui.text.copies import duplicate_group

SHARE = 0.2
"""Share of the groups that is held out."""


def group_of(post: Post) -> str:
    """Name the group a post is held out with: its words, else its first picture, else itself."""
    words = duplicate_group(post.text)
    if words:
        return "t:" + words
    pictures = (picture.digest for picture in post.pictures if picture.digest)
    return "p:" + first if (first := next(pictures, "")) else "h:" + post.content_hash


def is_held_out(group: str) -> bool:
    """Whether a group of posts is held out for ever."""
    digest = hashlib.blake2b(group.encode("utf-8"), digest_size=8, person=b"held out").digest()
    return int.from_bytes(digest, "big") < SHARE * 2**64


def kept_apart(bundle: Bundle) -> frozenset[str]:
    """List the content hashes of the posts that a bundle is tuned and judged by, never fitted on.

    Raises:
        BundleError: a file is damaged.
    """
    return posts_in(bundle, (EVALUATION, TUNING))
