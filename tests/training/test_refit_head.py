"""A bundle whose fusion is fitted again on the posts it keeps: same encoders, same frozen posts."""

import shlex
from pathlib import Path
from types import SimpleNamespace

import pytest
from small_pipeline import TEXTS, bundle, pipeline, posts, recipe, run_folder

from mmsa_tui.bundle.meta import Bundle, read_bundle, verify_bundle
from mmsa_tui.config import find_paths
from mmsa_tui.errors import TrainingError
from mmsa_tui.model.labelled import load_labelled
from training.examples import Example
from training.full.pipeline import Pipeline
from training.full.refit_head import main, refit_head

__all__ = ["bundle", "pipeline", "posts", "recipe", "run_folder"]


def _kept(parent: Bundle) -> list[Example]:
    """Tweets with the labels of those that the bundle keeps, in their order."""
    replay = load_labelled(parent.directory / "replay.safetensors")
    alone = [
        int(label)
        for label, there in zip(replay.targets.text, replay.features.has_image, strict=True)
        if not there
    ]
    assert alone
    return [
        Example(f"learn:{n}", f"{TEXTS[label]} {chr(97 + n)}", text=label, language="en")
        for n, label in enumerate(alone)
    ]


def test_a_bundle_is_fitted_again_on_what_it_keeps(
    bundle: Bundle, pipeline: Pipeline, run_folder: Path, tmp_path: Path
) -> None:
    others = [Example(f"test:{n}", TEXTS[n % 3], text=n % 3, language="de") for n in range(9)]
    tweets = [*_kept(bundle), *others]
    found = refit_head(bundle, pipeline.examples, tweets, "1.1.0", run_folder / "bundles", "again")
    verify_bundle(found, find_paths({"MMSA_HOME": str(tmp_path)}))
    assert found.id == "tiny 1.1.0"
    assert found.meta.encoders == bundle.meta.encoders
    assert found.meta.scores["n"] == bundle.meta.scores["n"]
    assert found.meta.scores["tables"]["held-out tweets, text-only head"]["n"] == len(tweets)
    assert found.meta.scores["languages"]["de"]["n"] == len(others)
    assert set(found.meta.scores["calibration"]) == {"text and picture", "picture alone", "text alone"}
    frozen = [load_labelled(one.directory / "evaluation.safetensors").hashes for one in (bundle, found)]
    assert frozen[0] == frozen[1]


def test_the_command_on_its_record_is_the_whole_one(monkeypatch: pytest.MonkeyPatch) -> None:
    recorded: list[str] = []

    def made(*given: object) -> Bundle:
        recorded.append(str(given[5]))
        raise TrainingError("enough", "")

    for name, instead in {
        "refit_head": made,
        "read_bundle": lambda folder: SimpleNamespace(labels=("a", "b")),
        "read": lambda source: (),
        "make_examples": lambda posts, labels: [],
        "read_text_table": lambda table, labels: [],
    }.items():
        monkeypatch.setattr(f"training.full.refit_head.{name}", instead)
    words = ["a bundle", "posts", "--tweets", "held.tsv", "--version", "2.1.1", "--seed", "3", "-o", "out"]
    main(words)
    assert recorded == [shlex.join(["python", "-m", "training.full.refit_head", *words])]


def test_other_posts_than_those_it_was_trained_on_are_refused(
    bundle: Bundle, pipeline: Pipeline, tmp_path: Path
) -> None:
    with pytest.raises(TrainingError, match="not the posts of tiny"):
        refit_head(bundle, pipeline.examples[:5], _kept(bundle), "1.1.0", tmp_path, "again")


def test_other_tweets_than_those_it_keeps_are_refused(
    bundle: Bundle, pipeline: Pipeline, tmp_path: Path
) -> None:
    with pytest.raises(TrainingError, match="are not the"):
        refit_head(bundle, pipeline.examples, _kept(bundle)[1:], "1.1.0", tmp_path, "again")
    assert not any(tmp_path.iterdir())


def test_another_seed_draws_another_head_and_is_told(
    bundle: Bundle, pipeline: Pipeline, tmp_path: Path
) -> None:
    kept = _kept(bundle)
    assert bundle.meta.training["seed"] != 5
    for folder, seed in (("a", 5), ("b", 5), ("own", None)):
        refit_head(bundle, pipeline.examples, kept, "1.1.0", tmp_path / folder, "again", seed)
    a, b, own = (read_bundle(tmp_path / one / "tiny-1.1.0") for one in ("a", "b", "own"))
    assert (a.meta.training["seed"], own.meta.training["seed"]) == (5, bundle.meta.training["seed"])
    weights = [(one.directory / "fusion.safetensors").read_bytes() for one in (a, b, own)]
    assert weights[0] == weights[1] != weights[2]
