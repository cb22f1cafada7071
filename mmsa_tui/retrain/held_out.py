"""Which corrections are held out: never learned from, so that they can judge every head to come.

Decided by what a post says, not by chance: the same posts are held out in every retrain, on every
laptop, and copies of one tweet never part. Standard library only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from mmsa_tui.text.copies import duplicate_group

SHARE = 0.2
"""Share of the groups that is held out."""


def content_group(text: str, picture_digests: Sequence[str], content_hash: str) -> str:
    """Name the group a post is held out with: its words, else its first picture, else itself."""
    words = duplicate_group(text)
    if words:
        return "t:" + words
    return "p:" + picture_digests[0] if picture_digests else "h:" + content_hash


def is_held_out(group: str) -> bool:
    """Whether a group of posts is held out for ever."""
    digest = hashlib.blake2b(group.encode("utf-8"), digest_size=8, person=b"held out").digest()
    return int.from_bytes(digest, "big") < SHARE * 2**64
