"""The archive that X sends an account's owner, as the zip it comes in or unpacked.

Tweets lie in `data/tweets.js` and its parts, each a JavaScript assignment of one array, with every
number a string; texts over 280 characters in `note-tweet.js`; pictures in `data/tweets_media`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from itertools import islice
from pathlib import Path

from mmsa_tui.disk.archive import Archive
from mmsa_tui.disk.safety import ignore
from mmsa_tui.errors import SourceError
from mmsa_tui.pictures.finder import natural_key, split_name
from mmsa_tui.pictures.media import file_name
from mmsa_tui.records import Failure, Post
from mmsa_tui.sources.base import Example, Match, Reader, ReadOptions
from mmsa_tui.sources.fields.lookup import Object, as_object, dig, first_text
from mmsa_tui.sources.fields.tweet import Tweet, linked_tweet, metadata, read_tweet, to_item
from mmsa_tui.sources.files.byte_stream import StreamDamagedError
from mmsa_tui.sources.files.file_tree import ArchiveTree, FileTree, FolderTree
from mmsa_tui.sources.files.ndjson import Entry, parse_entries
from mmsa_tui.sources.readers.x_archive.notes import LongPosts

_TWEETS = re.compile(r"(?:.*/)?(?:tweets?|community-tweets?)(?:-part\d+)?\.js")
_NOTES = re.compile(r"(?:.*/)?note-tweets?(?:-part\d+)?\.js")
_ACCOUNT = re.compile(r"(?:.*/)?account\.js")

_ASSIGNMENT = re.compile(rb"\s*window\.YTD\.\w+\.part\d+\s*=\s*")
_RETWEET = re.compile(r"RT @(\w+): ")
_HEAD_BYTES = 400


class XArchive:
    """An account archive of X or Twitter, of 2019 or later."""

    name = "x-archive"
    title = "X (Twitter) account archive"
    takes_encoding = False
    example = Example(
        "1918410713521908131",
        {
            "data/account.js": 'window.YTD.account.part0 = [{"account": {"username": "sam"}}]',
            "data/tweets.js": 'window.YTD.tweets.part0 = [{"tweet": {"id_str": "1918410713521908131",'
            ' "full_text": "A fine day https://t.co/a", "created_at": "Fri May 01 10:00:00 +0000 2026",'
            ' "extended_entities": {"media": [{"url": "https://t.co/a", "type": "photo", "media_url_https":'
            ' "https://pbs.twimg.com/media/GA1.jpg"}]}}}]',
            "data/tweets_media/1918410713521908131-GA1.jpg": "",
        },
    )

    def detect(self, source: Path) -> Match | None:
        try:
            with ExitStack() as stack:
                tree, names = _open(source, stack)
                for name in names:
                    if _ASSIGNMENT.match(next(tree.open(name), b"")[:_HEAD_BYTES]):
                        return Match(
                            self.name, 97, f"{name} assigns tweets to window.YTD, as X's archives do"
                        )
        except (OSError, SourceError, StreamDamagedError):
            return None
        return None

    def read(self, source: Path, options: ReadOptions) -> Iterator[Post | Failure]:
        with ExitStack() as stack:
            tree, names = _open(source, stack, options.note)
            if not names:
                raise SourceError(
                    f"{source} holds no tweets.js",
                    "Point at the zip file that X sent, or at the folder that has `data` in it.",
                )
            author = _author(tree)
            long_posts = LongPosts(_records(tree, _NOTES))
            files = tree.media()
            for name in names:
                for entry in _entries(tree, name):
                    if entry.value is None:
                        yield Failure(entry.where, entry.reason)
                    else:
                        # The earliest archives have the tweet without a wrapper.
                        record = as_object(entry.value.get("tweet")) or entry.value
                        yield to_item(long_posts.complete(_read(record, author)), files, entry.where)


def _open(source: Path, stack: ExitStack, note: Callable[[str], None] = ignore) -> tuple[FileTree, list[str]]:
    """Open the archive and name its files of tweets, none if it is no such archive.

    Raises:
        SourceError, OSError: it cannot be opened.
    """
    if source.is_dir():
        # As sent, its `data` folder, or unpacked into a folder of the archive's own name.
        inner = (path / "data" for path in islice(source.iterdir(), 100) if path.is_dir())
        for folder in (source / "data", source, *inner):
            if folder.is_dir() and not folder.is_symlink():
                tree: FileTree = FolderTree(folder, note)
                if names := _find_tweets(tree):
                    return tree, names
        return FolderTree(source, note), []
    if source.suffix.lower() == ".js":
        return FolderTree(source.absolute().parent, note), [source.name]
    tree = ArchiveTree(stack.enter_context(Archive(source, note)))
    return tree, _find_tweets(tree)


def _find_tweets(tree: FileTree) -> list[str]:
    # With its suffix, `tweets.js` would come after `tweets-part1.js`.
    return sorted(tree.find(_TWEETS), key=lambda name: natural_key(name.removesuffix(".js")))


def _entries(tree: FileTree, name: str) -> Iterator[Entry]:
    try:
        yield from parse_entries(_without_assignment(tree.open(name)), name)
    except OSError as error:
        yield Entry(name, reason=f"{name} cannot be read: {error}")


def _without_assignment(stream: Iterator[bytes]) -> Iterator[bytes]:
    start = next(stream, b"")
    match = _ASSIGNMENT.match(start)
    yield start[match.end() :] if match else start
    yield from stream


def _records(tree: FileTree, pattern: re.Pattern[str]) -> Iterator[Object]:
    for name in tree.find(pattern):
        yield from (entry.value for entry in _entries(tree, name) if entry.value is not None)


def _author(tree: FileTree) -> str:
    """Return the user name of the archive's owner, which its tweets leave out."""
    account = next(_records(tree, _ACCOUNT), {})
    return first_text(dig(account, "account", "username"))


def _read(record: Object, author: str) -> Tweet:
    tweet = read_tweet({"user": {"screen_name": author}, **record})
    stems = (f"{tweet.post_id}-{split_name(file_name(medium.url))[1]}" for medium in tweet.media)
    media = tuple(replace(medium, stems=(stem,)) for medium, stem in zip(tweet.media, stems, strict=True))
    retweet = _RETWEET.match(tweet.text)
    quote_author, quote_of = ("", "") if retweet else linked_tweet(record)
    if quote_of == tweet.post_id:
        quote_author, quote_of = "", ""
    known = metadata(
        retweet_author=retweet[1] if retweet else "", quote_of=quote_of, quote_author=quote_author
    )
    return replace(tweet, media=media, metadata={**known, **tweet.metadata})


READER: Reader = XArchive()
