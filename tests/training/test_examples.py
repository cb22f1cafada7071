from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmsa_tui.errors import TrainingError
from mmsa_tui.records import Picture, Post
from training.examples import LabelKinds, group_examples, make_examples, read_text_table, split_examples

LABELS = ("negative", "neutral", "positive")


def post(number: int, words: str, digest: str = "", **truth: str) -> Post:
    pictures = (Picture(f"{number}.jpg", path=Path("x"), digest=digest),) if digest else ()
    return Post(str(number), words, pictures, truth=truth)


def test_retweets_and_copies_share_a_group() -> None:
    examples = make_examples(
        [
            post(1, "What a day! http://t.co/a", post="positive"),
            post(2, "RT @someone: what a day", post="positive"),
            post(3, "something else", post="neutral"),
        ],
        LABELS,
    )
    assert examples[0].group == examples[1].group != examples[2].group


def test_a_shared_picture_makes_a_group_across_texts() -> None:
    examples = make_examples(
        [
            post(1, "one", "aa", post="positive"),
            post(2, "two", "aa", post="negative"),
            post(3, "three", "bb", post="neutral"),
        ],
        LABELS,
    )
    assert examples[0].group == examples[1].group != examples[2].group


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("123456")), min_size=2, max_size=40))
def test_groups_are_closed_under_sharing(pairs: list[tuple[str, str]]) -> None:
    examples = group_examples(
        make_examples([post(i, t, d, post="neutral") for i, (t, d) in enumerate(pairs)], LABELS)
    )
    for a in examples:
        for b in examples:
            if a.raw_text == b.raw_text or a.pictures[0].digest == b.pictures[0].digest:
                assert a.group == b.group


def test_no_group_crosses_a_split() -> None:
    posts = [
        post(i, f"text number {chr(97 + i // 2 % 26)}{chr(97 + i // 52)}", post=LABELS[i // 2 % 3])
        for i in range(400)
    ]
    examples = make_examples(posts, LABELS)
    split = split_examples(examples, seed=1)
    parts = [split.train, split.select, split.calibrate, split.evaluate]
    groups = [{examples[int(i)].group for i in part} for part in parts]
    assert sorted(np.concatenate(parts).tolist()) == list(range(400))
    for i, a in enumerate(groups):
        for b in groups[i + 1 :]:
            assert not a & b


def test_one_seed_gives_one_split() -> None:
    examples = make_examples(
        [post(i, f"text {chr(97 + i % 26)}{chr(97 + i // 26)}", post=LABELS[i % 3]) for i in range(200)],
        LABELS,
    )
    assert split_examples(examples, 5).evaluate.tolist() == split_examples(examples, 5).evaluate.tolist()


def test_label_kinds_choose_which_judgement_trains() -> None:
    examples = make_examples(
        [post(1, "a", label="negative", text="positive")], LABELS, kinds=LabelKinds("label", "text")
    )
    assert (examples[0].post, examples[0].text, examples[0].image) == (0, 2, -1)


def test_posts_without_a_known_label_are_an_error_that_names_the_labels() -> None:
    with pytest.raises(TrainingError) as caught:
        make_examples([post(1, "a", post="angry")], LABELS)
    assert "negative" in caught.value.hint


def test_too_few_posts_to_split_say_how_many_are_needed() -> None:
    examples = make_examples([post(i, f"t{'z' * i}", post="neutral") for i in range(10)], LABELS)
    with pytest.raises(TrainingError, match="too few"):
        split_examples(examples, 1)


def test_copies_of_one_post_are_told_to_be_one() -> None:
    examples = make_examples([post(i, "the same words", post=LABELS[i % 3]) for i in range(90)], LABELS)
    with pytest.raises(TrainingError, match=r"90 labelled posts \(1 different\)"):
        split_examples(examples, 1)


def test_a_label_of_no_part_in_particular_trains_every_head_where_there_is_no_other() -> None:
    said = {"1": {"label": "positive"}, "2": {"label": "negative"}}
    one, two = make_examples([post(1, "a"), post(2, "b"), post(3, "c")], LABELS, said)
    assert (one.post, one.text, one.image, two.post) == (2, 2, 2, 0)


def test_a_label_of_no_part_in_particular_gives_way_to_those_of_a_part() -> None:
    (one,) = make_examples([post(1, "a", post="positive", label="negative"), post(2, "b", label="x")], LABELS)
    assert (one.post, one.text) == (2, -1)


def test_a_table_of_tweets_is_read_and_texts_alone_need_no_label(tmp_path: Path) -> None:
    table = tmp_path / "tweets.tsv"
    table.write_text('lang\tlabel\ttext\nde\tNegative\t"so\nen\tpositive', encoding="utf-8")
    found = read_text_table(table, LABELS)
    assert [(e.language, e.text, e.raw_text) for e in found] == [("de", 0, '"so'), ("en", 2, "")]
    table.write_text("text\nso", encoding="utf-8")
    assert [e.raw_text for e in read_text_table(table, ())] == ["so"]
    with pytest.raises(TrainingError, match="has no column label"):
        read_text_table(table, LABELS)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read: .*No such file"),
        ("text\nschön".encode("latin-1"), "cannot be read"),
        (b"label\twords\n", "no column text"),
        (b"", "no column text"),
    ],
)
def test_a_table_of_tweets_that_cannot_be_read_is_refused(
    tmp_path: Path, content: bytes | None, said: str
) -> None:
    table = tmp_path / "tweets.tsv"
    if content is not None:
        table.write_bytes(content)
    with pytest.raises(TrainingError, match=said):
        read_text_table(table, ())
