import threading
from pathlib import Path

import pytest
from small_posts import make_picture, make_post

from mmsa_tui.bundle.meta import Bundle
from mmsa_tui.config import Paths
from mmsa_tui.errors import DeviceError
from mmsa_tui.model.encoded import Floats
from mmsa_tui.model.explain import Explanation
from mmsa_tui.model.predictor import Predictor
from mmsa_tui.model.preprocessing import TextTransform, TokenBatch
from mmsa_tui.model.runtimes.onnx import OnnxText
from mmsa_tui.records import Picture, Post


@pytest.fixture
def predictor(small_bundle: Bundle, paths: Paths) -> Predictor:
    return Predictor.load(small_bundle, paths, device="cpu", cache=False)


@pytest.fixture
def posts(tmp_path: Path) -> list[Post]:
    texts = [
        "the best day",
        "",
        "late train again !",
        "http://a.b",
        "love #sun",
        "",
        "a",
        "so sad , worst rain ever ?",
    ]
    shown = [1, 1, 0, 1, 2, 0, 1, 1]
    return [
        make_post(tmp_path, f"p{i}", text, *(make_picture(10 * i + k) for k in range(n)))
        for i, (text, n) in enumerate(zip(texts, shown, strict=True))
    ]


def test_every_post_has_one_prediction_with_its_kind(predictor: Predictor, posts: list[Post]) -> None:
    found = [p.status for p in predictor.predict(posts)]
    assert found == ["ok", "image_only", "text_only", "image_only", "ok", "failed", "ok", "ok"]


def test_a_batch_gives_what_one_by_one_gives(predictor: Predictor, posts: list[Post]) -> None:
    together = predictor.predict(posts)
    alone = [predictor.predict([post])[0] for post in posts]
    for a, b in zip(together, alone, strict=True):
        assert a.label == b.label
        assert a.probs == pytest.approx(b.probs, abs=2e-3)


def test_batches_come_in_order(predictor: Predictor, posts: list[Post]) -> None:
    batches = list(predictor.predict_batches([posts[:3], posts[3:]]))
    assert [p.content_hash for batch in batches for p in batch] == [post.content_hash for post in posts]


def test_a_reloaded_bundle_predicts_the_same(
    predictor: Predictor, small_bundle: Bundle, paths: Paths, posts: list[Post]
) -> None:
    again = Predictor.load(small_bundle, paths, device="cpu", cache=False)
    assert again.predict(posts) == predictor.predict(posts)


def test_the_cache_does_not_change_an_answer(small_bundle: Bundle, paths: Paths, posts: list[Post]) -> None:
    cached = Predictor.load(small_bundle, paths, device="cpu", cache=True)
    first, second = cached.predict(posts), cached.predict(posts)
    assert first == second


def test_cached_posts_need_no_picture_file(small_bundle: Bundle, paths: Paths, posts: list[Post]) -> None:
    cached = Predictor.load(small_bundle, paths, device="cpu", cache=True)
    before = cached.predict(posts)
    for post in posts:
        for picture in post.pictures:
            assert picture.path is not None
            picture.path.unlink()
    assert Predictor.load(small_bundle, paths, device="cpu", cache=True).predict(posts) == before


def test_a_missing_picture_leaves_the_text_and_says_so(predictor: Predictor) -> None:
    post = Post("1", "the best day", (Picture("gone.jpg"),), content_hash="b2:x")
    prediction = predictor.predict([post])[0]
    assert prediction.status == "text_only"
    assert "gone.jpg is missing" in prediction.error


def test_a_corrupt_picture_costs_one_row(predictor: Predictor, tmp_path: Path) -> None:
    broken = make_post(tmp_path, "broken", "", b"\xff\xd8\xff but no picture")
    whole = make_post(tmp_path, "whole", "", make_picture(1))
    failed, good = predictor.predict([broken, whole])
    assert failed.status == "failed"
    assert "broken_0.jpg" in failed.error
    assert good.status == "image_only"


def test_the_deciding_picture_is_named(predictor: Predictor, posts: list[Post]) -> None:
    assert predictor.predict([posts[4]])[0].deciding_picture in (0, 1)


def test_probabilities_sum_to_one(predictor: Predictor, posts: list[Post]) -> None:
    for prediction in predictor.predict(posts):
        if prediction.status != "failed":
            assert sum(prediction.probs) == pytest.approx(1, abs=1e-5)


def test_cuda_that_is_not_there_is_an_error(
    small_bundle: Bundle, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(DeviceError, match="cuda"):
        Predictor.load(small_bundle, paths, device="cuda")


def test_an_explanation_covers_words_and_regions(predictor: Predictor, posts: list[Post]) -> None:
    found = predictor.explain(posts[7])
    assert [posts[7].text[start:end] for start, end, _ in found.words][:2] == ["so", "sad"]
    assert found.regions is not None
    assert len(found.regions) == 49
    assert max(abs(w) for w in found.regions) == pytest.approx(1)


def test_an_explanation_encodes_the_text_once_and_once_more(
    predictor: Predictor, posts: list[Post], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    encode = OnnxText.encode

    def counted(self: OnnxText, batch: TokenBatch) -> Floats:
        seen.append(len(batch.input_ids))
        return encode(self, batch)

    monkeypatch.setattr(OnnxText, "encode", counted)
    assert len(predictor.explain(posts[7]).words) == 7
    assert sum(seen) == 1
    # Where a tokenizer cuts a word otherwise by itself, each is left out of the text in turn.
    monkeypatch.setattr(TextTransform, "places", lambda self, ids, words: None)
    assert len(predictor.explain(posts[7]).words) == 7
    assert sum(seen) == 1 + 1 + 7


def test_many_posts_are_explained_as_each_alone(
    small_bundle: Bundle, paths: Paths, posts: list[Post]
) -> None:
    predictor = Predictor.load(small_bundle, paths, device="cpu", threads=2)
    assert list(predictor.explain_all(posts)) == [predictor.explain(post) for post in posts]


def test_as_many_posts_are_explained_at_once_as_there_are_cores(
    small_bundle: Bundle, paths: Paths, posts: list[Post], monkeypatch: pytest.MonkeyPatch
) -> None:
    both_are_here = threading.Barrier(2, timeout=30)

    def wait_for_the_other(predictor: Predictor, post: Post) -> Explanation:
        both_are_here.wait()
        return Explanation(post.post_id)

    monkeypatch.setattr("mmsa_tui.model.explain.explain", wait_for_the_other)
    predictor = Predictor.load(small_bundle, paths, device="cpu", threads=2)
    found = [one.label for one in predictor.explain_all(posts[:4])]
    assert found == [post.post_id for post in posts[:4]]


def test_what_is_cached_is_explained_alike(small_bundle: Bundle, paths: Paths, posts: list[Post]) -> None:
    cached = Predictor.load(small_bundle, paths, device="cpu")
    first, again = cached.explain(posts[7]), cached.explain(posts[7])
    assert first == again
