"""Posts that nobody had in mind get one prediction each, of numbers that are numbers, and an explanation."""

from __future__ import annotations

import numpy as np
import pytest

from mmsa_tui.bundle.meta import Bundle
from mmsa_tui.config import Paths
from mmsa_tui.model.predictor import Predictor
from mmsa_tui.records import Post, content_hash

ODD = {
    "runes": "ᚠᚢᚦᚨᚱᚲ ᚷᚹᚺᚾ",
    "cuneiform": "𒀀𒁀𒂗 𒆠𒂗",
    "emoji alone": "😍😍❤️🎉",
    "joined emoji": "👨‍👩‍👧‍👦 🏳️‍🌈",
    "hashtags alone": "#love #bestday",
    "languages mixed": "so happy heute c’est magnifique очень хорошо 素晴らしい",
    "10,000 characters": "good " * 2000,
    "one word of 10,000": "a" * 10_000,
    "10,000 emoji": "😡" * 10_000,
    "right to left": "يا لها من أمسية \u202e evil \u202c أنا سعيد",
    "invisible characters": "g\u200bo\u200bo\u200bd",
    "stacked marks": "Za" + "\u0336" * 500,
    "half a character": "bad \ud800 day",
    "control characters": "a\x00b good",
    "signs": "?!?!",
}
EMPTY = {"marks alone": "\u0301\u0301", "private use": "\ue000\ue001", "a link": "https://a.b/c"}


@pytest.fixture(scope="module")
def predictor(small_bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Predictor:
    from mmsa_tui.config import find_paths

    paths: Paths = find_paths({"MMSA_HOME": str(tmp_path_factory.mktemp("home"))})
    return Predictor.load(small_bundle, paths, device="cpu", cache=False)


def post(text: str) -> Post:
    return Post("1", text, content_hash=content_hash(text, []))


@pytest.mark.parametrize("name", ODD)
def test_an_odd_post_is_judged_and_explained(name: str, predictor: Predictor) -> None:
    (said,) = predictor.predict([post(ODD[name])])
    assert said.status == "text_only"
    assert np.isfinite(said.probs).all()
    assert sum(said.probs) == pytest.approx(1, abs=1e-5)
    found = predictor.explain(post(ODD[name]))
    assert found.label == said.label
    assert found.words
    for start, end, weight in found.words:
        assert 0 <= start < end <= len(ODD[name])
        assert -1 <= weight <= 1


@pytest.mark.parametrize("name", EMPTY)
def test_a_post_without_words_says_that_there_is_nothing_to_judge(name: str, predictor: Predictor) -> None:
    (said,) = predictor.predict([post(EMPTY[name])])
    assert (said.status, said.label) == ("failed", "")
    assert "nothing to judge" in said.error
    assert predictor.explain(post(EMPTY[name])).words == ()
