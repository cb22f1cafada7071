"""Themes made readable: every colour of text at least 4.5:1 against every ground it stands on.

The figure is that of WCAG 2.2, contrast minimum (level AA). Many themes that come with Textual miss
it, the light ones most. What misses it is moved towards black or white, as far as it takes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from textual.color import Color
from textual.theme import Theme

from mmsa_tui.export.colours import label_colour

ENOUGH = 4.5
_BLACK, _WHITE = Color(0, 0, 0), Color(255, 255, 255)
_STEPS = 64
_GROUNDS = (
    "background", "surface", "panel", "panel-lighten-1", "surface-active",
    "primary-muted", "accent-muted", "success-muted", "warning-muted", "error-muted",
)  # fmt: skip
_TEXTS = (
    "foreground-muted", "footer-key-foreground", "button-foreground", "input-selection-foreground",
    "text-primary", "text-secondary", "text-accent", "text-warning", "text-error", "text-success",
)  # fmt: skip
_FILLED = {
    "block-cursor-foreground": "block-cursor-background",
    "input-cursor-foreground": "input-cursor-background",
    "button-color-foreground": "primary",
}
_FAINT = ("text-muted", "text-disabled")
"""Textual takes these for what a field hints at; they are read too."""
_N_LABELS = 3
"""The colours of more labels lie between these."""


def contrast(first: Color, second: Color) -> float:
    """Compare two opaque colours: 1 if they are equally bright, 21 for black and white."""
    darker, lighter = sorted((_luminance(first), _luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


def readable(theme: Theme) -> Theme:
    """Move the grounds of a theme until labels can be read on them, then its texts.

    A theme that leaves its colours to the terminal stays as it is: nobody here knows them.
    """
    if theme.ansi:
        return theme
    now = theme.to_color_system().generate() | theme.variables
    ink, paper = (_WHITE, _BLACK) if theme.dark else (_BLACK, _WHITE)
    base = Color.parse(now["background"])
    labels = [Color.parse(label_colour(at, _N_LABELS, theme.dark)) for at in range(_N_LABELS)]

    def moved(name: str, towards: Color, others: Iterable[Color]) -> Color:
        return _moved(_opaque(Color.parse(now[name]), base), towards, others)

    grounds = {name: moved(name, paper, labels) for name in _GROUNDS}
    foreground = moved("foreground", ink, grounds.values())
    variables = {name: grounds[name].hex for name in _GROUNDS}
    variables |= {name: moved(name, ink, grounds.values()).hex for name in _TEXTS}
    variables["input-selection-background"] = variables["primary-muted"]
    variables |= dict.fromkeys(_FAINT, variables["foreground-muted"])
    for text, ground in _FILLED.items():
        filled = _opaque(Color.parse(now[ground]), base)
        variables[text] = max(_BLACK, _WHITE, key=lambda colour: contrast(colour, filled)).hex
    return replace(
        theme,
        foreground=foreground.hex,
        background=grounds["background"].hex,
        surface=grounds["surface"].hex,
        panel=grounds["panel"].hex,
        variables=theme.variables | variables,
    )


def _moved(colour: Color, towards: Color, others: Iterable[Color]) -> Color:
    """Blend a colour towards another until it is readable with all of `others`."""
    others = list(others)
    steps = (colour.blend(towards, step / _STEPS) for step in range(_STEPS + 1))
    return next((step for step in steps if all(contrast(step, other) >= ENOUGH for other in others)), towards)


def _opaque(colour: Color, ground: Color) -> Color:
    return ground.blend(colour.with_alpha(1), colour.a) if colour.a < 1 else colour


def _luminance(colour: Color) -> float:
    """Relative luminance as WCAG 2.2 defines it, 0 to 1."""
    channels = [value / 255 for value in (colour.r, colour.g, colour.b)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
