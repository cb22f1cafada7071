"""When two posts count as the same words: retweets, reposts with another link, quoted handles."""

from __future__ import annotations

import hashlib
import re
import unicodedata

_NOISE = re.compile(r"https?://\S+|www\.\S+|@\w+|\s+")
_RETWEET = re.compile(r"\s*rt\s+@\w+\s*:?\s*")


def normalise(text: str) -> str:
    """Reduce a text to what near-duplicates share: no case, RT mark, links, handles or spaces."""
    folded = unicodedata.normalize("NFC", text).casefold()
    return _NOISE.sub("", _RETWEET.sub("", folded, count=1) if _RETWEET.match(folded) else folded)


def duplicate_group(text: str) -> str:
    """Name the group of near-duplicates a text is in; "" when nothing of it is left to compare.

    Returns:
        16 hex characters of BLAKE2b-64 of the normalised text.
    """
    core = normalise(text)
    if not core:
        return ""
    return hashlib.blake2b(core.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
