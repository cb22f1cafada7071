"""The fusion head: from features of text and picture to logits for both together and each alone.

The only trained part of a bundle; encoders are frozen when it is fitted. Knows `Features`, not
posts. For training: what classifies does the same arithmetic in `head`, without torch. Two kinds:
`default`, what measures best, and `reference`, the report this work grew from.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mmsa_tui.bundle.meta import HEAD, Bundle
from mmsa_tui.model.features import Features
from mmsa_tui.model.head import HeadConfig, check_head_files, misfit


@dataclass(frozen=True)
class Logits:
    """Uncalibrated scores, each [B, K]; rows of a missing modality are meaningless."""

    fused: Tensor
    text: Tensor
    image: Tensor

    def followed_by(self, more: Logits) -> Logits:
        """Stack the scores of more posts below."""
        pairs = ((self.fused, more.fused), (self.text, more.text), (self.image, more.image))
        return Logits(*(torch.cat(pair) for pair in pairs))


class FusionHead(nn.Module):
    """Base of the heads: input scaling that is fitted once and saved as buffers."""

    text_mean: Tensor
    text_scale: Tensor
    image_mean: Tensor
    image_basis: Tensor

    def __init__(self, config: HeadConfig) -> None:
        super().__init__()
        self.config = config
        n = config.n_components or config.n_image
        self.register_buffer("text_mean", torch.zeros(config.n_text))
        self.register_buffer("text_scale", torch.ones(config.n_text))
        self.register_buffer("image_mean", torch.zeros(config.n_image))
        self.register_buffer("image_basis", torch.eye(config.n_image)[:, :n].contiguous())

    def fit_scaling(self, features: Features) -> None:
        """Set mean and scale of the text, and the principal components of the standardised image features.

        The components are rotated, not whitened: whitening lifts those that vary little, which is
        mostly noise (macro-F1 lost .02 by it). 256 of 1280 keep the head and its replay set small.
        """
        text = features.text[features.has_text].float()
        image = features.image[features.has_image].float()
        if len(text) > 1:
            self.text_mean.copy_(text.mean(0))
            self.text_scale.copy_(self._block_scale() / text.std(0).clamp(min=1e-4))
        n = self.image_basis.shape[1]
        if len(image) > n:
            self.image_mean.copy_(image.mean(0))
            centred = image - self.image_mean
            scale = 1.0 / image.std(0).clamp(min=1e-2)
            # In double: in single precision the solver fails on features of low rank.
            standard = (centred * scale).double()
            _, directions = torch.linalg.eigh(standard.T @ standard)  # ascending
            basis = scale.unsqueeze(1) * directions[:, -n:].flip(1).float()
            # A bundle stores the basis in half precision; what was fitted is what is loaded.
            self.image_basis.copy_(basis.half())

    def _block_scale(self) -> Tensor:
        """How much each text feature counts, [T]: three logits as much as a layer's 384 numbers."""
        widths = torch.tensor(self.config.text_blocks or (self.config.n_text,))
        return (widths.max() / widths).sqrt().repeat_interleave(widths)

    def compress(self, image: Tensor) -> Tensor:
        """Project image features [B, I] on the head's components, [B, n_components]."""
        return (image.float() - self.image_mean) @ self.image_basis

    def forward(self, features: Features) -> Logits:
        """Score each post, from full image features."""
        return self.score(
            self.scale_text(features), features.lexicon.float(), self.compress(features.image), features
        )

    def score(self, text: Tensor, lexicon: Tensor, image: Tensor, features: Features) -> Logits:
        """Score each post, from scaled text features and compressed image features; each head's own."""
        # As in `nn.Module` itself: its metaclass knows no abstract methods.
        raise NotImplementedError

    def scale_text(self, features: Features) -> Tensor:
        """Centre and scale the text features, [B, T]."""
        return (features.text.float() - self.text_mean) * self.text_scale


class DefaultHead(FusionHead):
    """What measures best: attention over three tokens as a correction to a linear fusion.

    The fused logits are linear in text, lexicon and picture, plus what attention over the tokens
    (text, picture, lexicon) adds. The addition starts at zero: on a few thousand posts the linear
    part is hard to beat, and attention is only to say what it cannot. The linear layers are not trained
    by steps, so nothing of what they read is dropped.
    """

    def __init__(self, config: HeadConfig) -> None:
        super().__init__(config)
        n_image = config.n_components or config.n_image
        self.text_head = nn.Linear(config.n_text + config.n_lexicon, config.n_labels)
        self.image_head = nn.Linear(n_image, config.n_labels)
        self.post_head = nn.Linear(config.n_text + config.n_lexicon + n_image, config.n_labels)
        self.project_text = nn.Linear(config.n_text, config.width)
        self.project_image = nn.Linear(n_image, config.width)
        self.project_lexicon = nn.Linear(config.n_lexicon, config.width)
        self.attention = nn.MultiheadAttention(config.width, config.n_attention_heads, batch_first=True)
        self.norm = nn.LayerNorm(config.width)
        self.dropout = nn.Dropout(config.dropout)
        self.classifier = nn.Linear(3 * config.width, config.n_labels)
        nn.init.zeros_(self.classifier.weight)
        nn.init.zeros_(self.classifier.bias)

    def score(self, text: Tensor, lexicon: Tensor, image: Tensor, features: Features) -> Logits:
        """Score posts.

        Args:
            text: [B, T] scaled. lexicon: [B, 4]. image: [B, n_components].
        """
        words = torch.cat([text, lexicon], dim=1)
        text_logits, image_logits = self.text_head(words), self.image_head(image)
        tokens = torch.stack(
            [
                self.project_text(self.dropout(text)),
                self.project_image(self.dropout(image)),
                self.project_lexicon(lexicon),
            ],
            dim=1,
        )  # [B, 3, width]
        absent = torch.stack([~features.has_text, ~features.has_image, ~features.has_text], dim=1)
        # A row with nothing at all would make the softmax divide by zero; such posts fail earlier.
        absent = absent & ~absent.all(dim=1, keepdim=True)
        attended, _ = self.attention(tokens, tokens, tokens, key_padding_mask=absent, need_weights=False)
        hidden = torch.relu(self.norm(tokens + attended)).flatten(1)  # [B, 3 * width]
        added = self.classifier(self.dropout(hidden))
        fused = self.post_head(torch.cat([words, image], dim=1)) + added
        return Logits(fused, text_logits, image_logits)


class ReferenceHead(FusionHead):
    """The reference report's head: text to 128, picture to 1280, attention between them, classifier.

    With one text vector asking and one picture vector answering, the softmax runs over a single
    key and is always 1: the attention is a linear map of the picture. Kept as reported.
    """

    def __init__(self, config: HeadConfig) -> None:
        super().__init__(config)
        n_image = config.n_components or config.n_image
        self.project_text = nn.Linear(config.n_text, 128)
        self.project_image = nn.Linear(n_image, 1280)
        self.attention = nn.MultiheadAttention(
            128, config.n_attention_heads, kdim=1280, vdim=1280, batch_first=True
        )
        self.dropout = nn.Dropout(config.dropout)
        self.hidden = nn.Linear(256, 128)
        self.classifier = nn.Linear(128, config.n_labels)
        self.text_head = nn.Linear(config.n_text, config.n_labels)
        self.image_head = nn.Linear(n_image, config.n_labels)

    def score(self, text: Tensor, lexicon: Tensor, image: Tensor, features: Features) -> Logits:
        query = self.project_text(text).unsqueeze(1)  # [B, 1, 128]
        key = self.project_image(image).unsqueeze(1)  # [B, 1, 1280]
        attended, _ = self.attention(query, key, key, need_weights=False)
        both = torch.cat([query.squeeze(1), attended.squeeze(1)], dim=1)  # [B, 256]
        fused = self.classifier(self.dropout(torch.relu(self.hidden(both))))
        return Logits(fused, self.text_head(text), self.image_head(image))


def build_head(config: HeadConfig) -> FusionHead:
    """Make a head with fresh weights."""
    return ReferenceHead(config) if config.kind == "reference" else DefaultHead(config)


def load_network(bundle: Bundle) -> FusionHead:
    """Load a bundle's fusion head to train on, every file checked first; in eval mode on the CPU.

    Raises:
        BundleError: a file is missing, altered, cut short, or does not fit the config.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    config = check_head_files(bundle)
    try:
        head = build_head(config)
        head.load_state_dict(load_file(bundle.directory / HEAD))
        bad = next((name for name, part in head.state_dict().items() if not bool(part.isfinite().all())), "")
        if bad:
            raise ValueError(f"{bad} holds numbers that are not finite")
    except (SafetensorError, RuntimeError, KeyError, TypeError, ValueError) as error:
        raise misfit(bundle, error) from error
    return head.eval()
