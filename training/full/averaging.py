"""The mean of two text encoders that were trained from one start."""

from __future__ import annotations

from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import nn

from mmsa_tui.errors import TrainingError
from mmsa_tui.model.encoders import TextEncoder


def verdict_alike(model: TextEncoder, other: TextEncoder, n_labels: int) -> nn.Linear:
    """Return the verdict of an encoder that can be averaged with `model`.

    Raises:
        TrainingError: the other is of another shape, or has no verdict.
    """
    ours, theirs = ({n: t.shape for n, t in e.model.state_dict().items()} for e in (model, other))
    verdict = other.verdict
    if ours != theirs or verdict is None or verdict.weight.shape != (n_labels, model.blocks[-1]):
        raise TrainingError(
            "the encoder to average with is of another shape or has no verdict",
            "Name one that this command wrote, from the same start.",
        )
    return verdict


def check_pieces(encoder: Path, other: Path) -> None:
    """Refuse an encoder with other word pieces or in another order: rows of different ones would be mixed."""
    ours, theirs = (
        Tokenizer.from_file(str(folder / "tokenizer.json")).get_vocab() for folder in (encoder, other)
    )
    if ours != theirs:
        raise TrainingError(
            f"the encoder to average with has other word pieces than {encoder}",
            "Name one from the same start: a vocabulary that was cut again is another.",
        )


@torch.no_grad()
def average(model: TextEncoder, verdict: nn.Linear, other: TextEncoder) -> None:
    """Make the weights of the encoder and its verdict the mean of theirs and the other's, in place.

    Two trainings from one start that went different ways end near each other, and between them lies
    what both have learned rather than what each has memorised (Wortsman et al., Model soups, 2022).

    Raises:
        TrainingError: the other is of another shape, or has no verdict.
    """
    theirs_verdict = verdict_alike(model, other, verdict.out_features)
    ours, theirs = model.model.state_dict(), other.model.state_dict()
    pairs = [(ours[name], theirs[name]) for name in ours]
    pairs += [(verdict.weight, theirs_verdict.weight), (verdict.bias, theirs_verdict.bias)]
    for one, two in pairs:
        if one.is_floating_point():
            one.copy_((one + two) / 2)
