"""Features with labels, and the two files of a bundle that hold them: replay set and frozen split.

The replay set is what a retrain rehearses so that it does not forget; the evaluation split is what
the gate reads and nothing else ever may. Both hold vectors and labels, no text and no picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from mmsa_tui.errors import BundleError
from mmsa_tui.model.features import Features
from mmsa_tui.model.metrics import IntArray

UNLABELLED = -1
_HASH_BYTES = 20


@dataclass(frozen=True)
class Targets:
    """Class indices of B posts by label kind, `UNLABELLED` where nobody judged; [B] int64 each.

    weight: [B] float32, how much a post counts; a correction counts more.
    """

    post: Tensor
    text: Tensor
    image: Tensor
    weight: Tensor

    def __len__(self) -> int:
        return int(self.post.shape[0])

    def take(self, rows: Tensor) -> Targets:
        return Targets(self.post[rows], self.text[rows], self.image[rows], self.weight[rows])


def make_targets(
    post: IntArray, text: IntArray | None = None, image: IntArray | None = None, weight: float = 1.0
) -> Targets:
    """Build targets from arrays [B]; a kind left out is unlabelled."""
    blank = np.full(len(post), UNLABELLED)
    return Targets(
        torch.as_tensor(post, dtype=torch.int64),
        torch.as_tensor(blank if text is None else text, dtype=torch.int64),
        torch.as_tensor(blank if image is None else image, dtype=torch.int64),
        torch.full((len(post),), weight),
    )


def concatenate_targets(parts: Sequence[Targets]) -> Targets:
    return Targets(*(torch.cat([getattr(p, k) for p in parts]) for k in ("post", "text", "image", "weight")))


@dataclass(frozen=True)
class LabelledFeatures:
    """Labelled posts as the head sees them.

    In a bundle, `features.image` is compressed by the head's own scaling, [B, n_components]. `hashes` are the
    posts' content hashes, "" where a post has none: they tell a correction from the label it
    contradicts, and keep the frozen split out of training.
    """

    features: Features
    targets: Targets
    hashes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.hashes)

    def take(self, rows: Tensor) -> LabelledFeatures:
        """Pick rows by index [M] int64."""
        return LabelledFeatures(
            self.features.take(rows), self.targets.take(rows), tuple(self.hashes[int(i)] for i in rows)
        )


def save_labelled(data: LabelledFeatures, path: Path) -> None:
    """Write to safetensors: text and image vectors as int8 with a scale a row, 0.7 kB a post."""
    from safetensors.torch import save_file

    f, t = data.features, data.targets
    tensors = {
        "lexicon": f.lexicon.half(),
        "has_text": f.has_text.to(torch.uint8),
        "has_image": f.has_image.to(torch.uint8),
        "post": t.post.to(torch.int8),
        "label_text": t.text.to(torch.int8),
        "label_image": t.image.to(torch.int8),
        "weight": t.weight.float(),
        "hashes": torch.stack([_hash_tensor(h) for h in data.hashes])
        if data.hashes
        else torch.zeros(0, _HASH_BYTES, dtype=torch.uint8),
    }
    for name, values in (("text", f.text), ("image", f.image)):
        tensors[f"{name}_codes"], tensors[f"{name}_scale"] = _quantise(values)
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path)


def load_labelled(path: Path) -> LabelledFeatures:
    """Read what `save_labelled` wrote.

    Raises:
        BundleError: missing, cut short, or not such a file.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        t = load_file(path)
        features = Features(
            t["text_codes"].float() * t["text_scale"].float().unsqueeze(1),
            t["lexicon"].float(),
            t["image_codes"].float() * t["image_scale"].float().unsqueeze(1),
            t["has_text"].bool(),
            t["has_image"].bool(),
        )
        targets = Targets(
            t["post"].long(), t["label_text"].long(), t["label_image"].long(), t["weight"].float()
        )
        hashes = tuple("b2:" + bytes(row.tolist()).hex() if bool(row.any()) else "" for row in t["hashes"])
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise BundleError(
            f"{path} cannot be read ({error})", "Get the bundle again from where it came."
        ) from error
    return LabelledFeatures(features, targets, hashes)


def _quantise(values: Tensor) -> tuple[Tensor, Tensor]:
    scale = values.float().abs().amax(dim=1).clamp(min=1e-8) / 127.0
    codes = torch.round(values.float() / scale.unsqueeze(1)).clamp(-127, 127).to(torch.int8)
    return codes, scale.float()


def _hash_tensor(content_hash: str) -> Tensor:
    digits = content_hash.removeprefix("b2:")
    data = bytes.fromhex(digits) if len(digits) == 2 * _HASH_BYTES else bytes(_HASH_BYTES)
    return torch.tensor(list(data), dtype=torch.uint8)
