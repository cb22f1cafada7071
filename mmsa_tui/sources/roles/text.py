"""Which column holds the text of a post: the best name with words in it, else the most words."""

from __future__ import annotations

from collections.abc import Iterator

from mmsa_tui.sources.columns import is_weak, rank
from mmsa_tui.sources.roles.candidates import Candidates
from mmsa_tui.sources.roles.fits import is_text, may_be_words

_MIN_WORDS = 2.5


def take_text(table: Candidates) -> str:
    """Return the column of the text as the user said or as its name tells, "" if none is called so."""
    if "text" in table.said:
        return table.said["text"][0]
    found = [c for c in table.called("text") if table.fits(is_text, c)]
    if not found:
        return ""
    most = max(table.cells(column).fill for column in found)
    full = [column for column in found if table.cells(column).fill >= 0.5 * most]
    chosen = next((c for c in full if not is_weak("text", table.names[c])), full[0])
    if is_weak("text", table.names[chosen]) and (rival := _much_wordier(table, chosen)):
        return table.take("text", rival, "it holds the most words")
    empty = [c for c in table.called("text") if _is_bare(table, c) and c != chosen]
    why = "by its name"
    if empty and _rank(table, empty[0]) < _rank(table, chosen):
        why += f"; `{empty[0]}` is empty"
    return table.take("text", chosen, why)


def take_wordiest(table: Candidates) -> str:
    """Return the column with the most words in a cell, "" if none reads like sentences."""
    words = {c: table.cells(c).words * table.cells(c).fill for c in table.free(may_be_words)}
    best = max(words, key=lambda column: words[column], default="")
    if not best or table.cells(best).words < _MIN_WORDS:
        return ""
    return table.take("text", best, "no column is called like a text, and this one reads like one")


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
