"""The two encoders: a Hugging Face text model with masked mean pooling, and MobileNetV2.

Knows tensors and directories; knows nothing of posts, bundles or labels.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn


def masked_mean(hidden: Tensor, mask: Tensor) -> Tensor:
    """Average the hidden states of real tokens.

    Args:
        hidden: [B, T, H].
        mask: [B, T], 1 for a token, 0 for padding.

    Returns:
        [B, H], in the dtype of `hidden`.
    """
    weights = mask.unsqueeze(-1).to(hidden.dtype)
    return (hidden * weights).sum(dim=1) / weights.sum(dim=1).clamp(min=1.0)


class TextEncoder(nn.Module):
    """A pretrained transformer and the masked mean of its last hidden state."""

    def __init__(self, directory: str | Path) -> None:
        super().__init__()
        from transformers import AutoModel

        # The pooler is trained for another task and is never read; eager attention and sdpa agree,
        # sdpa is the faster one on CPU.
        self.model: Any = AutoModel.from_pretrained(str(directory), dtype=torch.float32)
        if getattr(self.model, "pooler", None) is not None:
            self.model.pooler = None
        self.n_features = int(self.model.config.hidden_size)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Encode token ids and mask, both [B, T], into [B, H]."""
        output = self.model(input_ids=input_ids, attention_mask=attention_mask)
        return masked_mean(output.last_hidden_state, attention_mask)


class ImageEncoder(nn.Module):
    """MobileNetV2 without classifier: region features and their spatial mean."""

    def __init__(self, directory: str | Path) -> None:
        super().__init__()
        from transformers import AutoModel

        self.model: Any = AutoModel.from_pretrained(str(directory), dtype=torch.float32)
        self.n_features = int(self.model.config.hidden_size) if hasattr(self.model.config, "hidden_size") else 1280

    def regions(self, pixels: Tensor) -> Tensor:
        """Encode pixels [B, 3, 224, 224] into [B, 1280, 7, 7]."""
        output: Tensor = self.model(pixel_values=pixels).last_hidden_state
        return output

    def forward(self, pixels: Tensor) -> Tensor:
        """Encode pixels [B, 3, 224, 224] into their spatial mean, [B, 1280]."""
        return self.regions(pixels).mean(dim=(2, 3))
