"""Writing a bundle: all of it or nothing, whatever happens in between. Imports no torch.

Everything goes into a hidden folder beside the target, is synced and checksummed, and one rename
makes it a bundle. What a killed run leaves no listing shows, and the next that writes there removes it.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from mmsa_tui.bundle.card import model_card
from mmsa_tui.bundle.meta import (
    CARD,
    META,
    Bundle,
    BundleMeta,
    directory_hash,
    file_hash,
    read_bundle,
    write_atomically,
)
from mmsa_tui.disk.whole_file import whole_folder
from mmsa_tui.errors import BundleError


def write_bundle(meta: BundleMeta, target: Path, write_files: Callable[[Path], None]) -> Bundle:
    """Write a bundle directory.

    Args:
        write_files: writes all that a bundle consists of, but for record and card, into a folder.

    Raises:
        BundleError: it exists, the disk is full, or the folder cannot be written.
    """
    if target.exists():
        raise BundleError(f"{target} exists", "Choose another name or version.")
    try:
        with whole_folder(target) as folder:
            write_files(folder)
            sign(meta, folder)
    except OSError as error:
        raise _unwritten(f"bundle {target}", error) from error
    return read_bundle(target)


def sign(meta: BundleMeta, folder: Path) -> BundleMeta:
    """Write a bundle's card and its record, with the checksums of all that lies in its folder.

    Raises:
        BundleError: they cannot be written.
    """
    write_atomically(folder / CARD, model_card(meta))
    names = sorted(path.name for path in folder.iterdir() if path.name != META)
    meta = replace(meta, files={name: file_hash(folder / name) for name in names})
    write_atomically(folder / META, json.dumps(meta.as_json(), indent=2) + "\n")
    return meta


def store_encoder(directory: Path, encoders: Path) -> str:
    """Copy a Hugging Face directory under its hash, once; return the hash.

    Raises:
        BundleError: it cannot be written.
    """
    sha = directory_hash(directory)
    target = encoders / sha
    if target.is_dir():
        return sha
    try:
        with whole_folder(target) as folder:
            shutil.copytree(directory, folder, copy_function=shutil.copyfile, dirs_exist_ok=True)
    except OSError as error:
        raise _unwritten(f"encoder {target}", error) from error
    return sha


def _unwritten(what: str, error: OSError) -> BundleError:
    return BundleError(f"{what} cannot be written: {error}", "Free some space or check the folder's rights.")
