"""Colours as functions of place: plain, mottled, printed. Knows nothing of light or cameras."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tools.sample_scenes.canvas import Array, Canvas, rgb
from tools.sample_scenes.solids import noise

Paint = Callable[[Array], Array]
"""Points [N, 3] -> linear colours [N, 3]."""


def linear(code: str) -> Array:
    """Read `ffcc00` as linear light."""
    return (np.array(rgb(code), dtype=np.float32) ** 2.2).astype(np.float32)


def mottled(light: str, dark: str, frequency: float, octaves: int = 3) -> Paint:
    """Make a colour that wanders between two."""

    def paint(p: Array) -> Array:
        share = np.clip(0.5 + noise(p, octaves, frequency), 0, 1)[:, None]
        result: Array = (linear(dark) + (linear(light) - linear(dark)) * share).astype(np.float32)
        return result

    return paint


def printed(canvas: Canvas, across: tuple[int, float, float], down: tuple[int, float, float]) -> Paint:
    """Print a finished canvas on a flat side.

    Args:
        across: axis of the space that runs along the picture's width, and where on it the
            picture begins and ends; `down` the same for its height, top first.
    """
    pixels = np.clip(canvas.pixels, 0, 1) ** 2.2
    height, width = pixels.shape[:2]

    def paint(p: Array) -> Array:
        axis, first, last = across
        column = (p[:, axis] - first) / (last - first) * width
        axis, first, last = down
        row = (p[:, axis] - first) / (last - first) * height
        rows = np.clip(row, 0, height - 1).astype(np.int32)
        result: Array = pixels[rows, np.clip(column, 0, width - 1).astype(np.int32)]
        return result

    return paint
