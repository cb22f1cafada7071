"""What the app has told the user: errors in a box of their own, and what is kept to be read again."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from textual.app import App

from mmsa_tui.errors import MmsaError
from mmsa_tui.text.display import safe_line
from mmsa_tui.tui.hints import in_app

ERROR_S = 10.0
"""How long an error is shown."""


@dataclass(frozen=True, slots=True)
class Said:
    """A message, when it came, and its style."""

    clock: str
    text: str
    style: str = ""


class Notices:
    """Shows errors, one box each however often they happen, and keeps what was said."""

    def __init__(self, app: App[None]) -> None:
        self._app = app
        self.said: deque[Said] = deque(maxlen=200)
        self._shown_until: dict[str, float] = {}

    def keep(self, text: str, style: str = "") -> None:
        """Keep what a long work has come to, to be read again."""
        self.said.append(Said(time.strftime("%H:%M"), text, style))

    def show_error(self, error: MmsaError, keys: Mapping[str, str]) -> None:
        """Show what went wrong and what to do about it.

        Args:
            keys: the config's keys by action, to name them where a hint names a command.
        """
        now = time.monotonic()
        is_shown = now < self._shown_until.get(error.message, 0.0)
        self._shown_until[error.message] = now + ERROR_S
        if is_shown:
            # Its time begins anew: what has just been tried has failed too.
            self._app.clear_notifications()
        hint = in_app(error.hint, keys)
        text = safe_line(hint, 400) or safe_line(error.message, 400)
        title = safe_line(error.message, 200) if error.hint else "That did not work"
        self._app.notify(text, title=title, severity="error", timeout=ERROR_S, markup=False)
        if not is_shown:
            self.keep(f"{error.message} {hint}".strip(), "$text-error")
