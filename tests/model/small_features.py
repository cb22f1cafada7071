"""Features in which the label shows."""

from __future__ import annotations

import numpy as np
import torch

from mmsa_tui.model.features import Features


def make_features(n: int, seed: int = 0, n_text: int = 32) -> tuple[Features, np.ndarray]:
    """Features in which the label shows: [n] posts with both modalities."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, n)
    text = rng.normal(size=(n, n_text)) + 1.5 * np.eye(3)[y] @ rng.normal(size=(3, n_text))
    image = np.abs(rng.normal(size=(n, 1280)))
    lexicon = np.column_stack([y == 0, y == 1, y == 2, y - 1.0]) * 0.4
    both = torch.ones(n, dtype=torch.bool)
    arrays = [torch.from_numpy(a.astype(np.float32)) for a in (text, lexicon, image)]
    return Features(*arrays, both, both.clone()), y
