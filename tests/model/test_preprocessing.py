from pathlib import Path

import pytest
import torch

from mmsa_tui.model.encoders import TextEncoder
from mmsa_tui.model.preprocessing import MAX_TOKENS, TextTransform, lexicon, normalise_text


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("so proud 😂", "so proud face with tears of joy"),
        ("see https://t.co/abc now", "see http now"),
        ("@some_one hi", "@user hi"),
        ("mail me a@b.c", "mail me a@b.c"),
        ("two\n\n lines\t!", "two lines !"),
        ("a\u202eb\u200bc\x1b[31m", "a b c [31m"),
        ("👩‍👩‍👧 and ❤️", "family woman woman girl and red heart"),
    ],
)
def test_tweets_are_rewritten_for_the_encoder(raw: str, expected: str) -> None:
    assert normalise_text(raw) == expected


def test_an_emoji_that_the_tokenizer_knows_stays_without_its_skin_tone() -> None:
    known = frozenset("👍❤")
    assert normalise_text("nice 👍🏽❤️ 😂", known) == "nice 👍 ❤ face with tears of joy"


def test_hashtag_words_reach_the_lexicon() -> None:
    scores = lexicon().features(["#happy", "#awful", "😍"])
    assert scores[0, 3] > 0.3
    assert scores[1, 3] < -0.3
    assert scores[2, 3] > 0.3


def test_a_long_text_is_cut_to_the_token_limit(text_encoder_directory: Path) -> None:
    ids = TextTransform(text_encoder_directory).encode(["happy " * 10_000])
    assert len(ids[0]) == MAX_TOKENS


def test_dynamic_padding_equals_padding_to_the_limit(text_encoder_directory: Path) -> None:
    transform, encoder = TextTransform(text_encoder_directory), TextEncoder(text_encoder_directory).eval()
    ids = transform.encode(["the best day", "the train is late again , never again !", "sad"])
    with torch.inference_mode():
        short, long = transform.collate(ids), transform.collate(ids, pad_to=MAX_TOKENS)
        a = encoder(*map(torch.from_numpy, (short.input_ids, short.attention_mask)))
        b = encoder(*map(torch.from_numpy, (long.input_ids, long.attention_mask)))
    assert short.input_ids.shape[1] < MAX_TOKENS
    torch.testing.assert_close(a, b, atol=1e-5, rtol=1e-5)


def test_the_pieces_of_each_word_are_found_in_the_text(text_encoder_directory: Path) -> None:
    transform = TextTransform(text_encoder_directory)
    (ids,) = transform.encode(["best @you zap"])
    # [CLS] best @ user z ##a ##p [SEP]
    assert transform.places(ids, ["best", "@you", "zap"]) == [range(1, 2), range(2, 4), range(4, 7)]
    assert transform.places(ids, ["best"]) == [range(1, 2)]
    assert transform.places(ids, ["day", "@you", "zap"]) is None


def test_words_behind_the_token_limit_have_no_place(text_encoder_directory: Path) -> None:
    transform = TextTransform(text_encoder_directory)
    words = ["day"] * 200
    (ids,) = transform.encode([" ".join(words)])
    places = transform.places(ids, words)
    assert places is not None
    assert [len(place) for place in places] == [1] * (len(ids) - 2) + [0] * (200 - len(ids) + 2)
