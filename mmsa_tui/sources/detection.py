"""Which format a source is in, why, and what else it might be."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from mmsa_tui.disk.archive import Archive
from mmsa_tui.disk.safety import check_source, walk
from mmsa_tui.errors import SourceError
from mmsa_tui.pictures.finder import HEAD_BYTES, kind_of
from mmsa_tui.sources.base import Match, Reader, ReadOptions
from mmsa_tui.sources.files.byte_stream import damage_of, is_tape, packing_of, read_start
from mmsa_tui.sources.files.encodings import suggest_encodings
from mmsa_tui.sources.files.foreign import foreign_kind
from mmsa_tui.sources.files.ndjson import JSON_SUFFIXES, sample_records
from mmsa_tui.sources.files.tables import kind_of_table, looks_like_markup, looks_like_script
from mmsa_tui.sources.registry import formats
from mmsa_tui.sources.unpacked import detect_inside, holds_folder

_ARCHIVES = ((b"7z\xbc\xaf\x27\x1c", "7z"), (b"Rar!\x1a\x07", "rar"))
_TAPE_SUFFIXES = (".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst")
_LOOK_AT_FILES = 200
_NOTE = re.compile(r"(?:^|/)(?:read_?me|licen[cs]e|changelog|notice)[^/]*$|\.pdf$", re.IGNORECASE)
"""Files that tell of an archive."""
_BINARY = (".parquet", ".feather", ".xlsx", ".db", ".sqlite", ".sav", ".dta", ".car", ".zip", ".gz", ".zst")
"""What is called so and is no such file is damaged, or was never one."""
_BLANK_BYTES = 64 * 1024
_CLOSE = 10
"""Claims nearer than this to the best one leave room for doubt."""


@dataclass(frozen=True, slots=True)
class Detection:
    """The format chosen for a source; `others` are the further claims, the strongest first."""

    chosen: Match
    others: tuple[Match, ...] = ()

    @property
    def format(self) -> str:
        return self.chosen.format

    @property
    def reason(self) -> str:
        return self.chosen.reason

    @property
    def is_ambiguous(self) -> bool:
        """Whether another format claims the source nearly as strongly."""
        return any(self.chosen.certainty - other.certainty < _CLOSE for other in self.others)


def detect(source: Path, options: ReadOptions | None = None) -> Detection:
    """Find the format of a source by its content.

    Args:
        options: what the user says of it; what only tables have makes it a table.

    Raises:
        SourceError: it cannot be read, is empty, is in no format we know, or holds several tables
            that could be meant.
        UsageError: the options do not fit the source.
    """
    options = options or ReadOptions()
    check_source(source)
    if source.is_file() and source.stat().st_size == 0:
        raise SourceError(f"{source} is an empty file", "Point at a file with posts in it.")
    if source.is_file() and _is_blank(source):
        raise SourceError(f"{source} holds blanks alone", "Point at a file with posts in it.")
    if source.is_dir() and next(source.iterdir(), None) is None:
        raise SourceError(f"{source} is an empty folder", "Point at a folder with posts in it.")
    refuse_archive(source)
    if _must_be_table(source, options):
        return Detection(_as_said(source, options))
    matches = _claims(source, options)
    if not matches and holds_folder(source):
        inside = detect_inside(source, lambda folder: next(iter(_claims(folder, options)), None))
        matches = [inside] if inside else []
    if not matches:
        refuse_bad_zip(source)
        if source.is_file() and (damage := damage_of(source)):
            raise SourceError(
                f"{source.name} is packed, and no post in it can be read: {damage}",
                "Download it again, or ask for it to be packed again.",
            )
        raise SourceError(
            f"{source} is in none of the formats that are known: {', '.join(formats())}", _advise(source)
        )
    if matches[0].problem:
        raise SourceError(matches[0].problem, matches[0].advice or _advise(source))
    return Detection(matches[0], tuple(match for match in matches[1:] if not match.problem))


def _is_blank(source: Path) -> bool:
    return source.stat().st_size <= _BLANK_BYTES and not source.read_bytes().strip()


def about_format(said: Reader, source: Path, options: ReadOptions) -> str:
    """Tell that a source looks like another format than the one it is to be read in, "" where it does not."""
    if said.detect(source) is not None or holds_folder(source):
        return ""
    others = [match.format for match in _claims(source, options) if not match.problem]
    if not others:
        return ""
    return f"{source.name} does not look like {said.name}; without --format it is read as {others[0]}"


def _must_be_table(source: Path, options: ReadOptions) -> bool:
    """Whether what the user says leaves only a table: a column, or what the source has room for."""
    if not options.says_table or options.columns or source.is_dir():
        return options.says_table
    return kind_of_table(source, options.encoding, options.delimiter) not in ("jsonl",)


def _claims(source: Path, options: ReadOptions) -> list[Match]:
    """Return the claims of all readers, the strongest first."""
    found = [match for name in formats() if (match := claim(name, source, options))]
    # The sort is stable: of equal claims the one whose name comes first is chosen.
    return sorted(found, key=lambda match: -match.certainty)


def claim(name: str, source: Path, options: ReadOptions) -> Match | None:
    """Ask one reader whether a source is its own."""
    if name == "table":
        # The only reader whose claim depends on what the user says: an encoding, a column.
        from mmsa_tui.sources.readers.table import detect_table

        return detect_table(source, options)
    return formats()[name].detect(source)


def _as_said(source: Path, options: ReadOptions) -> Match:
    found = claim("table", source, options)
    if found is None and holds_folder(source):
        found = detect_inside(source, lambda folder: claim("table", folder, options))
    if found is None:
        return Match("table", 100, "read as table because you asked for it")
    if found.problem:
        raise SourceError(found.problem, found.advice)
    return Match("table", 100, f"{found.reason}, because you said what it holds")


def refuse_bad_zip(source: Path) -> None:
    """Raise what is wrong with a zip file: readers only say that it is not theirs.

    Raises:
        SourceError: it is damaged, locked or a bomb, which nobody should be advised to unpack.
    """
    try:
        with source.open("rb") as file:
            is_zip = file.read(4) == b"PK\x03\x04"
    except OSError:
        return
    if is_zip:
        Archive(source).close()


def tell_of_packed(source: Path, note: Callable[[str], None]) -> None:
    """Tell what a zip file of one file holds beside it, and is left out."""
    told: list[str] = []
    try:
        with source.open("rb") as file:
            if file.read(4) != b"PK\x03\x04":
                return
        with Archive(source, told.append) as archive:
            is_one = len(archive.members) == 1
    except (OSError, SourceError):
        return
    for text in told if is_one else ():
        note(text)


def refuse_archive(source: Path) -> None:
    """Raise that a file is of a kind that is not read as it lies, with what to do: an archive is unpacked.

    Pictures stay in their archive and are looked at again and again, and of these kinds only a zip file
    lets one be read without all before it.

    Raises:
        SourceError: it is one.
    """
    if not source.is_file():
        return
    if foreign := foreign_kind(read_start(source, 16 * 1024), source.name):
        raise SourceError(f"{source.name} is {foreign.what}: such files are not read", foreign.advice)
    _refuse_nested(source)
    if not (kind := kind_of_archive(source)):
        return
    raise SourceError(
        f"{source.name} is a {kind} archive: of archives only zip files are read as they are",
        f"Unpack it, {_unpacking(source, kind)}, and point at the folder.",
    )


def _refuse_nested(source: Path) -> None:
    """Raise that a zip file holds archives, and nothing else that could be a post.

    Raises:
        SourceError: names one of them.
    """
    with source.open("rb") as file:
        if file.read(4) != b"PK\x03\x04":
            return
    try:
        with Archive(source) as archive:
            nested, others = archive.nested, list(archive.members)
    except (OSError, SourceError):
        return
    if nested and all(_NOTE.search(name) for name in others):
        raise SourceError(
            f"{source.name} holds archives that are not read within it: {', '.join(nested[:3])}",
            "Unpack it and point at the archive in it, or at its folder.",
        )


def _unpacking(source: Path, kind: str) -> str:
    stem = source.name.partition(".")[0] or "unpacked"
    file, folder = shlex.quote(str(source)), shlex.quote(str(source.with_name(f"{stem}-unpacked")))
    return {
        "tar": f"mkdir {folder} && tar -xf {file} -C {folder}",
        "7z": f"7z x {file} -o{folder}",
        "rar": f"7z x {file} -o{folder}, or unrar x {file} {folder}/",
    }[kind]


def kind_of_archive(source: Path) -> str:
    start = read_start(source, 512)
    if is_tape(start) or source.name.lower().endswith(_TAPE_SUFFIXES):
        return "tar"
    return next((kind for mark, kind in _ARCHIVES if start.startswith(mark)), "")


def _advise(source: Path) -> str:
    """Say what to do with a source that nobody claims, by what it really is."""
    if source.is_dir():
        for path in sorted(islice(source.iterdir(), _LOOK_AT_FILES)):
            if path.is_file() and (kind := kind_of_archive(path)):
                command = _unpacking(path, kind)
                return f"It holds {kind} archives: unpack each, {command}, and point at the folder."
            if path.is_file() and (foreign := foreign_kind(read_start(path, 16 * 1024), path.name)):
                return f"{path.name} is {foreign.what}. {foreign.advice}"
        told: list[str] = []
        if next(walk(source, told.append), None) is None and told:
            return f"No file is in it: {'; '.join(told)}. Copy the files themselves into a folder."
        return "Point at a single file or subfolder, or force a format with --format."
    try:
        with source.open("rb") as file:
            head = file.read(8)
    except OSError:
        head = b""
    plain = read_start(source, 64 * 1024)
    name = source.name.lower()
    if name.endswith(".xls") and looks_like_markup(plain):
        return (
            "This is a web page that is called .xls, as websites hand out tables: open it in a spreadsheet "
            "program and save it as .xlsx."
        )
    if head.startswith(b"\xd0\xcf\x11\xe0") or name.endswith(".xls"):
        return "This is an Excel file of before 2007 that cannot be read: save it as .xlsx."
    if name.endswith((".ods", ".fods", ".numbers")) or b"opendocument.spreadsheet" in plain[:200]:
        return "This is a sheet that cannot be read: export it as Excel (.xlsx), or as csv in UTF-8."
    if head.startswith(b"PK\x03\x04"):
        notes: list[str] = []
        with Archive(source, notes.append) as archive:
            if not archive.members and notes:
                return f"Nothing in it can be read: {'; '.join(notes)}. Ask for it to be packed again."
    if packing_of(head):
        return "This is an archive: unpack it and point at the folder."
    if head.startswith(b"%PDF"):
        return "This is a PDF: export the posts as csv or xlsx from where they come from."
    if kind_of(plain[:HEAD_BYTES]):
        return "This is a picture: point at its folder, or at the table that names it."
    if looks_like_markup(plain):
        return "This is a web page: download the data in another form, such as JSON or csv."
    if looks_like_script(plain):
        return (
            "This is a script that holds JSON: take off what stands before the first [ or { and behind the "
            "last, and save it as .json."
        )
    if name.endswith(_BINARY):
        return f"It is called {source.suffix} and holds no such file: download it again, or repair it."
    if name.endswith(JSON_SUFFIXES) and (records := sample_records(source, 1)):
        fields = ", ".join(list(records[0])[:10])
        return f"Its records have no field that reads like a text: {fields}. Name one: --map text=FIELD."
    if name.endswith(JSON_SUFFIXES):
        return "It is called JSON and holds no record that can be read: download it again, or repair it."
    likely = suggest_encodings(plain)
    if likely:
        return f"It is not in UTF-8: name its encoding, as --encoding {likely[0]}."
    return "Force a format with --format, or export the posts as csv in UTF-8, xlsx or JSON."
