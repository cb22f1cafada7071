"""What a hashtag is and which are the same: the one rule by which they are counted, searched and marked.

Knows text, no SQL; the store lends `has_hashtag` to its searches.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from regex import Pattern

SIGNS = "#＃"
INSIDE = r"[\p{L}\p{N}\p{M}_\u200c\u200d]"
"""What words, and hashtags, are made of: in many scripts of marks and joiners too."""
NO_TAG_BEFORE = r"(?<![\p{L}\p{N}\p{M}_#＃&])"
"""Stands before the sign of a hashtag: behind a letter it is none, nor in an escaped character."""

_LINK = re.compile(r"\b(?:https?://|www\.)\S+|\b[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}/\S*", re.IGNORECASE)
# Letters that one letter may stand for, as ß does for ss: the store's index knows nothing of that.
_JOINED = re.compile("ff|fi|fl|ss|st")
_PLAIN = re.compile("[a-z0-9][a-z0-9_]*")


@lru_cache(maxsize=1)
def _pattern() -> Pattern[str]:
    # Costs 20 ms to import, which only who looks for hashtags should pay.
    import regex

    return regex.compile(rf"{NO_TAG_BEFORE}[{SIGNS}]({INSIDE}*\p{{L}}{INSIDE}*)")


def key_of(tag: str) -> str:
    """Give what is the same for all spellings of a hashtag, with its sign or without.

    Neither the case nor the sign counts, and ß is ss; accents count.
    """
    # Small letters may have to be put together again.
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", tag.lstrip(SIGNS)).casefold())


def hashtags_in(text: str) -> dict[str, str]:
    """Find the hashtags of a text: their keys, each with the first spelling, without its sign.

    The fragment of a link is none, nor is an escaped character, a sign that follows a letter, or a
    number alone.
    """
    found: dict[str, str] = {}
    for start, end in _places(text):
        tag = text[start + 1 : end]
        found.setdefault(key_of(tag), tag)
    return found


def is_hashtag(words: str) -> bool:
    """Whether words are one hashtag with its sign, and nothing else."""
    return words[:1] in tuple(SIGNS) and _pattern().fullmatch(words) is not None


def places_of(text: str, key: str, *, is_open: bool = False) -> Iterator[tuple[int, int]]:
    """Find where in a text a hashtag stands, its sign included; `is_open` lets it go on."""
    for start, end in _places(text):
        found = key_of(text[start:end])
        if found == key or (is_open and found.startswith(key)):
            yield start, end


def has_hashtag(text: str | bytes | None, key: str, is_open: int) -> bool:
    """Tell whether a text has a hashtag, by its key; with `is_open` one that begins so, "" for any."""
    # What is no proper text comes as bytes.
    shown = text.decode("utf-8", "replace") if isinstance(text, bytes) else text or ""
    # Most texts are done with so, in a tenth of the time.
    return key in key_of(shown) and next(places_of(shown, key, is_open=bool(is_open)), None) is not None


def is_in_index(key: str) -> bool:
    """Whether an index of words that knows no letter for two finds every text with a hashtag by its key."""
    return _PLAIN.fullmatch(key) is not None and _JOINED.search(key) is None


def _places(text: str) -> Iterator[tuple[int, int]]:
    if not any(sign in text for sign in SIGNS):
        return
    if "/" in text or "www." in text.lower():
        # As long as before, so that places stay true.
        text = _LINK.sub(lambda link: " " * len(link[0]), text)
    for found in _pattern().finditer(text):
        yield found.span()
