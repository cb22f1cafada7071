"""Data sets and downloads whose parts lie apart, in files, folders and fields of their own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tool_shapes import DAY, FINE, UNIX, Shape, check, csv, lay_out, twice

from mmsa_tui.sources import ReadOptions, read
from mmsa_tui.sources.labels import read_labels

IDS = ("1918410713521908131", "1918410813521908247")
LABELS = ("negative", "positive")
WHEN = "Fri May 01 10:00:00 +0000 2026"


def plain(files: dict[str, Any], post_id: str, **other: Any) -> Shape:
    return Shape(files, post_id, **{"author": "", "created_at": "", **other})


SHAPES: dict[str, Shape] = {
    "a folder for each post": plain(
        {
            **{f"{key}/text.txt": text for key, text in zip(IDS, (FINE, "Rain"), strict=True)},
            **{f"{key}/{number}.jpg": None for key in IDS for number in (1, 2)},
        },
        IDS[0],
        found=("1.jpg", "2.jpg"),
    ),
    "a space before the number of a picture": plain(
        {"post-1.txt": FINE, "post-2.txt": "Rain", "post-1 (1).jpg": None, "post-1 (2).jpg": None},
        "post-1",
        found=("post-1 (1).jpg", "post-1 (2).jpg"),
    ),
    "letters behind the id of several pictures": plain(
        {f"{IDS[0]}.txt": FINE, f"{IDS[1]}.txt": "Rain", f"{IDS[0]}_a.jpg": None, f"{IDS[0]}_b.jpg": None},
        IDS[0],
        found=(f"{IDS[0]}_a.jpg", f"{IDS[0]}_b.jpg"),
    ),
    "splits of one object, each filed by the name of the picture": plain(
        {
            "a.json": json.dumps(
                {
                    "train": {f"m{n}.png": {"caption": text} for n, text in enumerate((FINE, "Rain"))},
                    "val": {"m2.png": {"caption": "A bus came"}},
                }
            ),
            "memes/m0.png": None,
        },
        "m0.png",
        found=("m0.png",),
        count=3,
    ),
    "PrideMM, whose pictures stand in a column `name`": plain(
        {
            "a.csv": csv(("name", "p1.png", "p2.png"), ("text", FINE, "Rain"), twice("humour", "1")),
            "Images/p1.png": None,
        },
        "1",
        found=("p1.png",),
    ),
    "MediaEval, a table called .txt that lists the stems of pictures": Shape(
        {
            "devset/posts.txt": csv(
                ("tweetId", *IDS),
                ("tweetText", FINE, "Rain"),
                ("userId", "1", "2"),
                ("imageId(s)", "boat_1,boat_2", "boat_3"),
                ("username", "sam", "leo"),
                twice("timestamp", WHEN),
                ("label", "real", "fake"),
            ).replace('","', '"\t"'),
            **{f"Images/boat/boat_{number}.jpg": None for number in (1, 2, 3)},
        },
        IDS[0],
        found=("boat_1.jpg", "boat_2.jpg"),
        truth={"label": "real"},
        point_at=".",
    ),
    "MSED, a table called .txt without a header": plain(
        {
            "train/train.txt": "".join(f"{n}\t{FINE}, {n}\t{LABELS[n % 2]}\n" for n in range(1, 7)),
            **{f"train/images/{n}.jpg": None for n in range(1, 7)},
        },
        "1",
        text=f"{FINE}, 1",
        found=("1.jpg",),
        truth={"label": "positive"},
        point_at=".",
        count=6,
    ),
    "HateXplain, words in a list of any name": plain(
        {"a.json": json.dumps({key: {"post_id": key, "post_tokens": FINE.split()} for key in IDS})}, IDS[0]
    ),
    "HateXplain, with what each of three people said": plain(
        {
            "a.json": json.dumps(
                {
                    key: {
                        "post_id": key,
                        "annotators": [{"label": word} for word in ("normal", "offensive", "normal")],
                        "post_tokens": FINE.split(),
                    }
                    for key in IDS
                }
            )
        },
        IDS[0],
        truth={"label": "normal"},
    ),
    "MUStARD, whose authors are speakers": plain(
        {
            "a.json": json.dumps(
                {f"1_{n}": {"utterance": f"{FINE}", "speaker": "sam", "show": "X"} for n in (60, 70)}
            )
        },
        "1_60",
        author="sam",
    ),
    "a handle beside a name, in Russian": Shape(
        {
            "a.csv": csv(
                ("Дата", "01.05.2026", "13.05.2026"),
                twice("Время", "10:00"),
                ("Текст", FINE, "Rain"),
                twice("Автор", "Сэм Б."),
                twice("Ник", "sam"),
                ("ID упоминания", "71", "72"),
            )
        },
        "71",
    ),
    "YouTube Studio, codes in a column of another name": plain(
        {
            "a.csv": csv(
                ("Content", "Total", *(f"dQw4w9WgX{n}c" for n in range(8))),
                ("Video title", "", FINE, *(f"Rain again, day {n}" for n in range(7))),
                ("Views", "99", *map(str, range(8))),
            )
        },
        "dQw4w9WgX0c",
        count=8,
    ),
    "MORE, an id in one word": plain(
        {
            "train.tsv": csv(
                ("", "0", "1", "2"), ("pid", *IDS, "19184109"), ("text", FINE, "Rain", "Rain")
            ).replace('","', '"\t"'),
            f"images/{IDS[0]}.jpg": None,
        },
        IDS[0],
        found=(f"{IDS[0]}.jpg",),
        point_at="train.tsv",
        count=3,
    ),
    "VIA, texts in JSON in a cell": plain(
        {
            "a.csv": csv(
                ("filename", "p1.png", "p2.png"),
                twice("region_attributes", "{}"),
                (
                    "file_attributes",
                    *(json.dumps({"caption": t, "sentiment": "neutral"}) for t in (FINE, "Rain")),
                ),
            ),
            "shots/p1.png": None,
        },
        "1",
        found=("p1.png",),
        truth={"label": "neutral"},
    ),
    "SocialData, whose date is called otherwise": Shape(
        {
            "a.json": json.dumps(
                {
                    "tweets": [
                        {
                            "tweet_created_at": DAY,
                            "id_str": key,
                            "full_text": FINE,
                            "user": {"screen_name": "sam", "created_at": "2009"},
                            "entities": {},
                        }
                        for key in IDS
                    ]
                }
            )
        },
        IDS[0],
    ),
}


@pytest.mark.parametrize("name", SHAPES)
def test_parts_that_lie_apart_are_put_together(tmp_path: Path, name: str) -> None:
    check(tmp_path, SHAPES[name])


PAIRS = {"data/71.txt": FINE, "data/71.jpg": None, "data/72.txt": "Rain", "data/72.jpg": None}
BESIDE: dict[str, str] = {
    "label.txt": "71\tpositive\n72\tnegative\n",
    "labels.csv": csv(("Name", "71.jpg", "72.jpg"), ("Label", "Positive", "Negative")),
}


@pytest.mark.parametrize("folder", ["data", "posts"])
@pytest.mark.parametrize("name", BESIDE)
def test_labels_in_a_file_beside_pairs_are_theirs(tmp_path: Path, name: str, folder: str) -> None:
    files = {key.replace("data", folder): content for key, content in PAIRS.items()}
    notes: list[str] = []
    source = lay_out(tmp_path, Shape({**files, name: BESIDE[name]}, ""))
    posts = list(read(source, options=ReadOptions(note=notes.append)))
    assert [(post.post_id, post.truth) for post in posts] == [
        ("71", {"label": "positive"}),
        ("72", {"label": "negative"}),
    ]
    assert any(f"labels are taken from {name}" in note for note in notes)


def test_a_file_beside_pairs_whose_words_are_no_labels_is_only_named(tmp_path: Path) -> None:
    about = csv(("id", "71", "72"), ("label", "harbour", "market"))
    notes: list[str] = []
    source = lay_out(tmp_path, Shape({**PAIRS, "about.csv": about}, ""))
    assert all(not post.truth for post in read(source, options=ReadOptions(note=notes.append)))
    assert any("not read: 1 (about.csv)" in note for note in notes)


def test_labels_of_several_annotators_are_each_a_vote(tmp_path: Path) -> None:
    said = (("ID", "71", "72"), twice("annotator_1", "neutral"))
    more = (("annotator_2", "positive", "negative"), ("annotator_3", "positive", "negative"))
    (tmp_path / "a.csv").write_text(csv(*said, *more))
    assert read_labels(tmp_path / "a.csv") == {"71": {"label": "positive"}, "72": {"label": "negative"}}


def test_labels_within_lists_are_told(tmp_path: Path) -> None:
    said = [{"label": "positive", "annotator_id": 1}, {"label": "neutral", "annotator_id": 2}]
    (tmp_path / "a.json").write_text(json.dumps([{"id": n, "text": FINE, "people": said} for n in (71, 72)]))
    notes: list[str] = []
    list(read(tmp_path / "a.json", options=ReadOptions(note=notes.append)))
    assert any("labels" in note and "`people`" in note for note in notes)


def test_chats_within_chats_are_read_and_what_the_service_says_is_counted(tmp_path: Path) -> None:
    def sent(key: str, kind: str = "RichText") -> dict[str, str]:
        about = {"messagetype": kind, "originalarrivaltime": DAY, "from": "8:sam"}
        return {"id": key, "content": FINE, **about}

    chats = [
        {"id": "19:a", "displayName": "Harbour", "MessageList": [sent("71"), sent("72")]},
        {"id": "8:b", "displayName": "Leo", "MessageList": [sent("73", "ThreadActivity/AddMember")]},
    ]
    (tmp_path / "messages.json").write_text(json.dumps({"userId": "8:sam", "conversations": chats}))
    notes: list[str] = []
    posts = list(read(tmp_path / "messages.json", options=ReadOptions(note=notes.append)))
    assert [post.post_id for post in posts] == ["71", "72"]
    assert any("service" in note and ": 1" in note for note in notes)


def test_events_of_the_stream_of_bluesky_that_are_no_posts_are_no_failures(tmp_path: Path) -> None:
    def event(kind: str, record: dict[str, str]) -> str:
        commit = {"collection": f"app.bsky.feed.{kind}", "rkey": "3k", "record": record}
        return json.dumps({"did": "did:plc:a", "time_us": UNIX * 10**6, "kind": "commit", "commit": commit})

    post = event("post", {"$type": "app.bsky.feed.post", "text": FINE, "createdAt": DAY})
    (tmp_path / "a.jsonl").write_text(f"{post}\n{event('like', {'createdAt': DAY})}\n")
    notes: list[str] = []
    (found,) = read(tmp_path / "a.jsonl", options=ReadOptions(note=notes.append))
    assert found.text == FINE and any(": 1" in note for note in notes)
