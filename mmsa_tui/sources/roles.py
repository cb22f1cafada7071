"""The one decision which column of a table is what: by what the user says, by name, by content.

Every choice carries its reason, so that a person can see it and overrule it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from mmsa_tui.sources.columns import (
    Name,
    is_annotated,
    is_known,
    is_own_export,
    is_weak,
    parse_name,
    rank,
    speaks_of_labels,
)
from mmsa_tui.sources.files.cells import Column
from mmsa_tui.sources.ids import clean_id, have_lost_digits, id_in_address
from mmsa_tui.sources.role_fits import (
    answers_another_question,
    are_account_names,
    are_handles,
    holds_labels,
    holds_pictures,
    is_address_with_id,
    is_all_dates,
    is_author,
    is_id_of_many,
    is_image,
    is_label,
    is_language,
    is_long_number,
    is_moment,
    is_of_post,
    is_text,
    is_title,
    may_be_called_id,
    may_be_id,
    may_be_words,
    readable_dates,
)
from mmsa_tui.sources.said_columns import KINDS, doubts, said_columns
from mmsa_tui.sources.timestamps import to_iso_utc, without_midnight

_MIN_WORDS = 2.5
_LOOK_AT_COLUMNS = 1_000
_MAX_IMAGE_COLUMNS = 12
_ACCOUNT_IDS = frozenset(("twitterid", "facebookid", "instagramid", "tiktokid", "fbid"))


@dataclass(frozen=True, slots=True)
class Roles:
    """The column that holds each thing, "" where there is none.

    `why` gives the reason of each choice by kind. `guessed`: the text is known by its content
    alone. `id_in_address`: the id is a part of the address in column `id`. `others` names further
    columns that could be the text, `other_labels` those of labels that are not read as such. `notes`
    hold for the table as a whole.
    """

    text: str = ""
    title: str = ""
    image: tuple[str, ...] = ()
    id: str = ""
    author: str = ""
    created_at: str = ""
    time: str = ""
    language: str = ""
    label: str = ""
    guessed: bool = False
    id_in_address: bool = False
    other_labels: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    why: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def columns(self) -> list[str]:
        """Return every column that has a role, once."""
        single = (self.text, self.title, self.id, self.author, self.created_at, self.time)
        return list(dict.fromkeys(c for c in (*single, *self.image, self.language, self.label) if c))

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
    return _Choice(columns, sample, said_columns(mapped, columns)).make()


class _Choice:
    """One decision in the making: what is taken is not offered again."""

    def __init__(
        self,
        columns: Sequence[str],
        sample: Sequence[Mapping[str, str]],
        said: Mapping[str, tuple[str, ...]],
    ) -> None:
        self._columns = columns
        self._said = said
        self._names = {
            column: parse_name(column)
            for place, column in enumerate(columns)
            if place < _LOOK_AT_COLUMNS or is_known(column)
        }
        self._sample = sample
        self._measured: dict[str, Column] = {}
        self._taken = {column for columns in said.values() for column in columns}
        self._why = dict.fromkeys(said, "you said so")
        self._notes: list[str] = []
        self._is_annotated = is_annotated(columns)

    def make(self) -> Roles:
        guessed = False
        title = self._single("title", is_title)
        text = self._text()
        if not text and title and "title" not in self._said:
            text, title = title, ""
            self._why["text"] = self._why.pop("title")
        elif not text:
            text, guessed = self._wordiest(), True
        others = tuple(self._rivals(text)) if guessed else ()
        id_column, in_address = self._id()
        if not id_column and "id" not in self._said:
            id_column = self._unnamed("id", is_long_number)
        created_at = self._single("created_at", self._is_date) or self._unnamed("created_at", is_moment)
        created_at = created_at or self._dated()
        time = self._time(created_at)
        author = self._author()
        language = self._single("language", is_language)
        label, other_labels = "", tuple[str, ...]()
        if "label" in self._said or not is_own_export(self._columns):
            label = self._single("label", self._may_be_sentiment) or self._unnamed("label", holds_labels)
            other_labels = tuple(self._other_labels())
        if not author and created_at and text:
            author = self._unnamed("author", are_account_names)
        self._notes += doubts(self._said, self._column)
        return Roles(
            text,
            title,
            self._images(),
            id_column,
            author,
            created_at,
            time,
            language,
            label,
            guessed and bool(text),
            in_address,
            other_labels,
            others,
            self._why,
            tuple(self._notes),
        )

    def _column(self, name: str) -> Column:
        if name not in self._measured:
            self._measured[name] = Column([row.get(name, "") for row in self._sample])
        return self._measured[name]

    def _fits(self, fits: Callable[[Name, Column], bool], column: str) -> bool:
        return fits(self._names[column], self._column(column))

    def _free(self, fits: Callable[[Name, Column], bool]) -> Iterator[str]:
        """Yield the columns that no role has taken and that fit, whatever their names."""
        return (column for column in self._names if column not in self._taken and self._fits(fits, column))

    def _candidates(self, kind: str) -> list[str]:
        """Return the columns that are called like a kind, the best name first."""
        found = [
            (place, len(name.parts), order, column)
            for order, (column, name) in enumerate(self._names.items())
            if column not in self._taken and (place := rank(kind, name)) is not None
        ]
        return [column for *_, column in sorted(found)]

    def _single(self, kind: str, fits: Callable[[Name, Column], bool]) -> str:
        """Return the column the user said, else the best one of its name that fits."""
        if kind in self._said:
            return self._said[kind][0]
        for column in self._candidates(kind):
            if self._fits(fits, column):
                return self._take(kind, column, "by its name")
        return ""

    def _take(self, kind: str, column: str, why: str) -> str:
        self._taken.add(column)
        self._why[kind] = why
        return column

    def _unnamed(self, kind: str, holds: Callable[[Column], bool]) -> str:
        """Return a column of a table without a header that plainly holds a kind of thing."""
        if kind in self._said:
            return ""
        for number, column in enumerate(self._names, start=1):
            if column == f"column_{number}" and column not in self._taken and holds(self._column(column)):
                return self._take(kind, column, "by what its cells hold")
        return ""

    # -- text

    def _text(self) -> str:
        if "text" in self._said:
            return self._said["text"][0]
        found = [c for c in self._candidates("text") if self._fits(is_text, c)]
        if not found:
            return ""
        most = max(self._column(column).fill for column in found)
        full = [column for column in found if self._column(column).fill >= 0.5 * most]
        chosen = next((c for c in full if not is_weak("text", self._names[c])), full[0])
        if is_weak("text", self._names[chosen]) and (rival := self._much_wordier(chosen)):
            return self._take("text", rival, "it holds the most words")
        empty = [c for c in self._candidates("text") if self._is_bare(c) and c != chosen]
        why = "by its name"
        if empty and self._rank(empty[0]) < self._rank(chosen):
            why += f"; `{empty[0]}` is empty"
        return self._take("text", chosen, why)

    def _rank(self, column: str) -> int:
        """Give the place of a candidate for the text among the names that are known."""
        place = rank("text", self._names[column])
        assert place is not None
        return place

    def _is_bare(self, column: str) -> bool:
        return bool(self._sample) and not self._column(column).filled

    def _wordiest(self) -> str:
        """Return the column with the most words in a cell, "" if none reads like sentences."""
        words = {c: self._column(c).words * self._column(c).fill for c in self._free(may_be_words)}
        best = max(words, key=lambda column: words[column], default="")
        if not best or self._column(best).words < _MIN_WORDS:
            return ""
        return self._take("text", best, "no column is called like a text, and this one reads like one")

    def _much_wordier(self, chosen: str) -> str:
        mine = self._column(chosen).words
        found = [c for c in self._free(may_be_words) if c != chosen]
        best = max(found, key=lambda column: self._column(column).words, default="")
        return best if best and self._column(best).words > 3 * mine + 3 else ""

    def _rivals(self, text: str) -> Iterator[str]:
        """Yield the columns that hold nearly as many words as the one that was guessed."""
        for column in self._free(may_be_words) if text else ():
            cells = self._column(column)
            if cells.words >= max(_MIN_WORDS, 0.6 * self._column(text).words) and cells.fill > 0.5:
                yield column

    # -- id

    def _id(self) -> tuple[str, bool]:
        """Return the column of the id, and whether that is a part of an address."""
        if "id" in self._said:
            column = self._said["id"][0]
            if have_lost_digits(self._column(column).filled):
                self._notes.append(_rounded(column, "as you said it is the id, it is kept"))
            return column, False
        usable: list[str] = []
        rounded = ""
        for column in self._candidates("id"):
            if not self._fits(may_be_id, column) or (self._is_annotated and self._names[column].full == "id"):
                continue
            if self._is_of_account(column):
                continue
            if have_lost_digits(self._column(column).filled):
                rounded = rounded or column
            elif not self._fits(is_id_of_many, column):
                usable.append(column)
        # Of ids that repeat, several rows are about one post; an id of the row is better.
        unique = [column for column in usable if self._column(column).is_unique]
        chosen = next(iter(unique or usable), "")
        if chosen and (not rounded or chosen in unique):
            if rounded:
                self._notes.append(_rounded(rounded, f"the id is taken from `{chosen}`"))
            return self._take("id", chosen, "by its name"), False
        address = next(self._free(is_address_with_id), "")
        if address and (rounded or not chosen):
            if rounded:
                self._notes.append(_rounded(rounded, f"the id is taken from `{address}`"))
            return self._take("id", address, "the address of the post holds its id"), True
        if not rounded and not chosen and (called := next(self._free(may_be_called_id), "")):
            return self._take("id", called, "it is called an id, and no two rows share one"), False
        if rounded:
            self._notes.append(_rounded(rounded, "the number of the row takes the place of the id"))
        return "", False

    def _is_of_account(self, column: str) -> bool:
        """Whether `twitterId` is what some tools call the account: the address of the post has another."""
        may_be = self._names[column].full in _ACCOUNT_IDS
        address = next(self._free(is_address_with_id), "") if may_be else ""
        if not address:
            return False
        rows = [(row.get(column, ""), id_in_address(row.get(address, ""))) for row in self._sample]
        return not any(clean_id(said) == told for said, told in rows if said)

    # -- the rest

    def _author(self) -> str:
        """Return the column of handles, where another has a better name and holds `Sam B.`."""
        found = [c for c in self._candidates("author") if self._fits(self._is_author, c)]
        if "author" in self._said or not found:
            return self._single("author", self._is_author)
        handles = next((c for c in found if are_handles(self._column(c))), "")
        if handles and any(" " in cell.strip() for cell in self._column(found[0]).filled):
            return self._take("author", handles, "it holds the handles")
        return self._take("author", found[0], "by its name")

    def _is_author(self, name: Name, cells: Column) -> bool:
        return is_author(name, cells) and not (self._is_annotated and name.full == "user")

    def _is_date(self, name: Name, cells: Column) -> bool:
        if not is_of_post(name) or self._is_annotated or not cells.filled:
            return False
        read = readable_dates(cells)
        if read >= 0.5:
            return True
        # One that cannot be read is still the date, and counted, where there is no better one.
        rest = [c for c in self._candidates("created_at") if self._names[c] is not name]
        is_last = not any(
            to_iso_utc(cell)
            for c in rest
            for cell in self._column(c).filled[:5]
            if not self._names[c].is_about_author
        )
        looks = cells.shapes.get("moment", 0) + cells.shapes.get("number", 0)
        return is_last and (looks >= 0.5 or read > 0) and name.full not in ("data", "time")

    def _dated(self) -> str:
        """Return a column whose cells are dates, where none is called so; that another may be it is told."""
        if "created_at" in self._said or self._is_annotated:
            return ""
        found = list(self._free(is_all_dates))
        called = [c for c in self._candidates("created_at") if self._may_be_called_date(c)]
        if not found and called:
            example = self._column(called[0]).filled[0][:40]
            self._notes.append(
                f"column `{called[0]}` is called like a date and holds none, such as {example!r}: it is kept "
                f"as a column; --map date={called[0]} takes it"
            )
        if not found:
            return ""
        if len(found) > 1:
            rest = ", ".join(f"`{column}`" for column in found[1:4])
            self._notes.append(
                f"no column is called like a date: `{found[0]}` is taken, and {rest} could be it too; "
                f"--map date={found[1]} chooses another"
            )
        return self._take("created_at", found[0], "no column is called like a date, and its cells are dates")

    def _may_be_called_date(self, column: str) -> bool:
        name = self._names[column]
        return bool(self._column(column).filled) and is_of_post(name) and name.full not in ("data", "time")

    def _time(self, date: str) -> str:
        """Return the column that holds the time of day to a date without one."""
        if "time" in self._said:
            return self._said["time"][0]
        if not date or any(":" in without_midnight(cell) for cell in self._column(date).filled[:50]):
            return ""
        return self._single("time", lambda name, cells: cells.shape == "moment")

    def _may_be_sentiment(self, name: Name, cells: Column) -> bool:
        others = ((other, self._column(column)) for column, other in self._names.items() if other is not name)
        return is_label(name, cells) and not answers_another_question(name, cells, others)

    def _other_labels(self) -> Iterator[str]:
        """Yield the columns that hold labels, of this question or another, and that are not taken."""
        named = set(self._candidates("label"))
        for column, name in self._names.items():
            if column in self._taken or not (column in named or speaks_of_labels(name)):
                continue
            if self._fits(is_label, column) and (column in named or self._column(column).distinct > 1):
                yield column

    def _images(self) -> tuple[str, ...]:
        if "image" in self._said:
            return self._said["image"]
        found = [c for c in self._candidates("image") if self._fits(is_image, c)]
        if not found:
            found = list(self._free(holds_pictures))
            self._why["image"] = "its cells name picture files" if found else ""
        else:
            self._why["image"] = "by its name"
        self._taken.update(found[:_MAX_IMAGE_COLUMNS])
        return tuple(found[:_MAX_IMAGE_COLUMNS])


def _rounded(column: str, what: str) -> str:
    return (
        f"the ids in column `{column}` have lost their last digits: a spreadsheet keeps 15 digits of a "
        f"number; {what}"
    )
