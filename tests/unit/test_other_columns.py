"""Which column is what where its name tells little: other languages, what competes, what is repeated."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pytest
from tool_shapes import BIOGRAPHY, DAY, FINE, UNIX, Shape, check, csv, garbled, twice

from mmsa_tui.errors import SourceError
from mmsa_tui.records import Post
from mmsa_tui.sources import ReadOptions, inspect, read
from mmsa_tui.sources.files import workbook

IDS = ("id", "71", "72")
AUTHORS = ("user", "sam", "leo")
DATES = ("date", "2026-05-01 10:00:00", "2026-05-02 11:00:00")
LANGUAGES = {
    "Turkish": ("Tarih", "01.05.2026 10:00", "Kullanıcı Adı", "Tweet Metni", "Duygu", "olumlu"),
    "Indonesian": ("Tanggal", "2026-05-01 10:00", "Nama Akun", "Isi Tweet", "Sentimen", "positif"),
    "Korean": ("작성일", "2026. 5. 1. 오전 10:00:00", "작성자", "내용", "감성", "긍정"),
    "Japanese": ("日時", "2026年5月1日 午前10:00", "ユーザー名", "ツイート", "感情", "ポジティブ"),
    "Arabic": ("التاريخ", "2026-05-01 10:00", "اسم المستخدم", "نص التغريدة", "المشاعر", "إيجابي"),
    "Hindi": ("तारीख", "2026-05-01 10:00", "उपयोगकर्ता", "टिप्पणी", "भावना", "सकारात्मक"),
    "Chinese": ("发布时间", "2026年05月01日 10:00", "用户昵称", "博文内容", "情感倾向", "正面"),
    "Polish": ("Data publikacji", "01.05.2026 10:00", "Autor", "Treść", "Wydźwięk", "pozytywny"),
    "Portuguese": (
        "Data de criação",
        "2026-05-01 10:00",
        "Usuário do autor",
        "Conteúdo",
        "Sentimento",
        "positivo",
    ),
    "German": ("Datum", "1. Mai 2026 10:00", "Konto", "Beitrag", "Stimmung", "positiv"),
    "Dutch": ("Datum", "1 mei 2026 10:00", "Gebruiker", "Berichttekst", "Sentiment", "positief"),
}


@pytest.mark.parametrize("words", LANGUAGES.values(), ids=LANGUAGES)
def test_columns_are_known_by_their_names_in_other_languages(tmp_path: Path, words: tuple[str, ...]) -> None:
    date, day, author, text, label, positive = words
    table = csv(twice(date, day), (author, "sam", "leo"), (text, FINE, "Rain again"), twice(label, positive))
    check(tmp_path, Shape({"a.csv": "\ufeff" + table}, "1", truth={"label": positive}))


SHAPES: dict[str, Shape] = {
    "a time in a column of an unknown name beside the date": Shape(
        {
            "a.csv": csv(
                IDS, AUTHORS, ("text", FINE, "Rain"), twice("date", "2026-05-01"), twice("Wann?", "10:00")
            )
        },
        "71",
    ),
    "how long a video is beside the date": Shape(
        {
            "a.csv": csv(
                IDS, AUTHORS, ("text", FINE, "Rain"), twice("date", "2026-05-01"), twice("duration", "10:00")
            )
        },
        "71",
        created_at="2026-05-01T00:00:00Z",
    ),
    "a title that is of what is spoken about": Shape(
        {
            "a.csv": csv(
                ("id", "71", "72", "73"),
                ("title", *["Tram Museum"] * 3),
                ("text", FINE, "Rain again", "A bus came"),
                ("user", *["sam"] * 3),
                ("date", *[DAY] * 3),
                ("reviewerPhotoUrl", *["https://x.example/a.png"] * 3),
            )
        },
        "71",
        count=3,
    ),
    "codes below a name of texts": Shape(
        {
            "a.csv": csv(
                ("Content", "Total", "dQw4w9W0abc", "dQw4w9W1abc", "dQw4w9W2abc"),
                ("Video title", "", FINE, "Rain again", "A bus came"),
                ("Published", "", *["2026-05-01 10:00:00"] * 3),
                ("Views", "6", "1", "2", "3"),
            )
        },
        "2",
        author="",
        count=3,
    ),
    "what an analyst wrote, longer than the texts": Shape(
        {
            "a.csv": csv(
                ("id", "71", "72", "73", "74"),
                (
                    "In their words",
                    FINE,
                    "The bus was late again",
                    "I like the new bridge",
                    "Who is on the council",
                ),
                (
                    "Analyst",
                    *[f"The person speaks at length of {what} in town" for what in ("trams", "buses") * 2],
                ),
                ("date", *[DAY] * 4),
            )
        },
        "71",
        author="",
        count=4,
    ),
    "records of media, as Python writes them": Shape(
        {
            "a.csv": csv(
                IDS,
                AUTHORS,
                ("full_text", FINE, "Rain"),
                DATES,
                ("extended_entities", "{'media': [{'media_url_https': 'https://p.example/p1.png'}]}", ""),
                twice("quoted_status", "{'media': [{'media_url_https': 'https://p.example/p2.png'}]}"),
            ),
            "p1.png": None,
            "p2.png": None,
        },
        "71",
        found=("p1.png",),
    ),
    "what came from the first of two tables in pandas": Shape(
        {
            "a.csv": csv(
                ("id", "71", "72", "73"),
                ("text_x", FINE, "Rain", "A bus"),
                ("text_y", "", f"Of all that {BIOGRAPHY}", ""),
                ("username", *["sam"] * 3),
                ("created_at_x", *[DAY] * 3),
            )
        },
        "71",
        count=3,
    ),
    "a link by a formula": Shape(
        {
            "a.csv": csv(
                (
                    "Tweet ID",
                    *(f'=HYPERLINK("https://x.com/sam/status/{key}","{key}")' for key in ("71", "72")),
                ),
                ("Tweet Text", FINE, "Rain"),
                AUTHORS,
                DATES,
            )
        },
        "71",
    ),
    "a moment in digits alone": Shape(
        {"a.csv": csv(IDS, AUTHORS, ("text", FINE, "Rain"), twice("createdAt", "20260501100000"))}, "71"
    ),
    "rows of delimiters alone": Shape(
        {"a.csv": f"id;user;text;date;;\n71;sam;{FINE};{DAY};;\n;;;;;\n72;leo;Rain;{DAY};;\n;;;;;\n"}, "71"
    ),
    "how long ago, beside when it was collected": Shape(
        {
            "a.csv": csv(
                IDS, AUTHORS, ("comment", FINE, "Rain again"), ("date", "3d", "2w"), twice("timestamp", DAY)
            )
        },
        "71",
        created_at="",
    ),
    "pictures whose addresses have no suffix": Shape(
        {
            "a.csv": csv(
                IDS,
                AUTHORS,
                ("text", FINE, "Rain"),
                DATES,
                ("image-src", "https://p.example/p1?format=png", ""),
            ),
            "p1.png": None,
        },
        "71",
        found=("p1.png",),
    ),
    "an author in the wrong encoding": Shape(
        {"a.csv": csv(IDS, ("user", garbled("léo"), "sam"), ("text", FINE, "Rain"), DATES)},
        "71",
        author="léo",
    ),
    "a message of a download of Facebook": Shape(
        {
            "message_1.json": json.dumps(
                {
                    "participants": [{"name": "Sam"}],
                    "messages": [
                        {
                            "sender_name": garbled("Léo K"),
                            "timestamp_ms": UNIX * 1000,
                            "content": garbled(f"{FINE} é"),
                        },
                        {
                            "sender_name": "Sam",
                            "timestamp_ms": UNIX * 1000,
                            "photos": [{"uri": "photos/p1.png"}],
                        },
                    ],
                    "title": "Harbour",
                }
            )
        },
        "message_1.json-1-1",
        author="Léo K",
        text=f"{FINE} é",
    ),
    "comments on reels, in a download of Instagram": Shape(
        {
            "reels_comments.json": json.dumps(
                {
                    "comments_reels_comments": [
                        {"string_map_data": {"Comment": {"value": FINE}, "Time": {"timestamp": UNIX}}}
                    ]
                }
            )
        },
        "reels_comments.json-1-1",
        author="",
        count=1,
    ),
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_what_competes_with_a_role_does_not_take_it(tmp_path: Path, shape: Shape) -> None:
    check(tmp_path, shape)


def test_a_table_with_a_column_of_texts_for_each_network_is_read_whole(tmp_path: Path) -> None:
    table = csv(
        ("id", "71", "72", "73"),
        ("Tweet Text", FINE, "", ""),
        ("Facebook Message", "", "Rain again", ""),
        ("Instagram Caption", "", "", "A bus came"),
        ("Published", *[DAY] * 3),
    )
    (tmp_path / "a.csv").write_text(table)
    items = list(read(tmp_path / "a.csv"))
    assert [item.text for item in items] == [FINE, "Rain again", "A bus came"]
    reading = inspect(tmp_path / "a.csv").reading
    assert reading is not None and "`Facebook Message`" in next(
        r.reason for r in reading.roles if r.role == "text"
    )


def test_a_text_that_is_said_beside_another_does_not_take_its_place(tmp_path: Path) -> None:
    table = csv(
        ("id", "71", "72", "73"), ("text", FINE, "", "Rain"), ("comment", "ask Jo", "only a picture", ""),
        ("date", *[DAY] * 3),
    )  # fmt: skip
    (tmp_path / "a.csv").write_text(table)
    assert [item.text for item in read(tmp_path / "a.csv")] == [FINE, "", "Rain"]


@pytest.mark.parametrize("name", ["note_tweet.text", "extended_tweet.full_text"])
def test_a_text_that_was_cut_is_taken_from_where_it_is_whole(tmp_path: Path, name: str) -> None:
    whole = f"{FINE}, and it went on for long"
    table = csv(IDS, ("text", f"{FINE}, and… https://t.co/x1", "Rain…"), (name, whole, ""), AUTHORS, DATES)
    (tmp_path / "a.csv").write_text(table)
    assert [item.text for item in read(tmp_path / "a.csv")] == [whole, "Rain…"]


def test_a_total_above_the_posts_is_counted(tmp_path: Path) -> None:
    shape = SHAPES["codes below a name of texts"]
    (tmp_path / "a.csv").write_text(shape.files["a.csv"])
    notes: list[str] = []
    items = list(read(tmp_path / "a.csv", options=ReadOptions(note=notes.append)))
    assert all(isinstance(item, Post) for item in items) and any("Total 6" in note for note in notes)


def test_the_log_of_a_chat_is_no_post(tmp_path: Path) -> None:
    (tmp_path / "chat.txt").write_text(
        f"Chat with Sam\n\n10:00\tSam\t{FINE}\n10:01\tLeo\tRain\n10:02\tSam\tNo\n"
    )
    with pytest.raises(SourceError, match=r"chat\.txt"):
        list(read(tmp_path))


def test_the_biography_is_no_text_in_any_language(tmp_path: Path) -> None:
    table = csv(("Yazar Biyografisi", BIOGRAPHY, BIOGRAPHY + " and of trams"), ("Yorum", FINE, "Rain"), DATES)
    (tmp_path / "a.csv").write_text(table)
    assert [item.text for item in read(tmp_path / "a.csv")] == [FINE, "Rain"]


def test_a_second_table_below_the_posts_is_left_out_and_named(tmp_path: Path) -> None:
    posts = csv(
        ("id", "71", "72", "73"), ("date", *[DAY] * 3), ("user", "sam", "leo", "ann"), ("text", *[FINE] * 3)
    )
    (tmp_path / "a.csv").write_text(
        posts + "Summary by user,,,\nuser,posts,share,\nsam,1,33 %,\nleo,1,33 %,\n"
    )
    notes: list[str] = []
    items = list(read(tmp_path / "a.csv", options=ReadOptions(note=notes.append)))
    assert [item.post_id for item in items] == ["71", "72", "73"]
    assert any("Summary by user" in note and ": 4" in note for note in notes)


@pytest.mark.parametrize("at_once", [1 << 20, 64], ids=["small file", "file of many pieces"])
def test_a_cell_merged_downwards_holds_for_each_of_its_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(workbook, "_PIECE_BYTES", at_once)
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["User", "Date", "Tweet"], ["sam", DAY, FINE], [None, None, "Rain"], ["leo", DAY, "A bus"]):
        sheet.append(row)
    sheet.merge_cells("A2:A3")
    sheet.merge_cells("B2:B3")
    book.save(tmp_path / "a.xlsx")
    posts = [item for item in read(tmp_path / "a.xlsx") if isinstance(item, Post)]
    assert [(post.author, post.created_at) for post in posts] == [("sam", DAY), ("sam", DAY), ("leo", DAY)]


def test_a_workbook_with_a_password_is_refused_as_such(tmp_path: Path) -> None:
    head = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(504)
    (tmp_path / "a.xlsx").write_bytes(head + "EncryptedPackage".encode("utf-16-le") + bytes(512))
    with pytest.raises(SourceError, match="password"):
        list(read(tmp_path / "a.xlsx"))


def test_a_moment_with_its_zone_wins_over_its_day_and_hour_apart(tmp_path: Path) -> None:
    table = csv(
        ("text", FINE, "Rain"),
        twice("Post Created", "2026-05-01 06:00:00 EDT"),
        twice("Post Created Date", "2026-05-01"),
        twice("Post Created Time", "06:00:00"),
    )
    (tmp_path / "a.csv").write_text(table)
    assert [item.created_at for item in read(tmp_path / "a.csv") if isinstance(item, Post)] == [DAY, DAY]
