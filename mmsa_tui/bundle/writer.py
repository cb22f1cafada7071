"""Writing a bundle: all of it or nothing, whatever happens in between.

Everything goes into a hidden folder beside the target, is synced and checksummed, and one rename
makes it a bundle. A killed run leaves a hidden folder that no listing shows.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mmsa_tui import __version__
from mmsa_tui.bundle.card import model_card
from mmsa_tui.bundle.meta import (
    CALIBRATION,
    CARD,
    CONFIG,
    EVALUATION,
    HEAD,
    META,
    REPLAY,
    TUNING,
    Bundle,
    BundleMeta,
    directory_hash,
    file_hash,
    read_bundle,
)
from mmsa_tui.errors import BundleError
from mmsa_tui.model.calibration import Calibration
from mmsa_tui.model.labelled import LabelledFeatures, save_labelled
from mmsa_tui.model.network import FusionHead
from mmsa_tui.model.preprocessing import MAX_TOKENS, TRANSFORM_VERSION


@dataclass(frozen=True)
class BundleContent:
    """All that makes a bundle but its encoders, which lie beside it under their hashes.

    `tuning` are posts that chose epochs and temperatures: what a retrain calibrates on.
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


def write_bundle(content: BundleContent, target: Path) -> Bundle:
    """Write a bundle directory.

    Raises:
        BundleError: it exists, the disk is full, or the folder cannot be written.
    """
    if target.exists():
        raise BundleError(f"{target} exists", "choose another name or version")
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        _write_files(content, temporary)
        for path in temporary.iterdir():
            with path.open("rb+") as file:
                os.fsync(file.fileno())
        temporary.replace(target)
    except OSError as error:
        shutil.rmtree(temporary, ignore_errors=True)
        raise BundleError(
            f"bundle {target} cannot be written: {error}", "free some space or check the folder's rights"
        ) from error
    return read_bundle(target)


def _write_files(content: BundleContent, folder: Path) -> None:
    from safetensors.torch import save_file

    config = {
        "head": content.head.config.as_json(),
        "transform_version": TRANSFORM_VERSION,
        "max_tokens": MAX_TOKENS,
        # Repeated from meta, which no checksum covers: the order decides what each output means.
        "labels": list(content.labels),
    }
    (folder / CONFIG).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8", newline="\n")
    state = {name: tensor.detach().contiguous().cpu() for name, tensor in content.head.state_dict().items()}
    save_file(state | {"image_basis": state["image_basis"].half()}, folder / HEAD)
    save_labelled(content.replay, folder / REPLAY)
    save_labelled(content.evaluation, folder / EVALUATION)
    if content.tuning is not None:
        save_labelled(content.tuning, folder / TUNING)
    content.calibration.save(folder / CALIBRATION)
    meta = BundleMeta(
        name=content.name,
        version=content.version,
        labels=content.labels,
        encoders=dict(content.encoders),
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        parent=content.parent,
        licence=content.licence,
        sources=content.sources,
        requires_mmsa=f">={__version__}",
        scores=dict(content.scores),
        training=dict(content.training),
    )
    (folder / CARD).write_text(model_card(meta), encoding="utf-8", newline="\n")
    names = sorted(path.name for path in folder.iterdir())
    meta = replace(meta, files={name: file_hash(folder / name) for name in names})
    (folder / META).write_text(json.dumps(meta.as_json(), indent=2) + "\n", encoding="utf-8", newline="\n")


def store_encoder(directory: Path, encoders: Path) -> str:
    """Copy a Hugging Face directory under its hash, once; return the hash.

    Raises:
        BundleError: it cannot be written.
    """
    sha = directory_hash(directory)
    target = encoders / sha
    if target.is_dir():
        return sha
    temporary = encoders / f".{sha[:16]}.{os.getpid()}"
    try:
        shutil.rmtree(temporary, ignore_errors=True)
        encoders.mkdir(parents=True, exist_ok=True)
        shutil.copytree(directory, temporary, copy_function=shutil.copyfile)
        temporary.replace(target)
    except OSError as error:
        shutil.rmtree(temporary, ignore_errors=True)
        raise BundleError(
            f"encoder {target} cannot be written: {error}", "free some space or check the folder's rights"
        ) from error
    return sha
