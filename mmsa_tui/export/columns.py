"""What an export says of each input, whatever the format: one flat record of named values.

Text that is not known is "", a number or truth value that is not known is None. Probabilities
are rounded to six places.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from mmsa_tui.records import Correction, Failure, Post, Prediction

Value = str | float | bool | None


class Row(Protocol):
    """One input with all that is known of it, as the store joins it."""

    @property
    def post(self) -> Post | None: ...

    @property
    def failure(self) -> Failure | None: ...

    @property
    def prediction(self) -> Prediction | None: ...

    @property
    def correction(self) -> Correction | None: ...


NUMBERS = ("confidence", "text_confidence", "image_confidence")
TRUTHS = ("conflict", "flag")
_KINDS = ("post", "label", "text", "image")
LABELS = ("label", "text_label", "image_label", "corrected_label", "final_label")


def fixed_columns(labels: Sequence[str]) -> tuple[str, ...]:
    """List our own columns in order; the source's follow them."""
    return (
        *("post_id", "text", "image", "label", "confidence"),
        *(f"p_{label}" for label in labels),
        *("text_label", "text_confidence", "image_label", "image_confidence", "conflict"),
        *("corrected_label", "final_label", "status", "error", "bundle"),
        *("note", "flag", "analyst", "labelled_at", "language", "image_text"),
    )


def people_columns(kinds: Iterable[str]) -> list[str]:
    """Name the columns of the labels that people gave in the source itself, in a fixed order.

    Args:
        kinds: what they judged, as in `Post.truth`.
    """
    known = set(kinds)
    return [f"people_{kind}" for kind in (*_KINDS, *sorted(known.difference(_KINDS))) if kind in known]


def name_source_columns(names: Iterable[str], labels: Sequence[str]) -> dict[str, str]:
    """Map each of the source's column names to its name in the export.

    A name that is one of ours gets `source_` in front, so that neither hides the other.
    """
    ours = set(fixed_columns(labels))
    raw = dict.fromkeys(names)
    return {name: _free_name(name, ours, raw) for name in raw}


def _free_name(name: str, ours: Collection[str], raw: Collection[str]) -> str:
    if name not in ours:
        return name
    free = f"source_{name}"
    while free in ours or free in raw:
        free = f"source_{free}"
    return free


def describe(row: Row, labels: Sequence[str]) -> tuple[dict[str, Value], Mapping[str, str]]:
    """Describe one input.

    Args:
        labels: the label order that the row's probabilities follow.

    Returns:
        The values of our columns in order, and the source's own under their original names, people's
        labels first.
    """
    item = row.post or row.failure
    assert item is not None
    prediction = row.prediction
    record: dict[str, Value] = dict.fromkeys(fixed_columns(labels), "")
    record["post_id"] = item.post_id
    record["text"] = item.text
    for name in (*NUMBERS, *TRUTHS, *(f"p_{label}" for label in labels)):
        record[name] = None
    if row.post is not None:
        record["image"] = "; ".join(_picture_names(row.post, prediction))
    if row.failure is not None:
        record["status"] = "failed"
        record["error"] = row.failure.reason
    if prediction is not None:
        record.update(_describe_prediction(prediction, labels))
    correction = row.correction
    corrected = correction.new_label if correction else ""
    record["corrected_label"] = corrected
    record["final_label"] = corrected or record["label"]
    if row.post is not None:
        record["flag"] = correction is not None and correction.flagged
        record["language"] = row.post.language
        record["image_text"] = row.post.image_text
    if correction is not None:
        record["note"] = correction.note
        record["analyst"] = correction.analyst
        record["labelled_at"] = correction.created_at if corrected else ""
    if row.post is None or not row.post.truth:
        return record, item.metadata
    people = {f"people_{kind}": label for kind, label in row.post.truth.items()}
    return record, {**{name: people[name] for name in people_columns(row.post.truth)}, **item.metadata}


def _picture_names(post: Post, prediction: Prediction | None) -> list[str]:
    """Name the pictures, of several the one that decided first."""
    names = [picture.name for picture in post.pictures]
    deciding = prediction.deciding_picture if prediction is not None else None
    if deciding is not None and deciding < len(names):
        names.insert(0, names.pop(deciding))
    return names


def _describe_prediction(prediction: Prediction, labels: Sequence[str]) -> Iterator[tuple[str, Value]]:
    yield "label", prediction.label
    yield "status", prediction.status
    yield "error", prediction.error
    yield "bundle", prediction.bundle
    if prediction.probs:
        yield "confidence", _rounded(prediction.confidence)
        yield "conflict", prediction.conflict
        for label, prob in zip(labels, prediction.probs, strict=True):
            yield f"p_{label}", _rounded(prob)
    if prediction.text_probs:
        yield "text_label", prediction.text_label
        yield "text_confidence", _rounded(max(prediction.text_probs))
    if prediction.image_probs:
        yield "image_label", prediction.image_label
        yield "image_confidence", _rounded(max(prediction.image_probs))


def _rounded(value: float) -> float | None:
    return float(round(value, 6)) if math.isfinite(value) else None
