"""Distant supervision: labels by the sign of a word list, each text once."""

from __future__ import annotations

from training.full.weak_labels import label_table, weak_label


def test_the_sign_is_the_label() -> None:
    assert [weak_label(total) for total in (2.0, 0.0, -1.0)] == ["positive", "neutral", "negative"]


def test_each_text_is_labelled_once_and_keeps_its_id() -> None:
    rows = [{"id": "7", "text": "good day"}, {"text": "a day"}, {"id": "9", "text": "good day"}]
    valence = {"good": 3.0}
    labelled = label_table(rows, lambda text: sum(valence.get(word, 0.0) for word in text.split()))
    assert list(labelled) == [("7", "positive", "good day"), ("1", "neutral", "a day")]
