"""Exports of services in the shape they really have: surveys, planners of posts, listening, chats."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tool_shapes import BIOGRAPHY, DAY, FINE, UNIX, Shape, check, csv, twice

from mmsa_tui.records import Failure, Post
from mmsa_tui.sources import ReadOptions, read

DATES = ("Date", "2026-05-01 10:00:00", "2026-05-02 11:00:00", "2026-05-03 11:00:00")
ANSWERS = (FINE, "Rain again", "The bus was late")


def message(key: str, kind: object = "Default", **other: Any) -> dict[str, Any]:
    author = {"id": "5", "name": "sam", "nickname": "Sam B.", "avatarUrl": "c.json_Files/avatar.png"}
    return {
        "id": key,
        "type": kind,
        "timestamp": "2026-05-01T10:00:00+00:00",
        "content": FINE,
        "author": author,
        "attachments": [],
        **other,
    }


def comment(key: str, **other: str) -> dict[str, Any]:
    return {"id": key, "parent": "root", "text": FINE, "author": "sam", "timestamp": UNIX, **other}


SHAPES: dict[str, Shape] = {
    "Qualtrics, three rows of names": Shape(
        {
            "a.csv": csv(
                ("StartDate", "Start Date", '{"ImportId":"startDate"}', *DATES[1:]),
                ("Status", "Response Type", '{"ImportId":"status"}', *["IP Address"] * 3),
                ("ResponseId", "Response ID", '{"ImportId":"_recordId"}', "R_71", "R_72", "R_73"),
                ("Q1", "Please paste the tweet that you saw first", '{"ImportId":"QID1_TEXT"}', *ANSWERS),
            )
        },
        "R_71",
        author="",
        count=3,
    ),
    "SurveyMonkey, with a row that says what was asked for": Shape(
        {
            "a.csv": csv(
                ("Respondent ID", "", "118390711", "118390712", "118390713"),
                ("Start Date", "", *DATES[1:]),
                ("Which tweet did you like most, and why?", "Open-Ended Response", *ANSWERS),
                ("", "Any other remarks that you would like to make", "", "", "none"),
            )
        },
        "118390711",
        author="",
        count=3,
    ),
    "a planner of posts, whose author is the profile": Shape(
        {
            "a.csv": csv(
                twice("Profile", "sam"),
                ("Date", "2026-05-01 10:00:00", "2026-05-02 11:00:00"),
                ("Text", FINE, "Rain again"),
                ("Update Id", "66a71", "66a72"),
            )
        },
        "66a71",
    ),
    "RuTweetCorp, without a header and with seconds for dates": Shape(
        {
            "a.csv": "".join(
                f'"{408906692374446080 + n}";"{UNIX + n}";"merrow";"{text}";"1";"0"\n'
                for n, text in enumerate((FINE, "Rain again", "The bus was late"))
            )
        },
        "408906692374446080",
        author="",
        count=3,
    ),
    "Iconosquare, whose account is called so in French": Shape(
        {
            "a.csv": csv(
                ("Date de publication", "16/05/2026", "17/05/2026"),
                ("Légende", FINE, "Rain again"),
                twice("Compte", "sam"),
            )
        },
        "1",
        created_at="2026-05-16T00:00:00Z",
    ),
    "a listening tool that keeps when it found a post": Shape(
        {
            "a.csv": csv(
                ("id", "71", "72"),
                ("description", FINE, "Rain again"),
                twice("created_at", "2026-06-09T10:00:00Z"),
                twice("published_at", DAY),
                ("author_name", "sam", "leo"),
                ("tone", "1", "-1"),
                twice("picture_url", "https://cdn.example/profile_images/8/a.png"),
            )
        },
        "71",
        truth={"label": "1"},
    ),
    "PRAW, whose addresses are of pictures and of pages": Shape(
        {
            "a.csv": csv(
                ("title", FINE, "Rain again"),
                ("id", "71", "72"),
                twice("author", "sam"),
                ("url", "https://www.reddit.com/r/town/comments/71/x/", "https://i.redd.it/p1.png"),
                twice("created", f"{UNIX}.0"),
            ),
            "p1.png": None,
        },
        "71",
    ),
    "DiscordChatExporter, with its folder of files": Shape(
        {
            "c.json": json.dumps(
                {
                    "channel": {"topic": BIOGRAPHY},
                    "messages": [
                        message("71", attachments=[{"url": "c.json_Files/p-A1B2.png", "fileName": "p.png"}]),
                        message("72"),
                    ],
                }
            ),
            "c.json_Files/p-A1B2.png": None,
        },
        "71",
        found=("p-A1B2.png",),
    ),
    "yt-dlp, a video and its comments": Shape(
        {
            "v.info.json": json.dumps(
                {
                    "id": "71",
                    "title": FINE,
                    "uploader": "sam",
                    "timestamp": UNIX,
                    "formats": [{"url": "x"}],
                    "comments": [comment("72"), comment("73")],
                }
            )
        },
        "71",
        count=3,
    ),
    "two exports one below the other": Shape(
        {
            "a.csv": "".join(
                "\ufeff" + csv(("id", key), ("text", FINE), ("user", "sam"), ("date", DAY))
                for key in ("71", "72")
            )
        },
        "71",
    ),
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_what_a_service_wrote_is_read_as_it_was_meant(tmp_path: Path, shape: Shape) -> None:
    check(tmp_path, shape)


def read_with_notes(path: Path) -> tuple[list[Post | Failure], str]:
    notes: list[str] = []
    return list(read(path, options=ReadOptions(note=notes.append))), "\n".join(notes)


def test_a_row_that_goes_on_naming_columns_is_told(tmp_path: Path) -> None:
    shape = SHAPES["SurveyMonkey, with a row that says what was asked for"]
    (tmp_path / "a.csv").write_text(shape.files["a.csv"])
    assert "Open-Ended Response" in read_with_notes(tmp_path / "a.csv")[1]


def test_a_first_post_without_id_and_date_is_no_row_of_names(tmp_path: Path) -> None:
    text = csv(
        ("id", "", "71", "72", "73"),
        ("date", "", *DATES[1:]),
        ("text", f"{FINE}, said Sam", *ANSWERS),
    )
    (tmp_path / "a.csv").write_text(text)
    assert len(list(read(tmp_path / "a.csv"))) == 4


@pytest.mark.parametrize("kind", ["GuildMemberJoin", 7])
def test_what_the_service_says_in_a_chat_is_counted(tmp_path: Path, kind: object) -> None:
    joined = message("72", kind, content="Joined the server.")
    (tmp_path / "c.json").write_text(json.dumps({"messages": [message("71"), joined]}))
    items, notes = read_with_notes(tmp_path / "c.json")
    assert [item.post_id for item in items] == ["71"]
    assert "service" in notes


def test_answers_that_a_post_shows_as_an_excerpt_are_counted(tmp_path: Path) -> None:
    post = {"id": "71", "shortCode": "x", "ownerUsername": "sam", "caption": FINE, "timestamp": DAY}
    (tmp_path / "a.json").write_text(json.dumps([{**post, "latestComments": [{"text": "Nice!"}] * 2}]))
    items, notes = read_with_notes(tmp_path / "a.json")
    assert [item.post_id for item in items] == ["71"]
    assert "excerpt" in notes and ": 2" in notes


def test_contacts_in_a_download_of_an_account_are_no_failures(tmp_path: Path) -> None:
    sent = {"id": 71, "type": "message", "date": DAY, "date_unixtime": str(UNIX), "text": FINE}
    contact = {"first_name": "Leo", "date": DAY}
    download = {
        "contacts": {"list": [contact]},
        "chats": {"list": [{"name": "A", "messages": [sent]}, {"name": "B", "messages": [sent]}]},
    }
    (tmp_path / "result.json").write_text(json.dumps(download))
    items, notes = read_with_notes(tmp_path / "result.json")
    assert [item.text for item in items if isinstance(item, Post)] == [FINE, FINE] and len(items) == 2
    assert "first_name" in notes
