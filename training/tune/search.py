"""What a search may change of a recipe, and what a choice is worth: macro-F1 by grouped cross-validation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import torch

from mmsa_tui.errors import TrainingError
from mmsa_tui.model.calibration import Calibration
from mmsa_tui.model.features import Features, concatenate
from mmsa_tui.model.head import HeadConfig
from mmsa_tui.model.labelled import Targets, concatenate_targets
from mmsa_tui.model.metrics import macro_f1
from training.examples import IntArray, grouped_folds
from training.full.fusion import OPTIMISERS, fit_head, predict
from training.full.recipe import Recipe

SPACE = 3
"""Number of the space below; a study of another one is not gone on with."""
N_FOLDS = 4


class Choices(Protocol):
    """What draws values: an optuna trial."""

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float: ...

    def suggest_int(self, name: str, low: int, high: int) -> int: ...

    def suggest_categorical(self, name: str, choices: list[int] | list[str]) -> int | str: ...


def draw(choices: Choices, recipe: Recipe) -> Recipe:
    """Draw a recipe: the head and how it is fitted; encoders, labels and seeds stay."""
    fusion = replace(
        recipe.fusion,
        learning_rate=choices.suggest_float("learning_rate", 1e-4, 1e-2, log=True),
        weight_decay=choices.suggest_float("weight_decay", 1e-3, 2.0, log=True),
        epochs=choices.suggest_int("epochs", 4, 30),
        batch_size=int(choices.suggest_categorical("batch_size", [32, 64, 128, 256])),
        optimiser=str(choices.suggest_categorical("optimiser", list(OPTIMISERS))),
        focus=choices.suggest_float("focus", 0.0, 2.0),
        label_smoothing=choices.suggest_float("label_smoothing", 0.0, 0.15),
        adjustment=choices.suggest_float("adjustment", 0.0, 1.0),
        strength=choices.suggest_float("strength", 0.02, 2.0, log=True),
        picture=choices.suggest_float("picture", 0.0, 1.0),
        average=choices.suggest_int("average", 1, 8),
    )
    head = replace(
        recipe.head,
        n_attention_heads=int(choices.suggest_categorical("attention_heads", [1, 2, 4, 8])),
        width=int(choices.suggest_categorical("width", [16, 32, 64])),
        dropout=choices.suggest_float("dropout", 0.0, 0.7),
    )
    return replace(recipe, fusion=fusion, head=head)


def as_choices(recipe: Recipe) -> dict[str, float | int | str]:
    """Write a recipe as what `draw` would have drawn, for the first trial of a study."""
    fusion, head = recipe.fusion, recipe.head
    return {
        "learning_rate": fusion.learning_rate,
        "weight_decay": fusion.weight_decay,
        "epochs": fusion.epochs,
        "batch_size": fusion.batch_size,
        "optimiser": fusion.optimiser,
        "focus": fusion.focus,
        "label_smoothing": fusion.label_smoothing,
        "adjustment": fusion.adjustment,
        "strength": fusion.strength,
        "picture": fusion.picture,
        "average": fusion.average,
        "attention_heads": head.n_attention_heads,
        "width": head.width,
        "dropout": head.dropout,
    }


@dataclass(frozen=True)
class Ground:
    """What every trial is judged on: features of posts, their labels and groups, and more to learn from."""

    features: Features
    targets: Targets
    groups: tuple[int, ...]
    extra: tuple[Features, Targets] | None
    blocks: tuple[int, ...]


def cut_folds(targets: Targets, groups: Sequence[int], seed: int) -> list[IntArray]:
    """Cut the posts that have a label into folds that no group crosses.

    Raises:
        TrainingError: there are too few of them.
    """
    wanted = targets.post.numpy()
    (known,) = np.nonzero(wanted >= 0)
    of_known = [groups[int(row)] for row in known]
    if len(set(of_known)) < 10 * N_FOLDS or len(set(wanted[known])) < 2:
        raise TrainingError(
            f"{len(known)} posts with a label are too few to compare recipes",
            f"Label at least {10 * N_FOLDS} different posts of two labels or more.",
        )
    return [known[fold] for fold in grouped_folds(list(wanted[known]), of_known, N_FOLDS, seed)]


def scores(recipe: Recipe, ground: Ground) -> Iterator[float]:
    """Fit the head on all folds but one, and yield the macro-F1 on that one; fold after fold."""
    config = fitting(recipe.head, ground.blocks)
    folds = cut_folds(ground.targets, ground.groups, recipe.split_seed)
    for fold in folds:
        rest = torch.as_tensor(np.setdiff1d(np.arange(len(ground.targets)), fold))
        features, targets = ground.features.take(rest), ground.targets.take(rest)
        if ground.extra is not None:
            features = concatenate([features, ground.extra[0]])
            targets = concatenate_targets([targets, ground.extra[1]])
        head = fit_head(config, features, targets, recipe.fusion, recipe.seed)
        rows = torch.as_tensor(fold)
        held = ground.features.take(rows)
        decided, _, _ = Calibration().decide(predict(head, held), held)
        yield macro_f1(ground.targets.post[rows].numpy(), decided.argmax(1).numpy())


def fitting(head: HeadConfig, blocks: tuple[int, ...]) -> HeadConfig:
    """Give a head the widths of an encoder's views."""
    return replace(head, n_text=sum(blocks), text_blocks=blocks if len(blocks) > 1 else ())
