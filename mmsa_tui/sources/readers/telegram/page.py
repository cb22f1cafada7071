"""The messages of a page of HTML that Telegram Desktop writes. Knows its class names, no files."""

from __future__ import annotations

import codecs
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from urllib.parse import unquote

from mmsa_tui.pictures.finder import PICTURE_SUFFIXES, split_name
from mmsa_tui.pictures.media import Media
from mmsa_tui.sources.fields.tweet import Tweet, metadata
from mmsa_tui.sources.timestamps import moment_or_words
from mmsa_tui.text.cleaning import html_to_text

MAX_MESSAGE = 1 << 20
"""Characters of one message; a longer one is damaged."""

_BEGINS = re.compile(r'<div class="message (default|service)[^"<]*"(?:\s+id="message(-?\d+)")?')
"""What a message begins with: its kind, and its id where it has one."""
_DATE = re.compile(r'class="pull_right date details" title="([^"]*)"')
_FROM = re.compile(r'<div class="from_name">\s*([^<]*)')
_FORWARDED = re.compile(r'<div class="forwarded body">')
"""A message of another begins within this one."""
_TEXT = re.compile(r'<div class="text">')
_REPLY = re.compile(r'<div class="reply_to details">.*?#go_to_message(\d+)', re.DOTALL)
_PHOTO = re.compile(r'<a class="(?:photo_wrap|sticker_wrap|media_photo)[^"]*" href="([^"]*)"')
"""The file of a picture, for which the page shows a smaller one."""
_PARTS = re.compile(r'class="(?:pull_right date details|from_name|text)"')
_TAG = re.compile(r"<[^<>]*>|pagination|(?<=>)\s*(?:Next|Previous) messages\s*(?=<)")
_DIV = re.compile(r"<(/?)div\b")


@dataclass(frozen=True, slots=True)
class PageMessage:
    """A message; `is_whole` says whether its markup is complete. One of the service says nothing."""

    said: Tweet
    is_service: bool = False
    is_whole: bool = True


_NOT_WHOLE = PageMessage(Tweet("", ""), is_whole=False)


def messages_in(pieces: Iterator[bytes]) -> Iterator[PageMessage]:
    """Yield the messages of a page, in memory bounded by the longest; what is left of one is not whole."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    held = ""
    is_first = True
    for piece in pieces:
        held += decoder.decode(piece)
        begins = [match.start() for match in _BEGINS.finditer(held)]
        if begins and is_first:
            is_first = False
            yield from _remains(held[: begins[0]].rpartition('class="history">')[2])
        for start, end in pairwise(begins):
            yield from _read(held[start:end])
        held = held[begins[-1] :] if begins else held
        if len(held) > MAX_MESSAGE:
            yield _NOT_WHOLE
            held = held[-200:]
    if _BEGINS.match(held):
        yield from _read(held)


def _remains(text: str) -> Iterator[PageMessage]:
    """Yield a message that is not whole where something is left of one that lost its beginning."""
    if _PARTS.search(text) or _TAG.sub("", text).strip():
        yield _NOT_WHOLE


def _read(block: str) -> Iterator[PageMessage]:
    begin = _BEGINS.match(block)
    assert begin is not None
    if begin[1] == "service":
        yield PageMessage(Tweet(begin[2] or "", ""), is_service=True)
        yield from _remains(_inside(block, block.find(">") + 1)[2])
        return
    inner, is_whole, behind = _inside(block, block.find(">") + 1)
    forwarded = _FORWARDED.search(inner)
    own = inner[: forwarded.start()] if forwarded else inner
    passed_on = inner[forwarded.end() :] if forwarded else ""
    author, date, reply = _FROM.search(own), _DATE.search(own), _REPLY.search(own)
    original = _FROM.search(passed_on)
    texts = [text for part in (own, passed_on) if (text := _text(part))]
    pictures = (unquote(html.unescape(match[1])) for match in _PHOTO.finditer(inner))
    said = Tweet(
        begin[2] or "",
        "\n\n".join(texts),
        _unescaped(author),
        moment_or_words(date[1] if date else ""),
        media=tuple(Media(address) for address in pictures if split_name(address)[2] in PICTURE_SUFFIXES),
        metadata=metadata(retweet_author=_unescaped(original), reply_to=reply[1] if reply else ""),
    )
    yield PageMessage(
        said,
        # The last message of a cut page has no end, and a damaged one lacks its date or its id.
        is_whole=is_whole and bool(begin[2]) and date is not None,
    )
    if is_whole:
        yield from _remains(behind)


def _unescaped(match: re.Match[str] | None) -> str:
    return html.unescape(match[1]).strip() if match else ""


def _text(part: str) -> str:
    match = _TEXT.search(part)
    if not match:
        return ""
    inner, *_ = _inside(part, match.end())
    return html_to_text(inner.strip()).text.strip()


def _inside(text: str, start: int) -> tuple[str, bool, str]:
    """Return what stands in the `<div>` that is open at `start`, whether it is closed, what is behind."""
    depth = 1
    for match in _DIV.finditer(text, start):
        depth += -1 if match[1] else 1
        if depth == 0:
            return text[start : match.start()], True, text[match.end() :].removeprefix(">")
    return text[start:], False, ""
