"""Labels in languages that nobody has measured are counted apart."""

from dataclasses import dataclass

import pytest

from mmsa_tui.records import Correction, Failure, Post, Prediction, Status
from mmsa_tui.services.batch import Outcome


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
    outcome = Outcome(("negative", "neutral", "positive"), "small 1.0.0", validated=frozenset({"en", "pt"}))
    outcome.count(row)  # type: ignore[arg-type]
    assert dict(outcome.unvalidated) == counted
