"""Pictures made small enough to lie inside a workbook or a page."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable

from mmsa_tui.records import Picture

_MAX_PIXELS = 120_000_000
"""Decoding more would cost over 400 MB."""


def small_jpeg(
    picture: Picture, side_px: int, read: Callable[[Picture], bytes] = Picture.read
) -> bytes | None:
    """Shrink a picture to a JPEG, upright and on white; None where it cannot be read or decoded.

    Args:
        side_px: the longer side of the result at most.
        read: gives a picture's bytes; of many pictures, `PictureFiles.read`.
    """
    # Who exports texts alone should not pay for it.
    from PIL import Image, ImageOps

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image: Image.Image = Image.open(io.BytesIO(read(picture)))
            if image.width * image.height > _MAX_PIXELS:
                return None
            image.draft("RGB", (side_px * 2, side_px * 2))
            image = ImageOps.exif_transpose(image)
            image.thumbnail((side_px, side_px))
            rgba = image.convert("RGBA")
            flat = Image.new("RGB", rgba.size, "white")
            flat.paste(rgba, mask=rgba.getchannel("A"))
            small = io.BytesIO()
            flat.save(small, "JPEG", quality=75)
    except Exception:
        # Decoders raise anything on damaged files; the post is shown without its picture.
        return None
    return small.getvalue()
