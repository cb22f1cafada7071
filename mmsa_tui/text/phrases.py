"""Words that somebody searches for: how they are to be found, and where they stand in a text.

The store searches by an index of its own (SQLite's FTS5), so what counts as a word here is what
counts as one there; a property test holds the two together. Knows text, no SQL.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from mmsa_tui.text.hashtags import INSIDE, NO_TAG_BEFORE, SIGNS, is_hashtag, key_of, places_of

if TYPE_CHECKING:
    from regex import Pattern

Span = tuple[int, int]
Finder = Callable[[str], Iterator[Span]]
"""Yields where in a text something stands, one after the other."""

Kind = Literal["literal", "words", "exact", "hashtag"]

PATIENCE_S = 2.0
"""How long a regular expression may take on one text; a bad one would take years."""

# Scripts written without spaces, which FTS5's unicode61 takes for one long word, and everything
# that it takes for a gap between words although people search for it.
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
_SYMBOL = re.compile("[\u2600-\u27bf\U0001f000-\U0001faff]")
_WORD = re.compile(r"[^\W_]")
_TAGGED = re.compile(r"[#＃@$]\w")
# Scripts with marks between their letters, which unicode61 takes for gaps: its words are too short.
_MARKED_SCRIPT = re.compile("[\u0900-\u0dff]")
# Marks that unicode61 drops inside a word; all others end it.
_DROPPED = frozenset(chr(768 + at) for at in range(50) if (0x08029FDF, 0x000361F8)[at // 32] >> (at % 32) & 1)
_MARK = "\u0300"


def kind_of(phrase: str) -> Kind:
    """Say how a phrase is found: as it stands anywhere, by its words, exactly by these, or as a hashtag."""
    words = core(phrase)
    if is_hashtag(words):
        return "hashtag"
    if not _WORD.search(words) or _UNSPACED.search(words) or _SYMBOL.search(words):
        return "literal"
    return "exact" if _TAGGED.search(words) or _MARKED_SCRIPT.search(words) else "words"


def core(phrase: str) -> str:
    """Take away the star that lets the last word go on."""
    return phrase.strip().rstrip("*").strip()


def is_open(phrase: str) -> bool:
    """Whether the last word may go on."""
    return phrase.strip().endswith("*")


def exact_pattern(phrase: str) -> str:
    """Write a phrase that must stand so, and not within longer words, as a regular expression."""
    import regex

    words = core(phrase)
    before = f"(?<!{INSIDE})" if words[0].isalnum() else ""
    if words[0] in SIGNS:
        before, words = f"{NO_TAG_BEFORE}[{SIGNS}]", words[1:]
    behind = "" if is_open(phrase) or not (words[-1].isalnum() or _is_mark(words[-1])) else f"(?!{INSIDE})"
    return before + r"\s+".join(regex.escape(word) for word in words.split()) + behind


def finder(phrase: str) -> Finder:
    """Find a phrase in texts, as the search of the store does: whole words in their order, in any case.

    Accents of Latin letters do not count, but for hashtags, handles and what has no spaces.
    """
    if kind_of(phrase) == "words":
        pattern = _folded_pattern(phrase)
        return lambda text: (found.span() for found in pattern.finditer(text.translate(_FOLDS)))
    if kind_of(phrase) == "hashtag":
        key, goes_on = key_of(core(phrase)), is_open(phrase)
        return lambda text: places_of(text, key, is_open=goes_on)
    if kind_of(phrase) == "exact":
        rest = f"{INSIDE}*" if is_open(phrase) else ""
        return pattern_finder(exact_pattern(phrase) + rest)
    return pattern_finder(re.escape(core(phrase)))


def pattern_finder(pattern: str) -> Finder:
    """Find what a regular expression matches, in any case; nothing where it takes too long, or is none."""
    import regex

    try:
        compiled = compiled_pattern(pattern)
    except regex.error:
        return lambda text: iter(())

    def find(text: str) -> Iterator[Span]:
        try:
            for found in compiled.finditer(text, timeout=PATIENCE_S):
                if found.end() > found.start():
                    yield found.span()
        except TimeoutError:
            return

    return find


@lru_cache(maxsize=32)
def compiled_pattern(pattern: str) -> Pattern[str]:
    """Read a regular expression.

    Raises:
        regex.error: it is none.
    """
    # Costs 20 ms to import, which only who uses it should pay. The standard library cannot be stopped.
    import regex

    return regex.compile(pattern, regex.IGNORECASE | regex.VERSION0)


def _folded_pattern(phrase: str) -> re.Pattern[str]:
    words = core(phrase).translate(_FOLDS).replace(_MARK, "").split()
    inside = " +".join("".join(re.escape(letter) + f"{_MARK}*" for letter in word) for word in words)
    goes_on = "[^ ]*" if is_open(phrase) else "(?![^ ])"
    return re.compile(f"(?<![^ ]){inside}{goes_on}")


def _is_mark(char: str) -> bool:
    return unicodedata.category(char)[0] == "M"


class _Folds(dict[int, str]):
    """Each character as the index has it: a letter without case and accent, a mark, or a gap."""

    def __missing__(self, code: int) -> str:
        folded = self[code] = _fold(chr(code))
        return folded


_FOLDS = _Folds()


def _fold(char: str) -> str:
    if char in _DROPPED:
        return _MARK
    category = unicodedata.category(char)
    if category[0] not in "LN" and category != "Co":
        return " "
    base = unicodedata.normalize("NFD", char)[0]
    for shown in (base if base.isascii() else char).casefold(), char.lower():
        if len(shown) == 1:
            return shown
    return char
