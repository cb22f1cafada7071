"""The linear layers of a head: fitted to their optimum, each label as frequent as the settings say."""

from dataclasses import replace

import pytest
import torch

from mmsa_tui.errors import TrainingError
from mmsa_tui.model.features import Features
from mmsa_tui.model.head import HeadConfig
from mmsa_tui.model.labelled import Targets, make_targets
from mmsa_tui.model.network import DefaultHead, FusionHead
from training.full.fusion import FusionSettings, fit_head, predict

N = 240
SHORT = FusionSettings(epochs=1, least_steps=1)
CONFIG = HeadConfig(n_text=6, n_image=8, n_components=4, width=8)


def _posts(seed: int = 0, *, pictures: bool = True) -> tuple[Features, torch.Tensor]:
    """Posts whose text and picture each show their label a little."""
    draw = torch.Generator().manual_seed(seed)
    labels = torch.randint(0, 3, (N,), generator=draw)
    text, image = (torch.randn(N, n, generator=draw) for n in (6, 8))
    for part in (text, image):
        part[torch.arange(N), labels] += 2.0
    there = torch.ones(N, dtype=torch.bool)
    return Features(text, torch.rand(N, 4, generator=draw), image, there, there & pictures), labels


def _targets(labels: torch.Tensor) -> Targets:
    numbers = labels.numpy()
    return make_targets(numbers, numbers, numbers)


def _fitted(
    features: Features, labels: torch.Tensor, seed: int = 1, settings: FusionSettings = SHORT
) -> FusionHead:
    return fit_head(CONFIG, features, _targets(labels), settings, seed)


def test_no_seed_changes_what_is_linear() -> None:
    features, labels = _posts()
    one, other = (_fitted(features, labels, seed) for seed in (1, 2))
    assert isinstance(one, DefaultHead) and isinstance(other, DefaultHead)
    for name in ("post_head", "text_head", "image_head"):
        layers = getattr(one, name), getattr(other, name)
        assert torch.equal(layers[0].weight, layers[1].weight)
        assert float(layers[0].weight.abs().max()) > 0


def test_words_and_pictures_are_each_judged_by_what_they_show() -> None:
    features, labels = _posts()
    unseen, truth = _posts(1)
    said = predict(_fitted(features, labels), unseen)
    right = [float((logits.argmax(1) == truth).float().mean()) for logits in (said.text, said.image)]
    assert min(right) > 0.75
    assert float((said.fused.argmax(1) == truth).float().mean()) > max(right)


@pytest.mark.parametrize(("adjustment", "share"), [(0.0, 0.9), (1.0, 0.5)])
def test_a_full_adjustment_takes_from_texts_how_frequent_labels_are(adjustment: float, share: float) -> None:
    features, _ = _posts()
    features = replace(features, text=torch.randn(N, 6) * 0.01, lexicon=torch.zeros(N, 4))
    labels = torch.tensor(([0] * 9 + [2]) * (N // 10))
    probs = predict(
        _fitted(features, labels, settings=replace(SHORT, text_adjustment=adjustment)), features
    ).text.softmax(1)
    assert float(probs[:, 0].mean()) == pytest.approx(share, abs=0.05)


def test_a_caption_counts_less_than_a_text_that_stands_alone() -> None:
    features, _ = _posts()
    half = torch.arange(N) % 2 == 0
    features = replace(features, text=torch.ones(N, 6), lexicon=torch.zeros(N, 4), has_image=half)
    labels = torch.where(half, 0, 2)
    settings = replace(SHORT, text_adjustment=0.0, captions=0.25)
    said = predict(_fitted(features, labels, settings=settings), features).text.softmax(1)
    assert float(said[0, 2] / said[0, 0]) == pytest.approx(4.0, rel=0.2)


def test_what_people_say_of_pictures_counts_in_the_judgement_of_the_post() -> None:
    features, labels = _posts()
    # Pictures are judged in turn by what they show, and as the opposite: the label of the post stays.
    for turned, sign in ((labels, 1), (2 - labels, -1)):
        targets = replace(_targets(labels), image=turned)
        without, with_it = (
            predict(fit_head(CONFIG, features, targets, replace(SHORT, picture=picture), 1), features)
            for picture in (0.0, 0.5)
        )
        torch.testing.assert_close(with_it.fused, without.fused + 0.5 * without.image, rtol=0.01, atol=0.02)
        own = torch.arange(N), labels
        assert sign * float((with_it.fused.softmax(1) - without.fused.softmax(1))[own].mean()) > 0


@pytest.mark.parametrize("known", [[], [0, 1]])
def test_pictures_that_lack_a_label_of_the_posts_say_nothing_of_these(known: list[int]) -> None:
    features, labels = _posts()
    there = torch.tensor([int(label) in known for label in labels])
    targets = replace(_targets(labels), image=torch.where(there, labels, -1))
    without, with_it = (
        predict(fit_head(CONFIG, features, targets, replace(SHORT, picture=picture), 1), features)
        for picture in (0.0, 0.5)
    )
    torch.testing.assert_close(with_it.fused, without.fused)


def test_a_label_that_no_post_has_is_unlikely() -> None:
    features, labels = _posts()
    probs = predict(_fitted(features, labels.clamp(max=1)), features).image.softmax(1)
    assert float(probs[:, 2].mean()) < 0.05


def test_posts_without_pictures_leave_the_picture_unjudged() -> None:
    features, labels = _posts(pictures=False)
    head = _fitted(features, labels)
    assert isinstance(head, DefaultHead)
    assert float(head.image_head.weight.detach().abs().max()) == 0


def test_features_that_are_no_numbers_are_told() -> None:
    features, labels = _posts()
    features.text[3, 1] = torch.nan
    with pytest.raises(TrainingError, match="not numbers"):
        _fitted(features, labels)
