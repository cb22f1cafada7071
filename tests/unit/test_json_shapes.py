"""Shapes that JSON comes in: by column, as rows, from a browser, from databases, and written by hand."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tool_shapes import DAY, FINE, Shape, check

from mmsa_tui.errors import SourceError
from mmsa_tui.sources import read

POSTS: list[dict[str, Any]] = [
    {"id": "71", "text": FINE, "username": "sam", "created_at": DAY},
    {"id": "72", "text": "Rain again", "username": "leo", "created_at": DAY},
]


def captured(number: int) -> dict[str, Any]:
    """Return a tweet as X's own site gets it."""
    post = POSTS[number]
    user = {"result": {"rest_id": "5", "legacy": {"screen_name": post["username"]}}}
    day = "Fri May 01 10:00:00 +0000 2026"
    legacy = {"id_str": post["id"], "full_text": post["text"], "created_at": day}
    return {"__typename": "Tweet", "rest_id": post["id"], "core": {"user_results": user}, "legacy": legacy}


def timeline(**promoted: Any) -> dict[str, Any]:
    cursor = {"entryId": "cursor-1", "content": {"cursorType": "Bottom", "value": "DAAC"}}
    shown = [{"tweet_results": {"result": captured(n)}, **promoted} for n in range(2)]
    entries = [{"entryId": f"tweet-{n}", "content": {"itemContent": item}} for n, item in enumerate(shown)]
    return {"data": {"user": {"timeline": {"instructions": [{"entries": [*entries, cursor]}]}}}}


def logged(answer: str, **more: str) -> dict[str, Any]:
    return {"request": {"url": "https://x.example/"}, "response": {"content": {"text": answer, **more}}}


def log(*answers: dict[str, Any]) -> str:
    return json.dumps({"log": {"version": "1.2", "creator": {"name": "a browser"}, "entries": list(answers)}})


PRINTED = "".join(repr({**post, "place": None}) + "\n" for post in POSTS)
SHAPES = {
    "lists by column": json.dumps({name: [post[name] for post in POSTS] for name in POSTS[0]}),
    "rows without names": json.dumps([list(post.values()) for post in POSTS * 2]),
    "rows below their names": json.dumps([list(POSTS[0]), *(list(post.values()) for post in POSTS)]),
    "rows of Hugging Face": json.dumps(
        {"features": [{"name": "text"}], "rows": [{"row_idx": n, "row": p} for n, p in enumerate(POSTS)]}
    ),
    "rows and names in lists beside facts": json.dumps(
        {
            "database": "a",
            "columns": list(POSTS[0]),
            "rows": [list(post.values()) for post in POSTS],
            "next": None,
        }
    ),
    "a sheet of Google": json.dumps(
        {"range": "A1:D3", "values": [list(POSTS[0]), *(list(post.values()) for post in POSTS)]}
    ),
    "records of Airtable": json.dumps(
        {"records": [{"id": f"rec{n}", "createdTime": DAY, "fields": post} for n, post in enumerate(POSTS)]}
    ),
    "messages and posts of channels that a bot got": json.dumps(
        {
            "ok": True,
            "result": [
                {"update_id": n, ("message", "channel_post")[n]: post} for n, post in enumerate(POSTS)
            ],
        }
    ),
    "pages as lists": json.dumps([POSTS, POSTS]),
    "a timeline": json.dumps(timeline()),
    "a timeline a line": json.dumps(timeline()) + "\n",
    "a log of a browser": log(
        logged("no JSON"),
        logged(json.dumps({"settings": [{"text": "none"}]})),
        logged(json.dumps(timeline())),
    ),
    "a log in base64": log(
        logged(base64.b64encode(json.dumps(timeline()).encode()).decode(), encoding="base64")
    ),
    "commas before brackets": json.dumps(POSTS, indent=1).replace("\n }", ",\n }").replace("\n]", ",\n]"),
    "comments": "// by hand\n[\n" + ",\n".join(f"/* one */ {json.dumps(p)}" for p in POSTS) + "\n] // end\n",
    "dicts of Python": PRINTED,
    "MongoDB": "".join(
        json.dumps(
            {
                **post,
                "_id": {"$oid": "65f0c0ffee"},
                "id": {"$numberLong": post["id"]},
                "created_at": {"$date": {"$numberLong": "1777629600000"}},
            }
        )
        + "\n"
        for post in POSTS
    ),
    "Elasticsearch, with a number of its own": "".join(
        json.dumps({"_index": "a", "_id": f"zz{n}", "_source": post}) + "\n" for n, post in enumerate(POSTS)
    ),
}


@pytest.mark.parametrize("name", SHAPES)
def test_the_posts_in_a_shape_of_json_are_found(tmp_path: Path, name: str) -> None:
    is_unnamed = name == "rows without names"
    found = Shape({"a.json": SHAPES[name]}, "71", count=4 if name == "pages as lists" else 2)
    check(tmp_path, replace(found, post_id="1", author="", count=4) if is_unnamed else found)


def test_a_tweet_that_was_paid_for_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(timeline(promotedMetadata={"id": "1"})))
    assert [post.metadata.get("promoted") for post in read(tmp_path / "a.json")] == ["yes", "yes"]


def test_captions_of_a_picture_in_splits_are_its_text(tmp_path: Path) -> None:
    images = [
        {
            "filename": "a.jpg",
            "sentences": [{"raw": FINE, "tokens": ["a"]}, {"raw": "Boats", "tokens": ["b"]}],
        },
        {"filename": "b.jpg", "sentences": [{"raw": "Rain", "tokens": ["c"]}]},
    ]
    files = {"a.json": json.dumps({"images": images, "dataset": "made up"}), "i/a.jpg": None, "i/b.jpg": None}
    shape = Shape(
        files, "1", author="", created_at="", text=f"{FINE}\nBoats", found=("a.jpg",), point_at="a.json"
    )
    check(tmp_path, shape)


@pytest.mark.parametrize("indent", [None, 1])
def test_records_of_an_unknown_kind_in_the_one_list_of_a_file_are_posts(
    tmp_path: Path, indent: int | None
) -> None:
    captions = [{"image_id": f"0054c9{n}", "caption_str": post["text"]} for n, post in enumerate(POSTS)]
    (tmp_path / "a.json").write_text(json.dumps({"set": "made up", "captions": captions}, indent=indent))
    assert [(post.post_id, post.text) for post in read(tmp_path / "a.json")] == [
        ("0054c90", FINE), ("0054c91", "Rain again"),
    ]  # fmt: skip


def test_a_conversation_with_a_model_is_no_list_of_posts(tmp_path: Path) -> None:
    said = [{"role": "system", "content": "Judge it"}, {"role": "user", "content": FINE}]
    (tmp_path / "a.jsonl").write_text(
        json.dumps({"messages": said}) + "\n" + json.dumps({"messages": said}) + "\n"
    )
    with pytest.raises(SourceError) as refusal:
        list(read(tmp_path / "a.jsonl"))
    assert "messages" in refusal.value.hint


def test_texts_in_a_map_by_their_ids_are_posts(tmp_path: Path) -> None:
    texts = {"1918410713521908101": FINE, "1918410713521908111": "Rain again, and wind"}
    files = {"a.json": json.dumps(texts), **{f"i/{post_id}.jpg": None for post_id in texts}}
    post_id = next(iter(texts))
    check(
        tmp_path,
        Shape(files, post_id, author="", created_at="", found=(f"{post_id}.jpg",), point_at="a.json"),
    )


def test_captions_in_a_map_by_their_pictures_are_posts(tmp_path: Path) -> None:
    captions = {"1000.jpg": [FINE, "Boats at rest in the sun"], "1001.jpg": ["Rain again, and wind"]}
    files = {"a.json": json.dumps(captions, indent=1), "i/1000.jpg": None, "i/1001.jpg": None}
    text = "\n".join(captions["1000.jpg"])
    shape = Shape(files, "1000", author="", created_at="", text=text, found=("1000.jpg",), point_at="a.json")
    check(tmp_path, shape)


@pytest.mark.parametrize("content", ["{}", "[]", "[{}]", "{}\n{}\n"])
def test_json_without_anything_in_it_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(SourceError):
        list(read(tmp_path / "a.json"))


def test_a_post_beside_the_comments_on_it_is_read_and_the_account_beside_posts_is_not(tmp_path: Path) -> None:
    comments = [
        {"id": f"c{n}", "author": "leo", "body": f"What I say is {n}", "created_utc": 1_700_000_000 + n}
        for n in range(3)
    ]
    above = {
        "id": "s1",
        "author": "sam",
        "title": "A question",
        "selftext": FINE,
        "created_utc": 1_700_000_000,
    }
    path = tmp_path / "thread.json"
    path.write_text(json.dumps({"submission_metadata": above, "comments": comments}), encoding="utf-8")
    assert [item.text for item in read(path)] == [f"A question\n\n{FINE}", *(c["body"] for c in comments)]
    user = {"id": "5", "username": "sam", "created_at": DAY, "description": "nobody"}
    path.write_text(json.dumps({"user": user, "posts": POSTS}), encoding="utf-8")
    assert [item.text for item in read(path)] == [post["text"] for post in POSTS]
