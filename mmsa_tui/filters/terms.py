"""A filter cut into terms: where each begins, its field, its values. Knows no field."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mmsa_tui.filters.errors import FilterError

MAX_LENGTH = 2000
"""Characters of a filter; SQLite refuses patterns that are much longer."""

MAX_VALUES = 100
"""Values in a filter; SQLite refuses expressions that nest much deeper."""

_OPENING = '"“”„'
_CLOSING = re.compile('["“”]')
_FIELD = re.compile(r"([^\W\d]\w*):(?!//)")
# Same length, so that positions stay true: SQLite's driver takes neither NUL nor half a pair.
_UNTYPABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Value:
    """One value as typed, without its quotation marks; `start` and `end` take those in."""

    text: str
    start: int
    end: int
    is_quoted: bool = False


@dataclass(frozen=True, slots=True)
class Term:
    """One condition: `field` "" means words to search for; any of the values will do."""

    start: int
    end: int
    is_negated: bool
    field: str
    values: tuple[Value, ...]


def read_terms(text: str) -> list[list[Term]]:
    """Cut a filter into terms.

    Returns:
        Groups of which all must hold; of a group, joined by OR, one term must.

    Raises:
        FilterError: it is too long, a quotation mark is left open, or OR stands at an edge.
    """
    if len(text) > MAX_LENGTH:
        raise FilterError(
            f"the filter is longer than {MAX_LENGTH:,} characters",
            "Make it shorter, or save it as several views.",
            position=MAX_LENGTH,
            length=len(text) - MAX_LENGTH,
        )
    return _group(_Scanner(_UNTYPABLE.sub(" ", text)).read())


def _group(terms: list[Term]) -> list[list[Term]]:
    groups: list[list[Term]] = []
    is_joining = False
    for number, term in enumerate(terms):
        if not _is_or(term):
            if is_joining:
                groups[-1].append(term)
            else:
                groups.append([term])
            is_joining = False
        elif not groups or is_joining or number == len(terms) - 1:
            raise FilterError(
                "OR needs a condition on each side",
                'Write "OR" in quotation marks to search for the word.',
                position=term.start,
                length=term.end - term.start,
                suggestion='"OR"',
            )
        else:
            is_joining = True
    return groups


def _is_or(term: Term) -> bool:
    is_bare = not term.field and not term.is_negated and not term.values[0].is_quoted
    return is_bare and term.values[0].text == "OR"


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._n_values = 0

    def read(self) -> list[Term]:
        terms: list[Term] = []
        while self._skip_spaces():
            terms.append(self._read_term())
        return terms

    def _skip_spaces(self) -> bool:
        while self._at < len(self._text) and self._text[self._at].isspace():
            self._at += 1
        return self._at < len(self._text)

    def _read_term(self) -> Term:
        start = self._at
        following = self._text[start + 1 : start + 2]
        is_negated = self._text[start] == "-" and bool(following.strip())
        self._at += is_negated
        field = ""
        if found := _FIELD.match(self._text, self._at):
            field = found[1]
            self._at = found.end()
        values = [self._read_value(in_field=bool(field))]
        while field and self._text[self._at : self._at + 1] == ",":
            self._at += 1
            values.append(self._read_value(in_field=True))
        return Term(start, self._at, is_negated, field, tuple(values))

    def _read_value(self, *, in_field: bool) -> Value:
        self._n_values += 1
        if self._n_values > MAX_VALUES:
            raise FilterError(
                f"the filter has more than {MAX_VALUES} conditions",
                "Make it shorter.",
                position=self._at,
                length=len(self._text) - self._at,
            )
        start = self._at
        if start < len(self._text) and self._text[start] in _OPENING:
            return self._read_quoted(start)
        while self._at < len(self._text) and not self._text[self._at].isspace():
            if in_field and self._text[self._at] == ",":
                break
            self._at += 1
        return Value(self._text[start : self._at], start, self._at)

    def _read_quoted(self, start: int) -> Value:
        closing = _CLOSING.search(self._text, start + 1)
        if closing is None:
            raise FilterError(
                "the quotation mark is never closed",
                'End the words with ".',
                position=start,
                length=len(self._text) - start,
                suggestion=self._text[start:].rstrip() + '"',
            )
        inside = self._text[start + 1 : closing.start()]
        self._at = closing.end()
        if self._text[self._at : self._at + 1] == "*":
            self._at += 1
            inside += "*"
        return Value(inside, start, self._at, is_quoted=True)
