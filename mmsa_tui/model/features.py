"""What the encoders say of posts, as tensors: the only input of the fusion head while it is trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import torch
from torch import Tensor

from mmsa_tui.model.encoded import Arrays


@dataclass(frozen=True)
class Features:
    """Features of B posts.

    text: [B, T] pooled text features. lexicon: [B, 4] VADER scores of the raw text.
    image: [B, I] spatial mean, averaged over a post's pictures. has_text, has_image: [B] bool;
    rows of a missing modality hold zeros.
    """

    text: Tensor
    lexicon: Tensor
    image: Tensor
    has_text: Tensor
    has_image: Tensor

    @classmethod
    def of(cls, arrays: Arrays) -> Features:
        """Take over what the encoders gave."""
        return cls(*(torch.from_numpy(getattr(arrays, f.name)) for f in fields(arrays)))

    def __len__(self) -> int:
        return int(self.text.shape[0])

    def take(self, rows: Tensor | Sequence[int]) -> Features:
        """Pick rows by index or bool mask."""
        index = rows if isinstance(rows, Tensor) else torch.as_tensor(rows, dtype=torch.int64)
        return Features(*(getattr(self, f.name)[index] for f in fields(self)))

    def to(self, device: torch.device) -> Features:
        return Features(*(getattr(self, f.name).to(device) for f in fields(self)))


def concatenate(parts: Sequence[Features]) -> Features:
    """Stack features of several sets of posts."""
    return Features(*(torch.cat([getattr(part, f.name) for part in parts]) for f in fields(Features)))
