"""What `classify` does to rows on their way out: leave labels out, say why, take a share of them."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from mmsa_tui.records import UNSURE, Post
from mmsa_tui.store import Row, Where

if TYPE_CHECKING:
    from mmsa_tui.model.explain import Explanation

EXPLANATION = "explanation"
"""The column that `--explain` adds after the source's own."""

JUDGEMENT = "mmsa_judgement"
"""The column of a share that holds the whole prediction, for a store; a merged table is without it."""

Change = Callable[[Iterable[Row]], Iterator[Row]]
"""Something that is done to rows on their way out; their order stays."""

_N_WORDS = 5
_N_LETTERS = 60
"""Of a word that is named; a text without spaces is one word."""
_PLACES = (("top", "middle", "bottom"), ("left", "centre", "right"))


def shard_condition(number: int, of: int) -> Where:
    """Select part `number`, from 1, of `of` by the prefix of the content hash.

    Posts of equal content fall in one part; inputs that are no post all in the first.
    """
    low, high = (f"b2:{(part << 32) // of:08x}" for part in (number - 1, number))
    condition = Where("content_hash >= ?", (low,))
    if number < of:
        condition &= Where("content_hash < ?", (high,))
    if number == 1:
        condition = Where(f"({condition.sql}) OR content_hash IS NULL", condition.params)
    return condition


def withhold_label(row: Row, min_confidence: float) -> Row:
    """Say `UNSURE` in place of a label that the model is less sure of; probabilities and corrections stay."""
    prediction = row.prediction
    if prediction is None or not prediction.label or prediction.confidence >= min_confidence:
        return row
    return replace(row, prediction=replace(prediction, label=UNSURE))


def keep_judgement(row: Row) -> Row:
    """Add the prediction as it stands, unrounded, as one more column."""
    if row.post is None or row.prediction is None:
        return row
    whole = json.dumps(asdict(row.prediction))
    return replace(row, post=replace(row.post, metadata={**row.post.metadata, JUDGEMENT: whole}))


def explain_rows(
    rows: Iterable[Row], explain_all: Callable[[Iterable[Post]], Iterator[Explanation]]
) -> Iterator[Row]:
    """Add the words and the part of the picture that decided, as one more column.

    Args:
        explain_all: explains posts in their order; it may take them ahead.
    """
    rows, ahead = itertools.tee(rows)
    explanations = explain_all(post for post in map(_judged_post, ahead) if post is not None)
    for row in rows:
        post = _judged_post(row)
        if post is None:
            yield row
        else:
            reasons = describe_explanation(next(explanations), post.judged_text)
            yield replace(row, post=replace(post, metadata={**post.metadata, EXPLANATION: reasons}))


def _judged_post(row: Row) -> Post | None:
    return row.post if row.prediction is not None and row.prediction.label else None


def describe_explanation(explanation: Explanation, text: str) -> str:
    """Say it in a line: `love +0.81, but -0.40; picture: top left`."""
    weighty = sorted(explanation.words, key=lambda word: -abs(word[2]))[:_N_WORDS]
    parts = [", ".join(f"{_bare(text[start:end])} {weight:+.2f}" for start, end, weight in weighty)]
    if explanation.regions is not None:
        parts.append(f"picture: {_place(explanation.regions)}")
    return "; ".join(part for part in parts if part)


def _bare(word: str) -> str:
    bare = word.strip(".,;:!?\"'()[]…") or word
    return bare if len(bare) <= _N_LETTERS else f"{bare[:_N_LETTERS]}…"


def _place(regions: tuple[float, ...]) -> str:
    """Name the part of the picture, in ninths, that weighs most.

    Args:
        regions: 7x7 weights, row by row.
    """
    row, column = divmod(max(range(len(regions)), key=regions.__getitem__), 7)
    # Of seven: 0 and 1, 2 to 4, 5 and 6.
    words = (_PLACES[0][(row + 1) // 3], _PLACES[1][(column + 1) // 3])
    return "centre" if words == ("middle", "centre") else " ".join(words)


def apply(rows: Iterable[Row], changes: Iterable[Change]) -> Iterator[Row]:
    """Pass rows through every change in turn."""
    for change in changes:
        rows = change(rows)
    return iter(rows)
