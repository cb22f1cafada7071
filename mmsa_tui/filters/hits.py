"""What a filter searches for in the text of posts, so that it can be marked where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mmsa_tui.filters.errors import FilterError
from mmsa_tui.filters.terms import Joined, Node, Term, Value, read_expression


def hits(text: str) -> re.Pattern[str] | None:
    """Find what to mark; None where a filter searches for no words, or cannot be understood.

    What is under a NOT is not marked: it does not occur.
    """
    try:
        expression = read_expression(text)
    except FilterError:
        return None
    parts = [part for value in _searched(expression) if (part := _as_pattern(value))]
    try:
        return re.compile("|".join(parts), re.IGNORECASE) if parts else None
    except re.error:
        return None


def _searched(node: Node | None) -> Iterator[Value]:
    match node:
        case Term(field=""):
            yield node.values[0]
        case Joined():
            for part in node.parts:
                yield from _searched(part)


def _as_pattern(value: Value) -> str:
    if value.is_pattern:
        return f"(?:{value.text})"
    words = value.text.strip().rstrip("*").split()
    if not words:
        return ""
    # Between the words of a phrase anything may stand that is no word, as in the search itself.
    inside = r"\W+".join(map(re.escape, words))
    before = r"\b" if words[0][0].isalnum() else ""
    behind = r"\w*" if value.text.endswith("*") else r"\b" if words[-1][-1].isalnum() else ""
    return f"{before}{inside}{behind}"
