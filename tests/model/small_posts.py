"""Posts with pictures drawn on the spot."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
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


def pack_pictures(archive: Path, pictures: Sequence[bytes]) -> list[Picture]:
    """Write pictures into a zip file."""
    with zipfile.ZipFile(archive, "w") as file:
        for number, data in enumerate(pictures):
            file.writestr(f"{number}.jpg", data)
    return [Picture(f"{number}.jpg", archive, f"{number}.jpg") for number in range(len(pictures))]


def count_openings(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Make zip files note their path whenever one is opened."""
    opened: list[Path] = []

    class Noting(zipfile.ZipFile):
        def __init__(self, file: Path, *rest: object) -> None:
            opened.append(file)
            super().__init__(file, *rest)

    monkeypatch.setattr(zipfile, "ZipFile", Noting)
    return opened
