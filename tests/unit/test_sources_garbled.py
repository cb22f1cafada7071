"""Texts that went through the wrong encoding once are repaired, and only those."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmsa_tui.text.garbled import repair


def as_windows_shows(data: bytes) -> str:
    """Read bytes as Windows-1252; the five it has no character for, as browsers do."""
    return "".join(bytes([b]).decode("cp1252", "ignore") or chr(b) for b in data)


@pytest.mark.parametrize(
    "typed",
    [
        *("and then…", "“quoted” ‘so’", "né, más", "2008 – 2013", "#селфи", "「猫」の日", "a → b", "№ 1 ° 2"),
        *("(Cr:伴.Admirers)", "加油了, 彭于晏!!!", "#写真", "#嵐", "‐‐ rule ‐‐", "∞ * 77", "●● end"),
    ],
)
def test_gb18030_is_read_as_its_author_typed_it(typed: str) -> None:
    assert repair(as_windows_shows(typed.encode("gb18030"))) == (typed, "gb18030")


@pytest.mark.parametrize("typed", ["¯500", "(Ц)", "café 😂", "“so”", "Größe", "ações"])
def test_utf8_is_read_as_its_author_typed_it(typed: str) -> None:
    assert repair(as_windows_shows(typed.encode("utf-8"))) == (typed, "utf-8")


@pytest.mark.parametrize(
    "typed",
    [
        *("plain", "“curly” …", "5 § 3", "££ and ¥", "20 °C, 5°", "© 2015", "ééééééé", "¡¡¡¡¡¡", "«sí»"),
        *("¡Hola señor!", "¿Qué? ¡Única!", "¡únete ya!", "¡él no!", "¡ñam!", "¿¡cómo!?"),
        *("Maßgröße über Äcker", "ações do coração", "l'été créée à Noël", "ÄÖÜ", "smörgåsbord, blåbærgrød"),
        *("猫の日", "селфи", "😂 c'était génial"),
    ],
)
def test_what_its_author_typed_stays(typed: str) -> None:
    assert repair(typed) == (typed, "utf-8")


@given(st.text())
def test_any_text_is_repaired_to_some_text(text: str) -> None:
    assert isinstance(repair(text)[0], str)
