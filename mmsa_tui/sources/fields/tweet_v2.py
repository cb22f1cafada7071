"""What the fields of a tweet mean in Twitter's API v2, in pages with `includes` or flattened.

In a page a tweet refers by id and key to objects beside it; flattened, they are put inside it.
Knows no file layout.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from mmsa_tui.pictures.media import Media
from mmsa_tui.sources.fields.lookup import (
    Object,
    as_id,
    as_object,
    as_objects,
    as_text,
    dig,
    first_text,
)
from mmsa_tui.sources.fields.tweet import Tweet, counts_in, plain_text, x_tweet, yes_if

_OWN_FIELDS = frozenset(
    (
        "author_id",
        "edit_history_tweet_ids",
        "public_metrics",
        "conversation_id",
        "referenced_tweets",
        "__twarc",
    )
)
"""Fields that no other format gives a record with `id` and `text`."""

_COUNTS = ("like_count", "retweet_count", "reply_count", "quote_count", "impression_count", "bookmark_count")

_MEDIA_PAGE = re.compile(r"https?://(?:twitter|x)\.com/\w+/status/\d+/(?:photo|video)/\d+")
_PHOTO_KEY = "3_"
"""How the media key of a photo begins; 7 is a video, 16 a GIF."""


@dataclass(frozen=True, slots=True)
class Includes:
    """The objects of a page that its tweets refer to, by id, key or user name."""

    users: dict[str, Object] = field(default_factory=dict)
    media: dict[str, Object] = field(default_factory=dict)
    tweets: dict[str, Object] = field(default_factory=dict)

    @classmethod
    def of_page(cls, page: Object) -> Includes:
        includes = page.get("includes")
        return cls(
            users=_by(includes, "users", "id"),
            media=_by(includes, "media", "media_key"),
            tweets=_by(includes, "tweets", "id"),
        )


def _by(includes: object, kind: str, key: str) -> dict[str, Object]:
    return {name: item for item in as_objects(dig(includes, kind)) if (name := as_text(item.get(key)))}


def is_tweet(record: Object) -> bool:
    """Whether a record is a tweet of API v2, flattened or from a page."""
    return (
        isinstance(record.get("text"), str)
        and bool(as_id(record.get("id")))
        and not _OWN_FIELDS.isdisjoint(record)
    )


def tweets_of_page(page: Object) -> Iterator[Object]:
    """Yield the tweets of a page: a list, or a single one as the stream delivers it."""
    data = page.get("data")
    yield from as_objects(data if isinstance(data, list) else [data])


def read_tweet_v2(record: Object, includes: Includes) -> Tweet:
    """Read a tweet of API v2; what it lacks is empty. A retweet is treated as in API v1.1."""
    references = {as_text(item.get("type")): item for item in as_objects(record.get("referenced_tweets"))}
    original = _whole(references.get("retweeted", {}), includes)
    shown = original if _said(original) else record
    quoted = next(
        (item for item in as_objects(shown.get("referenced_tweets")) if item.get("type") == "quoted"), {}
    )
    reply = references.get("replied_to", {})
    user = _author(record, includes)
    answered = includes.users.get(as_text(record.get("in_reply_to_user_id")))
    return x_tweet(
        record,
        as_id(record.get("id")),
        as_text(user.get("username")),
        _said(shown),
        _media(shown, includes) or _media(record, includes),
        author_name=user.get("name"),
        conversation_id=record.get("conversation_id"),
        reply_to=as_id(reply.get("id")),
        reply_to_author=first_text(dig(record, "in_reply_to_user", "username"), dig(answered, "username")),
        retweet_of=as_id(original.get("id")),
        retweet_author=_author(original, includes).get("username"),
        quote_of=as_id(quoted.get("id")),
        quote_author=_author(_whole(quoted, includes), includes).get("username"),
        quote_text=_said(_whole(quoted, includes)),
        **counts_in(as_object(record.get("public_metrics")), *_COUNTS),
        links=" ".join(_links(shown)),
        place=dig(record, "geo", "full_name"),
        sensitive=yes_if(record.get("possibly_sensitive")),
    )


def _whole(reference: Object, includes: Includes) -> Object:
    """Return the tweet that a reference names, as far as the page holds it."""
    return {**includes.tweets.get(as_text(reference.get("id")), {}), **reference}


def _author(record: Object, includes: Includes) -> Object:
    return as_object(record.get("author")) or includes.users.get(as_text(record.get("author_id")), {})


def _said(record: Object) -> str:
    text = first_text(dig(record, "note_tweet", "text"), record.get("text"))
    return plain_text(text, (as_text(url.get("url")) for url in _urls(record) if _is_own_media(url)))


def _urls(record: Object) -> Iterable[Object]:
    yield from as_objects(dig(record, "entities", "urls"))
    yield from as_objects(dig(record, "note_tweet", "entities", "urls"))


def _is_own_media(url: Object) -> bool:
    """Whether a link only stands for media of the tweet; the key is absent in older collections."""
    return (
        bool(url.get("media_key"))
        or as_text(url.get("display_url")).startswith(("pic.twitter.com/", "pic.x.com/"))
        or bool(_MEDIA_PAGE.fullmatch(as_text(url.get("expanded_url"))))
    )


def _links(record: Object) -> Iterator[str]:
    seen = set()
    for url in _urls(record):
        link = first_text(url.get("unwound_url"), url.get("expanded_url"), url.get("url"))
        if link and link not in seen and not _is_own_media(url):
            seen.add(link)
            yield link


def _media(record: Object, includes: Includes) -> tuple[Media, ...]:
    attachments = as_object(record.get("attachments"))
    flattened = {as_text(item.get("media_key")): item for item in as_objects(attachments.get("media"))}
    keys = attachments.get("media_keys")
    names = [as_text(key) for key in keys] if isinstance(keys, list) else []
    media = []
    for key in names or flattened:
        item = flattened.get(key) or includes.media.get(key, {})
        kind = as_text(item.get("type")) or ("photo" if key.startswith(_PHOTO_KEY) else "video")
        # Without its media fields a page names the picture by key alone: it is missing then.
        url = first_text(item.get("url"), item.get("preview_image_url"), key)
        if url:
            media.append(Media(url, kind, as_text(item.get("alt_text")), (key,)))
    return tuple(media)
