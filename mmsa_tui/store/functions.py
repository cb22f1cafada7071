"""What SQL cannot do by itself: a column of the source, numbers written by people, regular expressions."""

from __future__ import annotations

import json
import re
import sqlite3

from mmsa_tui.text.hashtags import has_hashtag
from mmsa_tui.text.phrases import PATIENCE_S, compiled_pattern

_NUMBER = re.compile(r"[-+]?(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d+)?", re.A)


def install(connection: sqlite3.Connection) -> None:
    """Teach a connection `column_value`, `number_in`, `matches_pattern` and `has_hashtag`."""
    taught = ((column_value, 2), (number_in, 1), (matches_pattern, 2), (has_hashtag, 3))
    for function, n_arguments in taught:
        connection.create_function(function.__name__, n_arguments, function, deterministic=True)


def column_value(metadata: str | None, name: str) -> str:
    """Give what a row has in a column of its source, "" for nothing."""
    return str(json.loads(metadata).get(name, "")) if metadata else ""


def number_in(text: str | None) -> float | None:
    """Read a number as people write it, `1,234` and `-0.5` too; None if it is none."""
    text = (text or "").strip()
    return float(text.replace(",", "")) if _NUMBER.fullmatch(text) else None


def matches_pattern(text: str | bytes | None, pattern: str) -> bool:
    """Tell whether a regular expression is found in a text, in any case.

    Raises:
        TimeoutError: it takes too long; SQLite makes an error of its own of it.
    """
    if text is None:
        return False
    shown = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return compiled_pattern(pattern).search(shown, timeout=PATIENCE_S) is not None
