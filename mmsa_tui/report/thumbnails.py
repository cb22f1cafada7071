"""Pictures of example posts, made small enough to lie inside the page."""

from __future__ import annotations

import base64
import io
import warnings

from mmsa_tui.records import Picture

_SIDE_PX = 240
_MAX_PIXELS = 120_000_000


def data_uri(picture: Picture) -> str:
    """Return a small JPEG as a `data:` address, or "" for what cannot be read or decoded."""
    # Who reports on texts alone should not pay for it.
    from PIL import Image, ImageOps

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image: Image.Image = Image.open(io.BytesIO(picture.read()))
            if image.width * image.height > _MAX_PIXELS:
                return ""
            image.draft("RGB", (_SIDE_PX * 2, _SIDE_PX * 2))
            image = ImageOps.exif_transpose(image)
            image.thumbnail((_SIDE_PX, _SIDE_PX))
            rgba = image.convert("RGBA")
            flat = Image.new("RGB", rgba.size, "white")
            flat.paste(rgba, mask=rgba.getchannel("A"))
            small = io.BytesIO()
            flat.save(small, "JPEG", quality=75)
    except Exception:
        # Decoders raise anything on damaged files; the post is shown without its picture.
        return ""
    return "data:image/jpeg;base64," + base64.b64encode(small.getvalue()).decode("ascii")
