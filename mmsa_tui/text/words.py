"""What of a post's text is words: the rewriting that the text encoder sees, and whether any are left.

Knows text, no model. What changes here changes what encoders see: `TRANSFORM_VERSION` in
`model.preprocessing` must change with it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

MAX_CHARACTERS = 4_000
"""128 word pieces never need more; a 10,000-character text should not be tokenised whole."""

MAX_SYMBOLS = 200
"""VADER spells out each emoji in words and takes the square of their number; no tweet has so many."""

_URL = re.compile(r"https?://\S+|www\.\S+|\bt\.co/\S+", re.IGNORECASE)
_MENTION = re.compile(r"(?<!\w)@\w{1,50}")
_SPACES = re.compile(r"\s+")
_EMOJI_VARIANT = re.compile("[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]")
"""Variation selectors and skin tones."""
_PLACEHOLDER = re.compile(r"\bhttp\b|@user|\brt\b", re.IGNORECASE)


def normalise_text(text: str, kept_emoji: frozenset[str] = frozenset()) -> str:
    """Rewrite a tweet for the text encoder.

    Links become `http`, mentions `@user` (as in SemEval and TweetEval), emoji their English
    names, control and zero-width characters vanish, white space is single.

    Args:
        kept_emoji: stay as they are, without skin tone: those that the encoder's tokenizer knows.
    """
    text = unicodedata.normalize("NFC", text[:MAX_CHARACTERS])
    text = _URL.sub(" http ", text)
    text = _MENTION.sub("@user", text)
    # Both steps go character by character, and most tweets have nothing for them.
    if not text.isascii():
        import emoji

        if kept_emoji:
            text = _EMOJI_VARIANT.sub("", text)
        text = emoji.replace_emoji(
            text,
            replace=lambda char, data: f" {char if char in kept_emoji else _emoji_name(data['en'])} ",
        )
    if not text.isprintable():
        text = "".join(" " if _is_invisible(char) else char for char in text)
    return _SPACES.sub(" ", text).strip()


_SYMBOL = re.compile("[\u203c-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff]")


def lexicon_part(text: str) -> str:
    """Return as much of a text as VADER is given: it takes four thousand emoji for four seconds.

    Posts of up to `MAX_CHARACTERS` with up to `MAX_SYMBOLS` emoji are given whole.
    """
    text = text[:MAX_CHARACTERS]
    if text.isascii():
        return text
    for number, symbol in enumerate(_SYMBOL.finditer(text), start=1):
        if number > MAX_SYMBOLS:
            return text[: symbol.start()]
    return text


def emoji_among(is_piece: Callable[[str], bool]) -> frozenset[str]:
    """Find the emoji that a tokenizer has as pieces of their own, at the start of a word or within."""
    import emoji

    return frozenset(char for char in emoji.EMOJI_DATA if is_piece(char) or is_piece("\u2581" + char))


def has_words(text: str) -> bool:
    """Whether anything is left to judge once links, mentions and white space are gone."""
    rest = _PLACEHOLDER.sub(" ", normalise_text(text))
    return any(unicodedata.category(char)[0] in "LNS" or char in "?!" for char in rest)


def _emoji_name(alias: str) -> str:
    return alias.strip(":").replace("_", " ")


def _is_invisible(char: str) -> bool:
    return unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn")
