"""When two posts count as copies: retweets, reposts with another link, pictures saved again.

The one place that decides it, for splits, hold-out and frozen posts, for the queue of duplicates and
for what `inspect` counts. Knows texts and keys, no store, no picture.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence

from mmsa_tui.text.cleaning import unescape

LOOK = "look:"
"""What the key of a picture's look begins with, a `pictures.likeness.look`: nearly equal is equal."""

MAX_LOOK_BITS = 4
"""In how many of its 128 bits a picture may change by being saved again."""

_N_LETTERS = 40
"""Letters that copies must share: an old retweet keeps that many of any tweet that has them."""
_ENOUGH = 20
"""Letters that are left to compare before hashtags around a text are taken off."""

_MAX_CHARACTERS = 2_000
"""What is read of a text."""

_LINK_OR_NAME = re.compile(r"https?:\S*|\b(?:www\.|pic\.twitter\.com/|t\.co/)\S+|(?<!\w)@\w+")
_RETWEET = re.compile(r"(?:\W*\brt\b[\s:]*(?:@\w+)?\s*:?\s*)+")
_HASHTAGS_BEFORE = re.compile(r"(?:\W*#\w+)+")
_HASHTAGS_BEHIND = re.compile(r"(?:#\w+\W*)+\Z")
_NOT_LETTERS = re.compile(r"[\W_]+")
_ASCII_SIGNS = {code: None for code in range(128) if not chr(code).isalnum()}


def plain_words(text: str) -> str:
    """Reduce a text to the letters and digits that all its copies share, up to where they are cut.

    Case, accents' notation, entities, the retweet mark, links, names, signs and blanks go; so do a
    word that is cut by an ellipsis, and hashtags before and behind a text that says enough without.
    Emoji count as letters where there are no others.
    """
    text = text[:_MAX_CHARACTERS]
    if "&" in text:
        text = unescape(unescape(text))
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    folded = text.casefold()
    if retweet := _RETWEET.match(folded):
        folded = folded[retweet.end() :]
    if "/" in folded or "www." in folded or "@" in folded:
        folded = _LINK_OR_NAME.sub(" ", folded)
    folded = _without_cut_word(folded)
    letters = _letters(folded)
    if "#" in folded:
        before = _HASHTAGS_BEFORE.match(folded)
        bare = _letters(_HASHTAGS_BEHIND.sub("", folded[before.end() if before else 0 :]))
        letters = bare if len(bare) >= _ENOUGH else letters
    return letters or "".join(folded.split()).strip(".")


def _without_cut_word(text: str) -> str:
    """Take off a last word that an ellipsis cuts; NFKC has made three dots of it."""
    at = text.rfind("...")
    if at < 0 or _NOT_LETTERS.sub("", text[at:]):
        return text
    words = text[:at].rsplit(maxsplit=1)
    return words[0] if len(words) > 1 and not text[at - 1].isspace() else text[:at]


def text_key(text: str) -> str:
    """Name the group of copies a text is in; "" when nothing of it is left to compare.

    Returns:
        16 hex characters of BLAKE2b-64 of the first letters: retweets cut the end off.
    """
    words = plain_words(text)[:_N_LETTERS]
    return hashlib.blake2b(words.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest() if words else ""


def says_the_same(one: str, other: str) -> bool:
    """Whether two texts of one `text_key` are the same to the end, or to where one of them is cut.

    For acts that pass from a post to its copies: beginnings alike may end differently.
    """
    if one == other:
        return True
    if max(len(one), len(other)) > _MAX_CHARACTERS:
        return False
    first, second = plain_words(one), plain_words(other)
    if len(first) > len(second):
        one, first, second = other, second, first
    return first == second or (second.startswith(first) and one.rstrip().endswith(("…", "...")))


def _letters(text: str) -> str:
    # A table is ten times as fast as the expression, and most texts are ASCII.
    return text.translate(_ASCII_SIGNS) if text.isascii() else _NOT_LETTERS.sub("", text)


def group_copies(keys: Sequence[Iterable[str]]) -> list[int]:
    """Join what shares a key, directly or through others.

    Args:
        keys: of each item: `text_key`s, picture digests, looks; "" joins nothing.

    Returns:
        For each item the index of the first item of its group.
    """
    parent = list(range(len(keys)))

    def find(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    def join(i: int, j: int) -> None:
        one, other = find(i), find(j)
        parent[max(one, other)] = min(one, other)

    seen: dict[str, int] = {}
    looks: dict[str, int] = {}
    for i, own in enumerate(keys):
        for key in own:
            if key:
                join(i, seen.setdefault(key, i))
                if key.startswith(LOOK):
                    looks.setdefault(key, i)
    for one, other in near_looks(looks):
        join(looks[one], looks[other])
    return [find(i) for i in range(len(keys))]


def near_looks(keys: Iterable[str]) -> list[tuple[str, str]]:
    """Find the pairs of looks that differ in a few bits only."""
    # Of eight parts of 16 bits, four at least are equal where four bits differ.
    by_part: dict[tuple[int, str], list[str]] = defaultdict(list)
    found: set[tuple[str, str]] = set()
    for key in keys:
        bits = key.removeprefix(LOOK)
        value = int(bits, 16)
        for place in range(0, len(bits), 4):
            part = bits[place : place + 4]
            bucket = by_part[place, part]
            # Parts that many share, such as an even sky, tell nothing; others of the pair do.
            for other in bucket[:_MAX_BUCKET]:
                if (value ^ int(other.removeprefix(LOOK), 16)).bit_count() <= MAX_LOOK_BITS:
                    found.add((other, key))
            bucket.append(key)
    return sorted(found)


_MAX_BUCKET = 200
