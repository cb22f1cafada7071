"""Temperatures that make a confidence mean what it says, one for each kind of input."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from mmsa_tui.bundle.meta import read_json
from mmsa_tui.decoding import DecodingError, to_kind
from mmsa_tui.errors import BundleError

if TYPE_CHECKING:
    from torch import Tensor

    from mmsa_tui.model.features import Features
    from mmsa_tui.model.network import Logits

_Temperature = Annotated[float, Meta(gt=0.01, lt=100)]


@dataclass(frozen=True)
class Calibration:
    """Temperatures, above 0: logits are divided by them before softmax."""

    both: _Temperature = 1.0
    text: _Temperature = 1.0
    image: _Temperature = 1.0

    @staticmethod
    def probs(logits: Tensor, temperature: float) -> Tensor:
        """Turn logits [B, K] into probabilities [B, K]."""
        return (logits.float() / temperature).softmax(dim=1)

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
    def load(cls, path: Path) -> Calibration:
        """Read it.

        Raises:
            BundleError: missing, damaged, or a temperature that is not above 0.
        """
        try:
            return to_kind(read_json(path), _File).temperature
        except DecodingError as error:
            raise BundleError(
                f"{path} has no usable temperatures: {error}", "get the bundle again from where it came"
            ) from error


@dataclass(frozen=True)
class _File:
    temperature: Calibration
