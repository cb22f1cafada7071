"""Exports of listening tools, archives and boards that are older or rarer, in the shape they really have."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from table_files import notes_of
from tool_shapes import BIOGRAPHY, DAY, FINE, UNIX, Shape, check, csv, twice

from mmsa_tui.records import Post
from mmsa_tui.sources import read

POSTED = (
    "Our long post about the opening of the hall, with many words on trams and on guides and on how it came"
)
ACTOR = {"preferredUsername": "sam", "displayName": "Sam B.", "summary": BIOGRAPHY}
REVIEW = {"language": "english", "review": FINE, "timestamp_created": UNIX, "author": {"steamid": "5"}}
PHOTO = {
    "title": "Harbour",
    "description": {"_content": FINE},
    "ownername": "sam",
    "datetaken": "2026-05-01 10:00:00",
}


def activity(key: str) -> dict[str, Any]:
    return {
        "id": f"tag:search.twitter.com,2005:{key}",
        "body": FINE,
        "postedTime": DAY,
        "generator": {"displayName": "Twitter Web"},
        "actor": ACTOR,
        "object": {"summary": FINE, "postedTime": DAY},
    }


def lines(*records: object) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


SHAPES: dict[str, Shape] = {
    "Sysomos, with the time in two zones": Shape(
        {
            "a.csv": csv(
                ("Link", "https://x.com/sam/status/71", "https://x.com/leo/status/72"),
                twice("Date(ET)", "May 1, 2026"),
                twice("Time(ET)", "06:00:00"),
                twice("Time(GMT)", "10:00:00"),
                ("Contents", FINE, "Rain again"),
                ("Auth", "sam", "leo"),
                twice("Bio", BIOGRAPHY),
            )
        },
        "71",
    ),
    "a zone in the name of the column": Shape(
        {
            "a.csv": csv(
                ("GUID", "71", "72"),
                twice("Date (EST)", "2026-05-01 05:00:00"),
                ("Contents", FINE, "Rain again"),
                ("Author", "sam", "leo"),
            )
        },
        "71",
    ),
    "Radian6, whose headlines are made of a form": Shape(
        {
            "a.csv": csv(
                ("ARTICLE_ID", "71", "72", "73"),
                ("HEADLINE", *(f"TWEET FROM: {name}" for name in ("sam", "leo", "ann"))),
                ("AUTHOR", "sam", "leo", "ann"),
                ("CONTENT", FINE, "Rain again", "A bus came"),
                ("PUBLISH_DATE", *[DAY] * 3),
            )
        },
        "71",
        count=3,
    ),
    "Netvizz, comments beside the post they are on": Shape(
        {
            "a.tab": csv(
                ("post_id", *["77_100"] * 3),
                ("post_by", *["Town"] * 3),
                ("post_text", *[POSTED] * 3),
                ("post_published", *["2026-04-01T10:00:00+0000"] * 3),
                ("comment_id", "71", "72", "73"),
                ("comment_by", "sam", "leo", "ann"),
                ("comment_message", FINE, "Rain again", "A bus came"),
                ("comment_published", *["2026-05-01T10:00:00+0000"] * 3),
            ).replace('","', '"\t"')
        },
        "71",
        count=3,
    ),
    "Gnip, with the notice of its end": Shape(
        {"a.json": lines(activity("71"), activity("72"), {"info": {"message": "Replay Request Completed"}})},
        "71",
    ),
    "4chan's API": Shape(
        {
            "a.json": json.dumps(
                {
                    "posts": [
                        {
                            "no": 71,
                            "resto": 0,
                            "sub": "Trams",
                            "com": f"<b>{FINE}</b>",
                            "name": "sam",
                            "time": UNIX,
                            "tim": 1777629600123,
                            "filename": "tram",
                            "ext": ".png",
                        },
                        {"no": 72, "resto": 71, "com": "Rain<br>again", "name": "leo", "time": UNIX},
                    ]
                }
            ),
            "1777629600123.png": None,
        },
        "71",
        text=f"Trams\n\n{FINE}",
        found=("1777629600123.png",),
    ),
    "Steam's API": Shape(
        {
            "a.json": json.dumps(
                {
                    "success": 1,
                    "query_summary": {"num_reviews": 2},
                    "reviews": [{"id": key, **REVIEW} for key in ("71", "72")],
                }
            )
        },
        "71",
        author="",
    ),
    "Flickr's API": Shape(
        {
            "a.json": json.dumps(
                {
                    "photos": {
                        "page": 1,
                        "photo": [
                            {"id": k, "url_l": f"https://x.example/{k}_a.png", **PHOTO} for k in ("71", "72")
                        ],
                    }
                }
            ),
            "71_a.png": None,
        },
        "71",
        text=f"Harbour\n\n{FINE}",
        found=("71_a.png",),
    ),
    "a database that writes NULL": Shape(
        {"a.tsv": f"id\tdate\tuser\ttext\n71\t{DAY}\tNULL\t{FINE}\n72\t{DAY}\tleo\tRain\n"}, "71", author=""
    ),
    "a table in Markdown": Shape(
        {
            "a.md": "| id | user | date | text |\n|----|:---|---|---:|\n"
            f"| 71 | sam | {DAY} | {FINE} |\n| 72 | leo | {DAY} | Rain |\n"
        },
        "71",
        point_at="a.md",
    ),
    "TAGS, with pictures among the entities": Shape(
        {
            "a.csv": csv(
                ("id_str", "71", "72"),
                ("from_user", "sam", "leo"),
                ("text", FINE, "Rain again"),
                twice("created_at", "Fri May 01 10:00:00 +0000 2026"),
                ("entities_str", json.dumps({"media": [{"media_url_https": "https://x/p1.jpg"}]}), "{}"),
            ),
            "p1.jpg": None,
        },
        "71",
        found=("p1.jpg",),
    ),
    "Facepager, whose id counts its rows": Shape(
        {
            "a.csv": csv(
                ("id", "2", "3"),
                twice("parent_id", "1"),
                ("object_id", "7_71", "7_72"),
                twice("object_type", "data"),
                ("message", FINE, "Rain again"),
                twice("created_time", DAY),
                twice("from.name", "sam"),
            )
        },
        "7_71",
    ),
    "MediaEval, columns of text with several pictures in a cell": Shape(
        {
            "set/posts.txt": "tweetId\ttweetText\tuserId\timageId(s)\tusername\ttimestamp\tlabel\n"
            + "".join(
                f"7{n}\t{text}\t5\ta_{n}{',b_1' if n == 1 else ''}\tsam\t{DAY}\tfake\n"
                for n, text in enumerate((FINE, "Rain again", "A bus came", "My parcel broke"), start=1)
            ),
            **{f"set/images/{name}.jpg": None for name in ("a_1", "b_1", "a_2", "a_3", "a_4")},
        },
        "71",
        found=("a_1.jpg", "b_1.jpg"),
        count=4,
        point_at=".",
    ),
    "an id in a language that is not known": Shape(
        {
            "a.csv": csv(
                ("Tweets Gelegeheid", "1918410713521908131", "1918410813521908247"),
                ("text", FINE, "Rain again"),
                twice("user", "sam"),
                twice("date", DAY),
            )
        },
        "1918410713521908131",
    ),
    "Fanpage Karma, in German": Shape(
        {
            "a.csv": csv(
                twice("Datum", DAY),
                ("Nachricht", FINE, "Rain again"),
                twice("Profil", "sam"),
                twice("Profil-ID", "100044"),
                ("Beitrags-ID", "71", "72"),
            )
        },
        "71",
    ),
    "Zooniverse, each subject under its own id": Shape(
        {
            "a.csv": csv(
                ("classification_id", "5001", "5002"),
                ("user_name", "volunteer_1", "volunteer_2"),
                twice("workflow_id", "7"),
                twice("created_at", "2026-06-09 10:00:00 UTC"),
                (
                    "subject_data",
                    json.dumps({"88": {"tweet_id": "71", "text": FINE, "Filename": "p1.jpg"}}),
                    json.dumps({"89": {"tweet_id": "72", "text": "Rain again", "Filename": "p2.jpg"}}),
                ),
            ),
            "p1.jpg": None,
        },
        "71",
        author="",
        created_at="",
        found=("p1.jpg",),
    ),
    "a sheet that tells when it was labelled, and when looked at again": Shape(
        {
            "a.csv": csv(
                ("tweet_id", "71", "72"),
                ("text", FINE, "Rain again"),
                ("sentiment_choice", "Pos", "Neg"),
                twice("labeled_at", DAY),
                twice("Worker 1 Timestamp", DAY),
                twice("reviewed_at", "2026-05-02T10:00:00Z"),
            )
        },
        "71",
        author="",
        created_at="",
    ),
    "a table as a database shows it": Shape(
        {
            "a.txt": "+----+------+\n| id | text |\n+----+------+\n"
            f"| 71 | {FINE} |\n| 72 | Rain again |\n+----+------+\n"
        },
        "71",
        author="",
        created_at="",
        point_at="a.txt",
    ),
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_what_an_older_tool_wrote_is_read_as_it_was_meant(tmp_path: Path, shape: Shape) -> None:
    check(tmp_path, shape)


def test_a_record_of_another_kind_is_counted(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(SHAPES["Gnip, with the notice of its end"].files["a.json"])
    assert any("info.message" in note for note in notes_of(tmp_path / "a.json"))


def test_a_zone_that_depends_on_the_day_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        csv(("Contents", FINE, "Rain again"), twice("Date (ET)", "2026-05-01 05:00:00"))
    )
    assert any("ET" in note for note in notes_of(tmp_path / "a.csv"))


def test_titles_that_begin_alike_stay(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        csv(
            ("title", *(f"Episode {n} is about trams of old" for n in "123")),
            ("text", FINE, "Rain again", "A bus came"),
        )
    )
    first = next(iter(read(tmp_path / "a.csv")))
    assert isinstance(first, Post) and first.text.startswith("Episode 1")
