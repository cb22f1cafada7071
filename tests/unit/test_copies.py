"""What counts as a copy of a post, wherever copies must not part or are counted."""

from __future__ import annotations

import io
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmsa_tui.pictures.likeness import copy_keys, look
from mmsa_tui.records import Picture, Post
from mmsa_tui.retrain.held_out import Apart, sides_of
from mmsa_tui.sources import read
from mmsa_tui.text.copies import LOOK, group_copies, says_the_same, text_key

TWEET = (
    "None political worker from other party can beat #PPPJiyalas on a day like this, says @anna http://t.co/a"
)
MVSA = Path(__file__).parents[2].parent / "shared" / "data" / "mvsa_single"


@pytest.mark.parametrize(
    "copy",
    [
        "RT @jahan: " + TWEET[:85] + "…",
        "RT @jahan: " + TWEET.replace("http://t.co/a", "http…"),
        TWEET.replace("http://t.co/a", "https://example.org/b").replace("@anna", "@berta"),
        TWEET.upper(),
        "“RT @x: RT @y: " + TWEET,
        TWEET.replace(",", " &amp;"),
        "#politics #today " + TWEET + " #happy",
    ],
)
def test_copies_of_a_tweet_share_their_key(copy: str) -> None:
    assert text_key(copy) == text_key(TWEET)


def test_other_words_have_another_key_and_no_words_none() -> None:
    assert text_key("I love #Trump") != text_key("I love #Biden")
    assert text_key("@anna http://t.co/x …") == text_key("") == ""


def test_beginnings_alike_with_other_ends_do_not_say_the_same() -> None:
    begin = "The service in the new branch of this bank at the harbour is "
    assert text_key(begin + "great") == text_key(begin + "terrible")
    assert not says_the_same(begin + "great", begin + "terrible")
    assert says_the_same(begin + "great", "RT @a: " + begin + "gr…")


def test_groups_are_joined_through_others_and_by_looks_nearly_alike() -> None:
    near = [LOOK + "f" * 32, LOOK + "f" * 31 + "e", LOOK + "0123456789abcdef" * 2]
    assert group_copies([["a"], ["a", "b"], ["b"], ["", near[0]], [near[1]], [near[2]], [""]]) == [
        *(0, 0, 0, 3, 3, 5, 6)
    ]


def test_a_picture_saved_again_looks_the_same_and_a_plain_one_has_no_look() -> None:
    rng = np.random.default_rng(1)
    image = Image.fromarray(rng.integers(0, 255, (9, 9, 3), dtype=np.uint8)).resize((400, 300))
    saved = []
    for quality in (95, 40):
        data = io.BytesIO()
        image.save(data, "JPEG", quality=quality)
        saved.append(look(data.getvalue()))
    assert group_copies([[LOOK + key] for key in saved]) == [0, 0]
    plain = io.BytesIO()
    Image.new("RGB", (400, 300), "red").save(plain, "PNG")
    assert look(plain.getvalue()) == look(b"no picture") == ""


@pytest.mark.parametrize("piece", ["…", "#a ", "@a ", "rt @a ", "http", "&amp;", ". ", "pic.twitter.com/"])
def test_a_key_of_a_megabyte_takes_no_time(piece: str) -> None:
    start = time.process_time()
    text_key(piece * (1_000_000 // len(piece)))
    assert time.process_time() - start < 0.5


@pytest.mark.shared_data
@pytest.mark.skipif(not MVSA.is_dir(), reason="../shared/data/mvsa_single is absent")
def test_no_copies_of_mvsa_lie_on_both_sides_of_the_hold_out_or_of_a_split() -> None:
    from training.examples import make_examples, split_examples

    posts = [post for post in read(MVSA) if isinstance(post, Post)]
    sides = sides_of(posts, Apart(), Picture.read)
    groups = group_copies([copy_keys(post.text, post.pictures, Picture.read) for post in posts])
    by_group = defaultdict(set)
    for group, is_held_out in zip(groups, sides.held_out, strict=True):
        by_group[group].add(is_held_out)
    assert len(by_group) < len(posts)
    assert all(len(found) == 1 for found in by_group.values())
    assert 0.18 < sum(sides.held_out) / len(posts) < 0.24
    examples = make_examples(posts, ("negative", "neutral", "positive"))
    split = split_examples(examples, seed=1)
    group_of = dict(zip((post.post_id for post in posts), groups, strict=True))
    parts = [
        {group_of[examples[int(i)].post_id] for i in rows}
        for rows in (split.train, split.select, split.calibrate, split.evaluate)
    ]
    assert not any(parts[i] & parts[j] for i in range(4) for j in range(i))
