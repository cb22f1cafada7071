"""Do corrections follow a rule of the analysts' own? Arrays in, an answer out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from mmsa_tui.model.metrics import FloatArray, IntArray

CERTAINTY = 0.99
"""One-sided; a wrong guess costs an analyst a refused retrain."""

MARGIN = 0.05
"""How much lower than promised agreement may be for no other reason than that the posts are of
another kind than those the confidence was calibrated on."""


@dataclass(frozen=True)
class Agreement:
    """How often a head shares people's labels, as a share of `n` posts: in fact, as its confidence
    promised, and if the same labels were dealt out at random among the posts."""

    n: int
    share: float
    expected: float
    by_chance: float

    @classmethod
    def of(cls, probs: FloatArray, truth: IntArray) -> Agreement:
        """Compare.

        Args:
            probs: [N, K] calibrated probabilities by a head that was not fitted on these posts.
            truth: [N] class indices, people's labels.
        """
        n, k = probs.shape
        if not n:
            return cls(0, 0.0, 0.0, 0.0)
        predicted = probs.argmax(1)
        shares = [np.bincount(labels, minlength=k) / n for labels in (predicted, truth)]
        return cls(
            n, float((predicted == truth).mean()), float(probs.max(1).mean()), float(shares[0] @ shares[1])
        )

    @property
    def is_own_rule(self) -> bool:
        """Whether the labels follow the posts, but in another way than the head has learned.

        Labels at random, or of mistakes alone, are shared no more often than by chance; labels as
        the head knows them as often as its confidence says. A rule lies between, with certainty.
        """
        z = NormalDist().inv_cdf(CERTAINTY)
        noise = math.sqrt(self.share * (1 - self.share) / self.n) if self.n else 0.0
        promised = math.sqrt(self.expected * (1 - self.expected) / self.n) if self.n else 0.0
        return self.expected - self.share > MARGIN + z * promised and self.share - self.by_chance > z * noise
