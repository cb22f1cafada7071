"""The order in which roles are chosen, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from mmsa_tui.sources.columns import Name, speaks_of_labels
from mmsa_tui.sources.files.cells import Column
from mmsa_tui.sources.roles.candidates import Candidates
from mmsa_tui.sources.roles.fits import (
    answers_another_question,
    are_account_names,
    are_codes,
    are_handles,
    holds_labels,
    holds_pictures,
    holds_sentiments,
    is_author,
    is_image,
    is_label,
    is_language,
    is_long_number,
    is_moment,
    is_of_post,
    is_title,
    names_topics,
    readable_dates,
)
from mmsa_tui.sources.roles.moment import take_date, take_time
from mmsa_tui.sources.roles.post_id import take_id
from mmsa_tui.sources.roles.said import KINDS, doubts, said_columns
from mmsa_tui.sources.roles.text import family_of, rivals, take_more_texts, take_text, take_wordiest

_MAX_IMAGE_COLUMNS = 12


@dataclass(frozen=True, slots=True)
class Roles:
    """The column that holds each thing, "" where there is none."""

    text: str = ""
    guessed: bool = False
    """The text is known by its content alone."""
    more_texts: tuple[str, ...] = ()
    """Where the text stands if `text` is empty or cut."""
    others: tuple[str, ...] = ()
    """Further columns that could be the text."""
    title: str = ""
    image: tuple[str, ...] = ()
    id: str = ""
    id_in_address: bool = False
    """The id is a part of the address in column `id`."""
    author: str = ""
    created_at: str = ""
    time: str = ""
    language: str = ""
    label: str = ""
    other_labels: tuple[str, ...] = ()
    """Columns of labels that are not read as such."""
    why: Mapping[str, str] = field(default_factory=dict)
    """The reason of each choice by kind."""
    notes: tuple[str, ...] = ()
    """What holds for the table as a whole."""

    def columns(self) -> list[str]:
        """Return every column that has a role, once."""
        single = (self.text, self.title, self.id, self.author, self.created_at, self.time)
        return list(
            dict.fromkeys(c for c in (*single, *self.more_texts, *self.image, self.language, self.label) if c)
        )

    def chosen(self) -> Iterator[tuple[str, str, str]]:
        """Yield kind, column and reason of each choice, kinds in the words of `--map`."""
        for kind in KINDS:
            value = getattr(self, kind)
            word = "date" if kind == "created_at" else kind
            for column in value if isinstance(value, tuple) else (value,):
                if column:
                    yield word, column, self.why.get(kind, "")


def choose_roles(
    columns: Sequence[str], sample: Sequence[Mapping[str, str]], mapped: Mapping[str, str]
) -> Roles:
    """Decide which column is what.

    Args:
        columns: the names of the table's columns.
        sample: rows from all over the table, to recognise what no name tells.
        mapped: the user's `--map`: kind to column, or to several joined by `+`; it wins, and names
            columns without regard to case.

    Raises:
        UsageError: `mapped` names a kind or a column that is not there.
    """
    said = said_columns(mapped, columns)
    table = Candidates(columns, sample, said)
    guessed = False
    title = table.take_called("title", is_title)
    text = take_text(table)
    table.family = family_of(table, text)
    if not text and title and "title" not in said:
        text, title = title, ""
        table.why["text"] = table.why.pop("title")
    elif not text:
        text, guessed = take_wordiest(table), True
    others = tuple(rivals(table, text)) if guessed else ()
    more_texts = () if guessed else take_more_texts(table, text)
    id_column, in_address = take_id(table)
    if not id_column and "id" not in said:
        id_column = table.take_unnamed("id", is_long_number) or table.take_unnamed("id", are_codes)
        id_column = id_column or _take_first_codes(table, columns)
    created_at = take_date(table)
    time = take_time(table, created_at)
    author = _take_author(table)
    language = table.take_called("language", is_language)
    label, other_labels = "", tuple[str, ...]()
    if "label" in said or not table.is_own_export:
        label = _take_label(table)
        other_labels = tuple(_other_labels(table))
    if not author and created_at and text:
        author = table.take_unnamed("author", are_account_names)
    table.notes += doubts(said, table.cells)
    return Roles(
        text=text, more_texts=more_texts, title=title, image=_take_images(table), id=id_column, author=author,
        created_at=created_at, time=time, language=language, label=label,
        guessed=guessed and bool(text), id_in_address=in_address,
        other_labels=other_labels, others=others, why=table.why, notes=tuple(table.notes),
    )  # fmt: skip


def _take_first_codes(table: Candidates, columns: Sequence[str]) -> str:
    """Take the first column, whatever its name, if it holds codes of one length, all different."""
    first = columns[0] if columns and columns[0] in table.names else ""
    if (
        not first
        or table.is_taken(first)
        or not table.fits(lambda name, cells: is_of_post(name) and are_codes(cells), first)
    ):
        return ""
    # One post a day has a date of its own for each row, too.
    is_named_date = first in table.called("created_at") and readable_dates(table.cells(first)) >= 0.5
    if is_named_date or is_moment(table.cells(first)):
        return ""
    return table.take("id", first, "it comes first, and holds a code of its own for each row")


def _take_author(table: Candidates) -> str:
    """Return the column of handles, where another has a better name and holds `Sam B.`."""

    # Who classified is called `user_name` by Zooniverse.
    is_classified = any(name.full == "classificationid" for name in table.names.values())
    annotators = ("user", "username") if is_classified else ("user",)

    def fits(name: Name, cells: Column) -> bool:
        return is_author(name, cells) and not (table.is_annotated and name.full in annotators)

    found = [c for c in table.called("author") if table.fits(fits, c)]
    if "author" in table.said or not found:
        return table.take_called("author", fits)
    handles = next((c for c in found if are_handles(table.cells(c))), "")
    if handles and any(" " in cell.strip() for cell in table.cells(found[0]).filled):
        return table.take("author", handles, "it holds the handles")
    return table.take("author", found[0], "by its name")


def _take_label(table: Candidates) -> str:
    def may_be_sentiment(name: Name, cells: Column) -> bool:
        others = ((other, table.cells(column)) for column, other in table.names.items() if other is not name)
        if name.full == "target" and names_topics(cells):
            return False
        return is_label(name, cells) and not answers_another_question(name, cells, others)

    found = table.take_called("label", may_be_sentiment) or table.take_unnamed("label", holds_labels)
    if found or not (other := next(table.free(holds_sentiments), "")):
        return found
    return table.take("label", other, "by what its cells hold")


def _other_labels(table: Candidates) -> Iterator[str]:
    """Yield the columns that hold labels, of this question or another, and that are not taken."""
    named = set(table.called("label"))
    for column, name in table.names.items():
        if table.is_taken(column) or not (column in named or speaks_of_labels(name)):
            continue
        if table.fits(is_label, column) and (column in named or table.cells(column).distinct > 1):
            yield column


def _take_images(table: Candidates) -> tuple[str, ...]:
    if "image" in table.said:
        return table.said["image"]
    found = [c for c in table.called("image") if table.fits(is_image, c)]
    why = "by its name"
    if not found:
        found = list(table.free(holds_pictures))
        why = "its cells name picture files" if found else ""
    for column in found[:_MAX_IMAGE_COLUMNS]:
        table.take("image", column, why)
    return tuple(found[:_MAX_IMAGE_COLUMNS])
