"""Where pictures may lie: folders beside a source that look like theirs, and archives that may hold them."""

from __future__ import annotations

import re
from itertools import islice
from pathlib import Path

from mmsa_tui.pictures.finder import PICTURE_SUFFIXES, split_name

_PICTURE_FOLDER = re.compile(r"im(?:a)?g|photo|pic|media|bild|foto|thumb", re.IGNORECASE)
_MAX_BESIDE, _MAX_OTHERS, _FIRST_FILES = 2_000, 5, 20
_ARCHIVES = (".zip", ".7z", ".rar", ".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz", ".tar.zst")


def archives_in(folder: Path) -> list[str]:
    """Name the first archives of a folder."""
    try:
        names = [entry.name for entry in islice(folder.iterdir(), _MAX_BESIDE)]
    except OSError:
        return []
    return sorted(name for name in names if name.lower().endswith(_ARCHIVES))[:3]


def picture_folders_beside(folder: Path) -> list[Path]:
    """Return the sibling folders that are called like pictures, then those that begin with some."""
    try:
        beside = islice((p for p in folder.parent.iterdir() if p != folder), _MAX_BESIDE)
        folders = sorted(p for p in beside if p.is_dir() and not p.is_symlink())
    except OSError:
        return []
    called = [path for path in folders if is_called_like_pictures(path)]
    others = [path for path in folders if not is_called_like_pictures(path) and _begins_with_pictures(path)]
    return [*called[:20], *others[:_MAX_OTHERS]]


def is_called_like_pictures(folder: Path) -> bool:
    """Whether a folder is called `images`, `photos_2026` or the like."""
    return _PICTURE_FOLDER.search(folder.name) is not None


def _begins_with_pictures(folder: Path) -> bool:
    try:
        first = [entry.name for entry in islice(folder.iterdir(), _FIRST_FILES)]
    except OSError:
        return False
    return 2 * sum(split_name(name)[2] in PICTURE_SUFFIXES for name in first) > len(first)
