"""A filter to a condition."""

from __future__ import annotations

from collections.abc import Sequence

from mmsa_tui.filters.errors import FilterError, closest
from mmsa_tui.filters.fields import Field, any_of, fields
from mmsa_tui.filters.terms import Term, Value, read_terms
from mmsa_tui.store import Where, matching


def parse(text: str, labels: Sequence[str] = ()) -> Where:
    """Turn a filter into a condition on rows; an empty filter lets all through.

    Args:
        labels: the bundle's labels in order; without them any label is let pass.

    Raises:
        FilterError: it cannot be understood.
    """
    known = fields(labels)
    condition: Where | None = None
    for group in read_terms(text):
        one = any_of([_to_condition(term, known) for term in group])
        condition = one if condition is None else condition & one
    return condition or Where("TRUE")


def _to_condition(term: Term, known: dict[str, Field]) -> Where:
    if not term.field:
        condition = _search(term.values[0])
    else:
        field = _find_field(term, known)
        condition = any_of(
            [field.to_condition(value) for value in term.values if _is_given(term, field, value)]
        )
    # Unknown values count as not matching, so that a filter and its opposite make up the whole.
    return Where(f"({condition.sql}) IS NOT TRUE", condition.params) if term.is_negated else condition


def _search(value: Value) -> Where:
    if not value.text.strip("* "):
        raise FilterError(
            "there is nothing to search for",
            "Put words between the quotation marks, or letters before the *.",
            position=value.start,
            length=value.end - value.start,
        )
    return matching(value.text)


def _find_field(term: Term, known: dict[str, Field]) -> Field:
    field = known.get(term.field.lower())
    if field is None:
        position = term.start + term.is_negated
        meant = closest(term.field, known)
        raise FilterError(
            f"there is no field {term.field}",
            (f"Did you mean {meant}? " if meant else "")
            + "Put quotation marks around words that contain a colon.",
            position=position,
            length=len(term.field),
            suggestion=meant,
        )
    return field


def _is_given(term: Term, field: Field, value: Value) -> bool:
    if value.text.strip():
        return True
    raise FilterError(
        f"{field.name}: needs a value",
        f"For example {field.example}",
        position=term.start,
        length=term.end - term.start,
        suggestion="-" * term.is_negated + field.example,
    )
