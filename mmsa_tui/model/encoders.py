"""The two encoders: a Hugging Face text model with masked mean pooling, and MobileNetV2.

Knows tensors and directories; knows nothing of posts, bundles or labels.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mmsa_tui.errors import BundleError
from mmsa_tui.model.views import VIEWS, load_verdict, read_views

_REPAIR = "Get the bundle again from where it came."


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


def _load(directory: str | Path) -> Any:
    from transformers import AutoModel
    from transformers.utils import logging

    # The loading report names the pooler that a bundle's encoder leaves out on purpose.
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    # Weights are data: no code that lies beside them is run, and no pickle is read.
    model, report = AutoModel.from_pretrained(
        str(directory),
        dtype=torch.float32,
        trust_remote_code=False,
        use_safetensors=True,
        output_loading_info=True,
    )
    made_up = [name for name in report["missing_keys"] if not name.startswith("pooler.")]
    made_up += map(str, report["mismatched_keys"])
    if made_up:
        raise ValueError(f"weights are missing or of another size, such as {made_up[0]}")
    for name, tensor in model.state_dict().items():
        if not name.startswith("pooler.") and not bool(torch.isfinite(tensor).all()):
            raise ValueError(f"{name} holds values that are not numbers")
    return model


class TextEncoder(nn.Module):
    """A pretrained transformer and the views it gives: see `TextViews`.

    Each layer's view is the masked mean of its hidden states, the verdict a linear layer on the
    last layer's mean. `blocks` are the views' widths, `n_features` their sum.

    Args:
        directory: a local directory or a hub id.
        dropout: replaces the model's own dropout while it is trained; None leaves it.
    """

    def __init__(self, directory: str | Path, dropout: float | None = None) -> None:
        super().__init__()
        self.model: Any = _load(directory)
        # The pooler belongs to the pretraining task and is never read.
        if getattr(self.model, "pooler", None) is not None:
            self.model.pooler = None
        if dropout is not None:
            for module in self.model.modules():
                if isinstance(module, nn.Dropout):
                    module.p = dropout
        self.views = read_views(directory)
        hidden_size = int(self.model.config.hidden_size)
        if self.views.layers and max(self.views.layers) > int(self.model.config.num_hidden_layers):
            raise BundleError(f"{directory}: {VIEWS} names a layer that the encoder does not have", _REPAIR)
        self.verdict: nn.Linear | None = None
        if self.views.n_verdict:
            found = load_verdict(directory, hidden_size, self.views.n_verdict)
            self.verdict = nn.Linear(hidden_size, self.views.n_verdict)
            with torch.no_grad():
                self.verdict.weight.copy_(torch.from_numpy(found.weight))
                self.verdict.bias.copy_(torch.from_numpy(found.bias))
        self.blocks = self.views.blocks(hidden_size)
        self.n_features = sum(self.blocks)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Encode token ids and mask, both [B, T], into [B, n_features]."""
        layers = [masked_mean(states, attention_mask) for states in self.states(input_ids, attention_mask)]
        return self.beside_verdict(torch.cat(layers, dim=1))

    def states(self, input_ids: Tensor, attention_mask: Tensor) -> list[Tensor]:
        """Encode token ids and mask, both [B, T], into the hidden states [B, T, H] of each view's layer."""
        deep = bool(self.views.layers)
        output = self.model(input_ids=input_ids, attention_mask=attention_mask, output_hidden_states=deep)
        return [output.hidden_states[n] for n in self.views.layers] or [output.last_hidden_state]

    def beside_verdict(self, pooled: Tensor) -> Tensor:
        """Put the verdict beside the means of the layers, [B, n * H], the last of which it judges."""
        if self.verdict is None:
            return pooled
        return torch.cat([pooled, self.verdict(pooled[:, -self.verdict.in_features :])], dim=1)


class ImageEncoder(nn.Module):
    """MobileNetV2 without classifier: region features and their spatial mean."""

    def __init__(self, directory: str | Path) -> None:
        super().__init__()
        self.model: Any = _load(directory)
        self.n_features = (
            int(self.model.config.hidden_size) if hasattr(self.model.config, "hidden_size") else 1280
        )

    def regions(self, pixels: Tensor) -> Tensor:
        """Encode pixels [B, 3, 224, 224] into [B, 1280, 7, 7]."""
        output: Tensor = self.model(pixel_values=pixels).last_hidden_state
        return output

    def forward(self, pixels: Tensor) -> Tensor:
        """Encode pixels [B, 3, 224, 224] into their spatial mean, [B, 1280]."""
        return self.regions(pixels).mean(dim=(2, 3))
