"""Posts of social networks as their APIs, browser extensions and scrapers hand them on, as JSON.

What a record of each network looks like is described in `fields.networks`; lists, lines, pages and
other wrappings are undone before. Pictures are files in a folder beside.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from mmsa_tui.pictures.media import MediaFiles
from mmsa_tui.records import Failure, Post
from mmsa_tui.sources.base import Example, Match, Reader, ReadOptions
from mmsa_tui.sources.fields.accounts import Accounts
from mmsa_tui.sources.fields.lookup import Object
from mmsa_tui.sources.fields.network_list import known_networks
from mmsa_tui.sources.fields.networks import read, recognise, replies_of
from mmsa_tui.sources.fields.paths import first
from mmsa_tui.sources.fields.tweet import Tweet, to_item
from mmsa_tui.sources.files.record_files import detect_records, read_records

_MAX_KEYS = 8
_NO_POSTS = ("Announce", "Like", "Follow", "Delete", "Undo", "Update", "Add", "Remove", "Block")
"""What an account did besides writing, in ActivityPub; a boost names the post of another and no more."""


_MORE = "more"
"""What Reddit puts where a thread goes on."""
_EXCERPTS = ("latestComments", "topComments", "top_comments", "latest_comments")
_WORDS = "text body content message comment"
"""Where an answer of unknown form may hold its words."""
_DOWNLOAD = re.compile(r"your_\w*(?:activity|facebook)\w*|content")
"""Folders at the top of a download of Meta, whose records name pictures as seen from there."""


_SEEN = frozenset(("date", "link"))
"""All that a download of TikTok says of a video that was watched or liked, by the thousand."""


class Network:
    """JSON of Mastodon, Bluesky, Reddit, Instagram, TikTok, Facebook and the others that are described."""

    name = "network"
    title = "posts of a social network (JSON of an API, extension or scraper)"
    takes_encoding = False
    example = Example(
        "11",
        {
            "statuses.json": '[{"id": "11", "created_at": "2026-05-01T10:00:00.000Z", "language": "en",'
            ' "content": "<p>A fine day</p>", "account": {"acct": "sam"}, "media_attachments":'
            ' [{"type": "image", "url": "https://m.example/media/90.png"}]}]',
            "media/90.png": "",
        },
    )

    def detect(self, source: Path) -> Match | None:
        return detect_records(source, _is_likely, self.name, "posts as a social network's API gives them", 85)

    def read(self, source: Path, options: ReadOptions) -> Iterator[Post | Failure]:
        files = MediaFiles.near(_download_of(source), options.note)
        accounts = Accounts(source)
        foreign: Counter[str] = Counter()
        excerpts: Counter[str] = Counter()
        like: Object = {}
        for entry in read_records(source, options, _is_likely):
            if entry.value is None:
                yield Failure(entry.where, entry.reason)
            elif found := recognise(entry.value):
                like = entry.value
                if found.is_service:
                    foreign["what the service says, such as that someone joined"] += 1
                    continue
                for place, post in enumerate(_thread(entry.value, excerpts)):
                    if not post.post_id:
                        key = re.sub(r",? (?:line|record) ", "-", entry.where)
                        post = replace(post, post_id=f"{key}-{place}" if place else key)
                    yield to_item(accounts.named(post), files, entry.where, entry.encoding)
            elif entry.value.get("type") in _NO_POSTS:
                foreign[f"type {entry.value['type']}"] += 1
            elif entry.value.get("kind") == _MORE:
                foreign["answers that were not loaded"] += 1
            elif _is_seen(entry.value):
                foreign[", ".join(entry.value)] += 1
            elif len(like.keys() & entry.value.keys()) * 2 >= max(1, len(like)):
                yield Failure(entry.where, f"{entry.where} lacks a field that the other posts have")
            else:
                foreign[", ".join(list(entry.value)[:_MAX_KEYS])[:100]] += 1
        if accounts.lists:
            options.note(f"names of accounts are taken from {', '.join(accounts.lists[:5])}")
        if accounts.n_unknown:
            options.note(f"posts whose author is known by an id alone: {accounts.n_unknown:,}")
        for keys, count in foreign.most_common(5):
            options.note(f"records that are no posts of a network left out: {count:,}, with {keys}")
        for name, count in excerpts.most_common(5):
            options.note(f"answers that posts show as an excerpt, in `{name}`, left out: {count:,}")


def _thread(record: Object, excerpts: Counter[str]) -> Iterator[Tweet]:
    """Yield a post and the answers that stand in it, each before its own; count those of an excerpt."""
    pending = [record]
    while pending:
        record = pending.pop()
        if found := recognise(record):
            yield found.read(found.record)
        elif first(record, _WORDS):
            yield read(record, known_networks().common)
        for name in _EXCERPTS:
            if isinstance(few := record.get(name), list) and few:
                excerpts[name] += len(few)
        pending += reversed(list(replies_of(record)))


def _download_of(source: Path) -> Path:
    """Return the download of Meta that a file is a part of, or the source itself."""
    if source.is_dir():
        return source
    above = list(source.absolute().parents)[:4]
    return next((folder.parent for folder in above[:-1] if _DOWNLOAD.fullmatch(folder.name)), source)


def _is_likely(record: Object) -> bool:
    # An account may have passed on a hundred posts of others since it last wrote one.
    is_act = record.get("type") in _NO_POSTS and "actor" in record
    return recognise(record) is not None or is_act or _is_seen(record)


def _is_seen(record: Object) -> bool:
    return {name.casefold() for name in record} == _SEEN


READER: Reader = Network()
