"""What is wrong with a filter, where, and what it should perhaps have been."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Protocol

from mmsa_tui.errors import UsageError


class Span(Protocol):
    """A part of a filter: its characters from `start` up to `end`."""

    @property
    def start(self) -> int: ...

    @property
    def end(self) -> int: ...


class FilterError(UsageError):
    """A filter that cannot be understood.

    Args:
        at: the part of the filter where the trouble is, or from which character to which.
        suggestion: what to put in its place; "" if nothing comes to mind.
    """

    def __init__(
        self, message: str, hint: str = "", at: Span | tuple[int, int] = (0, 0), suggestion: str = ""
    ) -> None:
        super().__init__(message, hint)
        self.start, self.end = at if isinstance(at, tuple) else (at.start, at.end)
        self.suggestion = suggestion

    def repaired(self, text: str) -> str:
        """Put the suggestion into the filter; unchanged without one."""
        if not self.suggestion:
            return text
        return text[: self.start] + self.suggestion + text[self.end :]


def closest(word: str, known: Iterable[str]) -> str:
    """Find the known word that was perhaps meant, or ""."""
    names = list(known)
    begun = [name for name in names if name.startswith(word.lower())]
    return next(iter(begun or get_close_matches(word.lower(), names, n=1, cutoff=0.6)), "")


def listed(names: Sequence[str]) -> str:
    """Write names as a list with `or` before the last."""
    return ", ".join(names[:-1]) + " or " + names[-1] if len(names) > 1 else "".join(names)
