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
from mmsa_tui.model.network import DefaultHead, FusionHead, Logits, build_head
from training.full.linear import fit_linear

LEAST_STEPS, MOST_EPOCHS = 150, 60
"""A few hundred posts are gone through more often: in 12 epochs of 4 steps a head learns too little
(macro-F1 .59 against .63 on 500 posts)."""


OPTIMISERS = {"adamw": torch.optim.AdamW, "nadam": torch.optim.NAdam, "rmsprop": torch.optim.RMSprop}
"""By their names in a recipe."""


@dataclass(frozen=True)
class FusionSettings:
    """Hyper-parameters of one fit: of the linear layers, to their optimum, and of what is fitted by steps."""

    strength: float = 0.2
    """Inverse penalty of a squared weight in the linear layers, see `fit_linear`."""
    text_strength: float = 0.05
    """The same for text alone."""
    captions: float = 0.1
    """What people's label of a post's text counts for text alone where the post has a picture, beside 1 of a
    text that stands alone, as those do that are judged so."""
    picture: float = 0.6
    """What the picture's own judgement counts beside 1 of the post's: its logits are added. It is fitted on
    people's labels of pictures, which tell more of a picture than the label of a post does."""
    adjustment: float = 0.2
    """Strength of the logit adjustment for rare classes, 0 none, 1 as if classes were equally frequent
    (A. K. Menon et al., Long-tail learning via logit adjustment, ICLR 2021)."""
    text_adjustment: float = 1.0
    """The same for text alone: collections of tweets differ in how often each class occurs, and what one of
    them says of it is wrong in the next."""
    epochs: int = 12
    least_steps: int = LEAST_STEPS
    """On few posts there are more epochs, `MOST_EPOCHS` at most, until there are so many steps."""
    batch_size: int = 128
    optimiser: str = "adamw"
    learning_rate: float = 3e-4
    weight_decay: float = 0.5
    focus: float = 0.0
    """0 is plain cross-entropy; above, what is right already counts less (T.-Y. Lin et al., Focal Loss, ICCV
    2017)."""
    label_smoothing: float = 0.0
    auxiliary: float = 0.5
    """Weight of the text-only and image-only losses in a head without linear layers."""
    average: int = 5
    """How many of the best epochs are averaged."""

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.average < 1:
            raise ValueError("epochs and average must be at least 1")
        if self.optimiser not in OPTIMISERS:
            raise ValueError(f"optimiser is one of {', '.join(OPTIMISERS)}")
        if self.focus < 0:
            raise ValueError("focus is 0 or above")
        if min(self.strength, self.text_strength, self.captions) <= 0:
            raise ValueError("strength, text_strength and captions are above 0")
        if self.picture < 0:
            raise ValueError("picture is 0 or above")


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
    """Fit a head from scratch and return it in eval mode: linear layers first, then what is added to them.

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
    n_batches = -(-n_others // settings.batch_size)
    n_epochs = max(settings.epochs, min(MOST_EPOCHS, -(-settings.least_steps // n_batches)))
    n_steps = n_epochs * n_batches
    with torch.no_grad():
        image = features.image.float() if compressed else head.compress(features.image)
        text = head.scale_text(features)
    image, text, lexicon = image.clone(), text.clone(), features.lexicon.float()
    wanted = _wanted(features, targets)
    counts = dict.fromkeys(("post", "text", "image"), targets.weight)
    counts["text"] = targets.weight * torch.where(features.has_image, settings.captions, 1.0)
    adjustments = dict.fromkeys(counts, settings.adjustment) | {"text": settings.text_adjustment}
    prior = {
        kind: strength
        * _log_prior(getattr(wanted, kind)[:n_others], counts[kind][:n_others], config.n_labels)
        for kind, strength in adjustments.items()
    }
    if isinstance(head, DefaultHead):
        strengths = dict.fromkeys(counts, settings.strength) | {"text": settings.text_strength}
        fit_linear(head, (text, lexicon, image), wanted, counts, prior, strengths, settings.picture)
    optimizer = _optimizer(head, settings)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, settings.learning_rate, total_steps=n_steps, pct_start=0.1,
        cycle_momentum=settings.optimiser != "rmsprop",
    )  # fmt: skip
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
            loss = _loss(logits, wanted.take(rows), prior, settings)
            optimizer.zero_grad(set_to_none=True)
            # Attention learns nothing from posts that have one modality alone.
            if loss.requires_grad:
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


def _wanted(features: Features, targets: Targets) -> Targets:
    """Say which label teaches which head, `UNLABELLED` where none does.

    A post with one modality is judged by that modality's head, so its label teaches that head.
    """
    has_text, has_image = features.has_text, features.has_image
    alone = {
        kind: torch.where(there, torch.where(other, own, torch.where(own < 0, targets.post, own)), UNLABELLED)
        for kind, own, there, other in (
            ("text", targets.text, has_text, has_image),
            ("image", targets.image, has_image, has_text),
        )
    }
    return replace(targets, post=torch.where(has_text & has_image, targets.post, UNLABELLED), **alone)


def _loss(logits: Logits, wanted: Targets, prior: dict[str, Tensor], settings: FusionSettings) -> Tensor:
    total = torch.zeros(())
    for share, scores, labels, shift in (
        (1.0, logits.fused, wanted.post, prior["post"]),
        (settings.auxiliary, logits.text, wanted.text, prior["text"]),
        (settings.auxiliary, logits.image, wanted.image, prior["image"]),
    ):
        known = labels >= 0
        if share and bool(known.any()):
            each = nn.functional.cross_entropy(
                scores[known] + shift,
                labels[known],
                reduction="none",
                label_smoothing=settings.label_smoothing,
            )
            if settings.focus:
                each = each * (1 - torch.exp(-each.detach())).clamp(min=1e-6) ** settings.focus
            weight = wanted.weight[known]
            total = total + share * (each * weight).sum() / weight.sum().clamp(min=1e-6)
    return total


def _optimizer(head: FusionHead, settings: FusionSettings) -> torch.optim.Optimizer:
    about: dict[str, Any] = {"lr": settings.learning_rate, "weight_decay": settings.weight_decay}
    if settings.optimiser == "nadam":
        about["decoupled_weight_decay"] = True
    if settings.optimiser == "rmsprop":
        # Its decay is a part of the gradient; what AdamW takes off the weights would be far too much there.
        about["weight_decay"] = settings.weight_decay * settings.learning_rate
    made: torch.optim.Optimizer = OPTIMISERS[settings.optimiser](
        [p for p in head.parameters() if p.requires_grad], **about
    )
    return made


def _log_prior(wanted: Tensor, counts: Tensor, n_labels: int) -> Tensor:
    """Give the logarithm of how frequent each class is, [K], each post counting as it does in the fit."""
    known = wanted >= 0
    weights = torch.bincount(wanted[known], counts[known].double(), minlength=n_labels).float()
    # The one that no class lacks weighs as one post does on average, however little each of them counts.
    weights = weights * known.sum() / weights.sum().clamp(min=1e-9) + 1.0
    return torch.log(weights / weights.sum())


def _average(states: list[dict[str, Tensor]]) -> dict[str, Tensor]:
    return {name: torch.stack([state[name].float() for state in states]).mean(0) for name in states[0]}


def _labelled(wanted: Tensor, logits: Tensor) -> tuple[IntArray, IntArray]:
    known = wanted >= 0
    return wanted[known].numpy(), logits[known].argmax(1).numpy()
