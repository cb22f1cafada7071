"""A small real bundle: random MiniLM-shaped and MobileNetV2 encoders and a fitted head."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from small_encoders import write_image_encoder, write_text_encoder
from small_features import make_features

from mmsa_tui.bundle.meta import Bundle
from mmsa_tui.bundle.writer import store_encoder
from mmsa_tui.model.calibration import Calibration
from mmsa_tui.model.features import Features
from mmsa_tui.model.head import HeadConfig
from mmsa_tui.model.labelled import LabelledFeatures, make_targets
from training.content import BundleContent
from training.full.fusion import FusionSettings, fit_head

LABELS = ("negative", "neutral", "positive")


@pytest.fixture(scope="session")
def text_encoder_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_text_encoder(tmp_path_factory.mktemp("text-encoder"))


@pytest.fixture(scope="session")
def image_encoder_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_image_encoder(tmp_path_factory.mktemp("image-encoder"))


@pytest.fixture(scope="session")
def small_bundle(
    tmp_path_factory: pytest.TempPathFactory, text_encoder_directory: Path, image_encoder_directory: Path
) -> Bundle:
    """A bundle written to disk; copy it before damaging it."""
    return write_small_bundle(
        tmp_path_factory.mktemp("bundles"), text_encoder_directory, image_encoder_directory
    )


def write_small_bundle(root: Path, text_encoder: Path, image_encoder: Path) -> Bundle:
    """Write `small 1.0.0` with its encoders."""
    features, y = make_features(120)
    config = HeadConfig(n_text=32, n_components=16, width=16, n_attention_heads=2)
    head = fit_head(config, features, make_targets(y, y, y), FusionSettings(epochs=3, average=1), seed=1)
    with torch.no_grad():
        image = head.compress(features.image)
    compressed = Features(features.text, features.lexicon, image, features.has_text, features.has_image)
    labelled = LabelledFeatures(
        compressed, make_targets(y, y, y), tuple(f"b2:{i:040x}" for i in range(1, 121))
    )
    content = BundleContent(
        name="small", version="1.0.0", labels=LABELS,
        encoders={
            "text": store_encoder(text_encoder, root / "encoders"),
            "image": store_encoder(image_encoder, root / "encoders"),
        },
        head=head, calibration=Calibration(1.5, 1.2, 2.0), replay=labelled,
        evaluation=labelled.take(torch.arange(40)), scores={}, training={"recipe": "test"},
    )  # fmt: skip
    return content.write(root / "small-1.0.0")
