"""What the terminal can draw. Asked once, before the app owns the terminal's input."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from textual.widget import Widget

Graphics = Literal["blocks", "sixel", "kitty"]


def find_graphics(setting: str) -> Graphics:
    """Settle how pictures are drawn: as the user set it, or by asking the terminal.

    Args:
        setting: `auto`, or one of `Graphics`.
    """
    if setting == "blocks":
        return "blocks"
    if sys.__stdin__ is None or sys.__stdout__ is None:
        return "blocks"
    if not (sys.__stdin__.isatty() and sys.__stdout__.isatty()):
        return "blocks"
    try:
        # Importing it asks the terminal, which takes up to 0.3 s where there is no answer.
        import textual_image.widget  # noqa: F401
        from textual_image.renderable import Image, SixelImage, TGPImage
    except Exception:
        # A terminal that answers with nonsense still has half blocks.
        return "blocks"
    if setting == "sixel" or (setting == "auto" and Image is SixelImage):
        return "sixel"
    if setting == "kitty" or (setting == "auto" and Image is TGPImage):
        return "kitty"
    return "blocks"


def make_picture_widget(graphics: Graphics) -> Widget:
    """Make the widget that draws by sixel or kitty; its `image` is what it shows."""
    from textual_image.widget import SixelImage, TGPImage

    widget: Widget = SixelImage() if graphics == "sixel" else TGPImage()
    return widget
