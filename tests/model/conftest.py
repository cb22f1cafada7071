"""A small real bundle: random MiniLM-shaped and MobileNetV2 encoders and a fitted head."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from small_features import make_features

from mmsa_tui.config import Paths, find_paths
from mmsa_tui.model.bundle import Bundle
from mmsa_tui.model.bundle_writer import BundleContent, store_encoder, write_bundle
from mmsa_tui.model.calibration import Calibration
from mmsa_tui.model.features import Features
from mmsa_tui.model.labelled import LabelledFeatures, make_targets
from mmsa_tui.model.network import HeadConfig
from training.fusion_stage import FusionSettings, fit_head

LABELS = ("negative", "neutral", "positive")
# fmt: off
WORDS = [
    "the", "a", "day", "is", "best", "worst", "happy", "sad", "train", "late", "sun", "rain",
    "never", "again", "love", "hate", "so", "http", "@", "user", "#", "!", "?", ".",
]
# fmt: on


@pytest.fixture(scope="session")
def text_encoder_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A two-layer BERT with random weights and a word-piece tokenizer of letters and a few words."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("text-encoder")
    letters = [chr(c) for c in range(ord("a"), ord("z") + 1)] + list("0123456789")
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS, *letters, *("##" + c for c in letters)]
    vocabulary = {piece: i for i, piece in enumerate(dict.fromkeys(pieces))}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]"
    ).save_pretrained(folder)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
    )
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def image_encoder_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MobileNetV2 with random weights and BatchNorm statistics that are not trivial."""
    from transformers import MobileNetV2Config, MobileNetV2Model

    folder = tmp_path_factory.mktemp("image-encoder")
    torch.manual_seed(0)
    model = MobileNetV2Model(MobileNetV2Config()).eval()
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.uniform_(-0.2, 0.2)
            module.running_var.uniform_(0.5, 2.0)
            module.weight.data.uniform_(0.5, 1.5)
            module.bias.data.uniform_(-0.2, 0.2)
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def small_bundle(
    tmp_path_factory: pytest.TempPathFactory, text_encoder_directory: Path, image_encoder_directory: Path
) -> Bundle:
    """A bundle written to disk; copy it before damaging it."""
    root = tmp_path_factory.mktemp("bundles")
    features, y = make_features(120)
    config = HeadConfig(n_text=32, n_components=16, width=16, n_attention_heads=2)
    head = fit_head(config, features, make_targets(y, y, y), FusionSettings(epochs=3, average=1), seed=1)
    with torch.no_grad():
        image = head.compress(features.image)
    compressed = Features(features.text, features.lexicon, image, features.has_text, features.has_image)
    labelled = LabelledFeatures(
        compressed, make_targets(y, y, y), tuple(f"b2:{i:040x}" for i in range(1, 121))
    )
    return write_bundle(
        BundleContent(
            name="small", version="1.0.0", labels=LABELS,
            encoders={
                "text": store_encoder(text_encoder_directory, root / "encoders"),
                "image": store_encoder(image_encoder_directory, root / "encoders"),
            },
            head=head, calibration=Calibration(1.5, 1.2, 2.0), replay=labelled,
            evaluation=labelled.take(torch.arange(40)), scores={}, training={"recipe": "test"},
        ),
        root / "small-1.0.0",
    )  # fmt: skip


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return find_paths({"MMSA_HOME": str(tmp_path / "home")})
