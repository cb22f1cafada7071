"""Fit a bundle's temperatures anew: `python -m training.full.recalibrate POSTS --bundle NAME`.

Heads like the bundle's own are fitted on four fifths of what it learned from and judge the rest; POSTS, its
source, says which posts are copies of each other. Only for a bundle whose encoders did not learn from these
posts. The temperature of text alone stays. Record and card get the new calibration errors, those of the
frozen split as the bundle judges it in use.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mmsa_tui.bundle.meta import CALIBRATION, EVALUATION, REPLAY, TUNING, Bundle
from mmsa_tui.bundle.registry import find_bundle
from mmsa_tui.bundle.writer import sign
from mmsa_tui.config import Paths, find_paths
from mmsa_tui.errors import TrainingError
from mmsa_tui.model.calibration import Calibration
from mmsa_tui.model.features import concatenate
from mmsa_tui.model.labelled import concatenate_targets, load_labelled
from mmsa_tui.model.metrics import calibration_error
from mmsa_tui.model.network import load_network
from mmsa_tui.model.predictor import Predictor
from mmsa_tui.model.reliability import as_scores
from mmsa_tui.records import Post, content_hash
from mmsa_tui.sources import read
from training.examples import grouped_folds, make_examples, split_examples
from training.full.calibrate import N_CALIBRATION_FOLDS, Known, cross_fit, crossed, crossed_errors
from training.full.fusion import FusionSettings
from training.full.runs import exit_code_of


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m training.full.recalibrate")
    parser.add_argument("posts", type=Path)
    parser.add_argument("--bundle", default="")
    options = parser.parse_args(arguments)
    paths = find_paths()
    bundle = find_bundle(paths, options.bundle)
    posts = [item for item in read(options.posts) if isinstance(item, Post)]
    return exit_code_of(lambda: _run(bundle, posts, paths), "stopped; nothing was written")


def _run(bundle: Bundle, posts: Sequence[Post], paths: Paths) -> int:
    settings = bundle.meta.training["settings"]
    if settings["text"].get("tuned", True) or settings["image"].get("tuned", True):
        raise TrainingError(
            f"the encoders of {bundle.id} learned from these posts",
            "Heads on posts that an encoder has seen are too sure: keep the temperatures it has.",
        )
    head, calibration = load_network(bundle), Calibration.load(bundle)
    replay, tuning = (load_labelled(bundle.directory / name) for name in (REPLAY, TUNING))
    examples = make_examples(posts, bundle.labels)
    split = split_examples(examples, int(settings["split_seed"]))
    groups = {_hash(example.raw_text, example.pictures): example.group for example in examples}
    select = {_hash(examples[row].raw_text, examples[row].pictures) for row in split.select}
    (own,) = np.nonzero([digest in groups for digest in replay.hashes])
    (apart,) = np.nonzero([digest in groups and digest not in select for digest in tuning.hashes])
    (chooses,) = np.nonzero([digest in select for digest in tuning.hashes])
    (others,) = np.nonzero([not digest for digest in replay.hashes])
    learned, calibrating, chosen, more = (
        part.take(torch.as_tensor(rows))
        for part, rows in ((replay, own), (tuning, apart), (tuning, chooses), (replay, others))
    )
    features = concatenate([learned.features, calibrating.features])
    targets = concatenate_targets([learned.targets, calibrating.targets])
    folds = grouped_folds(
        targets.post.tolist(), [groups[digest] for digest in learned.hashes + calibrating.hashes],
        N_CALIBRATION_FOLDS, int(settings["seed"]),
    )  # fmt: skip
    logits = cross_fit(
        head.config, (features, targets), folds, FusionSettings(**settings["fusion"]), int(settings["seed"]),
        more=(more.features, more.targets), select=(chosen.features, chosen.targets), scaling=head,
    )  # fmt: skip
    known = Known.of(logits, features, targets)
    new = crossed(calibration, known)
    frozen = _frozen(bundle, posts, new, paths)
    scores = {**bundle.meta.scores, **frozen}
    scores["calibration"] = crossed_errors(known, folds, int(scores["n"]))
    new.save(bundle.directory / CALIBRATION)
    sign(replace(bundle.meta, scores=scores), bundle.directory)
    for kind, row in scores["calibration"].items():
        mean, low, high = row["by_chance"]
        print(f"{kind}: {row['ece']:.3f} on {row['n']} posts (by chance {mean:.3f} [{low:.3f}, {high:.3f}])")
    return 0


def _frozen(bundle: Bundle, posts: Sequence[Post], new: Calibration, paths: Paths) -> Mapping[str, Any]:
    """Judge the frozen posts as in use, and give the scores that temperatures change."""
    frozen = load_labelled(bundle.directory / EVALUATION)
    by_hash = {post.content_hash: post for post in posts}
    predictor = Predictor.load(bundle, paths, "cpu", cache=False, probe=False)
    predictor.calibration = new
    said = predictor.predict([by_hash[digest] for digest in frozen.hashes])
    fused, image = (
        np.array([getattr(one, name) for one in said], float) for name in ("probs", "image_probs")
    )
    tables = {title: dict(row) for title, row in bundle.meta.scores["tables"].items()}
    truth = frozen.targets.post.numpy()
    for title, wanted, probs in (
        ("post label, text and picture", truth, fused),
        ("image label, image-only head", frozen.targets.image.numpy(), image),
    ):
        known = wanted >= 0
        tables[title]["ece"] = calibration_error(wanted[known], probs[known])
    return {
        "tables": tables,
        "ece": tables["post label, text and picture"]["ece"],
        **as_scores(truth, fused),
    }


def _hash(text: str, pictures: Sequence[Any]) -> str:
    return content_hash(text, [picture.digest for picture in pictures])


if __name__ == "__main__":
    sys.exit(main())
