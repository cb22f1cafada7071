"""Chats that WhatsApp exports: `12/31/21, 9:41 PM - Name: message`, or `[31.12.21, 21:41:07] Name: message`.

A message goes on until the next line that begins with a date. What the program itself says (someone
joined, a medium that is not in the export) is no post and counted.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from mmsa_tui.disk.safety import ignore, walk
from mmsa_tui.errors import SourceError
from mmsa_tui.pictures.finder import PICTURE_SUFFIXES, natural_key, split_name
from mmsa_tui.pictures.media import Media, MediaFiles
from mmsa_tui.records import Failure, Post
from mmsa_tui.sources.base import Example, Match, Reader, ReadOptions
from mmsa_tui.sources.fields.tweet import Tweet, to_item
from mmsa_tui.sources.files.byte_stream import read_start
from mmsa_tui.sources.files.encodings import MAX_TEXT_BYTES, encoding_by_mark
from mmsa_tui.sources.timestamps import DateReader

_HEAD_BYTES = 64 * 1024
_LOOK_AT_FILES = 5_000
_MAX_CHATS = 50
_MAX_ATTACHED = 100
"""Files of one message; WhatsApp sends each in a message of its own."""
_MARKS = "\u200e\u200f\u202a\u202b\u202c\ufeff"
"""What sets the direction of writing; the program puts it before words of its own."""
_DATE = r"(?P<date>\d{1,4}(?P<between>[-/.])\s?\d{1,2}(?P=between)\s?\d{1,4}\.?)"
_TIME = r"(?P<time>\d{1,2}[:.]\d\d(?:[:.]\d\d)?(?:\s?[^\W\d][^\d\[\]:–-]{0,12})?)"
_BETWEEN = r"(?:,|\s(?:um|at|à|a las|alle|às|kl\.?|klo))?\s+"
_BEGINS = re.compile(
    rf"[{_MARKS}]*(?P<bracket>\[)?{_DATE}{_BETWEEN}{_TIME}(?(bracket)\]\s?|\s[-–]\s)(?P<rest>.*)", re.DOTALL
)
_INSIDE = re.compile(
    r"\[\d{1,4}[-/.]\d\d?[-/.]\d{2,4},? \d\d?:\d\d[^\[\]\n]{0,12}\] |"
    r"\d{1,4}[-/.]\d\d?[-/.]\d{2,4},? \d\d?:\d\d(?:\s?[AaPp]\.?\s?[Mm]\.?)? - "
)
"""The beginning of a message, anywhere in a line."""
_AUTHOR = re.compile(rf"[{_MARKS}]*(?:~\s?)?(?P<author>[^:\"“”„«\n]{{1,80}}):(?:\s|$)(?P<text>.*)", re.DOTALL)
_FILE = r"[^\s/\\<>:][^/\\<>:\n]{0,150}\.[A-Za-z0-9]{2,5}"
_ATTACHED = re.compile(
    rf"[{_MARKS}]*(?:(?P<name>{_FILE}) \([^()\n]{{3,40}}\)(?:\n|\Z)"
    rf"|<[^<>:\n]{{3,30}}:\s(?P<other>{_FILE})>\n?)"
)
"""A file that lies beside: `NAME (file attached)` or `<attached: NAME>`, in any language."""
_OMITTED = re.compile(rf"[{_MARKS}]*<[^<>:\n]{{3,40}}>|null")
_DELETED = re.compile(
    r"(?:This message was deleted|You deleted this message|Diese Nachricht wurde gelöscht"
    r"|Du hast diese Nachricht gelöscht)\.?"
)
_EDITED = re.compile(rf"\s?[{_MARKS}]*<(?:This message was edited|Diese Nachricht wurde bearbeitet)>\Z")
_NO_TEXT = re.compile("[\udc80-\udcff]")
"""Bytes that are in another encoding."""
_CHANGED = 2
_CUT = 6
"""Characters by which the beginning of a message is known where the others are lost."""
_CUT_BRACKET = 3
_AUTHORS = 1_000
_REMAINS = "lines that may be what is left of a message that was cut, read as part of the one before"
_DATE_OF_SHAPE = re.compile(r"\W*\d+(?:\W{1,2}\d+){2}\W")
_SHAPES = 32
"""Beginnings of messages that a damaged one is compared with."""


class WhatsApp:
    """One chat, or a folder with chats and their media."""

    name = "whatsapp"
    title = "WhatsApp chat export (.txt)"
    takes_encoding = True
    example = Example(
        "1",
        {
            "WhatsApp Chat with Kim.txt": "01.05.26, 10:00 - sam: IMG-20260501-WA0001.jpg (file attached)\n"
            "A fine day\n01.05.26, 10:01 - kim: <Media omitted>\n",
            "IMG-20260501-WA0001.jpg": "",
        },
    )

    def detect(self, source: Path) -> Match | None:
        chat = next(_chats(source), None)
        if chat is None:
            return None
        return Match(self.name, 92, f"{chat.name}: lines that begin with a date, a time and who wrote them")

    def read(self, source: Path, options: ReadOptions) -> Iterator[Post | Failure]:
        chats = list(islice(_chats(source), _MAX_CHATS))
        if not chats and source.is_file():
            chats = [source]
        if not chats:
            raise SourceError(f"{source} holds no chat of WhatsApp", "Point at the .txt file of the export.")
        files = MediaFiles.near(source, options.note)
        left_out: Counter[str] = Counter()
        for path in chats:
            prefix = f"{path.stem}-" if len(chats) > 1 else ""
            try:
                yield from _read_chat(path, prefix, options, files, left_out)
            except OSError as error:
                raise SourceError(f"{path} cannot be read: {error}", "Check that you may read it.") from error
        for kind, count in (+left_out).items():
            options.note(f"{kind}: {count:,}")


@dataclass(slots=True)
class _Message:
    """A message as it lies in the file: where it begins, when it was written, and what follows."""

    line: int
    moment: str
    parts: list[str]
    is_damaged: bool = False
    size: int = 0
    remains: int = 0
    """Lines of it that may be what is left of another message."""


def _chats(source: Path) -> Iterator[Path]:
    """Yield the files that are chats: the source itself, or those below a folder."""
    if source.is_file():
        if _is_chat(source):
            yield source
        return
    names = [n for n in islice(walk(source, ignore), _LOOK_AT_FILES) if n.lower().endswith(".txt")]
    # A folder of very many texts is of posts, each in a file.
    if len(names) <= _MAX_CHATS:
        for name in sorted(names, key=natural_key):
            if _is_chat(source / name):
                yield source / name


def _is_chat(path: Path) -> bool:
    """Whether many lines, of which one may be damaged, begin as messages do, and somebody says something."""
    try:
        head = read_start(path, _HEAD_BYTES)
    except OSError:
        return False
    if b":" not in head or path.suffix.lower() not in (".txt", ""):
        return False
    text = head.decode(encoding_by_mark(head) or "utf-8", "replace")
    lines = [line for line in text.splitlines() if line.strip()]
    begins = [match for line in lines if (match := _BEGINS.match(line))]
    said = sum(_AUTHOR.match(match["rest"]) is not None for match in begins)
    return bool(said) and (_BEGINS.match(lines[0]) is not None or len(begins) >= max(3, len(lines) / 20))


def _lines(path: Path, encoding: str) -> Iterator[str]:
    """Yield the lines of a file; bytes that are no text come as halves of characters."""
    codec = encoding_by_mark(read_start(path, 4)) or encoding or "utf-8"
    with path.open(encoding=codec, errors="surrogateescape") as file:
        # A file without line ends must not become one string.
        yield from iter(lambda: file.readline(MAX_TEXT_BYTES), "")


def _moment(match: re.Match[str]) -> str:
    """Put the beginning of a message in the way that dates are read."""
    date = re.sub(r"\s", "", match["date"]).rstrip(".")
    time = re.sub(r"(?<=\d)\.(?=\d)", ":", match["time"])
    return f"{date} {' '.join(time.split())}"


def _read_chat(
    path: Path, prefix: str, options: ReadOptions, files: MediaFiles, left_out: Counter[str]
) -> Iterator[Post | Failure]:
    begins = (match for line in _lines(path, options.encoding) if (match := _BEGINS.match(line)))
    # The whole chat is asked which of day and month comes first: one date of late in a month is enough.
    dates = DateReader(map(_moment, begins), options.date_order)
    if why := dates.why():
        options.note(f"order of dates in {path.name}: {why}; the date order can be chosen")
    for message in _messages(path, options.encoding):
        item = _item(message, path, prefix, dates, files, left_out)
        if item is not None:
            yield item


def _messages(path: Path, encoding: str) -> Iterator[_Message]:
    """Join the lines of a file to messages; what comes before the first, or begins damaged, is told apart."""
    message: _Message | None = None
    shapes: deque[str] = deque(maxlen=_SHAPES)
    authors: set[str] = set()
    for number, line in enumerate(_lines(path, encoding), start=1):
        match = _BEGINS.match(line)
        if match is not None:
            shape = _shape(line[: match.start("rest")])
            if shape not in shapes:
                shapes.append(shape)
            text, moment, is_damaged = match["rest"], _moment(match), False
            if (said := _AUTHOR.match(text)) and len(authors) < _AUTHORS:
                authors.add(said["author"])
        elif _is_nearly(line, shapes) or (message is None and line.strip()):
            text, moment, is_damaged = line, "", True
        else:
            if message is not None:
                message.size += len(line)
                message.remains += _may_remain(line, shapes, authors)
                if message.size <= MAX_TEXT_BYTES:
                    message.parts.append(line)
                else:
                    message.is_damaged = True
            continue
        if message is not None:
            yield message
        message = _Message(number, moment, [text], is_damaged, len(text))
    if message is not None:
        yield message


def _shape(begin: str) -> str:
    return re.sub(r"\d", "0", begin)


def _is_nearly(line: str, shapes: deque[str]) -> bool:
    """Whether a line begins as messages of this chat do but for a few characters, or is cut."""
    if not any(char.isdigit() for char in line[:24]):
        return False
    begin = _shape(line[:48])
    return any(
        _is_changed(begin, shape) or _is_cut(begin.rstrip("\r\n"), shape) or _lost_start(line, begin, shape)
        for shape in shapes
    )


def _may_remain(line: str, shapes: deque[str], authors: set[str]) -> bool:
    """Whether a line may be what is left of a message: a part of its date, or who wrote it and what.

    Somebody may have typed it as well, so that it stays where it is, and is told.
    """
    begin = _shape(line[:48].rstrip())
    said = _AUTHOR.match(re.sub(r"^\W*(?:\d*\W+)?", "", line))
    return (said is not None and said["author"] in authors) or any(
        (begin and shape.startswith(begin)) or _begins_alike(begin, shape) for shape in shapes
    )


def _begins_alike(begin: str, shape: str) -> bool:
    """Whether a line begins with a date as messages do, and something behind it."""
    date = _DATE_OF_SHAPE.match(shape)
    return date is not None and begin.startswith(date[0])


def _is_changed(begin: str, shape: str) -> bool:
    """Whether one or two characters are others, or one is gone or too many."""
    if len(begin) < len(shape):
        return False
    at = next((i for i, (a, b) in enumerate(zip(begin, shape, strict=False)) if a != b), len(shape))
    return (
        sum(a != b for a, b in zip(begin, shape, strict=False)) <= _CHANGED
        or begin.startswith(shape[at + 1 :], at)
        or begin.startswith(shape[at:], at + 1)
    )


def _is_cut(begin: str, shape: str) -> bool:
    """Whether a line is the start of such a beginning and ends behind its date, or in brackets anywhere."""
    if shape.startswith("["):
        return (_CUT_BRACKET <= len(begin) < len(shape) and shape.startswith(begin)) or _begins_alike(
            begin, shape
        )
    return len(begin) < len(shape) and shape.startswith(begin) and _begins_alike(begin, shape)


def _lost_start(line: str, begin: str, shape: str) -> bool:
    """Whether a line is such a beginning without its first characters, and then somebody says something."""
    for at in range(1, len(shape) - _CUT + 1):
        if begin.startswith(shape[at:]) and _AUTHOR.match(line[len(shape) - at :]):
            return True
    return False


def _item(
    message: _Message,
    path: Path,
    prefix: str,
    dates: DateReader,
    files: MediaFiles,
    left_out: Counter[str],
) -> Post | Failure | None:
    """Return the post with its pictures; None, counted, for what nobody wrote."""
    where = f"{path.name} line {message.line:,}"
    post_id = f"{prefix}{message.line}"
    whole = "".join(message.parts).rstrip()
    readable = whole.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    if message.is_damaged:
        return Failure(post_id, f"{where} is no message: damaged, or longer than 1 MB", readable[:500])
    if _NO_TEXT.search(whole):
        return Failure(post_id, f"{where} is damaged, or in another encoding: --encoding NAME", readable)
    said = _AUTHOR.match(whole)
    if said is None:
        left_out["lines of the program, which nobody wrote, left out"] += 1
        return None
    text, media = _EDITED.sub("", said["text"]), []
    for _ in range(_MAX_ATTACHED):
        if (attached := _ATTACHED.match(text)) is None:
            break
        name = attached["name"] or attached["other"]
        text = text[attached.end() :]
        if split_name(name)[2] in PICTURE_SUFFIXES:
            media.append(Media(name))
        else:
            left_out["attached files that are no pictures, left out"] += 1
            if not text.strip() and not media:
                return None
    if not media:
        # Words of the program begin with a mark of direction; no keyboard types one.
        if _OMITTED.fullmatch(text.strip()) or text.startswith("\u200e"):
            left_out["messages of media that are not in the export, or of the program, left out"] += 1
            return None
        if _DELETED.fullmatch(text.strip()) or not text.strip():
            left_out["messages that are deleted or empty, left out"] += 1
            return None
    if _INSIDE.search(text):
        left_out["messages with what looks like the beginning of another inside, read as one"] += 1
    left_out[_REMAINS] += message.remains
    author = said["author"].strip(_MARKS + " ")
    # What cannot be read is counted, and kept in a column, by what completes a post.
    written = dates.read(message.moment) or message.moment
    return to_item(Tweet(post_id, text.strip(), author, written, media=tuple(media)), files, where)


READER: Reader = WhatsApp()
