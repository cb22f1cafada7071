"""Tables of data sets in layouts of their own: a word a line, three lines a post, labels in a file beside.

SentiMix and others write the words of a post one below the other, with a tag each, under a line of its id
and label. Weibo's rumours stand in three lines: facts, pictures, text. TweetEval keeps texts and labels in
two files, line by line. Each becomes rows; what columns mean is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from mmsa_tui.sources.files.byte_stream import DAMAGE, open_plain
from mmsa_tui.sources.files.csv_rows import Row

TOKEN_NAMES = ("id", "label", "text")
THREE_NAMES = (
    "id", "screen_name", "url", "user_url", "created_at", "original", "reposts", "comments", "likes",
    "user_id", "verified", "followers", "follows", "posts", "platform",
)  # fmt: skip
LABELLED_NAMES = ("text", "label")
MARKED_NAMES = ("label", "text")
MAX_LINE = 1 << 20
_THREE = 3
"""Lines a post has in a file of three lines: facts, pictures, text."""
_FACTS = re.compile(r"\w+(?:\|[^|]*){8,}")
_PICTURES = re.compile(r"(?:(?:https?:)?//[^\s|]+|null)?(?:\|(?:(?:https?:)?//[^\s|]+|null)?)*")
"""Addresses of pictures between bars, `null` where there is none."""
_META = re.compile(r"meta\t(?P<id>\S+)(?:\t(?P<label>\S+))?\s*")
_TAGGED = re.compile(r"(?P<word>\S+)(?:[\t ]\S+)*\s*")
"""A word and its tag."""
_MARKED = re.compile(r"\s*__label__(?P<label>\S+)(?:[\s,]+__label__\S+)*\s+")
_TEXTS_FILE = re.compile(r"(?P<before>.*?)texts?(?P<after>\.txt|\.text)?", re.IGNORECASE)
_MAX_LABEL = 30
_MAX_BYTES = 64 << 20


def is_tokens(lines: Sequence[str]) -> bool:
    """Whether lines are words of posts, one a line with its tag, each post under a line of its id."""
    filled = [line for line in lines if line.strip()]
    metas = sum(_META.fullmatch(line) is not None for line in filled)
    tagged = sum(bool(_TAGGED.fullmatch(line)) and line.count("\t") > 0 for line in filled)
    return bool(filled) and _META.fullmatch(filled[0]) is not None and metas + tagged >= 0.9 * len(filled)


def is_threes(lines: Sequence[str]) -> bool:
    """Whether lines are posts of three: facts parted by bars, addresses of pictures, a text."""
    groups = [lines[at : at + _THREE] for at in range(0, len(lines) - _THREE + 1, _THREE)]
    good = [shown for told, shown, _ in groups if _FACTS.fullmatch(told) and _PICTURES.fullmatch(shown)]
    return bool(groups) and len(good) >= 0.8 * len(groups) and any(good)


def is_marked(lines: Sequence[str]) -> bool:
    """Whether each line is a text behind its label, `__label__positive A fine day`, as fastText takes it."""
    return len(lines) > 1 and sum(_MARKED.match(line) is not None for line in lines) >= 0.9 * len(lines)


def marked_rows(path: Path) -> Iterator[Row]:
    """Yield a row of label and text for each line; of several labels the first counts."""
    for number, line in _lines(path):
        match = _MARKED.match(line)
        if match:
            yield Row(number, (match["label"], line[match.end() :].strip()))
        elif line.strip():
            yield Row(number, error="it has no label before its text")


def labels_beside(path: Path) -> Path | None:
    """Return the file of labels that goes with a file of texts line by line, as `train_labels.txt` does."""
    match = _TEXTS_FILE.fullmatch(path.name)
    if match is None:
        return None
    for word in ("labels", "label"):
        other = path.with_name(f"{match['before']}{word}{match['after'] or ''}")
        if other != path and other.is_file() and _go_together(path, other):
            return other
    return None


def _go_together(texts: Path, labels: Path) -> bool:
    try:
        if max(texts.stat().st_size, labels.stat().st_size) > _MAX_BYTES:
            return False
        words = labels.read_bytes().splitlines()
        n_texts = texts.read_bytes().rstrip(b"\r\n").count(b"\n") + 1
    except OSError:
        return False
    while words and not words[-1].strip():
        words.pop()
    return len(words) == n_texts and all(0 < len(word.strip()) <= _MAX_LABEL for word in words)


def labelled_rows(texts: Path, labels: Path) -> Iterator[Row]:
    """Yield a row of text and label for each line of both; numbers are words where `mapping.txt` says so."""
    words = _mapping(labels.with_name("mapping.txt"))
    with open_plain(texts) as file, open_plain(labels) as said:
        number = 0
        while data := file.readline(MAX_LINE):
            number += 1
            text = data.decode("utf-8-sig" if number == 1 else "utf-8", "replace").rstrip("\r\n")
            label = said.readline(MAX_LINE).decode("utf-8", "replace").strip()
            if text.strip():
                yield Row(number, (text, words.get(label, label)))
            else:
                yield Row(number, error="it has no text")


def _mapping(path: Path) -> dict[str, str]:
    try:
        lines = path.read_text("utf-8", "replace").splitlines()[:1_000]
    except OSError:
        return {}
    pairs = [line.split(None, 1) for line in lines if line.strip()]
    return {pair[0]: pair[1].strip() for pair in pairs if len(pair) == 2}


def token_rows(path: Path) -> Iterator[Row]:
    """Yield a row of id, label and words for each post."""
    start, cells = 0, ["", "", ""]
    for number, line in _lines(path):
        meta = _META.fullmatch(line)
        if (meta or not line.strip()) and start:
            yield Row(start, tuple(cells))
            start, cells = 0, ["", "", ""]
        if meta:
            start, cells = number, [meta["id"], meta["label"] or "", ""]
        elif line.strip() and not start:
            yield Row(number, error="it belongs to no post")
        elif line.strip():
            cells[2] = f"{cells[2]} {line.split()[0]}".strip()
    if start:
        yield Row(start, tuple(cells))


def three_rows(path: Path) -> Iterator[Row]:
    """Yield a row of facts, pictures and text for each post; facts begin one, whatever is missing."""
    held: list[str] = []
    start, number = 1, 0
    for number, line in _lines(path):
        if _FACTS.fullmatch(line) and len(held) != 1 and held:
            yield _three(start, held)
            held = []
        if not held:
            start = number
        held.append(line)
        if len(held) == _THREE and not _FACTS.fullmatch(held[0]):
            yield _three(start, held)
            held = []
    if held:
        yield _three(start, held)


def _three(start: int, lines: Sequence[str]) -> Row:
    if len(lines) < _THREE or not _FACTS.fullmatch(lines[0]):
        return Row(start, error=f"{len(lines)} lines that are no facts, pictures and text of a post")
    facts = lines[0].split("|")
    facts = [*facts[: len(THREE_NAMES)], *[""] * (len(THREE_NAMES) - len(facts))]
    return Row(start, (*facts, lines[1], "\n".join(lines[2:]).strip()))


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    number = 0
    try:
        with open_plain(path) as file:
            while data := file.readline(MAX_LINE):
                number += 1
                yield number, data.decode("utf-8-sig" if number == 1 else "utf-8", "replace").rstrip("\r\n")
    except DAMAGE as error:
        raise OSError(f"it cannot be read beyond line {number:,}: {error}") from error
