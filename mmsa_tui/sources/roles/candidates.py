"""The columns of one table while their roles are chosen: what is taken is not offered again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from mmsa_tui.sources import label_crowd
from mmsa_tui.sources.columns import Name, is_annotated, is_known, is_own_export, parse_name, rank
from mmsa_tui.sources.files.cells import Column, holds_bytes_as_text

_LOOK_AT_COLUMNS = 1_000


class Candidates:
    """Offers the columns by their names or cells, and keeps what was taken and why."""

    def __init__(
        self,
        columns: Sequence[str],
        sample: Sequence[Mapping[str, str]],
        said: Mapping[str, tuple[str, ...]],
    ) -> None:
        """Offer all columns but those that the user said.

        Args:
            columns: the names of the table's columns.
            sample: rows from all over the table.
            said: the columns by kind that the user named.
        """
        self.said = said
        self.sample = sample
        # What a crowd was paid and when it was asked says nothing of a post.
        shown = (
            [*label_crowd.inputs(columns), *label_crowd.answers(columns)]
            if label_crowd.is_crowd(columns)
            else columns
        )
        self.names = {
            column: parse_name(column)
            for place, column in enumerate(shown)
            if place < _LOOK_AT_COLUMNS or is_known(column)
        }
        inline = [c for c in self.names if holds_bytes_as_text(row.get(c, "") for row in sample)]
        for column in inline:
            del self.names[column]
        self.is_annotated = is_annotated(columns)
        self.is_own_export = is_own_export(columns)
        self.why = dict.fromkeys(said, "you said so")
        """The reason of each choice, by kind."""
        self.notes: list[str] = []
        """What a person should know of the table as a whole."""
        if inline:
            self.notes.append(
                f"pictures that are written as letters (base64), in {', '.join(inline)}, are not read: "
                "save them as files called by the id of their post"
            )
        self._taken = {column for columns in said.values() for column in columns}
        self.family = ""
        """The word that the names begin with of what is said of a comment, beside the post it is on."""
        self._measured: dict[str, Column] = {}

    def cells(self, name: str) -> Column:
        """Return the cells of a column in the sample."""
        if name not in self._measured:
            self._measured[name] = Column([row.get(name, "") for row in self.sample])
        return self._measured[name]

    def fits(self, fits: Callable[[Name, Column], bool], column: str) -> bool:
        """Whether a claim about a name and cells holds for a column."""
        return fits(self.names[column], self.cells(column))

    def is_taken(self, column: str) -> bool:
        """Whether a column has a role already."""
        return column in self._taken

    def free(self, fits: Callable[[Name, Column], bool]) -> Iterator[str]:
        """Yield the columns that no role has taken and that fit, whatever their names."""
        return (column for column in self.names if column not in self._taken and self.fits(fits, column))

    def beside(self, column: str) -> Iterator[str]:
        """Yield the columns right behind and right before one, if no role has taken them."""
        names = list(self.names)
        at = names.index(column) if column in self.names else len(names)
        for place in (at + 1, at - 1):
            if 0 <= place < len(names) and names[place] not in self._taken:
                yield names[place]

    def called(self, kind: str) -> list[str]:
        """Return the free columns that are called like a kind, the best name first."""
        found = [
            (not self._is_of_family(name), place, len(name.parts), order, column)
            for order, (column, name) in enumerate(self.names.items())
            if column not in self._taken and (place := rank(kind, name)) is not None
        ]
        return [column for *_, column in sorted(found)]

    def _is_of_family(self, name: Name) -> bool:
        """Whether a name begins as that of the text, where another thing stands beside it: `comment_id`."""
        return self.family in ("", name.words[0])

    def take(self, kind: str, column: str, why: str) -> str:
        """Give a column a role, and return it."""
        self._taken.add(column)
        self.why[kind] = why
        return column

    def take_called(self, kind: str, fits: Callable[[Name, Column], bool]) -> str:
        """Return the column the user said, else take the best one of its name that fits."""
        if kind in self.said:
            return self.said[kind][0]
        for column in self.called(kind):
            if self.fits(fits, column):
                return self.take(kind, column, "by its name")
        return ""

    def take_unnamed(self, kind: str, holds: Callable[[Column], bool]) -> str:
        """Take a column of a table without a header that plainly holds a kind of thing."""
        if kind in self.said:
            return ""
        for number, column in enumerate(self.names, start=1):
            if column == f"column_{number}" and column not in self._taken and holds(self.cells(column)):
                return self.take(kind, column, "by what its cells hold")
        return ""
