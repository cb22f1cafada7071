"""A bundle with its encoders as one file, for a colleague; taken in only when every checksum holds."""

from __future__ import annotations

import os
import shutil
import zipfile
from pathlib import Path, PurePosixPath

from mmsa_tui.config import Paths
from mmsa_tui.errors import BundleError, OutputError
from mmsa_tui.model.bundle import Bundle, directory_hash, read_bundle, verify_bundle

SUFFIX = ".mmsa-bundle.zip"
MAX_BYTES = 2 * 1024**3
"""No bundle unpacks to more; an archive bomb does."""
MAX_FILES = 200

_BAD = "ask for the file again; this one was changed or cut on its way"


def export_bundle(bundle: Bundle, paths: Paths, target: Path) -> None:
    """Pack a bundle and its encoders into a zip, after checking them.

    Raises:
        BundleError: the bundle is damaged. OutputError: the file exists or cannot be written.
    """
    verify_bundle(bundle, paths)
    if target.exists():
        raise OutputError(f"{target} exists", "choose another name with -o")
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        # Weights do not compress: storing them is quicker and no larger.
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
            for name in ("meta.json", *bundle.meta.files):
                archive.write(bundle.directory / name, f"bundle/{name}")
            for which in ("text", "image"):
                folder = bundle.encoder_directory(which, paths)
                for path in sorted(p for p in folder.iterdir() if p.is_file()):
                    archive.write(path, f"encoders/{bundle.meta.encoders[which]}/{path.name}")
        temporary.replace(target)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise OutputError(
            f"{target} cannot be written: {error}", "free some space or choose another folder"
        ) from error


def import_bundle(file: Path, paths: Paths) -> Bundle:
    """Unpack what `export_bundle` wrote into the user's bundles, all of it or nothing.

    Raises:
        BundleError: not such a file, damaged, unsafe, or a bundle of that name and version is here.
    """
    paths.bundles_dir.mkdir(parents=True, exist_ok=True)
    temporary = paths.bundles_dir / f".import.{os.getpid()}"
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        _unpack(file, temporary)
        bundle = read_bundle(temporary / "bundle")
        # Encoders lie beside the unpacked bundle, so this checks what came, not what was here.
        verify_bundle(bundle, paths)
        target = paths.bundles_dir / bundle.id.replace(" ", "-")
        if target.exists():
            raise BundleError(f"a bundle {bundle.id} is here already", "nothing was changed")
        for folder in (temporary / "encoders").iterdir():
            place = paths.encoders_dir / folder.name
            if not place.exists():
                place.parent.mkdir(parents=True, exist_ok=True)
                folder.replace(place)
        (temporary / "bundle").replace(target)
    except OSError as error:
        raise BundleError(
            f"{file} cannot be taken in: {error}", "check the file and the free space"
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return read_bundle(target)


def _unpack(file: Path, folder: Path) -> None:
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            if len(entries) > MAX_FILES or sum(entry.file_size for entry in entries) > MAX_BYTES:
                raise BundleError(f"{file} is larger than any bundle", _BAD)
            for entry in entries:
                parts = PurePosixPath(entry.filename).parts
                is_ours = (len(parts) == 2 and parts[0] == "bundle") or (
                    len(parts) == 3 and parts[0] == "encoders"
                )
                if not is_ours or any(part in ("..", ".") or "\\" in part or ":" in part for part in parts):
                    raise BundleError(f"{file} holds {entry.filename!r}, which no bundle does", _BAD)
                target = folder.joinpath(*parts)
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(entry) as source, target.open("wb") as sink:
                    shutil.copyfileobj(source, sink)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise BundleError(f"{file} is not a packed bundle, or is damaged ({error})", _BAD) from error
    encoders = folder / "encoders"
    if not (folder / "bundle").is_dir() or not encoders.is_dir():
        raise BundleError(f"{file} is not a packed bundle", _BAD)
    for directory in encoders.iterdir():
        if directory_hash(directory) != directory.name:
            raise BundleError(
                f"{file}: encoder {directory.name[:12]} is damaged (its checksum differs)", _BAD
            )
