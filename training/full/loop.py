"""The fine-tuning loop of both encoders: one that can be read in one sitting.

It knows batches, losses and schedules; what a batch holds is the stage's business.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from mmsa_tui.model.labelled import UNLABELLED


@dataclass(frozen=True)
class FineTuning:
    """Hyper-parameters of one fine-tuning.

    `learning_rate` is the peak, reached after `warmup` (a share of all steps) and falling linearly
    to zero. `clip` bounds the gradient norm. `encoder_dropout` replaces the pretrained model's own;
    at 0 a CPU step costs a third less, and a few epochs with label smoothing do not miss it.
    """

    epochs: int = 3
    batch_size: int = 64
    learning_rate: float = 4e-5
    head_learning_rate: float = 1e-3
    weight_decay: float = 0.01
    warmup: float = 0.06
    clip: float = 1.0
    label_smoothing: float = 0.05
    encoder_dropout: float = 0.0
    bf16: bool = True

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.batch_size < 1:
            raise ValueError("epochs and batch_size must be at least 1")
        if not 0 <= self.warmup < 1:
            raise ValueError("warmup is a share of the steps, 0 to 1")


@dataclass(frozen=True)
class Step:
    """One optimiser step: its number (1-based), out of how many, the epoch (0-based), the loss."""

    number: int
    total: int
    epoch: int
    loss: float
    ends_epoch: bool


def seed_everything(seed: int) -> None:
    """Seed python, numpy and torch."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)


def length_sorted_batches(lengths: Sequence[int], batch_size: int, rng: random.Random) -> list[list[int]]:
    """Shuffle indices into batches of similar length.

    Sorting inside windows of 50 batches keeps the order random across the epoch and the padding
    small inside a batch.
    """
    order = list(range(len(lengths)))
    rng.shuffle(order)
    window = batch_size * 50
    batches: list[list[int]] = []
    for start in range(0, len(order), window):
        part = sorted(order[start : start + window], key=lambda i: lengths[i])
        batches += [part[i : i + batch_size] for i in range(0, len(part), batch_size)]
    rng.shuffle(batches)
    return batches


def fine_tune(
    encoder: nn.Module,
    heads: nn.Module,
    batches: Callable[[int], Sequence[Sequence[int]]],
    loss_of: Callable[[Sequence[int]], Tensor],
    settings: FineTuning,
    device: torch.device,
) -> Iterator[Step]:
    """Train encoder and heads, yielding after every step so that the caller may evaluate and keep the best.

    Args:
        batches: epoch number -> lists of example indices.
        loss_of: indices -> scalar loss; runs under autocast.
    """
    body, top = [p for p in encoder.parameters() if p.requires_grad], list(heads.parameters())
    optimizer = torch.optim.AdamW(
        [{"params": body, "lr": settings.learning_rate}, {"params": top, "lr": settings.head_learning_rate}],
        weight_decay=settings.weight_decay,
    )
    first = batches(0)
    total = len(first) * settings.epochs
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: ramp(step, total, settings.warmup))
    number = 0
    for epoch in range(settings.epochs):
        plan = first if epoch == 0 else batches(epoch)
        for position, indices in enumerate(plan):
            encoder.train()
            heads.train()
            with torch.autocast(device.type, torch.bfloat16, enabled=settings.bf16):
                loss = loss_of(indices)
            optimizer.zero_grad(set_to_none=True)
            torch.autograd.backward(loss)
            torch.nn.utils.clip_grad_norm_([*body, *top], settings.clip)
            optimizer.step()
            schedule.step()
            number += 1
            yield Step(number, total, epoch, float(loss.detach()), position == len(plan) - 1)


def loss_of_tasks(
    heads: Iterable[nn.Module], features: Tensor, wanted: Tensor, label_smoothing: float
) -> Tensor:
    """Mean cross-entropy of the tasks that a batch has labels for.

    Args:
        features: [B, H]. wanted: class indices of each task, [T, B], -1 where it has none.
    """
    losses = [
        nn.functional.cross_entropy(
            head(features), labels, ignore_index=UNLABELLED, label_smoothing=label_smoothing
        )
        for head, labels in zip(heads, wanted, strict=True)
        if bool((labels >= 0).any())
    ]
    return torch.stack(losses).mean()


def ramp(step: int, total: int, warmup: float) -> float:
    """Share of the peak learning rate at a step: up in the warm-up, then down to zero, in straight lines."""
    rising = max(1, math.ceil(total * warmup))
    if step < rising:
        return (step + 1) / rising
    return max(0.0, (total - step) / max(1, total - rising))
