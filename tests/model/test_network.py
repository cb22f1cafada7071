from dataclasses import replace

import pytest
import torch
from small_features import make_features

from mmsa_tui.model.features import Features
from mmsa_tui.model.head import HeadConfig
from mmsa_tui.model.labelled import make_targets
from mmsa_tui.model.network import build_head
from training.full.fusion import FusionSettings, fit_head, predict

SMALL = HeadConfig(n_text=32, n_components=16, width=16, n_attention_heads=2)


@pytest.mark.parametrize("kind", ["default", "reference"])
def test_a_fitted_head_learns_what_the_features_show(kind: str) -> None:
    features, y = make_features(300)
    config = HeadConfig(kind=kind, n_text=32, n_components=16, width=16, n_attention_heads=2)
    seen, unseen = torch.arange(200), torch.arange(200, 300)
    targets = make_targets(y[:200], y[:200], y[:200])
    head = fit_head(
        config,
        features.take(seen),
        targets,
        FusionSettings(epochs=40, batch_size=32, weight_decay=0.01),
        seed=1,
    )
    assert (predict(head, features.take(unseen)).fused.argmax(1).numpy() == y[200:]).mean() > 0.8


def test_a_missing_picture_cannot_change_the_text_head() -> None:
    features, _ = make_features(5)
    nothing = torch.zeros_like
    unseen = replace(features, image=nothing(features.image), has_image=nothing(features.has_image))
    head = build_head(SMALL).eval()
    with torch.inference_mode():
        torch.testing.assert_close(head(features).text, head(unseen).text)


def test_attention_does_not_look_at_a_missing_picture() -> None:
    features, _ = make_features(4)
    other = Features(
        features.text,
        features.lexicon,
        features.image + 5,
        features.has_text,
        torch.zeros(4, dtype=torch.bool),
    )
    same = Features(features.text, features.lexicon, features.image, features.has_text, other.has_image)
    head = build_head(SMALL).eval()
    torch.nn.init.normal_(head.classifier.weight)
    weights = head.classifier.weight.data
    weights[:, 16:32] = 0  # what the picture's own token says is not attention
    head.post_head.weight.data[:, -16:] = 0
    with torch.inference_mode():
        torch.testing.assert_close(head(other).fused, head(same).fused)


def test_one_seed_gives_one_head() -> None:
    features, y = make_features(80)
    settings = FusionSettings(epochs=2)
    a, b = (fit_head(SMALL, features, make_targets(y), settings, seed=3) for _ in range(2))
    torch.testing.assert_close(a.post_head.weight, b.post_head.weight)


def test_compressed_features_fit_as_full_ones_do() -> None:
    features, y = make_features(80)
    settings = FusionSettings(epochs=2, average=1)
    full = fit_head(SMALL, features, make_targets(y), settings, seed=3)
    with torch.no_grad():
        compressed = Features(
            features.text,
            features.lexicon,
            full.compress(features.image),
            features.has_text,
            features.has_image,
        )
    again = fit_head(SMALL, compressed, make_targets(y), settings, seed=3, scaling=full)
    torch.testing.assert_close(again.post_head.weight, full.post_head.weight)


def test_a_head_of_one_label_is_refused() -> None:
    with pytest.raises(ValueError, match="two labels"):
        HeadConfig(n_labels=1)
