"""A simulated analyst: what corrections do to the shipped bundle, seed by seed, and what the gate says.

    python benchmarks/simulated_analyst.py ../shared/data/mvsa_single [--seeds 10] [--plot curve.png]

Corrections are people's labels of half the frozen split: posts that neither encoders nor heads have
met; the other half judges. `honest`: the post label. `poison`: a label at random. `rule`: people's
label of the text alone, an analyst with a rule of their own; agreement is measured on the other half.
`young`: a head fitted on 500 posts, then given 500 corrections at random or uncertain first; the
share of the gap to the head fitted on everything that it closes, macro-F1 on the frozen split.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from mmsa_tui.config import find_paths
from mmsa_tui.model.bundle import find_bundle
from mmsa_tui.model.features import Features, concatenate
from mmsa_tui.model.held_out import content_group, is_held_out
from mmsa_tui.model.labelled import make_targets
from mmsa_tui.model.metrics import macro_f1
from mmsa_tui.model.predictor import Predictor
from mmsa_tui.records import Post
from mmsa_tui.sources import read
from training.corrections import compress
from training.fusion_stage import FusionSettings, fit_head
from training.refit import RefitSettings, decided, refit
from training.rehearsal import Base, Corrected, truth_of
from training.retrain import load_base

Labels = npt.NDArray[np.int64]


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
    predictor = Predictor.load(bundle, paths, device="cpu")
    parts = [predictor.encoders.encode(posts[i : i + 64]).features for i in range(0, len(posts), 64)]
    features = compress(base.head, concatenate(parts))
    at = {p.content_hash: i for i, p in enumerate(posts)}
    # Posts that neither the encoders nor any head have met: what an analyst's own posts are.
    unseen = [row for row, digest in enumerate(base.evaluation.hashes) if digest in at]
    order = {row: at[base.evaluation.hashes[row]] for row in unseen}
    post = np.array([labels.index(p.truth["post"]) for p in posts])
    text = np.array([labels.index(p.truth["text"]) for p in posts])

    def corrected(rows: Sequence[int], wanted: np.ndarray) -> Corrected:
        groups = tuple(
            content_group(posts[i].text, [x.digest for x in posts[i].pictures], posts[i].content_hash)
            for i in rows
        )
        return Corrected(
            features.take(list(rows)),
            torch.as_tensor(wanted[list(rows)]),
            tuple(posts[i].content_hash for i in rows),
            groups,
            torch.tensor([is_held_out(g) for g in groups]),
        )

    frozen = len(base.evaluation)
    print(f"{bundle.id}; {len(posts)} labelled posts, {frozen} frozen, {options.seeds} seeds")
    _gate(base, labels, order, post, text, corrected, features, options.seeds)
    _young(base, options.seeds, options.plot)


def _gate(
    base: Base,
    labels: list[str],
    order: dict[int, int],
    post: Labels,
    text: Labels,
    corrected: Callable[[Sequence[int], Labels], Corrected],
    features: Features,
    seeds: int,
) -> None:
    passed = {"honest": 0, "poison": 0, "rule": 0}
    gains: list[float] = []
    seconds: list[float] = []
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        rows = rng.permutation(sorted(order))
        taken, kept = np.sort(rows[: len(rows) // 2]), np.sort(rows[len(rows) // 2 :])
        frozen = replace(base, evaluation=base.evaluation.take(torch.as_tensor(kept)))
        for kind, n in (("honest", 300), ("poison", 200), ("rule", 300)):
            mine = [order[int(r)] for r in taken[: min(n, len(taken))]]
            chance = rng.integers(0, len(labels), len(post))
            wanted = {"honest": post, "poison": chance, "rule": text}[kind]
            start = time.perf_counter()
            candidate = refit(frozen, corrected(mine, wanted), labels, RefitSettings())
            seconds.append(time.perf_counter() - start)
            passed[kind] += candidate.verdict.passed
            if kind == "rule":
                rest = [order[int(r)] for r in kept]
                others, truth = features.take(rest), text[rest]
                before = decided(base.head, base.calibration, others).argmax(1) == truth
                after = decided(candidate.head, candidate.calibration, others).argmax(1) == truth
                gains.append(float(after.mean() - before.mean()))
    n = len(order) // 2
    print(f"{n} honest corrections of unseen posts: the gate passed {passed['honest']} of {seeds}")
    print(f"200 random labels: the gate refused {seeds - passed['poison']} of {seeds}")
    print(
        f"{n} corrections by a rule: agreement {np.mean(gains):+.3f} "
        f"({min(gains):+.3f} to {max(gains):+.3f}) on the other half; "
        f"the gate passed {passed['rule']} of {seeds}"
    )
    print(f"refit, features cached: median {np.median(seconds):.1f} s, most {max(seconds):.1f} s")


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
