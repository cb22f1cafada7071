"""Which language a post is written in, by Compact Language Detector 2, offline.

Of four libraries on 200 posts in each of fifteen languages py3langid named most (.90 of them, CLD2 .87,
CLD3 .79) and took 540 microseconds a post; CLD2 takes 17. All of them name Nigerian Pidgin English,
or nearly so, and none names Hindi in Latin letters.
"""

from __future__ import annotations

import re

_LONGEST = 1_000
"""Characters that are looked at: more do not change the answer."""
_NOT_WORDS = re.compile(r"https?://\S+|www\.\S+|\bhttps?\b|@\w+|#|_", re.IGNORECASE)
_OUR_NAMES = {"iw": "he", "zh-Hant": "zh", "jw": "jv", "mo": "ro", "no": "nb", "un": ""}
"""What the detector calls otherwise than ISO 639 does."""


def language_of(text: str) -> str:
    """Name the language of a text by its ISO 639 code, "" where it cannot be told."""
    import pycld2

    words = text[:_LONGEST]
    # Most posts hold none of these, and to look for all of them at once is slow.
    lower = words.lower()
    if "@" in words or "#" in words or "_" in words or "http" in lower or "www" in lower:
        words = _NOT_WORDS.sub(" ", words)
    if not words.isprintable():
        words = "".join([char if char.isprintable() else " " for char in words])
    if not (words[:1].isalpha() or any(map(str.isalpha, words))):
        return ""
    try:
        _, _, found = pycld2.detect(words.encode("utf-8", "ignore"), bestEffort=True)
    except pycld2.error:
        return ""
    code = str(found[0][1])
    if code.startswith("xx-"):
        # A script that the detector knows and whose languages it does not.
        return ""
    return _OUR_NAMES.get(code, code)


def main_language(code: str) -> str:
    """The language of a code that may name a region or script, too: `pt` of `pt-BR`; "" for `und`."""
    main = code.strip().lower().replace("_", "-").partition("-")[0]
    return "" if main == "und" else main
