"""A young head and what corrections teach it, at random and the doubtful posts first, as curve and table.

    python benchmarks/young_head.py ../shared/data/mvsa_single [--seeds 10] [--plot docs/learning_curve.png]

The head is fitted on 500 posts with people's labels, encoders frozen, and corrected by people's labels of
up to 500 of the others, by `mmsa retrain` as it is: a fifth is held out, the tuning posts choose the step.
What is told is macro-F1 on the frozen split, and the share of the gap to the head fitted on all posts
that the corrections close.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from mmsa_tui.bundle.registry import find_bundle
from mmsa_tui.config import find_paths
from mmsa_tui.model.calibration import Calibration
from mmsa_tui.model.labelled import LabelledFeatures, make_targets
from mmsa_tui.model.metrics import macro_f1
from mmsa_tui.model.network import FusionHead
from mmsa_tui.records import Picture, Post
from mmsa_tui.retrain.held_out import Apart, sides_of
from mmsa_tui.sources import read
from training.full.calibrate import calibrate, decided
from training.full.fusion import FusionSettings, fit_head
from training.retrain.refit import RefitSettings, refit
from training.retrain.rehearsal import Base, Corrected, truth_of
from training.retrain.run import load_base

Rows = npt.NDArray[np.int64]

N_YOUNG = 500
STEPS = (125, 250, 500)
LABELS = ("negative", "neutral", "positive")


@dataclass(frozen=True)
class Pool:
    """Posts of the replay set with words, picture and people's label; [N] groups."""

    base: Base
    posts: LabelledFeatures
    groups: Sequence[str]
    held_out: Sequence[bool]

    def young(self, rows: Rows, seed: int) -> Base:
        """Fit a head on some posts, as a bundle would hold it."""
        part = self.posts.take(torch.as_tensor(rows))
        part = LabelledFeatures(part.features, make_targets(part.targets.post.numpy()), part.hashes)
        head = fit_head(
            self.base.head.config, part.features, part.targets, FusionSettings(), seed, scaling=self.base.head
        )
        assert self.base.tuning is not None
        tuning = self.base.tuning
        calibration = calibrate(head, tuning.features, tuning.targets, compressed=True)
        return Base(head, calibration, part, self.base.evaluation, tuning)

    def corrected(self, rows: Rows) -> Corrected:
        groups = tuple(self.groups[int(row)] for row in rows)
        part = self.posts.take(torch.as_tensor(rows))
        held_out = torch.tensor([self.held_out[int(row)] for row in rows])
        return Corrected(part.features, part.targets.post, part.hashes, groups, held_out)

    def macro_f1(self, head: FusionHead, calibration: Calibration) -> float:
        truth = truth_of(self.base.evaluation).numpy()
        known = truth >= 0
        probs = decided(head, calibration, self.base.evaluation.features)
        return macro_f1(truth[known], probs.argmax(1)[known])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--bundle", default="mvsa 2.3.0")
    options = parser.parse_args()
    pool = _pool(options.source, options.bundle)
    curves: dict[str, list[list[float]]] = {"random": [], "uncertain first": []}
    tops: list[float] = []
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        rng = np.random.default_rng(seed)
        start = rng.choice(len(pool.posts), N_YOUNG, replace=False)
        everything = pool.young(np.arange(len(pool.posts)), seed)
        tops.append(pool.macro_f1(everything.head, everything.calibration))
        young = pool.young(start, seed)
        others = np.setdiff1d(np.arange(len(pool.posts)), start)
        probs = decided(young.head, young.calibration, pool.posts.features)[others]
        margin = np.sort(probs, axis=1)[:, -2:] @ (-1, 1)
        orders = {"random": rng.permutation(others), "uncertain first": others[np.argsort(margin)]}
        for name, order in orders.items():
            curve = [pool.macro_f1(young.head, young.calibration)]
            for n in STEPS:
                candidate = refit(young, pool.corrected(order[:n]), LABELS, RefitSettings(seed=seed))
                curve.append(pool.macro_f1(candidate.head, candidate.calibration))
            curves[name].append(curve)
        print(
            f"seed {seed}: {curves['random'][-1][-1]:.3f} {curves['uncertain first'][-1][-1]:.3f}", flush=True
        )
    top = float(np.mean(tops))
    _tell(curves, top, len(pool.posts))
    if options.plot is not None:
        _draw(curves, top, options.plot)


def _pool(source: Path, bundle: str) -> Pool:
    base = load_base(find_bundle(find_paths(), bundle))
    found = {post.content_hash: post for post in read(source) if isinstance(post, Post)}
    replay = base.replay
    both = replay.features.has_text & replay.features.has_image & (replay.targets.post >= 0)
    posts = replay.take(torch.nonzero(both).flatten())
    known = [found.get(digest, Post(digest, "", content_hash=digest)) for digest in posts.hashes]
    sides = sides_of(known, Apart(), Picture.read)
    return Pool(base, posts, sides.groups, sides.held_out)


def _tell(curves: dict[str, list[list[float]]], top: float, n_posts: int) -> None:
    print(f"head on all {n_posts} posts: macro-F1 {top:.3f}")
    for name, rows in curves.items():
        mean = np.mean(rows, axis=0)
        closed = (mean[-1] - mean[0]) / (top - mean[0])
        line = "  ".join(f"+{n}: {v:.3f}" for n, v in zip((0, *STEPS), mean, strict=True))
        print(f"head on {N_YOUNG}, {name:16} {line}  closes {closed:.0%} of the gap")
    # One start and one random order a seed: the difference is taken seed by seed.
    change = np.array(curves["uncertain first"])[:, 1:] - np.array(curves["random"])[:, 1:]
    error = 1.96 * change.std(axis=0, ddof=1) / len(change) ** 0.5
    line = "  ".join(
        f"+{n}: {m:+.3f} ± {e:.3f}" for n, m, e in zip(STEPS, change.mean(0), error, strict=True)
    )
    print(f"uncertain first minus random: {line}  mean of all: {change.mean():+.3f}")


def _draw(curves: dict[str, list[list[float]]], top: float, target: Path) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 3.6), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for name, rows in curves.items():
        axes.plot((0, *STEPS), np.mean(rows, axis=0), marker="o", label=name)
    axes.axhline(top, linestyle="--", color="grey", label="all posts")
    axes.set_xlabel(f"corrections added to a head on {N_YOUNG} posts")
    axes.set_ylabel("macro-F1, frozen split")
    axes.legend()
    figure.savefig(target, dpi=110)


if __name__ == "__main__":
    main()
