"""The app's own themes, and how labels look in them.

Labels run from the first of the bundle's order to the last on a scale from red over grey to blue,
which the usual kinds of colour blindness keep apart; a sign says the same without colour.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from textual.app import App
from textual.theme import BUILTIN_THEMES, Theme

from mmsa_tui.disk.whole_file import whole_file
from mmsa_tui.errors import ConfigError
from mmsa_tui.export.colours import label_colour

DEFAULT_THEME = "mmsa-dark"

_COLOURS = (
    *("primary", "secondary", "accent", "foreground", "background"),
    *("surface", "panel", "success", "warning", "error"),
)
_GROUNDS = ("scrollbar-background", "scrollbar-background-hover", "scrollbar-background-active")
_VARIABLES = ("block-cursor-foreground", "border-blurred", "scrollbar", "scrollbar-hover")
"""What the columns of a palette are: colours of a theme, then such of its variables as follow from none."""


def _theme(name: str, colours: str, others: str, *, dark: bool = True, **own: str) -> Theme:
    """Make a theme.

    Args:
        colours, others: its palette, in the order of `_COLOURS` and of `_VARIABLES`.
        own: variables that are not as the palette gives them.
    """
    of: dict[str, Any] = dict(zip(_COLOURS, colours.split(), strict=True))
    variables = {
        "block-cursor-background": of["primary"],
        "footer-key-foreground": of["accent"],
        "border": of["primary"],
        "scrollbar-active": of["primary"],
        **dict.fromkeys(_GROUNDS, of["surface"]),
        **dict(zip(_VARIABLES, others.split(), strict=True)),
        **{key.replace("_", "-"): value for key, value in own.items()},
    }
    return Theme(name, dark=dark, variables=variables, **of)


DARK = _theme(
    "mmsa-dark",
    "#6ea8fe #b39dff #ffc26b #e6e9ef #0f1218 #151a22 #1f2630 #5fd3a2 #ffb454 #ff7b72",
    "#0f1218 #2c3643 #36424f #52637a",
    input_selection_background="#6ea8fe 35%",
)
LIGHT = _theme(
    "mmsa-light",
    "#1f5fbf #6b4fc4 #8a4b00 #1c2026 #fbfaf7 #f3f1ea #e5e1d6 #1a7045 #8a5300 #b3261e",
    "#ffffff #c9c4b6 #bdb7a8 #9a9484",
    dark=False,
    input_selection_background="#1f5fbf 30%",
)
CONTRAST = _theme(
    "mmsa-contrast",
    "#7cc4ff #d9c8ff #ffe14d #ffffff #000000 #000000 #26262b #6dffb0 #ffd23f #ff9a94",
    "#000000 #9a9aa2 #9a9aa2 #ffffff",
    block_cursor_background="#ffe14d",
    foreground_muted="#dcdcdc",
    border="#ffffff",
)
THEMES: tuple[Theme, ...] = (DARK, LIGHT, CONTRAST)

_KEPT = "theme.txt"
"""In the data folder: the name of the theme that was chosen in the app."""

Part = tuple[str, str]
"""Words and their style, to be put together to a line."""
MUTED = "$foreground-muted"
"""The style of what matters less."""

FOR, AGAINST = "#e69f00", "#a86bff"
"""What speaks for a label and against it: no label has these colours, and they differ in brightness too."""

_N_SHADES = 25
"""Shades of the scale of labels: exact for 2 to 5, 7 and 9 labels."""

_SIGNS: dict[int, str] = {1: "■", 2: "▼▲", 3: "▼■▲", 4: "▼▽△▲", 5: "▼▽■△▲"}


def check_theme(name: str) -> None:
    """Refuse a theme that is not there; "" is the default one.

    Raises:
        ConfigError: there is no theme of that name.
    """
    ours = [theme.name for theme in THEMES]
    if name and name not in (*ours, *BUILTIN_THEMES):
        others = ", ".join(sorted(BUILTIN_THEMES))
        raise ConfigError(f"there is no theme {name!r}", f"The themes are: {', '.join(ours)}, {others}.")


def kept_theme(folder: Path) -> str:
    """Read which theme was chosen last; "" if none was, or it is no longer there."""
    try:
        name = (folder / _KEPT).read_text(encoding="utf-8").strip()
        check_theme(name)
    except (OSError, ValueError, ConfigError):
        return ""
    return name


def keep_theme(folder: Path, name: str) -> None:
    """Keep which theme was chosen.

    Raises:
        OutputError: the file cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with whole_file(folder / _KEPT, overwrite=True) as part:
        part.write_text(name + "\n", encoding="utf-8")


def register_themes(app: App[Any], name: str = "") -> None:
    """Make our themes known to the app and put one on; "" is the default one.

    Raises:
        ConfigError: there is no theme of that name.
    """
    check_theme(name)
    for theme in THEMES:
        app.register_theme(theme)
    app.theme = name or DEFAULT_THEME


def label_variables(dark: bool) -> dict[str, str]:
    """Give the colours of labels as variables of a theme, from the first label's to the last's."""
    return {f"label-{step}": label_colour(step, _N_SHADES, dark) for step in range(_N_SHADES)}


def label_variable(index: int, n_labels: int) -> str:
    """Choose which of `label_variables` a label has."""
    last = _N_SHADES - 1
    return f"label-{round(last * index / (n_labels - 1)) if n_labels > 1 else last // 2}"


def label_sign(index: int, n_labels: int) -> str:
    """Choose one cell that tells labels apart without colour."""
    signs: Sequence[str] = _SIGNS.get(n_labels, "123456789jklmnopqrstuvwxyz")
    return signs[index] if index < len(signs) else "#"
