"""What counts as words, for the predictor and for the forecast of `inspect` alike."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from mmsa_tui.sources import inspect
from mmsa_tui.text.words import MAX_CHARACTERS, MAX_SYMBOLS, has_words, lexicon_part


@pytest.mark.parametrize(
    "text", ["fine", "好", "24", "??", "❤️", "‼️", "@friend ok", "#sad", "a http://t.co/x"]
)
def test_something_to_judge_is_words(text: str) -> None:
    assert has_words(text)


@pytest.mark.parametrize(
    "text", ["", " \n", "http://t.co/x", "@friend www.example.org", "RT @friend: t.co/x", "...", "\u200b"]
)
def test_links_mentions_and_marks_alone_are_no_words(text: str) -> None:
    assert not has_words(text)


def test_inspect_forecasts_that_links_alone_cannot_be_judged(tmp_path: Path) -> None:
    source = tmp_path / "posts.csv"
    source.write_text("id,text\n1,http://t.co/x\n2,look http://t.co/x\n3,@friend http://t.co/y\n")
    assert inspect(source).outcomes == {"text_only": 1, "failed": 2}


def test_the_predictor_goes_by_the_same_rule() -> None:
    assert importlib.import_module("mmsa_tui.model.encoding").has_words is has_words


def test_vader_is_given_ordinary_posts_whole_and_of_a_wall_of_emoji_a_part() -> None:
    posts = ["great day 😀" * 20, "見て" * 300, "a" * 4000, "😀" * MAX_SYMBOLS]
    assert [lexicon_part(post) for post in posts] == posts
    assert lexicon_part("😀" * 20_000) == "😀" * MAX_SYMBOLS
    assert len(lexicon_part("a" * 1_000_000)) == MAX_CHARACTERS
