"""A concordance: every place where a search has found something, with the words around it.

Corpus linguists call it keyword in context (KWIC). One line is one hit; a post may have several.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from mmsa_tui.filters import Hits
from mmsa_tui.store import SourceRow, Store, Where

WIDTH = 80
"""Characters on either side of a hit, unless more are asked for."""

Sort = Literal["post", "before", "hit", "after"]
"""By what lines are sorted: the order of posts, the words before the hit, the hit itself, the words after."""

SORTS: tuple[Sort, ...] = ("post", "before", "hit", "after")


@dataclass(frozen=True, slots=True)
class Line:
    """One hit: the `number`th, from 1, of the post at `ordinal`; `place` is where in the post it stands."""

    ordinal: int
    post_id: str
    number: int
    place: Literal["text", "picture"]
    before: str
    hit: str
    after: str
    final_label: str
    author: str
    created_at: str
    language: str


_COLUMNS = ("ordinal", "post_id", "text", "image_text", "final_label", "author", "created_at", "language")


def find_lines(
    store: Store, source: SourceRow, bundle: str, found: Hits, where: Where | None, width: int = WIDTH
) -> Iterator[Line]:
    """Yield every hit in the posts of a condition, in the order of the source.

    Args:
        width: characters on either side; words are not cut.
    """
    for ordinal, post_id, text, image_text, *about in store.values(source.id, bundle, _COLUMNS, where):
        number = 0
        for place, whole in (("text", text), ("picture", image_text)):
            for start, end in found.find(whole):
                number += 1
                yield Line(
                    ordinal,
                    post_id,
                    number,
                    "text" if place == "text" else "picture",
                    _before(whole, start, width),
                    _flat(whole[start:end]),
                    _after(whole, end, width),
                    *about,
                )


def sort_lines(lines: Sequence[Line], by: Sort) -> list[Line]:
    """Sort lines; those that are equal stay in the order of the posts."""
    match by:
        case "before":
            return sorted(lines, key=lambda line: _words(line.before)[::-1])
        case "after":
            return sorted(lines, key=lambda line: _words(line.after))
        case "hit":
            return sorted(lines, key=lambda line: (_words(line.hit), _words(line.after)))
        case "post":
            return sorted(lines, key=lambda line: line.ordinal)


def _words(text: str) -> list[str]:
    return text.casefold().split()


def _before(text: str, start: int, width: int) -> str:
    whole = _flat(text[max(0, start - width) : start])
    if start > width and not text[start - width - 1].isspace():
        # The first word is not whole; where all is one word, a part of it is better than nothing.
        _, gap, rest = whole.lstrip().partition(" ")
        whole = rest if gap else whole
    return whole.lstrip()


def _after(text: str, end: int, width: int) -> str:
    whole = _flat(text[end : end + width])
    if end + width < len(text) and not text[end + width].isspace():
        rest, gap, _ = whole.rstrip().rpartition(" ")
        whole = rest if gap else whole
    return whole.rstrip()


def _flat(text: str) -> str:
    """Put a text on one line, with the gap at its ends that it has."""
    words = " ".join(text.split())
    if not words:
        return " " if text else ""
    return (" " if text[0].isspace() else "") + words + (" " if text[-1].isspace() else "")
