"""What the records of social networks say, whichever tool wrote them and however they are wrapped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mmsa_tui.records import Failure, Post
from mmsa_tui.sources import ReadOptions, detect, read

MASTODON = {
    "id": "11",
    "created_at": "2026-05-01T10:00:00.000Z",
    "content": "<p>A fine day</p>",
    "account": {"acct": "sam@m.example", "username": "sam", "note": "<p>a biography of many words</p>"},
    "media_attachments": [{"type": "image", "url": "https://x.example/p1.jpg"}],
    "reblog": None,
}
RECORD = {"$type": "app.bsky.feed.post", "text": "A fine day", "createdAt": "2026-05-01T10:00:00.000Z"}
URI = "at://did:plc:abc/app.bsky.feed.post/3lk0abcdefghij"
VIEW = {
    "uri": URI,
    "author": {"handle": "sam", "description": "a biography of many words"},
    "record": RECORD,
    "embed": {"images": [{"fullsize": "https://cdn.example/img/feed/plain/did:plc:abc/p1@jpeg", "alt": "x"}]},
}
REDDIT = {
    "id": "11",
    "subreddit": "ferries",
    "title": "A fine day",
    "selftext": "",
    "author": "sam",
    "created_utc": 1777629600.0,
    "url": "https://i.redd.it/p1.jpg",
}
INSTAGRAM = {
    "pk": "11",
    "code": "DxA0",
    "taken_at": 1777629600,
    "user": {"username": "sam", "biography": "a biography of many words"},
    "caption": {"text": "A fine day"},
    "image_versions2": {"candidates": [{"url": "https://x.example/p1.jpg?stp=1"}]},
}
GRAPHQL = {
    "id": "11",
    "shortcode": "DxA0",
    "taken_at_timestamp": 1777629600,
    "owner": {"username": "sam"},
    "edge_media_to_caption": {"edges": [{"node": {"text": "A fine day"}}]},
    "display_url": "https://x.example/p1.jpg",
}
TIKTOK = {
    "id": "11",
    "desc": "A fine day",
    "createTime": 1777629600,
    "author": {"uniqueId": "sam", "signature": "a biography of many words"},
    "stats": {"diggCount": 3},
    "imagePost": {"images": [{"imageURL": {"urlList": ["https://x.example/p1.jpeg?x=1"]}}]},
}
FACEBOOK = {
    "id": "11",
    "message": "A fine day",
    "created_time": "2026-05-01T10:00:00+0000",
    "from": {"name": "sam"},
    "full_picture": "https://x.example/p1.jpg",
}
BRIGHT_DATA = {
    "id": "11",
    "user_posted": "sam",
    "biography": "a biography of many words",
    "description": "A fine day",
    "date_posted": "2026-05-01T10:00:00.000Z",
    "photos": ["https://x.example/p1.jpg"],
    "url": "https://x.com/sam/status/11",
}
TWINT = {
    "id": 11,
    "conversation_id": "11",
    "created_at": "2026-05-01 10:00:00 UTC",
    "username": "sam",
    "tweet": "A fine day",
    "photos": ["https://x.example/p1.jpg"],
    "link": "https://x.com/sam/status/11",
}
NOTE = {
    "id": "https://m.example/users/sam/statuses/11",
    "type": "Note",
    "published": "2026-05-01T10:00:00Z",
    "attributedTo": "https://m.example/users/sam",
    "content": "<p>A fine day</p>",
    "attachment": [{"type": "Document", "mediaType": "image/jpeg", "url": "/media_attachments/p1.jpg"}],
}
ACTIVITY = {"id": NOTE["id"], "type": "Create", "published": NOTE["published"], "object": NOTE}


def posts(root: Path, value: Any, name: str = "a.json", notes: list[str] | None = None) -> list[Any]:
    (root / "media").mkdir(exist_ok=True)
    (root / "media/p1.jpg").touch()
    path = root / name
    path.write_text(json.dumps(value) if not isinstance(value, str) else value, encoding="utf-8")
    assert detect(path).format == "network"
    return list(read(path, options=ReadOptions(note=(notes if notes is not None else []).append)))


@pytest.mark.parametrize(
    "value",
    [
        [MASTODON],
        {"accounts": [], "statuses": [MASTODON], "hashtags": []},
        {"@context": "x", "type": "OrderedCollection", "totalItems": 1, "orderedItems": [ACTIVITY]},
        {"kind": "Listing", "data": {"after": None, "children": [{"kind": "t3", "data": REDDIT}]}},
        REDDIT,
        {"items": [INSTAGRAM], "more_available": False},
        {"data": {"user": {"edge_owner_to_timeline_media": {"count": 1, "edges": [{"node": GRAPHQL}]}}}},
        {"itemList": [TIKTOK], "hasMore": False},
        {"data": [FACEBOOK], "paging": {"next": "x"}},
        [BRIGHT_DATA],
        TWINT,
    ],
    ids=lambda value: str(list(value))[:40],
)
def test_a_post_is_the_same_in_every_network_and_wrapping(tmp_path: Path, value: Any) -> None:
    (post,) = posts(tmp_path, value)
    assert isinstance(post, Post)
    assert (post.post_id, post.text, post.author) == (
        "11",
        "A fine day",
        "sam" if post.author == "sam" else post.author,
    )
    assert post.author in ("sam", "sam@m.example")
    assert post.created_at == "2026-05-01T10:00:00Z"
    assert [picture.path and picture.path.name for picture in post.pictures] == ["p1.jpg"]


@pytest.mark.parametrize(
    "value",
    [
        {"feed": [{"post": VIEW, "reply": None}], "cursor": "x"},
        {"posts": [VIEW]},
        {"records": [{"uri": URI, "cid": "b", "value": RECORD}], "cursor": "x"},
        {
            "did": "did:plc:abc",
            "kind": "commit",
            "commit": {"collection": "app.bsky.feed.post", "rkey": "3lk0abcdefghij", "record": RECORD},
        },
    ],
)
def test_bluesky_shows_a_post_in_four_ways(tmp_path: Path, value: Any) -> None:
    (post,) = posts(tmp_path, value)
    assert (post.post_id, post.text) == ("3lk0abcdefghij", "A fine day")
    assert post.author in ("sam", "did:plc:abc")
    assert post.created_at == "2026-05-01T10:00:00Z"


def test_a_title_is_joined_to_its_text(tmp_path: Path) -> None:
    (post,) = posts(
        tmp_path, {**REDDIT, "selftext": "All ferries were on time.", "url": "https://r.example/"}
    )
    assert (post.text, post.pictures) == ("A fine day\n\nAll ferries were on time.", ())


def test_a_post_that_was_removed_has_no_text(tmp_path: Path) -> None:
    comment = {"id": "12", "subreddit": "f", "body": "[removed]", "author": "[deleted]", "link_id": "t3_11"}
    _, item = posts(tmp_path, [{**comment, "body": "so it is"}, comment])
    assert isinstance(item, Failure) and "neither text nor pictures" in item.reason


def test_a_passed_on_post_says_what_the_original_does(tmp_path: Path) -> None:
    (post,) = posts(tmp_path, [{**MASTODON, "id": "12", "content": "", "reblog": {**MASTODON, "id": "5"}}])
    assert (post.post_id, post.text) == ("12", "A fine day")
    assert post.metadata["retweet_of"] == "5"


def test_the_downloads_of_meta_are_ungarbled(tmp_path: Path) -> None:
    garbled = "Schöner Tag 😍".encode().decode("latin-1")
    item = {"media": [{"uri": "media/p1.jpg", "creation_timestamp": 1777629600, "title": garbled}]}
    (post,) = posts(tmp_path, [item])
    assert (post.post_id, post.text, post.created_at) == (
        "a.json-1",
        "Schöner Tag 😍",
        "2026-05-01T10:00:00Z",
    )
    assert [picture.path is not None for picture in post.pictures] == [True]


def test_the_downloads_of_facebook_are_read(tmp_path: Path) -> None:
    garbled = "Schöner Tag".encode().decode("latin-1")
    media = {"media": {"uri": "posts/media/p1.jpg", "creation_timestamp": 1777629600}}
    item = {
        "timestamp": 1777629600,
        "attachments": [{"data": [media]}],
        "data": [{"post": garbled}, {"update_timestamp": 1777629600}],
        "title": "Sam updated his status.",
    }
    (post,) = posts(tmp_path, [item])
    assert (post.text, post.created_at) == ("Schöner Tag", "2026-05-01T10:00:00Z")
    assert [picture.path is not None for picture in post.pictures] == [True]


def test_what_is_no_post_is_counted(tmp_path: Path) -> None:
    notes: list[str] = []
    lines = "".join(json.dumps(record) + "\n" for record in [MASTODON, {"type": "ping"}, MASTODON])
    assert len(posts(tmp_path, lines, "a.jsonl", notes)) == 2
    assert notes == ["records that are no posts of a network left out: 1, with type"]


def test_a_post_that_lost_the_name_of_a_field_is_a_failure(tmp_path: Path) -> None:
    broken = {("cont_nt" if name == "content" else name): value for name, value in MASTODON.items()}
    _, item = posts(tmp_path, [MASTODON, broken])
    assert isinstance(item, Failure) and "lacks a field" in item.reason


def test_answers_within_a_post_are_posts(tmp_path: Path) -> None:
    def comment(post_id: str, replies: Any) -> dict[str, Any]:
        parts = {
            "id": post_id,
            "subreddit": "f",
            "body": f"word {post_id}",
            "author": "sam",
            "parent_id": "x",
        }
        return {"kind": "t1", "data": {**parts, "replies": replies}}

    def listing(*children: Any) -> dict[str, Any]:
        return {"kind": "Listing", "data": {"children": list(children)}}

    tree = listing(comment("1", listing(comment("2", ""), comment("3", ""))), comment("4", ""))
    assert [post.text for post in posts(tmp_path, tree)] == ["word 1", "word 2", "word 3", "word 4"]


def test_a_boost_in_a_mastodon_archive_is_counted_and_no_post(tmp_path: Path) -> None:
    boost = {**ACTIVITY, "type": "Announce", "object": "https://other.example/1"}
    notes: list[str] = []
    (post,) = posts(tmp_path, {"type": "OrderedCollection", "orderedItems": [ACTIVITY, boost]}, notes=notes)
    assert post.post_id == "11"
    assert notes == ["records that are no posts of a network left out: 1, with type Announce"]


def test_a_download_is_found_by_its_few_posts_among_much_else(tmp_path: Path) -> None:
    logins = [{"Date": "2026-05-01 10:00:00 UTC", "IP": "1"}] * 30
    comment = {"date": "2026-05-01 10:00:00", "comment": "so fine", "photo": "N/A", "url": ""}
    download = {
        "Activity": {"Login History": {"LoginHistoryList": logins}},
        "Comment": {"Comments": {"CommentsList": [comment]}},
    }
    (post,) = posts(tmp_path, download)
    assert (post.text, post.created_at) == ("so fine", "2026-05-01T10:00:00Z")
