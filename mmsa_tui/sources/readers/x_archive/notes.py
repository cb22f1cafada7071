"""The long posts of an X archive: which tweet each belongs to.

`tweets.js` keeps the first 280 characters of a long post and `note-tweet.js` all of it, most often
without saying of which tweet.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from mmsa_tui.sources.fields.lookup import Object, as_object, dig, first_id, first_text
from mmsa_tui.sources.fields.tweet import Tweet, plain_text
from mmsa_tui.sources.timestamps import to_iso_utc

MAX_CHARACTERS = 200_000_000
"""All long posts are held while the tweets are read; no account wrote as much."""

_KEY_LENGTH = 40
_CUT = re.compile(r"\s*(?:…|\.\.\.)(?:\s+https?://t\.co/\w+)*\s*$")


@dataclass(frozen=True, slots=True)
class _Note:
    text: str
    created_at: str


class LongPosts:
    """Full texts by the tweet's id, and by how they begin."""

    def __init__(self, records: Iterable[Object]) -> None:
        self._by_id: dict[str, str] = {}
        self._by_beginning: defaultdict[str, list[_Note]] = defaultdict(list)
        held = 0
        for record in records:
            note = as_object(record.get("noteTweet")) or record
            text = plain_text(
                first_text(
                    dig(note, "core", "text"),
                    dig(note, "noteTweetResults", "text"),
                    dig(note, "noteTweetResults", "result", "text"),
                )
            )
            held += len(text)
            if not text or held > MAX_CHARACTERS:
                continue
            if tweet_id := first_id(note.get("tweetId"), note.get("noteTweetId")):
                self._by_id[tweet_id] = text
            self._by_beginning[_key(text)].append(_Note(text, to_iso_utc(note.get("createdAt"))))

    def complete(self, tweet: Tweet) -> Tweet:
        """Return the tweet with its full text, or as it is if it was not cut."""
        text = self._by_id.get(tweet.post_id) or self._begun_by(tweet)
        return replace(tweet, text=text) if text else tweet

    def _begun_by(self, tweet: Tweet) -> str:
        beginning = _CUT.sub("", tweet.text)
        if beginning == tweet.text or len(beginning) < _KEY_LENGTH:
            return ""
        wanted = _squeezed(beginning)
        fitting = [
            note
            for note in self._by_beginning.get(_key(beginning), ())
            if _squeezed(note.text).startswith(wanted)
        ]
        # Someone who begins every long post alike posted them at different times.
        fitting.sort(key=lambda note: note.created_at != tweet.created_at)
        return fitting[0].text if fitting else ""


def _squeezed(text: str) -> str:
    return " ".join(text.split())


def _key(text: str) -> str:
    return _squeezed(text[: _KEY_LENGTH * 2])[:_KEY_LENGTH]
