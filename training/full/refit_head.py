"""Fit the fusion of a bundle again, as heads are fitted now, on the posts that it keeps.

`python -m training.full.refit_head BUNDLE DATA --tweets TABLE --version V -o FOLDER`: encoders and scaling
stay, and features of what a bundle learned from and is judged by lie in it. DATA are the posts it was trained
on; they tell which are copies. TABLE (`year`, `lang`, `label`, `text`) are tweets that its text encoder has
not learned from: those it keeps, in their order, with `learn` in column `year`, and others with `test`. The
former are judged by heads that were fitted without them. `--seed N` draws another head and other folds than
the bundle's own seed does: how far scores move with it tells how much of them is luck.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch

from mmsa_tui.bundle.meta import Bundle, read_bundle
from mmsa_tui.config import find_paths
from mmsa_tui.errors import TrainingError
from mmsa_tui.model.encoding import open_encoders
from mmsa_tui.model.features import Features, concatenate
from mmsa_tui.model.labelled import LabelledFeatures, concatenate_targets
from mmsa_tui.model.network import DefaultHead
from mmsa_tui.model.preprocessing import lexicon
from mmsa_tui.records import Post
from mmsa_tui.retrain.held_out import kept_apart
from mmsa_tui.sources import read
from training.content import BundleContent
from training.examples import Example, grouped_folds, make_examples, read_text_table
from training.full.calibrate import (
    N_CALIBRATION_FOLDS,
    Known,
    cross_fit,
    cross_texts,
    crossed,
    crossed_errors,
    fit_by_label,
)
from training.full.fusion import FusionSettings, fit_head, predict
from training.full.runs import exit_code_of
from training.full.scoring import score_bundle, score_crossed, summary
from training.retrain.run import load_base


def refit_head(
    parent: Bundle,
    examples: Sequence[Example],
    tweets: Sequence[Example],
    version: str,
    bundles: Path,
    command: str,
    seed: int | None = None,
) -> Bundle:
    """Write the bundle below `bundles`.

    Args:
        seed: of the fits and of the folds; None takes that of `parent`.

    Raises:
        TrainingError: it has the reference head, or keeps no posts for temperatures, or not these posts.
        BundleError: it cannot be read or written.
    """
    base, settings = load_base(parent), FusionSettings()
    if seed is None:
        seed = int(parent.meta.training.get("seed", 1))
    if not isinstance(base.head, DefaultHead) or base.tuning is None:
        raise TrainingError(f"{parent.id} cannot be fitted again", "Train it anew with `mmsa train`.")
    known = {example.content_hash: example for example in examples}
    learned = _judged(base.replay, known)
    if not learned or not set(base.evaluation.hashes) <= set(known):
        raise TrainingError(f"these are not the posts of {parent.id}", "Name the folder it was trained on.")
    head = fit_head(
        base.head.config, base.replay.features, base.replay.targets, settings, seed, scaling=base.head
    )
    # Nothing was chosen by the posts that tune: with the others they tell how sure the head may be.
    apart, tuning = base.replay.take(torch.tensor(learned)), base.tuning
    alone = base.replay.take(torch.tensor(np.setdiff1d(np.arange(len(base.replay)), learned)))
    features = concatenate([apart.features, tuning.features])
    targets = concatenate_targets([apart.targets, tuning.targets])
    folds = grouped_folds(
        np.maximum(targets.post.numpy(), 0).tolist(),
        [known[h].group for h in (*apart.hashes, *tuning.hashes)],
        N_CALIBRATION_FOLDS,
        seed,
    )
    logits = cross_fit(
        head.config, (features, targets), folds, settings, seed,
        more=(alone.features, alone.targets), scaling=base.head,
    )  # fmt: skip
    judged = Known.of(logits, features, targets)
    calibration = crossed(base.calibration, judged)
    kept, others = ([t for t in tweets if t.post_id.startswith(part)] for part in ("learn:", "test:"))
    if [tweet.text for tweet in kept] != alone.targets.text.tolist():
        raise TrainingError(
            f"the {len(kept):,} tweets to learn from are not the {len(alone):,} that {parent.id} keeps",
            "The table holds those in their order, `learn` in column `year`.",
        )
    texts = cross_texts(
        head.config, kept, (alone.features, alone.targets), (apart.features, apart.targets), settings, seed,
        scaling=base.head,
    )  # fmt: skip
    if texts is None:
        raise TrainingError(
            "the tweets of a label are too few to judge by heads fitted without them",
            f"At least {N_CALIBRATION_FOLDS} of each label are needed.",
        )
    calibration = replace(calibration, text=fit_by_label(texts.logits, texts.wanted))
    judging = base.evaluation
    scores = score_bundle(
        head, calibration, judging.features, judging.targets,
        [known[h].raw_text for h in judging.hashes], parent.labels, compressed=True,
    )  # fmt: skip
    unread = None
    if others:
        unread = predict(head, _encoded(parent, others, alone.features), compressed=True).text, others
    scores["calibration"] = crossed_errors(judged, folds, scores["n"])
    scores = score_crossed(scores, calibration, texts, unread, parent.labels)
    scores |= {"split": parent.meta.scores["split"], "command": command}
    training = dict(parent.meta.training)
    content = BundleContent(
        name=parent.meta.name,
        version=version,
        labels=parent.labels,
        encoders=parent.meta.encoders,
        head=head,
        calibration=calibration,
        replay=base.replay,
        evaluation=base.evaluation,
        tuning=base.tuning,
        copies=kept_apart(parent).keys,
        scores=scores,
        training=training
        | {
            "head": f"fitted again on what {parent.id} keeps",
            "settings": training["settings"] | {"fusion": asdict(settings)},
            "seed": seed,
        },
        licence=parent.meta.licence,
        sources=parent.meta.sources,
    )
    return content.write(bundles / f"{parent.meta.name}-{version}")


def _encoded(parent: Bundle, tweets: Sequence[Example], like: Features) -> Features:
    """Features of texts alone by the bundle's encoder, the picture's left empty, in the width of `like`."""
    texts = [tweet.raw_text for tweet in tweets]
    encoders = open_encoders(parent, find_paths(), "cpu", probe=False)
    words = torch.from_numpy(encoders.encode_raw_texts(texts))
    n, there = len(texts), torch.ones(len(texts), dtype=torch.bool)
    image = torch.zeros(n, like.image.shape[1])
    return Features(words, torch.from_numpy(lexicon().features(texts)), image, there, ~there)


def _judged(replay: LabelledFeatures, known: dict[str, Example]) -> list[int]:
    """List the rows of the posts that are known; the others are tweets."""
    return [row for row, digest in enumerate(replay.hashes) if digest in known]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m training.full.refit_head", description=__doc__)
    parser.add_argument("bundle", type=Path, help="the bundle's folder")
    parser.add_argument("data", type=Path, help="the posts it was trained on, with their labels")
    parser.add_argument(
        "--tweets", type=Path, required=True, help="the tweets it keeps, and others to judge by"
    )
    parser.add_argument("--version", required=True)
    parser.add_argument("--seed", type=int, help="of the fits and of the folds; else the bundle's own")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the folder of bundles")
    options = parser.parse_args(arguments)
    return exit_code_of(lambda: _run(options), "stopped; nothing was written")


def _run(options: argparse.Namespace) -> int:
    parent = read_bundle(options.bundle)
    posts = [post for post in read(options.data) if isinstance(post, Post)]
    examples = make_examples(posts, parent.labels)
    tweets = read_text_table(options.tweets, parent.labels)
    bundle = refit_head(
        parent, examples, tweets, options.version, options.output, _command(options), options.seed
    )
    print(bundle.id)
    print(summary(bundle.meta.scores))
    return 0


def _command(options: argparse.Namespace) -> str:
    """Write the command that makes the same once more."""
    words = [str(options.bundle), str(options.data), "--tweets", str(options.tweets)]
    words += ["--version", options.version]
    if options.seed is not None:
        words += ["--seed", str(options.seed)]
    return shlex.join(["python", "-m", "training.full.refit_head", *words, "-o", str(options.output)])


if __name__ == "__main__":
    sys.exit(main())
