"""What the encoders say of posts, as arrays: the input of the fusion head. Imports no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Arrays:
    """Features of B posts.

    text: [B, T] pooled text features. lexicon: [B, 4] VADER scores of the raw text. image: [B, I]
    spatial mean, averaged over a post's pictures. has_text, has_image: [B]; rows of a missing
    modality hold zeros.
    """

    text: Floats
    lexicon: Floats
    image: Floats
    has_text: Flags
    has_image: Flags

    def __len__(self) -> int:
        return int(self.text.shape[0])

    def take(self, rows: Sequence[int] | NDArray[Any]) -> Arrays:
        """Pick rows by index or mask."""
        return Arrays(*(getattr(self, f.name)[rows] for f in fields(self)))


@dataclass(frozen=True)
class Encoded:
    """Posts as features, with what each picture said and what went wrong.

    `pictures[i]` are post i's usable pictures as (index in the post, [I] features); `problems[i]` says
    why others were not used, "" where all were.
    """

    features: Arrays
    pictures: tuple[tuple[tuple[int, Floats], ...], ...]
    problems: tuple[str, ...]
