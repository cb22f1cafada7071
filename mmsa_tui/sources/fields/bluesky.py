"""What the fields of a Bluesky post record mean, wherever a format keeps it. Knows no file layout."""

from __future__ import annotations

from collections.abc import Iterator

from mmsa_tui.pictures.media import Media
from mmsa_tui.sources.fields.lookup import Object, as_object, as_objects, as_text, dig, first_text
from mmsa_tui.sources.fields.tweet import counts_in, metadata
from mmsa_tui.sources.timestamps import moment_or_words

POST_TYPE = "app.bsky.feed.post"


def is_post_record(record: Object) -> bool:
    """Whether a record says that it is a post, or looks like one that lost its type."""
    kind = record.get("$type")
    return kind == POST_TYPE or (
        kind is None and isinstance(record.get("text"), str) and "createdAt" in record
    )


def created_at(record: Object) -> str:
    """Return when the author's app says the post was written."""
    return moment_or_words(record.get("createdAt"))


def language_of(record: Object) -> str:
    """Return the first of the languages that the author's app states."""
    langs = record.get("langs")
    return as_text(langs[0]) if isinstance(langs, list) and langs else ""


def images_of(record: Object) -> tuple[Media, ...]:
    """Return the pictures of a post; each is a blob called by its hash."""
    embed = as_object(record.get("embed"))
    images = list(as_objects(embed.get("images"))) or list(as_objects(dig(embed, "media", "images")))
    media = []
    for image in images:
        # Posts of early 2023 name the blob by a plain `cid`.
        blob = as_object(image.get("image"))
        if link := first_text(
            dig(blob, "ref", "$link"), blob.get("ref"), blob.get("cid"), image.get("fullsize")
        ):
            media.append(Media(link, "photo", as_text(image.get("alt"))))
    return tuple(media)


def context_of(record: Object) -> dict[str, str]:
    """Return thread, quote and links of a post, as metadata."""
    quote = first_text(dig(record, "embed", "record", "uri"), dig(record, "embed", "record", "record", "uri"))
    return metadata(
        conversation_id=record_key(as_text(dig(record, "reply", "root", "uri"))),
        reply_to=record_key(as_text(dig(record, "reply", "parent", "uri"))),
        reply_to_author=owner_of(as_text(dig(record, "reply", "parent", "uri"))),
        quote_of=record_key(quote),
        quote_author=owner_of(quote),
        links=" ".join(_links(record)),
    )


def counts_of(view: Object) -> dict[str, str]:
    """Return how often a post was liked, passed on, answered and quoted, as metadata."""
    return metadata(**counts_in(view, "likeCount", "repostCount", "replyCount", "quoteCount"))


def post_url(user: str, key: str) -> str:
    """Return a post's address on the web, "" without a user."""
    return f"https://bsky.app/profile/{user}/post/{key}" if user and key else ""


def record_key(uri: str) -> str:
    """Return the last part of `at://did:plc:…/app.bsky.feed.post/3k…`."""
    return uri.rpartition("/")[2]


def owner_of(uri: str) -> str:
    """Return the account that `at://did:plc:…` begins with."""
    return uri.removeprefix("at://").partition("/")[0] if uri.startswith("at://") else ""


def _links(record: Object) -> Iterator[str]:
    seen = set()
    features = (
        feature for facet in as_objects(record.get("facets")) for feature in as_objects(facet.get("features"))
    )
    for link in (
        *(as_text(feature.get("uri")) for feature in features),
        as_text(dig(record, "embed", "external", "uri")),
    ):
        if link and link not in seen:
            seen.add(link)
            yield link
