"""Parts of the posts: which a post belongs to, and how ours and VADER do on each."""

import numpy as np
import pytest

from mmsa_tui.records import Post, Prediction
from mmsa_tui.services.slices import score_slices, slices_of
from mmsa_tui.store import Row


def parts(text: str, status: str = "text_only", language: str = "en", image_text: str = "") -> set[str]:
    post = Post("1", text, language=language, content_hash="h", image_text=image_text)
    prediction = Prediction("h", "b 1", status, label="neutral", probs=(0.2, 0.6, 0.2))  # type: ignore[arg-type]
    return set(slices_of(Row(0, post, None, prediction, None), {"en"}))


@pytest.mark.parametrize(
    ("text", "name", "belongs"),
    [
        ("RT @anna: a fine day", "retweets", True),
        ("start of it", "retweets", False),
        ("a fine day 😀", "emoji", True),
        ("a fine day #sun", "hashtags", True),
        ("number # 1", "hashtags", False),
        ("I don't like it", "negation (English)", True),
        ("I can’t", "negation (English)", True),
        ("a noble tent", "negation (English)", False),
        ("Oh great, rain", "signs of irony (English)", True),
        ("so clever #sarcasm", "signs of irony (English)", True),
        ("a great day", "signs of irony (English)", False),
        ("one two three", "up to 8 words", True),
        ("a " * 9, "9 to 20 words", True),
        ("a " * 21, "over 20 words", True),
    ],
)
def test_a_post_belongs_to_the_parts_that_its_words_say(text: str, name: str, belongs: bool) -> None:
    assert (name in parts(text)) is belongs


def test_language_and_what_was_judged_are_parts() -> None:
    assert {"language en", "language validated", "text alone"} <= parts("fine")
    assert {"language ja", "language not validated"} <= parts("良い", language="ja-JP")
    assert {"language unknown", "language not validated"} <= parts("12", language="")
    picture = parts("", "image_only")
    assert picture == {"picture alone"}
    assert "words read in a picture" in parts("look", "ok", image_text="never again")


def test_each_part_is_scored_with_vader_on_the_posts_that_have_words() -> None:
    names = [("a", "b")] * 10 + [("a",)] * 10 + [("few",)] * 3
    truth = np.array([0] * 10 + [1] * 13)
    ours = np.array([0] * 20 + [1] * 3)
    vader = np.array([1] * 5 + [-1] * 18)
    found = {one.name: one for one in score_slices(names, truth, ours, vader, 3)}
    assert set(found) == {"a", "b"}
    assert (found["a"].ours.n, found["a"].ours.accuracy) == (20, 0.5)
    assert found["b"].ours.accuracy == 1.0
    assert found["a"].vader is not None
    assert (found["a"].vader.n, found["a"].vader.accuracy) == (5, 0.0)


def test_a_part_in_which_vader_has_no_words_has_no_line_of_it() -> None:
    (one,) = score_slices([("picture alone",)] * 12, np.zeros(12, int), np.zeros(12, int), np.full(12, -1), 3)
    assert one.vader is None
