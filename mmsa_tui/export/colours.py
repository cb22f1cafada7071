"""The colours of labels, the same on screen, in a workbook and on a page.

Labels run from the first of the bundle's order to the last on a scale from red over grey to blue,
which the usual kinds of colour blindness keep apart.
"""

from __future__ import annotations

_ON_DARK = ("#ff8577", "#c3c8d2", "#62b6ff")
_ON_LIGHT = ("#b3261e", "#565d68", "#0b5cad")
_WHITE = "#ffffff"
_TINT = 0.72


def label_colour(index: int, n_labels: int, dark: bool = True) -> str:
    """Choose the colour of a label as `#rrggbb`; the middle of the scale for an only one.

    Args:
        index: the label's place in the bundle's order.
        dark: for a dark ground; white text is readable on the colours for a light one.
    """
    low, middle, high = _ON_DARK if dark else _ON_LIGHT
    place = 2 * index / (n_labels - 1) - 1 if n_labels > 1 else 0.0
    return _mixed(middle, low if place < 0 else high, abs(place))


def label_tint(index: int, n_labels: int) -> str:
    """Choose a pale ground of the label's colour, for black text."""
    return _mixed(label_colour(index, n_labels, dark=False), _WHITE, _TINT)


def _mixed(first: str, second: str, share: float) -> str:
    channels = (
        round(int(first[at : at + 2], 16) * (1 - share) + int(second[at : at + 2], 16) * share)
        for at in (1, 3, 5)
    )
    return "#" + "".join(f"{channel:02x}" for channel in channels)
