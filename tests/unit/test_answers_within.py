"""Answers and comments that stand within a record of JSON, or beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tool_shapes import BIOGRAPHY, DAY, FINE, UNIX

from mmsa_tui.records import Failure, Post
from mmsa_tui.sources import ReadOptions, read

ANSWER = "I was there, too"
GRAPH = {"created_time": DAY, "from": {"name": "sam"}}
META = {"username": "sam", "timestamp": DAY, "permalink": "https://x.example/p", "media_type": "IMAGE"}
SAID = {"author": "sam", "created_at": DAY}


def youtube(key: str, text: str) -> dict[str, Any]:
    return {"id": key, "snippet": {"textOriginal": text, "authorDisplayName": "sam", "publishedAt": DAY}}


DOCUMENTS: dict[str, Any] = {
    "Facebook's API": {
        "data": [
            {
                **GRAPH,
                "id": "71",
                "message": FINE,
                "comments": {"data": [{**GRAPH, "id": "72", "message": ANSWER}]},
            }
        ]
    },
    "Instagram's API": {
        "data": [
            {
                **META,
                "id": "71",
                "caption": FINE,
                "comments": {"data": [{"id": "72", "text": ANSWER, "username": "sam", "timestamp": DAY}]},
            }
        ]
    },
    "YouTube's API": {
        "items": [
            {
                "id": "71",
                "snippet": {"topLevelComment": youtube("71", FINE)},
                "replies": {"comments": [youtube("72", ANSWER)]},
            }
        ]
    },
    "an unknown tool, in a list": [
        {**SAID, "id": "71", "text": FINE, "replies": [{**SAID, "id": "72", "text": ANSWER}]}
    ],
    "an unknown tool, beside the posts": {
        "posts": [{**SAID, "id": "71", "text": FINE}],
        "comments": [{**SAID, "id": "72", "text": ANSWER}],
    },
}


def read_with_notes(path: Path, document: Any) -> tuple[list[Post | Failure], str]:
    path.write_text(json.dumps(document))
    notes: list[str] = []
    return list(read(path, options=ReadOptions(note=notes.append))), "\n".join(notes)


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)
def test_an_answer_is_a_post_behind_its_own(tmp_path: Path, document: Any) -> None:
    items, _ = read_with_notes(tmp_path / "a.json", document)
    assert [(item.post_id, item.text) for item in items] == [("71", FINE), ("72", ANSWER)]
    assert all(isinstance(item, Post) and (item.author, item.created_at) == ("sam", DAY) for item in items)


def test_answers_without_an_id_are_told_apart(tmp_path: Path) -> None:
    post = {**GRAPH, "id": "71", "message": FINE, "comments": [{"message": ANSWER}, {"message": ANSWER}]}
    items, _ = read_with_notes(tmp_path / "a.json", [post])
    assert len({item.post_id for item in items}) == 3


def test_answers_of_another_form_in_an_unknown_record_are_counted(tmp_path: Path) -> None:
    other = {"by": "leo", "said": ANSWER, "likes": 3, "when": "today"}
    items, notes = read_with_notes(
        tmp_path / "a.json", [{**SAID, "id": "71", "text": FINE, "comments": [other] * 2}]
    )
    assert [item.text for item in items] == [FINE]
    assert "`comments` (2)" in notes


def test_people_beside_posts_are_no_posts(tmp_path: Path) -> None:
    people = [{"id": 5, "screen_name": "sam", "description": BIOGRAPHY, "status": "away"}]
    wall = {"id": 71, "owner_id": -1, "from_id": -1, "date": UNIX, "text": FINE}
    items, _ = read_with_notes(tmp_path / "a.json", {"response": {"items": [wall], "profiles": people}})
    assert [item.text for item in items] == [FINE]
