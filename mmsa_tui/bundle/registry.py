"""Which bundles there are, and which of them is the active one. Imports no torch.

The shipped bundles lie in one folder, the user's in another; the active one is named in a small file,
the one that was active before it in another. A codebook has bundles of its own and none to begin with.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeGuard

from mmsa_tui.bundle.meta import META, Bundle, read_bundle, verify_bundle, write_atomically
from mmsa_tui.bundle.versions import newest_last
from mmsa_tui.codebook import read_codebook
from mmsa_tui.config import Paths
from mmsa_tui.errors import BundleError

DEFAULT_NAME = "mvsa"


@dataclass(frozen=True)
class DamagedBundle:
    """A directory that should be a bundle and cannot be read; listed, never hidden."""

    directory: Path
    reason: str


def list_bundles(paths: Paths) -> list[Bundle | DamagedBundle]:
    """List the user's bundles and the shipped ones, by name, oldest version first.

    Under a codebook they are its own alone: others speak of other labels.
    """
    found: list[Bundle | DamagedBundle] = []
    for root in (paths.bundles_dir,) if paths.codebook else (paths.shipped_bundles, paths.bundles_dir):
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


def free_version(
    paths: Paths, name: str, version: str, *, taken: Iterable[str] = (), but: Bundle | None = None
) -> str:
    """Choose a version for a bundle: its own, or the first above all of its series that are here.

    Args:
        taken: versions that it must not get, beside those of the bundles here.
        but: a bundle that does not count as being here.
    """
    here = {item.meta.version for item in list_bundles(paths) if _is_called(item, name) and item != but}
    here |= {path.name.removeprefix(f"{name}-") for path in paths.bundles_dir.glob(f"{name}-*")}
    here |= set(taken)
    if version not in here:
        return version
    series, _, patch = version.rpartition(".")
    if not series or not patch.isdecimal():
        series = version
    patches = [end for one in here for start, _, end in [one.rpartition(".")] if start == series]
    return f"{series}.{1 + max((int(patch) for patch in patches if patch.isdecimal()), default=0)}"


def _is_called(item: Bundle | DamagedBundle, name: str) -> TypeGuard[Bundle]:
    return isinstance(item, Bundle) and item.meta.name == name


def _order(item: Bundle | DamagedBundle) -> tuple[str, tuple[object, ...], str]:
    if isinstance(item, DamagedBundle):
        return ("~", (), str(item.directory))
    return (item.meta.name, newest_last(item.meta.version), "")


def is_shipped(bundle: Bundle, paths: Paths) -> bool:
    """Whether it came with the program; where it lies says so, not what it says of itself."""
    return bundle.directory.resolve().parent == paths.shipped_bundles.resolve()


def find_bundle(paths: Paths, name: str = "") -> Bundle:
    """Find a bundle by id (`mvsa 1.0.1`, `mvsa-1.0.1`), by name, or by directory.

    "" finds the active one; where none was chosen yet, the shipped one of the default name. By its name
    alone a shipped bundle is found, else the active one, else the only one: whatever else comes in by an
    import, it is used only where it is named.

    Raises:
        BundleError: there is none, it is damaged, or several have that name; or the codebook in use has no
            model, or one of other labels.
    """
    bundle = _find(paths, name)
    if paths.codebook:
        codebook = read_codebook(paths)
        if bundle.labels != codebook.names:
            raise UnlearnedError(
                f"{bundle.id} gives the labels {', '.join(bundle.labels)}; the codebook {codebook.name} has"
                f" {', '.join(codebook.names)}",
                "`mmsa retrain` makes a model for the codebook as it is now.",
            )
    return bundle


class UnlearnedError(BundleError):
    """The codebook in use has no model that gives its labels."""


def labels_in_use(paths: Paths, name: str = "") -> tuple[str, ...]:
    """Say which labels people choose from: the codebook's, with or without a model; else the bundle's.

    Raises:
        BundleError, ConfigError: see `find_bundle` and `read_codebook`.
    """
    return read_codebook(paths).names if paths.codebook else find_bundle(paths, name).labels


def starting_bundles(paths: Paths) -> list[Bundle]:
    """Find the bundles from whose encoders a model of the codebook in use may start.

    The one that the codebook names; else the default codebook's, and what is shipped under the default name.

    Raises:
        BundleError: the first of them is not here, or damaged.
    """
    codebook, home = read_codebook(paths), paths.under("")
    first = find_bundle(home, codebook.start)
    if codebook.start:
        return [first]
    shipped = [
        item
        for item in list_bundles(home)
        if isinstance(item, Bundle) and is_shipped(item, home) and item.meta.name == DEFAULT_NAME
    ]
    by_text = {item.meta.encoders.get("text"): item for item in (*shipped, first)}
    return [first, *(item for item in by_text.values() if item != first)]


def find_learner(paths: Paths, name: str = "") -> Bundle:
    """Find the bundle that a retrain improves on.

    Under a codebook without a model it is a stand-in, of the codebook's labels and a starting bundle's
    folder: it is no model of these labels, and nothing classifies by it.

    Raises:
        BundleError: there is none, or it is damaged.
    """
    try:
        return find_bundle(paths, name)
    except UnlearnedError:
        codebook = read_codebook(paths)
        start = starting_bundles(paths)[0]
        version = codebook.unlearned_id.rpartition(" ")[2]
        meta = replace(
            start.meta,
            name=codebook.name,
            version=version,
            labels=codebook.names,
            parent="",
            scores={},
            training={},
        )
        return Bundle(start.directory, meta)


def is_stand_in(bundle: Bundle, paths: Paths) -> bool:
    """Whether a bundle only holds the place of a model that the codebook in use is yet to have."""
    return bool(paths.codebook) and bundle.directory.resolve().parent != paths.bundles_dir.resolve()


def _find(paths: Paths, name: str) -> Bundle:
    if paths.codebook and not name and not active_name(paths):
        raise UnlearnedError(
            f"the codebook {paths.codebook} has no model yet",
            "Label some 50 posts in the app (`mmsa`), then `mmsa retrain` makes one.",
        )
    wanted = name or active_name(paths) or DEFAULT_NAME
    if any(separator in wanted for separator in (os.sep, "/")):
        return read_bundle(Path(wanted))
    bundles = [item for item in list_bundles(paths) if isinstance(item, Bundle)]
    exact = [b for b in bundles if wanted in (b.id, b.id.replace(" ", "-"))]
    if exact:
        return exact[-1]
    named = [b for b in bundles if b.meta.name == wanted]
    shipped = [b for b in named if is_shipped(b, paths)]
    if shipped:
        return shipped[-1]
    if name and named:
        return _only(paths, named)
    # Never for the default: a folder of that name among the tweets would be taken.
    if name and (Path(name) / META).is_file():
        return read_bundle(Path(name))
    raise _absent(paths, wanted, name, bundles)


def _only(paths: Paths, named: Sequence[Bundle]) -> Bundle:
    """Choose among bundles of one name, none of them shipped: the active one, or there is but one."""
    active = [b for b in named if _key(paths, b) == active_name(paths)]
    if not active and len(named) > 1:
        raise BundleError(
            f"several bundles are called {named[0].meta.name!r}: {_say_known(named)}",
            "Name one with its version.",
        )
    return (active or named)[-1]


def _absent(paths: Paths, wanted: str, name: str, bundles: Sequence[Bundle]) -> BundleError:
    for item in list_bundles(paths):
        if isinstance(item, DamagedBundle) and item.directory.name == wanted.replace(" ", "-"):
            return BundleError(
                item.reason, "`mmsa bundle import FILE` brings it in again; `mmsa bundle use` chooses another"
            )
    known = _say_known(bundles)
    if not name and active_name(paths):
        return BundleError(
            f"the active bundle, {wanted!r}, is not here", f"`mmsa bundle use` chooses one of: {known}"
        )
    if not bundles and paths.codebook:
        return BundleError(
            f"the codebook {paths.codebook} has no model of its own yet, and {wanted!r} gives other labels",
            "Label some 50 posts in the app (`mmsa`), then `mmsa retrain` makes one; `mmsa codebook use"
            " default` goes back to the shipped models.",
        )
    if not bundles:
        return BundleError(
            f"no bundle is installed, so {wanted!r} is not here either",
            "The default one is the distribution `mmsa-tui-bundle`: install the folder model_bundle of the"
            " project with pip, or take in an archive with `mmsa bundle import FILE` and choose it with"
            " `mmsa bundle use`.",
        )
    if not name:
        return BundleError("no bundle is in use yet", f"`mmsa bundle use` chooses one of: {known}")
    return BundleError(f"no bundle called {wanted!r}", f"Known: {known}; see `mmsa bundle list`.")


def _say_known(bundles: Iterable[Bundle | DamagedBundle]) -> str:
    return ", ".join(b.id for b in bundles if isinstance(b, Bundle)) or "none"


def active_name(paths: Paths) -> str:
    """Read which bundle id is active; "" when the default is."""
    return _read_name(_active_file(paths))


def use_bundle(paths: Paths, name: str) -> Bundle:
    """Make a bundle the active one, after checking it; one atomic replace.

    Raises:
        BundleError: unknown, damaged, or refused by the gate and not promoted against it.
    """
    bundle = find_bundle(paths, name)
    training = bundle.meta.training
    gate = training.get("gate")
    if isinstance(gate, dict) and not gate.get("passed", True) and not training.get("promotion"):
        raise BundleError(
            f"the gate refused {bundle.id}",
            f'`mmsa retrain --candidate "{bundle.directory}" --promote` overrules it, on the record',
        )
    verify_bundle(bundle, paths)
    before = _active_bundle(paths)
    # Before `active`: whoever is killed in between is still where he was, and rolls back to nowhere else.
    if before is not None and before.directory.resolve() != bundle.directory.resolve():
        write_atomically(_before_file(paths), _key(paths, before))
    write_atomically(_active_file(paths), _key(paths, bundle))
    return bundle


def roll_back(paths: Paths) -> Bundle:
    """Make the bundle that `find_way_back` finds the active one.

    Raises:
        BundleError: there is nothing to go back to, or it is damaged.
    """
    goal = use_bundle(paths, str(find_way_back(paths).directory))
    # Else a second step back would lead forward again.
    write_atomically(_before_file(paths), "")
    return goal


def find_way_back(paths: Paths) -> Bundle:
    """Find the active bundle's parent, or where that is not here the bundle used before.

    A bundle that got another version when it was imported goes back to the one used before: the parent
    it names is one of another laptop.

    Raises:
        BundleError: the active bundle has no parent, or there is nothing here to go back to.
    """
    current = find_bundle(paths)
    parent = current.meta.parent
    if not parent:
        before = None if is_shipped(current, paths) else _bundle_before(paths, current)
        if before is not None:
            return before
        raise BundleError(
            f"{current.id} was not made from another bundle: there is nothing to go back to",
            "`mmsa bundle list` shows what else there is",
        )
    others = [b for b in list_bundles(paths) if isinstance(b, Bundle) and b.directory != current.directory]
    made_from = next((b for b in reversed(others) if b.id == parent), None)
    before = _bundle_before(paths, current)
    goal = before or made_from if current.imported_id else made_from or before
    if goal is None:
        raise BundleError(
            f"{parent}, which {current.id} was made from, is not here",
            f"`mmsa bundle use NAME` chooses one of: {_say_known(others)}",
        )
    return goal


def _bundle_before(paths: Paths, current: Bundle) -> Bundle | None:
    """Find the bundle that was active before; None if there was none, or it is gone."""
    name = _read_name(_before_file(paths))
    try:
        before = find_bundle(paths, name) if name else None
    except BundleError:
        return None
    return None if before is None or before.directory == current.directory else before


def _active_bundle(paths: Paths) -> Bundle | None:
    try:
        return find_bundle(paths)
    except BundleError:
        return None


def _key(paths: Paths, bundle: Bundle) -> str:
    """Name a bundle for a later `find_bundle`: by its id where that is enough, else by its directory."""
    directory = bundle.directory.resolve()
    known = directory.parent in (paths.bundles_dir.resolve(), paths.shipped_bundles.resolve())
    return bundle.id if known else str(directory)


def _read_name(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _active_file(paths: Paths) -> Path:
    return paths.study_dir / "active"


def _before_file(paths: Paths) -> Path:
    return paths.study_dir / "active.before"
