"""Finding pictures: by their first bytes, and by stem in a folder of any depth.

Knows file names and signatures; decodes nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from mmsa_tui.disk.safety import ignore, walk

HEAD_BYTES = 32
"""How much of a file `kind_of` needs."""

# fmt: off
PICTURE_SUFFIXES = frozenset((
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif", ".heic",
    ".heif",
))
OTHER_SUFFIXES = frozenset((
    ".txt", ".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".xlsx", ".xls", ".parquet", ".md", ".html", ".htm",
    ".js", ".css", ".xml", ".zip", ".gz", ".mp4", ".m4v", ".mov", ".webm", ".mkv", ".mp3", ".pdf", ".py",
    ".log", ".db",
))
# fmt: on
"""Never opened to look for a picture inside."""

_SIGNATURES = (
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"BM", "bmp"),
    (b"II*\0", "tiff"),
    (b"MM\0*", "tiff"),
)
_BRANDS = {b"avif": "avif", b"avis": "avif", b"heic": "heic", b"heix": "heic", b"mif1": "heic"}


def kind_of(head: bytes) -> str:
    """Name the picture format that these first bytes announce, or ""."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], "")
    # Any text may begin with "BM": a bitmap also states a reserved zero.
    if head[:2] == b"BM" and head[6:10] != b"\0\0\0\0":
        return ""
    return next((kind for mark, kind in _SIGNATURES if head.startswith(mark)), "")


def is_picture(path: Path) -> bool:
    """Whether a file is a picture by its bytes or, empty or damaged, at least by its name."""
    suffix = path.suffix.lower()
    if suffix in PICTURE_SUFFIXES:
        return True
    if suffix in OTHER_SUFFIXES:
        return False
    try:
        with path.open("rb") as file:
            return bool(kind_of(file.read(HEAD_BYTES)))
    except OSError:
        return False


_UPLOAD = re.compile(r"(?:[0-9a-f]{8}|[0-9a-f]{32})[-_](?=.)")
"""What Label Studio and others put before the name of an uploaded file."""
_NUMBERS = re.compile(r"([0-9]+)")

NUMBERED = re.compile(
    r"(?P<stem>.*[^/ ])(?:[_-](?:photo|image|img|pic|media)?[_-]?\d{1,3}| ?\(\d{1,3}\)|(?<=\d)[_-][a-j])",
    re.DOTALL,
)
"""How downloaders call the pictures of one post: `1_2.jpg`, `1-photo-2.jpg`, `1 (2).jpg`, `1_a.jpg`."""

NaturalKey = tuple[tuple[int, int, str], ...]


def natural_key(name: str) -> NaturalKey:
    """Order names as people do: `2` before `10`, case ignored, then by the exact name."""
    parts = tuple(
        (0, int(part), "") if part.isdecimal() and part.isascii() else (1, 0, part.casefold())
        for part in _NUMBERS.split(name)
        if part
    )
    return (*parts, (2, 0, name))


def split_name(relative: str) -> tuple[str, str, str]:
    """Split `a/b/1.JPG` into folder `a/b/`, stem `1` and lower-case suffix `.jpg`."""
    folder, slash, name = relative.rpartition("/")
    stem, dot, suffix = name.rpartition(".")
    if not stem:
        return folder + slash, name, ""
    return folder + slash, stem, (dot + suffix).lower()


def fold(stem: str) -> str:
    """Write a file name so that neither case matters nor that macOS keeps accents apart from letters."""
    return stem.casefold() if stem.isascii() else unicodedata.normalize("NFC", stem).casefold()


class PictureIndex:
    """The files of a folder by stem, case ignored; names only, so 200,000 fit in memory.

    A file is opened, to see whether it is a picture, only when its stem is asked for.
    """

    def __init__(self, root: Path, files: Iterable[str]) -> None:
        self._root = root
        self._by_stem: dict[str, list[str]] = {}
        self._by_tail: dict[str, list[str]] | None = None
        for relative in files:
            _, stem, suffix = split_name(relative)
            if suffix not in OTHER_SUFFIXES:
                self._by_stem.setdefault(fold(stem), []).append(relative)

    @classmethod
    def of_folder(cls, root: Path, note: Callable[[str], None] = ignore) -> PictureIndex:
        """Index every file below `root`."""
        base = root.resolve()
        return cls(base, walk(base, note))

    def find(self, stem: str, hint: str = "") -> tuple[Path, ...]:
        """Return the pictures with this stem, in natural order.

        Args:
            stem: a file name without suffix; case is ignored unless two files differ by it alone.
            hint: the folder name to prefer where several folders hold the stem, as in folders
                named after labels.
        """
        found = self._by_stem.get(fold(stem), [])
        exact = [name for name in found if split_name(name)[1] == stem]
        found = sorted(exact or found, key=natural_key)
        folders = {split_name(name)[0] for name in found}
        if len(folders) > 1:
            named = [folder for folder in folders if _last(folder) == hint.casefold()]
            chosen = min(named or folders, key=lambda folder: (folder.count("/"), folder))
            found = [name for name in found if split_name(name)[0] == chosen]
        return tuple(path for name in found if is_picture(path := self._root / name))

    def is_ambiguous(self, stem: str, hint: str = "") -> bool:
        """Whether files of this stem lie in several folders, and the hint names none of them."""
        folders = {split_name(name)[0] for name in self._by_stem.get(fold(stem), ())}
        return len(folders) > 1 and sum(_last(folder) == hint.casefold() for folder in folders) != 1

    def find_ending(self, stem: str) -> tuple[Path, ...]:
        """Return the pictures whose stem is this one behind the hash of an upload: `0a1b2c3d-cat`."""
        if self._by_tail is None:
            self._by_tail = {}
            for known, names in self._by_stem.items():
                if match := _UPLOAD.match(known):
                    self._by_tail.setdefault(known[match.end() :], []).extend(names)
        return tuple(self.pictures(sorted(self._by_tail.get(fold(stem), ()), key=natural_key)))

    def pictures(self, names: Iterable[str]) -> list[Path]:
        """Return the paths of those names that are pictures."""
        return [path for name in names if is_picture(path := self._root / name)]

    def names(self) -> Iterator[str]:
        """Yield every file that may be a picture, relative to the folder."""
        for names in self._by_stem.values():
            yield from names

    def stems(self) -> Iterator[str]:
        """Yield every stem, case folded."""
        return iter(self._by_stem)


def _last(folder: str) -> str:
    return folder.rstrip("/").rpartition("/")[2].casefold()
