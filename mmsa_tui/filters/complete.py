"""What could be typed next in a filter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mmsa_tui.filters.fields import Field, fields
from mmsa_tui.filters.tokens import COLUMN

MAX_OFFERED = 40


@dataclass(frozen=True, slots=True)
class Completion:
    """One offer: put `text` in place of what stands from `start` to `end`; `help` says why."""

    start: int
    end: int
    text: str
    help: str = ""

    def applied(self, filter_text: str) -> str:
        """Put it into the filter."""
        return filter_text[: self.start] + self.text + filter_text[self.end :]

    @property
    def cursor(self) -> int:
        """Where the cursor belongs afterwards."""
        return self.start + len(self.text)


def completions(
    text: str,
    cursor: int,
    labels: Sequence[str] = (),
    values: Mapping[str, Sequence[str]] | None = None,
    columns: Sequence[str] = (),
) -> list[Completion]:
    """Offer fields, or values of the field that the cursor is in; nothing inside quoted words.

    Args:
        cursor: place in `text`, in characters.
        values: values that occur in the source by field, such as its authors.
        columns: the source's own columns.
    """
    cursor = max(0, min(cursor, len(text)))
    start = _token_start(text, cursor)
    if start is None:
        return []
    token = text[start:cursor]
    bare = token.lstrip("-(")
    start += len(token) - len(bare)
    token = bare
    end = _token_end(text, cursor)
    known = fields(labels, columns)
    name, colon, typed = token.partition(":")
    if not colon:
        return _offer_fields(known.values(), start, end, name)
    if name.lower() == COLUMN:
        return _offer_columns(columns, start + len(name) + 1, end, typed)
    field = known.get(name.lower())
    if field is None:
        return []
    typed_start = start + len(name) + 1 + typed.rfind(",") + 1
    return _offer_values(
        field, typed_start, end, text[typed_start:cursor], (values or {}).get(field.name, ())
    )


def _offer_fields(known: Iterable[Field], start: int, end: int, typed: str) -> list[Completion]:
    begun = [field for field in known if field.name.startswith(typed.lower())]
    if not typed:
        begun = [field for field in begun if field.is_main]
    return [Completion(start, end, f"{field.name}:", field.help) for field in begun]


def _offer_values(
    field: Field, start: int, end: int, typed: str, occurring: Sequence[str]
) -> list[Completion]:
    folded = typed.casefold()
    offers = [(value, help) for value, help in field.offers if value.casefold().startswith(folded)]
    offered = {value for value, _ in field.offers}
    bare = folded.lstrip("@")
    offers += [
        (_written(value), "")
        for value in occurring
        if value not in offered and value.casefold().lstrip("@").startswith(bare)
    ]
    return [Completion(start, end, value, help) for value, help in offers[:MAX_OFFERED] if value != typed]


def _offer_columns(columns: Sequence[str], start: int, end: int, typed: str) -> list[Completion]:
    begun = typed.lstrip('"').casefold()
    return [
        Completion(start, end, f"{_written(column)}=", "column of the source")
        for column in columns
        if column.casefold().startswith(begun) and "=" not in typed
    ][:MAX_OFFERED]


def _written(value: str) -> str:
    needs_quotes = any(char.isspace() or char in ',"' for char in value)
    return '"' + value.replace('"', " ") + '"' if needs_quotes else value


def _token_start(text: str, cursor: int) -> int | None:
    """Find where the term at the cursor begins; None inside quotation marks."""
    start = 0
    is_quoted = False
    for index, char in enumerate(text[:cursor]):
        if char in '"“”':
            is_quoted = not is_quoted
        elif char.isspace() and not is_quoted:
            start = index + 1
    return None if is_quoted else start


def _token_end(text: str, cursor: int) -> int:
    end = cursor
    while end < len(text) and not text[end].isspace() and text[end] not in ",)":
        end += 1
    return end
