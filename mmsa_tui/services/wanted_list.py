"""The list of what a promotion changes, kept in mind until it is written: whoever is stopped gets it later.

Knows where it is to go and which promotion it is about, not what it holds.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypedDict

from mmsa_tui.bundle.meta import Bundle, write_atomically
from mmsa_tui.config import Paths
from mmsa_tui.decoding import DecodingError, from_json


class _Note(TypedDict):
    """`run` is the folder of the retrain, which the record of a promotion names too."""

    run: str
    instead_of: str
    file: str


@contextmanager
def wanted(paths: Paths, candidate: Path, in_use: str, file: Path) -> Iterator[None]:
    """Keep in mind that the block is to write a list, until it has.

    Args:
        candidate: what is promoted in the block, in place of the bundle `in_use`, by id.

    Raises:
        BundleError: the note cannot be written; nothing was promoted then.
    """
    note = _Note(run=candidate.parent.name, instead_of=in_use, file=str(file.absolute()))
    write_atomically(_place(paths), json.dumps(note))
    yield
    forget_list(paths)


def find_list(paths: Paths, bundle: Bundle) -> Path | None:
    """Find where the list of what the promotion of a bundle changed was to go, if it was not written."""
    promotion = bundle.meta.training.get("promotion")
    try:
        note = from_json(_place(paths).read_bytes(), _Note, surrogates="keep")
    except (OSError, DecodingError):
        return None
    about = {"run": note["run"], "instead_of": note["instead_of"]}
    if not isinstance(promotion, dict) or not about.items() <= promotion.items():
        # Nothing was promoted, or another since.
        forget_list(paths)
        return None
    return Path(note["file"])


def forget_list(paths: Paths) -> None:
    _place(paths).unlink(missing_ok=True)


def _place(paths: Paths) -> Path:
    return paths.study_dir / "changes.pending"
