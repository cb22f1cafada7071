"""Stage 4 and the bundle: calibrate, score on the evaluate part, write.

Knows what the stages before it left; fits no weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mmsa_tui.bundle.meta import Bundle
from mmsa_tui.bundle.writer import store_encoder
from mmsa_tui.model.calibration import Calibration
from mmsa_tui.model.features import Features
from mmsa_tui.model.labelled import LabelledFeatures
from mmsa_tui.model.network import FusionHead
from mmsa_tui.pictures.files import PictureFiles
from mmsa_tui.pictures.likeness import copy_keys
from training.content import BundleContent
from training.examples import Example, IntArray, Materials, Split
from training.full.calibrate import CrossedTexts, Known, calibrate, crossed, crossed_errors, fit_by_label
from training.full.fusion import compress, predict
from training.full.recipe import Recipe
from training.full.scoring import score_bundle, score_crossed


@dataclass(frozen=True)
class Trained:
    """What the stages leave of one run.

    `posts` are all `examples`, in their order; `learned` is what the head was fitted on. The image
    features of both have their full width. `extra_test` are the features of the tweets that are
    only scored on, `tweets` those with their labels that only the text's temperature is fitted on, `texts`
    those that the head learned from, where there are no others.
    `crossed` are posts as heads score them that were fitted without, and the folds of these heads.
    `encoders` are the folders of the tuned `text` and `image` encoder.
    """

    recipe: Recipe
    materials: Materials
    examples: Sequence[Example]
    split: Split
    head: FusionHead
    posts: LabelledFeatures
    learned: LabelledFeatures
    extra_test: Features | None
    tweets: tuple[Features, torch.Tensor] | None
    crossed: tuple[Known, list[IntArray]] | None
    texts: CrossedTexts | None
    encoders: Mapping[str, Path]

    def part(self, rows: IntArray) -> LabelledFeatures:
        """Take some of the posts."""
        return self.posts.take(torch.as_tensor(rows))


def write_trained(trained: Trained, bundles: Path, version: str, command: str) -> Bundle:
    """Calibrate the head, score it and write the bundle below `bundles`."""
    recipe, split = trained.recipe, trained.split
    part = trained.part(split.calibrate)
    calibration = calibrate(trained.head, part.features, part.targets, tweets=trained.tweets)
    if trained.crossed is not None:
        calibration = crossed(calibration, trained.crossed[0])
    if trained.texts is not None:
        calibration = replace(calibration, text=fit_by_label(trained.texts.logits, trained.texts.wanted))
    content = BundleContent(
        name=recipe.name,
        version=version,
        labels=recipe.labels,
        encoders={
            name: store_encoder(folder, bundles / "encoders") for name, folder in trained.encoders.items()
        },
        head=trained.head,
        calibration=calibration,
        replay=_compressed(trained.head, trained.learned),
        evaluation=_compressed(trained.head, trained.part(split.evaluate)),
        tuning=_compressed(trained.head, trained.part(np.concatenate([split.select, split.calibrate]))),
        copies=_copies(trained),
        scores=_scores(trained, calibration, command),
        training={
            "recipe": recipe.name,
            "seed": recipe.seed,
            "n_examples": len(split.train),
            "n_extra": len(trained.materials.extra),
            "n_corrections": 0,
            "settings": recipe.as_json(),
        },
        licence=trained.materials.licence,
        sources=trained.materials.sources,
    )
    return content.write(bundles / f"{recipe.name}-{version}")


def _copies(trained: Trained) -> list[tuple[str, ...]]:
    """List by what copies of the posts that only tune and judge are known."""
    split = trained.split
    apart = [
        trained.examples[int(i)] for part in (split.evaluate, split.select, split.calibrate) for i in part
    ]
    with PictureFiles() as files:
        return [copy_keys(example.raw_text, example.pictures, files.read) for example in apart]


def _scores(trained: Trained, calibration: Calibration, command: str) -> dict[str, Any]:
    rows = trained.split.evaluate
    part = trained.part(rows)
    scores = score_bundle(
        trained.head,
        calibration,
        part.features,
        part.targets,
        [trained.examples[int(i)].raw_text for i in rows],
        trained.recipe.labels,
        extra=None if trained.extra_test is None else (trained.extra_test, trained.materials.extra_test),
    )
    if trained.crossed is not None:
        scores["calibration"] = crossed_errors(*trained.crossed, scores["n"])
    if trained.texts is not None:
        tested = trained.extra_test
        others = None
        if tested is not None:
            others = predict(trained.head, tested).text, trained.materials.extra_test
        scores = score_crossed(scores, calibration, trained.texts, others, trained.recipe.labels)
    return scores | {
        "split": f"evaluate part, {len(rows)} posts in groups no other part shares, "
        f"split seed {trained.recipe.split_seed}",
        "command": command,
    }


def _compressed(head: FusionHead, posts: LabelledFeatures) -> LabelledFeatures:
    return replace(posts, features=compress(head, posts.features))
