"""Coding blind: when labels are hidden, what would tell them, a row without what anybody says of it."""

from __future__ import annotations

from dataclasses import replace

from mmsa_tui.analysis.queues import title_of
from mmsa_tui.config import Config
from mmsa_tui.filters import FilterError, read_expression, terms_of
from mmsa_tui.store import Order, Row

_FIELDS = ("label", "model", "corrected", "text_label", "image_label", "truth", "conf", "margin", "note")
_WORDS = ("conflict", "changed")
_COLUMNS = ("final_label", "confidence", "margin", "conflict", "corrected_label")
_QUEUES = ("uncertain", "conflict", "errors")
"""Fields, words behind `is:`, columns and queues whose posts are told apart by what is hidden."""


class Blinding:
    """Hides labels from who has yet to give one: in the queue of an audit, unless wanted otherwise.

    The config may say so, and over that the user, for as long as this is there.
    """

    def __init__(self, config: Config) -> None:
        self._wanted, self._analyst = config.blind, config.analyst
        self._chosen: bool | None = None

    def is_on(self, queue: str) -> bool:
        """Whether a queue is shown without labels."""
        if self._chosen is not None:
            return self._chosen
        return self._wanted == "always" or (self._wanted == "rounds" and queue == "audit")

    def toggle(self, queue: str) -> bool:
        """Show what was hidden, or hide what was shown; returns whether it is hidden now."""
        self._chosen = not self.is_on(queue)
        return self._chosen

    @property
    def closed_queues(self) -> frozenset[str]:
        """Queues that show nothing while labels are hidden: which posts they hold tells what is."""
        return frozenset(name for name in _QUEUES if self.is_on(name))

    def told_by(self, queue: str, filter_text: str, order: Order | None) -> str:
        """Name the queue, or what of filter or order, that tells what is hidden; "" where nothing does."""
        if not self.is_on(queue):
            return ""
        told = f"the queue {title_of(queue)}" if queue in _QUEUES else ""
        return told or _told_by_filter(filter_text) or _told_by_order(order)

    def hides(self, row: Row, queue: str) -> bool:
        """Whether a row is to be shown without anybody's label: its reader has yet to give one.

        Who has given one sees all, also where a colleague's later label counts.
        """
        return self.is_on(queue) and self._analyst not in row.labelled_by

    def shown(self, row: Row, queue: str) -> Row:
        """Give a row as it is to be shown, with the reader's own note and every flag."""
        return masked(row, self._analyst) if self.hides(row, queue) else row


def _told_by_filter(text: str) -> str:
    try:
        terms = list(terms_of(read_expression(text)))
    except FilterError:
        # Nothing is listed by it.
        return ""
    for term in terms:
        field = term.field.lower()
        is_word = field in ("is", "has") and any(value.text.casefold() in _WORDS for value in term.values)
        if field in _FIELDS or field.startswith("p_") or is_word:
            return f"the filter {text[term.start : term.end]}"
    return ""


def _told_by_order(order: Order | None) -> str:
    if order is None or order.is_own:
        return ""
    if order.column in _COLUMNS or order.column.startswith("p_"):
        return f"sorting by {order.column.replace('_', ' ')}"
    return ""


def masked(row: Row, analyst: str | None = None, *, has_columns: bool = True) -> Row:
    """Take the labels away that anybody has given, and what was written beside them.

    Args:
        analyst: whose note stays, and every flag with it; None leaves neither.
        has_columns: leave the source's own columns, in which its people's labels may stand too.
    """
    post = row.post
    if post is not None:
        post = replace(post, truth={}, metadata=post.metadata if has_columns else {})
    kept = row.correction if analyst is not None else None
    if kept is not None:
        # A colleague's note may say what the label is, or why.
        kept = replace(kept, new_label="", note=kept.note if row.note_by == analyst else "")
        kept = kept if kept.note or kept.flagged else None
    return replace(row, post=post, prediction=None, correction=kept)
