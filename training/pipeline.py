"""The whole training of a bundle: text, image, features, fusion, calibration, bundle.

Each step leaves its files in the run folder and is skipped by a resumed run. What is chosen
(epochs, temperatures) is chosen on the select and calibrate parts; the evaluate part is only scored.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from mmsa_tui.errors import TrainingError
from mmsa_tui.model import mobilenet
from mmsa_tui.model.bundle import Bundle
from mmsa_tui.model.bundle_writer import BundleContent, store_encoder, write_bundle
from mmsa_tui.model.encoders import ImageEncoder, TextEncoder
from mmsa_tui.model.features import Features, concatenate
from mmsa_tui.model.images import SIZE_PX, PictureError, decode
from mmsa_tui.model.labelled import LabelledFeatures, Targets, concatenate_targets, make_targets
from mmsa_tui.model.network import FusionHead
from mmsa_tui.model.preprocessing import TextTransform, lexicon
from mmsa_tui.picture_files import PictureFiles
from mmsa_tui.records import content_hash
from training.calibrate import calibrate
from training.examples import UNLABELLED, Example, IntArray, Split, grouped_folds, split_examples
from training.fusion_stage import Epoch, fit_head
from training.image_stage import tail_features, trunk_features, tune_image_encoder
from training.recipe import Recipe
from training.runs import RunLog
from training.scoring import score_bundle
from training.text_stage import TextTarget, encode_texts, tune_text_encoder

_REHEARSAL_SEED = 5


@dataclass(frozen=True)
class Materials:
    """What a training is given: labelled posts, extra tweets for the text, and held-out ones to score on."""

    examples: Sequence[Example]
    extra: Sequence[Example] = ()
    extra_test: Sequence[Example] = ()
    sources: tuple[str, ...] = ()
    licence: str = ""


class Pipeline:
    """One run of a recipe in one run folder."""

    def __init__(self, recipe: Recipe, materials: Materials, log: RunLog, device: torch.device) -> None:
        self.recipe, self.materials, self.log, self.device = recipe, materials, log, device
        self.folder = log.folder
        self.examples = _with_pictures_read(materials.examples)
        self.split: Split = split_examples(self.examples, recipe.split_seed)
        self.n_labels = len(recipe.labels)

    def run(self, bundles: Path, version: str, command: str) -> Bundle:
        """Train everything that is not done yet and write the bundle below `bundles`."""
        self.tune_text(self.split.train, "text")
        trunk = self.image_trunk()
        self.tune_image(trunk, self.split.train, "image")
        features = self.features("text", "image", trunk)
        training = self.training_features(features, trunk)
        head = self.fit(features, training)
        return self.write(head, features, training, bundles, version, command)

    def tune_text(self, train: IntArray, name: str) -> None:
        """Stage 1 into `<run>/<name>/`."""
        recipe, out = self.recipe.text, self.folder / name
        if self.log.is_done(name):
            return
        start: str | Path = recipe.encoder
        extra = list(self.materials.extra)
        if extra:
            start = self.folder / "text-pretrained"
            if not self.log.is_done("text-pretrained"):
                targets = [TextTarget(e.raw_text, (e.text,)) for e in extra]
                tune_text_encoder(
                    recipe.encoder,
                    targets,
                    (),
                    self.n_labels,
                    recipe.pretraining,
                    start,
                    self.log,
                    self.recipe.seed,
                    self.device,
                )
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

    def image_trunk(self) -> Tensor:
        """Frozen trunk features of each example's first picture, [2, N, C, H, W]; zeros without one."""
        file = self.folder / "trunk.safetensors"
        from safetensors.torch import load_file, save_file

        if self.log.is_done("trunk"):
            return load_file(file)["trunk"]
        trunk = trunk_features(
            self.recipe.image.encoder,
            read_pixels(self.examples),
            self.recipe.image.tail_blocks,
            on_batch=lambda done, total: self.log.progress("pictures", done, total, 0.0),
        )
        save_file({"trunk": trunk}, file)
        self.log.mark_done("trunk")
        return trunk

    def tune_image(self, trunk: Tensor, train: IntArray, name: str) -> None:
        """Stage 2 into `<run>/<name>/`."""
        if self.log.is_done(name):
            return
        recipe = self.recipe.image
        labels = [getattr(e, recipe.task) if e.pictures else UNLABELLED for e in self.examples]
        rows = [int(i) for i in train if labels[i] >= 0]
        select = [int(i) for i in self.split.select if labels[i] >= 0]
        if not rows:
            raise TrainingError(
                "no post with a picture has a label for it", "the image stage needs labelled pictures"
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
        )
        self.log.mark_done(name)

    def features(self, text: str, image: str, trunk: Tensor) -> Features:
        """Features of all examples by two tuned encoders of the run folder."""
        encoder, transform = (
            TextEncoder(self.folder / text).to(self.device),
            TextTransform(self.folder / text),
        )
        texts = [e.raw_text for e in self.examples]
        words = encode_texts(encoder, transform, texts, self.device)
        model = ImageEncoder(self.folder / image).eval()
        mobilenet.fold(model.model)
        _, tail = mobilenet.trunk_and_tail(model.model, self.recipe.image.tail_blocks)
        pictures = tail_features(mobilenet.channels_last(tail), trunk[0])
        has_image = torch.tensor([bool(e.pictures) for e in self.examples])
        has_text = torch.tensor([bool(e.raw_text.strip()) for e in self.examples])
        pictures[~has_image] = 0.0
        return Features(words, lexicon().features(texts), pictures, has_text, has_image)

    def training_features(self, features: Features, trunk: Tensor) -> Features:
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

    def extra_features(self, n: int) -> tuple[Features, Targets] | None:
        """A sample of the extra tweets, as text-only posts."""
        extra = random.Random(_REHEARSAL_SEED).sample(
            list(self.materials.extra), min(n, len(self.materials.extra))
        )
        if not extra:
            return None
        return self.text_only_features(extra), make_targets(
            np.full(len(extra), UNLABELLED), np.array([e.text for e in extra])
        )

    def text_only_features(self, examples: Sequence[Example]) -> Features:
        """Features of tweets without pictures by the run's tuned text encoder."""
        encoder, transform = (
            TextEncoder(self.folder / "text").to(self.device),
            TextTransform(self.folder / "text"),
        )
        texts = [e.raw_text for e in examples]
        n = len(texts)
        return Features(
            encode_texts(encoder, transform, texts, self.device),
            lexicon().features(texts),
            torch.zeros(n, self.recipe.head.n_image),
            torch.ones(n, dtype=torch.bool),
            torch.zeros(n, dtype=torch.bool),
        )

    def fit(self, features: Features, training: Features) -> FusionHead:
        """Stage 3: the head, on `training` features of the train part plus the extra tweets."""
        self._head_data = self._training_set(training)
        select, targets = torch.as_tensor(self.split.select), self.targets()

        def report(epoch: Epoch) -> None:
            self.log.progress("fusion", epoch.number, epoch.total, epoch.loss)
            self.log.record(
                stage="fusion", epoch=epoch.number, loss=epoch.loss, weighted_f1=epoch.weighted_f1
            )

        return fit_head(
            self.recipe.head,
            self._head_data[0],
            self._head_data[1],
            self.recipe.fusion,
            self.recipe.seed,
            select=(features.take(select), targets.take(select)),
            on_epoch=report,
        )

    def _training_set(self, training: Features) -> tuple[Features, Targets, tuple[str, ...]]:
        rows = torch.as_tensor(self.split.train)
        parts, targets = [training.take(rows)], [self.targets().take(rows)]
        hashes = [_hash(self.examples[int(i)]) for i in rows]
        extra = self.extra_features(self.recipe.extra_replay)
        if extra is not None:
            parts.append(extra[0])
            targets.append(extra[1])
            hashes += [""] * len(extra[1])
        return concatenate(parts), concatenate_targets(targets), tuple(hashes)

    def write(
        self,
        head: FusionHead,
        features: Features,
        training: Features,
        bundles: Path,
        version: str,
        command: str,
    ) -> Bundle:
        """Stage 4 and the bundle: calibrate, score, write."""
        targets = self.targets()
        rows = torch.as_tensor(self.split.calibrate)
        calibration = calibrate(head, features.take(rows), targets.take(rows))
        evaluate = torch.as_tensor(self.split.evaluate)
        tuning = torch.as_tensor(np.concatenate([self.split.select, self.split.calibrate]))
        replay = LabelledFeatures(
            _compressed(head, self._head_data[0]), self._head_data[1], self._head_data[2]
        )
        scores = score_bundle(
            head,
            calibration,
            features.take(evaluate),
            targets.take(evaluate),
            [self.examples[int(i)].raw_text for i in evaluate],
            self.recipe.labels,
            extra=(self.text_only_features(self.materials.extra_test), self.materials.extra_test)
            if self.materials.extra_test
            else None,
        )
        scores |= {
            "split": f"evaluate part, {len(evaluate)} posts in groups no other part shares, "
            f"split seed {self.recipe.split_seed}",
            "command": command,
        }
        encoders = {w: store_encoder(self.folder / w, bundles / "encoders") for w in ("text", "image")}
        bundle = write_bundle(
            BundleContent(
                name=self.recipe.name,
                version=version,
                labels=self.recipe.labels,
                encoders=encoders,
                head=head,
                calibration=calibration,
                replay=replay,
                evaluation=self._labelled(head, features, evaluate),
                tuning=self._labelled(head, features, tuning),
                scores=scores,
                training={
                    "recipe": self.recipe.name,
                    "seed": self.recipe.seed,
                    "n_examples": len(self.split.train),
                    "n_extra": len(self.materials.extra),
                    "n_corrections": 0,
                    "settings": self.recipe.as_json(),
                },
                licence=self.materials.licence,
                sources=self.materials.sources,
            ),
            bundles / f"{self.recipe.name}-{version}",
        )
        (self.folder / "scores.json").write_text(json.dumps(scores, indent=2), encoding="utf-8")
        return bundle

    def _labelled(self, head: FusionHead, features: Features, rows: Tensor) -> LabelledFeatures:
        """Give some of the examples as the bundle keeps them."""
        return LabelledFeatures(
            _compressed(head, features.take(rows)),
            self.targets().take(rows),
            tuple(_hash(self.examples[int(i)]) for i in rows),
        )


def _compressed(head: FusionHead, features: Features) -> Features:
    with torch.no_grad():
        image = head.compress(features.image)
    image = torch.where(features.has_image.unsqueeze(1), image, torch.zeros_like(image)).clone()
    return Features(features.text, features.lexicon, image, features.has_text, features.has_image)


def _text_target(example: Example, tasks: Sequence[str]) -> TextTarget:
    return TextTarget(example.raw_text, tuple(getattr(example, task) for task in tasks))


def _hash(example: Example) -> str:
    return content_hash(example.raw_text, [p.digest for p in example.pictures])


def _with_pictures_read(examples: Sequence[Example]) -> list[Example]:
    """Leave out posts with neither text nor a picture file."""
    kept = [e for e in examples if e.raw_text.strip() or e.pictures]
    if not kept:
        raise TrainingError("no labelled post has text or a picture", "check the source with `mmsa inspect`")
    return kept


def read_pixels(examples: Sequence[Example]) -> Tensor:
    """Decode the first usable picture of each example, [N, 3, 224, 224] uint8; zeros without one."""

    def pixels(example: Example) -> Tensor:
        for picture in example.pictures:
            try:
                return decode(files.read(picture))
            except (OSError, PictureError):
                continue
        return torch.zeros(3, SIZE_PX, SIZE_PX, dtype=torch.uint8)

    with PictureFiles() as files, ThreadPoolExecutor(max_workers=2) as pool:
        return torch.stack(list(pool.map(pixels, examples)))
