"""Temperatures that make a confidence mean what it says, one for each kind of input."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mmsa_tui.bundle.meta import read_json
from mmsa_tui.errors import BundleError

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Calibration:
    """Temperatures, above 0: logits are divided by them before softmax."""

    both: float = 1.0
    text: float = 1.0
    image: float = 1.0

    @staticmethod
    def probs(logits: Tensor, temperature: float) -> Tensor:
        """Turn logits [B, K] into probabilities [B, K]."""
        return (logits.float() / temperature).softmax(dim=1)

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
        data = read_json(path)
        try:
            values = {kind: float(data["temperature"][kind]) for kind in ("both", "text", "image")}
        except (TypeError, KeyError, ValueError) as error:
            raise BundleError(
                f"{path} has no temperatures", "get the bundle again from where it came"
            ) from error
        if not all(0.01 < value < 100 for value in values.values()):
            raise BundleError(
                f"{path} has an impossible temperature", "get the bundle again from where it came"
            )
        return cls(**values)
