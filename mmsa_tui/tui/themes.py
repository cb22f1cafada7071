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

DARK = Theme(
    name="mmsa-dark",
    primary="#6ea8fe",
    secondary="#b39dff",
    accent="#ffc26b",
    foreground="#e6e9ef",
    background="#0f1218",
    surface="#151a22",
    panel="#1f2630",
    success="#5fd3a2",
    warning="#ffb454",
    error="#ff7b72",
    dark=True,
    variables={
        "block-cursor-foreground": "#0f1218",
        "block-cursor-background": "#6ea8fe",
        "input-selection-background": "#6ea8fe 35%",
        "footer-key-foreground": "#ffc26b",
        "border": "#6ea8fe",
        "border-blurred": "#2c3643",
        "scrollbar": "#36424f",
        "scrollbar-hover": "#52637a",
        "scrollbar-active": "#6ea8fe",
        "scrollbar-background": "#151a22",
        "scrollbar-background-hover": "#151a22",
        "scrollbar-background-active": "#151a22",
    },
)
LIGHT = Theme(
    name="mmsa-light",
    primary="#1f5fbf",
    secondary="#6b4fc4",
    accent="#8a4b00",
    foreground="#1c2026",
    background="#fbfaf7",
    surface="#f3f1ea",
    panel="#e5e1d6",
    success="#1a7045",
    warning="#8a5300",
    error="#b3261e",
    dark=False,
    variables={
        "block-cursor-foreground": "#ffffff",
        "block-cursor-background": "#1f5fbf",
        "input-selection-background": "#1f5fbf 30%",
        "footer-key-foreground": "#8a4b00",
        "border": "#1f5fbf",
        "border-blurred": "#c9c4b6",
        "scrollbar": "#bdb7a8",
        "scrollbar-hover": "#9a9484",
        "scrollbar-active": "#1f5fbf",
        "scrollbar-background": "#f3f1ea",
        "scrollbar-background-hover": "#f3f1ea",
        "scrollbar-background-active": "#f3f1ea",
    },
)
CONTRAST = Theme(
    name="mmsa-contrast",
    primary="#7cc4ff",
    secondary="#d9c8ff",
    accent="#ffe14d",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#26262b",
    success="#6dffb0",
    warning="#ffd23f",
    error="#ff9a94",
    dark=True,
    variables={
        "block-cursor-foreground": "#000000",
        "block-cursor-background": "#ffe14d",
        "foreground-muted": "#dcdcdc",
        "footer-key-foreground": "#ffe14d",
        "border": "#ffffff",
        "border-blurred": "#9a9aa2",
        "scrollbar": "#9a9aa2",
        "scrollbar-background": "#000000",
    },
)
THEMES: tuple[Theme, ...] = (DARK, LIGHT, CONTRAST)

_KEPT = "theme.txt"
"""In the data folder: the name of the theme that was chosen in the app."""

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
    signs: Sequence[str] = _SIGNS.get(n_labels, "123456789")
    return signs[index] if index < len(signs) else "#"
