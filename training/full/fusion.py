"""Stage 3: fit the fusion head on cached features, both encoders frozen.

Used by full training and by every retrain; a fit on a few thousand posts takes seconds.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from mmsa_tui.errors import TrainingError
from mmsa_tui.model.features import Features, concatenate
from mmsa_tui.model.head import HeadConfig
from mmsa_tui.model.labelled import UNLABELLED, Targets, concatenate_targets
from mmsa_tui.model.metrics import IntArray, weighted_f1
from mmsa_tui.model.network import FusionHead, Logits, build_head

LEAST_STEPS, MOST_EPOCHS = 150, 60
"""A few hundred posts are gone through more often: in 12 epochs of 4 steps a head learns too little
(macro-F1 .59 against .63 on 500 posts)."""


OPTIMISERS = {"adamw": torch.optim.AdamW, "nadam": torch.optim.NAdam, "rmsprop": torch.optim.RMSprop}
"""By their names in a recipe."""


@dataclass(frozen=True)
class FusionSettings:
    """Hyper-parameters of one fit.

    adjustment: strength of the logit adjustment for rare classes, 0 none, 1 as if classes were
    equally frequent (A. K. Menon et al., Long-tail learning via logit adjustment, ICLR 2021).
    auxiliary: weight of the text-only and image-only losses. average: how many of the best epochs
    are averaged. ridge: squared-weight penalty on the layers that read raw features, per post.
    least_steps: on few posts there are more epochs, `MOST_EPOCHS` at most, until there are so many steps.
    focus: 0 is plain cross-entropy; above, what is right already counts less (T.-Y. Lin et al., Focal Loss,
    ICCV 2017). optimiser: what takes the steps.
    """

    epochs: int = 12
    batch_size: int = 128
    learning_rate: float = 1e-3
    weight_decay: float = 0.5
    label_smoothing: float = 0.05
    adjustment: float = 0.3
    auxiliary: float = 0.5
    average: int = 5
    ridge: float = 0.3
    least_steps: int = LEAST_STEPS
    focus: float = 0.0
    optimiser: str = "adamw"

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.average < 1:
            raise ValueError("epochs and average must be at least 1")
        if self.optimiser not in OPTIMISERS:
            raise ValueError(f"optimiser is one of {', '.join(OPTIMISERS)}")
        if self.focus < 0:
            raise ValueError("focus is 0 or above")


@dataclass(frozen=True)
class Epoch:
    """What a listener hears after an epoch (1-based); F1 is 0 where nothing measures it."""

    number: int
    total: int
    loss: float
    weighted_f1: float


def fit_head(
    config: HeadConfig,
    features: Features,
    targets: Targets,
    settings: FusionSettings,
    seed: int,
    select: tuple[Features, Targets] | None = None,
    scaling: FusionHead | None = None,
    on_epoch: Callable[[Epoch], None] | None = None,
    added: tuple[Features, Targets] | None = None,
    watch: tuple[Features, Targets] | None = None,
) -> FusionHead:
    """Fit a head from scratch and return it in eval mode.

    Args:
        features: full image features [B, n_image]; or, with `scaling`, already compressed ones.
        select: picks the best epochs by weighted F1; None averages the last ones.
        scaling: take input scaling from this head instead of fitting it: features of the replay
            set are stored compressed by it.
        added: posts that are spread over the batches, on top of the others. With one seed, whatever
            is random happens to those others alike with and without them, so that two heads differ
            by what was added and by nothing else.
        watch: posts that only measure the F1 of each epoch, where `select` is None.
    """
    n_others = len(targets)
    prior = _class_prior(targets, config.n_labels, settings.adjustment)
    if added is not None:
        features = concatenate([features, added[0]])
        targets = concatenate_targets([targets, added[1]])
    torch.manual_seed(seed)
    head = build_head(config)
    compressed = scaling is not None
    if scaling is None:
        head.fit_scaling(features)
    else:
        for name, buffer in scaling.named_buffers():
            head.get_buffer(name).copy_(buffer)
    optimizer = _optimizer(head, settings)
    n_batches = -(-n_others // settings.batch_size)
    n_epochs = max(settings.epochs, min(MOST_EPOCHS, -(-settings.least_steps // n_batches)))
    n_steps = n_epochs * n_batches
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, settings.learning_rate, total_steps=n_steps, pct_start=0.1,
        cycle_momentum=settings.optimiser != "rmsprop",
    )  # fmt: skip
    with torch.no_grad():
        image = features.image.float() if compressed else head.compress(features.image)
        text = head.scale_text(features)
    image, text, lexicon = image.clone(), text.clone(), features.lexicon.float()
    kept: list[tuple[float, dict[str, Tensor]]] = []
    sprinkle = torch.Generator().manual_seed(seed)
    for number in range(1, n_epochs + 1):
        head.train()
        total = 0.0
        order = torch.split(torch.randperm(n_others), settings.batch_size)
        more = (n_others + torch.randperm(len(targets) - n_others, generator=sprinkle)).tensor_split(
            n_batches
        )
        for rows, extra in zip(order, more, strict=True):
            logits = head.score(text[rows], lexicon[rows], image[rows], features.take(rows))
            if len(extra):
                # A draw of its own leaves the dropout of the others as it would be without them.
                with torch.random.fork_rng(devices=[]):
                    torch.manual_seed(int(torch.randint(2**31, (), generator=sprinkle)))
                    on_top = head.score(text[extra], lexicon[extra], image[extra], features.take(extra))
                logits = logits.followed_by(on_top)
                rows = torch.cat([rows, extra])
            loss = _loss(logits, targets.take(rows), features.take(rows), prior, settings)
            loss = loss + settings.ridge * _squared(head)
            optimizer.zero_grad(set_to_none=True)
            torch.autograd.backward(loss)
            torch.nn.utils.clip_grad_norm_(head.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            total += float(loss.detach()) * len(rows)
        if not math.isfinite(total):
            raise TrainingError(
                f"the head's loss is not a number in epoch {number}",
                "Lower fusion.learning_rate in the recipe.",
            )
        measured = 0.0
        if (watched := select or watch) is not None:
            fused = predict(head, watched[0], compressed).fused
            measured = weighted_f1(*_labelled(watched[1].post, fused))
        chosen = float(number) if select is None else measured
        kept = sorted([*kept, (chosen, copy.deepcopy(head.state_dict()))], key=lambda item: -item[0])[
            : settings.average
        ]
        if on_epoch is not None:
            on_epoch(Epoch(number, n_epochs, total / len(targets), measured))
    head.load_state_dict(_average([state for _, state in kept]))
    return head.eval()


@torch.no_grad()
def predict(head: FusionHead, features: Features, compressed: bool = False) -> Logits:
    """Score all posts at once, in eval mode; `compressed` as in `fit_head`."""
    head.eval()
    image = features.image.float() if compressed else head.compress(features.image)
    return head.score(head.scale_text(features), features.lexicon.float(), image, features)


@torch.no_grad()
def compress(head: FusionHead, features: Features) -> Features:
    """Give the image features as the replay set holds them."""
    image = head.compress(features.image)
    image = torch.where(features.has_image.unsqueeze(1), image, torch.zeros_like(image))
    return replace(features, image=image)


def _loss(
    logits: Logits, targets: Targets, features: Features, prior: dict[str, Tensor], settings: FusionSettings
) -> Tensor:
    both = features.has_text & features.has_image
    # A post with one modality is judged by that modality's head, so its label teaches that head.
    text = torch.where(
        features.has_image, targets.text, torch.where(targets.text < 0, targets.post, targets.text)
    )
    image = torch.where(
        features.has_text, targets.image, torch.where(targets.image < 0, targets.post, targets.image)
    )
    fused = torch.where(both, targets.post, torch.full_like(targets.post, UNLABELLED))
    parts = [
        (1.0, logits.fused, fused, prior["post"]),
        (settings.auxiliary, logits.text, torch.where(features.has_text, text, -1), prior["text"]),
        (settings.auxiliary, logits.image, torch.where(features.has_image, image, -1), prior["image"]),
    ]
    total = torch.zeros(())
    for share, scores, wanted, shift in parts:
        known = wanted >= 0
        if share and bool(known.any()):
            each = nn.functional.cross_entropy(
                scores[known] + shift,
                wanted[known],
                reduction="none",
                label_smoothing=settings.label_smoothing,
            )
            if settings.focus:
                each = each * (1 - torch.exp(-each.detach())).clamp(min=1e-6) ** settings.focus
            weight = targets.weight[known]
            total = total + share * (each * weight).sum() / weight.sum().clamp(min=1e-6)
    return total


def _optimizer(head: FusionHead, settings: FusionSettings) -> torch.optim.Optimizer:
    about: dict[str, Any] = {"lr": settings.learning_rate, "weight_decay": settings.weight_decay}
    if settings.optimiser == "nadam":
        about["decoupled_weight_decay"] = True
    if settings.optimiser == "rmsprop":
        # Its decay is a part of the gradient; what AdamW takes off the weights would be far too much there.
        about["weight_decay"] = settings.weight_decay * settings.learning_rate
    made: torch.optim.Optimizer = OPTIMISERS[settings.optimiser](head.parameters(), **about)
    return made


def _squared(head: FusionHead) -> Tensor:
    """Sum of squared weights of the layers that read raw features."""
    total = torch.zeros(())
    for name in head.linear:
        weight = head.get_parameter(f"{name}.weight")
        total = total + weight.square().sum()
    return total


def _class_prior(targets: Targets, n_labels: int, strength: float) -> dict[str, Tensor]:
    shifts = {}
    for kind in ("post", "text", "image"):
        wanted = getattr(targets, kind)
        counts = torch.bincount(wanted[wanted >= 0], minlength=n_labels).float() + 1.0
        shifts[kind] = strength * torch.log(counts / counts.sum())
    return shifts


def _average(states: list[dict[str, Tensor]]) -> dict[str, Tensor]:
    return {name: torch.stack([state[name].float() for state in states]).mean(0) for name in states[0]}


def _labelled(wanted: Tensor, logits: Tensor) -> tuple[IntArray, IntArray]:
    known = wanted >= 0
    return wanted[known].numpy(), logits[known].argmax(1).numpy()
