"""Words a user types, as a condition on the text of posts."""

from __future__ import annotations

import re

from mmsa_tui.store.rows import Where
from mmsa_tui.text.hashtags import SIGNS, is_in_index, key_of
from mmsa_tui.text.phrases import core, exact_pattern, is_open, kind_of


def matching(phrase: str) -> Where:
    """Find posts whose text, or that in their pictures, holds the phrase, whatever the case.

    Accents in letters do not count.

    Words match whole, in the order given. A trailing `*` lets the last word go on. Handles, emoji and
    scripts without spaces are found as they stand, hashtags by their own rule (`text.hashtags`).
    """
    words, kind = core(phrase), kind_of(phrase)
    if kind == "hashtag":
        key, goes_on = key_of(words), is_open(phrase)
        said, shown = with_hashtag(key, goes_on), _tagged("image_text", key, goes_on)
        return Where(f"({said.sql}) OR ({shown.sql})", (*said.params, *shown.params))
    if kind == "literal" and (words.isascii() or words.lower() == words.upper()):
        part = "%" + _escape(words) + "%"
        return Where(r"text LIKE ? ESCAPE '\' OR image_text LIKE ? ESCAPE '\'", (part, part))
    pattern = exact_pattern(phrase) if kind == "exact" else re.escape(words)
    as_it_stands = Where("matches_pattern(text, ?) OR matches_pattern(image_text, ?)", (pattern, pattern))
    if kind == "literal":
        # LIKE knows the case of ASCII letters alone.
        return as_it_stands
    query = '"' + words.replace('"', '""') + '"' + ("*" if is_open(phrase) else "")
    indexed = Where(
        "row_id IN (SELECT rowid FROM post_text WHERE post_text MATCH ?)"
        " OR content_id IN (SELECT rowid FROM image_words WHERE image_words MATCH ?)",
        (query, query),
    )
    return indexed if kind == "words" else indexed & as_it_stands


def with_hashtag(key: str, is_open: bool) -> Where:
    """Find posts whose text has a hashtag, by its key; `is_open` lets it go on, "" finds any."""
    found = _tagged("text", key, is_open)
    if not is_in_index(key):
        return found
    # A letter of private use, such as a brand's sign, is a part of the index's word.
    indexed = "row_id IN (SELECT rowid FROM post_text WHERE post_text MATCH ?)"
    return Where(indexed, (f'"{key}"*',)) & found


def _tagged(column: str, key: str, is_open: bool) -> Where:
    # Most texts have no sign, and asking SQLite is a tenth of asking Python.
    signed = " OR ".join(f"{column} LIKE '%{sign}%'" for sign in SIGNS)
    return Where(signed) & Where(f"has_hashtag({column}, ?, ?)", (key, is_open))


def _escape(text: str) -> str:
    return text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
