"""The whole training of a bundle: text, image, features, fusion, calibration, bundle.

Each step leaves its files in the run folder and is skipped by a resumed run. What is chosen
(epochs, temperatures) is chosen on the select and calibrate parts; the evaluate part is only scored.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from mmsa_tui.bundle.meta import Bundle
from mmsa_tui.errors import TrainingError
from mmsa_tui.model import mobilenet
from mmsa_tui.model.device import n_workers
from mmsa_tui.model.encoders import ImageEncoder, TextEncoder
from mmsa_tui.model.encoding import Encoders
from mmsa_tui.model.features import Features, concatenate
from mmsa_tui.model.head import HeadConfig
from mmsa_tui.model.labelled import LabelledFeatures, Targets, concatenate_targets, make_targets
from mmsa_tui.model.network import FusionHead, Logits
from mmsa_tui.model.preprocessing import TextTransform, lexicon
from mmsa_tui.model.runtimes import TextSpec
from mmsa_tui.model.runtimes.pair import RuntimePair
from mmsa_tui.model.views import read_views
from training.examples import UNLABELLED, Example, IntArray, Materials, Split, grouped_folds, split_examples
from training.full.calibrate import N_CALIBRATION_FOLDS, CrossedTexts, Known, cross_fit, cross_texts
from training.full.fusion import Epoch, fit_head
from training.full.image import (
    copy_image_encoder,
    encode_pictures,
    read_pixels,
    tail_features,
    trunk_features,
    tune_image_encoder,
)
from training.full.recipe import Recipe
from training.full.runs import RunLog
from training.full.text import (
    TextTarget,
    copy_text_encoder,
    encode_texts,
    tune_text_encoder,
)
from training.full.trained import Trained, write_trained

_REHEARSAL_SEED = 5


class Pipeline:
    """One run of a recipe in one run folder."""

    def __init__(self, recipe: Recipe, materials: Materials, log: RunLog, device: torch.device) -> None:
        self.recipe, self.materials, self.log, self.device = recipe, materials, log, device
        self.folder = log.folder
        self.examples = _with_pictures_read(materials.examples)
        self.split: Split = split_examples(self.examples, recipe.split_seed)
        self.n_labels = len(recipe.labels)
        said = {label for e in self.examples for label in (e.post, e.text, e.image) if label != UNLABELLED}
        if len(said) < 2:
            only = ", ".join(recipe.labels[label] for label in said) or "none"
            raise TrainingError(
                f"all {len(self.examples)} posts have one label ({only})",
                "A model needs posts of two labels or more to tell them apart.",
            )

    def run(self, bundles: Path, version: str, command: str) -> Bundle:
        """Train everything that is not done yet and write the bundle below `bundles`."""
        features, trunk = self.encode()
        posts = LabelledFeatures(features, self.targets(), tuple(e.content_hash for e in self.examples))
        learned = self.training_set(replace(posts, features=self.training_features(features, trunk)))
        head = self.fit(posts, learned)
        held_out = self.materials.extra_test
        trained = Trained(
            self.recipe,
            self.materials,
            self.examples,
            self.split,
            head,
            posts,
            learned,
            self.text_only_features(held_out) if held_out else None,
            self.calibration_tweets(),
            self.crossed(posts, trunk),
            self.crossed_texts(posts),
            {name: self.folder / name for name in ("text", "image")},
        )
        return write_trained(trained, bundles, version, command)

    def encode(self) -> tuple[Features, Tensor | None]:
        """Stages 1 and 2, as far as they are not done; features of all examples, and the picture trunk's."""
        self.tune_text(self.split.train, "text")
        trunk = self.image_trunk()
        self.tune_image(trunk, self.split.train, "image")
        return self.features("text", "image", trunk), trunk

    def tune_text(self, train: IntArray, name: str) -> None:
        """Stage 1 into `<run>/<name>/`."""
        recipe, out = self.recipe.text, self.folder / name
        if self.log.is_done(name):
            return
        if not recipe.tuned:
            copy_text_encoder(recipe.encoder, out)
            self.log.mark_done(name)
            return
        start: str | Path = recipe.encoder
        extra = list(self.materials.extra)
        if extra:
            start = self.folder / "text-pretrained"
            if not self.log.is_done("text-pretrained"):
                targets = [TextTarget(e.raw_text, (e.text,)) for e in extra]
                tune_text_encoder(
                    recipe.encoder, targets, (), self.n_labels, recipe.pretraining, start, self.log,
                    self.recipe.seed, self.device,
                )  # fmt: skip
                self.log.mark_done("text-pretrained")
        targets = [
            t for t in (_text_target(self.examples[i], recipe.tasks) for i in train) if max(t.labels) >= 0
        ]
        n_rehearsed = min(len(extra), int(recipe.rehearsal * len(targets)))
        rehearsed = random.Random(_REHEARSAL_SEED).sample(extra, n_rehearsed)
        targets += [TextTarget(e.raw_text, (e.text,)) for e in rehearsed]
        select = [_text_target(self.examples[i], recipe.tasks) for i in self.split.select]
        select = [t for t in select if t.labels[0] >= 0]
        tune_text_encoder(
            start, targets, select, self.n_labels, recipe.tuning, out, self.log, self.recipe.seed, self.device
        )
        self.log.mark_done(name)

    def image_trunk(self) -> Tensor | None:
        """Frozen trunk features of each example's first picture, [V, N, C, H, W]; zeros without one.

        None where the image encoder stays as it is.
        """
        file = self.folder / "trunk.safetensors"
        if not self.recipe.image.tuned:
            return None
        if self.log.is_done("trunk"):
            known: Tensor = load_file(file)["trunk"]
            return known
        trunk = trunk_features(
            self.recipe.image.encoder,
            read_pixels(self.examples),
            self.recipe.image.tail_blocks,
            self.recipe.image.crops,
            on_batch=lambda done, total: self.log.progress("pictures", done, total, 0.0),
        )
        save_file({"trunk": trunk}, file)
        self.log.mark_done("trunk")
        return trunk

    def tune_image(self, trunk: Tensor | None, train: IntArray, name: str) -> None:
        """Stage 2 into `<run>/<name>/`."""
        if self.log.is_done(name):
            return
        recipe = self.recipe.image
        if trunk is None:
            copy_image_encoder(recipe.encoder, self.folder / name)
            self.log.mark_done(name)
            return
        labels = [
            [getattr(e, task) if e.pictures else UNLABELLED for e in self.examples] for task in recipe.tasks
        ]
        rows = [int(i) for i in train if max(of_task[i] for of_task in labels) >= 0]
        select = [int(i) for i in self.split.select if labels[0][i] >= 0] if recipe.kept == 1 else []
        if not rows:
            raise TrainingError(
                "no post with a picture has a label for it",
                "Give pictures, or a recipe with image.tuned = false.",
            )
        tune_image_encoder(
            recipe.encoder,
            trunk,
            labels,
            rows,
            select,
            self.n_labels,
            recipe.tail_blocks,
            recipe.tuning,
            self.folder / name,
            self.log,
            self.recipe.seed,
            recipe.kept,
        )
        self.log.mark_done(name)

    def features(self, text: str, image: str, trunk: Tensor | None) -> Features:
        """Features of all examples by two tuned encoders of the run folder."""
        texts = [e.raw_text for e in self.examples]
        words = self._text_features(text, texts)
        pictures = self.picture_features(image, trunk)
        has_image = torch.tensor([bool(e.pictures) for e in self.examples])
        has_text = torch.tensor([bool(e.raw_text.strip()) for e in self.examples])
        return Features(words, torch.from_numpy(lexicon().features(texts)), pictures, has_text, has_image)

    def _text_features(self, text: str, texts: Sequence[str]) -> Tensor:
        """What users will see of texts: in the numbers the encoder is run with."""
        folder = self.folder / text
        views = read_views(folder)
        if views.precision == "int8":
            encoders = Encoders(RuntimePair(TextSpec(folder, views, "int8"), folder, workers=n_workers(0)))
            return torch.from_numpy(encoders.encode_raw_texts(texts))
        encoder = TextEncoder(folder).to(self.device)
        return encode_texts(encoder, TextTransform(folder), texts, self.device)

    def picture_features(self, image: str, trunk: Tensor | None) -> Tensor:
        """Features of all examples' first pictures by an encoder of the run folder, 0 without one."""
        if trunk is None:
            file = self.folder / "pictures.safetensors"
            if not self.log.is_done("pictures"):
                encoded = encode_pictures(self.folder / image, read_pixels(self.examples))
                save_file({"pictures": encoded}, file)
                self.log.mark_done("pictures")
            pictures: Tensor = load_file(file)["pictures"]
        else:
            model = ImageEncoder(self.folder / image).eval()
            mobilenet.fold(model.model)
            _, tail = mobilenet.trunk_and_tail(model.model, self.recipe.image.tail_blocks)
            pictures = tail_features(mobilenet.channels_last(tail), trunk[0])
        pictures[torch.tensor([not e.pictures for e in self.examples])] = 0.0
        return pictures

    def training_features(self, features: Features, trunk: Tensor | None) -> Features:
        """What the head is fitted on: out-of-fold features where the recipe has folds."""
        if self.recipe.folds == 0:
            return features
        train = self.split.train
        folds = grouped_folds(
            [max(self.examples[i].post, 0) for i in train],
            [self.examples[i].group for i in train],
            self.recipe.folds,
            self.recipe.seed,
        )
        text, image = features.text.clone(), features.image.clone()
        for number, fold in enumerate(folds):
            unseen = train[fold]
            rest = np.setdiff1d(train, unseen)
            self.tune_text(rest, f"text-fold{number}")
            self.tune_image(trunk, rest, f"image-fold{number}")
            part = self.features(f"text-fold{number}", f"image-fold{number}", trunk)
            rows = torch.as_tensor(unseen)
            text[rows], image[rows] = part.text[rows], part.image[rows]
        return Features(text, features.lexicon, image, features.has_text, features.has_image)

    def targets(self) -> Targets:
        examples = self.examples
        return make_targets(
            np.array([e.post for e in examples]),
            np.array([e.text for e in examples]),
            np.array([e.image for e in examples]),
        )

    def training_set(self, posts: LabelledFeatures) -> LabelledFeatures:
        """Take the train part of the posts and a sample of the extra tweets, as text-only posts."""
        train = posts.take(torch.as_tensor(self.split.train))
        extra = self.extra_set()
        if extra is None:
            return train
        return LabelledFeatures(
            concatenate([train.features, extra[0]]),
            concatenate_targets([train.targets, extra[1]]),
            train.hashes + ("",) * len(extra[1]),
        )

    def extra_set(self) -> tuple[Features, Targets] | None:
        """The extra tweets that the head learns from; None without any."""
        extra, _ = self._part_extra()
        if not extra:
            return None
        blank = np.full(len(extra), UNLABELLED)
        return self.text_only_features(extra), make_targets(blank, np.array([e.text for e in extra]))

    def calibration_tweets(self) -> tuple[Features, Tensor] | None:
        """The extra tweets that the head did not learn from, and their labels.

        None where the encoder learned from them: it is surer of those than of any others.
        """
        _, rest = self._part_extra()
        if self.recipe.text.tuned or not rest:
            return None
        return self.text_only_features(rest), torch.tensor([e.text for e in rest])

    def crossed(self, posts: LabelledFeatures, trunk: Tensor | None) -> tuple[Known, list[IntArray]] | None:
        """Score posts by encoders and heads that have learned from none of them, and say by which folds.

        None where the text encoder learned from them: to tune one for each fold takes hours.
        """
        if self.recipe.text.tuned:
            return None
        rows = np.sort(np.concatenate([self.split.train, self.split.calibrate]))
        strata = [max(self.examples[row].post, 0) for row in rows]
        groups = [self.examples[row].group for row in rows]
        folds = grouped_folds(strata, groups, N_CALIBRATION_FOLDS, self.recipe.seed)
        judged = []
        for number, fold in enumerate(folds):
            seen = posts
            if trunk is not None:
                self.tune_image(trunk, np.setdiff1d(rows, rows[fold]), f"image-without{number}")
                pictures = self.picture_features(f"image-without{number}", trunk)
                seen = replace(posts, features=replace(posts.features, image=pictures))
            part, select = (seen.take(torch.as_tensor(each)) for each in (rows, self.split.select))
            judged.append(
                cross_fit(
                    self.head_config(),
                    (part.features, part.targets),
                    [fold],
                    self.recipe.fusion,
                    self.recipe.seed,
                    more=self.extra_set(),
                    select=(select.features, select.targets),
                )
            )
        # Each has numbers for the posts of its fold, and 0 for all others.
        fused, text, image = (
            torch.stack([getattr(each, kind) for each in judged]).sum(0)
            for kind in ("fused", "text", "image")
        )
        part = posts.take(torch.as_tensor(rows))
        return Known.of(Logits(fused, text, image), part.features, part.targets), folds

    def crossed_texts(self, posts: LabelledFeatures) -> CrossedTexts | None:
        """Judge the tweets that the head learned from by heads that have not.

        None where there are others to judge by, or the text encoder learned from them.
        """
        extra, rest = self._part_extra()
        learned = self.extra_set()
        if self.recipe.text.tuned or rest or learned is None:
            return None
        train = posts.take(torch.as_tensor(self.split.train))
        config, seed = self.head_config(), self.recipe.seed
        return cross_texts(config, extra, learned, (train.features, train.targets), self.recipe.fusion, seed)

    def head_config(self) -> HeadConfig:
        """Give the recipe's head the widths of the encoder's views."""
        blocks = TextEncoder(self.folder / "text").blocks
        return replace(self.recipe.head, n_text=sum(blocks), text_blocks=blocks if len(blocks) > 1 else ())

    def _part_extra(self) -> tuple[list[Example], list[Example]]:
        """Part the extra tweets into those the head learns from and the rest."""
        shuffled = list(self.materials.extra)
        random.Random(_REHEARSAL_SEED).shuffle(shuffled)
        return shuffled[: self.recipe.extra_replay], shuffled[self.recipe.extra_replay :]

    def text_only_features(self, examples: Sequence[Example]) -> Features:
        """Features of tweets without pictures by the run's tuned text encoder."""
        texts = [e.raw_text for e in examples]
        n = len(texts)
        return Features(
            self._text_features("text", texts),
            torch.from_numpy(lexicon().features(texts)),
            torch.zeros(n, self.recipe.head.n_image),
            torch.ones(n, dtype=torch.bool),
            torch.zeros(n, dtype=torch.bool),
        )

    def fit(self, posts: LabelledFeatures, learned: LabelledFeatures) -> FusionHead:
        """Stage 3: the head, on what `training_set` gave; the select part picks its epochs."""
        select = posts.take(torch.as_tensor(self.split.select))

        def report(epoch: Epoch) -> None:
            self.log.progress("fusion", epoch.number, epoch.total, epoch.loss)
            self.log.record(
                stage="fusion", epoch=epoch.number, loss=epoch.loss, weighted_f1=epoch.weighted_f1
            )

        return fit_head(
            self.head_config(),
            learned.features,
            learned.targets,
            self.recipe.fusion,
            self.recipe.seed,
            select=(select.features, select.targets),
            on_epoch=report,
        )


def _text_target(example: Example, tasks: Sequence[str]) -> TextTarget:
    return TextTarget(example.raw_text, tuple(getattr(example, task) for task in tasks))


def _with_pictures_read(examples: Sequence[Example]) -> list[Example]:
    """Leave out posts with neither text nor a picture file."""
    kept = [e for e in examples if e.raw_text.strip() or e.pictures]
    if not kept:
        raise TrainingError("no labelled post has text or a picture", "Check the source with `mmsa inspect`.")
    return kept
