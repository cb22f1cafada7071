"""Data sets in the layouts that they are published in."""

from __future__ import annotations

import base64
import gzip
import io
import json
import pickle
import zipfile
from pathlib import Path

import openpyxl
import openpyxl.drawing.image
import PIL.Image
import pytest
from tool_shapes import DAY, FINE, UNIX, Shape, check, csv, lay_out, twice

from mmsa_tui.errors import SourceError
from mmsa_tui.pictures.files import PictureFiles
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


FOREIGN = {
    "posts.rds": (gzip.compress(b"X\n\0\0\0\3" + FINE.encode() * 9), "write.csv"),
    "posts.RData": (gzip.compress(b"RDX3\nX\n\0\0\0\3" + FINE.encode() * 9), "write.csv"),
    "posts.pkl": (pickle.dumps({"text": TEXTS * 9}, protocol=4), "pandas"),
    "posts.h5": (b"\x89HDF\r\n\x1a\n" + FINE.encode() * 9, "pandas"),
    "posts.warc": (f"WARC/1.0\r\nWARC-Type: response\r\n\r\n{FINE}\r\n".encode() * 9, "csv"),
    "posts.sql": (
        f"-- dump\n\nCREATE TABLE a (id int, t text);\nINSERT INTO a VALUES (1, '{FINE}');\n".encode(),
        "csv",
    ),
    "posts.csv": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n",
        "git lfs pull",
    ),
    "data.mdb": (b"\0" * 16 + b"\xde\xc0\xef\xbe" + b"\0" * 99, "Parquet"),
    "page.mhtml": (f"From: <Saved by Blink>\nSubject: a page\n\n<html>{FINE}</html>\n".encode(), "JSON"),
    "posts.srt": (f"1\n00:00:01,000 --> 00:00:02,000\n{FINE}\n\n".encode() * 4, "csv"),
    "posts.ics": (f"BEGIN:VCALENDAR\nSUMMARY:{FINE}\nEND:VCALENDAR\n".encode(), "csv"),
    "posts.yaml": (f"- id: 7\n  text: {FINE}\n".encode() * 9, "JSON"),
    "posts.tsv": (b"#FORMAT=WebAnno TSV 3.3\n\n#Text=A fine day\n1-1\t0-1\tA\t_\n", "csv"),
    "posts.rtf": (b"{\\rtf1\\ansi " + FINE.encode() + b"}", ".txt"),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_a_file_of_another_program_is_named_and_not_taken_for_a_table(tmp_path: Path, name: str) -> None:
    data, advice = FOREIGN[name]
    (tmp_path / name).write_bytes(data)
    with pytest.raises(SourceError) as refusal:
        list(read(tmp_path / name))
    assert "not read" in refusal.value.message and advice in refusal.value.hint


def test_a_folder_of_archives_says_that_they_have_to_be_unpacked(tmp_path: Path) -> None:
    (tmp_path / "train-000000.tar").write_bytes(b"\0" * 257 + b"ustar" + b"\0" * 300)
    with pytest.raises(SourceError) as refusal:
        list(read(tmp_path))
    assert "tar -xf" in refusal.value.hint


def test_a_zip_file_of_archives_is_refused_by_their_names(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "outer.zip", "w") as outer:
        outer.writestr("README.txt", "Data of a study")
        outer.writestr("inner.zip", b"PK\5\6" + b"\0" * 18)
    with pytest.raises(SourceError, match=r"inner\.zip"):
        list(read(tmp_path / "outer.zip"))


def test_pictures_written_as_letters_are_told_and_no_text(tmp_path: Path) -> None:
    picture = base64.urlsafe_b64encode(b"\xff\xd8\xff\xe0" + b"\0" * 400).decode()
    (tmp_path / "a.tsv").write_text(lines(*(f"39190{n}\t{text}\t{picture}" for n, text in enumerate(TEXTS))))
    notes: list[str] = []
    posts = list(read(tmp_path / "a.tsv", options=ReadOptions(note=notes.append)))
    assert [post.text for post in posts] == TEXTS
    assert any("base64" in note and "not read" in note for note in notes)


def test_what_a_service_says_of_an_error_is_no_post(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps({"errors": [{"message": "Rate limit exceeded", "code": 88}]}))
    with pytest.raises(SourceError):
        list(read(tmp_path / "a.json"))


def test_pictures_that_are_placed_on_rows_of_a_sheet_are_those_of_their_posts(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["id", "text", "picture"])
    for number, text in enumerate(TEXTS[:3]):
        sheet.append([number, text, None])
    data = []
    for row, colour in ((2, "red"), (4, "blue")):
        file = io.BytesIO()
        PIL.Image.new("RGB", (8, 8), colour).save(file, "PNG")
        data.append(file.getvalue())
        sheet.add_image(openpyxl.drawing.image.Image(file), f"C{row}")
    book.save(tmp_path / "a.xlsx")
    notes: list[str] = []
    posts = [
        p for p in read(tmp_path / "a.xlsx", options=ReadOptions(note=notes.append)) if isinstance(p, Post)
    ]
    with PictureFiles() as files:
        found = [[files.read(picture) for picture in post.pictures] for post in posts]
    assert found == [[data[0]], [], [data[1]]]
    assert any("rows of the sheet, read from there: 2" in note for note in notes)


PARTS = {
    "train-00000-of-00003.csv": "train-00002-of-00003.csv",
    "part-00000-0a1b2c3d-1111-2222-3333-444455556666-c000.csv": (
        "part-00001-0a1b2c3d-1111-2222-3333-444455556666-c000.csv"
    ),
}


@pytest.mark.parametrize("first", PARTS)
def test_parts_of_a_table_are_read_as_one(tmp_path: Path, first: str) -> None:
    for name, (one, other) in ((first, TEXTS[:2]), (PARTS[first], TEXTS[2:])):
        (tmp_path / name).write_text(csv(("text", one, other), twice("label", "neutral")))
    (tmp_path / "_SUCCESS").write_text("")
    notes: list[str] = []
    posts = list(read(tmp_path, options=ReadOptions(note=notes.append)))
    assert [(post.post_id, post.text) for post in posts] == [
        (str(n), text) for n, text in enumerate(TEXTS, start=1)
    ]
    assert any("2 parts are read as one table" in note for note in notes)
    assert any("not there: 1 of 3" in note for note in notes) == ("of" in first)


def test_parts_of_two_tables_are_a_question(tmp_path: Path) -> None:
    for name in ("train-00000-of-00002", "train-00001-of-00002", "test-00000-of-00001"):
        (tmp_path / f"{name}.csv").write_text(csv(("text", FINE, "Rain")))
    with pytest.raises(SourceError, match="several tables"):
        list(read(tmp_path))


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
