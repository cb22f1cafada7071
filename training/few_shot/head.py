"""Labelled posts to a head that a bundle can hold: three linear fits in the place of a fusion.

What reads the words, what reads the picture and what reads both are fitted apart, each on the posts that
have what it reads; the decision on a post is the one that fits what the post has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from mmsa_tui.errors import TrainingError
from mmsa_tui.model.calibration import Calibration
from mmsa_tui.model.features import Features
from mmsa_tui.model.metrics import FloatArray, IntArray, Scores, score
from mmsa_tui.model.network import DefaultHead, FusionHead, build_head
from training.few_shot.fit import Block, Fitted, Linear, Recipe, fit, log_loss
from training.retrain.rehearsal import Corrected

_NARROW = 16
"""Numbers of a view at most that is an encoder's verdict on sentiment, and not a layer."""
_TEMPERATURES = np.geomspace(0.4, 4.0, 37)
_LEAST_SEEN = 20
"""Posts with a picture (or with words) from which a fit listens to pictures (or words)."""


@dataclass(frozen=True)
class Learned:
    """A fitted head.

    `held_out` [N, K] are calibrated probabilities of each post by heads that did not see it or its
    copies; `scores` are of them. `loss` is their mean negative log-likelihood. `heard` names the features
    that are listened to.
    """

    head: FusionHead
    calibration: Calibration
    held_out: FloatArray
    scores: Scores
    loss: float
    heard: tuple[str, ...]

    def describe(self, n: int) -> str:
        """Say in a sentence what was learned from what, and how well."""
        return (
            f"A head of its own learned {n:,} labels, from {' and '.join(self.heard)}; each post judged by a"
            f" head that had not seen it: accuracy {self.scores.accuracy:.2f}, macro-F1"
            f" {self.scores.macro_f1:.2f}. Posts picked as uncertain are harder than others: an audit says"
            " how often it is right on a source."
        )


def learn(base: FusionHead, corrected: Corrected, labels: Sequence[str], *, seed: int) -> Learned:
    """Fit a head.

    Args:
        base: gives the scaling of the features, and was not taught these labels.

    Raises:
        TrainingError: `base` is of a kind whose scaling cannot be taken over.
    """
    if not isinstance(base, DefaultHead):
        raise TrainingError(
            "a model cannot start from a bundle with the reference head",
            "Choose another with `mmsa codebook edit --start BUNDLE`.",
        )
    truth = corrected.labels.numpy()
    groups = np.unique(np.array(corrected.groups, dtype=object).astype(str), return_inverse=True)[1]
    words, picture, has_words, has_picture = _arrays(base, corrected.features)
    blocks = _blocks(base, words.shape[1])
    both = np.concatenate([words, picture], axis=1)
    pictured = Block("pictures", slice(words.shape[1], both.shape[1]))
    parts = {
        "text": (words, blocks, has_words),
        "image": (picture, [Block("pictures", slice(0, picture.shape[1]))], has_picture),
        "both": (both, [*blocks, pictured], has_words | has_picture),
    }
    linear: dict[str, Linear] = {}
    held_out: dict[str, FloatArray] = {}
    temperatures: dict[str, float] = {}
    heard: dict[str, None] = {}
    for name, (features, own_blocks, there) in parts.items():
        if name == "both" and not (has_words & has_picture).any():
            # What reads both has nothing to learn that the others have not.
            alone = "text" if has_words.any() else "image"
            linear[name] = _padded(linear[alone], words.shape[1], both.shape[1], alone)
            held_out[name], temperatures[name] = held_out[alone], temperatures[alone]
            continue
        fitted = _fit_part(features, truth, groups, there, len(labels), own_blocks, seed)
        linear[name], logits = fitted.head, fitted.held_out
        temperatures[name] = _temperature(logits[there], truth[there])
        held_out[name] = _softmax(logits / temperatures[name])
        if name == "both" or not (has_words & has_picture).any():
            heard |= dict.fromkeys(
                block.name
                for block, gain in zip(own_blocks, fitted.recipe.gains, strict=True)
                if gain > 0 and (features[:, block.columns] != 0).any()
            )
    decision = np.where((has_words & has_picture)[:, None], held_out["both"], held_out["text"])
    decision = np.where((has_words | ~has_picture)[:, None], decision, held_out["image"])
    calibration = Calibration(**temperatures)
    return Learned(
        _to_head(base, linear, len(labels)),
        calibration,
        decision,
        score(truth, decision.argmax(1), labels, decision),
        log_loss(np.log(np.maximum(decision, 1e-12)), truth),
        tuple(heard) or ("how often each label occurs",),
    )


def _padded(linear: Linear, n_words: int, n_both: int, alone: str) -> Linear:
    """Give a fit of one modality the width of both, deaf to the other."""
    weight = np.zeros((len(linear.bias), n_both))
    weight[:, slice(0, n_words) if alone == "text" else slice(n_words, n_both)] = linear.weight
    return Linear(weight, linear.bias)


def _arrays(base: FusionHead, features: Features) -> tuple[FloatArray, FloatArray, IntArray, IntArray]:
    """Give words [N, T+4] and pictures [N, C] as the head's linear layers get them; zero is none."""
    has_words, has_picture = features.has_text.numpy(), features.has_image.numpy()
    text = torch.cat([base.scale_text(features), features.lexicon.float()], dim=1).double().numpy()
    picture = features.image.double().numpy()
    return text * has_words[:, None], picture * has_picture[:, None], has_words, has_picture


def _blocks(base: FusionHead, width: int) -> list[Block]:
    views = base.config.text_blocks or (base.config.n_text,)
    n_layers = sum(view for view in views if view >= _NARROW)
    # The lexicon's numbers and an encoder's own verdict speak of sentiment, and of nothing else.
    return [Block("words", slice(0, n_layers)), Block("sentiment", slice(n_layers, width))]


def _fit_part(
    features: FloatArray,
    truth: IntArray,
    groups: IntArray,
    there: IntArray,
    n_labels: int,
    blocks: Sequence[Block],
    seed: int,
) -> Fitted:
    """Fit on the posts that have what is read; where these are too few, the shares of the labels are all."""
    rows = np.flatnonzero(there)
    kinds = {label: len(set(groups[rows][truth[rows] == label])) for label in np.unique(truth)}
    held_out = np.tile(_log_shares(truth, n_labels), (len(truth), 1))
    if len(rows) < _LEAST_SEEN or min(kinds.values()) < 2:
        none = Linear(np.zeros((n_labels, features.shape[1])), held_out[0])
        return Fitted(none, Recipe((0.0,) * len(blocks), 1.0), held_out)
    found = fit(
        features[rows], truth[rows], groups[rows].tolist(), n_labels, blocks,
        _gains(features[rows], blocks), seed=seed,
    )  # fmt: skip
    held_out[rows] = found.held_out
    return replace(found, held_out=held_out)


def _gains(features: FloatArray, blocks: Sequence[Block]) -> list[tuple[float, ...]]:
    """List how loud the blocks may be: the first always, the others not at all, softly or as loud."""
    found: list[tuple[float, ...]] = [(1.0,)]
    for block in blocks[1:]:
        n_there = int((features[:, block.columns] != 0).any(axis=1).sum())
        choices = (0.0, 0.3, 1.0) if n_there >= _LEAST_SEEN else (0.0,)
        found = [(*gains, gain) for gains in found for gain in choices]
    return found


def _log_shares(truth: IntArray, n_labels: int) -> FloatArray:
    counts = np.bincount(truth, minlength=n_labels) + 0.5
    return np.log(counts / counts.sum())


def _temperature(logits: FloatArray, truth: IntArray) -> float:
    """Choose what to divide scores by, so that a confidence means what it says."""
    if not len(truth):
        return 1.0
    losses = [log_loss(logits / temperature, truth) for temperature in _TEMPERATURES]
    return float(_TEMPERATURES[int(np.argmin(losses))])


def _softmax(logits: FloatArray) -> FloatArray:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    out: FloatArray = powers / powers.sum(axis=1, keepdims=True)
    return out


def _to_head(base: DefaultHead, linear: dict[str, Linear], n_labels: int) -> FusionHead:
    """Put the fits where a fusion head has its linear layers; what attention would add stays nothing."""
    torch.manual_seed(0)
    head = build_head(replace(base.config, n_labels=n_labels))
    assert isinstance(head, DefaultHead)
    for name, buffer in base.named_buffers():
        head.get_buffer(name).copy_(buffer)
    layers = {"text": head.text_head, "image": head.image_head, "both": head.post_head}
    with torch.no_grad():
        for name, layer in layers.items():
            layer.weight.copy_(torch.from_numpy(linear[name].weight))
            layer.bias.copy_(torch.from_numpy(linear[name].bias))
    return head.eval()
