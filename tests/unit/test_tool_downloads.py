"""Records and folders of tools and data sets in the shape they really have."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tool_shapes import BIOGRAPHY, DAY, FINE, UNIX, Shape, captured, check, csv, garbled, twice, two

from mmsa_tui.records import Failure, Post
from mmsa_tui.sources import ReadOptions, read

MEDIA = {"uri": "media/posts/p1.jpg", "creation_timestamp": UNIX, "title": garbled(FINE)}
COMMENT = {
    "timestamp": UNIX,
    "data": [{"comment": {"timestamp": UNIX, "comment": garbled(FINE), "author": "sam"}}],
    "title": "Sam commented on a post.",
}
GAB = {
    "i": "71",
    "c": FINE,
    "ca": "2026-05-01T10:00:00.000Z",
    "author_info": {"un": "sam", "nt": BIOGRAPHY},
    "image_info": [{"u": "https://media.example/p1.jpg", "t": "image"}],
}
EMBEDDED = {
    "awemeId": "71",
    "desc": FINE,
    "createTime": UNIX,
    "authorInfo": {"nickname": "sam"},
    "images": [{"urlList": ["https://p3.example/p1.jpeg?x=1"]}],
}
PIN = {
    "id": "71",
    "title": "",
    "description": FINE,
    "createdAt": "Fri, 01 May 2026 10:00:00 +0000",
    "pinner": {"username": "sam"},
    "imageSpec_orig": {"url": "https://i.example/p1.jpg"},
    "images": {"url": "x"},
}
NOTE = {
    "id": "71",
    "note": {
        "desc": FINE,
        "time": UNIX * 1000,
        "user": {"nickname": "sam"},
        "interactInfo": {},
        "imageList": [{"urlDefault": "http://x.example/p1.jpg"}],
    },
}
TIKTOK_COMMENT = {
    "cid": "71",
    "text": FINE,
    "aweme_id": "5",
    "create_time": UNIX,
    "user": {"unique_id": "sam", "signature": BIOGRAPHY},
}
INSTAGRAM_COMMENT = {
    "id": "71",
    "comment_id": "71",
    "post_id": "5",
    "text": FINE,
    "created_at": UNIX,
    "user": {"unique_id": "sam"},
}
VIDEO = {
    "bvid": "BV71",
    "title": FINE,
    "pubdate": UNIX,
    "owner": {"name": "sam"},
    "pic": "http://i.example/p1.jpg",
}
NODE = {
    "node": {
        "legacy_fbid": "71",
        "preferred_body": {"text": FINE},
        "created_time": UNIX,
        "author": {"name": "sam"},
    }
}
FEEDBACK = {
    "id": "feedback:5",
    "comment_rendering_instance_for_feed_location": {"comments": {"edges": [NODE, NODE]}},
}
SHARED = {
    "updateMetadata": {"urn": "71"},
    "commentary": {"text": {"text": FINE}},
    "actor": {"name": {"text": "sam"}},
    "content": {
        "images": [
            {
                "attributes": [
                    {"vectorImage": {"artifacts": [{"fileIdentifyingUrlPathSegment": "p1.jpg?e=1"}]}}
                ]
            }
        ]
    },
}
FOURCAT = (
    ("id", "71", "72"),
    twice("thread_id", "5"),
    ("timestamp", "2026-05-01 10:00:00", "2026-05-02 11:00:00"),
)
WEIBO = {
    "category": "weibo",
    "subcategory": "status",
    "extension": "jpg",
    "num": 1,
    "status": {
        "idstr": "71",
        "text": "<a>x</a>",
        "text_raw": FINE,
        "date": "2026-05-01 10:00:00",
        "user": {"screen_name": "sam"},
    },
}
DISCORD = {
    "category": "discord",
    "subcategory": "channel",
    "extension": "jpg",
    "message": FINE,
    "message_id": "71",
    "author": "sam",
    "date": "2026-05-01 10:00:00",
}
PANDAS = {
    "id": {"0": "71", "1": "72"},
    "text": {"0": FINE, "1": "Rain"},
    "user": {"0": "sam", "1": "leo"},
    "created_at": {"0": UNIX * 1000, "1": UNIX * 1000},
}
SPLIT = {
    "columns": ["id", "text", "user", "created_at"],
    "index": [0, 1],
    "data": [["71", FINE, "sam", "2026-05-01T10:00:00"], ["72", "Rain", "leo", "2026-05-02T10:00:00"]],
}

RESEARCHED = {
    "id": 71,
    "video_description": FINE,
    "create_time": UNIX,
    "username": "sam",
    "region_code": "GB",
}
CARD = {
    "id": "71",
    "mid": "71",
    "text": f"<a href='/n'>x</a><br/>{FINE}",
    "text_raw": FINE,
    "created_at": "Fri May 01 18:00:00 +0800 2026",
    "user": {"screen_name": "sam", "description": BIOGRAPHY},
    "pics": [{"large": {"url": "https://wx1.example/large/p1.jpg"}}],
}

SHAPES: dict[str, Shape] = {
    "MMHS150K, with what was read in each picture": Shape(
        {
            "MMHS150K_GT.json": json.dumps(
                {k: {"tweet_text": FINE, "labels": [0], "tweet_url": "x"} for k in ("70010", "70020")}
            ),
            "img_resized/70010.jpg": None,
            "img_resized/70020.jpg": None,
            "img_txt/70010.json": '{"img_text": "some words"}',
            "img_txt/70020.json": '{"img_text": "other words"}',
        },
        "70010",
        author="",
        created_at="",
        found=("70010.jpg",),
    ),
    "MVSA, one folder up": Shape(
        {
            "MVSA/labelResultAll.txt": "ID\ttext,image\n1\tpositive,neutral\n",
            "MVSA/data/1.txt": FINE,
            "MVSA/data/1.jpg": None,
        },
        "1",
        author="",
        created_at="",
        found=("1.jpg",),
        count=1,
        truth={"post": "positive"},
    ),
    "HarMeme, whose pictures lie beside its folder": Shape(
        {
            "annotations/train.jsonl": "".join(
                json.dumps({"id": k, "image": f"{k}.png", "labels": ["harmful"], "text": FINE}) + "\n"
                for k in ("memes_1", "memes_2")
            ),
            "images/memes_1.png": None,
            "images/memes_2.png": None,
        },
        "memes_1",
        author="",
        created_at="",
        found=("memes_1.png",),
        point_at="annotations/train.jsonl",
    ),
    "pandas, by column": Shape({"a.json": json.dumps(PANDAS)}, "71"),
    "pandas, rows and columns apart": Shape({"a.json": json.dumps(SPLIT)}, "71"),
    "4CAT, Telegram": Shape(
        {
            "a.csv": csv(
                *FOURCAT,
                twice("author", "1000"),
                twice("author_username", "sam"),
                ("body", FINE, "Rain"),
                ("attachment_filename", "p1.jpeg", ""),
            ),
            "pictures/p1.jpeg": None,
        },
        "71",
        found=("p1.jpeg",),
    ),
    "4CAT, Imgur": Shape(
        {"a.csv": csv(*FOURCAT, twice("author", "sam"), ("subject", FINE, "Rain"), twice("body", ""))}, "71"
    ),
    "4CAT, Douyin": Shape(
        {
            "a.csv": csv(
                *FOURCAT, twice("author_nickname", "sam"), twice("subject", "Post"), ("body", FINE, "Rain")
            )
        },
        "71",
    ),
    "Zeeschuimer, Gab": Shape(
        {"a.ndjson": captured("gab.com", *two(GAB, i="72")), "p1.jpg": None}, "71", found=("p1.jpg",)
    ),
    "Zeeschuimer, Douyin in a page": Shape(
        {"a.ndjson": captured("douyin.com", *two(EMBEDDED, awemeId="72")), "p1.jpeg": None},
        "71",
        found=("p1.jpeg",),
    ),
    "Zeeschuimer, Pinterest": Shape(
        {"a.ndjson": captured("pinterest.com", *two(PIN, id="72")), "p1.jpg": None}, "71", found=("p1.jpg",)
    ),
    "Zeeschuimer, RedNote in a page": Shape(
        {"a.ndjson": captured("xiaohongshu.com", *two(NOTE, id="72")), "p1.jpg": None},
        "71",
        found=("p1.jpg",),
    ),
    "Zeeschuimer, comments of TikTok": Shape(
        {"a.ndjson": captured("tiktok-comments", *two(TIKTOK_COMMENT, cid="72"))}, "71"
    ),
    "Zeeschuimer, comments of Instagram": Shape(
        {"a.ndjson": captured("instagram-comments", *two(INSTAGRAM_COMMENT, comment_id="72"))}, "71"
    ),
    "Zeeschuimer, comments of Facebook": Shape({"a.ndjson": captured("facebook-comments", FEEDBACK)}, "71"),
    "Zeeschuimer, Bilibili": Shape(
        {"a.ndjson": captured("bilibili.com", *two(VIDEO, bvid="BV72")), "p1.jpg": None},
        "BV71",
        found=("p1.jpg",),
    ),
    "Zeeschuimer, LinkedIn": Shape(
        {"a.ndjson": captured("linkedin.com", *two(SHARED)), "p1.jpg": None},
        "71",
        created_at="",
        found=("p1.jpg",),
    ),
    "instagram-scraper": Shape(
        {
            "sam.json": json.dumps(
                {
                    "GraphImages": [
                        {
                            "__typename": "GraphImage",
                            "id": post_id,
                            "shortcode": f"D{post_id}",
                            "edge_media_to_caption": {"edges": [{"node": {"text": text}}]},
                            "taken_at_timestamp": UNIX,
                            "username": "sam",
                            "display_url": f"https://x.example/{post_id}_n.jpg?x",
                        }
                        for post_id, text in (("71", FINE), ("72", "Rain again"))
                    ]
                }
            ),
            "71_n.jpg": None,
        },
        "71",
        found=("71_n.jpg",),
        point_at="sam.json",
    ),
    "Facebook, comments of a download": Shape(
        {"comments.json": json.dumps({"comments_v2": [COMMENT, COMMENT]})}, "comments.json-1-1"
    ),
    "Instagram, one file of a download": Shape(
        {
            "ig/your_instagram_activity/media/posts_1.json": json.dumps(
                [{"media": [MEDIA]}, {"media": [MEDIA]}]
            ),
            "ig/media/posts/p1.jpg": None,
        },
        "posts_1.json-1",
        author="",
        found=("p1.jpg",),
        point_at="ig/your_instagram_activity/media/posts_1.json",
    ),
    "gallery-dl, Weibo": Shape(
        {"w/71_1.jpg": None, "w/71_1.jpg.json": json.dumps(WEIBO)}, "71", found=("71_1.jpg",), count=1
    ),
    "gallery-dl, Discord": Shape(
        {"d/71_1.jpg": None, "d/71_1.jpg.json": json.dumps(DISCORD)}, "71", found=("71_1.jpg",), count=1
    ),
    "TikTok's research API": Shape(
        {
            "a.json": json.dumps(
                {"data": {"videos": two(RESEARCHED, id=72), "cursor": 1}, "error": {"code": "ok"}}
            )
        },
        "71",
    ),
    "Weibo, cards": Shape(
        {
            "a.json": json.dumps({"ok": 1, "data": {"cards": [{"mblog": CARD}, {"mblog": CARD}]}}),
            "p1.jpg": None,
        },
        "71",
        found=("p1.jpg",),
    ),
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_what_a_tool_wrote_is_read_as_it_was_meant(tmp_path: Path, shape: Shape) -> None:
    check(tmp_path, shape)


@pytest.mark.parametrize("is_first", [True, False])
def test_lists_of_what_was_watched_are_no_posts(tmp_path: Path, is_first: bool) -> None:
    seen = [{"Date": "2026-05-01 10:00:00", "Link": f"https://x.example/{k}/"} for k in range(3_000)]
    parts = {
        "Activity": {"Video Browsing History": {"VideoList": seen}},
        "Comment": {"Comments": {"CommentsList": [{"date": "2026-05-01 10:00:00", "comment": FINE}]}},
        "Video": {"Videos": {"VideoList": [{**seen[0], "Likes": "3"}]}},
    }
    download = parts if is_first else dict(reversed(parts.items()))
    (tmp_path / "user_data.json").write_text(json.dumps(download))
    notes: list[str] = []
    items = list(read(tmp_path / "user_data.json", options=ReadOptions(note=notes.append)))
    assert [item.text for item in items if isinstance(item, Post)] == [FINE]
    assert sum(isinstance(item, Failure) for item in items) == 1
    assert any("3,000" in note and "Date, Link" in note for note in notes)


def test_what_stands_for_answers_that_were_not_loaded_is_counted(tmp_path: Path) -> None:
    comment = {"id": "71", "link_id": "t3_5", "subreddit": "ferries", "author": "sam", "body": FINE}
    listed = [{"kind": "t1", "data": comment}, {"kind": "more", "data": {"count": 3, "children": ["x"]}}]
    (tmp_path / "a.json").write_text(json.dumps({"kind": "Listing", "data": {"children": listed}}))
    notes: list[str] = []
    assert [item.post_id for item in read(tmp_path / "a.json", options=ReadOptions(note=notes.append))] == [
        "71"
    ]
    assert any("not loaded" in note for note in notes)


def test_a_post_behind_a_hundred_boosts_is_read(tmp_path: Path) -> None:
    act = {"id": "https://m.example/users/sam/statuses/71/activity", "actor": "x", "published": DAY}
    note = {
        "type": "Note",
        "id": "71",
        "attributedTo": "x/sam",
        "published": DAY,
        "content": f"<p>{FINE}</p>",
    }
    boosts = [{**act, "type": "Announce", "object": "https://m.example/users/leo/statuses/5"}] * 100
    acts = [*boosts, {**act, "type": "Create", "object": note}]
    (tmp_path / "outbox.json").write_text(json.dumps({"type": "OrderedCollection", "orderedItems": acts}))
    notes: list[str] = []
    (post,) = read(tmp_path, options=ReadOptions(note=notes.append))
    assert isinstance(post, Post) and post.text == FINE
    assert any("100" in note and "Announce" in note for note in notes)
