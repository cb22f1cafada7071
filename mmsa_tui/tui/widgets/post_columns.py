"""The columns of the post table: what is in each, how wide it is, which ones fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from rich.cells import cell_len, set_cell_size

from mmsa_tui.store import Row
from mmsa_tui.text.display import safe_line
from mmsa_tui.tui.widgets.label_looks import LabelLooks

MAX_ID = 12
"""Cells for an id; of a longer one the end is shown, which is where tweet ids differ."""

Cell = tuple[str, str]
"""Text, and the name of a style: "", `muted`, `strong`, `warning`, or `#rrggbb`."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `name` is what the store sorts by, `width` 0 takes what is left."""

    name: str
    title: str
    width: int
    cell: Callable[[Row, LabelLooks], Cell]
    right: bool = False
    is_own: bool = False


def columns_of_row(looks: LabelLooks, id_width: int = MAX_ID) -> dict[str, Column]:
    """List every column that a table may have beside the source's own, by name."""
    label_width = max(5, min(looks.widest, 12)) + 2
    listed = (
        Column("post_id", "id", max(2, min(id_width, MAX_ID)), _id),
        Column("created_at", "date", 10, _date),
        Column("author", "author", 14, _author),
        Column("language", "lang", 4, _language),
        Column("text", "text", 0, _text),
        Column("final_label", "label", label_width, _label),
        Column("confidence", "model", 5, _confidence, right=True),
        Column("text_label", "text says", label_width, _text_label),
        Column("image_label", "pic says", label_width, _image_label),
        Column("note", "note", 16, _note),
        Column("flagged", "", 5, _marks),
    )
    return {column.name: column for column in listed}


def own_column(name: str, width: int) -> Column:
    """Make a column of one of the source's own."""

    def cell(row: Row, looks: LabelLooks) -> Cell:
        return safe_line(row.metadata.get(name, ""), 300), ""

    return Column(name, safe_line(name, 40), width or 12, cell, is_own=True)


@lru_cache(maxsize=8)
def choose_columns(width: int, looks: LabelLooks, id_width: int) -> list[Column]:
    """Pick the columns that leave the text enough room in a table `width` cells wide."""
    known = columns_of_row(looks, id_width)
    names = ("post_id", "text", "final_label", "confidence", "flagged")
    ids, text, label, confidence, marks = (known[name] for name in names)
    chosen = [ids, text, label, confidence, marks]
    if width < 56:
        chosen = [text, label, marks] if width >= 36 else [text, label]
    if width >= 96:
        chosen.insert(1, known["author"])
    if width >= 120:
        chosen.insert(1, known["created_at"])
    return chosen


def fit_end(text: str, width: int) -> str:
    """Cut or fill a text on its left so that its end stands at the right edge of `width` cells."""
    if cell_len(text) <= width:
        return " " * (width - cell_len(text)) + text
    room, at = width - 1, len(text)
    while at and (room := room - cell_len(text[at - 1])) >= 0:
        at -= 1
    end = "…" + text[at:]
    return " " * (width - cell_len(end)) + end


def fit(text: str, width: int, *, right: bool = False) -> str:
    """Cut or fill one line to exactly `width` cells, with an ellipsis where it was cut."""
    if width <= 0:
        return ""
    length = cell_len(text)
    if length > width:
        return set_cell_size(text, width - 1) + "…"
    return " " * (width - length) + text if right else text + " " * (width - length)


def _id(row: Row, looks: LabelLooks) -> Cell:
    shown = safe_line(row.post_id, 200)
    if len(shown) > MAX_ID and shown.isdigit():
        shown = "…" + shown[1 - MAX_ID :]
    return shown, "muted"


def _text(row: Row, looks: LabelLooks) -> Cell:
    if row.failure is not None:
        return "✗ " + safe_line(row.failure.reason, 300), "warning"
    shown = safe_line(row.text, 300)
    return (shown, "") if shown else ("(no text)", "muted")


def _author(row: Row, looks: LabelLooks) -> Cell:
    author = row.post.author if row.post else ""
    return safe_line(author, 60), "muted"


def _date(row: Row, looks: LabelLooks) -> Cell:
    return safe_line(row.post.created_at[:10] if row.post else "", 10), "muted"


def _language(row: Row, looks: LabelLooks) -> Cell:
    return safe_line(row.post.language if row.post else "", 8), "muted"


def _note(row: Row, looks: LabelLooks) -> Cell:
    return safe_line(row.correction.note if row.correction else "", 200), ""


def _text_label(row: Row, looks: LabelLooks) -> Cell:
    return _one_label(row.prediction.text_label if row.prediction else "", looks)


def _image_label(row: Row, looks: LabelLooks) -> Cell:
    return _one_label(row.prediction.image_label if row.prediction else "", looks)


def _one_label(label: str, looks: LabelLooks) -> Cell:
    return (f"{looks.sign(label)} {safe_line(label, 40)}", looks.colour(label)) if label else ("", "muted")


def _label(row: Row, looks: LabelLooks) -> Cell:
    label = row.final_label
    if not label:
        failed = row.prediction is not None and row.prediction.status == "failed"
        return ("✗ failed", "warning") if failed else ("", "muted")
    return f"{looks.sign(label)} {safe_line(label, 40)}", looks.colour(label)


def _confidence(row: Row, looks: LabelLooks) -> Cell:
    prediction = row.prediction
    if prediction is None or not prediction.probs:
        return "", "muted"
    shown = f"{prediction.confidence:.0%}"
    if row.corrected_label and row.corrected_label != prediction.label:
        # It is the model's confidence in its own label, not in the analyst's beside it.
        return looks.sign(prediction.label) + shown, looks.colour(prediction.label)
    return shown, "muted" if prediction.confidence >= 0.6 else ""


def _marks(row: Row, looks: LabelLooks) -> Cell:
    post, correction = row.post, row.correction
    n_pictures = len(post.pictures) if post else 0
    picture = " " if not n_pictures else "▣" if n_pictures == 1 else str(min(n_pictures, 9))
    conflict = "≠" if row.prediction is not None and row.prediction.conflict else " "
    corrected = "✎" if correction is not None and correction.new_label else " "
    other = " "
    if correction is not None and (correction.flagged or correction.note):
        other = "⚑" if correction.flagged else "¶"
    return f"{picture}{conflict}{corrected}{other}", "strong"
