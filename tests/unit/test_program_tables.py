"""Tables of programs for data: databases, dashboards, statistics, spreadsheets with hidden sheets."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pytest
from tool_shapes import BIOGRAPHY, DAY, FINE, UNIX, Shape, check, csv, twice

from mmsa_tui.errors import SourceError
from mmsa_tui.records import Post
from mmsa_tui.sources import ReadOptions, read

IDS = ("id", "71", "72", "73")
TEXTS = ("text", FINE, "Rain again", "A bus came")
AUTHORS = ("user", *["sam"] * 3)
DATES = ("date", *[DAY] * 3)
WHOLE = f"{FINE}, and it went on for long"


def item(key: str) -> dict[str, object]:
    plain = {"id": {"S": key}, "text": {"S": FINE}, "username": {"S": "sam"}, "created_at": {"N": str(UNIX)}}
    return {"Item": {**plain, "images": {"L": [{"S": "p1.png"}]}, "deleted": {"NULL": True}}}


def table(*rows: str, sep: str = "\t") -> str:
    return "".join(row.replace("|", sep) + "\n" for row in rows)


SHAPES: dict[str, Shape] = {
    "Kibana": Shape(
        {
            "a.csv": csv(
                twice("@timestamp", "May 1, 2026 @ 10:00:00.000"),
                ("_id", "71", "72"),
                ("_source.text", FINE, "Rain again"),
                ("_source.user.screen_name", "sam", "leo"),
                twice("_source.user.description", BIOGRAPHY),
            )
        },
        "71",
    ),
    "DynamoDB, which names the type of each value": Shape(
        {"a.json": "".join(json.dumps(item(key)) + "\n" for key in ("71", "72")), "p1.png": None},
        "71",
        found=("p1.png",),
    ),
    "Airtable, with addresses behind the names of files": Shape(
        {
            "a.csv": csv(
                ("id", "71", "72"),
                ("Tweet", FINE, "Rain again"),
                twice("Author", "sam"),
                twice("Posted", DAY),
                ("Attachments", "p1.png (https://dl.example/v3/u/abc/p1),p2.png (https://dl.example/p2)", ""),
            ),
            "p1.png": None,
            "p2.png": None,
        },
        "71",
        found=("p1.png", "p2.png"),
    ),
    "Orange, with rows of kinds and roles": Shape(
        {
            "a.tab": table(
                "id|date|text|user|sentiment",
                "string|time|string|string|discrete",
                "meta|meta|meta|meta|class",
                f"71|{DAY}|{FINE}|sam|positive",
                f"72|{DAY}|Rain again|leo|neutral",
            )
        },
        "71",
        truth={"label": "positive"},
    ),
    "LIWC, with the old names below its own": Shape(
        {
            "a.csv": table(
                "Source (A)|Source (B)|Source (C)|WC|posemo",
                "tweet_id|username|text|1|0",
                f"71|sam|{FINE}|6|12.5",
                "72|leo|Rain again|2|0.0",
                sep=",",
            )
        },
        "71",
        created_at="",
    ),
    "retweets that are cut": Shape(
        {
            "a.csv": csv(
                IDS,
                AUTHORS,
                DATES,
                ("text", f"RT @leo: {FINE}, and…", "Rain again", "A bus came"),
                ("retweeted_status.text", f"{FINE}, and it went…", "", ""),
                ("retweeted_status.extended_tweet.full_text", WHOLE, "", ""),
            )
        },
        "71",
        text=f"RT @leo: {WHOLE}",
        count=3,
    ),
    "two exports with two columns of one name": Shape(
        {"a.csv": csv(IDS, TEXTS, AUTHORS, DATES, ("text", *["seen"] * 3)) * 2}, "71", count=6
    ),
    "cells that are called as columns are": Shape(
        {
            "a.csv": csv(
                IDS,
                ("Network", "Twitter", "Twitter", "Facebook"),
                ("Post Type", "Post", "Post", "Status"),
                ("Content Type", "Text", "Photo", "Image"),
                TEXTS,
                AUTHORS,
                DATES,
            )
        },
        "71",
        count=3,
    ),
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_what_a_program_wrote_is_read_as_it_was_meant(tmp_path: Path, shape: Shape) -> None:
    check(tmp_path, shape)


def test_a_hidden_sheet_is_not_the_one_that_is_meant(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for name, text in (("old", "An old version of all that was said"), ("clean", FINE)):
        sheet = book.create_sheet(name)
        for row in (["id", "text", "date"], ["71", text, DAY], ["72", f"{text} again", DAY]):
            sheet.append(row)
    book["old"].sheet_state = "hidden"
    del book["Sheet"]
    book.save(tmp_path / "a.xlsx")
    notes: list[str] = []
    first = next(iter(read(tmp_path / "a.xlsx", options=ReadOptions(note=notes.append))))
    assert isinstance(first, Post) and first.text == FINE
    assert any("old" in note for note in notes)


def test_data_of_weka_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "a.arff").write_text("@relation t\n@attribute text string\n@data\n'A fine day'\n'Rain'\n")
    with pytest.raises(SourceError, match="Weka"):
        list(read(tmp_path / "a.arff"))
