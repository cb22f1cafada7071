"""The language of a post: told from short texts, never from links, names or emoji."""

import pytest

from mmsa_tui.text.language import language_of, main_language


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("What a lovely morning at the harbour, could not be happier", "en"),
        ("Was für ein schöner Morgen am Hafen, ich bin so glücklich", "de"),
        ("Quelle belle matinée au port, je suis tellement heureux", "fr"),
        ("¡Qué mañana tan bonita en el puerto! Estoy muy contento", "es"),
        ("Какое чудесное утро в порту, я так счастлив", "ru"),
        ("يا له من صباح جميل في الميناء، أنا سعيد جدا", "ar"),
        ("เช้าวันนี้ที่ท่าเรือสวยมาก มีความสุขจริงๆ", "th"),
        ("ዛሬ ጠዋት በጣም ደስ ብሎኛል", "am"),
        ("איזה בוקר נפלא בנמל, אני כל כך שמח", "he"),
    ],
)
def test_a_short_post_is_told(text: str, code: str) -> None:
    assert language_of(text) == code


@pytest.mark.parametrize(
    "text", ["", "😂😂", "https://t.co/abc @someone", "1234 !!", "\x00\u202e", "𐌲𐌿𐍄𐌰𐍂𐌰𐌶𐌳𐌰 𐍅𐌰𐍃 𐌲𐍉𐌸𐍃 𐌳𐌰𐌲𐍃"]
)
def test_what_has_no_words_has_no_language(text: str) -> None:
    assert language_of(text) == ""


def test_links_and_names_do_not_count() -> None:
    text = "@the_one_and_only @happy_people Ich freue mich sehr auf morgen https://example.com/what-a-day"
    assert language_of(text) == "de"


@pytest.mark.parametrize("text", ["good \ud800 morning to all of you", "hello there my friend " * 5_000])
def test_broken_and_endless_texts_are_told_all_the_same(text: str) -> None:
    assert language_of(text) == "en"


@pytest.mark.parametrize(
    ("code", "main"), [("en", "en"), ("pt-BR", "pt"), ("zh_Hant", "zh"), ("EN", "en"), ("und", ""), ("", "")]
)
def test_a_region_does_not_make_another_language(code: str, main: str) -> None:
    assert main_language(code) == main
