"""A simulated analyst: what corrections do to the shipped bundle, seed by seed, and what the gate says.

    python benchmarks/simulated_analyst.py ../shared/data/mvsa_single [--seeds 10] [--plot curve.png]

300 corrections are drawn from the posts on which no weight was fitted, and the others of those judge.
`honest`: people's label of the post. `poison`: 200 labels at random. `rule`: people's label of the text
alone, an analyst with a rule of their own, who asks for --weight 16. `suspected`: a tenth of people's
labels flipped at random.
`young`: a head fitted on 500 posts, then given 500 corrections at random or uncertain first; the
share of the gap to the head fitted on everything that it closes, macro-F1 on the frozen split.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from mmsa_tui.config import find_paths
from mmsa_tui.model.bundle_registry import find_bundle
from mmsa_tui.model.features import concatenate
from mmsa_tui.model.held_out import content_group, is_held_out
from mmsa_tui.model.labelled import LabelledFeatures, concatenate_targets, make_targets
from mmsa_tui.model.metrics import macro_f1
from mmsa_tui.records import Post
from mmsa_tui.sources import read
from training.fusion_stage import FusionSettings, fit_head
from training.refit import RefitSettings, decided, refit
from training.rehearsal import Base, Corrected, truth_of
from training.retrain import ASKED_SHARE, load_base

Labels = npt.NDArray[np.int64]

RULE_WEIGHT = 16.0
"""What `mmsa retrain --weight` is given by an analyst with a rule of their own."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    paths = find_paths()
    bundle = find_bundle(paths, "mvsa 1.0.0")
    base, labels = load_base(bundle), list(bundle.labels)
    posts = [p for p in read(options.source) if isinstance(p, Post) and p.truth.get("post") in labels]
    at = {p.content_hash: i for i, p in enumerate(posts)}
    # Posts that no weight was fitted on: what an analyst's own posts are.
    assert base.tuning is not None
    apart = _joined(base.tuning, base.evaluation)
    apart = apart.take(torch.tensor([row for row, digest in enumerate(apart.hashes) if digest in at]))
    order = [at[digest] for digest in apart.hashes]
    post = np.array([labels.index(p.truth["post"]) for p in posts])
    text = np.array([labels.index(p.truth["text"]) for p in posts])

    groups = np.array(
        [
            content_group(posts[i].text, [x.digest for x in posts[i].pictures], posts[i].content_hash)
            for i in order
        ]
    )

    def corrected(rows: Sequence[int], wanted: Labels) -> Corrected:
        """Give rows of `apart` the wanted labels, [len(apart)]."""
        index = torch.as_tensor(rows)
        return Corrected(
            apart.features.take(index),
            torch.as_tensor(wanted[list(rows)]),
            tuple(apart.hashes[i] for i in rows),
            tuple(groups[list(rows)]),
            torch.tensor([is_held_out(g) for g in groups[list(rows)]]),
        )

    print(f"{bundle.id}; {len(apart)} posts on which no weight was fitted, {options.seeds} seeds", flush=True)
    _gate(
        replace(base, tuning=None), labels, apart, groups, post[order], text[order], corrected, options.seeds
    )
    _suspected(base, apart, post[order], options.seeds)
    _young(base, options.seeds, options.plot)


def _joined(one: LabelledFeatures, other: LabelledFeatures) -> LabelledFeatures:
    return LabelledFeatures(
        concatenate([one.features, other.features]),
        concatenate_targets([one.targets, other.targets]),
        one.hashes + other.hashes,
    )


def _gate(
    base: Base,
    labels: list[str],
    apart: LabelledFeatures,
    groups: npt.NDArray[np.str_],
    post: Labels,
    text: Labels,
    corrected: Callable[[Sequence[int], Labels], Corrected],
    seeds: int,
) -> None:
    """300 of the posts are corrected, the others judge; copies of a post are on one side."""
    passed = {"honest": 0, "poison": 0, "rule": 0}
    gains: list[float] = []
    changes: list[float] = []
    seconds: list[float] = []
    refusals: Counter[str] = Counter()
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        place = {group: i for i, group in enumerate(rng.permutation(np.unique(groups)))}
        rows = np.array(sorted(range(len(groups)), key=lambda row: place[groups[row]]))
        kept = np.sort(np.array([row for row in rows[300:] if groups[row] != groups[rows[299]]]))
        judged = apart.take(torch.as_tensor(kept))
        before = decided(base.head, base.calibration, judged.features).argmax(1) == text[kept]
        chance = rng.integers(0, len(labels), len(post))
        for kind, n, wanted in (("honest", 300, post), ("poison", 200, chance), ("rule", 300, text)):
            start = time.perf_counter()
            candidate = refit(
                replace(base, evaluation=judged),
                corrected(np.sort(rows[:n]).tolist(), wanted),
                labels,
                RefitSettings(seed=seed + 1)
                if kind != "rule"
                else RefitSettings(seed=seed + 1, weight=RULE_WEIGHT, share=ASKED_SHARE),
            )
            seconds.append(time.perf_counter() - start)
            passed[kind] += candidate.verdict.passed
            if kind == "honest":
                refusals.update(c.name for c in candidate.verdict.checks if not c.passed)
                changes += [c.change or 0.0 for c in candidate.verdict.checks if c.name == "macro-F1"]
            if kind == "rule":
                after = (
                    decided(candidate.head, candidate.calibration, judged.features).argmax(1) == text[kept]
                )
                gains.append(float(after.mean() - before.mean()))
    print(
        f"300 honest corrections: the gate passed {passed['honest']} of {seeds} "
        f"(refused by {dict(refusals)}); "
        f"macro-F1 on the other posts {np.mean(changes):+.3f} ({min(changes):+.3f} to {max(changes):+.3f})"
    )
    print(f"200 random labels: the gate refused {seeds - passed['poison']} of {seeds}")
    print(
        f"300 corrections by a rule: agreement {np.mean(gains):+.3f} "
        f"({min(gains):+.3f} to {max(gains):+.3f}) on the other posts; "
        f"the gate passed {passed['rule']} of {seeds}"
    )
    print(f"refit, features cached: median {np.median(seconds):.1f} s, most {max(seconds):.1f} s", flush=True)


def _suspected(base: Base, apart: LabelledFeatures, post: Labels, seeds: int) -> None:
    """A tenth of people's labels flipped at random: how many are in the first tenth of the queue.

    The queue's order: the given label's probability, least likely first.
    """
    probs = decided(base.head, base.calibration, apart.features)
    n, k = probs.shape
    shares: list[float] = []
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        flipped = rng.choice(n, n // 10, replace=False)
        given = post.copy()
        given[flipped] = (given[flipped] + rng.integers(1, k, len(flipped))) % k
        order = np.argsort(probs[np.arange(n), given], kind="stable")
        shares.append(float(np.isin(flipped, order[: n // 10]).mean()))
    print(
        f"10 % of {n} labels flipped: {np.mean(shares):.0%} ({min(shares):.0%} to {max(shares):.0%}) of them "
        f"among the first 10 % of the queue; at random 10 %",
        flush=True,
    )


def _young(base: Base, seeds: int, plot: Path | None) -> None:
    """A head on 500 posts and what corrections add, random and uncertain first."""
    replay = base.replay
    both = replay.features.has_text & replay.features.has_image & (replay.targets.post >= 0)
    pool = replay.take(torch.nonzero(both).flatten())
    truth = truth_of(base.evaluation)
    known = (truth >= 0).numpy()
    settings = FusionSettings()

    def f1(rows: np.ndarray, seed: int) -> tuple[float, np.ndarray]:
        index = torch.as_tensor(rows)
        part = pool.take(index)
        head = fit_head(
            base.head.config,
            part.features,
            make_targets(part.targets.post.numpy()),
            settings,
            seed,
            scaling=base.head,
        )
        probs = decided(head, base.calibration, base.evaluation.features)
        return macro_f1(truth.numpy()[known], probs.argmax(1)[known]), decided(
            head, base.calibration, pool.features
        )

    steps = (0, 125, 250, 500)
    curves: dict[str, list[list[float]]] = {"random": [], "uncertain first": []}
    tops: list[float] = []
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        start = rng.choice(len(pool), 500, replace=False)
        top, _ = f1(np.arange(len(pool)), seed)
        young, probs = f1(start, seed)
        tops.append(top)
        others = np.setdiff1d(np.arange(len(pool)), start)
        ordered = np.sort(probs[others], axis=1)
        margin = ordered[:, -1] - ordered[:, -2]
        orders = {"random": rng.permutation(others), "uncertain first": others[np.argsort(margin)]}
        for name, order in orders.items():
            curves[name].append(
                [young] + [f1(np.concatenate([start, order[:n]]), seed)[0] for n in steps[1:]]
            )
    top = float(np.mean(tops))
    print(f"head on all {len(pool)} posts: macro-F1 {top:.3f}")
    for name, rows in curves.items():
        mean = np.mean(rows, axis=0)
        closed = (mean[-1] - mean[0]) / (top - mean[0])
        line = "  ".join(f"+{n}: {v:.3f}" for n, v in zip(steps, mean, strict=True))
        print(f"head on 500, {name:16} {line}  closes {closed:.0%} of the gap")
    # One start and one random order a seed: the difference is taken seed by seed.
    change = np.array(curves["uncertain first"])[:, 1:] - np.array(curves["random"])[:, 1:]
    error = 1.96 * change.std(axis=0, ddof=1) / len(change) ** 0.5
    line = "  ".join(
        f"+{n}: {m:+.3f} ± {e:.3f}" for n, m, e in zip(steps[1:], change.mean(0), error, strict=True)
    )
    mean = change.mean(1)
    print(f"uncertain first minus random: {line}  mean of the three: {mean.mean():+.3f}")
    if plot is not None:
        _draw(steps, curves, top, plot)


def _draw(steps: Sequence[int], curves: dict[str, list[list[float]]], top: float, target: Path) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 3.6), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for name, rows in curves.items():
        axes.plot(steps, np.mean(rows, axis=0), marker="o", label=name)
    axes.axhline(top, linestyle="--", color="grey", label="all posts")
    axes.set_xlabel("corrections added to a head on 500 posts")
    axes.set_ylabel("macro-F1, frozen split")
    axes.legend()
    figure.savefig(target, dpi=110)


if __name__ == "__main__":
    main()
