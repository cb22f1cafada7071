"""Scores of parts of the posts: by language, by what was there to judge by, by what the words are like.

A part is where a mean hides something. VADER stands beside ours in each, on the same posts.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from mmsa_tui.model.metrics import IntArray, accuracy, macro_f1
from mmsa_tui.model.reliability import score_intervals
from mmsa_tui.store import Row
from mmsa_tui.text.hashtags import hashtags_in
from mmsa_tui.text.language import main_language
from mmsa_tui.text.words import normalise_text

LEAST_POSTS = 10
"""A part of fewer posts is not shown."""
_NOT_SAID = -1

_EMOJI = re.compile("[\u2600-\u27bf\U0001f1e6-\U0001f1ff\U0001f300-\U0001faff]")
_RETWEET = re.compile(r"(?:^|\s)RT @\w")
_NEGATION = re.compile(
    r"\b(?:not|no|never|none|nobody|nothing|nowhere|neither|nor|without|hardly|cannot|\w+n['’]?t(?<=n['’]t))\b",
    re.IGNORECASE,
)
_IRONY = re.compile(
    r"#(?:irony|ironic|sarcas\w*|not)\b|(?:^|\s)/s\b|\byeah,? right\b|\boh,? (?:great|joy)\b"
    r"|\bjust what i needed\b|\bthanks a lot\b|🙄|\bas if\b|\bway to go\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Figures:
    """Accuracy and macro F1 of `n` posts, or by how much two ways to tell differ in them.

    Intervals are 95 % bootstrap intervals over posts.
    """

    n: int
    accuracy: float
    accuracy_interval: tuple[float, float]
    macro_f1: float
    macro_f1_interval: tuple[float, float]


@dataclass(frozen=True)
class Slice:
    """A part of the posts: ours on all of it, and VADER on those that have words, None without any."""

    name: str
    ours: Figures
    vader: Figures | None


def slices_of(row: Row, validated: Collection[str]) -> Iterator[str]:
    """Name the parts that a classified post belongs to.

    Args:
        validated: languages in which the bundle is.
    """
    post, prediction = row.post, row.prediction
    assert post is not None and prediction is not None
    if prediction.status != "image_only":
        language = main_language(post.language)
        yield f"language {language or 'unknown'}"
        yield "language validated" if language in validated else "language not validated"
    yield {"ok": "text and picture", "text_only": "text alone", "image_only": "picture alone"}.get(
        prediction.status, prediction.status
    )
    if post.image_text:
        yield "words read in a picture"
    text = post.judged_text
    if _EMOJI.search(text):
        yield "emoji"
    if hashtags_in(text):
        yield "hashtags"
    if _RETWEET.search(text):
        yield "retweets"
    n_words = len(normalise_text(text).split())
    if n_words:
        yield "up to 8 words" if n_words <= 8 else "9 to 20 words" if n_words <= 20 else "over 20 words"
    if _NEGATION.search(text):
        yield "negation (English)"
    if _IRONY.search(text):
        yield "signs of irony (English)"


def score_slices(
    names: Sequence[Collection[str]], truth: IntArray, ours: IntArray, vader: IntArray, n_labels: int
) -> tuple[Slice, ...]:
    """Score every part of `LEAST_POSTS` posts or more, languages first, the largest of them first.

    Args:
        names: the parts of each post. truth, ours, vader: [N] class indices, below 0 where nothing is said.
    """
    sizes: dict[str, int] = {}
    for parts in names:
        for name in parts:
            sizes[name] = sizes.get(name, 0) + 1
    found = []
    for name in sorted(sizes, key=lambda name: (_ORDER.get(name, 0), -sizes[name], name)):
        inside = np.array([name in parts for parts in names])
        part = _part(truth, ours, inside, n_labels)
        if part is not None and part.n >= LEAST_POSTS:
            found.append(Slice(name, part, _part(truth, vader, inside, n_labels)))
    return tuple(found)


_ORDER = {
    name: place
    for place, name in enumerate(
        (
            "language validated", "language not validated", "text and picture", "text alone", "picture alone",
            "words read in a picture", "emoji", "hashtags", "retweets", "up to 8 words", "9 to 20 words",
            "over 20 words", "negation (English)", "signs of irony (English)",
        ),
        start=1,
    )
}  # fmt: skip


def _part(truth: IntArray, said: IntArray, inside: np.ndarray, n_labels: int) -> Figures | None:
    chosen = inside & (said != _NOT_SAID)
    if not chosen.any():
        return None
    right, answers = truth[chosen], said[chosen]
    accuracies, f1s = score_intervals(right, answers, n_labels)
    return Figures(len(right), accuracy(right, answers), accuracies, macro_f1(right, answers), f1s)


def slices_table(slices: Sequence[Slice]) -> list[tuple[str, ...]]:
    """Lay out the parts, a header first."""
    rows: list[tuple[str, ...]] = [
        ("part", "posts", "accuracy", "", "macro F1", "", "VADER: posts", "accuracy", "", "macro F1", "")
    ]
    for one in slices:
        rows.append((one.name, *_cells(one.ours), *(_cells(one.vader) if one.vader else ("",) * 5)))
    return rows


def _cells(part: Figures) -> tuple[str, ...]:
    intervals = [f"[{low:.2f}, {high:.2f}]" for low, high in (part.accuracy_interval, part.macro_f1_interval)]
    return f"{part.n:,}", f"{part.accuracy:.3f}", intervals[0], f"{part.macro_f1:.3f}", intervals[1]
