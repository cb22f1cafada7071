"""Chats as WhatsApp exports them, from phones of both kinds and in several languages."""

from __future__ import annotations

import random
import zipfile
from pathlib import Path
from typing import Any

import pytest

from mmsa_tui.records import Failure, Post
from mmsa_tui.sources import ReadOptions, detect, read

ANDROID = """12/31/21, 9:41\u202fPM - Messages and calls are end-to-end encrypted. Tap to learn more.
12/31/21, 9:41\u202fPM - Sam Müller: A fine day
with two lines

and a fourth: yes
12/31/21, 9:42\u202fPM - +49 151 2345678: <Media omitted>
1/5/22, 12:03\u202fAM - Kim: \u200eIMG-2021-WA0001.jpg (file attached)
what a view
1/5/22, 12:04\u202fAM - Kim: PTT-20220105-WA0002.opus (file attached)
1/5/22, 12:05\u202fAM - Kim: This message was deleted
1/5/22, 12:06\u202fAM - Kim: so <This message was edited>
"""
IPHONE = """\u200e[31.12.21, 21:41:07] Trip: \u200eMessages and calls are end-to-end encrypted.
[31.12.21, 21:41:09] ~\u202fSam: Ein Tag: schön
und gut
\u200e[01.02.22, 08:00:00] Kim: \u200e<attached: 00000012-PHOTO-2022-02-01-08-00-00.jpg>
\u200e[01.02.22, 08:01:00] Kim: \u200eimage omitted
"""


def posts(path: Path, text: str | None = None, order: str = "") -> tuple[list[Any], list[str]]:
    if text is not None:
        path.write_text(text, encoding="utf-8")
    assert detect(path).format == "whatsapp"
    notes: list[str] = []
    return list(read(path, options=ReadOptions(note=notes.append, date_order=order))), notes


def facts(post: Post) -> tuple[str, str, str, str]:
    return post.post_id, post.author, post.created_at, post.text


def test_a_chat_of_an_android_phone_is_read_by_message(tmp_path: Path) -> None:
    (tmp_path / "IMG-2021-WA0001.jpg").touch()
    read_posts, notes = posts(tmp_path / "WhatsApp Chat with Kim.txt", ANDROID)
    assert [facts(post) for post in read_posts] == [
        ("2", "Sam Müller", "2021-12-31T21:41:00Z", "A fine day\nwith two lines\n\nand a fourth: yes"),
        ("7", "Kim", "2022-01-05T00:03:00Z", "what a view"),
        ("11", "Kim", "2022-01-05T00:06:00Z", "so"),
    ]
    assert [p.path.name for post in read_posts for p in post.pictures] == ["IMG-2021-WA0001.jpg"]
    assert notes == [
        "order of dates in WhatsApp Chat with Kim.txt: month first, as '12/31/21' shows; "
        "the date order can be chosen",
        "lines of the program, which nobody wrote, left out: 1",
        "messages of media that are not in the export, or of the program, left out: 1",
        "attached files that are no pictures, left out: 1",
        "messages that are deleted or empty, left out: 1",
    ]


def test_a_chat_of_an_iphone_is_read_by_message(tmp_path: Path) -> None:
    read_posts, notes = posts(tmp_path / "_chat.txt", IPHONE)
    assert [facts(post) for post in read_posts] == [
        ("2", "Sam", "2021-12-31T21:41:09Z", "Ein Tag: schön\nund gut"),
        ("4", "Kim", "2022-02-01T08:00:00Z", ""),
    ]
    assert read_posts[1].pictures[0].is_missing
    assert "messages of media that are not in the export, or of the program, left out: 2" in notes


@pytest.mark.parametrize(
    ("begin", "moment"),
    [
        ("2021-12-31, 9:41 p.m. - ", "2021-12-31T21:41:00Z"),
        ("31/12/2021 à 21:41 - ", "2021-12-31T21:41:00Z"),
        ("31.12.21 um 21:41 - ", "2021-12-31T21:41:00Z"),
        ("31/12/21 21.41 - ", "2021-12-31T21:41:00Z"),
        ("[2021/12/31 21:41:07] ", "2021-12-31T21:41:07Z"),
        ("2021. 12. 31. 21:41 - ", "2021-12-31T21:41:00Z"),
    ],
)
def test_the_notations_of_other_countries_are_read(tmp_path: Path, begin: str, moment: str) -> None:
    ((post,), _) = posts(tmp_path / "chat.txt", f"{begin}Sam: A fine day\n")
    assert facts(post)[1:] == ("Sam", moment, "A fine day")


def test_dates_that_no_other_date_explains_wait_for_the_order_to_be_chosen(tmp_path: Path) -> None:
    text = "1/5/22, 9:41 PM - Sam: A fine day\n2/5/22, 9:41 PM - Kim: Yes\n"
    (first, _), notes = posts(tmp_path / "chat.txt", text)
    assert (first.created_at, first.metadata["date_original"]) == ("", "1/5/22 9:41 PM")
    assert any("no date shows which; the date order can be chosen" in note for note in notes)
    (first, _), _ = posts(tmp_path / "chat.txt", order="day-first")
    assert first.created_at == "2022-05-01T21:41:00Z"
    (first, _), _ = posts(tmp_path / "chat.txt", order="month-first")
    assert first.created_at == "2022-01-05T21:41:00Z"


def test_dates_that_contradict_the_chosen_order_are_unread_and_told(tmp_path: Path) -> None:
    read_posts, notes = posts(tmp_path / "chat.txt", ANDROID, order="day-first")
    assert [post.created_at[:10] for post in read_posts] == ["", "2022-05-01", "2022-05-01"]
    assert any("1, such as '12/31/21 9:41 PM': 1 of them are not day first" in note for note in notes)


def test_a_zip_file_of_a_chat_and_its_pictures_is_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "chat.zip", "w") as file:
        file.writestr("WhatsApp Chat with Kim.txt", ANDROID)
        file.writestr("IMG-2021-WA0001.jpg", b"\xff\xd8\xff")
    read_posts, _ = posts(tmp_path / "chat.zip")
    assert [len(post.pictures) for post in read_posts] == [0, 1, 0]
    assert not read_posts[1].pictures[0].is_missing


def test_texts_that_are_no_chat_are_left_to_others(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("A fine day\nAt 12/31/21, 9:41 PM - Sam: hi\nA bad day\n", "utf-8")
    assert detect(tmp_path / "a.txt").format != "whatsapp"


def test_a_damaged_message_costs_itself_alone_and_is_told(tmp_path: Path) -> None:
    lines = [f"12/{day}/21, 9:{day} PM - Sam{day}: number {day} caffè".encode() for day in range(10, 32)]
    chance = random.Random(5)
    for at in (0, 7, len(lines) - 1) * 10:
        hurt = bytearray(lines[at])
        hurt[chance.randrange(19)] = chance.choice(b"x#\xff\x00")
        path = tmp_path / "chat.txt"
        path.write_bytes(b"\n".join([*lines[:at], bytes(hurt), *lines[at + 1 :]]) + b"\n")
        read_posts, notes = posts(path)
        texts = [post.text for post in read_posts if isinstance(post, Post)]
        others = [f"number {day} caffè" for day in range(10, 32) if day != at + 10]
        assert [text for text in texts if text != f"number {at + 10} caffè"] == others
        told = [item for item in read_posts if isinstance(item, Failure)]
        unread = [note for note in notes if "could not be read: 1" in note]
        assert len(told) + len(unread) == 1, (hurt, notes)


def test_a_chat_in_another_encoding_is_told_and_read_when_it_is_named(tmp_path: Path) -> None:
    path = tmp_path / "chat.txt"
    path.write_bytes("31.12.21, 21:41 - Sam: schön\n31.12.21, 21:42 - Sam: ja\n".encode("cp1252"))
    (hurt, whole), _ = posts(path)
    assert "--encoding" in hurt.reason
    assert whole.text == "ja"
    first, _ = read(path, options=ReadOptions(encoding="cp1252"))
    assert first.text == "schön"


@pytest.mark.parametrize(
    "begin", ["[{day}/12/2021, 21:{day}:07] ", "{day}.12.21, 21:{day} - ", "12/{day}/21, 9:{day}\u202fPM - "]
)
@pytest.mark.parametrize("at", [1, 9, 20])
def test_a_message_whose_beginning_is_cut_or_shifted_costs_itself_alone_and_is_told(
    tmp_path: Path, begin: str, at: int
) -> None:
    lines = [begin.format(day=day) + f"Sam: number {day}" for day in range(10, 32)]
    head = len(begin.format(day=10))
    others = [f"number {day}" for day in range(10, 32) if day != at + 10]
    whole = lines[at]
    hurt = [whole[:end] for end in range(11, head)]  # cut behind its date
    hurt += [whole[start:] for start in range(1, head - 6)]  # its start is gone
    hurt += [whole[:gone] + whole[gone + 1 :] for gone in range(1, head)]
    hurt += [f"{whole[:more]}#{whole[more:]}" for more in range(1, head)]
    hurt += [f"{whole[:more]}\0{whole[more:]}" for more in range(1, head)]
    for line in hurt:
        found, notes = posts(tmp_path / "chat.txt", "\n".join([*lines[:at], line, *lines[at + 1 :]]) + "\n")
        said = [item.text for item in found if isinstance(item, Post)]
        assert [text for text in said if text != f"number {at + 10}"] == others, line
        is_read = len(said) == len(lines) or any("nobody wrote" in note for note in notes)
        assert is_read or any(isinstance(item, Failure) for item in found), line


def test_a_text_that_speaks_of_days_and_hours_is_one_message(tmp_path: Path) -> None:
    text = "so:\n27.05.26\n10:30 - doors\nKim: 3, 10:30 here\n5:7 I lost\n28.05.26 is no good"
    ((post, _), notes) = posts(
        tmp_path / "chat.txt", f"26.05.26, 21:41 - Sam: {text}\n26.05.26, 21:42 - Sam: ok\n"
    )
    assert post.text == text
    # The day alone could be what is left of a message.
    assert any("what is left of a message" in note and note.endswith(": 1") for note in notes), notes


@pytest.mark.parametrize(
    "rest",
    ["0", "06", "06.", "06.05.26", "06.05.26,;) what", "- Sam: words", "26 - Sam: words", "Sam: words"],
)
def test_what_may_be_left_of_a_message_is_told(tmp_path: Path, rest: str) -> None:
    lines = [f"{day:02}.05.26, 21:41 - Sam: number {day}" for day in range(1, 12)]
    found, notes = posts(tmp_path / "chat.txt", "\n".join([*lines[:5], rest, *lines[6:]]) + "\n")
    assert len(found) == 10 and any("what is left of a message" in note for note in notes), notes


@pytest.mark.parametrize("rest", ["[06", "[06/05", "[06/05/2026, 21 Sam: words"])
def test_what_is_left_of_a_date_in_brackets_is_no_text(tmp_path: Path, rest: str) -> None:
    lines = [f"[{day:02}/05/2026, 21:41:07] Sam: number {day}" for day in range(1, 16)]
    found, _ = posts(tmp_path / "chat.txt", "\n".join([*lines[:5], rest, *lines[6:]]) + "\n")
    assert [type(item) for item in found] == [*[Post] * 5, Failure, *[Post] * 9]
