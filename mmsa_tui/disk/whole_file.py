"""A file or folder that is there whole or not at all: written beside its place, flushed, renamed.

Knows folders and disks, not what is written.
"""

from __future__ import annotations

import errno
import hashlib
import os
import platform
import re
import shutil
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mmsa_tui.errors import OutputError

_STALE_S = 24 * 3600.0
_WRITER = re.compile(r"\.mmsa-([0-9a-f]{8})-(\d{1,9})-")


def check_place(target: Path, *, overwrite: bool = False) -> None:
    """Refuse a place that takes no new file.

    Raises:
        OutputError: an existing file that is to be kept, a folder, a device, a missing folder, or
            one that cannot be written.
    """
    with _explained(target):
        if target.is_dir():
            raise OutputError(f"{target} is a folder", "Give the name of a file in it.")
        if target.exists() and not target.is_file():
            raise OutputError(f"{target} is not a regular file", "Choose another name.")
        if target.exists() and not overwrite:
            raise OutputError(f"{target} exists", "Choose another name, or allow overwriting.")
        folder = _real(target).parent
        if not folder.is_dir():
            raise OutputError(f"the folder {folder} does not exist", "Make it first.")
        part = _part(folder)
        part.touch(exist_ok=False)
        part.unlink()


@contextmanager
def whole_file(target: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """Give an empty file to write to; it takes the target's place when the block ends well.

    Until all is on disk the target is as it was, also when the process is killed.

    Raises:
        OutputError: see `check_place`; or the disk is full or fails.
    """
    check_place(target, overwrite=overwrite)
    real = _real(target)
    remove_stale(real.parent)
    part = _part(real.parent)
    try:
        with _explained(target):
            # Exclusive creation: nobody's link is followed.
            part.touch(exist_ok=False)
            yield part
            _flush(part)
            if target.exists():
                if not overwrite:
                    raise OutputError(f"{target} has appeared in the meantime", "Choose another name.")
                shutil.copymode(real, part)
            part.replace(real)
            _flush_folder(real.parent)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """Give an empty folder to fill; it becomes the target when the block ends well.

    Raises:
        OSError: the disk is full, or the folder cannot be written; nothing is left then.
    """
    with scratch_folder(target.parent) as scratch:
        folder = scratch / "whole"
        folder.mkdir()
        yield folder
        for path in folder.iterdir():
            # A link to somebody's read-only file was flushed when that was written.
            with suppress(PermissionError):
                _flush(path)
        folder.replace(target)
        _flush_folder(target.parent)


@contextmanager
def scratch_folder(folder: Path) -> Iterator[Path]:
    """Give an empty folder inside another, to rename things from; it goes with all that is left in it.

    What killed runs have left goes first.

    Raises:
        OSError: it cannot be made.
    """
    remove_stale(folder)
    scratch = _part(folder)
    scratch.mkdir(mode=0o700, parents=True)
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


@contextmanager
def short_folder(longest: int) -> Iterator[Path]:
    """Give an empty folder whose name has at most so many bytes, for sockets; it goes as scratch folders do.

    Where the folder for temporary files has too long a name, in /tmp.

    Raises:
        OSError: it cannot be made.
    """
    name = f"{part_prefix()}{uuid.uuid4().hex[:4]}"
    for folder in (temporary_folder(), Path("/tmp")):
        if len(os.fsencode(folder / name)) <= longest:
            break
    remove_stale(folder)
    scratch = folder / name
    scratch.mkdir(mode=0o700)
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def temporary_folder() -> Path:
    """Find the folder for temporary files, without a trial file that a kill would leave."""
    names = ("TMPDIR", "TEMP", "TMP")
    for folder in (tempfile.tempdir, *map(os.environ.get, names), "/tmp"):
        if folder and Path(folder).is_dir() and os.access(folder, os.W_OK | os.X_OK):
            return Path(folder).absolute()
    # None of the usual ones is there: Python knows more of them, and tries each by a file.
    return Path(tempfile.gettempdir())  # noqa: TID251


def _real(target: Path) -> Path:
    # Replacing a link would leave what it points to as it was.
    return Path(os.path.realpath(target)) if target.is_symlink() else target.absolute()


def _part(folder: Path) -> Path:
    return folder / f"{part_prefix()}{uuid.uuid4().hex}.part"


def part_prefix() -> str:
    """Begin the name of a file that is being written: whoever finds it can tell whether its writer lives."""
    return f".mmsa-{_machine()}-{os.getpid()}-"


def _machine() -> str:
    return hashlib.blake2b(platform.node().encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()


def remove_stale(folder: Path) -> None:
    """Remove what killed runs left in the folder: posts may be in it.

    Where it cannot be told whether the writer lives, as on a drive of several machines, a day later.
    """
    with suppress(OSError):
        for part in folder.glob(".mmsa-*"):
            found = _WRITER.match(part.name)
            is_over = found is not None and found[1] == _machine() and not _is_alive(int(found[2]))
            if not is_over and time.time() - part.lstat().st_mtime < _STALE_S:
                continue
            remove: Callable[[Path], object] = shutil.rmtree if part.is_dir() else os.unlink
            with suppress(OSError):
                remove(part)


def _is_alive(process: int) -> bool:
    if os.name == "nt":
        # There the same call would end the process.
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _flush(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    # Windows has no such call, and some network drives refuse it; the rename is done either way.
    with suppress(OSError, AttributeError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def _explained(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise OutputError(
                f"the disk is full: {target} was not written",
                "Free some space, or write to another disk; an earlier file is as it was.",
            ) from error
        if isinstance(error, PermissionError):
            raise OutputError(
                f"{target} cannot be written: {error.strerror or error}",
                "Close it if another program has it open, or choose a folder you can write.",
            ) from error
        raise OutputError(
            f"{target} cannot be written: {error.strerror or error}",
            "Choose another name or folder; an earlier file is as it was.",
        ) from error


def why(error: OSError) -> str:
    """Say without a path why something could not be written; what copying a folder gives is its first."""
    if isinstance(error, shutil.Error) and error.args and error.args[0]:
        reason = str(error.args[0][0][-1])
        return "the disk is full" if "No space left" in reason else reason
    is_full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return "the disk is full" if is_full else error.strerror or str(error)


def remove(path: Path) -> None:
    """Remove a file, or a folder with all that is in it; nothing happens if it is not there.

    Raises:
        OutputError: it cannot be removed.
    """
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(
            f"{path} cannot be removed: {error.strerror or error}",
            "Close other mmsa windows and run the same command again to finish it.",
        ) from error
