"""The words in a picture speak for a post that says little itself."""

from __future__ import annotations

import pytest

from mmsa_tui.records import Post
from mmsa_tui.store import Row
from mmsa_tui.tui.widgets.label_looks import LabelLooks
from mmsa_tui.tui.widgets.post_facts import words


@pytest.mark.parametrize(
    "text",
    [
        "",
        "just posted this",
        "https://example.org/a/long/address/of/a/picture @somebody_with_a_name #ahashtagthatisverylong",
        "....... 2015 ....... 12:30 ........ 100 %",
    ],
)
def test_a_post_of_few_letters_is_judged_by_its_picture_too(text):
    assert Post("1", text, image_text="Never again").judged_text == f"{text}\nNever again"


@pytest.mark.parametrize(
    "text", ["Poster of the concert that we saw last night", "\u0e27\u0e31\u0e19\u0e19\u0e35\u0e49" * 20]
)
def test_a_post_that_says_something_is_judged_by_that(text):
    assert Post("1", text, image_text="Never again").judged_text == text


def test_nothing_is_added_where_nothing_was_read():
    assert Post("1", "look").judged_text == "look"


def test_a_post_in_view_says_whether_the_words_in_its_picture_were_judged():
    for text, said in (("look", False), ("Poster of the concert that we saw last night", True)):
        post = Post("1", text, image_text="Never again")
        shown = words(Row(1, post, None, None, None), None, LabelLooks(("a", "b", "c"))).plain
        assert "Never again" in shown
        assert ("not judged by" in shown) is said
