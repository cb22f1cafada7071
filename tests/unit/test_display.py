"""Whatever a stranger wrote can be printed in a terminal."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mmsa_tui.text.display import MAX_GENERAL_MARKS, PLACEHOLDER, safe, safe_line, safe_map

ANY_TEXT = st.text(st.characters(exclude_categories=()))
BIDI_CONTROLS = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
HIDDEN = "\u00ad\u034f\u061c\u180e\u200b\u200e\u200f\u202a\u202b\u202c\u2060\u2066\u2067\u2068\u2069\ufeff"


def test_an_escape_sequence_is_shown_and_not_obeyed() -> None:
    assert safe("\x1b[31mred\x1b[0m") == "␛[31mred␛[0m"


def test_a_title_changing_sequence_is_shown_and_not_obeyed() -> None:
    assert safe("\x1b]0;owned\x07") == "␛]0;owned␇"


def test_an_eight_bit_control_sequence_is_not_obeyed() -> None:
    assert safe("\x9b2J\x90q") == f"{PLACEHOLDER}2J{PLACEHOLDER}q"


def test_a_bidi_override_leaves_a_visible_mark() -> None:
    assert safe("user\u202egnp.exe") == f"user{PLACEHOLDER}gnp.exe"


@pytest.mark.parametrize("char", HIDDEN)
def test_characters_that_only_hide_between_letters_are_dropped(char: str) -> None:
    assert safe(f"a{char}b") == "ab"


@pytest.mark.parametrize(
    "emoji",
    ["👩‍🚀", "👩🏽‍❤️‍💋‍👨🏼", "🏳️‍🌈", "❤️", "1️⃣", "🇩🇪", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "👍🏿", "🤷🏻‍♀️"],
)
def test_emoji_sequences_are_kept_whole(emoji: str) -> None:
    assert safe(f"a {emoji} b") == f"a {emoji} b"


@pytest.mark.parametrize("word", ["می‌خواهم", "क्‍ष", "Việt Nam", "שָׁלוֹם", "ภาษาไทย", "naïve", "日本語"])
def test_writing_that_needs_joiners_and_marks_is_kept(word: str) -> None:
    assert safe(word) == word
    assert safe(unicodedata.normalize("NFD", word)) == unicodedata.normalize("NFD", word)


def test_a_joiner_between_latin_letters_is_dropped() -> None:
    assert safe("pass\u200dword \u200cx") == "password x"


def test_tags_that_are_not_a_flag_are_dropped() -> None:
    assert safe("a" + "".join(chr(0xE0000 + ord(char)) for char in "secret")) == "a"


def test_a_tower_of_accents_is_cut_to_what_writing_uses() -> None:
    assert safe("z" + "\u0301" * 200) == "z" + "\u0301" * MAX_GENERAL_MARKS


def test_a_tower_of_accents_with_hidden_characters_between_is_cut_too() -> None:
    assert safe("z" + "\u0301\u200b" * 200) == "z" + "\u0301" * MAX_GENERAL_MARKS


def test_an_accent_without_a_letter_gets_a_circle_to_sit_on() -> None:
    assert safe("\u0301a") == "◌\u0301a"


def test_every_kind_of_line_end_becomes_a_line_feed() -> None:
    assert safe("a\r\nb\rc\u2028d\x85e", newlines=True) == "a\nb\nc\nd\ne"


def test_a_line_end_becomes_a_space_where_one_line_is_wanted() -> None:
    assert safe("a\r\nb\rc\u2028d\te") == "a b c d e"


def test_a_lone_surrogate_becomes_the_placeholder() -> None:
    assert safe("a\ud83d") == f"a{PLACEHOLDER}"


def test_private_characters_cannot_stand_for_a_terminals_pictures() -> None:
    assert safe("\U0010eeee\u0305") == f"{PLACEHOLDER}◌\u0305"


def test_one_line_has_no_line_ends_and_no_runs_of_space() -> None:
    assert safe_line("  a\n\n\tb \u2028 c ") == "a b c"


def test_one_line_of_a_long_text_is_cut_before_it_is_looked_at() -> None:
    assert safe_line("word " * 10_000, limit=9) == "word word…"


def test_spans_follow_their_characters_into_the_printable_text() -> None:
    text = "a\u200b\tgood\x1b day"
    shown, starts = safe_map(text)
    begin = text.index("good")
    assert shown[starts[begin] : starts[begin + 4]] == "good"


@given(ANY_TEXT)
@example("\u0628\u200c\u200bx")
def test_nothing_that_moves_or_reorders_gets_through(text: str) -> None:
    for char in safe(text, newlines=True):
        assert char == "\n" or unicodedata.category(char) not in ("Cc", "Cs", "Co", "Zl", "Zp")
        assert unicodedata.bidirectional(char) not in BIDI_CONTROLS


@given(ANY_TEXT)
def test_printable_text_is_left_alone_the_second_time(text: str) -> None:
    once = safe(text, newlines=True)
    assert safe(once, newlines=True) == once
    assert "\n" not in safe(text)


@given(ANY_TEXT)
def test_the_map_covers_every_character_in_order(text: str) -> None:
    shown, starts = safe_map(text)
    assert shown == safe(text, newlines=True)
    assert len(starts) == len(text) + 1
    assert list(starts) == sorted(starts)
    assert starts[-1] == len(shown)
