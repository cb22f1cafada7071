"""VADER with no training: the line that always stands beside ours."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmsa_tui.model.metrics import IntArray
from mmsa_tui.model.preprocessing import lexicon

THRESHOLD = 0.05
"""The authors' own cut on the compound score: at or above is positive, at or below minus is negative."""


def vader_labels(texts: Sequence[str], labels: Sequence[str]) -> IntArray:
    """Label raw texts by VADER's compound score, as class indices [N] of `labels`.

    Raises:
        ValueError: `labels` lacks negative, neutral or positive.
    """
    names = ("negative", "neutral", "positive")
    if not set(names) <= set(labels):
        raise ValueError("VADER knows negative, neutral and positive only")
    compound = lexicon().features(texts)[:, 3]
    which = np.where(compound >= THRESHOLD, 2, np.where(compound <= -THRESHOLD, 0, 1))
    return np.array([labels.index(name) for name in names], dtype=np.int64)[which]
