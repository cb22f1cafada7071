"""Labels in languages that nobody has measured are counted apart."""

from collections import Counter
from dataclasses import dataclass

import pytest

from mmsa_tui.analysis import Counts, describe_unvalidated
from mmsa_tui.records import Correction, Failure, Post, Prediction, Status


@dataclass(frozen=True)
class _Row:
    post: Post | None
    prediction: Prediction | None
    failure: Failure | None = None
    correction: Correction | None = None


def make_row(language: str, status: Status = "text_only") -> _Row:
    probs = (0.1, 0.2, 0.7) if status != "failed" else ()
    label = "positive" if probs else ""
    return _Row(
        Post("1", "words", language=language),
        Prediction("b2:0", "small 1.0.0", status, label=label, confidence=0.7, probs=probs),
    )


@pytest.mark.parametrize(
    ("row", "counted"),
    [
        (make_row("en"), {}),
        (make_row("pt-BR"), {}),
        (make_row("ko"), {"ko": 1}),
        (make_row("und"), {"": 1}),
        (make_row("ko", "image_only"), {}),
        (make_row("ko", "failed"), {}),
    ],
)
def test_only_words_in_a_language_of_no_table_count(row: _Row, counted: dict[str, int]) -> None:
    counts = Counts(validated=frozenset({"en", "pt"}))
    counts.add(row)
    assert dict(counts.unvalidated) == counted
    assert ("in languages not validated", sum(counted.values())) in counts.lines()


def test_without_a_bundle_at_hand_nothing_is_said_of_languages() -> None:
    counts = Counts()
    counts.add(make_row("ko"))
    assert not counts.unvalidated
    assert "not validated" not in str(counts.lines())


def test_they_are_named_with_their_numbers() -> None:
    assert describe_unvalidated(Counter()) == ""
    told = describe_unvalidated(Counter({"ko": 3, "": 1}))
    assert told.startswith("4 judged by words") and "(ko 3, unknown 1)" in told
