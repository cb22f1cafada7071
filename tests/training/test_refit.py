"""What a retrain learns from, weighs, drops and gives back, on made-up features."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from small_features import make_features

from mmsa_tui.errors import TrainingError
from mmsa_tui.model.calibration import Calibration
from mmsa_tui.model.features import Features
from mmsa_tui.model.head import HeadConfig
from mmsa_tui.model.labelled import LabelledFeatures, make_targets
from mmsa_tui.pictures.likeness import copy_keys
from mmsa_tui.records import Picture, Post
from mmsa_tui.retrain.held_out import Apart, own_group, sides_of
from training.full.fusion import FusionSettings, fit_head, predict
from training.retrain.gate import GateRules
from training.retrain.refit import RefitSettings, refit
from training.retrain.rehearsal import (
    NO_WEIGHT,
    PLAIN_WEIGHT,
    Base,
    Corrected,
    reweigh,
    weigh,
    with_corrections,
)

LABELS = ("negative", "neutral", "positive")
CONFIG = HeadConfig(n_text=32, n_components=16, width=16, n_attention_heads=2)
FUSION = FusionSettings(epochs=3, average=1)
SETTINGS = RefitSettings(fusion=FUSION)
RULES = GateRules(rounds=100)


def digest(number: int) -> str:
    return f"b2:{number:040x}"


def labelled(features: Features, y: np.ndarray, first: int = 1) -> LabelledFeatures:
    return LabelledFeatures(features, make_targets(y), tuple(digest(first + i) for i in range(len(y))))


@pytest.fixture(scope="module")
def base() -> Base:
    """A head on 90 posts, and 60 that it has never met to judge by."""
    features, y = make_features(150)
    head = fit_head(CONFIG, features.take(range(90)), make_targets(y[:90]), FUSION, seed=1)
    with torch.no_grad():
        compressed = replace(features, image=head.compress(features.image))
    replay = labelled(compressed.take(range(90)), y[:90])
    return Base(head, Calibration(), replay, labelled(compressed.take(range(90, 150)), y[90:], first=91))


def corrected(
    base: Base,
    hashes: list[str],
    y: list[int],
    groups: list[str] | None = None,
    held_out: list[int] | None = None,
) -> Corrected:
    """Corrections of posts like those of the frozen split."""
    held = torch.zeros(len(hashes), dtype=torch.bool)
    held[held_out or []] = True
    return Corrected(
        base.evaluation.features.take(range(len(hashes))),
        torch.tensor(y),
        tuple(hashes),
        tuple(groups or hashes),
        held,
    )


def new(n: int) -> list[str]:
    return [digest(1000 + i) for i in range(n)]


def weights(data: LabelledFeatures) -> list[float]:
    return [float(weight) for weight in data.targets.weight]


def learned(correction: Corrected) -> torch.Tensor:
    return ~correction.held_out


def test_what_is_random_happens_alike_with_and_without_added_posts(base: Base) -> None:
    nothing = (base.replay.features.take(range(5)), make_targets(np.array([0, 1, 2, 0, 1]), weight=0.0))
    plain, same = (
        fit_head(CONFIG, base.replay.features, base.replay.targets, FUSION, 1, scaling=base.head, added=added)
        for added in (None, nothing)
    )
    one, other = (predict(head, base.evaluation.features, compressed=True).fused for head in (plain, same))
    assert torch.allclose(one, other, atol=1e-5)


def test_corrections_that_say_what_is_known_move_the_head_little(base: Base) -> None:
    truth = base.evaluation.targets.post[:30].tolist()
    candidate = refit(base, corrected(base, new(30), truth), LABELS, SETTINGS, RULES)
    assert (candidate.before.argmax(1) != candidate.after.argmax(1)).mean() < 0.2


def test_corrections_by_another_rule_are_learned(base: Base) -> None:
    wanted = [(label + 1) % 3 for label in base.evaluation.targets.post[:50].tolist()]
    candidate = refit(base, corrected(base, new(50), wanted), LABELS, replace(SETTINGS, rule=True), RULES)
    before, after = ((p.argmax(1) == wanted).mean() for p in (candidate.before, candidate.after))
    assert after > before + 0.2


def test_a_refit_is_the_same_every_time(base: Base) -> None:
    correction = corrected(base, new(20), [0, 1] * 10)
    one, other = (refit(base, correction, LABELS, SETTINGS, RULES) for _ in range(2))
    assert (one.after == other.after).all()


def test_the_head_in_use_is_left_alone(base: Base) -> None:
    before = {name: tensor.clone() for name, tensor in base.head.state_dict().items()}
    refit(base, corrected(base, new(20), [0, 1] * 10), LABELS, SETTINGS, RULES)
    assert all(torch.equal(before[name], tensor) for name, tensor in base.head.state_dict().items())


def test_held_out_corrections_are_not_learned_from(base: Base) -> None:
    candidate = refit(base, corrected(base, new(20), [0, 1] * 10, held_out=[3, 4]), LABELS, SETTINGS, RULES)
    assert candidate.lesson.n_learned == 18
    assert not {digest(1003), digest(1004)} & set(candidate.replay.hashes)


def test_posts_of_the_frozen_split_only_judge(base: Base) -> None:
    hashes = [*new(18), digest(91), digest(92)]
    candidate = refit(base, corrected(base, hashes, [0, 1] * 10), LABELS, SETTINGS, RULES)
    assert (candidate.lesson.n_learned, candidate.n_frozen) == (18, 2)
    assert not {digest(91), digest(92)} & set(candidate.replay.hashes)


def test_nothing_to_learn_from_is_an_error(base: Base) -> None:
    with pytest.raises(TrainingError, match="none of the 2 corrections"):
        refit(base, corrected(base, new(2), [0, 1], held_out=[0, 1]), LABELS, SETTINGS, RULES)


def test_a_look_ahead_compares_with_half_of_the_corrections(base: Base) -> None:
    truth = base.evaluation.targets.post[:40].tolist()
    correction = corrected(base, new(40), truth, held_out=list(range(12)))
    candidate = refit(base, correction, LABELS, SETTINGS, RULES, look_ahead=True)
    assert candidate.outlook is not None
    assert (candidate.outlook.n_learned, candidate.outlook.n_held_out) == (28, 12)


def test_a_post_that_a_correction_contradicts_loses_its_weight(base: Base) -> None:
    wrong = (int(base.replay.targets.post[4]) + 1) % 3
    correction = corrected(base, [digest(5)], [wrong])
    after = reweigh(base.replay, correction, learned(correction), frozenset())
    assert weights(after)[4] == NO_WEIGHT
    assert sum(weights(after)) == 89


def test_a_held_out_correction_that_agrees_leaves_its_post_as_it_is(base: Base) -> None:
    correction = corrected(base, [digest(5)], [int(base.replay.targets.post[4])], held_out=[0])
    assert weights(reweigh(base.replay, correction, learned(correction), frozenset())) == weights(base.replay)


def test_a_withdrawn_correction_gives_its_post_the_weight_back(base: Base) -> None:
    wrong = (int(base.replay.targets.post[4]) + 1) % 3
    correction = corrected(base, [digest(5)], [wrong])
    once = reweigh(base.replay, correction, learned(correction), frozenset())
    rows = torch.tensor([0])
    targets = replace(make_targets(np.array([wrong])), weight=torch.tensor([8.0]))
    joined = with_corrections(once, base.replay.targets.weight, correction, rows, targets)
    other = corrected(base, new(1), [0])
    again = reweigh(joined, other, learned(other), frozenset([digest(5)]))
    assert weights(again)[4] == PLAIN_WEIGHT
    assert weights(again)[-1] == NO_WEIGHT


def test_a_correction_of_an_earlier_retrain_is_replaced_not_doubled(base: Base) -> None:
    first = refit(base, corrected(base, new(20), [0, 1] * 10), LABELS, SETTINGS, RULES)
    again = replace(base, head=first.head, replay=first.replay)
    second = refit(again, corrected(base, new(20), [1, 0] * 10), LABELS, SETTINGS, RULES)
    assert len(second.replay) == len(first.replay) == 110
    assert second.replay.targets.post[-20:].tolist() == [1, 0] * 10


def test_corrections_that_were_all_learned_before_are_refused(base: Base) -> None:
    correction = corrected(base, new(20), [0, 1] * 10, held_out=[3, 4])
    first = refit(base, correction, LABELS, SETTINGS, RULES)
    again = replace(base, head=first.head, replay=first.replay)
    names = [check.name for check in first.verdict.checks]
    assert "new corrections" not in names
    second = refit(again, correction, LABELS, SETTINGS, RULES)
    assert not second.verdict.passed
    assert "has learned all of these" in second.verdict.reasons[-1]
    third = refit(again, correction, LABELS, SETTINGS, RULES, withdrawn=frozenset([digest(1005)]))
    assert "new corrections" not in [check.name for check in third.verdict.checks]


def test_copies_of_one_tweet_share_one_weight(base: Base) -> None:
    correction = corrected(base, new(4), [0, 0, 0, 1], groups=["a", "a", "a", "b"])
    assert weigh(base.replay.targets, correction, learned(correction), 6.0, 0.5).tolist() == [
        2.0,
        2.0,
        2.0,
        6.0,
    ]


def test_all_corrections_together_are_capped(base: Base) -> None:
    correction = corrected(base, new(50), [0, 1] * 25)
    total = float(weigh(base.replay.targets, correction, learned(correction), 8.0, 0.5).sum())
    assert total == pytest.approx(90)


def test_no_correction_weighs_what_marks_a_post_that_is_none(base: Base) -> None:
    correction = corrected(base, new(90)[:60], [0, 1] * 30)
    found = weigh(base.replay.targets, correction, learned(correction), 1.0, 0.9)
    assert PLAIN_WEIGHT not in found.tolist()


def test_copies_of_a_tweet_are_held_out_together() -> None:
    one = Post("1", "RT @anna: what a day! https://t.co/abc", (Picture("a.jpg", digest="p1"),))
    assert own_group(one) == own_group(Post("2", "what a day!", (Picture("b.jpg", digest="p2"),)))
    for number in range(30):
        # Each shares its words with the one and its picture with the other.
        posts = [
            Post("1", f"one {number}", (Picture("a.jpg", digest="p1"),), content_hash="b2:1"),
            Post("2", f"two {number}", (Picture("a.jpg", digest="p1"),), content_hash="b2:2"),
            Post("3", f"RT @x: two {number}", content_hash="b2:3"),
        ]
        sides = sides_of(posts, Apart())
        assert len(set(sides.groups)) == len(set(sides.held_out)) == 1


def test_a_copy_of_a_post_that_is_kept_apart_is_held_out() -> None:
    posts = [Post(str(i), f"say {chr(97 + i)}", content_hash=f"b2:{i}") for i in range(26)]
    drawn = sides_of(posts, Apart()).held_out
    learned = posts[drawn.index(False)]
    copy = Post("c", f"RT @anna: {learned.text} http://t.co/x", content_hash="b2:c")
    assert sides_of([copy], Apart()).held_out == (False,)
    assert sides_of([copy], Apart(keys=(copy_keys(learned.text, ()),))).held_out == (True,)
    both = sides_of([learned, copy], Apart(frozenset([learned.content_hash])))
    assert both.held_out == (True, True)


def test_about_a_fifth_is_held_out() -> None:
    posts = [Post(str(i), f"post {i}") for i in range(4000)]
    assert 0.18 < sum(sides_of(posts, Apart()).held_out) / 4000 < 0.22


def test_posts_without_words_are_told_apart_by_picture_and_then_by_themselves() -> None:
    pictures = [(Picture("a.jpg", digest="p1"),), (Picture("b.jpg", digest="p2"),), ()]
    posts = [Post("", "", shown, content_hash=f"b2:{number}") for number, shown in enumerate(pictures)]
    assert len({own_group(post) for post in posts}) == 3
