"""What a training has made, as the files of a bundle."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from safetensors.torch import save_file

from mmsa_tui.bundle.meta import (
    CALIBRATION,
    CONFIG,
    COPIES,
    EVALUATION,
    HEAD,
    REPLAY,
    TUNING,
    Bundle,
    BundleMeta,
)
from mmsa_tui.bundle.writer import write_bundle
from mmsa_tui.model.calibration import Calibration
from mmsa_tui.model.labelled import LabelledFeatures, save_labelled
from mmsa_tui.model.network import FusionHead
from mmsa_tui.model.preprocessing import MAX_TOKENS, TRANSFORM_VERSION


@dataclass(frozen=True)
class BundleContent:
    """All that makes a bundle but its encoders, which lie beside it under their hashes.

    `tuning` are posts that chose epochs and temperatures: what a retrain calibrates on. `copies` are
    the keys by which copies of evaluation and tuning posts are known, see `pictures.likeness.copy_keys`.
    """

    name: str
    version: str
    labels: tuple[str, ...]
    encoders: Mapping[str, str]
    head: FusionHead
    calibration: Calibration
    replay: LabelledFeatures
    evaluation: LabelledFeatures
    scores: Mapping[str, Any]
    training: Mapping[str, Any]
    parent: str = ""
    licence: str = ""
    sources: tuple[str, ...] = ()
    tuning: LabelledFeatures | None = None
    copies: Sequence[Sequence[str]] = ()

    def write(self, target: Path) -> Bundle:
        """Write it as a bundle directory.

        Raises:
            BundleError: it exists, the disk is full, or the folder cannot be written.
        """
        meta = BundleMeta(
            name=self.name,
            version=self.version,
            labels=self.labels,
            encoders=dict(self.encoders),
            created_at=datetime.now(UTC).isoformat(timespec="seconds"),
            parent=self.parent,
            licence=self.licence,
            sources=self.sources,
            scores=dict(self.scores),
            training=dict(self.training),
        )
        return write_bundle(meta, target, self._write_files)

    def _write_files(self, folder: Path) -> None:
        config = {
            "head": self.head.config.as_json(),
            "transform_version": TRANSFORM_VERSION,
            "max_tokens": MAX_TOKENS,
            # Repeated from meta, which no checksum covers: the order decides what each output means.
            "labels": list(self.labels),
        }
        (folder / CONFIG).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8", newline="\n")
        state = {name: tensor.detach().contiguous().cpu() for name, tensor in self.head.state_dict().items()}
        save_file(state | {"image_basis": state["image_basis"].half()}, folder / HEAD)
        save_labelled(self.replay, folder / REPLAY)
        save_labelled(self.evaluation, folder / EVALUATION)
        if self.tuning is not None:
            save_labelled(self.tuning, folder / TUNING)
        if self.copies:
            (folder / COPIES).write_text(json.dumps(self.copies) + "\n", encoding="utf-8", newline="\n")
        self.calibration.save(folder / CALIBRATION)
