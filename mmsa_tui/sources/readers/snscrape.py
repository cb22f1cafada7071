"""Tweets as snscrape wrote them, one a line: `rawContent`, in older versions `content`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mmsa_tui.pictures.media import Media, MediaFiles
from mmsa_tui.records import Failure, Post
from mmsa_tui.sources.base import Example, Match, Reader, ReadOptions
from mmsa_tui.sources.fields.lookup import Object, as_object, as_objects, as_text, dig, first_text
from mmsa_tui.sources.fields.paths import first_id_at
from mmsa_tui.sources.fields.tweet import (
    SHORT_LINK,
    Tweet,
    counts_in,
    plain_text,
    to_item,
    x_tweet,
)
from mmsa_tui.sources.files.record_files import detect_records, read_records

_COUNTS = ("likeCount", "retweetCount", "replyCount", "quoteCount", "viewCount", "bookmarkCount")
_TYPE = "snscrape.modules.twitter.Tweet"


class Snscrape:
    """`snscrape --jsonl twitter-…`."""

    name = "snscrape"
    title = "snscrape (tweets as JSON lines)"
    takes_encoding = False
    example = Example(
        "1918410713521908131",
        {
            "tweets.jsonl": '{"_type": "snscrape.modules.twitter.Tweet", "id": 1918410713521908131, "date":'
            ' "2026-05-01T10:00:00+00:00", "rawContent": "A fine day", "user": {"username": "sam"},'
            ' "media": [{"fullUrl": "https://pbs.twimg.com/media/GA1?format=jpg&name=large"}]}',
            "media/GA1.jpg": "",
        },
    )

    def detect(self, source: Path) -> Match | None:
        return detect_records(source, _is_ours, self.name, f"records of _type {_TYPE}")

    def read(self, source: Path, options: ReadOptions) -> Iterator[Post | Failure]:
        files = MediaFiles.near(source, options.note)
        for entry in read_records(source, options, _is_ours):
            if entry.value is None:
                yield Failure(entry.where, entry.reason)
            else:
                yield to_item(_read(entry.value), files, entry.where, entry.encoding)


def _is_ours(record: Object) -> bool:
    return record.get("_type") == _TYPE


def _read(record: Object) -> Tweet:
    original = as_object(record.get("retweetedTweet"))
    shown = original if _raw_text(original) else record
    quoted = as_object(shown.get("quotedTweet"))
    return x_tweet(
        record,
        first_id_at(record, "idStr id"),
        _author(record),
        _said(shown),
        tuple(_media(shown)),
        date="date",
        url=as_text(record.get("url")),
        author_name=dig(record, "user", "displayname"),
        conversation_id=first_id_at(record, "conversationIdStr conversationId"),
        reply_to=first_id_at(record, "inReplyToTweetIdStr inReplyToTweetId"),
        reply_to_author=dig(record, "inReplyToUser", "username"),
        retweet_of=first_id_at(original, "idStr id"),
        retweet_author=_author(original),
        quote_of=first_id_at(quoted, "idStr id"),
        quote_author=_author(quoted),
        quote_text=_said(quoted),
        **counts_in(record, *_COUNTS),
        links=" ".join(_links(shown, "url", "outlinks")),
        place=dig(record, "place", "fullName"),
    )


def _author(record: Object) -> str:
    return first_text(dig(record, "user", "username"), record.get("username"))


def _raw_text(record: Object) -> str:
    return first_text(record.get("rawContent"), record.get("content"))


def _said(record: Object) -> str:
    text = _raw_text(record)
    if not any(True for _ in _media(record)):
        return plain_text(text)
    # Every link but that of the media is listed, each under the short form in the text.
    listed = set(_links(record, "tcourl", "tcooutlinks"))
    return plain_text(text, set(SHORT_LINK.findall(text)) - listed)


def _links(record: Object, key: str, older: str) -> list[str]:
    """Return the tweet's links; older versions kept two lists of plain addresses."""
    links = [as_text(link.get(key)) for link in as_objects(record.get("links"))]
    if not links and isinstance(plain := record.get(older), list):
        links = [as_text(link) for link in plain]
    return [link for link in links if link]


def _media(record: Object) -> Iterator[Media]:
    media = record.get("media")
    for item in as_objects(media):
        alt_text = as_text(item.get("altText"))
        if url := first_text(item.get("fullUrl"), item.get("previewUrl")):
            yield Media(url, "photo", alt_text)
        elif url := as_text(item.get("thumbnailUrl")):
            yield Media(url, "video", alt_text)
    # A successor of the tool keeps its name in `_type` and sorts the media by kind.
    for item in as_objects(dig(media, "photos")):
        if url := as_text(item.get("url")):
            yield Media(url, "photo", as_text(item.get("altText")))
    for kind in ("videos", "animated"):
        for item in as_objects(dig(media, kind)):
            if url := as_text(item.get("thumbnailUrl")):
                yield Media(url, "video")


READER: Reader = Snscrape()
