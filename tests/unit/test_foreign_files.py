"""Files that hold data and are not read: each is named, and none is taken for a table."""

from __future__ import annotations

import gzip
import json
import pickle
import zipfile
from pathlib import Path

import pytest
from tool_shapes import FINE

from mmsa_tui.errors import SourceError
from mmsa_tui.sources import read

TEXTS = [FINE, "Rain again and my bus is late", "The council meets on Tuesday", "Best waffles in town"]

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
    "posts.xml": (f"<?xml version='1.0'?><p><t>{FINE}</t></p>".encode(), "csv"),
    "posts.ics": (f"BEGIN:VCALENDAR\nSUMMARY:{FINE}\nEND:VCALENDAR\n".encode(), "csv"),
    "posts.ris": (f"TY  - JOUR\nTI  - {FINE}\nER  - \n".encode(), "csv"),
    "posts.yaml": (f"- id: 7\n  text: {FINE}\n".encode() * 9, "JSON"),
    "posts.tsv": (b"#FORMAT=WebAnno TSV 3.3\n\n#Text=A fine day\n1-1\t0-1\tA\t_\n", "csv"),
    "posts.pptx": (b"PK\3\4" + FINE.encode() * 9, "csv"),
    "posts.epub": (b"PK\3\4" + FINE.encode() * 9, "csv"),
    "posts.pages": (b"PK\3\4" + FINE.encode() * 9, "csv"),
    "posts.xlsb": (b"PK\3\4" + FINE.encode() * 9, ".xlsx"),
    "posts.msg": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 99, ".txt"),
    "posts.gsheet": (b'{"url": "https://docs.google.com/open?id=1", "email": "sam@x.example"}', ".xlsx"),
    "posts.webloc": (b'<?xml version="1.0"?><plist><string>https://x/</string></plist>', "JSON"),
    "posts.rtf": (b"{\\rtf1\\ansi " + FINE.encode() + b"}", ".txt"),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_a_file_of_another_program_is_named_and_not_taken_for_a_table(tmp_path: Path, name: str) -> None:
    data, advice = FOREIGN[name]
    (tmp_path / name).write_bytes(data)
    with pytest.raises(SourceError) as refusal:
        list(read(tmp_path / name))
    assert "not read" in refusal.value.message and advice in refusal.value.hint


def test_a_web_page_that_is_called_a_sheet_is_named_for_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "posts.xls").write_text(f"<table><tr><th>Text</th></tr><tr><td>{FINE}</td></tr></table>")
    with pytest.raises(SourceError) as refusal:
        list(read(tmp_path / "posts.xls"))
    assert "web page" in refusal.value.hint and ".xlsx" in refusal.value.hint


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


def test_what_a_service_says_of_an_error_is_no_post(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps({"errors": [{"message": "Rate limit exceeded", "code": 88}]}))
    with pytest.raises(SourceError):
        list(read(tmp_path / "a.json"))
