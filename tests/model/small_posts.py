"""Posts with pictures drawn on the spot."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

from mmsa_tui.records import Picture, Post, content_hash, hash_bytes


def make_picture(seed: int, size: tuple[int, int] = (300, 240)) -> bytes:
    """Draw coloured noise as a JPEG."""
    coarse = np.random.default_rng(seed).integers(0, 255, (6, 8, 3), dtype=np.uint8)
    image = Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def make_post(folder: Path, name: str, text: str, *pictures: bytes) -> Post:
    """Write pictures into a folder and make the post that shows them."""
    found = []
    for number, data in enumerate(pictures):
        path = folder / f"{name}_{number}.jpg"
        path.write_bytes(data)
        found.append(Picture(path.name, path, digest=hash_bytes(data)))
    return Post(name, text, tuple(found), content_hash=content_hash(text, [p.digest for p in found]))
