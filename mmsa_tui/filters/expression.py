"""A filter read as an expression: conditions joined by AND, OR, NOT and parentheses. Knows no field.

What the signs mean is what they mean in Lucene and in GitHub's search: `a b` and `a AND b` want
both, `a OR b` one of them, `NOT a` and `-a` the opposite, AND binds tighter than OR. What could be
meant in two ways is an error that says how to write either.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from mmsa_tui.filters.errors import FilterError
from mmsa_tui.filters.tokens import Kind, Term, Token, read_tokens

MAX_LENGTH = 2000
"""Characters of a filter; SQLite refuses patterns that are much longer."""

MAX_DEPTH = 40
"""Parentheses within each other, and NOTs."""

# Same length, so that positions stay true: SQLite's driver takes neither NUL nor half a pair.
_UNTYPABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Joined:
    """Parts of which all must hold, or one of them, or the one part must not hold.

    `is_spelt` where each joint was written out.
    """

    how: Literal["AND", "OR", "NOT"]
    parts: tuple[Node, ...]
    start: int
    end: int
    is_spelt: bool = True


Node = Term | Joined


def read_expression(text: str, fields: Collection[str] = ()) -> Node | None:
    """Read a filter; None if it is empty.

    Args:
        fields: names that `name < 3`, written apart, is repaired for.

    Raises:
        FilterError: it is too long, something is left open, or an operator lacks what it joins.
    """
    if len(text) > MAX_LENGTH:
        raise FilterError(
            f"the filter is longer than {MAX_LENGTH:,} characters",
            "Make it shorter, or save it as several views.",
            at=(MAX_LENGTH, len(text)),
        )
    text = _UNTYPABLE.sub(" ", text)
    tokens = read_tokens(text, fields)
    return _Grammar(text, tokens).read() if tokens else None


def terms_of(node: Node | None) -> Iterator[Term]:
    """Walk through all conditions of an expression, whatever joins them."""
    if isinstance(node, Term):
        yield node
    elif node is not None:
        for part in node.parts:
            yield from terms_of(part)


class _Grammar:
    def __init__(self, text: str, tokens: Sequence[Token]) -> None:
        self._text = text
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    def read(self) -> Node:
        return self._either()

    def _next(self) -> Kind | None:
        return self._tokens[self._at].kind if self._at < len(self._tokens) else None

    def _take(self) -> Token:
        self._at += 1
        return self._tokens[self._at - 1]

    def _either(self) -> Node:
        parts = [self._all()]
        while self._next() == "OR":
            self._take()
            parts.append(self._all())
        if len(parts) == 1:
            return parts[0]
        for part in parts:
            if isinstance(part, Joined) and not part.is_spelt:
                raise FilterError(
                    "it is not clear what OR joins here",
                    "Put what belongs together in parentheses: (a b) OR c, or a (b OR c).",
                    at=part,
                    suggestion=f"({self._text[part.start : part.end]})",
                )
        return Joined("OR", tuple(parts), parts[0].start, parts[-1].end)

    def _all(self) -> Node:
        parts = [self._one()]
        is_spelt = True
        while self._next() not in (None, "OR", ")"):
            if self._next() == "AND":
                self._take()
            else:
                is_spelt = False
            parts.append(self._one())
        if len(parts) == 1:
            return parts[0]
        return Joined("AND", tuple(parts), parts[0].start, parts[-1].end, is_spelt)

    def _one(self) -> Node:
        if self._at == len(self._tokens) or self._next() in ("AND", "OR", ")"):
            raise self._lacking()
        token = self._take()
        if token.term is not None:
            return token.term
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise FilterError(
                f"more than {MAX_DEPTH} parentheses and NOTs lie within each other",
                "Make it simpler.",
                at=token,
            )
        found = self._inside(token) if token.kind == "(" else self._opposite(token)
        self._depth -= 1
        return found

    def _opposite(self, token: Token) -> Joined:
        if self._at == len(self._tokens):
            raise self._lacking()
        part = self._one()
        return Joined("NOT", (part,), token.start, part.end)

    def _inside(self, token: Token) -> Node:
        if self._next() == ")":
            raise FilterError(
                "there is nothing in the parentheses",
                "Write a condition between them, or take them away.",
                at=(token.start, self._tokens[self._at].end),
            )
        found = self._either()
        if self._next() != ")":
            raise FilterError(
                "the parenthesis is never closed",
                "End it with ).",
                at=(token.start, len(self._text)),
                suggestion=self._text[token.start :].rstrip() + ")",
            )
        closing = self._take()
        # The parentheses are part of it, and what stands in them is clear.
        if isinstance(found, Joined):
            return Joined(found.how, found.parts, token.start, closing.end)
        return found

    def _lacking(self) -> FilterError:
        """Name the operator that lacks a condition: the one at hand, else the one before."""
        token = self._tokens[min(self._at, len(self._tokens) - 1)]
        if token.kind not in ("AND", "OR"):
            token = self._tokens[self._at - 1]
        word = self._text[token.start : token.end]
        sides = "behind it" if token.kind in ("NOT", "-") else "on each side"
        return FilterError(
            f"{word} needs a condition {sides}",
            f'Write "{word}" in quotation marks to search for the word.',
            at=token,
            suggestion=f'"{word}"',
        )
