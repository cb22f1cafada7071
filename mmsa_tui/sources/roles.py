"""The one decision which column of a table is what: by what the user says, by name, by content.

Every choice carries its reason, so that a person can see it and overrule it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from mmsa_tui.errors import UsageError
from mmsa_tui.sources.columns import (
    Name,
    is_annotated,
    is_known,
    is_own_export,
    is_weak,
    parse_name,
    rank,
)
from mmsa_tui.sources.files.cells import Column
from mmsa_tui.sources.ids import have_lost_digits, id_in_address
from mmsa_tui.sources.label_words import propose_map
from mmsa_tui.sources.timestamps import DateReader, to_iso_utc

KINDS = ("text", "title", "image", "id", "author", "created_at", "time", "language", "label")
"""What a column can be. `title` is put before the text, `time` behind a date without one."""
_ALSO = {
    "images": "image", "picture": "image", "pictures": "image", "date": "created_at", "lang": "language",
    "body": "text",
}  # fmt: skip
MAPPED = (*tuple(kind for kind in KINDS if kind != "created_at"), "date")
"""The words that `--map` takes."""

_MIN_WORDS = 2.5
_LOOK_AT_COLUMNS = 1_000
_MAX_IMAGE_COLUMNS = 12
_MAX_LABELS = 25
# fmt: off
_NOT_WHEN_WRITTEN = frozenset((
    "collected", "query", "scraped", "updated", "update", "edited", "replied", "birth", "birthday", "joined",
    "retrieved", "exported", "export", "access", "accessed", "modified", "deleted", "end", "crawled",
    "downloaded", "imported", "registered", "expires",
))
# fmt: on
"""Words in the names of columns that hold another moment than that of writing."""


@dataclass(frozen=True, slots=True)
class Roles:
    """The column that holds each thing, "" where there is none.

    `why` gives the reason of each choice by kind. `guessed`: the text is known by its content
    alone. `id_in_address`: the id is a part of the address in column `id`. `others` names further
    columns that could be the text. `notes` hold for the table as a whole.
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
    is_label_said: bool = False
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
            raise UsageError(f"--map {word}= takes one column", "Several, with +, go for text and image.")
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
        title = self._single("title", self._is_title)
        text = self._text()
        if not text and title and "title" not in self._said:
            text, title = title, ""
            self._why["text"] = self._why.pop("title")
        elif not text:
            text, guessed = self._wordiest(), True
        others = tuple(self._rivals(text)) if guessed else ()
        id_column, in_address = self._id()
        if not id_column and "id" not in self._said:
            id_column = self._unnamed("id", self._is_long_number)
        created_at = self._single("created_at", self._is_date) or self._unnamed("created_at", self._is_moment)
        created_at = created_at or self._dated()
        time = self._time(created_at)
        author = self._single("author", self._is_author)
        language = self._single("language", self._is_language)
        label = ""
        if "label" in self._said or not is_own_export(self._columns):
            label = self._single("label", self._is_label) or self._unnamed("label", self._holds_labels)
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
            "label" in self._said,
            others,
            self._why,
            tuple(self._notes),
        )

    def _column(self, name: str) -> Column:
        if name not in self._measured:
            self._measured[name] = Column([row.get(name, "") for row in self._sample])
        return self._measured[name]

    def _candidates(self, kind: str) -> list[str]:
        """Return the columns that are called like a kind, the best name first."""
        found = [
            (place, len(name.parts), order, column)
            for order, (column, name) in enumerate(self._names.items())
            if column not in self._taken and (place := rank(kind, name)) is not None
        ]
        return [column for *_, column in sorted(found)]

    def _single(self, kind: str, fits: Callable[[str, Name], bool]) -> str:
        """Return the column the user said, else the best one of its name that fits."""
        if kind in self._said:
            return self._said[kind][0]
        for column in self._candidates(kind):
            if fits(column, self._names[column]):
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

    def _is_moment(self, cells: Column) -> bool:
        return cells.shape == "moment" and any(map(to_iso_utc, cells.filled[:20]))

    def _is_long_number(self, cells: Column) -> bool:
        return cells.shape == "number" and cells.is_unique and cells.length >= 6

    def _holds_labels(self, cells: Column) -> bool:
        words = {cell.strip() for cell in cells.filled}
        if cells.fill < 0.9 or not 2 <= len(words) <= 6:
            return False
        # Any column may hold 0 and 1.
        if any(word.lstrip("-").isdigit() for word in words) and not {"0", "4"} <= words:
            return False
        return not propose_map(words).unknown

    # -- text

    def _text(self) -> str:
        if "text" in self._said:
            return self._said["text"][0]
        found = [c for c in self._candidates("text") if self._is_text(c, self._names[c])]
        if not found:
            return ""
        most = max(self._column(column).fill for column in found)
        full = [column for column in found if self._column(column).fill >= 0.5 * most]
        chosen = next((c for c in full if not is_weak("text", self._names[c])), full[0])
        if is_weak("text", self._names[chosen]) and (rival := self._much_wordier(chosen)):
            return self._take("text", rival, "it holds the most words")
        empty = [c for c in self._candidates("text") if self._is_bare(c) and c != chosen]
        why = "by its name"
        if empty and found and rank("text", self._names[empty[0]]) < rank("text", self._names[chosen]):  # type: ignore[operator]
            why += f"; `{empty[0]}` is empty"
        return self._take("text", chosen, why)

    def _is_bare(self, column: str) -> bool:
        return bool(self._sample) and not self._column(column).filled

    def _is_text(self, column: str, name: Name) -> bool:
        cells = self._column(column)
        if name.is_about_author or name.is_of_another_post or not cells.filled:
            # Nothing is known of a table without rows; its names are all there is.
            return not self._sample and not name.is_about_author
        if cells.shapes.get("number", 0) + cells.shapes.get("address", 0) >= 0.95:
            return False
        if cells.is_structured and cells.shapes.get("", 0) and is_weak("text", name):
            return False
        # A column of a few words over and over is a label or a type.
        return not (len(cells.filled) >= 20 and cells.distinct <= 10 and cells.words < 2)

    def _is_title(self, column: str, name: Name) -> bool:
        cells = self._column(column)
        if name.is_about_author or name.is_of_another_post or not cells.filled:
            return False
        return cells.shapes.get("number", 0) + cells.shapes.get("address", 0) < 0.5

    def _may_be_words(self, column: str) -> bool:
        name = self._names[column]
        if column in self._taken or name.is_about_author or name.is_of_another_post:
            return False
        cells = self._column(column)
        if len(cells.filled) >= 3 and cells.distinct == 1:
            return False  # a question, or the name of a query
        return bool(cells.filled) and not cells.shape and not cells.is_structured

    def _wordiest(self) -> str:
        """Return the column with the most words in a cell, "" if none reads like sentences."""
        words = {
            c: self._column(c).words * self._column(c).fill for c in self._names if self._may_be_words(c)
        }
        best = max(words, key=lambda column: words[column], default="")
        if not best or self._column(best).words < _MIN_WORDS:
            return ""
        return self._take("text", best, "no column is called like a text, and this one reads like one")

    def _much_wordier(self, chosen: str) -> str:
        mine = self._column(chosen).words
        found = [c for c in self._names if c != chosen and self._may_be_words(c)]
        best = max(found, key=lambda column: self._column(column).words, default="")
        return best if best and self._column(best).words > 3 * mine + 3 else ""

    def _rivals(self, text: str) -> Iterator[str]:
        """Yield the columns that hold nearly as many words as the one that was guessed."""
        for column in self._names:
            if column != text and text and self._may_be_words(column):
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
            name, cells = self._names[column], self._column(column)
            if name.is_about_author or name.is_of_another_post or cells.fill < 0.5:
                continue
            if (self._is_annotated and name.full == "id") or cells.pictures >= 0.5:
                continue
            if have_lost_digits(cells.filled):
                rounded = rounded or column
                continue
            # What repeats in most rows is the id of a page or an author.
            if len(cells.filled) >= 3 and cells.distinct <= max(1, 0.1 * len(cells.filled)):
                continue
            usable.append(column)
        # Of ids that repeat, several rows are about one post; an id of the row is better.
        unique = [column for column in usable if self._column(column).is_unique]
        chosen = next(iter(unique or usable), "")
        if chosen and (not rounded or chosen in unique):
            if rounded:
                self._notes.append(_rounded(rounded, f"the id is taken from `{chosen}`"))
            return self._take("id", chosen, "by its name"), False
        address = self._address_with_id()
        if address and (rounded or not chosen):
            if rounded:
                self._notes.append(_rounded(rounded, f"the id is taken from `{address}`"))
            return self._take("id", address, "the address of the post holds its id"), True
        if rounded:
            self._notes.append(_rounded(rounded, "the number of the row takes the place of the id"))
        return "", False

    def _address_with_id(self) -> str:
        for column, name in self._names.items():
            if column in self._taken or name.is_about_author or name.is_of_another_post:
                continue
            filled = self._column(column).filled
            if len(filled) < 0.9 * len(self._sample) or not filled or self._column(column).shape != "address":
                continue
            ids = {id_in_address(cell) for cell in filled}
            if "" not in ids and len(ids) >= 0.95 * len(filled):
                return column
        return ""

    # -- the rest

    def _is_date(self, column: str, name: Name) -> bool:
        cells = self._column(column)
        if name.is_about_author or name.is_of_another_post or self._is_annotated:
            return False
        if not cells.filled:
            return False
        dates = cells.filled[:50]
        day_first = DateReader(cells.filled).day_first
        read = sum(bool(to_iso_utc(cell, day_first)) for cell in dates) / len(dates)
        if read >= 0.5:
            return True
        # One that cannot be read is still the date, and counted, where there is no better one.
        rest = [c for c in self._candidates("created_at") if c != column]
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
        found = [column for column in self._names if column not in self._taken and self._is_all_dates(column)]
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
        is_other = name.is_about_author or name.is_of_another_post or name.full in ("data", "time")
        return bool(self._column(column).filled) and not is_other

    def _is_all_dates(self, column: str) -> bool:
        name, cells = self._names[column], self._column(column)
        if name.is_about_author or name.is_of_another_post or _NOT_WHEN_WRITTEN & set(name.words):
            return False
        # A time of day alone is no date.
        return cells.shape == "moment" and any(map(to_iso_utc, cells.filled[:20])) and cells.length >= 8

    def _time(self, date: str) -> str:
        """Return the column that holds the time of day to a date without one."""
        if "time" in self._said:
            return self._said["time"][0]
        if not date or any(":" in cell for cell in self._column(date).filled[:50]):
            return ""
        return self._single("time", lambda column, name: self._column(column).shape == "moment")

    def _is_author(self, column: str, name: Name) -> bool:
        cells = self._column(column)
        if name.is_of_another_post or not cells.filled or (self._is_annotated and name.full == "user"):
            return False
        if name.full == "name" and cells.words > 5:
            return False
        return cells.length <= 80 and cells.shape not in ("address", "moment") and not cells.is_structured

    def _is_language(self, column: str, name: Name) -> bool:
        cells = self._column(column)
        if name.is_about_author or name.is_of_another_post or not cells.filled:
            return False
        return all(len(cell.strip()) <= 35 and not cell.strip().isdigit() for cell in cells.filled)

    def _is_label(self, column: str, name: Name) -> bool:
        cells = self._column(column)
        if name.is_about_author or name.is_of_another_post or not cells.filled:
            return False
        if cells.distinct > _MAX_LABELS or any(len(cell) > 30 for cell in cells.filled):
            return False
        is_number = any(cell.strip().strip("+-").isdigit() for cell in cells.filled)
        if is_number and not propose_map(cells.filled).unknown:
            return True
        if is_number:
            self._notes.append(
                f"column `{column}` holds numbers ({', '.join(sorted(set(cells.filled))[:6])}): they are not "
                f"taken for labels; --map label={column} takes them"
            )
            return False
        return all(cell.replace("_", "").replace("-", "").replace(" ", "").isalpha() for cell in cells.filled)

    def _images(self) -> tuple[str, ...]:
        if "image" in self._said:
            return self._said["image"]
        found = [c for c in self._candidates("image") if self._is_image(c, self._names[c])]
        if not found:
            found = [c for c in self._names if c not in self._taken and self._holds_pictures(c)]
            self._why["image"] = "its cells name picture files" if found else ""
        else:
            self._why["image"] = "by its name"
        self._taken.update(found[:_MAX_IMAGE_COLUMNS])
        return tuple(found[:_MAX_IMAGE_COLUMNS])

    def _is_image(self, column: str, name: Name) -> bool:
        cells = self._column(column)
        if name.is_about_author or {"profile", "avatar", "icon", "text"} & set(name.words):
            return False
        if name.is_of_another_post and not name.above & {"entities"}:
            return False
        if not cells.filled:
            return False
        if all(cell.strip().casefold() in ("true", "false", "yes", "no", "0", "1") for cell in cells.filled):
            return False
        if cells.pictures >= 0.3:
            return True
        return not is_weak("image", name) and cells.words < 6

    def _holds_pictures(self, column: str) -> bool:
        name, cells = self._names[column], self._column(column)
        if name.is_about_author or name.is_of_another_post or "profile" in name.words:
            return False
        return bool(cells.filled) and cells.pictures >= 0.6 and cells.words < 8


def _rounded(column: str, what: str) -> str:
    return (
        f"the ids in column `{column}` have lost their last digits: a spreadsheet keeps 15 digits of a "
        f"number; {what}"
    )
