"""Which words and which regions of the picture carried a decision, by leaving each out.

What the decision reads are means: of a text over its word pieces, of a picture over its 49 regions. One
less is a subtraction, so that each encoder runs once, however many words there are; the word list is asked
anew for each. What other words have taken up from the one left out stays. Encoding the text anew without
it took ten times as long and told no more: see `benchmarks.explanation`. (J. Li et al., Understanding
Neural Networks through Representation Erasure, 2016.)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mmsa_tui.model.encoded import Arrays, Floats
from mmsa_tui.model.preprocessing import lexicon
from mmsa_tui.pictures.decoder import PictureError
from mmsa_tui.records import Post

if TYPE_CHECKING:
    from mmsa_tui.model.predictor import Predictor

MAX_WORDS = 80
GRID = 7
_WORD = re.compile(r"\S+")


@dataclass(frozen=True)
class Explanation:
    """What spoke for and against the label of a post.

    words: (start, end, weight) in characters of `post.judged_text`, in which the words of its pictures
    follow its own; weight in -1..1, above 0 speaks for
    the label. regions: GRID x GRID weights, row by row, on the same scale, None without a picture.
    picture: which of the post's pictures the regions belong to.
    """

    label: str
    words: tuple[tuple[int, int, float], ...] = ()
    regions: tuple[float, ...] | None = None
    picture: int | None = None


def explain(predictor: Predictor, post: Post) -> Explanation:
    """Explain the label that `predictor` gives `post`; empty when it gives none."""
    encoded = predictor.encoders.encode([post])
    (prediction,) = predictor.judge([post], encoded)
    if prediction.status == "failed":
        return Explanation("")
    features, label = encoded.features, predictor.labels.index(prediction.label)
    base = float(_belief(predictor, features, label)[0])
    words = _words(predictor, post, features, label, base) if bool(features.has_text) else ()
    regions = None
    if prediction.deciding_picture is not None:
        regions = _regions(predictor, post, prediction.deciding_picture, features, label, base)
    return Explanation(prediction.label, words, regions, prediction.deciding_picture if regions else None)


def _words(
    predictor: Predictor, post: Post, features: Arrays, label: int, base: float
) -> tuple[tuple[int, int, float], ...]:
    text = post.judged_text
    spans = [match.span() for match in _WORD.finditer(text)][:MAX_WORDS]
    if not spans:
        return ()
    without = [text[:start] + text[end:] for start, end in spans]
    n = len(spans)
    encoded = predictor.encoders.runtimes.encode_text_without(text, [text[a:b] for a, b in spans])
    varied = Arrays(
        predictor.encoders.encode_raw_texts(without) if encoded is None else encoded,
        lexicon().features(without),
        features.image.repeat(n, axis=0),
        features.has_text.repeat(n),
        features.has_image.repeat(n),
    )
    weights = _scaled(base - _belief(predictor, varied, label))
    return tuple((start, end, float(w)) for (start, end), w in zip(spans, weights, strict=True))


def _regions(
    predictor: Predictor, post: Post, picture: int, features: Arrays, label: int, base: float
) -> tuple[float, ...] | None:
    try:
        regions = predictor.encoders.regions(post.pictures[picture])  # [49, I]
    except (OSError, PictureError):
        return None
    n = len(regions)
    leave_one_out = (regions.sum(0) - regions) / (n - 1)  # [49, I]
    # With several pictures the features are their mean; only this picture's share changes.
    change = (leave_one_out - regions.mean(0)) / max(1, len(post.pictures))
    varied = Arrays(
        features.text.repeat(n, axis=0),
        features.lexicon.repeat(n, axis=0),
        features.image + change,
        features.has_text.repeat(n),
        features.has_image.repeat(n),
    )
    return tuple(float(w) for w in _scaled(base - _belief(predictor, varied, label)))


def _belief(predictor: Predictor, features: Arrays, label: int) -> Floats:
    """Log odds of the label, [B]: differences stay visible where a probability saturates."""
    decided, _, _ = predictor.probs(features)
    p = decided[:, label].clip(1e-6, 1 - 1e-6)
    odds: Floats = np.log(p / (1 - p))
    return odds


def _scaled(weights: Floats) -> Floats:
    top = float(np.abs(weights).max())
    return weights / top if top > 1e-6 else np.zeros_like(weights)
