"""An encoding that the user names is the only one that is tried."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmsa_tui.errors import UsageError
from mmsa_tui.records import Failure, Post
from mmsa_tui.sources import ReadOptions, read
from mmsa_tui.sources.files.encodings import UndecodableError, decode, find_encoding

CP1252 = ReadOptions(encoding="cp1252")


def texts(source: Path, options: ReadOptions, format: str | None = None) -> list[str]:
    return [item.text for item in read(source, options=options, format=format) if isinstance(item, Post)]


@pytest.mark.parametrize("name", ["CP1252", "windows-1252", "1252"])
def test_an_encoding_has_many_names_and_one_spelling(name: str) -> None:
    assert find_encoding(name) == "cp1252"


@pytest.mark.parametrize("name", ["", "nothing", "rot13", "zlib", "idna", "undefined", "a\0b"])
def test_what_encodes_no_text_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="no encoding"):
        find_encoding(name)


@pytest.mark.parametrize(
    ("encoding", "typed"),
    [
        ("cp1252", "“né” – €5"),
        ("cp1251", "Привет"),
        ("shift_jis", "猫の日"),
        ("utf-16-le", "día"),
        ("big5", "中文"),
    ],
)
def test_a_table_is_read_in_it(tmp_path: Path, encoding: str, typed: str) -> None:
    path = tmp_path / "posts.csv"
    path.write_bytes(f"id,text\r\n1,{typed}\r\n2,plain\r\n".encode(encoding))
    assert texts(path, ReadOptions(encoding=encoding), "table") == [typed, "plain"]


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_any_delimiter_goes_with_it(tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "posts.csv"
    rows = ["id,text,lang", "1,café,fr", "2,“é”,fr"]
    path.write_bytes("\n".join(row.replace(",", delimiter) for row in rows).encode("cp1252"))
    assert texts(path, CP1252) == ["café", "“é”"]


def test_a_row_in_another_encoding_fails_instead_of_being_guessed(tmp_path: Path) -> None:
    path = tmp_path / "posts.csv"
    # 0x81 stands for nothing in Windows-1252.
    path.write_bytes(b"id,text\n1,caf\xe9\n2,\x81\x41\n3,fine\n")
    one, failure, three = read(path, options=CP1252)
    assert isinstance(failure, Failure) and "not in cp1252" in failure.reason
    assert [one.text, three.text] == ["café", "fine"]


def test_utf8_that_is_stated_is_not_tried_as_gb18030(tmp_path: Path) -> None:
    path = tmp_path / "posts.csv"
    path.write_bytes("id,text\n1,typed \ufffd\n".encode() + "2,“猫”\n".encode("gb18030"))
    one, failure = read(path, options=ReadOptions(encoding="utf-8"))
    assert (one.text, isinstance(failure, Failure)) == ("typed \ufffd", True)


def test_a_byte_order_mark_wins(tmp_path: Path) -> None:
    path = tmp_path / "posts.csv"
    path.write_text("id,text\n1,café\n", encoding="utf-8-sig")
    assert texts(path, CP1252) == ["café"]


def test_texts_of_pairs_and_mvsa_are_read_in_it(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    for folder in (tmp_path, tmp_path / "data"):
        (folder / "1.txt").write_bytes("né “so”".encode("cp1252"))
        (folder / "1.jpg").write_bytes(b"\xff\xd8\xff")
    assert texts(tmp_path / "data", CP1252, "pairs") == texts(tmp_path, CP1252, "mvsa") == ["né “so”"]


def test_a_table_of_4cat_is_read_in_it(tmp_path: Path) -> None:
    path = tmp_path / "4cat.csv"
    path.write_bytes("id,thread_id,timestamp,body\n1,1,2024-05-01,né\n".encode("cp1252"))
    assert texts(path, CP1252, "4cat") == ["né"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("posts.jsonl", '{"id": 1, "text": "né so"}\n'),
        ("tweets.jsonl", '{"id_str": "1", "full_text": "né so"}\n'),
    ],
)
def test_a_file_that_states_its_encoding_is_read_in_that_and_says_so(
    tmp_path: Path, name: str, content: str
) -> None:
    notes: list[str] = []
    (tmp_path / name).write_text(content, encoding="utf-8")
    assert texts(tmp_path / name, ReadOptions(encoding="cp1252", note=notes.append)) == ["né so"]
    assert any("--encoding is left aside" in note for note in notes)


def test_what_is_not_in_it_is_undecodable_and_shown_as_far_as_it_goes() -> None:
    with pytest.raises(UndecodableError) as caught:
        decode(b"so \x81", "cp1252")
    assert caught.value.readable == "so \ufffd"
