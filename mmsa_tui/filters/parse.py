"""A filter to a condition."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mmsa_tui.filters.errors import FilterError, closest
from mmsa_tui.filters.expression import Joined, Node, read_expression
from mmsa_tui.filters.fields import MEANT, Field, any_of, column_condition, fields, matching_pattern
from mmsa_tui.filters.tokens import COLUMN, Term, Value, compared
from mmsa_tui.store import Where, matching

_COMPARISON = re.compile(r"([^\W\d]\w*)(<=|>=|==|!=|=|<|>)(.*)", re.S)


def parse(text: str, labels: Sequence[str] = (), columns: Sequence[str] = ()) -> Where:
    """Turn a filter into a condition on rows; an empty filter lets all through.

    Args:
        labels: the bundle's labels in order; without them any label is let pass.
        columns: the source's own columns.

    Raises:
        FilterError: it cannot be understood.
    """
    known = fields(labels, columns)
    expression = read_expression(text, {*known, *MEANT})
    return Where("TRUE") if expression is None else _Reading(known, columns).condition(expression)


def narrowed(text: str, more: str) -> str:
    """Write a filter for what passes both of two, of which either may be empty.

    Raises:
        FilterError: the first cannot be understood.
    """
    text, more = text.strip(), more.strip()
    if not text or not more:
        return text or more
    read = read_expression(text)
    # Parentheses where the joints of the one would reach into the other.
    is_loose = isinstance(read, Joined) and read.how == "OR" and not _is_enclosed(text)
    return f"({text}) {more}" if is_loose else f"{text} {more}"


def _is_enclosed(text: str) -> bool:
    """Whether the first parenthesis is plainly closed by the last one."""
    inside = text[1:-1]
    return text[0] == "(" and text[-1] == ")" and not set(inside) & set('()"“”„/')


class _Reading:
    def __init__(self, known: dict[str, Field], columns: Sequence[str]) -> None:
        self._known = known
        self._columns = {column.casefold(): column for column in columns}

    def condition(self, node: Node) -> Where:
        match node:
            case Joined(how="NOT"):
                part = self.condition(node.parts[0])
                # Unknown values count as not matching, so that a filter and its opposite make up the whole.
                return Where(f"({part.sql}) IS NOT TRUE", part.params)
            case Joined(how="OR"):
                return any_of([self.condition(part) for part in node.parts])
            case Joined():
                parts = [self.condition(part) for part in node.parts]
                sql = " AND ".join(f"({part.sql})" for part in parts)
                return Where(sql, tuple(param for part in parts for param in part.params))
            case Term(field=""):
                return self._search(node.values[0])
        if node.field.lower() == COLUMN:
            return any_of([self._of_column(node, value) for value in node.values])
        field = self._find_field(node)
        return any_of([self._of_field(field, node, value) for value in node.values])

    def _search(self, value: Value) -> Where:
        if value.is_pattern:
            return any_of([matching_pattern("text", value), matching_pattern("image_text", value)])
        if not value.is_quoted:
            self._refuse_comparison(value)
        if not value.text.strip("* "):
            raise FilterError(
                "there is nothing to search for",
                "Put words between the quotation marks, or letters before the *.",
                at=value,
            )
        return matching(value.text)

    def _refuse_comparison(self, value: Value) -> None:
        """Refuse `conf<0.6`, which lacks its colon; of a word that is no field, any sign is text."""
        found = _COMPARISON.fullmatch(value.text)
        if found is None:
            return
        name = MEANT.get(found[1].lower(), found[1].lower())
        if name not in self._known:
            return
        repaired = compared(name, found[2], found[3])
        raise FilterError(
            f"a comparison needs a colon: {repaired}",
            f'Or write "{value.text}" in quotation marks to search for it.',
            at=value,
            suggestion=repaired,
        )

    def _find_field(self, term: Term) -> Field:
        name = term.field.lower()
        field = self._known.get(name)
        if field is not None:
            return field
        meant = MEANT.get(name) or closest(term.field, self._known)
        # Some words stand for a condition as a whole: `flag:yes` is `is:flagged`.
        is_whole = ":" in meant
        raise FilterError(
            f"there is no field {term.field}",
            (f"Did you mean {meant}? " if meant else "")
            + "Put quotation marks around words that contain a colon.",
            at=term if is_whole else (term.start, term.start + len(term.field)),
            suggestion=meant,
        )

    def _of_field(self, field: Field, term: Term, value: Value) -> Where:
        if not value.text.strip():
            raise FilterError(
                f"{field.name}: needs a value",
                f"For example {field.example}",
                at=term,
                suggestion=field.example,
            )
        if value.is_pattern and not field.takes_pattern:
            raise FilterError(
                f"{field.name}: takes no regular expression",
                f"For example {field.example}",
                at=value,
            )
        return field.to_condition(value)

    def _of_column(self, term: Term, value: Value) -> Where:
        name = self._columns.get(term.column.casefold())
        if name is None:
            meant = closest(term.column, list(self._columns))
            start = term.start + len(COLUMN) + 1
            found = self._columns.get(meant, "")
            raise FilterError(
                f"the source has no column {term.column}",
                f"Did you mean {found}?" if found else "Its columns are listed after col: is typed.",
                at=(start, start + len(term.column)),
                suggestion=found if found.isidentifier() else "",
            )
        return column_condition(name, value, f"col:{name}")
