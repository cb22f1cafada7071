"""The card draws the calibration that a bundle's scores hold, and says nothing where they hold none."""

from mmsa_tui.bundle.card import model_card
from mmsa_tui.bundle.meta import BundleMeta

LABELS = ("negative", "positive")


def card(**scores: object) -> str:
    return model_card(BundleMeta("mine", "1.0.0", LABELS, {"text": "t", "image": "i"}, scores=scores))


def test_a_confidence_stands_beside_how_often_it_is_right() -> None:
    shown = card(
        reliability=[{"n": 40, "confidence": 0.9, "accuracy": 0.5}],
        coverage=[
            {"accuracy": 0.85, "share": 0.61, "confidence": 0.672, "n": 20},
            {"accuracy": 0.95, "share": 0.0, "confidence": 1.0, "n": 0},
        ],
    )
    assert "| 0.90 | 40 | 0.50 | `██████████·······|··` |" in shown
    assert "- at 85% accuracy it answers 61% of posts (`--min-confidence 0.67`)" in shown
    assert "- at 95% accuracy it answers none" in shown


def test_scores_without_a_measure_have_no_diagram() -> None:
    assert "## Calibration" not in card()
    assert "## Not to be used for" in card()


def test_a_language_is_validated_by_its_lower_bound() -> None:
    shown = card(
        languages={"de": {"n": 9, "macro_f1": 0.7, "low": 0.6}, "hi": {"n": 9, "macro_f1": 0.6, "low": 0.4}}
    )
    assert "| de | 9 | 0.700 | 0.600 | yes |" in shown
    assert "| hi | 9 | 0.600 | 0.400 | no |" in shown


def test_explanations_stand_beside_chance_with_their_intervals() -> None:
    row = {
        "n": 9, "deletion": 0.2, "deletion_interval": [0.1, 0.3], "insertion": 0.15, "insertion_interval": 1
    }  # fmt: skip
    shown = card(explanation={"parts": {"words": row}, "ratio": 2.4})
    assert r"| words | 9 | 0.200 \[0.100, 0.300\] | 0.150 |" in shown
    assert "take 2.4 times as long" in shown
    assert "## Explanations" not in card(explanation={"parts": 3})


def test_a_calibration_error_stands_beside_what_chance_makes_of_it() -> None:
    row = {
        "n": 3093, "ece": 0.019, "by_chance": [0.016, 0.01, 0.02], "n_frozen": 580, "by_chance_frozen": [0.04]
    }  # fmt: skip
    shown = card(
        reliability=[{"n": 40, "confidence": 0.9, "accuracy": 0.5}],
        calibration={"picture alone": row, "x": 1},
    )
    assert "- picture alone: calibration error 0.019 on 3093 posts" in shown
    assert r"0.016 \[0.010, 0.020\] there, and unknown on 580" in shown


def test_a_card_written_by_a_training_says_what_one_read_from_the_record_says() -> None:
    row = {"n": 3, "ece": 0.019, "by_chance": (0.016, 0.01, 0.02), "n_frozen": 5, "by_chance_frozen": ()}
    shown = card(reliability=[{"n": 4, "confidence": 0.9, "accuracy": 0.5}], calibration={"text": row})
    assert r"0.016 \[0.010, 0.020\] there" in shown
