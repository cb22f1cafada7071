"""Words a user types, as a condition on the text of posts."""

from __future__ import annotations

import re

from mmsa_tui.store.rows import Where

# Scripts written without spaces, which FTS5's unicode61 takes for one long word, and everything
# that it takes for a gap between words although people search for it.
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
_WORD = re.compile(r"[^\W_]")
_TAGGED = re.compile(r"[#@$]\w")
_SYMBOL = re.compile("[\u2600-\u27bf\U0001f000-\U0001faff]")


def matching(phrase: str) -> Where:
    """Find posts whose text, or that in their pictures, holds the phrase, whatever the case.

    Accents in letters do not count.

    Words match whole, in the order given. A trailing `*` lets the last word go on. Hashtags,
    handles, emoji and scripts without spaces are found as they stand.
    """
    phrase = phrase.strip()
    open_ended = phrase.endswith("*")
    words = phrase.rstrip("*").strip()
    part = "%" + _escape(words) + "%"
    literal = Where(r"text LIKE ? ESCAPE '\' OR image_text LIKE ? ESCAPE '\'", (part, part))
    if not _WORD.search(words) or _UNSPACED.search(words) or _SYMBOL.search(words):
        return literal
    query = '"' + words.replace('"', '""') + '"' + ("*" if open_ended else "")
    indexed = Where(
        "row_id IN (SELECT rowid FROM post_text WHERE post_text MATCH ?)"
        " OR content_id IN (SELECT rowid FROM image_words WHERE image_words MATCH ?)",
        (query, query),
    )
    return indexed & literal if _TAGGED.search(words) else indexed


def _escape(text: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", text)
