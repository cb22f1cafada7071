"""Recognises the record of a social network in its wrapping, and reads it by its description.

The descriptions are `networks.toml`; only Bluesky needs more than a description can say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit

from mmsa_tui.pictures.finder import split_name
from mmsa_tui.pictures.media import Media, file_name
from mmsa_tui.sources.fields import bluesky
from mmsa_tui.sources.fields.lookup import Object, as_object, as_objects, as_text, is_gone
from mmsa_tui.sources.fields.network_list import Network, Pictures, known_networks
from mmsa_tui.sources.fields.paths import first, first_as, first_id_at, has, values
from mmsa_tui.sources.fields.tweet import Tweet, language, metadata, plain_text, without_last_link, yes_if
from mmsa_tui.sources.timestamps import moment_or_words, to_iso_utc
from mmsa_tui.text.cleaning import html_to_text
from mmsa_tui.text.garbled import repair_utf8

_WRAPPERS = ("post", "node", "data", "object", "item", "itemStruct", "status", "media", "mblog", "thread")
_ANSWERS = ("replies", "comments")
"""Under what names a record holds the answers to it."""
_LISTS = ("data", "children", "comments", "items", "nodes")
"""What a list is filed under that came in pages."""
_PHOTOS = frozenset(("", "photo", "image", "1", "graphimage", "xdtgraphimage", "static", "album", "share"))
_PICTURE_NAME = re.compile(r"\.(?:jpe?g|png|webp|gif|avif|heic|bmp)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Found:
    """A record of a network, out of its wrapping, and what reads it."""

    network: str
    record: Object
    read: Callable[[Object], Tweet]
    is_service: bool = False
    """The service wrote it itself: someone joined."""


def recognise(record: Object, depth: int = 0) -> Found | None:
    """Find of which network a record is, unwrapping it where it is wrapped; None if of none known."""
    if found := _bluesky(record):
        return found
    for network in known_networks().networks:
        if all(has(record, paths) for paths in network.has) and not has(record, network.has_not):
            is_service = has(record, network.service)
            return Found(network.name, record, partial(read, network=network), is_service)
    if depth < 2:
        for name in _WRAPPERS:
            inner = record.get(name)
            if isinstance(inner, dict) and (found := recognise(inner, depth + 1)):
                return found
    return None


def replies_of(record: Object) -> Iterator[Object]:
    """Yield what a record holds of answers to it, each a record with answers of its own."""
    yield from (
        node
        for node in values(record, "comment_rendering_instance_for_feed_location.comments.edges.*.node")
        if isinstance(node, dict)
    )
    for name in _ANSWERS:
        yield from as_objects(_listed(record.get(name)))
    for name in ("data", "thread"):
        if isinstance(part := record.get(name), dict):
            yield from replies_of(part)


def _listed(value: object, depth: int = 0) -> object:
    """Return a list that a service files under `data`, `data.children` and alike, else the value."""
    if isinstance(value, dict) and depth < 3:
        return next((_listed(value[name], depth + 1) for name in _LISTS if value.get(name)), value)
    return value


def read(record: Object, network: Network) -> Tweet:
    """Read a record of a network; what it lacks is empty."""
    original: Object = {}
    for path in network.repost.split():
        original = original or as_object(record.get(path))
    shown = original if original and _said(original, network) else record
    author = _named(first(record, network.author))
    if network.is_garbled:
        author = repair_utf8(author)
    text = _said(shown, network)
    media = tuple(_media(shown, network))
    if media and network.name in ("twitter-web-exporter", "X by Apify", "twint"):
        text = without_last_link(text)
    post_id = first_id_at(record, network.id) if network.id else ""
    return Tweet(
        post_id=_key_of(post_id),
        text=text,
        author=author,
        created_at=first_as(to_iso_utc, record, network.date)
        or first_as(moment_or_words, record, network.date),
        language=language(first(record, network.language)),
        media=media,
        metadata=metadata(
            network=network.name,
            author_name=first(record, network.author_name),
            **{name: first(record, paths) for name, paths in known_networks().counts.items()},
            retweet_of=_key_of(first_id_at(original, network.id or "id")),
            retweet_author=_named(first(original, network.author)),
            subreddit=record.get("subreddit"),
            sensitive=yes_if(record.get("sensitive")) or yes_if(record.get("over_18")),
        ),
    )


def _said(record: Object, network: Network) -> str:
    parts: list[str] = []
    for paths in network.text:
        text = next((found for path in paths.split() if (found := _text_at(record, path))), "")
        text = "" if is_gone(text) else text
        if network.is_garbled:
            text = repair_utf8(text)
        text = html_to_text(text).text if network.is_html else plain_text(text)
        # A title is often the beginning of the text.
        if text.strip() and not any(text in part or part in text for part in parts):
            parts.append(text.strip())
        elif parts and len(text) > len(parts[-1]):
            parts[-1] = text.strip()
    return "\n\n".join(parts)


def _text_at(record: Object, path: str) -> str:
    return "\n\n".join(found for value in values(record, path) if (found := text_of(value).strip()))


def text_of(value: object) -> str:
    """Return a text that is one string or a list of pieces, as Telegram parts it at each format."""
    if isinstance(value, list):
        return "".join(
            as_text(item.get("text")) if isinstance(item, dict) else as_text(item) for item in value
        )
    return as_text(value)


def _media(record: Object, network: Network) -> Iterator[Media]:
    """Yield the pictures under the first path that leads to any."""
    for place in network.pictures:
        media: list[Media] = []
        for item in values(record, place.at) if place.at else (record,):
            # In a tag of Nostr it follows a word: `url https://…`.
            url = as_text(item).removeprefix("url ") if not place.url else first(item, place.url)
            kind = _kind(item, place)
            if not url or (not place.url and not _is_picture_address(url)):
                continue
            # It may be saved under any of its addresses.
            others = [first(item, path) for path in place.url.split()] if place.url else []
            other_stems = [stem for other in others if other and other != url for stem in _all_stems(other)]
            stems = (*_stems(url), *other_stems, *_own_name(record, network, kind, len(media) + 1))
            media.append(Media(plain_text(url), kind, first(item, place.alt), stems))
        if media:
            yield from media
            return


def _kind(item: object, place: Pictures) -> str:
    if place.kind.startswith("="):
        return place.kind[1:]
    kind = first(item, place.kind).lower() if place.kind else ""
    is_photo = kind in _PHOTOS or kind.startswith(("image", "photo")) or kind.endswith(("image", "photo"))
    return "photo" if is_photo else kind


def _is_picture_address(url: str) -> bool:
    return bool(_PICTURE_NAME.search(urlsplit(url).path if "://" in url else url)) or "format=" in url


def _stems(url: str) -> tuple[str, ...]:
    """Return the file name as it stands: an at sign may belong to it."""
    name = url.replace("\\", "/").rpartition("/")[2]
    return (split_name(name)[1],) if "://" not in url and name != file_name(url) else ()


def _all_stems(url: str) -> tuple[str, ...]:
    return (*_stems(url), split_name(file_name(url))[1])


def _own_name(record: Object, network: Network, kind: str, number: int) -> tuple[str, ...]:
    """Return the name that the tool itself gives a picture, without suffix."""
    if not network.file_name:
        return ()
    day = re.sub(r"\D", "", first(record, network.date))[:8]
    parts = {"author": first(record, network.author), "id": first_id_at(record, network.id)}
    return (network.file_name.format(**parts, kind=kind, number=number, day=day),)


def _named(author: str) -> str:
    """Return the name in the address of an account: `https://m.example/users/merrow`."""
    return author.rstrip("/").rpartition("/")[2].removeprefix("@") if "://" in author else author


def _key_of(post_id: str) -> str:
    """Return the last part of an address that serves as an id."""
    if "://" in post_id:
        return post_id.removesuffix("/activity").rstrip("/").rpartition("/")[2]
    return post_id


def _bluesky(record: Object) -> Found | None:
    """Recognise a post of Bluesky: as the API shows it, as it lists records, or from the stream."""
    commit = as_object(record.get("commit"))
    for inner, uri, owner in (
        (record.get("record"), as_text(record.get("uri")), ""),
        (record.get("value"), as_text(record.get("uri")), ""),
        (commit.get("record"), as_text(commit.get("rkey")), as_text(record.get("did"))),
    ):
        post = as_object(inner)
        if uri and (bluesky.is_post_record(post)):
            return Found(
                "Bluesky",
                record,
                partial(_read_bluesky, post=post, uri=uri, owner=owner),
            )
    return None


def _read_bluesky(view: Object, post: Object, uri: str, owner: str) -> Tweet:
    key = bluesky.record_key(uri)
    author = first(view, "author.handle author.did") or owner or bluesky.owner_of(uri)
    by_link = {file_name(medium.url): medium for medium in bluesky.images_of(post)}
    shown = tuple(
        Media(
            url,
            "photo",
            first(image, "alt"),
            (*(name for name in by_link if name and name in url), url.rpartition("/")[2]),
        )
        for path in ("embed.images.*", "embed.media.images.*")
        for image in values(view, path)
        if (url := first(image, "fullsize thumb"))
    )
    return Tweet(
        post_id=key,
        text=as_text(post.get("text")).strip(),
        author=author,
        created_at=moment_or_words(post.get("createdAt"), first(view, "indexedAt")),
        language=bluesky.language_of(post),
        media=shown or tuple(by_link.values()),
        metadata={
            **metadata(
                network="Bluesky",
                url=bluesky.post_url(author, key),
                uri=uri if uri.startswith("at://") else "",
                author_name=first(view, "author.displayName"),
            ),
            **bluesky.context_of(post),
            **bluesky.counts_of(view),
        },
    )
