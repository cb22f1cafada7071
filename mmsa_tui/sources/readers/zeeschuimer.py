"""Posts as the browser extension Zeeschuimer captures them from a platform's own web pages.

Each line wraps what the page received. From X that is the fields of API v1.1 under `legacy`, and
around them the author, the quoted tweet and the whole of a long post.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from mmsa_tui.pictures.media import MediaFiles
from mmsa_tui.records import Failure, Post
from mmsa_tui.sources.base import Example, Match, Reader, ReadOptions
from mmsa_tui.sources.fields.lookup import Object, as_object, as_text, first_id
from mmsa_tui.sources.fields.network_list import known_networks
from mmsa_tui.sources.fields.networks import read, recognise, replies_of
from mmsa_tui.sources.fields.tweet import Tweet, metadata, read_tweet, to_item
from mmsa_tui.sources.fields.tweet_captured import as_v1, unwrap_captured
from mmsa_tui.sources.files.record_files import detect_records, read_records
from mmsa_tui.sources.timestamps import to_iso_utc


class Zeeschuimer:
    """An `.ndjson` file exported by Zeeschuimer."""

    name = "zeeschuimer"
    title = "Zeeschuimer (posts captured in the browser)"
    takes_encoding = False
    example = Example(
        "1918410713521908131",
        {
            "capture.ndjson": '{"source_platform": "twitter.com", "source_platform_url": "https://x.com/sam",'
            ' "timestamp_collected": 1777629600000, "data": {"rest_id": "1918410713521908131", "core":'
            ' {"user_results": {"result": {"core": {"screen_name": "sam"}}}}, "legacy": {"full_text":'
            ' "A fine day", "created_at": "Fri May 01 10:00:00 +0000 2026"}}}',
        },
    )

    def detect(self, source: Path) -> Match | None:
        reason = "records captured in the browser, with their source_platform"
        return detect_records(source, _is_ours, self.name, reason)

    def read(self, source: Path, options: ReadOptions) -> Iterator[Post | Failure]:
        files = MediaFiles.near(source, options.note)
        unknown: Counter[str] = Counter()
        for entry in read_records(source, options, _is_ours):
            if entry.value is None:
                yield Failure(entry.where, entry.reason)
            elif tweet := unwrap_captured(entry.value.get("data")):
                yield to_item(_read(entry.value, tweet), files, entry.where, entry.encoding)
            elif _is_ours(entry.value):
                for post, is_known in _read_others(entry.value):
                    unknown[as_text(entry.value.get("source_platform"))] += not is_known
                    yield to_item(post, files, entry.where, entry.encoding)
            else:
                yield Failure(entry.where, f"{entry.where} is no record that was captured")
        for platform, count in (+unknown).items():
            options.note(
                f"{platform or 'a platform without name'}: {count:,} posts of a kind that is not known;"
                " their text is taken from fields with usual names"
            )


def _is_ours(record: Object) -> bool:
    names = {"source_platform_url", "source_platform", "timestamp_collected"}
    return not names.isdisjoint(record) and isinstance(record.get("data"), dict)


def _read_others(capture: Object) -> Iterator[tuple[Tweet, bool]]:
    """Read a post of another platform than X, or the comments on one; say whether its shape is known."""
    data = as_object(capture.get("data"))
    item_id = first_id(capture.get("item_id"))
    shown = [found for part in (data, *replies_of(data)) if (found := recognise(part))]
    if shown and shown[0].record is data:
        shown = shown[:1]
    posts = [found.read(found.record) for found in shown] or [read(data, known_networks().common)]
    for post in posts:
        more = {**_capture_of(capture), **post.metadata}
        yield replace(post, post_id=post.post_id or item_id, metadata=more), bool(shown)


def _capture_of(capture: Object) -> dict[str, str]:
    return metadata(
        network=capture.get("source_platform"),
        collected_at=to_iso_utc(capture.get("timestamp_collected")),
        collected_from=capture.get("source_platform_url"),
    )


def _read(capture: Object, data: Object) -> Tweet:
    tweet = read_tweet(as_v1(data))
    more = {**metadata(promoted="yes" if data.get("promoted") is True else ""), **_capture_of(capture)}
    more.pop("network", "")
    return replace(tweet, metadata={**tweet.metadata, **more})


READER: Reader = Zeeschuimer()
