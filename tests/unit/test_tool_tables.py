"""Tables of tools and data sets in the shape they really have."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tool_shapes import BIOGRAPHY, DAY, FINE, JPEG, UNIX, Shape, check, csv, twice

from mmsa_tui.errors import SourceError
from mmsa_tui.sources import ReadOptions, read

TEXT = ("text", FINE, "Rain again")
DATE = ("created_at", "2026-05-01 10:00:00", "2026-05-02 11:00:00")
ACCOUNT = {"username": "sam", "displayname": "Sam B.", "rawDescription": BIOGRAPHY, "created": "2010"}
COMMENT_TEXT = "What a lovely ferry, I would sail on it with all of my friends"

SHAPES: dict[str, Shape] = {
    "academictwitteR, tidy": Shape(
        {
            "a.csv": csv(
                ("tweet_id", "71", "72"),
                ("user_name", "Sam B.", "Leo C."),
                ("user_username", "sam", "leo"),
                TEXT,
                DATE,
                twice("sourcetweet_text", COMMENT_TEXT),
            )
        },
        "71",
    ),
    "Apify, Instagram": Shape(
        {
            "a.csv": csv(
                ("id", "71", "72"),
                ("caption", FINE, "Rain again"),
                twice("latestComments/0/text", COMMENT_TEXT),
                twice("latestComments/0/ownerUsername", "leo"),
                ("ownerUsername", "sam", "ann"),
                ("images/0", "https://x.example/p1.jpg?a", ""),
                ("images/1", "https://x.example/p2.jpg?a", ""),
                twice("timestamp", "2026-05-01T10:00:00.000Z"),
            ),
            "p1.jpg": None,
            "p2.jpg": None,
        },
        "71",
        found=("p1.jpg", "p2.jpg"),
    ),
    "Bright Data, csv": Shape(
        {
            "a.csv": csv(
                ("id", "71", "72"),
                ("user_posted", "sam", "leo"),
                ("description", FINE, "Rain again"),
                ("date_posted", "2026-05-01T10:00:00.000Z", "2026-05-02T10:00:00.000Z"),
                twice("biography", BIOGRAPHY),
                twice("timestamp", "2026-06-09T10:00:00.000Z"),
            )
        },
        "71",
    ),
    "Brandwatch, whose titles begin with the author": Shape(
        {
            "a.csv": csv(
                ("Resource Id", "71", "72"),
                ("Title", f"Sam B. (@sam): {FINE[:15]}...", ""),
                ("Full Text", FINE, "Rain again"),
                ("Author", "sam", "leo"),
                ("Date", "2026-05-01 10:00:00.0", "2026-05-02 10:00:00.0"),
            )
        },
        "71",
    ),
    "Meltwater, with a handle beside a display name": Shape(
        {
            "a.csv": csv(
                ("Tweet Id", '"71"', '"72"'),
                ("Headline", "", ""),
                ("Hit Sentence", FINE, "Rain again"),
                ("Influencer", "@sam", "@leo"),
                ("Twitter Screen Name", "Sam B.", "Leo C."),
                ("Date", "01-May-2026 10:00AM", "02-May-2026 10:00AM"),
            )
        },
        "71",
        author="@sam",
    ),
    "Brandwatch, whose author has a dot": Shape(
        {
            "a.csv": csv(
                ("Resource Id", "71", "72"),
                ("Title", f"Sam (@sam.b): {FINE[:15]} ...", ""),
                ("Full Text", FINE, "Rain again"),
                ("Author", "sam.b", "leo"),
                ("Date", "2026-05-01 10:00:00.0", "2026-05-02 10:00:00.0"),
            )
        },
        "71",
        author="sam.b",
    ),
    "minet, Facebook posts": Shape(
        {
            "a.csv": csv(
                ("post_id", "71", "72"),
                ("user_handle", "sam", "leo"),
                TEXT,
                ("formatted_date", "2026-05-01T10:00:00", "2026-05-02T10:00:00"),
                twice("date", "1 mai, 10:00"),
            )
        },
        "71",
    ),
    "minet, whose files are called otherwise than their addresses": Shape(
        {
            "a.csv": csv(
                ("id", "1918410713521908131", "1918410713521908132"),
                ("user_screen_name", "sam", "leo"),
                TEXT,
                ("timestamp_utc", str(UNIX), str(UNIX)),
                ("media_urls", "https://x.example/A.jpg", ""),
                ("media_files", "1918410713521908131_A.jpg", ""),
            ),
            "d/1918410713521908131_A.jpg": None,
        },
        "1918410713521908131",
        found=("1918410713521908131_A.jpg",),
    ),
    "Reddit, removed": Shape(
        {
            "a.csv": csv(
                ("id", "71", "72"),
                ("title", FINE, "Rain"),
                ("text", "[deleted]", "and wind"),
                ("author", "sam", "leo"),
                DATE,
            )
        },
        "71",
    ),
    "rtweet": Shape(
        {
            "a.csv": csv(
                ("status_id", "x1918410713521908131", "x1918410713521908132"),
                ("screen_name", "sam", "leo"),
                TEXT,
                DATE,
                ("media_url", "http://x.example/p1.jpg", "NA"),
                ("ext_media_url", "http://x.example/p1.jpg http://x.example/p2.jpg", "NA"),
            ),
            "p1.jpg": None,
            "p2.jpg": None,
        },
        "1918410713521908131",
        found=("p1.jpg", "p2.jpg"),
    ),
    "Sentiment140, without a header": Shape(
        {
            "a.csv": "".join(
                f'"{k % 2 * 4}","146781036{k}","Fri May 01 10:00:00 UTC 2026","NO_QUERY","{name}","{text}"\n'
                for k, (name, text) in enumerate(
                    [("sam", FINE), ("leo", "Rain again, and wind"), ("ann", "My bus is late once more")]
                )
            )
        },
        "1467810360",
        count=3,
    ),
    "Social Feed Manager, Weibo": Shape(
        {
            "a.csv": csv(
                DATE, ("weibo_id", "460000000071", "460000000072"), ("screen_name", "sam", "leo"), TEXT
            )
        },
        "460000000071",
    ),
    "Telethon": Shape(
        {
            "a.csv": csv(
                ("id", "71", "72"),
                ("date", "2026-05-01 10:00:00+00:00", "2026-05-02 10:00:00+00:00"),
                ("message", FINE, "Rain again"),
                ("sender_username", "sam", "leo"),
            )
        },
        "71",
    ),
    "twarc-csv, texts as JSON": Shape(
        {
            "a.csv": csv(
                ("id", "71", "72"),
                ("text", json.dumps(FINE), json.dumps("caf\u00e9")),
                ("author.username", "sam", "leo"),
                DATE,
            )
        },
        "71",
    ),
    "YouTube, comments of a download": Shape(
        {
            "a.csv": csv(
                ("Comment ID", "71", "72"),
                ("Comment Create Timestamp", DAY, DAY),
                ("Comment Text", json.dumps({"text": FINE}), '{"text":"a "},{"text":"b"}'),
            )
        },
        "71",
        author="",
    ),
    "YouTube Data Tools": Shape(
        {
            "a.csv": csv(
                ("videoId", "71", "72"),
                ("channelTitle", "sam", "leo"),
                ("publishedAt", DAY, DAY),
                ("videoTitle", "Diary", "Diary"),
                ("videoDescription", FINE, "Rain again"),
                twice("caption", "false"),
            )
        },
        "71",
        text=f"Diary\n\n{FINE}",
    ),
    "snscrape, csv": Shape(
        {
            "a.csv": csv(
                ("id", "71", "72"),
                ("rawContent", FINE, "Rain again"),
                twice("date", DAY),
                (
                    "media",
                    "[Photo(previewUrl='https://x.example/A?format=jpg&name=small', "
                    "fullUrl='https://x.example/A?format=jpg&name=large')]",
                    "",
                ),
            ),
            "A.jpg": None,
        },
        "71",
        author="",
        found=("A.jpg",),
    ),
    "Memotion, test": Shape(
        {
            "a.csv": csv(
                ("Image_name", "p1.jpg", "p2.jpg"),
                twice("Image_URL", "https://x.example/other.jpg"),
                ("OCR_extracted_text", "A fin day at tho harbour", "Rain agaim"),
                ("corrected_text", FINE, "Rain again"),
            ),
            "i/p1.jpg": None,
            "i/p2.jpg": None,
        },
        "1",
        author="",
        created_at="",
        found=("p1.jpg",),
    ),
    "Scweet, whose text is the author and the date": Shape(
        {
            "a.csv": csv(
                ("UserName", "@sam", "@leo"),
                twice("Timestamp", "2026-05-01T10:00:00.000Z"),
                twice("Text", "Sam B. - May 1"),
                ("Embedded_text", FINE, "Rain again"),
                ("Tweet URL", "https://x.com/sam/status/71", "https://x.com/leo/status/72"),
            )
        },
        "71",
        author="@sam",
    ),
    "Phantombuster, whose id is of the account": Shape(
        {
            "a.csv": csv(
                ("tweetUrl", "https://x.com/sam/status/71", "https://x.com/leo/status/72"),
                ("twitterId", "901", "902"),
                ("handle", "sam", "leo"),
                TEXT,
                twice("tweetDate", "Fri May 01 10:00:00 +0000 2026"),
            )
        },
        "71",
    ),
    "Pulsar, with a time called as the date is": Shape(
        {
            "a.csv": csv(
                ("URL", "https://x.com/sam/status/71", "https://x.com/leo/status/72"),
                ("Published On", "01/05/2026", "14/05/2026"),
                twice("Published Time", "10:00:00"),
                ("Content", FINE, "Rain again"),
                ("User Screen Name", "sam", "leo"),
            )
        },
        "71",
    ),
    "CrowdTangle, whose id is of the page": Shape(
        {
            "a.csv": csv(
                ("Page Name", "sam", "leo"),
                ("Facebook Id", "100061111111111", "100061111111112"),
                twice("Page Description", BIOGRAPHY),
                twice("Post Created", "2026-05-01 06:00:00 EDT"),
                ("URL", "https://www.facebook.com/sam/posts/71", "https://www.facebook.com/leo/posts/72"),
                ("Message", FINE, "Rain again"),
            )
        },
        "71",
    ),
    "snscrape, csv, with the account as a dict": Shape(
        {"a.csv": csv(("id", "71", "72"), ("rawContent", FINE, "Rain"), DATE, twice("user", repr(ACCOUNT)))},
        "71",
    ),
    "snscrape, csv, with the account as an object": Shape(
        {
            "a.csv": csv(
                ("id", "71", "72"),
                ("rawContent", FINE, "Rain"),
                DATE,
                twice(
                    "user", f"User(username='sam', id=7, displayname='Sam B.', rawDescription='{BIOGRAPHY}')"
                ),
            )
        },
        "71",
    ),
    "Apify, Facebook, with pictures in a list of media": Shape(
        {
            "a.csv": csv(
                ("postId", "71", "72"),
                ("user/name", "sam", "leo"),
                twice("time", DAY),
                TEXT,
                ("media/0/photo_image/uri", "https://x.example/p1.jpg?a", ""),
                ("topComments/0/attachments/0/uri", "https://x.example/other.jpg", ""),
            ),
            "p1.jpg": None,
            "other.jpg": None,
        },
        "71",
        found=("p1.jpg",),
    ),
    "CrowdTangle, a group": Shape(
        {
            "a.csv": csv(
                (
                    "URL",
                    "https://www.facebook.com/groups/1/permalink/71",
                    "https://www.facebook.com/groups/1/permalink/72",
                ),
                ("User Name", "sam", "leo"),
                ("Message", FINE, "Rain again"),
                twice("Post Created", "2026-05-01 06:00:00 EDT"),
            )
        },
        "71",
    ),
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_what_a_tool_wrote_is_read_as_it_was_meant(tmp_path: Path, shape: Shape) -> None:
    check(tmp_path, shape)


def test_web_pages_beside_pictures_are_named(tmp_path: Path) -> None:
    (tmp_path / "p1.jpg").write_bytes(JPEG)
    (tmp_path / "about.html").write_text("<html><body>x</body></html>")
    notes: list[str] = []
    list(read(tmp_path, options=ReadOptions(note=notes.append)))
    assert any("about.html" in note for note in notes)


def test_a_download_of_web_pages_is_asked_for_as_json(tmp_path: Path) -> None:
    (tmp_path / "media").mkdir()
    (tmp_path / "media/p1.jpg").write_bytes(JPEG)
    (tmp_path / "posts_1.html").write_text(f"<html><body>{FINE}</body></html>")
    with pytest.raises(SourceError, match=r"posts_1\.html") as error:
        list(read(tmp_path))
    assert "JSON" in error.value.hint
    assert len(list(read(tmp_path, format="pairs"))) == 1


def test_pictures_inside_a_table_are_told(tmp_path: Path) -> None:
    rows = [{"bytes": JPEG, "path": None}] * 2
    pq.write_table(pa.table({"text": [FINE, "Rain"], "image": rows}), tmp_path / "a.parquet")
    notes: list[str] = []
    assert len(list(read(tmp_path / "a.parquet", options=ReadOptions(note=notes.append)))) == 2
    assert any("`image`" in note for note in notes)
