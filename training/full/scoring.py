"""Scores of a trained head on the frozen split, with VADER alone beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mmsa_tui.model.calibration import Calibration
from mmsa_tui.model.features import Features
from mmsa_tui.model.labelled import Targets
from mmsa_tui.model.metrics import BoolArray, FloatArray, IntArray, bootstrap_interval, macro_f1, score
from mmsa_tui.model.network import FusionHead
from mmsa_tui.model.reliability import as_scores
from mmsa_tui.model.vader import vader_labels
from training.examples import Example
from training.full.calibrate import CrossedTexts, crossed_error
from training.full.fusion import predict

_LEVEL_OF_LANGUAGES = 0.8
"""One chance in ten that a language is worse than its lower bound."""


def score_bundle(
    head: FusionHead,
    calibration: Calibration,
    features: Features,
    targets: Targets,
    texts: Sequence[str],
    labels: Sequence[str],
    extra: tuple[Features, Sequence[Example]] | None = None,
    compressed: bool = False,
) -> dict[str, Any]:
    """Score the fused head, each modality's own head and VADER on the same posts.

    Args:
        compressed: as in `predict`, of `features`.

    Returns:
        `languages`: ISO 639 code -> posts, macro-F1 and its lower bound. `tables`: title -> scores;
        the headline figures of the first table; `interval`: 95 % bootstrap of its accuracy and
        macro-F1; `fusion_gain`: fused minus text-only macro-F1, paired.
    """
    logits = predict(head, features, compressed)
    has_text, has_image = features.has_text.numpy(), features.has_image.numpy()
    both = has_text & has_image
    post, text, image = (getattr(targets, k).numpy() for k in ("post", "text", "image"))
    # A post with one modality is judged by that alone, so its label is that modality's.
    text = np.where((text < 0) & ~has_image, post, text)
    image = np.where((image < 0) & ~has_text, post, image)
    fused, alone, seen = (
        Calibration.probs(x, t).numpy().astype(float)
        for x, t in (
            (logits.fused, calibration.both),
            (logits.text, calibration.text),
            (logits.image, calibration.image),
        )
    )
    vader = vader_labels(texts, labels)
    tables: dict[str, Any] = {}
    by_language: dict[str, dict[str, float]] = {}

    def table(title: str, truth: IntArray, predicted: IntArray, rows: Any, probs: Any = None) -> None:
        tables.update(_table(title, truth, predicted, rows, labels, probs))

    judged = both & (post >= 0)
    table("post label, text and picture", post, fused.argmax(1), judged, fused)
    table("post label, text-only head", post, alone.argmax(1), judged, alone)
    table("post label, VADER alone", post, vader, judged)
    table("text label, text-only head", text, alone.argmax(1), text >= 0, alone)
    table("text label, VADER alone", text, vader, text >= 0)
    table("image label, image-only head", image, seen.argmax(1), has_image & (image >= 0), seen)
    if extra is not None:
        tweets = Calibration.probs(predict(head, extra[0]).text, calibration.text).numpy().astype(float)
        found, by_language = score_tweets(tweets, extra[1], labels)
        tables |= found
    first = next(iter(tables.values()))
    wanted, decided = (post, fused) if judged.any() else (text, alone) if (text >= 0).any() else (image, seen)
    rows = judged if judged.any() else wanted >= 0
    truth, ours, theirs = wanted[rows], decided.argmax(1)[rows], alone.argmax(1)[rows]
    return {
        **{k: first[k] for k in ("n", "accuracy", "macro_f1", "weighted_f1", "per_class", "ece")},
        "interval": {
            "accuracy": bootstrap_interval(lambda i: float(np.mean(truth[i] == ours[i])), len(truth)),
            "macro_f1": bootstrap_interval(lambda i: macro_f1(truth[i], ours[i]), len(truth)),
        },
        "fusion_gain": {
            "macro_f1": macro_f1(truth, ours) - macro_f1(truth, theirs),
            "interval": bootstrap_interval(
                lambda i: macro_f1(truth[i], ours[i]) - macro_f1(truth[i], theirs[i]), len(truth)
            ),
            "accuracy": float(np.mean(truth == ours) - np.mean(truth == theirs)),
        },
        "languages": by_language,
        **as_scores(truth, decided[rows]),
        "tables": tables,
    }


def score_tweets(
    probs: FloatArray, tweets: Sequence[Example], labels: Sequence[str]
) -> tuple[dict[str, Any], dict[str, dict[str, float]]]:
    """Score the text-only head on tweets that it has not learned from, all together and by language.

    Args:
        probs: calibrated probabilities, [N, K].

    Returns:
        `tables` and `languages` as `score_bundle` gives them.
    """
    truth, said = np.array([e.text for e in tweets]), probs.argmax(1)
    known, languages = truth >= 0, np.array([e.language for e in tweets])
    tables = _table("held-out tweets, text-only head", truth, said, known, labels, probs)
    vader = vader_labels([e.raw_text for e in tweets], labels)
    tables |= _table("held-out tweets, VADER alone", truth, vader, known, labels)
    by_language = {}
    for language in sorted(set(languages) - {""}):
        rows = (languages == language) & known
        title = f"held-out tweets, text-only head, {language}"
        tables |= _table(title, truth, said, rows, labels, probs)
        by_language[str(language)] = _language_score(truth[rows], said[rows])
    return tables, by_language


def score_crossed(
    scores: Mapping[str, Any],
    calibration: Calibration,
    texts: CrossedTexts,
    others: tuple[Tensor, Sequence[Example]] | None,
    labels: Sequence[str],
) -> dict[str, Any]:
    """Put into scores what tweets say that were judged by heads fitted without them.

    Args:
        scores: as `score_bundle` gives them.
        others: logits of more tweets that the head has not learned from, and these tweets.
    """
    logits, tweets = texts.logits, list(texts.tweets)
    if others is not None:
        logits, tweets = torch.cat([logits, others[0]]), [*tweets, *others[1]]
    probs = Calibration.probs(logits, calibration.text).double().numpy()
    tables, languages = score_tweets(probs, tweets, labels)
    sure = crossed_error(texts.logits, texts.wanted, texts.folds, scores["n"])
    return {
        **scores,
        "languages": languages,
        "tables": scores["tables"] | tables,
        "calibration": scores.get("calibration", {}) | {"text alone": sure},
    }


def _table(
    title: str,
    truth: IntArray,
    said: IntArray,
    rows: BoolArray,
    labels: Sequence[str],
    probs: FloatArray | None = None,
) -> dict[str, Any]:
    """Scores under their title; nothing where no post is to be scored."""
    if not rows.any():
        return {}
    return {title: score(truth[rows], said[rows], labels, None if probs is None else probs[rows]).as_json()}


def _language_score(truth: IntArray, predicted: IntArray) -> dict[str, float]:
    """Posts, macro-F1, and how low it may be: on 150 posts .60 may well be .55."""
    low, _ = bootstrap_interval(
        lambda i: macro_f1(truth[i], predicted[i]), len(truth), level=_LEVEL_OF_LANGUAGES
    )
    return {"n": len(truth), "macro_f1": macro_f1(truth, predicted), "low": low}


def summary(scores: Mapping[str, Any]) -> str:
    """The score table as text, for the end of a run."""
    lines = [f"{'':34} {'n':>6} {'acc':>6} {'mF1':>6} {'wF1':>6} {'rec':>6}"]
    for title, row in scores["tables"].items():
        lines.append(
            f"{title:34} {row['n']:>6} {row['accuracy']:>6.3f} {row['macro_f1']:>6.3f}"
            f" {row['weighted_f1']:>6.3f} {row['macro_recall']:>6.3f}"
        )
    return "\n".join(lines)
