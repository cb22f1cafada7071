"""Pictures that a row names: what a cell lists, and which files below the source that means.

Knows how tools write lists into cells and how downloaders name files; knows no format.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

from mmsa_tui.disk.safety import ignore, resolve_inside, walk
from mmsa_tui.pictures.finder import NUMBERED, PictureIndex, fold, natural_key, split_name
from mmsa_tui.pictures.media import MAX_NEIGHBOURS, file_name
from mmsa_tui.records import Picture
from mmsa_tui.sources.files.cells import NOTHING, parse_cell
from mmsa_tui.sources.picture_folders import archives_in, is_called_like_pictures, picture_folders_beside

MAX_PICTURES = 100
"""Pictures of one post; more come from a damaged cell."""

_VECTOR = re.compile(r"""c\((\s*["'].*["']\s*)\)""", re.DOTALL)
"""A list as R writes it."""
_SUFFIX = r"\.(?:jpe?g|jfif|png|webp|gif|bmp|tiff?|avif|heic)"
_SPACED = re.compile(rf"{_SUFFIX}(?:[?:@]\S*)?[ ,]+(?=\S)", re.IGNORECASE)
_CAPTION = re.compile(r"#\d{1,2}$")
_WITH_ADDRESS = re.compile(rf"({_SUFFIX}) \(https?://[^\s()]+\)", re.IGNORECASE)
"""The address that Airtable puts behind the name of a file."""
_ADDRESSES = re.compile(r"(?=\b(?:https?:)?//)")
_ADDRESS = re.compile(r"(?:https?:)?//[^\s\"'<>|;]+")
_UPLOAD = re.compile(r"^(?:[0-9a-f]{8}|[0-9a-f]{32})[-_](?=.)", re.IGNORECASE)
"""What Label Studio and others put before the name of an uploaded file."""
_LEAF_KEYS = (
    "media_url_https", "media_url", "original", "fullUrl", "full_url", "image_url", "imageUrl", "display_url",
    "displayUrl", "fullsize", "url", "src", "path", "filename", "file_name", "export_name", "file", "name",
    "uri", "thumbnail", "preview_image_url",
)  # fmt: skip
_NEST_KEYS = ("photos", "photo", "images", "image", "media", "items", "attachments", "pictures")
_ID_KEYS = ("photo_id", "image_id", "picture_id", "_id")
_STILLS = ("thumbnail", "thumbnail_url", "thumbnailUrl", "preview_image_url", "previewUrl", "poster")
_NOT_PICTURES = frozenset(("video", "audio", "link", "website"))
_PICTURE_KINDS = frozenset(("photo", "image"))
_ID_PART = re.compile(r"[A-Za-z0-9]+")
_MIN_ID = 5
"""Shorter ids turn up in file names by chance."""
_MIN_NAME = 8
"""Characters of a file name that is hardly the same in another folder by chance."""
_MIN_ROWS = 2
_LISTED = re.compile(r"[,;|\s]+")
_TRIAL = 40
"""References by which a folder beside the table's own is judged."""


Sight = tuple[Sequence[str], str, Mapping[str, str]]
"""What a row says of its pictures: its references, its id, all its cells."""


def split_references(cell: str) -> list[str]:
    """Tell the pictures of a cell apart.

    One path or address; several with `;`, `|`, `,`, spaces or lines between; a list in JSON or as
    Python writes it, of strings or of objects that hold an address.
    """
    cell = cell.strip()
    if cell.casefold() in NOTHING:
        return []
    if match := _VECTOR.fullmatch(cell):
        cell = f"[{match[1]}]"
    if cell[0] in "[{(" and cell[-1] in "]})":
        parsed = parse_cell(cell)
        if parsed is not None:
            return list(dict.fromkeys(_leaves(parsed, 0)))[:MAX_PICTURES]
        found = _ADDRESS.findall(cell)
        if found:
            return list(dict.fromkeys(found))[:MAX_PICTURES]
    cell = _WITH_ADDRESS.sub(r"\1", cell)
    for separator in (";", "|", "\r", "\n", "\t"):
        cell = cell.replace(separator, "\n")
    names: list[str] = []
    for part in cell.split("\n"):
        names += _split_unmarked(part)
    return list(dict.fromkeys(name for name in names if name.casefold() not in NOTHING))[:MAX_PICTURES]


def _split_unmarked(text: str) -> Iterator[str]:
    """Split at commas and spaces only where an address or the suffix of a picture ends."""
    pieces = _ADDRESSES.split(text) if text.count("//") > 1 else [text]
    for piece in pieces:
        start = 0
        for match in _SPACED.finditer(piece):
            yield piece[start : match.end()].strip(" ,'\"")
            start = match.end()
        yield piece[start:].strip(" ,'\"")


def _leaves(value: object, depth: int) -> Iterator[str]:
    if depth > 5:
        return
    if isinstance(value, str):
        if value.strip().casefold() not in NOTHING:
            yield value.strip()
    elif isinstance(value, list | tuple | set):
        for item in value:
            yield from _leaves(item, depth + 1)
    elif isinstance(value, dict):
        kind = value.get("type") or value.get("__typename") or ""
        if isinstance(kind, str) and kind.casefold() in _NOT_PICTURES:
            # Of a video there may be a still.
            if still := next((value[key] for key in _STILLS if isinstance(value.get(key), str)), ""):
                yield still
            return
        for key in _LEAF_KEYS:
            leaf = value.get(key)
            if isinstance(leaf, str) and leaf.strip():
                yield leaf.strip()
                return
            if isinstance(leaf, dict | list):
                yield from _leaves(leaf, depth + 1)
                return
        for key in _NEST_KEYS:
            if isinstance(value.get(key), dict | list):
                yield from _leaves(value[key], depth + 1)
                return
        # Where a file is called by its id alone, as in lists of Yelp.
        if own := next((value[key] for key in _ID_KEYS if isinstance(value.get(key), str)), ""):
            yield own
            return
        # Meta's libraries name a picture by its id alone, under which it is saved.
        if isinstance(kind, str) and kind.casefold() in _PICTURE_KINDS and value.get("id"):
            yield str(value["id"])


class RowPictures:
    """Finds the files of the pictures that rows of a table name, anywhere below the source.

    By path, else by file name, by stem, without the hash of an upload, and where a row names none
    that is there, by its id in the name of a file, or by a cell that files are called like. A folder of
    pictures beside the table's own is looked at only where most of the first references lie there.
    """

    def __init__(
        self, source: Path, table: Path, note: Callable[[str], None] = ignore, folder: str = ""
    ) -> None:
        self._note = note
        self._table_root = table.resolve().parent
        self._root = source.resolve() if source.is_dir() else self._table_root
        self._said = Path(folder).expanduser().resolve() if folder else None
        if self._said is not None and not self._said.is_dir():
            note(f"{folder} is no folder: no picture is found in it")
        self._index: PictureIndex | None = None
        self._roots: list[Path] = []
        self._by_id: dict[str, list[str]] | None = None
        self._ambiguous = self._missing = 0
        self._by_stem: dict[str, list[str]] | None = None
        self.column = ""
        """The column whose cells pictures are called like, where nothing else names them."""

    def prepare(self, rows: Iterable[Sight], columns: Sequence[str] = ()) -> None:
        """Settle where pictures lie, and what they are called like.

        Args:
            rows: what a few rows say.
            columns: those that pictures may be called like.
        """
        trial = list(islice(rows, _TRIAL))
        if self._said is not None:
            self._set_roots([self._said, self._table_root, self._root])
            if not self._finds(trial):
                self._settle_column(trial, columns)
            return
        self._set_roots(
            [self._table_root] if self._table_root == self._root else [self._table_root, self._root]
        )
        if not trial or self._finds(trial) or self._settle_column(trial, columns):
            return
        beside = picture_folders_beside(self._table_root) if self._table_root == self._root else []
        for folder in beside:
            self._set_roots([folder])
            # A folder that is not called like pictures must hold what chance would not.
            is_called = is_called_like_pictures(folder)
            named = [len(file_name(name)) for names, _, _ in trial for name in names]
            if not is_called and min(named, default=0) < _MIN_NAME:
                continue
            if 2 * self._finds(trial) >= len(trial) or self._settle_column(trial, columns, _MIN_ID):
                self._note(f"pictures are taken from {folder.name}/, beside the folder of the table")
                self._set_roots([self._table_root, folder.parent, folder])
                return
        self._set_roots([self._table_root])

    def _finds(self, trial: Sequence[Sight]) -> int:
        return sum(self._locate(names, post_id) for names, post_id, _ in trial)

    def _settle_column(self, trial: Sequence[Sight], columns: Sequence[str], shortest: int = 1) -> bool:
        """Find the column that pictures are called like, each row's otherwise: `7.jpg` beside an id of 7.

        Args:
            shortest: characters of a cell that may be meant; in a folder elsewhere `7.jpg` is another.
        """
        if next(self._open_index().stems(), None) is None:
            return False
        for column in columns:
            cells = [cell for _, _, values in trial if (cell := values.get(column, "").strip())]
            least = max(_MIN_ROWS, len(trial) // 2)
            if len(cells) < least or len(set(cells)) < len(cells) or min(map(len, cells)) < shortest:
                continue
            if sum(bool(self._called_like(cell)) for cell in cells) >= max(_MIN_ROWS, 0.5 * len(cells)):
                self._note(f"pictures are found by their names, which stand in column `{column}`")
                self.column = column
                return True
        return False

    def _called_like(self, cell: str) -> list[Path]:
        """Return the pictures of this stem, also numbered: `7.jpg`, `7_1.jpg`, `7_2.jpg`."""
        index = self._open_index()
        if self._by_stem is None:
            self._by_stem = {}
            for stem in index.stems():
                if match := NUMBERED.fullmatch(stem):
                    self._by_stem.setdefault(match["stem"], []).append(stem)
        if exact := index.find(cell):
            return list(exact)
        stems = sorted(self._by_stem.get(fold(cell), ()), key=natural_key)
        parts = [] if stems else [part for part in _LISTED.split(cell) if part]
        if len(parts) > 1:
            return [path for part in parts[:MAX_PICTURES] for path in index.find(part)]
        return [path for stem in stems[:MAX_PICTURES] for path in index.find(stem)]

    def find(self, names: Sequence[str], post_id: str = "", called: str = "") -> tuple[Picture, ...]:
        """Return the pictures of a row: those it names, missing ones without a path.

        Args:
            post_id: of the row, as it may stand in the name of a file.
            called: the row's cell in `column`, "" where there is none.
        """
        found: list[Picture] = []
        missing: list[Picture] = []
        for name in names:
            path = self._path_of(name)
            self._missing += path is None
            if path is not None:
                if all(path != other.path for other in found):
                    found.append(Picture(name[-500:], path))
            else:
                missing.append(Picture(_last_part(name)))
        if not found and called:
            found = [Picture(path.name, path) for path in self._called_like(called)]
            self._ambiguous += bool(found) and self._open_index().is_ambiguous(called)
            if found:
                return tuple(found)
        if not found and post_id:
            found = [Picture(path.name, path) for path in self._paths_with_id(post_id)]
            if found or not missing:
                return tuple(found)
        # An address may stand beside the path of the same picture, or beside that of a smaller copy.
        stems = {split_name(picture.path.name)[1].casefold() for picture in found if picture.path}
        lost = {split_name(file_name(picture.name))[1].casefold(): picture for picture in reversed(missing)}
        missing = [picture for stem, picture in reversed(lost.items()) if stem not in stems]
        addresses = [name for name in names if _is_address(name)]
        paths = [name for name in names if not _is_address(name)]
        if len(addresses) == len(paths):
            # As many of one as of the other: each picture is named twice, and saved under a name of its own.
            last = {_last_part(name) for name in addresses}
            missing = [picture for picture in missing if picture.name not in last]
        return (*found, *missing)

    def forget(self) -> None:
        """Take back what was in doubt so far."""
        self._ambiguous = self._missing = 0

    def close(self) -> None:
        """Say what was in doubt, and where pictures may lie that are missing."""
        archives = archives_in(self._table_root) if self._missing else []
        if archives:
            self._note(
                f"pictures are missing, and archives beside the table are not looked into: "
                f"{', '.join(archives)}; unpack them there"
            )
        if self._ambiguous:
            self._note(
                f"{self._ambiguous:,} pictures lie in several folders under the same name: the first was "
                "taken; --pictures FOLDER chooses"
            )

    def _set_roots(self, roots: Sequence[Path]) -> None:
        self._roots, self._index = list(dict.fromkeys(roots)), None
        self._by_id = self._by_stem = None

    def _locate(self, names: Sequence[str], post_id: str) -> bool:
        return any(self._path_of(name) is not None for name in names) or bool(self._paths_with_id(post_id))

    def _open_index(self) -> PictureIndex:
        if self._index is None:
            self._index = self._index_of(self._said or self._roots[-1])
        return self._index

    def _index_of(self, root: Path) -> PictureIndex:
        names = list(islice(walk(root), MAX_NEIGHBOURS))
        if len(names) == MAX_NEIGHBOURS:
            self._note(f"pictures were looked for among {MAX_NEIGHBOURS:,} files below {root.name} only")
        return PictureIndex(root, names)

    def _path_of(self, name: str) -> Path | None:
        plain = _without_address(name)
        for root in self._roots:
            if plain and (path := resolve_inside(root, plain)) is not None:
                return path
        last = file_name(name)
        _folder, stem, suffix = split_name(last)
        if not stem:
            return None
        hint = plain.replace("\\", "/").rpartition("/")[0].rpartition("/")[2]
        index = self._open_index()
        # Captions of a picture are numbered behind its name: `1000.jpg#2`.
        bare = _CAPTION.sub("", name)
        if bare != name:
            return self._path_of(bare)
        for candidate in dict.fromkeys((stem, last, _UPLOAD.sub("", stem))):
            paths = index.find(candidate, hint)
            if paths:
                exact = [path for path in paths if path.suffix.casefold() == suffix] or list(paths)
                self._ambiguous += index.is_ambiguous(candidate, hint)
                return exact[0]
        return self._by_upload(stem)

    def _by_upload(self, stem: str) -> Path | None:
        """Find a file that an upload gave a hash which the table does not know."""
        index = self._open_index()
        found = index.find_ending(stem)
        return found[0] if found else None

    def _paths_with_id(self, post_id: str) -> list[Path]:
        """Return the pictures that carry an id: `ID.jpg`, `ID-1.jpg`, `me_ID_photo_1.jpg`, `ID/1.jpg`."""
        if self._by_id is not None and not self._by_id:
            return []
        post_id = post_id.rpartition("/")[2]
        if len(post_id) < _MIN_ID:
            return []
        index = self._open_index()
        if self._by_id is None:
            self._by_id = {}
            for name in index.names():
                folder, stem, _ = split_name(name.casefold())
                within = folder.rstrip("/").rpartition("/")[2]
                for part in {stem, *_ID_PART.findall(stem), within}:
                    if len(part) >= _MIN_ID and (part != within or any(map(str.isdigit, part))):
                        self._by_id.setdefault(part, []).append(name)
        names = sorted(self._by_id.get(post_id.casefold(), ()), key=natural_key)
        if not names:
            return []
        return index.pictures(names[:MAX_PICTURES])


def _is_address(name: str) -> bool:
    return re.match(r"(?:https?:)?//", name) is not None


def _without_address(name: str) -> str:
    """Return the path that a reference may be below the source, "" for an address."""
    if _is_address(name):
        return ""
    return name.removeprefix("file:").split("?")[0] if "?" in name else name


def _last_part(name: str) -> str:
    # Of an address or a foreign path only the last part says anything.
    return name.replace("\\", "/").rstrip("/").rpartition("/")[2][:500] or name[:500]
