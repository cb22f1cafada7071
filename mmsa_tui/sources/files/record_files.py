"""The files of JSON records that a source consists of: itself, or those in its folder.

Knows which names such files have and how to leave out a file of another format; the format itself
is the reader's `is_ours`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Literal

from mmsa_tui.disk.safety import ignore, walk
from mmsa_tui.errors import SourceError
from mmsa_tui.pictures.finder import natural_key
from mmsa_tui.sources.base import Match, ReadOptions
from mmsa_tui.sources.fields.lookup import Object
from mmsa_tui.sources.files.ndjson import JSON_SUFFIXES, Entry, read_entries, sample_records

_PACKED = (".gz", ".bz2", ".zst", ".xz", ".zip")
_SUFFIXES = (*JSON_SUFFIXES, *(plain + packed for plain in JSON_SUFFIXES for packed in _PACKED))

_DETECT_FILES = 4
_LIKELY = re.compile(
    r"(?:.*[_-])?(?:posts?|tweets?|toots?|statuses|outbox|result|messages?|threads|comments|data)(?:[_-].*)?\..*",
    re.IGNORECASE,
)
"""Names of the files, among the hundred of a download, that hold what somebody wrote."""
_ONE_IN = 5
_NAMED = 5
_LOOK_AT_KEYS = 8
_DETECT_NAMES = 20_000
_DETECT_KINDS = 8
_DIGITS = re.compile(r"\d+")


def detect_records(
    source: Path, is_ours: Callable[[Object], bool], name: str, reason: str, certainty: int = 95
) -> Match | None:
    """Claim a source if one of its first files begins like the format.

    Args:
        is_ours: whether a record is of the format.
        name: the reader's.
        reason: what was recognised, as a sentence that goes on after "<file>: ".
        certainty: as in `Match`.
    """
    for path in _first_files(source):
        if share := _share_of(path, is_ours):
            # Whose kinds alone speak for it may be what damage left of a record of another format.
            return Match(name, certainty - (share == "kinds"), f"{path.name}: {reason}")
    return None


def read_records(source: Path, options: ReadOptions, is_ours: Callable[[Object], bool]) -> Iterator[Entry]:
    """Yield the records of every file of the format, files in natural order.

    A file that the user points at is read whatever it looks like.

    Raises:
        SourceError: there is nothing to read, or the one file there is cannot be opened.
    """
    if not source.is_dir():
        try:
            yield from read_entries(source)
        except OSError as error:
            raise SourceError(
                f"{source.name} cannot be read: {error}", "Check that it is a file and that you may read it."
            ) from error
        return
    names = sorted((name for name in walk(source, options.note) if _has_records(name)), key=natural_key)
    ours = [name for name in names if _share_of(source / name, is_ours)]
    if not ours:
        raise SourceError(
            f"{source} holds no file of this format", "Run `mmsa inspect` to see what it looks like."
        )
    if len(ours) < len(names):
        of_format = set(ours)
        left = [name for name in names if name not in of_format]
        shown = ", ".join(left[:_NAMED]) + (", …" if len(left) > _NAMED else "")
        options.note(f"JSON files of another format left out: {len(left):,} ({shown})")
    for name in ours:
        try:
            yield from read_entries(source / name)
        except OSError as error:
            yield Entry(name, reason=f"{name} cannot be read: {error}")


def _share_of(path: Path, is_ours: Callable[[Object], bool]) -> Literal["records", "kinds", ""]:
    """Say of what enough is of a format in the beginning of a file: some may be notices, or damaged."""
    records = sample_records(path)
    if sum(map(is_ours, records)) > len(records) / _ONE_IN:
        return "records"
    # A download lists logins and likes by the hundred beside the few posts: kinds count as well.
    kinds = {tuple(record)[:_LOOK_AT_KEYS]: record for record in records}
    return "kinds" if sum(map(is_ours, kinds.values())) > len(kinds) / _ONE_IN else ""


def _has_records(name: str) -> bool:
    # Collections of Reddit are called `RS_2020-05.zst`.
    return name.lower().endswith((*_SUFFIXES, ".zst"))


def _first_files(source: Path) -> list[Path]:
    if not source.is_dir():
        return [source]
    names = [name for name in islice(walk(source, ignore), _DETECT_NAMES) if _has_records(name)]
    names.sort(key=lambda name: (name.count("/"), natural_key(name)))
    likely = [name for name in names if _LIKELY.fullmatch(name.rpartition("/")[2])]
    kinds: dict[tuple[str, str], str] = {}
    for name in names:
        # `source-tweets/552783238415265792.json` is of another kind than the `annotation.json` above it.
        above, _, last = name.rpartition("/")
        kinds.setdefault((_DIGITS.sub("#", above.rpartition("/")[2]), _DIGITS.sub("#", last)), name)
    further = list(kinds.values())[:_DETECT_KINDS]
    chosen = dict.fromkeys((*likely[:_DETECT_FILES], *names[:_DETECT_FILES], *further))
    return [source / name for name in chosen]
