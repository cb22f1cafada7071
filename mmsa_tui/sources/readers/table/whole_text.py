"""The text of a row where its own column is empty or holds the beginning alone: another column has it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from mmsa_tui.sources.columns import parse_name, rank
from mmsa_tui.sources.readers.table.finding import Found
from mmsa_tui.sources.roles.text import is_beginning

_LOOK_AT_COLUMNS = 512
_RETWEETED = frozenset(("retweetedstatus", "retweetedtweet", "retweeted"))
_PASSED_ON = re.compile(r"RT @\w+: ")
"""How Twitter's first API begins a retweet, whose end it then cuts."""


class WholeText:
    """Gives the text of each row of a table."""

    def __init__(self, found: Found) -> None:
        self._column = found.roles.text
        self._more = found.roles.more_texts
        names = ((column, parse_name(column)) for column in found.table.columns[:_LOOK_AT_COLUMNS])
        self._passed_on = [
            column for column, name in names if name.above & _RETWEETED and rank("text", name) is not None
        ]

    def __call__(self, values: Mapping[str, str]) -> str:
        """Return the text of a row, from another column where its own is empty or holds the beginning."""
        text = values.get(self._column, "")
        for column in self._more:
            other = values.get(column, "")
            if other.strip() and (not text.strip() or (text != other and is_beginning(text.strip(), other))):
                return other
        if self._passed_on and (match := _PASSED_ON.match(text)):
            rest = text[match.end() :].strip()
            found = (values.get(column, "") for column in self._passed_on)
            return match[0] + max(
                (other for other in found if is_beginning(rest, other)), key=len, default=rest
            )
        return text
