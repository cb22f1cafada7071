"""Data sets in the layouts that they are published in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tool_shapes import DAY, FINE, UNIX, Shape, check, csv, lay_out, twice

from mmsa_tui.records import Post
from mmsa_tui.sources import ReadOptions, read
from mmsa_tui.sources.labels import read_labels

TEXTS = [FINE, "Rain again and my bus is late", "The council meets on Tuesday", "Best waffles in town"]
IDS = [f"26418320177{n}11744" for n in range(4)]


def lines(*rows: str) -> str:
    return "".join(row + "\n" for row in rows)


def facts(number: int) -> str:
    return f"38174{number}6017|sam|http://weibo.example/{number}|u|{UNIX}000|2|3|5|0|123|no|1|2|3|app"


SHAPES: dict[str, Shape] = {
    "Weibo's rumours, three lines a post": Shape(
        {
            "tweets/train.txt": lines(
                facts(1), "http://w.example/a1.jpg|//w.example/a2.jpg|null", FINE, facts(2), "null", "Rain"
            ),
            "images/a1.jpg": None,
            "images/a2.jpg": None,
        },
        "3817416017",
        found=("a1.jpg", "a2.jpg"),
        point_at="tweets/train.txt",
    ),
    "SentiMix, a word a line": Shape(
        {
            "train.txt": lines(
                "meta\t4\tpositive", *(f"{w}\tEng" for w in FINE.split()), "", "meta\t8\tneutral", "Rain\tEng"
            )
        },
        "4",
        author="",
        created_at="",
        truth={"label": "positive"},
    ),
    "TweetEval, labels line by line in a file beside": Shape(
        {
            "train_text.txt": lines(FINE, "Rain again, and wind"),
            "train_labels.txt": lines("2", "0"),
            "mapping.txt": lines("0\tnegative", "1\tneutral", "2\tpositive"),
        },
        "1",
        author="",
        created_at="",
        truth={"label": "positive"},
        point_at="train_text.txt",
    ),
    "COCO, captions in a list of their own": Shape(
        {
            "annotations/captions.json": json.dumps(
                {
                    "info": {"description": "made up", "year": 2026},
                    "images": [
                        {"id": 7, "file_name": "000000000007.jpg"},
                        {"id": 9, "file_name": "lost9.jpg"},
                    ],
                    "annotations": [{"id": 441, "image_id": 7, "caption": FINE}],
                }
            ),
            "val/000000000007.jpg": None,
        },
        "441",
        author="",
        created_at="",
        found=("000000000007.jpg",),
        point_at="annotations/captions.json",
    ),
    "Flickr, captions numbered behind the name of the picture": Shape(
        {
            "captions.txt": lines(*(f"1000268201_693b.jpg#{n}\t{text}" for n, text in enumerate(TEXTS))),
            "images/1000268201_693b.jpg": None,
        },
        "1",
        author="",
        created_at="",
        found=("1000268201_693b.jpg",),
        point_at="captions.txt",
        count=4,
    ),
    "GoEmotions, ids of letters in a column without a name": Shape(
        {
            "train.tsv": lines(
                *(
                    f"{text}\t{n},3\t{code}"
                    for n, (text, code) in enumerate(
                        zip(TEXTS, ("eebbqej", "ed00q6i", "ed7ypvh", "ed0bdzj"), strict=True)
                    )
                )
            )
        },
        "eebbqej",
        author="",
        created_at="",
        count=4,
    ),
    "ids and texts without a header": Shape(
        {"train.tsv": lines(*(f"hau_train_0000{n}\t{text}" for n, text in enumerate(TEXTS)))},
        "hau_train_00000",
        author="",
        created_at="",
        count=4,
    ),
    "SemEval 2013, labels in quotes": Shape(
        {
            "train.tsv": "".join(
                f'{IDS[n]}\t1897431{n}3\t"{label}"\t{text}\r\n'
                for n, (label, text) in enumerate(
                    zip(("positive", "negative", "neutral", "positive"), TEXTS, strict=True)
                )
            )
        },
        IDS[0],
        author="",
        created_at="",
        count=4,
        truth={"label": "positive"},
    ),
    "Memotion, pictures called by the number of the row": Shape(
        {
            "set/train.csv": csv(
                ("", "0", "1"),
                ("image_url", "https://i.example/x09.jpg", "https://i.example/x19.jpg"),
                ("ocr", FINE, "Rain again, and wind"),
                twice("humour", "funny"),
                ("overall", "very_positive", "negative"),
            ),
            "set/trainImages/0.jpg": None,
            "set/trainImages/1.jpg": None,
        },
        "1",
        author="",
        created_at="",
        found=("0.jpg",),
        truth={"label": "very_positive"},
        point_at="set/train.csv",
    ),
    "Yelp, photos in a list of ids": Shape(
        {
            "test.json": lines(
                json.dumps({"_id": "r1", "Text": FINE, "Photos": [{"_id": "aXy-1", "Label": "food"}]}),
                json.dumps({"_id": "r2", "Text": "Rain", "Photos": [{"_id": "bXy_2", "Label": ""}]}),
            ),
            "photos/aX/aXy-1.jpg": None,
            "photos/bX/bXy_2.jpg": None,
        },
        "r1",
        author="",
        created_at="",
        found=("aXy-1.jpg",),
        point_at="test.json",
    ),
    "short ids, and pictures called by them": Shape(
        {
            "posts.csv": csv(("id", "1", "2"), ("text", FINE, "Rain")),
            "images/1_0.jpg": None,
            "images/1_1.jpg": None,
            "images/2.jpg": None,
        },
        "1",
        author="",
        created_at="",
        found=("1_0.jpg", "1_1.jpg"),
    ),
    "Markdown beside pictures": Shape(
        {"1.md": FINE, "2.md": "Rain", "1.jpg": None, "2.jpg": None},
        "1",
        author="",
        created_at="",
        found=("1.jpg",),
        point_at=".",
    ),
    "folders called like labels": Shape(
        {"train/neg/0_3.txt": FINE, "train/pos/0_9.txt": "Rain"},
        "0_3",
        author="",
        created_at="",
        truth={"label": "neg"},
    ),
    "Twitter-15 in JSON, a list of words": Shape(
        {
            "set/train.json": json.dumps(
                [
                    {"words": text.split(), "image_id": f"7{n}.jpg"}
                    for n, text in enumerate((FINE, "Rain again"))
                ]
            ),
            "set_images/70.jpg": None,
            "set_images/71.jpg": None,
        },
        "1",
        author="",
        created_at="",
        found=("70.jpg",),
        point_at="set/train.json",
    ),
    "RedCaps, annotations beside facts of the set": Shape(
        {
            "annotations/boats.json": json.dumps(
                {
                    "info": {"start_date": "2026-01-01"},
                    "annotations": [
                        {"image_id": code, "author": "sam", "caption": text, "created_utc": UNIX}
                        for code, text in (("abc12", FINE), ("abd34", "Rain"))
                    ],
                }
            ),
            "images/boats/abc12.jpg": None,
            "images/boats/abd34.jpg": None,
        },
        "abc12",
        found=("abc12.jpg",),
        point_at="annotations/boats.json",
    ),
    "StockTwits, whose source has a title": Shape(
        {
            "a.json": json.dumps(
                {
                    "symbol": {"id": 1, "title": "Harbour Inc."},
                    "messages": [
                        {
                            "id": n,
                            "body": text,
                            "created_at": DAY,
                            "user": {"username": "sam"},
                            "source": {"title": "Web"},
                        }
                        for n, text in ((71, FINE), (72, "Rain"))
                    ],
                }
            )
        },
        "71",
    ),
    "reviews of Amazon": Shape(
        {
            "a.json": lines(
                *(
                    json.dumps(
                        {"reviewerName": "sam", "reviewText": text, "overall": 5.0, "unixReviewTime": UNIX}
                    )
                    for text in (FINE, "Rain")
                )
            )
        },
        "1",
        truth={"label": "5"},
    ),
    "texts and labels without a header": Shape(
        {"train.tsv": lines(f"{FINE}\tpositive", "Rain again\tnegative", "My bus is late\tnegative")},
        "1",
        author="",
        created_at="",
        count=3,
        truth={"label": "positive"},
    ),
    "Dravidian-CodeMix, labels in a column of categories": Shape(
        {
            "train.tsv": lines(
                "text\tcategory", f"{FINE}\tPositive ", "Rain\tNegative ", "Bus\tNegative ", "Oh\tnot-Tamil "
            )
        },
        "1",
        author="",
        created_at="",
        count=4,
        truth={"label": "positive"},
    ),
    "a column for each label": Shape(
        {
            "a.csv": csv(
                ("tweet_id", "71", "72"),
                ("text", FINE, "Rain"),
                ("negative", "0", "1"),
                ("positive", "1", "0"),
            )
        },
        "71",
        author="",
        created_at="",
        truth={"label": "positive"},
    ),
    "columns in groups, as pandas writes them": Shape(
        {"a.csv": lines(",tweet,tweet,user", ",id,text,name", f"0,71,{FINE},sam", "1,72,Rain,leo")},
        "71",
        created_at="",
    ),
    "a data set beside a description of it": Shape(
        {
            "data/train.csv": csv(("id", "71", "72"), ("text", FINE, "Rain")),
            "dataset_infos.json": json.dumps(
                {"default": {"description": "x", "features": {"text": "string"}}}
            ),
        },
        "71",
        author="",
        created_at="",
        point_at=".",
    ),
    "a video with a still": Shape(
        {
            "a.json": lines(
                json.dumps(
                    {
                        "id": "71",
                        "text": FINE,
                        "media": [{"type": "video", "url": "v.mp4", "thumbnail": "p1.jpg"}],
                    }
                ),
                json.dumps({"id": "72", "text": "Rain", "media": []}),
            ),
            "p1.jpg": None,
        },
        "71",
        author="",
        created_at="",
        found=("p1.jpg",),
    ),
    "an accent that macOS keeps apart in the name of a file": Shape(
        {
            "a.csv": csv(("id", "71", "72"), ("text", FINE, "Rain"), ("image", "caf\u00e9.jpg", "")),
            "cafe\u0301.jpg": None,
        },
        "71",
        author="",
        created_at="",
        found=("cafe\u0301.jpg",),
    ),
    "an empty column for texts, and pictures": Shape(
        {
            "a.csv": csv(("tweet_id", "71", "72"), twice("text", ""), ("image", "p1.jpg", "p2.jpg")),
            "p1.jpg": None,
            "p2.jpg": None,
        },
        "71",
        author="",
        created_at="",
        text="",
        found=("p1.jpg",),
    ),
}


@pytest.mark.parametrize("name", SHAPES)
def test_the_posts_of_a_set_are_what_they_are(tmp_path: Path, name: str) -> None:
    check(tmp_path, SHAPES[name])


def tweet(number: int) -> str:
    about = {"id_str": IDS[number], "text": TEXTS[number], "created_at": "Fri May 01 10:00:00 +0000 2026"}
    return json.dumps({**about, "user": {"screen_name": "sam"}})


def test_tweets_in_folders_of_threads_are_found_below_what_is_said_of_them(tmp_path: Path) -> None:
    thread = f"rumours/{IDS[0]}"
    files = {
        f"{thread}/{name}.json": json.dumps({"is_rumour": "rumour"}) for name in ("annotation", "structure")
    }
    files |= {
        f"{thread}/source-tweets/{IDS[0]}.json": tweet(0),
        f"{thread}/reactions/{IDS[1]}.json": tweet(1),
    }
    notes: list[str] = []
    posts = list(read(lay_out(tmp_path, Shape(files, "")), options=ReadOptions(note=notes.append)))
    found = {post.text: post.created_at for post in posts if isinstance(post, Post)}
    assert found == {TEXTS[0]: DAY, TEXTS[1]: DAY}
    assert any("left out: 2" in note for note in notes)


def test_a_text_that_is_not_available_is_empty_and_counted(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text(
        lines(*(f"{i}\tneutral\t{t}" for i, t in zip(IDS, [*TEXTS[:3], "Not Available"], strict=True)))
    )
    notes: list[str] = []
    posts = list(read(tmp_path / "a.tsv", options=ReadOptions(note=notes.append)))
    assert [post.text for post in posts] == [*TEXTS[:3], ""]
    assert any("removed" in note and ": 1" in note for note in notes)


def test_labels_that_stand_before_their_ids_are_read(tmp_path: Path) -> None:
    (tmp_path / "label.txt").write_text(lines(f"true:{IDS[0]}", f"non-rumor:{IDS[1]}"))
    assert read_labels(tmp_path / "label.txt") == {IDS[0]: {"label": "true"}, IDS[1]: {"label": "non-rumor"}}


MARKED = {
    "lists": "".join(f"{[IDS[n], TEXTS[n], n % 2]!r}\n" for n in range(2)),
    "blocks": lines(
        FINE.replace("harbour", "$T$"), "harbour", "1", "a.jpg", "$T$ again", "Rain", "0", "b.jpg"
    ),
    "words": lines(
        "meta\t4\tpositive", *(f"{w}\tEng" for w in FINE.split()), "", "meta\t8\tneutral", "Rain\tEng"
    ),
    "labels before texts": lines(f"__label__positive {FINE}", "__label__negative Rain"),
}


@pytest.mark.parametrize("name", MARKED)
def test_a_byte_order_mark_and_line_ends_of_windows_change_no_layout(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbf" + MARKED[name].replace("\n", "\r\n").encode())
    posts = list(read(tmp_path / "a.txt"))
    assert (len(posts), posts[0].text) == (2, FINE)
