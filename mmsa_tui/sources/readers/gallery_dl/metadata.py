"""What the fields of gallery-dl's metadata mean, for every site. Knows no file layout.

X and Bluesky have their own names of fields; of the other sites some keep what the site's API gave,
and the rest share a vocabulary of gallery-dl's own.
"""

from __future__ import annotations

from dataclasses import replace

from mmsa_tui.sources.fields.bluesky import context_of, counts_of, language_of, post_url
from mmsa_tui.sources.fields.lookup import Object, as_id, as_text, dig, first_text
from mmsa_tui.sources.fields.network_list import known_networks
from mmsa_tui.sources.fields.networks import read, recognise
from mmsa_tui.sources.fields.paths import first, first_id_at
from mmsa_tui.sources.fields.tweet import (
    COUNTS_V1,
    Tweet,
    counts_in,
    metadata,
    plain_text,
    without_last_link,
    x_tweet,
    yes_if,
)
from mmsa_tui.sources.timestamps import moment_or_words
from mmsa_tui.text.cleaning import html_to_text


def post_id_of(record: Object) -> str:
    """Return the id of the post that a sidecar describes, "" if it describes none."""
    category = record.get("category")
    if record.get("subcategory") == "info":
        return ""  # of an account
    if category in (None, "twitter") and (tweet_id := as_id(record.get("tweet_id"))):
        return tweet_id
    if category in (None, "bluesky") and isinstance(record.get("text"), str):
        return as_text(record.get("post_id"))
    if isinstance(category, str) and isinstance(record.get("subcategory"), str):
        return first_id_at(record, known_networks().common.id)
    return ""


def read_post(record: Object) -> Tweet:
    """Read the post that a sidecar describes; its pictures are files and not looked at here."""
    if "tweet_id" in record:
        return _read_tweet(record)
    if record.get("category") in (None, "bluesky"):
        return _read_bluesky(record)
    found = recognise(record)
    usual = read(record, known_networks().common)
    known = found.read(found.record) if found else usual
    title = html_to_text(first(record, "title")).text.strip()
    text = known.text if not title or title in known.text else f"{title}\n\n{known.text}".strip()
    named = metadata(
        network=record.get("category"), author_name=first(record, known_networks().common.author_name)
    )
    return replace(
        known,
        post_id=post_id_of(record),
        text=text,
        author=known.author or usual.author,
        created_at=known.created_at or usual.created_at,
        metadata={**known.metadata, **named},
    )


def alt_text_of(record: Object) -> str:
    """Return what is said of one picture, where `description` is not the text of the post."""
    return (
        as_text(record.get("description")) if record.get("category") in (None, "twitter", "bluesky") else ""
    )


def _read_tweet(record: Object) -> Tweet:
    post_id = as_id(record.get("tweet_id"))
    author = as_text(dig(record, "author", "name"))
    retweet_of = as_id(record.get("retweet_id"))
    retweet_author = ""
    if retweet_of and retweet_of != post_id:
        # The author is the original's; the account that was downloaded has retweeted it.
        author, retweet_author = first_text(dig(record, "user", "name"), author), author
    else:
        retweet_of = ""
    text = as_text(record.get("content"))
    if as_text(record.get("extension")) or as_id(record.get("count")):
        # Links are written out by gallery-dl; a short one at the end stands for the picture.
        text = without_last_link(text)
    return x_tweet(
        record,
        post_id,
        author,
        plain_text(text),
        (),
        date="date",
        author_name=dig(record, "author", "nick"),
        conversation_id=as_id(record.get("conversation_id")),
        reply_to=as_id(record.get("reply_id")),
        reply_to_author=record.get("reply_to"),
        retweet_of=retweet_of,
        retweet_author=retweet_author,
        quote_of=as_id(record.get("quoted_id")),
        # `quote_id` stands at the quoted tweet and names the one that quotes it.
        quoted_by=as_id(record.get("quote_id")),
        **counts_in(record, *COUNTS_V1, "view_count", "bookmark_count"),
        sensitive=yes_if(record.get("sensitive")),
    )


def _read_bluesky(record: Object) -> Tweet:
    post_id = as_text(record.get("post_id"))
    author = first_text(dig(record, "author", "handle"), dig(record, "author", "did"))
    return Tweet(
        post_id=post_id,
        text=as_text(record.get("text")).strip(),
        author=author,
        created_at=moment_or_words(record.get("createdAt"), record.get("date"), record.get("indexedAt")),
        language=language_of(record),
        metadata={
            **metadata(
                url=post_url(author, post_id),
                uri=record.get("uri"),
                author_name=dig(record, "author", "displayName"),
            ),
            **context_of(record),
            **counts_of(record),
        },
    )
