"""The model card: the record of a retrain and its promotion, in words."""

from __future__ import annotations

from typing import Any

import pytest

from mmsa_tui.bundle.card import model_card
from mmsa_tui.bundle.meta import BundleMeta

LESSON = {
    "n_learned": 12, "weight": 3.0, "step": 1.0, "is_rule": True, "n_compared": 0, "agreement": 0.0,
    "expected": 0.0,
}  # fmt: skip
PROMOTION = {"at": "2025-06-01T10:00:00+00:00", "by": "Ann", "overruled": False, "against": [], "run": "r-7"}
REFUSED = {"passed": False, "reasons": ["macro-F1 falls", "12 posts got worse"]}


def card(**training: Any) -> str:
    return model_card(BundleMeta("small", "1.0.1", ("negative", "positive"), {}, training=training))


def test_a_bundle_that_was_trained_in_full_has_nothing_to_say_of_a_gate() -> None:
    assert "gate" not in card(recipe="mvsa")


def test_it_says_how_corrections_were_taken() -> None:
    assert "- 12 corrections learned, each counting for 3 posts" in card(lesson=LESSON)


def test_a_lesson_kept_by_a_later_version_is_still_told() -> None:
    assert "- 12 corrections learned" in card(lesson=LESSON | {"from_later": 1})


def test_it_says_that_the_gate_passed_and_who_promoted() -> None:
    text = card(gate={"passed": True, "reasons": []}, promotion=PROMOTION)
    assert "- gate: passed\n- promoted: 2025-06-01T10:00:00+00:00, by Ann\n- run: r-7\n" in text
    assert "- the gate was not overruled" in text


def test_it_lists_the_reasons_against_which_the_gate_was_overruled() -> None:
    text = card(gate=REFUSED, promotion=PROMOTION | {"overruled": True, "against": REFUSED["reasons"]})
    assert "against these reasons:\n  - macro-F1 falls\n  - 12 posts got worse\n" in text


def test_a_refused_candidate_is_not_promoted() -> None:
    assert "- gate: refused, because\n  - macro-F1 falls\n  - 12 posts got worse\n- promoted: no" in card(
        gate=REFUSED
    )


@pytest.mark.parametrize("name", ["Ann\n## Scores", "Ann\r- overruled: no", "Ann\u2028# x", "Ann\x1b[2J"])
def test_a_name_stays_on_its_line(name: str) -> None:
    line = next(x for x in card(promotion=PROMOTION | {"by": name}).splitlines() if "by Ann" in x)
    assert line.startswith("- promoted") and "\x1b" not in line
    assert card(promotion=PROMOTION | {"by": name}).splitlines().count("## Scores") == 1


@pytest.mark.parametrize(
    ("name", "shown"),
    [("<b>Ann</b>", r"\<b>Ann\</b>"), ("[a](http://b)", r"\[a\](http://b)"), ("`a` *b*", r"\`a\` \*b\*")],
)
def test_markup_in_a_name_is_only_text(name: str, shown: str) -> None:
    assert shown in card(promotion=PROMOTION | {"by": name})


@pytest.mark.parametrize("field", ["lesson", "gate", "promotion", "imported"])
@pytest.mark.parametrize("value", [[], "x", 3, None, {"n_learned": "x"}, {"reasons": 3, "against": "x"}])
def test_a_record_of_another_shape_is_passed_over(field: str, value: object) -> None:
    assert card(**{field: value}).startswith("# small 1.0.1")


def test_scores_of_another_shape_leave_cells_empty() -> None:
    meta = BundleMeta("small", "1.0.1", ("a", "b"), {}, scores={"tables": {"all": {"n": 3}, "none": 1}})
    assert "| all | 3 |  |" in model_card(meta)
