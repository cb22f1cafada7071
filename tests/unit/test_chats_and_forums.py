"""What chats, forums and blogs give out, in the shape it really has."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tool_shapes import BIOGRAPHY, DAY, FINE, UNIX, Shape, check, csv, twice

from mmsa_tui.sources import ReadOptions, read


def event(key: str, kind: str, **content: str) -> dict[str, Any]:
    return {
        "type": kind,
        "event_id": key,
        "sender": "@sam:m.example",
        "origin_server_ts": UNIX * 1000,
        "content": content,
    }


def sent(text: str) -> dict[str, Any]:
    return {"From": "sam", "Media Type": "TEXT", "Created": "2026-05-01 10:00:00 UTC", "Content": text}


def chat(key: str, **other: Any) -> dict[str, Any]:
    day = "Friday, May 1, 2026 at 10:00:00\u202fAM UTC"
    return {
        "creator": {"name": "sam", "email": "s@x.example"},
        "created_date": day,
        "text": FINE,
        "message_id": key,
        **other,
    }


def page(key: int) -> dict[str, Any]:
    return {
        "post": {
            "id": key,
            "name": "Harbour",
            "body": FINE,
            "published": DAY,
            "ap_id": f"https://l.example/post/{key}",
        },
        "creator": {"name": "sam", "bio": BIOGRAPHY},
        "community": {"name": "town", "description": BIOGRAPHY},
    }


ROOM = {
    "room_name": "Harbour",
    "messages": [event("71", "m.room.message", body=FINE), event("72", "m.room.member")],
}
SLACK = {"type": "message", "user": "U01", "ts": f"{UNIX}.000100", "text": FINE, "client_msg_id": "71"}
WALL = {"owner_id": -7, "from_id": 5, "text": FINE, "date": UNIX, "id": 71}
USER = "abcdefghijklmnopqrstuvwx12"
TOLD = {"id": "71", "user_id": USER, "channel_id": "c", "message": FINE, "create_at": UNIX * 1000}
ZULIP = {
    "id": 71,
    "sender": 5,
    "subject": "ferries",
    "content": FINE,
    "rendered_content": f"<p>{FINE}</p>",
    "date_sent": float(UNIX),
}
NOSTR = {
    "id": "71",
    "kind": 1,
    "pubkey": "sam",
    "created_at": UNIX,
    "tags": [["e", "5", "wss://x.example"], ["imeta", "url https://x.example/p1.jpg", "m image/jpeg"]],
    "content": FINE,
    "sig": "ab",
}
TOPIC = [
    {"id": key, "username": "sam", "created_at": DAY, "cooked": f"<p>{FINE}</p>", "post_number": key - 70}
    for key in (71, 72)
]

SHAPES: dict[str, Shape] = {
    "Slack, with its users in a file of their own": Shape(
        {
            "users.json": json.dumps([{"id": "U01", "name": "sam", "profile": {"real_name": "Sam B."}}]),
            "general/2026-05-01.json": json.dumps(
                [{**SLACK, "text": f"<@U01> {FINE}"}, {**SLACK, "client_msg_id": "72"}]
            ),
        },
        "71",
        text=f"@sam {FINE}",
    ),
    "Mattermost": Shape(
        {
            "posts.json": json.dumps({"order": ["71"], "posts": {"p71": TOLD, "p72": {**TOLD, "id": "72"}}}),
            "users.json": json.dumps([{"id": USER, "username": "sam", "nickname": "Sam B."}]),
        },
        "71",
    ),
    "VK, with those who wrote below the posts": Shape(
        {
            "wall.json": json.dumps(
                {
                    "response": {
                        "items": [{**WALL, "from_id": -7}, {**WALL, "id": 72}],
                        "profiles": [{"id": 5, "screen_name": "leo"}],
                        "groups": [{"id": 7, "screen_name": "sam"}],
                    }
                }
            )
        },
        "71",
    ),
    "Discourse, a topic": Shape(
        {
            "7.json": json.dumps(
                {"post_stream": {"posts": TOPIC}, "id": 7, "title": "Town", "created_at": DAY}
            )
        },
        "71",
    ),
    "Zulip, with its users in a file of their own": Shape(
        {
            "messages-000001.json": json.dumps(
                {
                    "zerver_message": [ZULIP, {**ZULIP, "id": 72}],
                    "zerver_usermessage": [{"id": key, "user_profile": 5, "message": 71} for key in range(9)],
                }
            ),
            "realm.json": json.dumps({"zerver_userprofile": [{"id": 5, "full_name": "sam"}]}),
        },
        "71",
    ),
    "Nostr, where a profile and a like are events too": Shape(
        {
            "events.jsonl": "".join(
                json.dumps(event) + "\n"
                for event in (
                    NOSTR,
                    {**NOSTR, "id": "72", "tags": []},
                    {**NOSTR, "id": "73", "kind": 0, "content": '{"name": "sam", "about": "Captain"}'},
                    {**NOSTR, "id": "74", "kind": 7, "content": "+"},
                )
            ),
            "p1.jpg": None,
        },
        "71",
        found=("p1.jpg",),
    ),
    "Matrix": Shape({"a.json": json.dumps(ROOM)}, "71", author="@sam:m.example", count=1),
    "Snapchat, a list for each chat": Shape(
        {"a.json": json.dumps({"harbour": [sent(FINE)], "leo": [sent("Rain"), sent("A bus")]})}, "1", count=3
    ),
    "Google Chat": Shape(
        {
            "messages.json": json.dumps(
                {
                    "messages": [
                        chat("71", attached_files=[{"original_name": "p.png", "export_name": "File-p.png"}]),
                        chat("72"),
                    ]
                }
            ),
            "File-p.png": None,
        },
        "71",
        found=("File-p.png",),
        point_at="messages.json",
    ),
    "Lemmy": Shape({"a.json": json.dumps({"posts": [page(71), page(72)]})}, "71", text=f"Harbour\n\n{FINE}"),
    "WordPress, with the time of the site beside that in GMT": Shape(
        {
            "a.csv": csv(
                ("comment_ID", "71", "72"),
                twice("comment_post_ID", "5"),
                twice("comment_author", "sam"),
                twice("comment_date", "2026-05-01 12:00:00"),
                twice("comment_date_gmt", "2026-05-01 10:00:00"),
                ("comment_content", FINE, "Rain again"),
            )
        },
        "71",
    ),
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_what_people_said_to_each_other_is_read_as_it_was_meant(tmp_path: Path, shape: Shape) -> None:
    check(tmp_path, shape)


def test_authors_of_whom_no_list_tells_are_counted(tmp_path: Path) -> None:
    (tmp_path / "wall.json").write_text(json.dumps([WALL, {**WALL, "id": 72}]))
    notes: list[str] = []
    list(read(tmp_path / "wall.json", options=ReadOptions(note=notes.append)))
    assert "posts whose author is known by an id alone: 2" in notes


def test_the_list_that_names_come_from_is_told(tmp_path: Path) -> None:
    (tmp_path / "users.json").write_text(json.dumps([{"id": USER, "username": "sam"}]))
    (tmp_path / "posts.json").write_text(json.dumps([TOLD, {**TOLD, "id": "72"}]))
    notes: list[str] = []
    list(read(tmp_path / "posts.json", options=ReadOptions(note=notes.append)))
    assert "names of accounts are taken from users.json" in notes


def test_what_happened_in_a_room_is_counted(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(ROOM))
    notes: list[str] = []
    list(read(tmp_path / "a.json", options=ReadOptions(note=notes.append)))
    assert any("service" in note for note in notes)
