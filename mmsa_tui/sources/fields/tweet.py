"""What the fields of a tweet mean, for all formats that keep the tweets of Twitter's API v1.1.

Accounts for truncation, retweets, quotes and picture links. Knows no file layout.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from mmsa_tui.pictures.media import Media, MediaFiles
from mmsa_tui.records import Failure, Picture, Post
from mmsa_tui.sources.fields.lookup import (
    Object,
    as_object,
    as_objects,
    as_text,
    dig,
    first_text,
)
from mmsa_tui.sources.fields.paths import first, first_id_at
from mmsa_tui.sources.files.encodings import MAX_TEXT_BYTES, unescape
from mmsa_tui.sources.timestamps import moment_or_words

SHORT_LINK = re.compile(r"https?://t\.co/\w+")
_LAST_SHORT_LINK = re.compile(r"https?://t\.co/\w+\s*\Z")
_DATES = ("tweet_created_at", "creation_date")
"""What services that sell tweets call the date instead."""
_COUNTED = ("likes", "retweets", "replies", "quotes", "views", "bookmarks")
COUNTS_V1 = ("favorite_count", "retweet_count", "reply_count", "quote_count")
_TWEET_LINK = re.compile(
    r"https?://(?:www\.|mobile\.)?(?:twitter|x)\.com/(\w+)/status(?:es)?/(\d+)/?(?:\?.*)?"
)


_HANDLE = re.compile(r"^(?:(?:RT )?@[\w.]+|[^:\n]{1,80} \(@[\w.]+\)): ")
"""What tools put before the beginning of a text that they make a title of."""


@dataclass(frozen=True, slots=True)
class Tweet:
    """A tweet as read from a record, its pictures not yet looked for."""

    post_id: str
    text: str
    author: str = ""
    created_at: str = ""
    language: str = ""
    media: tuple[Media, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)


def join_title(title: str, body: str) -> str:
    """Put a title before its text, unless it is only the text's beginning, or there is no text."""
    if not body.strip():
        return title
    start = _HANDLE.sub("", " ".join(title.split())).rstrip("….").casefold()
    whole = " ".join(body.split()).casefold()
    # One word of a title stands in many a text; several are the same words once more.
    if whole.startswith(start.strip()) or (start.count(" ") > 1 and start.strip() in whole):
        return body
    return f"{title.rstrip()}\n\n{body}"


def to_item(tweet: Tweet, files: MediaFiles, where: str, encoding: str = "utf-8") -> Post | Failure:
    """Return the post with the pictures found for its media, or why it is none.

    Args:
        where: the record the tweet comes from, for messages.
    """
    return with_pictures(tweet, files.pictures(tweet.media), where, encoding)


def with_pictures(
    tweet: Tweet, pictures: tuple[Picture, ...], where: str, encoding: str = "utf-8"
) -> Post | Failure:
    """Return the post with these pictures, or why it is none."""
    if not tweet.post_id:
        return Failure(where, f"{where} has no id", tweet.text, tweet.metadata)
    if not (tweet.text or pictures):
        instead = ", only video" if tweet.media else ""
        reason = f"{where} has neither text nor pictures{instead}"
        return Failure(tweet.post_id, reason, "", tweet.metadata)
    if len(tweet.text) > MAX_TEXT_BYTES:
        reason = f"{where} has a text of {len(tweet.text):,} characters"
        return Failure(tweet.post_id, reason, "", tweet.metadata)
    return Post(
        post_id=tweet.post_id,
        text=tweet.text,
        pictures=pictures,
        author=tweet.author,
        created_at=tweet.created_at,
        language=tweet.language,
        encoding=encoding,
        metadata=tweet.metadata,
    )


def read_tweet(record: Object) -> Tweet:
    """Read a tweet object of API v1.1; what it lacks is empty.

    A retweet says and shows what the original does, untruncated and without "RT @name:"; it keeps
    its own id, author and time, and names the original in `retweet_of`.
    """
    post_id = first_id_at(record, "id_str id")
    original = as_object(record.get("retweeted_status"))
    shown = original if said(original) or media_of(original) else record
    author = first_text(dig(record, "user", "screen_name"))
    quoted = as_object(shown.get("quoted_status"))
    return x_tweet(
        record,
        post_id,
        author,
        said(shown),
        media_of(shown),
        author_name=dig(record, "user", "name"),
        conversation_id=first_id_at(record, "conversation_id_str conversation_id"),
        reply_to=first_id_at(record, "in_reply_to_status_id_str in_reply_to_status_id"),
        reply_to_author=record.get("in_reply_to_screen_name"),
        retweet_of=first_id_at(original, "id_str id"),
        retweet_author=dig(original, "user", "screen_name"),
        quote_of=first_id_at(shown, "quoted_status_id_str quoted_status_id"),
        quote_author=dig(quoted, "user", "screen_name"),
        quote_text=said(quoted),
        **counts_in(record, *COUNTS_V1, "ext_views.count", "bookmark_count"),
        links=links_in(shown),
        place=dig(record, "place", "full_name"),
        sensitive=yes_if(record.get("possibly_sensitive")),
    )


def x_tweet(
    record: Object,
    post_id: str,
    author: str,
    text: str,
    media: tuple[Media, ...],
    *,
    date: str = "created_at",
    url: str = "",
    **about: object,
) -> Tweet:
    """Put together a tweet of X: its address, time and language follow from the record.

    Args:
        date: the field that says when it was written.
        url: its address, if the record says it.
        about: what else is known of it, columns in their order.
    """
    return Tweet(
        post_id,
        text,
        author,
        moment_or_words(record.get(date), *(record.get(name) for name in _DATES)),
        language(record.get("lang")),
        media,
        metadata(url=url or tweet_url(post_id, author), **about),
    )


def counts_in(record: Object, *paths: str) -> dict[str, str]:
    """Return how often a post was liked, passed on, answered, quoted, seen and kept, as far as it is told.

    Args:
        paths: where these counts stand, in this order.
    """
    return {name: first(record, path) for name, path in zip(_COUNTED, paths, strict=False)}


def said(status: Object) -> str:
    """Return the words of a tweet object before they were cut, without links to its own media."""
    text = first_text(dig(status, "extended_tweet", "full_text"), status.get("full_text"), status.get("text"))
    return plain_text(text, picture_links(text, media_entities(status)))


def media_entities(status: Object) -> list[Object]:
    """Return the media of a tweet object; `extended_entities` lists all, `entities` the first."""
    for holder in (as_object(status.get("extended_tweet")), status):
        for name in ("extended_entities", "entities"):
            if found := list(as_objects(dig(holder, name, "media"))):
                return found
    return []


def media_of(status: Object) -> tuple[Media, ...]:
    """Return the media of a tweet object, in its order."""
    media = []
    for entity in media_entities(status):
        if url := first_text(entity.get("media_url_https"), entity.get("media_url")):
            kind = as_text(entity.get("type")) or "photo"
            media.append(Media(url, kind, as_text(entity.get("ext_alt_text"))))
    return tuple(media)


def picture_links(text: str, entities: Iterable[Object]) -> set[str]:
    """Return the links in `text` that only stand for the tweet's own media.

    An entity names its link in `url`, or else by its place in the text, in code points.
    """
    links = set()
    for entity in entities:
        url = as_text(entity.get("url"))
        if not url and isinstance(indices := entity.get("indices"), list) and len(indices) == 2:
            start, end = as_text(indices[0]), as_text(indices[1])
            if start.isdecimal() and end.isdecimal() and len(start + end) < 12:
                url = text[int(start) : int(end)]
        if SHORT_LINK.fullmatch(url):
            links.add(url)
    return links


def plain_text(text: str, unwanted_links: Iterable[str] = ()) -> str:
    """Return the words as their author typed them: links to own media dropped, entities unescaped."""
    for link in unwanted_links:
        *before, last = re.split(rf"{re.escape(link)}(?!\w)", text)
        text = "".join((*(part.rstrip() for part in before), last))
    return unescape(text).strip()


def without_last_link(text: str) -> str:
    """Drop a short link at the end, where Twitter puts that of the media."""
    # Searched from its own start: a pattern that begins with spaces is slow on many of them.
    match = _LAST_SHORT_LINK.search(text)
    return text[: match.start()].rstrip() if match else text


def links_in(status: Object) -> str:
    """Return the web addresses that a tweet links to, written out, separated by spaces."""
    for holder in (as_object(status.get("extended_tweet")), status):
        urls = list(as_objects(dig(holder, "entities", "urls")))
        if found := [link for url in urls if (link := first_text(url.get("expanded_url"), url.get("url")))]:
            return " ".join(found)
    return ""


def linked_tweet(status: Object) -> tuple[str, str]:
    """Return author and id of the tweet that the last link leads to, as a quote does, or ("", "")."""
    match = _TWEET_LINK.fullmatch(links_in(status).rpartition(" ")[2])
    return (match[1], match[2]) if match else ("", "")


def tweet_url(post_id: str, author: str) -> str:
    """Return the address of a tweet, "" if the id is not one of Twitter's."""
    if not (post_id.isascii() and post_id.isdecimal()):
        return ""
    user = author if re.fullmatch(r"\w+", author) else "i/web"
    return f"https://x.com/{user}/status/{post_id}"


def language(value: object) -> str:
    """Return a language tag; Twitter's words for "no language" (`und`, `zxx`, `qme`…) are ""."""
    text = as_text(value)
    return "" if text in {"und", "zxx", "art"} or re.fullmatch(r"q[a-z]{2}", text) else text


def yes_if(value: object) -> str:
    """Return a mark of a tool, such as that it shows something sensitive, as a column holds it."""
    return "yes" if value is True else ""


def metadata(**values: object) -> dict[str, str]:
    """Return the values that say something, as text, in the order given."""
    texts = {name: as_text(value) for name, value in values.items()}
    return {name: text for name, text in texts.items() if text}
