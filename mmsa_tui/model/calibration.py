"""Temperatures that make a confidence mean what it says, for each kind of input.

One temperature leaves a rare label too sure that the head was made to say more often; where enough posts
tell, each label that is said has one of its own. The label stays whatever the temperature.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
from msgspec import Meta

from mmsa_tui.bundle.meta import CALIBRATION, Bundle, read_json
from mmsa_tui.decoding import DecodingError, to_kind
from mmsa_tui.errors import BundleError
from mmsa_tui.model.encoded import Floats
from mmsa_tui.model.head import softmax

if TYPE_CHECKING:
    from torch import Tensor

    from mmsa_tui.model.features import Features
    from mmsa_tui.model.network import Logits

_Above0 = Annotated[float, Meta(gt=0.01, lt=100)]
Temperature = _Above0 | tuple[_Above0, ...]
"""One for all posts, or one for each label: that of the highest logit counts."""


@dataclass(frozen=True)
class Calibration:
    """Temperatures, above 0: logits are divided by them before softmax."""

    both: Temperature = 1.0
    text: Temperature = 1.0
    image: Temperature = 1.0

    @staticmethod
    def probs(logits: Tensor, temperature: Temperature) -> Tensor:
        """Turn logits [B, K] into probabilities [B, K]."""
        return (logits.float() / divisors(logits, temperature)).softmax(dim=1)

    @staticmethod
    def soften(logits: Floats, temperature: Temperature) -> Floats:
        """Turn logits [B, K] into probabilities [B, K], without torch."""
        if isinstance(temperature, tuple):
            by_label = np.asarray(temperature, np.float32)
            return softmax(logits / by_label[logits.argmax(axis=1)][:, None])
        return softmax(logits / np.float32(temperature))

    def decide(self, logits: Logits, features: Features) -> tuple[Tensor, Tensor, Tensor]:
        """Turn logits into calibrated probabilities for the decision, text alone and picture alone, [B, K].

        The decision is the fused one, or that of the only modality there is.
        """
        import torch

        text, image = self.probs(logits.text, self.text), self.probs(logits.image, self.image)
        alone = torch.where(features.has_text.unsqueeze(1), text, image)
        both = (features.has_text & features.has_image).unsqueeze(1)
        return torch.where(both, self.probs(logits.fused, self.both), alone), text, image

    def save(self, path: Path) -> None:
        path.write_text(
            json.dumps({"temperature": asdict(self)}, indent=2) + "\n", encoding="utf-8", newline="\n"
        )

    @classmethod
    def load(cls, bundle: Bundle) -> Calibration:
        """Read a bundle's.

        Raises:
            BundleError: missing, damaged, or a temperature that is not above 0.
        """
        path = bundle.directory / CALIBRATION
        try:
            found = to_kind(read_json(path), _File).temperature
            several = [t for t in (found.both, found.text, found.image) if isinstance(t, tuple)]
            if any(len(t) != len(bundle.labels) for t in several):
                raise DecodingError(f"not one for each of the {len(bundle.labels)} labels")
            return found
        except DecodingError as error:
            raise BundleError(
                f"{path} has no usable temperatures: {error}", "Get the bundle again from where it came."
            ) from error


def divisors(logits: Tensor, temperature: Temperature) -> Tensor:
    """Give what each row of logits [B, K] is divided by, [B, 1]."""
    import torch

    if isinstance(temperature, tuple):
        return torch.tensor(temperature)[logits.argmax(dim=1)].unsqueeze(1)
    return torch.full((len(logits), 1), temperature)


@dataclass(frozen=True)
class _File:
    temperature: Calibration
