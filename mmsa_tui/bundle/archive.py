"""A bundle with its encoders as one file, for a colleague; taken in only when every checksum holds.

The file is a zip with `bundle/` and `encoders/<sha256>/`, and nothing else: what it holds is compared
with what the bundle's own record names.
"""

from __future__ import annotations

import lzma
import shutil
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from mmsa_tui.bundle.encoder_files import FILES
from mmsa_tui.bundle.meta import (
    CARD,
    IMPORTED,
    META,
    Bundle,
    directory_hash,
    file_hash,
    read_bundle,
    verify_bundle,
)
from mmsa_tui.bundle.registry import free_version, list_bundles
from mmsa_tui.bundle.writer import sign
from mmsa_tui.config import Paths
from mmsa_tui.disk.private import make_private_folder
from mmsa_tui.disk.whole_file import scratch_folder, whole_file, why
from mmsa_tui.errors import BundleError, OutputError

SUFFIX = ".mmsa-bundle.zip"
MAX_BYTES = 2 * 1024**3
"""No bundle unpacks to more; an archive bomb does."""
MAX_FILES = 200
META_HASH = "meta.sha256"
"""Beside `meta.json` in the archive, its checksum as `sha256sum` writes it; older archives have none."""

_DATA = (".json", ".safetensors", ".md")
"""What a bundle's own files are; none of them is ever run."""

_BAD = "Ask for the file again; this one was changed or cut on its way."


def export_bundle(bundle: Bundle, paths: Paths, target: Path) -> None:
    """Pack a bundle and its encoders into a zip, after checking them.

    Raises:
        BundleError: the bundle is damaged. OutputError: the file exists or cannot be written.
    """
    verify_bundle(bundle, paths)
    if target.exists():
        raise OutputError(f"{target} exists", "Choose another name with -o.")
    # Weights do not compress: storing them is quicker and no larger.
    with whole_file(target) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as archive:
        for name in (META, *bundle.meta.files):
            archive.write(bundle.directory / name, f"bundle/{name}")
        archive.writestr(f"bundle/{META_HASH}", f"{file_hash(bundle.directory / META)}  {META}\n")
        for sha, folder in {
            bundle.meta.encoders[which]: bundle.encoder_directory(which, paths) for which in ("text", "image")
        }.items():
            for path in sorted(p for p in folder.iterdir() if p.is_file()):
                archive.write(path, f"encoders/{sha}/{path.name}")


def import_bundle(
    file: Path, paths: Paths, judge: Callable[[Bundle], object] = lambda bundle: None
) -> Bundle:
    """Unpack what `export_bundle` wrote into the user's bundles, all of it or nothing.

    A bundle whose id another bundle has here gets the next free version of its series, and its record
    then names the id it came with under `training["imported"]`. A damaged copy of the same bundle is
    replaced.

    Args:
        judge: asked about the unpacked bundle, whose checksums hold; raises `BundleError` to refuse it.

    Raises:
        BundleError: not such a file, damaged, unsafe, or this bundle is here already.
    """
    try:
        for folder in (paths.bundles_dir, paths.encoders_dir):
            make_private_folder(folder)
        with scratch_folder(paths.bundles_dir) as temporary:
            target = _take_in(file, temporary, paths, judge)
    except OSError as error:
        raise BundleError(
            f"{file} cannot be taken in: {why(error)}",
            "Check the file, the free space and the folder's rights.",
        ) from error
    return read_bundle(target)


def _take_in(file: Path, temporary: Path, paths: Paths, judge: Callable[[Bundle], object]) -> Path:
    """Unpack a bundle, and move it to its place once nothing speaks against it."""
    _unpack(file, temporary)
    try:
        bundle = read_bundle(temporary / "bundle")
    except BundleError as error:
        raise BundleError(error.message.replace(str(temporary / "bundle"), str(file)), _BAD) from error
    _check_contents(file, temporary, bundle)
    # Encoders lie beside the unpacked bundle, so this checks what came, not what was here.
    verify_bundle(bundle, paths)
    judge(bundle)
    here = _find_same(bundle, paths)
    if here is not None and _is_whole(here, paths):
        raise BundleError(f"{_name_both(here, bundle)} is here already", "Nothing was changed.")
    if here is not None and here.directory.parent == paths.bundles_dir:
        target, version = here.directory, here.meta.version
    else:
        version = free_version(paths, bundle.meta.name, bundle.meta.version, but=here)
        target = paths.bundles_dir / f"{bundle.meta.name}-{version}"
    if version != bundle.meta.version:
        _rename(bundle, version)
    _place_encoders(temporary / "encoders", paths)
    if target.exists():
        target.replace(temporary / "damaged")
    (temporary / "bundle").replace(target)
    return target


def _unpack(file: Path, folder: Path) -> None:
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            if len(entries) > MAX_FILES or sum(entry.file_size for entry in entries) > MAX_BYTES:
                raise BundleError(f"{file} is larger than any bundle", _BAD)
            for entry in entries:
                parts = PurePosixPath(entry.filename).parts
                is_ours = (len(parts) == 2 and parts[0] == "bundle" and _is_data(parts[1])) or (
                    len(parts) == 3 and parts[0] == "encoders" and parts[2] in FILES
                )
                if not is_ours or any(part in ("..", ".") or "\\" in part or ":" in part for part in parts):
                    raise BundleError(f"{file} holds {entry.filename!r}, which no bundle does", _BAD)
                target = folder.joinpath(*parts)
                target.parent.mkdir(parents=True, exist_ok=True)
                # "x": of two entries of one name only one would have been checked.
                with archive.open(entry) as source, target.open("xb") as sink:
                    shutil.copyfileobj(source, sink)
    except FileExistsError as error:
        raise BundleError(f"{file} holds a file twice, which no bundle does", _BAD) from error
    except (
        zipfile.BadZipFile,
        NotImplementedError,
        RuntimeError,
        EOFError,
        ValueError,
        zlib.error,
        lzma.LZMAError,
    ) as error:
        raise BundleError(f"{file} is not a packed bundle, or is damaged ({error})", _BAD) from error
    if not (folder / "bundle").is_dir() or not (folder / "encoders").is_dir():
        raise BundleError(f"{file} is not a packed bundle", _BAD)


def _is_data(name: str) -> bool:
    return name == META_HASH or PurePosixPath(name).suffix in _DATA


def _check_contents(file: Path, folder: Path, bundle: Bundle) -> None:
    """Compare what came with what the bundle's record names: all of that, and nothing else.

    Raises:
        BundleError: a file too many, an encoder too few, or a checksum differs.
    """
    recorded = folder / "bundle" / META_HASH
    if recorded.is_file():
        if recorded.read_bytes().split()[:1] != [file_hash(folder / "bundle" / META).encode()]:
            raise BundleError(f"{file}: {META} is damaged (its checksum differs)", _BAD)
        recorded.unlink()
    for path in (folder / "bundle").iterdir():
        if path.name not in (META, *bundle.meta.files):
            raise BundleError(
                f"{file} holds 'bundle/{path.name}', which the record of {bundle.id} does not name", _BAD
            )
    came = {path.name for path in (folder / "encoders").iterdir()}
    for which in ("text", "image"):
        if bundle.meta.encoders.get(which) not in came:
            raise BundleError(f"{file} lacks the {which} encoder of {bundle.id}", _BAD)
    for sha in sorted(came):
        if sha not in bundle.meta.encoders.values():
            raise BundleError(
                f"{file} holds 'encoders/{sha}', which the record of {bundle.id} does not name", _BAD
            )
        if directory_hash(folder / "encoders" / sha) != sha:
            raise BundleError(f"{file}: encoder {sha[:12]} is damaged (its checksum differs)", _BAD)


def _find_same(bundle: Bundle, paths: Paths) -> Bundle | None:
    """Find this very bundle among those here, also where it got another version on its way in."""
    ids = {bundle.id, bundle.imported_id} - {""}
    for item in list_bundles(paths):
        if (
            isinstance(item, Bundle)
            and ids & {item.id, item.imported_id}
            and _content(item) == _content(bundle)
        ):
            return item
    return None


def _content(bundle: Bundle) -> tuple[object, ...]:
    meta = bundle.meta
    # The card names the version, which an import may change.
    files = {name: sha for name, sha in meta.files.items() if name != CARD}
    return files, dict(meta.encoders), meta.labels


def _is_whole(bundle: Bundle, paths: Paths) -> bool:
    try:
        verify_bundle(bundle, paths)
    except BundleError:
        return False
    return True


def _name_both(here: Bundle, bundle: Bundle) -> str:
    return here.id if here.id == bundle.id else f"{bundle.id}, as {here.id},"


def _rename(bundle: Bundle, version: str) -> None:
    """Give an unpacked bundle another version, and put the id it had on its record."""
    training: dict[str, Any] = {
        **bundle.meta.training,
        IMPORTED: {"id": bundle.id, "at": datetime.now(UTC).isoformat(timespec="seconds")},
    }
    sign(replace(bundle.meta, version=version, training=training), bundle.directory)


def _place_encoders(came: Path, paths: Paths) -> None:
    """Put encoders where any bundle finds them, over damaged ones."""
    for folder in came.iterdir():
        place = paths.encoders_dir / folder.name
        if place.is_dir() and directory_hash(place) == folder.name:
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.exists():
            place.replace(came.parent / f"damaged-{folder.name}")
        folder.replace(place)
