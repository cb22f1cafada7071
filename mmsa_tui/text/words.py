"""What of a post's text is words: the rewriting that the text encoder sees, and whether any are left.

Knows text, no model. What changes here changes what encoders see: `TRANSFORM_VERSION` in
`model.preprocessing` must change with it.
"""

from __future__ import annotations

import re
import unicodedata

MAX_CHARACTERS = 4_000
"""128 word pieces never need more; a 10,000-character text should not be tokenised whole."""

_URL = re.compile(r"https?://\S+|www\.\S+|\bt\.co/\S+", re.IGNORECASE)
_MENTION = re.compile(r"(?<!\w)@\w{1,50}")
_SPACES = re.compile(r"\s+")
_PLACEHOLDER = re.compile(r"\bhttp\b|@user|\brt\b", re.IGNORECASE)


def normalise_text(text: str) -> str:
    """Rewrite a tweet for the text encoder.

    Links become `http`, mentions `@user` (as in SemEval and TweetEval), emoji their English
    names, control and zero-width characters vanish, white space is single.
    """
    text = unicodedata.normalize("NFC", text[:MAX_CHARACTERS])
    text = _URL.sub(" http ", text)
    text = _MENTION.sub("@user", text)
    # Both steps go character by character, and most tweets have nothing for them.
    if not text.isascii():
        import emoji

        text = emoji.replace_emoji(text, replace=lambda char, data: f" {_emoji_name(data['en'])} ")
    if not text.isprintable():
        text = "".join(" " if _is_invisible(char) else char for char in text)
    return _SPACES.sub(" ", text).strip()


def has_words(text: str) -> bool:
    """Whether anything is left to judge once links, mentions and white space are gone."""
    rest = _PLACEHOLDER.sub(" ", normalise_text(text))
    return any(unicodedata.category(char)[0] in "LNS" or char in "?!" for char in rest)


def _emoji_name(alias: str) -> str:
    return alias.strip(":").replace("_", " ")


def _is_invisible(char: str) -> bool:
    return unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn")
