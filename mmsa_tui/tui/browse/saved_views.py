"""Saved views as the filter line offers and changes them, and what it says when it does."""

from __future__ import annotations

from pathlib import Path

from mmsa_tui.errors import MmsaError
from mmsa_tui.filters.views import View, read_views, remove_view, save_view
from mmsa_tui.text.display import safe_line
from mmsa_tui.tui.browse.offer_list import Offer


class SavedViews:
    """The views of one file; without a file there are none and none can be saved."""

    def __init__(self, file: Path | None) -> None:
        self._file = file

    @property
    def can_save(self) -> bool:
        return self._file is not None

    def read(self) -> list[View]:
        """List them.

        Raises:
            ConfigError: the file is damaged.
        """
        return read_views(self._file) if self._file is not None else []

    def offers(self, typed: str) -> list[Offer]:
        """Offer the views whose name begins with what is typed; a damaged file offers none."""
        begun = typed.strip().casefold()
        try:
            views = self.read()
        except MmsaError:
            return []
        return [
            Offer(f"★ {view.name}", view.filter, view.filter, len(view.filter), view.name)
            for view in views
            if view.name.casefold().startswith(begun)
        ]

    def save(self, name: str, filter_text: str) -> str:
        """Save a view; returns what to say about it.

        Raises:
            ConfigError, OutputError: see `save_view`.
        """
        assert self._file is not None
        save_view(self._file, View(name, filter_text))
        return f"View {safe_line(name, 60)} is saved; an empty filter offers it."

    def forget(self, name: str) -> str:
        """Remove a view; returns what to say about it.

        Raises:
            ConfigError, OutputError: see `remove_view`.
        """
        assert self._file is not None
        remove_view(self._file, name)
        return f"View {safe_line(name, 60)} is removed."
