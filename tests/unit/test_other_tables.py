"""Tables that no tool is known by: languages, notations, arrangements."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tool_shapes import BIOGRAPHY, DAY, FINE, JPEG, Shape, check, csv, twice

from mmsa_tui.records import Post
from mmsa_tui.sources import ReadOptions, read

TEXT = ("text", FINE, "Rain again")
DATE = ("created_at", "2026-05-01 10:00:00", "2026-05-02 11:00:00")

SHAPES: dict[str, Shape] = {
    "a zone in a column of its own": Shape(
        {
            "a.csv": csv(
                ("id", "71", "72"),
                ("author", "sam", "leo"),
                TEXT,
                twice("date", "2026-05-01"),
                twice("time", "12:00:00"),
                twice("timezone", "+0200"),
            )
        },
        "71",
    ),
    "Java, whose seconds have an exponent": Shape(
        {
            "a.csv": csv(
                ("id", "71", "72"),
                ("author", "sam", "leo"),
                TEXT,
                twice("created_utc", "1.7776296E9"),
            )
        },
        "71",
    ),
    "a spreadsheet with midnight behind each date": Shape(
        {
            "a.csv": csv(
                ("ID", "71", "72"),
                ("Tweet", FINE, "Rain again"),
                ("User", "sam", "leo"),
                twice("Date", "2026-05-01T00:00:00"),
                twice("Time", "10:00:00"),
            )
        },
        "71",
    ),
    "a table with the address of the profile": Shape(
        {
            "a.csv": csv(
                ("id", "71", "72"), TEXT, DATE, ("user", "https://twitter.com/sam", "https://x.com/leo?s=1")
            )
        },
        "71",
    ),
    "a title of one word that stands in the text, too": Shape(
        {
            "a.csv": csv(
                ("id", "71", "72"),
                ("title", "Harbour", "Rain"),
                ("body", FINE, "Again"),
                ("author", "sam", "leo"),
                DATE,
            )
        },
        "71",
        text=f"Harbour\n\n{FINE}",
    ),
    "in Spanish, in UTF-16, parted by semicolons": Shape(
        {
            "a.csv": csv(
                ("Identificador", "71", "72"),
                ("Fecha de publicación", "1 de mayo de 2026 10:00", "2 de mayo de 2026 10:00"),
                ("Usuario", "sam", "leo"),
                twice("Descripción del usuario", BIOGRAPHY),
                twice("Título", ""),
                ("Texto", FINE, "Rain again"),
                ("Sentimiento", "positivo", "neutro"),
            )
            .replace('","', '";"')
            .encode("utf-16")
        },
        "71",
        truth={"label": "positivo"},
    ),
    "in Portuguese": Shape(
        {
            "a.csv": csv(
                ("ID da publicação", "71", "72"),
                ("Data de publicação", "01/05/2026 10:00", "13/05/2026 10:00"),
                ("Autor", "sam", "leo"),
                twice("Biografia", BIOGRAPHY),
                ("Conteúdo", FINE, "Rain again"),
                ("Sentimento", "positivo", "neutro"),
            )
        },
        "71",
        truth={"label": "positivo"},
    ),
    "in Japanese": Shape(
        {
            "a.csv": csv(
                ("ID", "71", "72"),
                ("投稿日時", "2026年5月1日 10:00", "2026年5月2日 10:00"),
                ("screen_name", "sam", "leo"),
                ("本文", FINE, "Rain again"),
            )
        },
        "71",
    ),
    "a spreadsheet that shows its dates as numbers": Shape(
        {
            "a.csv": csv(
                ("id", "71", "72"), TEXT, ("user", "sam", "leo"), ("date", "46143.4166666667", "46144,5")
            )
        },
        "71",
    ),
    "an unknown tool with days in dots": Shape(
        {
            "a.csv": csv(
                ("id", "71", "72"), TEXT, ("user", "sam", "leo"), ("Wann", "01.05.2026", "02.05.2026")
            )
        },
        "71",
        created_at="2026-05-01T00:00:00Z",
    ),
    "a status, with the description of the author": Shape(
        {
            "a.csv": csv(
                ("status_id", "71", "72"),
                ("screen_name", "sam", "leo"),
                twice("description", BIOGRAPHY),
                ("status", FINE, "Rain again"),
                DATE,
            )
        },
        "71",
    ),
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_a_table_of_no_tool_is_read_as_it_was_meant(tmp_path: Path, shape: Shape) -> None:
    check(tmp_path, shape)


def test_fields_of_a_field_are_columns_in_parquet(tmp_path: Path) -> None:
    users = [
        {"screen_name": "sam", "description": BIOGRAPHY},
        {"screen_name": "leo", "description": BIOGRAPHY},
    ]
    pq.write_table(
        pa.table({"id": ["71", "72"], "text": [FINE, "Rain"], "user": users}), tmp_path / "a.parquet"
    )
    (post, _) = read(tmp_path / "a.parquet")
    assert isinstance(post, Post) and (post.author, post.text) == ("sam", FINE)


def test_a_text_that_lists_the_posts_is_no_post(tmp_path: Path) -> None:
    (tmp_path / "all").mkdir()
    for key in ("9001", "9002"):
        (tmp_path / f"all/{key}.txt").write_text(FINE)
        (tmp_path / f"all/{key}.jpg").write_bytes(JPEG)
    (tmp_path / "labels.txt").write_text("9001\thappy\n9002\tsad\n")
    notes: list[str] = []
    items = list(read(tmp_path, options=ReadOptions(note=notes.append)))
    assert [item.post_id for item in items] == ["9001", "9002"]
    assert any("labels.txt" in note for note in notes)


def test_fields_one_below_the_other_are_a_table(tmp_path: Path) -> None:
    path = tmp_path / "Posts.txt"
    day = "Date: 2026-05-01 10:00:00 UTC\nLink: https://x.example/1/\nTitle: "
    path.write_text(f"{day}{FINE}\nTo be continued: tomorrow\n\n{day}\n\n{day}Rain again\n")
    first, empty, last = read(path)
    assert isinstance(first, Post) and isinstance(last, Post) and isinstance(empty, Post)
    assert (first.text, first.created_at) == (f"{FINE}\nTo be continued: tomorrow", DAY)
    assert (empty.text, last.text) == ("", "Rain again")


def test_talk_with_names_before_it_is_no_table(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Sam: hello\nLeo: hello\n\nSam: how are you\nLeo: fine\n")
    (tmp_path / "a.jpg").write_bytes(JPEG)
    (post,) = read(tmp_path)
    assert isinstance(post, Post) and post.text.startswith("Sam: hello\nLeo")
