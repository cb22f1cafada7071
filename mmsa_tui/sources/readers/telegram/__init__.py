"""Chats that Telegram Desktop exports: `result.json`, or pages `messages.html`, `messages2.html`…

Media lie in folders beside. What the service says (someone joined, a call) is no post and counted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from mmsa_tui.disk.safety import resolve_inside
from mmsa_tui.errors import SourceError
from mmsa_tui.pictures.finder import PICTURE_SUFFIXES, split_name
from mmsa_tui.pictures.media import Media
from mmsa_tui.records import Failure, Picture, Post
from mmsa_tui.sources.base import Example, Match, Reader, ReadOptions
from mmsa_tui.sources.fields.lookup import Object, as_id, as_text
from mmsa_tui.sources.fields.networks import text_of
from mmsa_tui.sources.fields.tweet import Tweet, metadata, with_pictures
from mmsa_tui.sources.files.byte_stream import StreamDamagedError, open_pieces
from mmsa_tui.sources.files.record_files import detect_records, read_records
from mmsa_tui.sources.readers.telegram.page import messages_in
from mmsa_tui.sources.timestamps import moment_or_words

_PAGE = re.compile(r"messages(\d*)\.html?", re.IGNORECASE)
_MARK = re.compile(rb'<div class="message (?:default|service)')
_HEAD_BYTES = 64 * 1024
_MAX_KEYS = 8
_NOT_SAVED = "(File "
"""How a file begins that the export left on the server."""


class Telegram:
    """An export of one chat or of an account."""

    name = "telegram"
    title = "Telegram Desktop export (JSON or HTML)"
    takes_encoding = False
    example = Example(
        "2",
        {
            "result.json": '{"name": "Ferries", "type": "public_channel", "id": 9, "messages": ['
            '{"id": 1, "type": "service", "date": "2026-05-01T09:00:00", "action": "join", "text": ""},'
            '{"id": 2, "type": "message", "date": "2026-05-01T12:00:00", "date_unixtime": "1777629600",'
            ' "from": "Sam", "from_id": "channel9", "text": ["A ", {"type": "bold", "text": "fine day"}],'
            ' "photo": "photos/photo_1@01-05-2026_12-00-00.jpg"}]}',
            "photos/photo_1@01-05-2026_12-00-00.jpg": "",
        },
        author="Sam",
    )

    def detect(self, source: Path) -> Match | None:
        if found := detect_records(source, _is_ours, self.name, "messages of a chat that Telegram exported"):
            return found
        pages = _pages(source)
        if pages and _MARK.search(_head(pages[0])):
            return Match(self.name, 95, f"{pages[0].name} is a page of a chat that Telegram exported")
        return None

    def read(self, source: Path, options: ReadOptions) -> Iterator[Post | Failure]:
        root = (source if source.is_dir() else source.absolute().parent).resolve()
        pages = [] if detect_records(source, _is_ours, self.name, "") else _pages(source)
        left_out: Counter[str] = Counter()
        foreign: Counter[str] = Counter()
        if pages:
            yield from _read_pages(root, pages, left_out)
        else:
            for entry in read_records(source, options, _is_ours):
                if entry.value is None:
                    yield Failure(entry.where, entry.reason)
                elif entry.value.get("type") == "service":
                    left_out["of the service"] += 1
                elif _is_ours(entry.value):
                    if item := _item(root, _read(entry.value), entry.where, left_out):
                        yield item
                elif "text" in entry.value or "date_unixtime" in entry.value:
                    yield Failure(entry.where, f"{entry.where} is no message of a chat")
                else:
                    # An export of an account holds contacts and sessions, too.
                    foreign[", ".join(list(entry.value)[:_MAX_KEYS])[:100]] += 1
        for kind, count in left_out.items():
            options.note(f"messages {kind} left out: {count:,}")
        for keys, count in foreign.most_common(5):
            options.note(f"records that are no messages left out: {count:,}, with {keys}")


def _is_ours(record: Object) -> bool:
    return (
        record.get("type") in ("message", "service")
        and isinstance(record.get("date"), str)
        and isinstance(record.get("text"), str | list)
        and bool(as_id(record.get("id")))
    )


def _read(record: Object) -> Tweet:
    media = []
    for name in ("photo", "file", "thumbnail"):
        address, kind = as_text(record.get(name)), as_text(record.get("mime_type"))
        if address.startswith(_NOT_SAVED) and name == "photo":
            # It is named, so that it counts as missing.
            media.append(Media(f"photo of message {as_id(record.get('id'))}"))
        elif split_name(address)[2] in PICTURE_SUFFIXES:
            is_still = name == "thumbnail" or (name == "file" and not kind.startswith("image"))
            media.append(Media(address, "video" if is_still else "photo"))
    author = as_text(record.get("from")) or as_text(record.get("actor"))
    return Tweet(
        post_id=as_id(record.get("id")),
        text=text_of(record.get("text")).strip(),
        author=author,
        # `date` is in the zone of the computer that exported.
        created_at=moment_or_words(record.get("date_unixtime"), record.get("date")),
        media=tuple(media[:1] if media and media[0].kind == "photo" else media),
        metadata=metadata(
            author_id=record.get("from_id"),
            retweet_author=record.get("forwarded_from"),
            reply_to=as_id(record.get("reply_to_message_id")),
            media_type=record.get("media_type"),
        ),
    )


def _item(root: Path, message: Tweet, where: str, left_out: Counter[str]) -> Post | Failure | None:
    """Return the post with its pictures; None, counted, for a sticker, a voice or a file alone."""
    pictures = tuple(_pictures(root, message.media))
    if not message.text and not pictures and message.post_id:
        left_out["without text or picture"] += 1
        return None
    return with_pictures(message, pictures, where)


def _pictures(root: Path, media: tuple[Media, ...]) -> Iterator[Picture]:
    for medium in media:
        path = resolve_inside(root, medium.url)
        if path is not None or medium.kind == "photo":
            yield Picture(medium.url.replace("\\", "/").rpartition("/")[2][:200], path)


def _pages(source: Path) -> list[Path]:
    """Return the pages of a chat in their order."""
    if not source.is_dir():
        return [source] if source.suffix.lower() in (".html", ".htm") else []
    try:
        found = [match for path in source.iterdir() if (match := _PAGE.fullmatch(path.name))]
    except OSError:
        return []
    # The first page has no number.
    found.sort(key=lambda match: int(match[1] or 1))
    return [path for match in found if (path := resolve_inside(source, match[0])) is not None]


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_HEAD_BYTES)
    except OSError:
        return b""


def _read_pages(root: Path, pages: list[Path], left_out: Counter[str]) -> Iterator[Post | Failure]:
    author = ""
    for path in pages:
        try:
            with open_pieces(path) as pieces:
                for number, message in enumerate(messages_in(pieces), start=1):
                    where = f"{path.name} message {number:,}"
                    if message.is_service:
                        left_out["of the service"] += 1
                        continue
                    # A message that follows one of the same author does not repeat the name.
                    author = message.said.author or author
                    if not message.is_whole:
                        yield Failure(
                            message.said.post_id or where, f"{where} is cut off or damaged", message.said.text
                        )
                    elif item := _item(root, replace(message.said, author=author), where, left_out):
                        yield item
        except StreamDamagedError as error:
            yield Failure(path.name, f"the rest of {path.name} cannot be read: {error}")
        except OSError as error:
            raise SourceError(f"{path} cannot be read: {error}", "Check that you may read it.") from error


READER: Reader = Telegram()
