"""Real encoders with random weights: a two-layer BERT and MobileNetV2."""

from __future__ import annotations

from pathlib import Path

import torch

# fmt: off
WORDS = [
    "the", "a", "day", "is", "best", "worst", "happy", "sad", "train", "late", "sun", "rain",
    "never", "again", "love", "hate", "so", "http", "@", "user", "#", "!", "?", ".",
]
# fmt: on


def write_text_encoder(folder: Path) -> Path:
    """A two-layer BERT with random weights and a word-piece tokenizer of letters and a few words."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

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


def write_image_encoder(folder: Path, depth: float = 1.0) -> Path:
    """MobileNetV2 with random weights and BatchNorm statistics that are not trivial; `depth` thins it."""
    from transformers import MobileNetV2Config, MobileNetV2Model

    torch.manual_seed(0)
    model = MobileNetV2Model(MobileNetV2Config(depth_multiplier=depth)).eval()
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.uniform_(-0.2, 0.2)
            module.running_var.uniform_(0.9, 1.1)
            module.weight.data.uniform_(0.9, 1.1)
            module.bias.data.uniform_(-0.2, 0.2)
    model.save_pretrained(folder)
    return folder
