"""What went into a retrain, as its run folder records it: which data, seed and settings made the head."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from mmsa_tui.decoding import DecodingError, from_json
from mmsa_tui.records import Correction

_NAME = "manifest.json"


class Taken(msgspec.Struct, frozen=True):
    """A correction that was read, to learn from or to judge by."""

    uid: str
    content_hash: str = ""
    label: str = ""
    analyst: str = ""
    held_out: bool = False


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a retrain of the bundle `bundle`, by id, has read; files of older versions have less of it.

    `start` is the bundle whose encoders a head of a codebook starts from, "" for `bundle` itself; `files` are
    the checksums of the one that it starts from. `left_out` counts corrections by reason.
    """

    bundle: str
    corrections: tuple[Taken, ...]
    start: str = ""
    files: Mapping[str, str] = {}
    settings: Mapping[str, Any] = {}
    left_out: Mapping[str, int] = {}

    def write(self, folder: Path) -> None:
        """Write it into the folder of the run."""
        text = json.dumps(msgspec.to_builtins(self), indent=1)
        (folder / _NAME).write_text(text, encoding="utf-8")


def taken(made: Iterable[Correction], held_out: Iterable[bool]) -> tuple[Taken, ...]:
    """List what was read; `held_out` says of each whether it only judges."""
    return tuple(
        Taken(act.uid, act.content_hash, act.new_label, act.analyst, is_held_out)
        for act, is_held_out in zip(made, held_out, strict=False)
    )


def read_manifest(folder: Path) -> Manifest | None:
    """Read what a run has recorded; None where that is gone or damaged."""
    try:
        return from_json((folder / _NAME).read_bytes(), Manifest)
    except (OSError, DecodingError):
        return None
