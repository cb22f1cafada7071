"""Tweets as twarc and twarc2 collect them from Twitter's API: one record a line, v1.1 or v2.

A file may mix kinds; every record is read for what it is. Pictures are files in a folder beside.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from mmsa_tui.disk.safety import resolve_inside
from mmsa_tui.pictures.media import MediaFiles
from mmsa_tui.records import Failure, Post
from mmsa_tui.sources.base import Example, Match, Reader, ReadOptions
from mmsa_tui.sources.fields.lookup import Object, as_id, first_id
from mmsa_tui.sources.fields.tweet import metadata, read_tweet, to_item
from mmsa_tui.sources.fields.tweet_captured import as_v1, unwrap_captured
from mmsa_tui.sources.fields.tweet_v2 import Includes, is_tweet, read_tweet_v2, tweets_of_page
from mmsa_tui.sources.files.ndjson import Entry, read_entries
from mmsa_tui.sources.files.record_files import detect_records, read_records

_DATA_FILE = re.compile(r"data_(\w+)\.json")

_NOTICES = frozenset(
    ("delete", "limit", "scrub_geo", "status_withheld", "user_withheld", "warning", "disconnect")
)
"""What the v1.1 stream says between tweets."""


class Twarc:
    """twarc and twarc2, `.jsonl` or `.jsonl.gz`, and what else keeps API records a line."""

    name = "twarc"
    title = "twarc (Twitter API v1.1 or v2 records)"
    takes_encoding = False
    example = Example(
        "1918410713521908131",
        {
            "tweets.jsonl": '{"id_str": "1918410713521908131", "full_text": "A fine day https://t.co/a",'
            ' "created_at": "Fri May 01 10:00:00 +0000 2026", "user": {"screen_name": "sam"},'
            ' "extended_entities": {"media": [{"url": "https://t.co/a", "type": "photo", "media_url_https":'
            ' "https://pbs.twimg.com/media/GA1.jpg"}]}}',
            "media/GA1.jpg": "",
        },
    )

    def detect(self, source: Path) -> Match | None:
        return detect_records(source, _is_ours, self.name, "records as Twitter's API gives them, one a line")

    def read(self, source: Path, options: ReadOptions) -> Iterator[Post | Failure]:
        files = MediaFiles.near(source, options.note)
        beside = _UsersFiles(source, options)
        without_tweets = 0
        for entry in read_records(source, options, _is_ours):
            if entry.value is None:
                yield Failure(entry.where, entry.reason)
            elif _is_v1(entry.value):
                yield to_item(read_tweet(entry.value), files, entry.where, entry.encoding)
            elif captured := unwrap_captured(entry.value):
                shown = read_tweet(as_v1(captured))
                more = metadata(promoted="yes" if captured.get("promoted") is True else "")
                shown = replace(shown, metadata={**shown.metadata, **more})
                yield to_item(shown, files, entry.where, entry.encoding)
            elif _is_page(entry.value):
                includes = Includes.of_page(entry.value)
                number = 0
                for number, tweet in enumerate(tweets_of_page(entry.value), start=1):
                    where = f"{entry.where}, tweet {number}"
                    yield to_item(read_tweet_v2(tweet, includes), files, where, entry.encoding)
                without_tweets += number == 0
            elif _NOTICES.isdisjoint(entry.value):
                yield to_item(
                    read_tweet_v2(entry.value, beside.of(entry.where)), files, entry.where, entry.encoding
                )
            else:
                without_tweets += 1
        if without_tweets:
            options.note(f"records that hold no tweet, only errors or notices: {without_tweets:,}")


class _UsersFiles:
    """What academictwitteR puts beside `data_1.json`: users and media, in `users_1.json`."""

    def __init__(self, source: Path, options: ReadOptions) -> None:
        self._root = source if source.is_dir() else source.absolute().parent
        self._note = options.note
        self._name = ""
        self._includes = Includes()

    def of(self, where: str) -> Includes:
        """Return what the tweets of a file refer to; empty where it is no such file.

        Args:
            where: the record, which begins with the name of its file.
        """
        match = _DATA_FILE.match(where)
        if match is None:
            return Includes()
        name = f"users_{match[1]}.json"
        if name != self._name:
            self._name, self._includes = name, Includes()
            path = resolve_inside(self._root, name)
            page = next(read_entries(path), Entry(name)).value if path is not None else None
            if page:
                self._includes = Includes.of_page({"includes": page})
            else:
                self._note(f"{name} is not there or damaged: authors and pictures of {match[0]} are unknown")
        return self._includes


def _is_ours(record: Object) -> bool:
    return _is_v1(record) or is_tweet(record) or _is_v2_page(record) or _is_captured(record)


def _is_captured(record: Object) -> bool:
    """Whether a record is a tweet as X's own site gets it."""
    return "rest_id" in record and bool(unwrap_captured(record))


def _is_v1(record: Object) -> bool:
    if "full_text" in record and "screen_name" not in record:
        return bool(first_id(record.get("id_str"), record.get("id")))
    return "text" in record and bool(as_id(record.get("id_str")))


def _is_page(record: Object) -> bool:
    return "text" not in record and (
        isinstance(record.get("data"), dict | list) or ("errors" in record or "meta" in record)
    )


def _is_v2_page(record: Object) -> bool:
    if not _is_page(record):
        return False
    return "__twarc" in record or any(is_tweet(tweet) for tweet in tweets_of_page(record))


READER: Reader = Twarc()
