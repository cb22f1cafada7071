"""What a filter searches for in the text of posts, and where it stands there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from mmsa_tui.filters.errors import FilterError
from mmsa_tui.filters.expression import Joined, Node, read_expression
from mmsa_tui.filters.tokens import Term, Value
from mmsa_tui.text.hashtags import SIGNS
from mmsa_tui.text.phrases import Finder, Span, finder, pattern_finder


@dataclass(frozen=True, slots=True)
class Hits:
    """Finds in a text whatever a filter searches for."""

    finders: Sequence[Finder]

    def find(self, text: str) -> list[Span]:
        """List where the hits are, from the first on; of two that overlap the longer one, or the earlier."""
        found = sorted(
            (span for find in self.finders for span in find(text)), key=lambda span: (span[0], -span[1])
        )
        kept: list[Span] = []
        for span in found:
            if not kept or span[0] >= kept[-1][1]:
                kept.append(span)
        return kept


def hits(text: str) -> Hits | None:
    """Find what to mark; None where a filter searches for no words, or cannot be understood.

    What is under a NOT is not marked: it does not occur.
    """
    try:
        expression = read_expression(text)
    except FilterError:
        return None
    finders = [_finder(value) for value in _searched(expression)]
    return Hits(finders) if finders else None


def _searched(node: Node | None) -> Iterator[Value]:
    match node:
        case Term(field=""):
            yield node.values[0]
        case Term(field=field) if field.lower() == "hashtag":
            yield from (replace(value, text=f"#{value.text.lstrip(SIGNS)}") for value in node.values)
        case Joined(how="AND" | "OR"):
            for part in node.parts:
                yield from _searched(part)


def _finder(value: Value) -> Finder:
    return pattern_finder(value.text) if value.is_pattern else finder(value.text)
