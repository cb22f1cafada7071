"""What a text encoder's directory says of itself: which views of a text it gives, and how it wants emoji.

A view is a block of the text features. Layers of different depth and the encoder's own verdict on
tweets say different things of a post, and a linear head gains from having them side by side.
Imports no torch: whatever runs the encoder reads this.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from mmsa_tui.decoding import DecodingError, to_kind
from mmsa_tui.errors import BundleError

Precision = Literal["fp32", "int8"]
VIEWS = "views.json"
VERDICT = "verdict.safetensors"
"""`weight` [K, H] and `bias` [K]: the linear layer the encoder learned sentiment with."""

RANGES = "ranges.safetensors"
"""By name of a linear layer [D]: the largest magnitude of each of its inputs on texts the encoder knows."""

_FARTHEST = 1e6
"""No layer of a whole encoder reads numbers as large."""

_REPAIR = "Get the bundle again from where it came."


@dataclass(frozen=True)
class TextViews:
    """Views of one text encoder.

    layers: whose hidden states are averaged over the tokens, 1 for the first; empty for the last
    layer alone. n_verdict: how many logits `VERDICT` adds, 0 without it; they judge the last layer,
    which is then the last of `layers`. emoji: `named` rewrites them as English words, `kept` leaves
    those that the tokenizer has as a piece of their own. precision: the numbers that whatever reads
    the features was fitted on.
    """

    layers: tuple[Annotated[int, Meta(ge=1)], ...] = ()
    n_verdict: Annotated[int, Meta(ge=0)] = 0
    emoji: Literal["named", "kept"] = "named"
    precision: Precision = "fp32"

    def blocks(self, hidden_size: int) -> tuple[int, ...]:
        """Widths of the views, in the order of the features."""
        layers = (hidden_size,) * max(1, len(self.layers))
        return (*layers, self.n_verdict) if self.n_verdict else layers

    def save(self, directory: Path) -> None:
        """Write it beside the encoder it belongs to."""
        (directory / VIEWS).write_text(
            json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8", newline="\n"
        )


LAST_LAYER = TextViews()
"""What an encoder gives that says nothing of itself."""


@dataclass(frozen=True)
class Verdict:
    """The encoder's own linear judgement: weight [K, H] and bias [K]."""

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]

    def beside(self, pooled: NDArray[np.float32]) -> NDArray[np.float32]:
        """Put the logits beside the views of the layers, [B, n * H], the last of which they judge."""
        last = pooled[:, -self.weight.shape[1] :]
        out: NDArray[np.float32] = np.concatenate([pooled, last @ self.weight.T + self.bias], axis=1)
        return out


def load_verdict(directory: str | Path, hidden_size: int, n_labels: int) -> Verdict:
    """Load it.

    Raises:
        BundleError: it is missing, damaged, or of another shape.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    path = Path(directory) / VERDICT
    try:
        tensors = load_file(path)
        weight, bias = tensors["weight"].astype(np.float32), tensors["bias"].astype(np.float32)
        if weight.shape != (n_labels, hidden_size) or bias.shape != (n_labels,):
            raise ValueError(f"weight {weight.shape}, bias {bias.shape}")
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise BundleError(f"{path} cannot be read ({error})", _REPAIR) from error
    return Verdict(weight, bias)


def load_ranges(directory: str | Path) -> dict[str, NDArray[np.float32]]:
    """Load the ranges of what linear layers read; an encoder without the file has none.

    Raises:
        BundleError: the file is damaged.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    path = Path(directory) / RANGES
    if not path.is_file():
        return {}
    try:
        ranges = {name: array.astype(np.float32) for name, array in load_file(path).items()}
        for name, array in ranges.items():
            if array.ndim != 1 or not ((array >= 0) & (array < _FARTHEST)).all():
                raise ValueError(f"{name:.80} is no list of magnitudes")
    except (OSError, SafetensorError, ValueError) as error:
        raise BundleError(f"{path} cannot be read ({error})", _REPAIR) from error
    return ranges


def read_views(directory: str | Path) -> TextViews:
    """Read an encoder's views; one without the file, or a hub id, gives its last layer alone.

    Raises:
        BundleError: the file is damaged.
    """
    path = Path(directory) / VIEWS
    if not path.is_file():
        return LAST_LAYER
    try:
        views = to_kind(json.loads(path.read_text(encoding="utf-8")), TextViews)
    except (OSError, ValueError, DecodingError) as error:
        raise BundleError(f"{path} cannot be read ({error})", _REPAIR) from error
    return views
