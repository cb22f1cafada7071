"""A bundle judged on the posts that it brings for that: whether its weights are those it was made with.

Checksums tell of damage on the way; a bundle that was altered and signed again passes them.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from mmsa_tui.bundle.meta import EVALUATION, Bundle
from mmsa_tui.errors import BundleError
from mmsa_tui.model.calibration import Calibration
from mmsa_tui.model.labelled import UNLABELLED, load_labelled
from mmsa_tui.model.network import load_network

_HINT = "Get the bundle again from where it came, or choose another with `mmsa bundle use`."


@dataclass(frozen=True)
class Reference:
    """How a bundle does on its frozen posts: of `n` with a label, `accuracy` is the share it has right."""

    n: int
    accuracy: float


@torch.inference_mode()
def judge_reference(bundle: Bundle) -> Reference:
    """Judge the frozen split of a bundle.

    Raises:
        BundleError: it cannot be loaded, gives what is no number, or does worse than guessing would.
    """
    head, calibration = load_network(bundle), Calibration.load(bundle)
    frozen = load_labelled(bundle.directory / EVALUATION)
    features, truth = frozen.features, frozen.targets.post
    try:
        logits = head.score(
            head.scale_text(features), features.lexicon.float(), features.image.float(), features
        )
    except RuntimeError as error:
        raise BundleError(
            f"bundle {bundle.id}: its frozen posts do not fit its head ({error})", _HINT
        ) from error
    probs, _, _ = calibration.decide(logits, features)
    if not bool(torch.isfinite(probs).all()):
        raise BundleError(
            f"bundle {bundle.id} gives values that are not numbers for its own frozen posts", _HINT
        )
    known = truth != UNLABELLED
    n = int(known.sum())
    if not n:
        return Reference(0, 0.0)
    accuracy = float((probs.argmax(1)[known] == truth[known]).float().mean())
    # Chance, less what a small set may be off by: one that was made honestly is far above.
    chance = 1 / len(bundle.labels)
    if accuracy < chance - 2 * (chance * (1 - chance) / n) ** 0.5:
        raise BundleError(
            f"bundle {bundle.id} has {accuracy:.0%} of its {n:,} frozen posts right: guessing does better",
            _HINT,
        )
    return Reference(n, accuracy)
