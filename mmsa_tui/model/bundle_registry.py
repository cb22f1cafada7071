"""Which bundles there are, and which of them is the active one. Imports no torch.

The shipped bundles lie in one folder, the user's in another; the active one is named in a small file.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from mmsa_tui.config import Paths
from mmsa_tui.errors import BundleError
from mmsa_tui.model.bundle import META, Bundle, read_bundle, verify_bundle, version_numbers, write_atomically

DEFAULT_NAME = "mvsa"


@dataclass(frozen=True)
class DamagedBundle:
    """A directory that should be a bundle and cannot be read; listed, never hidden."""

    directory: Path
    reason: str


def list_bundles(paths: Paths) -> list[Bundle | DamagedBundle]:
    """List the user's bundles and the shipped ones, by name, oldest version first."""
    found: list[Bundle | DamagedBundle] = []
    for root in (paths.shipped_bundles, paths.bundles_dir):
        if not root.is_dir():
            continue
        for directory in sorted(root.iterdir()):
            # A leading dot marks one that is being written.
            if not directory.is_dir() or directory.name == "encoders" or directory.name.startswith("."):
                continue
            try:
                found.append(read_bundle(directory))
            except BundleError as error:
                found.append(DamagedBundle(directory, error.message))
    return sorted(found, key=_order)


def _order(item: Bundle | DamagedBundle) -> tuple[str, tuple[int, ...], str]:
    if isinstance(item, DamagedBundle):
        return ("~", (), str(item.directory))
    return (item.meta.name, version_numbers(item.meta.version), item.meta.version)


def find_bundle(paths: Paths, name: str = "") -> Bundle:
    """Find a bundle by id (`mvsa 1.0.1`, `mvsa-1.0.1`), by name (its newest version) or by directory.

    "" finds the active one.

    Raises:
        BundleError: there is none, or it is damaged.
    """
    wanted = name or active_name(paths)
    if not wanted:
        wanted = DEFAULT_NAME
    if any(separator in wanted for separator in (os.sep, "/")) or (Path(wanted) / META).is_file():
        return read_bundle(Path(wanted))
    bundles = [item for item in list_bundles(paths) if isinstance(item, Bundle)]
    exact = [b for b in bundles if wanted in (b.id, b.id.replace(" ", "-"))]
    if exact:
        return exact[-1]
    # By name alone, a shipped bundle wins over retrained ones: only `use` makes those the default.
    named = [b for b in bundles if b.meta.name == wanted]
    shipped = [b for b in named if not b.meta.parent]
    if named:
        return (shipped or named)[-1]
    known = ", ".join(b.id for b in bundles) or "none"
    if not name and active_name(paths):
        raise BundleError(
            f"the active bundle, {wanted!r}, is not here", f"`mmsa bundle use` chooses one of: {known}"
        )
    raise BundleError(f"no bundle called {wanted!r}", f"known: {known}; see `mmsa bundle list`")


def active_name(paths: Paths) -> str:
    """Read which bundle id is active; "" when the default is."""
    try:
        return _active_file(paths).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def use_bundle(paths: Paths, name: str) -> Bundle:
    """Make a bundle the active one, after checking it; one atomic replace.

    Raises:
        BundleError: unknown, damaged, or refused by the gate and not promoted against it.
    """
    bundle = find_bundle(paths, name)
    training = bundle.meta.training
    if not training.get("gate", {}).get("passed", True) and not training.get("promotion"):
        raise BundleError(
            f"the gate refused {bundle.id}",
            f'`mmsa retrain --candidate "{bundle.directory}" --promote` overrules it, on the record',
        )
    verify_bundle(bundle, paths)
    directory = bundle.directory.resolve()
    known = directory.parent in (paths.bundles_dir.resolve(), paths.shipped_bundles.resolve())
    write_atomically(_active_file(paths), bundle.id if known else str(directory))
    return bundle


def roll_back(paths: Paths) -> Bundle:
    """Make the active bundle's parent the active one.

    Raises:
        BundleError: the active bundle has no parent.
    """
    current = find_bundle(paths)
    if not current.meta.parent:
        raise BundleError(
            f"{current.id} was shipped, not retrained: there is nothing to go back to",
            "`mmsa bundle list` shows what else there is",
        )
    return use_bundle(paths, current.meta.parent)


def _active_file(paths: Paths) -> Path:
    return paths.data_dir / "active"
