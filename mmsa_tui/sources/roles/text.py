"""Which column holds the text of a post: the best name with words in it, else the most words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from mmsa_tui.sources.columns import is_weak, rank
from mmsa_tui.sources.files.cells import Column
from mmsa_tui.sources.roles.candidates import Candidates
from mmsa_tui.sources.roles.fits import is_text, may_be_words

_MIN_WORDS = 2.5
_FAMILIES = frozenset(("comment", "reply", "review", "post", "tweet", "video", "message"))
_CUT = re.compile(r"\s*(?:…|\.\.\.)(?:\s*https?://\S+)?$")
"""How a text ends that a program has cut, and the address where all of it stands."""


def take_text(table: Candidates) -> str:
    """Return the column of the text as the user said or as its name tells, "" if none is called so."""
    if "text" in table.said:
        return table.said["text"][0]
    found = [c for c in table.called("text") if table.fits(is_text, c)]
    if not found:
        return ""
    most = max(table.cells(column).fill for column in found)
    full = [column for column in found if table.cells(column).fill >= 0.5 * most]
    if any(_is_new_in_each(table.cells(column)) for column in full):
        full = [column for column in full if not _is_repeated(table.cells(column))]
    chosen = next((c for c in full if not is_weak("text", table.names[c])), full[0])
    if is_weak("text", table.names[chosen]) and (rival := _much_wordier(table, chosen)):
        return table.take("text", rival, "it holds the most words")
    empty = [c for c in table.called("text") if _is_bare(table, c) and c != chosen]
    why = "by its name"
    if empty and _rank(table, empty[0]) < _rank(table, chosen):
        why += f"; `{empty[0]}` is empty"
    return table.take("text", chosen, why)


def _is_new_in_each(cells: Column) -> bool:
    return len(cells.filled) >= 3 and cells.distinct >= 0.9 * len(cells.filled)


def _is_repeated(cells: Column) -> bool:
    """Whether a text comes again and again, as that of a post in each row of a comment on it."""
    return len(cells.filled) >= 3 and cells.distinct <= max(1, len(cells.filled) / 3)


def family_of(table: Candidates, text: str) -> str:
    """Return the word that a text's name begins with, if others tell of another thing in the same way.

    `comment_message` beside `post_id`, `post_published` and `comment_id`.
    """
    if not text or len(words := table.names[text].words) < 2 or words[0] not in _FAMILIES:
        return ""
    others = {name.words[0] for name in table.names.values() if len(name.words) > 1}
    return words[0] if len(others & _FAMILIES) > 1 else ""


def take_more_texts(table: Candidates, text: str) -> tuple[str, ...]:
    """Return the columns that hold the text where the one that was chosen is empty or cut.

    An export of several networks has one for each; a program that cuts a text keeps all of it elsewhere.
    """
    if not text or "text" in table.said:
        return ()
    others = [
        c for c in table.called("text") if table.fits(is_text, c) and not is_weak("text", table.names[c])
    ]
    more = tuple(column for column in others if _goes_on(table, text, column))
    instead = [column for column in more if any(_only_in(row, column, text) for row in table.sample)]
    if instead:
        table.why["text"] += "; where it is empty: " + ", ".join(f"`{column}`" for column in instead)
    return more


def _goes_on(table: Candidates, text: str, column: str) -> bool:
    """Whether a column never says something else beside the text."""
    both = ((row.get(text, "").strip(), row.get(column, "").strip()) for row in table.sample)
    return all(is_beginning(one, other) or is_beginning(other, one) for one, other in both if one and other)


def _only_in(row: Mapping[str, str], column: str, text: str) -> bool:
    return not row.get(text, "").strip() and bool(row.get(column, "").strip())


def is_beginning(text: str, whole: str) -> bool:
    """Whether a text is all of another, or its beginning with dots behind it."""
    if text == whole:
        return True
    start = _CUT.sub("", text)
    return start != text and len(whole) > len(start) and whole.startswith(start)


def take_wordiest(table: Candidates) -> str:
    """Return the column with the most words in a cell, "" if none reads like sentences."""
    words = {c: _wordiness(table.cells(c)) for c in table.free(may_be_words)}
    best = max(words, key=lambda column: words[column], default="")
    if not best or table.cells(best).words < _MIN_WORDS:
        return ""
    return table.take("text", best, "no column is called like a text, and this one reads like one")


def _wordiness(cells: Column) -> float:
    """Rate a column by its words; one sentence over and over is what an analyst or a form says."""
    # What stands in few rows says something of another post, or nothing.
    return cells.words * cells.fill**2 * cells.distinct / max(1, len(cells.filled))


def rivals(table: Candidates, text: str) -> Iterator[str]:
    """Yield the columns that hold nearly as many words as the one that was guessed."""
    for column in table.free(may_be_words) if text else ():
        cells = table.cells(column)
        if cells.words >= max(_MIN_WORDS, 0.6 * table.cells(text).words) and cells.fill > 0.5:
            yield column


def _rank(table: Candidates, column: str) -> int:
    """Give the place of a candidate for the text among the names that are known."""
    place = rank("text", table.names[column])
    assert place is not None
    return place


def _is_bare(table: Candidates, column: str) -> bool:
    return bool(table.sample) and not table.cells(column).filled


def _much_wordier(table: Candidates, chosen: str) -> str:
    mine = table.cells(chosen).words
    found = [c for c in table.free(may_be_words) if c != chosen]
    best = max(found, key=lambda column: table.cells(column).words, default="")
    return best if best and table.cells(best).words > 3 * mine + 3 else ""
