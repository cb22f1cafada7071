"""What a user says of the columns of a table, `--map`, and what the cells make of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from mmsa_tui.errors import UsageError
from mmsa_tui.sources.columns import Name, parse_name
from mmsa_tui.sources.files.cells import Column
from mmsa_tui.sources.roles.fits import (
    is_author,
    is_image,
    is_label,
    is_language,
    is_text,
    is_title,
    readable_dates,
)

KINDS = ("text", "title", "image", "id", "author", "created_at", "time", "language", "label")
"""What a column can be. `title` is put before the text, `time` behind a date without one."""
_ALSO = {
    "images": "image", "picture": "image", "pictures": "image", "date": "created_at", "lang": "language",
    "body": "text",
}  # fmt: skip
MAPPED = (*tuple(kind for kind in KINDS if kind != "created_at"), "date")
"""The words that `--map` takes."""
_HOLDS: Mapping[str, Callable[[Name, Column], bool]] = {
    "text": is_text,
    "title": is_title,
    "image": is_image,
    "created_at": lambda _, cells: readable_dates(cells) > 0,
    "author": is_author,
    "language": is_language,
    "label": is_label,
}
"""What the cells of a role must be like."""


def said_columns(mapped: Mapping[str, str], columns: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the columns that `--map` names, by kind.

    Raises:
        UsageError: it names a kind or a column that is not there.
    """
    said: dict[str, tuple[str, ...]] = {}
    for word, value in mapped.items():
        kind = _ALSO.get(word, word)
        if kind not in KINDS:
            raise UsageError(f"--map knows no {word!r}", f"It takes {', '.join(MAPPED)}.")
        names = [value] if _find(value, columns) else value.split("+")
        found = tuple(column for name in names if (column := _find(name.strip(), columns)))
        if len(found) < len(names):
            absent = next(name.strip() for name in names if not _find(name.strip(), columns))
            shown = ", ".join(columns[:30]) + (", …" if len(columns) > 30 else "")
            raise UsageError(f"There is no column {absent!r} to take the {word} from", f"Columns: {shown}")
        if len(found) > 1 and kind not in ("image", "text"):
            raise UsageError(
                f"--map {word}= takes one column", "Only text and image take several, joined with +."
            )
        if kind == "text" and len(found) > 1:
            if len(found) > 2:
                raise UsageError("--map text= takes two columns at most", "Write text=TITLE+BODY.")
            said["title"], found = (found[0],), found[1:]
        said[kind] = found
    return said


def _find(name: str, columns: Sequence[str]) -> str:
    if name in columns:
        return name
    return next((column for column in columns if column.casefold() == name.casefold()), "")


def doubts(said: Mapping[str, Sequence[str]], cells_of: Callable[[str], Column]) -> Iterator[str]:
    """Tell of columns that the user named and that hold something else, or nothing.

    Args:
        said: columns by kind, as `said_columns` returns them.
        cells_of: returns the cells of a column in a sample of rows.
    """
    for kind, columns in said.items():
        word = "date" if kind == "created_at" else kind
        for column in columns:
            cells = cells_of(column)
            if cells.cells and not cells.filled:
                yield f"column `{column}`, named for the {word}, is empty in all rows looked at"
            elif cells.filled and kind in _HOLDS and not _HOLDS[kind](parse_name(kind), cells):
                yield (
                    f"column `{column}`, named for the {word}, holds something else, such as "
                    f"{cells.filled[0][:40]!r}; as you say --map {word}={column}, it is read"
                )
