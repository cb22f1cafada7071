"""Bytes to text: what is read, in which encoding, and what is refused with a reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmsa_tui.sources.files.encodings import MAX_TEXT_BYTES, UndecodableError, decode, read_text, unescape


@pytest.mark.parametrize("text", ["plain", "naïve café", "“quoted” …", "日本語 😀", ""])
def test_utf8_is_read_as_written(text: str) -> None:
    assert decode(text.encode()).text == text


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_names_the_encoding_and_vanishes(codec: str) -> None:
    decoded = decode("“hé” 😀".encode(codec))
    assert (decoded.text, decoded.encoding) == ("“hé” 😀", codec.removesuffix("-sig"))


@pytest.mark.parametrize("text", ["“quoted” and…", "Can’t wait", "2008 – 2013", "海へ来たぞ！ 明日", "киев"])
def test_gb18030_gives_the_quotes_and_ellipses_that_were_typed(text: str) -> None:
    decoded = decode(text.encode("gb18030"))
    assert (decoded.text, decoded.encoding) == (text, "gb18030")


@pytest.mark.parametrize("text", ["can’t", "café au lait", "“hi” she said", "Ça va à Genève", "señor"])
def test_a_windows_code_page_is_refused_rather_than_garbled(text: str) -> None:
    with pytest.raises(UndecodableError, match="UTF-8"):
        decode(text.encode("cp1252"))


def test_half_a_utf8_sequence_is_named_as_such_and_the_rest_stays_readable() -> None:
    with pytest.raises(UndecodableError, match="cut off") as caught:
        decode("naïve 😀".encode()[:-2])
    assert caught.value.readable.startswith("naïve ")


def test_one_damaged_byte_in_utf8_is_not_taken_for_gb18030() -> None:
    data = "привет всем друзьям".encode()
    with pytest.raises(UndecodableError, match="damaged at byte 8"):
        decode(data[:8] + b"\xff" + data[8:])


def test_utf16_without_its_mark_is_refused() -> None:
    with pytest.raises(UndecodableError, match="NUL"):
        decode("hello".encode("utf-16-le"))


def test_a_stray_nul_is_dropped() -> None:
    assert decode(b"a quiet\0 afternoon by the sea").text == "a quiet afternoon by the sea"


def test_a_file_too_large_for_a_post_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "1.txt"
    path.write_bytes(b"x" * (MAX_TEXT_BYTES + 1))
    with pytest.raises(OSError, match="larger than"):
        read_text(path)


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        ("fish &amp; chips", "fish & chips"),
        ("&lt;3 &#128512; &quot;", '<3 😀 "'),
        ("a?x=1&copy=2", "a?x=1&copy=2"),
        ("R&D", "R&D"),
        ("&unknown;", "&unknown;"),
    ],
)
def test_closed_html_entities_become_characters(written: str, typed: str) -> None:
    assert unescape(written) == typed
