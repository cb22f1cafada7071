"""Pictures made small enough to lie inside a workbook or a page."""

from __future__ import annotations

import io
from collections.abc import Callable

from mmsa_tui.pictures.decoder import PictureError, fit_picture
from mmsa_tui.records import Picture


def small_jpeg(
    picture: Picture, side_px: int, read: Callable[[Picture], bytes] = Picture.read
) -> bytes | None:
    """Shrink a picture to a JPEG; None where it cannot be read or decoded.

    Args:
        side_px: the longer side of the result at most.
        read: gives a picture's bytes; of many pictures, `PictureFiles.read`.
    """
    try:
        image = fit_picture(read(picture), side_px)
    except (OSError, PictureError):
        # The post is shown without its picture.
        return None
    small = io.BytesIO()
    image.save(small, "JPEG", quality=75)
    return small.getvalue()
