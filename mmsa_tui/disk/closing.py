"""What holds files open and closes them when a `with` block ends."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self


class Closing(ABC):
    """Has `close`, and is closed at the end of a `with` block however that ends."""

    # Records with slots build on it.
    __slots__ = ()

    @abstractmethod
    def close(self) -> None:
        """Let go of what is open; once more does nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
