"""A simulated analyst: what corrections do to a shipped bundle, seed by seed, and what the gate says.

    python benchmarks/simulated_analyst.py ../shared/data/mvsa_single [--seeds 10] [--first-seed 0]
    ... --bundle "mvsa 1.0.0"

Corrections are drawn, by group, from the frozen and the tuning posts, on which no weight was fitted; the
others of both do what they are there for: tune and judge. Everything is left to `mmsa retrain` itself.
`honest`: people's label of the post, 300 at random. `uncertain`: the same, the 300 most doubtful of 600
posts. `mistakes`: only those of 600 posts that the bundle gets wrong. `rule`: people's label of the text
alone, an analyst with a rule of their own. `poison`: 200 labels at random. `suspected`: a tenth of people's
labels flipped at random.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from mmsa_tui.bundle.registry import find_bundle
from mmsa_tui.config import find_paths
from mmsa_tui.model.features import concatenate
from mmsa_tui.model.labelled import LabelledFeatures, concatenate_targets
from mmsa_tui.records import Picture, Post
from mmsa_tui.retrain.held_out import Apart as KeptApart
from mmsa_tui.retrain.held_out import sides_of
from mmsa_tui.sources import read
from training.full.calibrate import decided
from training.retrain.refit import Candidate, RefitSettings, refit
from training.retrain.rehearsal import Base, Corrected
from training.retrain.run import load_base

Labels = npt.NDArray[np.int64]
Rows = npt.NDArray[np.int64]

KINDS = ("honest", "uncertain", "mistakes", "rule", "poison")


@dataclass(frozen=True)
class Apart:
    """The posts on which no weight was fitted: [N] people's labels as class indices, and groups."""

    posts: LabelledFeatures
    post: Labels
    text: Labels
    groups: npt.NDArray[np.str_]
    held_out: npt.NDArray[np.bool_]

    def corrected(self, rows: Rows, wanted: Labels) -> Corrected:
        """Correct posts by the labels wanted [N]."""
        return Corrected(
            self.posts.features.take(torch.as_tensor(rows)),
            torch.as_tensor(wanted[rows]),
            tuple(self.posts.hashes[row] for row in rows),
            tuple(self.groups[rows]),
            torch.as_tensor(self.held_out[rows]),
        )

    def without(self, part: LabelledFeatures, rows: Rows) -> LabelledFeatures:
        """Take posts and their copies out of a part."""
        gone = set(self.groups[rows])
        digests = {d for d, g in zip(self.posts.hashes, self.groups, strict=True) if g not in gone}
        return part.take(torch.tensor([at for at, d in enumerate(part.hashes) if d in digests]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--bundle", default="mvsa 2.3.0")
    options = parser.parse_args()
    bundle = find_bundle(find_paths(), options.bundle)
    base, labels = load_base(bundle), list(bundle.labels)
    apart = _apart(options.source, base, labels)
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    print(
        f"{bundle.id}; {len(apart.post)} posts on which no weight was fitted, {len(seeds)} seeds", flush=True
    )
    _gate(base, labels, apart, seeds)
    _suspected(base, apart.posts, apart.post, options.seeds)


def _apart(source: Path, base: Base, labels: Sequence[str]) -> Apart:
    posts = {p.content_hash: p for p in read(source) if isinstance(p, Post) and p.truth.get("post") in labels}
    assert base.tuning is not None
    both = _joined(base.tuning, base.evaluation)
    both = both.take(torch.tensor([row for row, digest in enumerate(both.hashes) if digest in posts]))
    known = [posts[digest] for digest in both.hashes]
    sides = sides_of(known, KeptApart(), Picture.read)
    return Apart(
        both,
        np.array([labels.index(p.truth["post"]) for p in known]),
        np.array([labels.index(p.truth["text"]) for p in known]),
        np.array(sides.groups),
        np.array(sides.held_out),
    )


def _joined(one: LabelledFeatures, other: LabelledFeatures) -> LabelledFeatures:
    return LabelledFeatures(
        concatenate([one.features, other.features]),
        concatenate_targets([one.targets, other.targets]),
        one.hashes + other.hashes,
    )


def _gate(base: Base, labels: list[str], apart: Apart, seeds: range) -> None:
    """Let each kind of analyst correct, retrain, and ask the gate; copies of a post are on one side."""
    probs = decided(base.head, base.calibration, apart.posts.features)
    doubt = np.sort(probs, axis=1)[:, -2:] @ (-1, 1)
    passed: Counter[str] = Counter()
    refusals: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}
    changes: dict[str, list[float]] = {kind: [] for kind in KINDS}
    steps: dict[str, list[float]] = {kind: [] for kind in KINDS}
    rules: Counter[str] = Counter()
    gains: list[float] = []
    seconds: list[float] = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        place = {group: i for i, group in enumerate(rng.permutation(np.unique(apart.groups)))}
        rows = np.array(sorted(range(len(apart.post)), key=lambda row: place[apart.groups[row]]))
        chance = rng.integers(0, len(labels), len(apart.post))
        seen = rows[:600]
        chosen = {
            "honest": (rows[:300], apart.post),
            "uncertain": (seen[np.argsort(doubt[seen], kind="stable")][:300], apart.post),
            "mistakes": (seen[probs[seen].argmax(1) != apart.post[seen]], apart.post),
            "rule": (rows[:300], apart.text),
            "poison": (rows[:200], chance),
        }
        for kind, (corrected, wanted) in chosen.items():
            start = time.perf_counter()
            candidate = _retrain(base, labels, apart, np.sort(corrected), wanted, seed)
            seconds.append(time.perf_counter() - start)
            passed[kind] += candidate.verdict.passed
            refusals[kind].update(check.name for check in candidate.verdict.checks if not check.passed)
            changes[kind] += [c.change or 0.0 for c in candidate.verdict.checks if c.name == "macro-F1"]
            steps[kind].append(candidate.lesson.step)
            rules[kind] += candidate.lesson.is_rule
            if kind == "rule":
                gains.append(_agreement_gain(base, candidate, apart, corrected))
    for kind in KINDS:
        print(
            f"{kind:9}  passed {passed[kind]} of {len(seeds)} (refused by {dict(refusals[kind])});"
            f" taken for a rule {rules[kind]}; step {np.mean(steps[kind]):.2f}; macro-F1 of the frozen split"
            f" {np.mean(changes[kind]):+.3f} ({min(changes[kind]):+.3f} to {max(changes[kind]):+.3f})"
        )
    spread = f"{min(gains):+.3f} to {max(gains):+.3f}"
    print(f"agreement with the rule on other posts: {np.mean(gains):+.3f} ({spread})")
    print(f"refit, features cached: median {np.median(seconds):.1f} s, most {max(seconds):.1f} s", flush=True)


def _retrain(base: Base, labels: list[str], apart: Apart, rows: Rows, wanted: Labels, seed: int) -> Candidate:
    assert base.tuning is not None
    others = replace(
        base, tuning=apart.without(base.tuning, rows), evaluation=apart.without(base.evaluation, rows)
    )
    return refit(others, apart.corrected(rows, wanted), labels, RefitSettings(seed=seed + 1))


def _agreement_gain(base: Base, candidate: Candidate, apart: Apart, corrected: Rows) -> float:
    """How much more often posts of other groups get the label of the text, as a share."""
    others = ~np.isin(apart.groups, apart.groups[corrected])
    shares = [
        (decided(head, calibration, apart.posts.features).argmax(1) == apart.text)[others].mean()
        for head, calibration in (
            (base.head, base.calibration),
            (candidate.head, candidate.calibration),
        )
    ]
    return float(shares[1] - shares[0])


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


if __name__ == "__main__":
    main()
