"""What runs the encoders: ONNX Runtime on a CPU, torch on CUDA and on Apple's GPU.

Both compute the same from the same weights. Torch on a CPU is the reference that a test holds the
other to, and what takes over should ONNX Runtime break down in the middle of a run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mmsa_tui.model.encoded import Floats
from mmsa_tui.model.preprocessing import TokenBatch
from mmsa_tui.model.views import LAST_LAYER, Precision, TextViews


@dataclass(frozen=True)
class TextSpec:
    """Which text encoder, and what is read from it.

    precision: what the bundle was made in.
    """

    folder: Path
    views: TextViews = LAST_LAYER
    precision: Precision = "fp32"


class TextRuntime(Protocol):
    """A text encoder that is loaded."""

    def encode(self, batch: TokenBatch) -> Floats:
        """Encode tokens [B, T] into their views, side by side: [B, n_features]."""
        ...

    def encode_without(self, batch: TokenBatch, left_out: Sequence[Sequence[int]]) -> Floats:
        """Encode one text [1, T] once, and leave other places out of its means each time: [N, n_features].

        What the remaining places have taken up from those left out stays in them.
        """
        ...


class ImageRuntime(Protocol):
    """A picture encoder that is loaded."""

    def encode(self, pixels: NDArray[np.uint8]) -> Floats:
        """Encode pixels [B, 3, 224, 224] into their spatial mean, [B, C]."""
        ...

    def regions(self, pixels: NDArray[np.uint8]) -> Floats:
        """Encode the pixels [3, 224, 224] of one picture into its regions, [49, C], row by row."""
        ...


def bucketed(lengths: Sequence[int], size: int) -> list[list[int]]:
    """Cut indices into batches of similar length, the shortest first."""
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    return [order[start : start + size] for start in range(0, len(order), size)]


def means_without(states: Floats, left_out: Sequence[Sequence[int]]) -> Floats:
    """Average hidden states [T, H] over all places but those of each group: [N, H]."""
    n, total = len(states), states.sum(axis=0)
    rows = [(total - states[list(places)].sum(axis=0)) / max(1, n - len(places)) for places in left_out]
    return np.stack(rows).astype(np.float32) if rows else np.zeros((0, states.shape[1]), np.float32)
