"""Folders where a text and its pictures share a stem: `1.txt` beside `1.jpg`.

Also reads a folder of pictures alone, or of texts alone: one post a file.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from mmsa_tui.disk.safety import walk
from mmsa_tui.errors import SourceError
from mmsa_tui.pictures.finder import (
    HEAD_BYTES,
    NUMBERED,
    OTHER_SUFFIXES,
    PICTURE_SUFFIXES,
    is_picture,
    kind_of,
    natural_key,
    split_name,
)
from mmsa_tui.records import Failure, Picture, Post
from mmsa_tui.sources.base import Example, Match, Reader, ReadOptions
from mmsa_tui.sources.files.encodings import UndecodableError, are_of_another_script, read_text, unescape
from mmsa_tui.sources.label_words import propose_map
from mmsa_tui.sources.labels_beside import labels_beside

_LOOK_AT = 5_000
"""Names that detection looks at; a folder may hold 200,000."""
_FEW_FILES, _FEW_FOLDERS = 12, 2
_MANY_LINES = 15
"""So many lines, one after another in each of a few files, are a list of texts and no post."""
_PAGE_SUFFIX = ".md"
_NOT_POSTS = frozenset(["readme", "license", "licence", "changelog", "labelresultall"])
_TEXTS = frozenset((".txt", ".caption"))
"""How texts are called: by people, and by those who write captions for pictures."""
_UNREAD = (
    ".csv", ".tsv", ".xlsx", ".xls", ".ods", ".json", ".jsonl", ".ndjson", ".parquet", ".feather", ".db",
    ".html", ".htm", ".md", ".rtf", ".doc", ".docx", ".ann",
)  # fmt: skip
_PAGE = re.compile(
    r"(?:your_)?(?:posts?|threads|reels|stories|comments|timeline|tweets|toots)(?:_\w*)?\.html?",
    re.IGNORECASE,
)
"""How services call the web pages of what somebody wrote, in a download that could be JSON."""
_CLOCK = re.compile(rb"\s*\[?(?:[\d./-]{6,10},? )?\d{1,2}[:.]\d\d")
"""How the lines of a chat begin."""
_LISTED = 0.8
"""Share of the lines of a text that name a post, from which on it is a list of posts."""


@dataclass(slots=True)
class Pair:
    """File names, relative to the source, that make one post; `text` may be ""."""

    key: str
    text: str = ""
    pictures: list[str] = field(default_factory=list)


def pair_files(files: Iterable[str]) -> list[Pair]:
    """Group file names by folder and stem, in natural order.

    A picture that differs from its text only by case, or lies in another folder (`text/1.txt`,
    `images/1.jpg`), still finds it where there is no doubt.
    """
    pairs: dict[str, Pair] = {}
    names = sorted(files)
    captions = captions_beside(names)
    for name in sorted(names, key=lambda name: name in captions):
        folder, stem, suffix = split_name(name)
        if suffix in OTHER_SUFFIXES - _TEXTS and name not in captions:
            continue
        if suffix in _TEXTS and stem.casefold() in _NOT_POSTS:
            continue
        pair = pairs.setdefault(folder + stem, Pair(folder + stem))
        if suffix not in _TEXTS and name not in captions:
            pair.pictures.append(name)
        elif not pair.text:
            pair.text = name
        else:
            # On a disk that tells case apart, "1.TXT" may lie beside "1.txt".
            pairs[name] = Pair(name, name)
    _join(pairs, lambda key: key.casefold())
    _join(pairs, lambda key: key.rpartition("/")[2].casefold())
    _join_numbered(pairs)
    _join_folders(pairs)
    return sorted(pairs.values(), key=lambda pair: natural_key(pair.key))


def captions_beside(names: Iterable[str]) -> set[str]:
    """Return the pages of Markdown that are called like a picture of their folder: its text, and no page."""
    pages, pictures = list[str](), set[str]()
    for name in names:
        folder, stem, suffix = split_name(name)
        if suffix == _PAGE_SUFFIX and stem.casefold() not in _NOT_POSTS:
            pages.append(name)
        elif suffix in PICTURE_SUFFIXES:
            pictures.add(folder + stem)
            if match := NUMBERED.fullmatch(folder + stem):
                pictures.add(match["stem"])
    return {page for page in pages if page[: -len(_PAGE_SUFFIX)] in pictures}


def _join(pairs: dict[str, Pair], spell: Callable[[str], str]) -> None:
    """Give lone pictures to the one lone text that `spell` writes the same way."""
    texts: dict[str, list[Pair]] = {}
    pictures: dict[str, list[Pair]] = {}
    for pair in pairs.values():
        if not pair.pictures:
            texts.setdefault(spell(pair.key), []).append(pair)
        elif not pair.text:
            pictures.setdefault(spell(pair.key), []).append(pair)
    for word, lone in pictures.items():
        found = texts.get(word, [])
        if len(lone) == 1 and len(found) == 1:
            found[0].pictures = lone[0].pictures
            del pairs[lone[0].key]


def _join_numbered(pairs: dict[str, Pair]) -> None:
    """Give lone pictures `1_1.jpg`, `1_2.jpg` to the text `1.txt` of their folder, or the only one."""
    texts: dict[str, list[Pair]] = {}
    for pair in pairs.values():
        if pair.text:
            texts.setdefault(pair.key.casefold(), []).append(pair)
            if "/" in pair.key:
                texts.setdefault(pair.key.rpartition("/")[2].casefold(), []).append(pair)
    lone = [pair for pair in pairs.values() if not pair.text]
    for pair in sorted(lone, key=lambda pair: natural_key(pair.key)):
        match = NUMBERED.fullmatch(pair.key.casefold())
        if match is None:
            continue
        stem = match["stem"]
        found = texts.get(stem) or texts.get(stem.rpartition("/")[2], [])
        if len(found) == 1:
            found[0].pictures += pair.pictures
            del pairs[pair.key]


def _join_folders(pairs: dict[str, Pair]) -> None:
    """Give the pictures of a folder to its text, where each post has a folder: `71/text.txt`, `71/1.jpg`."""
    folders: dict[str, list[Pair]] = {}
    for pair in pairs.values():
        folders.setdefault(pair.key.rpartition("/")[0], []).append(pair)
    texts = {folder: pair for folder, inside in folders.items() for pair in inside if pair.text}
    n_texts = sum(bool(pair.text) for pair in pairs.values())
    is_alone = len(texts) == n_texts >= _FEW_FOLDERS and not any(pair.pictures for pair in texts.values())
    if not is_alone or "" in folders or len({_stem(pair.key) for pair in texts.values()}) > 1:
        return
    for folder, text in texts.items():
        pictures = [name for pair in folders[folder] for name in pair.pictures]
        for pair in folders[folder]:
            del pairs[pair.key]
        pairs[folder] = Pair(folder, text.text, pictures)


def read_pairs(
    root: Path, pairs: Iterable[Pair], encoding: str = "", labels: Mapping[str, str] | None = None
) -> Iterator[Post | Failure]:
    """Read the text of each pair; `post_id` is the stem, with its folder where stems repeat.

    Args:
        encoding: of the texts, "" to find out.
        labels: what people said of each, by its key.
    """
    pairs = list(pairs)
    stems = Counter(pair.key.rpartition("/")[2] for pair in pairs)
    is_foreign = not encoding and are_of_another_script(root / pair.text for pair in pairs if pair.text)
    for pair in pairs:
        stem = pair.key.rpartition("/")[2]
        item = _read_pair(root, pair, stem if stems[stem] == 1 else pair.key, encoding)
        if is_foreign and isinstance(item, Post) and item.encoding == "gb18030":
            reason = "the texts beside it are in a code page of another script: name it with --encoding"
            item = Failure(item.post_id, f"{pair.text}: {reason}", item.text)
        if isinstance(item, Post) and labels:
            item = replace(item, truth={"label": labels[pair.key]})
        if item is not None:
            yield item


def _read_pair(root: Path, pair: Pair, post_id: str, encoding: str) -> Post | Failure | None:
    names = [n for n in sorted(pair.pictures, key=natural_key) if is_picture(root / n)]
    if not pair.text:
        if not names:
            return None
        return Post(post_id, "", _pictures(root, names))
    path = root / pair.text
    try:
        with path.open("rb") as file:
            disguised = bool(kind_of(file.read(HEAD_BYTES)))
        if disguised:
            return Post(post_id, "", _pictures(root, [pair.text, *names]))
        decoded = read_text(path, encoding)
    except UndecodableError as error:
        return Failure(post_id, f"{pair.text}: {error.reason}", error.readable)
    except OSError as error:
        return Failure(post_id, f"{pair.text} cannot be read: {error.strerror or error}")
    text = unescape(decoded.text.strip())
    return Post(post_id, text, _pictures(root, names), encoding=decoded.encoding)


def _pictures(root: Path, names: Iterable[str]) -> tuple[Picture, ...]:
    return tuple(Picture(name.rpartition("/")[2], root / name) for name in names)


@dataclass(frozen=True, slots=True)
class Stems:
    """What a look at a folder found; `both` counts texts that have a picture of their stem.

    `is_partial`: there are more files than were looked at.
    """

    texts: int
    pictures: int
    both: int
    is_partial: bool


def look_for_pairs(root: Path) -> Stems:
    """Count texts, pictures and pairs among the first names of a folder."""
    texts: list[str] = []
    pictures: set[str] = set()
    names = walk(root)
    looked_at = list(islice(names, _LOOK_AT))
    captions = captions_beside(looked_at)
    for name in looked_at:
        folder, stem, suffix = split_name(name)
        if (suffix in _TEXTS or name in captions) and stem.casefold() not in _NOT_POSTS:
            texts.append(folder + stem)
        elif suffix in PICTURE_SUFFIXES:
            pictures.add(stem.casefold())
            if match := NUMBERED.fullmatch(stem.casefold()):
                pictures.add(match["stem"])
    both = sum(_stem(key) in pictures for key in texts)
    if texts and not both:
        # A large folder may list all its texts before the first picture.
        both = sum(_has_sibling(root, key) for key in texts[:20])
    return Stems(len(texts), len(pictures), both, next(names, None) is not None)


def _stem(key: str) -> str:
    return key.rpartition("/")[2].casefold()


def _has_sibling(root: Path, key: str) -> bool:
    return any((root / f"{key}{suffix}").exists() for suffix in (".jpg", ".png", ".jpeg"))


def name_unread(names: Iterable[str], options: ReadOptions) -> None:
    """Say which tables, JSON and pages beside the pictures are not read: they may hold the texts."""
    names = list(names)
    captions = captions_beside(names)
    told = (name for name in names if name.lower().endswith(_UNREAD) and name not in captions)
    unread = sorted((name for name in told if _stem(split_name(name)[1]) not in _NOT_POSTS), key=natural_key)
    if unread:
        shown = ", ".join(unread[:5]) + (", …" if len(unread) > 5 else "")
        options.note(
            f"tables, JSON and pages that are not read: {len(unread):,} ({shown}); point at one that is a "
            "table or JSON to read it, and save pages of text as .txt"
        )


class PairsReader:
    """Reads a folder of texts and pictures that share their stems."""

    name = "pairs"
    title = "folder of texts and pictures with equal names"
    takes_encoding = True
    example = Example("7", {"7.txt": "A fine day", "7.jpg": ""}, author="", created_at="")

    def detect(self, source: Path) -> Match | None:
        if not source.is_dir():
            return None
        found = look_for_pairs(source)
        if found.both:
            more = " or more" if found.is_partial else ""
            return Match(self.name, 50, f"texts with a picture of the same name: {found.both:,}{more}")
        if found.texts:
            if listed := _lists_of_texts(source):
                longest = max(listed, key=lambda name: (source / name).stat().st_size)
                return Match(
                    self.name,
                    25,
                    "a folder with .txt files of many lines",
                    f"{source} holds text files of many lines each, without pictures: {', '.join(listed)}",
                    f"Point at the one whose lines are texts, as {source / longest}; or, if each file is "
                    "one post, say --format pairs.",
                )
            return Match(self.name, 25, "a folder with .txt files, each taken for a post")
        if page := _page_of_posts(source):
            return Match(
                self.name,
                30,
                "a folder of pictures and web pages",
                f"{source} holds pictures, and their posts as a web page: {page}",
                "Download the data again as JSON, and point at its folder; or say --format pairs to read "
                "the pictures alone.",
            )
        if found.pictures:
            return Match(self.name, 20, "a folder of pictures, each taken for a post without text")
        return None

    def read(self, source: Path, options: ReadOptions) -> Iterator[Post | Failure]:
        if not source.is_dir():
            raise SourceError(f"{source} is not a folder", "Point at the folder that holds the pairs.")
        root = source.resolve()
        names = list(walk(root, options.note))
        pairs = pair_files(names)
        lists = _lists_of_posts(root, pairs)
        pairs = [pair for pair in pairs if pair.text not in lists]
        truth, taken = labels_beside(root, names, {_stem(pair.key) for pair in pairs}, options, lists)
        name_unread((name for name in names if name not in taken), options)
        if left := [name for name in lists if name not in taken]:
            options.note(f"texts that list the posts and are none themselves, left out: {', '.join(left)}")
        labels = {} if truth else _labels_of_folders(pairs)
        if labels:
            shown = ", ".join(f"{word} {count:,}" for word, count in Counter(labels.values()).most_common())
            options.note(f"people's labels are taken from the names of the folders: {shown}")
        for item in read_pairs(root, pairs, options.encoding, labels):
            said = truth.get(_stem(item.post_id)) if isinstance(item, Post) else None
            yield replace(item, truth=said) if said and isinstance(item, Post) else item


def _labels_of_folders(pairs: Sequence[Pair]) -> dict[str, str]:
    """Return the label of each pair by its key, where all lie in folders called like labels: `pos`, `neg`."""
    words = {pair.key: pair.key.rpartition("/")[0].rpartition("/")[2].casefold() for pair in pairs}
    seen = set(words.values())
    if len(seen) < 2 or "" in seen or any(word.isdigit() for word in seen) or propose_map(seen).unknown:
        return {}
    return words


def _page_of_posts(source: Path) -> str:
    names = (name for name in islice(walk(source), _LOOK_AT) if _PAGE.fullmatch(name.rpartition("/")[2]))
    return next(names, "")


def _lists_of_posts(root: Path, pairs: Iterable[Pair]) -> list[str]:
    """Return the few lone texts whose lines begin with the stems of the others: labels, or a split."""
    pairs = list(pairs)
    stems = {_stem(pair.key) for pair in pairs if pair.text and pair.pictures}
    lone = [pair.text for pair in pairs if pair.text and not pair.pictures]
    if len(lone) > _FEW_FILES:
        return []
    found = []
    for name in lone:
        try:
            with (root / name).open("rb") as file:
                lines = file.read(64 * 1024).decode("utf-8", "replace").splitlines()
        except OSError:
            continue
        filled = [line for line in lines if line.strip()]
        named = sum(re.split(r"[\s,;|.]", line.strip(), maxsplit=1)[0].casefold() in stems for line in filled)
        if len(filled) > 1 and named >= _LISTED * len(filled):
            found.append(name)
    return found


def _lists_of_texts(source: Path) -> list[str]:
    """Return the files that hold a text, or a label, a line, where most of the few in a folder do."""
    names = [name for name in islice(walk(source), _FEW_FILES + 1) if name.lower().endswith(".txt")]
    if not names or len(names) > _FEW_FILES:
        return []
    listing = []
    for name in names:
        try:
            with (source / name).open("rb") as file:
                lines = file.read(64 * 1024).split(b"\n")
        except OSError:
            return []
        filled = [line for line in lines if line.strip()]
        # The lines of one post are few, or parted by empty ones.
        n_clocks = sum(_CLOCK.match(line) is not None for line in filled)
        is_log = n_clocks >= max(3, 0.4 * len(filled))
        if is_log or (len(filled) >= _MANY_LINES and len(filled) >= 0.9 * (len(lines) - 1)):
            listing.append(name)
    # Beside them may lie a short one that says what the labels mean.
    return sorted(listing, key=natural_key) if 2 * len(listing) > len(names) else []


READER: Reader = PairsReader()
