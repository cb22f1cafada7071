"""Pictures for posts, drawn on the spot."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw


def draw_picture(path: Path, number: int) -> None:
    """Draw a picture that is the same on every machine."""
    image = Image.new("RGB", (96, 64), (20 * number % 256, 90, 160))
    pen = ImageDraw.Draw(image)
    pen.rectangle((8, 40, 88, 60), fill=(230, 220 - 10 * number, 120))
    pen.ellipse((30, 8, 30 + 2 * number + 8, 16 + 2 * number), fill=(250, 240, 90))
    image.save(path)
