"""A whole training with small encoders: what is written is what was trained, and a killed run goes on."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from small_pipeline import LABELS, TEXTS, bundle, pipeline, posts, recipe, run_folder
from small_posts import count_openings, make_picture, pack_pictures

from mmsa_tui.bundle.meta import Bundle, verify_bundle
from mmsa_tui.config import find_paths
from mmsa_tui.errors import BundleError, TrainingError
from mmsa_tui.model import mobilenet
from mmsa_tui.model.encoders import ImageEncoder, TextEncoder
from mmsa_tui.model.predictor import Predictor
from mmsa_tui.model.views import RANGES
from mmsa_tui.records import Post
from training.examples import Example, Materials, make_examples
from training.full.image import copy_image_encoder, read_pixels, trunk_features
from training.full.pipeline import Pipeline
from training.full.recipe import Recipe, load_recipe
from training.full.runs import RunLog
from training.full.text import load_text_encoder, save_ranges
from training.full.train import check_encoders, check_same_run, keep_settings, main, written_before
from training.tune.__main__ import main as tune

__all__ = ["bundle", "pipeline", "posts", "recipe", "run_folder"]


def test_a_trained_bundle_verifies(bundle: Bundle, tmp_path: Path) -> None:
    verify_bundle(bundle, find_paths({"MMSA_HOME": str(tmp_path)}))


def test_scores_stand_beside_vader(bundle: Bundle) -> None:
    assert any("VADER" in title for title in bundle.meta.scores["tables"])
    assert bundle.meta.scores["split"]
    assert bundle.meta.scores["command"] == "mmsa train"


def test_a_reloaded_bundle_gives_the_scores_it_was_written_with(
    bundle: Bundle, pipeline: Pipeline, posts: list[Post], tmp_path: Path
) -> None:
    predictor = Predictor.load(bundle, find_paths({"MMSA_HOME": str(tmp_path)}), device="cpu", cache=False)
    rows = [int(i) for i in pipeline.split.evaluate]
    predicted = predictor.predict([posts[int(pipeline.examples[i].post_id)] for i in rows])
    right = [p.label == LABELS[pipeline.examples[i].post] for i, p in zip(rows, predicted, strict=True)]
    assert sum(right) / len(right) == pytest.approx(bundle.meta.scores["accuracy"], abs=0.101)


def test_the_frozen_split_was_not_rehearsed(bundle: Bundle) -> None:
    from mmsa_tui.model.labelled import load_labelled

    frozen = set(load_labelled(bundle.directory / "evaluation.safetensors").hashes)
    assert frozen
    assert not frozen & set(load_labelled(bundle.directory / "replay.safetensors").hashes)


def test_encoders_that_are_not_tuned_stay_as_they_are(
    posts: list[Post], recipe: Recipe, tmp_path: Path
) -> None:
    start = tmp_path / "start"
    shutil.copytree(recipe.text.encoder, start)
    save_ranges(*load_text_encoder(start), TEXTS, start)
    text = replace(recipe.text, encoder=str(start), tuned=False)
    kept = replace(recipe, text=text, image=replace(recipe.image, tuned=False))
    pipeline = Pipeline(kept, Materials(make_examples(posts, LABELS)), RunLog(tmp_path), torch.device("cpu"))
    bundle = pipeline.run(tmp_path / "bundles", "1.0.0", "mmsa train")
    written = bundle.directory.parent / "encoders" / bundle.meta.encoders["text"]
    assert (written / RANGES).read_bytes() == (start / RANGES).read_bytes()
    before, after = TextEncoder(start).model.state_dict(), TextEncoder(written).model.state_dict()
    assert all(torch.allclose(before[name], after[name], atol=1e-3) for name in before)
    assert bundle.meta.scores["n"]


def test_a_picture_encoder_goes_a_share_of_the_way_to_what_it_learned(pipeline: Pipeline) -> None:
    trunk, rows = pipeline.image_trunk(), pipeline.split.train
    assert trunk is not None
    weights = []
    for kept in (1.0, 0.25):
        image = replace(pipeline.recipe.image, kept=kept, tasks=("image", "post"))
        image = replace(image, tuning=replace(image.tuning, learning_rate=0.01))
        part = Pipeline(
            replace(pipeline.recipe, image=image), pipeline.materials, pipeline.log, torch.device("cpu")
        )
        part.split = replace(pipeline.split, select=rows[:0])
        part.tune_image(trunk, rows, f"image-kept{kept}")
        weights.append(ImageEncoder(pipeline.folder / f"image-kept{kept}").model.state_dict())
    copy_image_encoder(pipeline.recipe.image.encoder, pipeline.folder / "image-as-it-came")
    base = ImageEncoder(pipeline.folder / "image-as-it-came").eval()
    mobilenet.fold(base.model)
    fresh = ImageEncoder(pipeline.recipe.image.encoder)
    mobilenet.unfold_into(base.model, fresh.model)
    came = fresh.model.state_dict()
    moved = [name for name in came if not torch.allclose(came[name], weights[0][name], atol=1e-3)]
    assert moved
    for name in moved:
        share = weights[1][name].float() - came[name]
        assert torch.allclose(share, 0.25 * (weights[0][name].float() - came[name]), atol=2e-3), name


def test_cut_outs_of_pictures_are_learned_from_beside_their_mirror_images(
    recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mobilenet, "trunk_and_tail", lambda *_: (torch.nn.Identity(), torch.nn.Identity()))
    pixels = torch.zeros(3, 3, 224, 224, dtype=torch.uint8)
    pixels[:, :, :, :112] = 255
    whole, mirrored, *cuts = trunk_features(recipe.image.encoder, pixels, 1, n_crops=2)
    assert torch.equal(mirrored, whole.flip(3))
    assert [bool(cut[0, 0, 0, 0] > cut[0, 0, 0, -1]) for cut in cuts] == [True, False]
    assert not any(torch.equal(cut, whole) or torch.equal(cut, mirrored) for cut in cuts)


def test_a_tuned_picture_encoder_is_calibrated_by_others_that_have_not_seen_the_post(
    posts: list[Post], recipe: Recipe, tmp_path: Path
) -> None:
    asked = replace(recipe, text=replace(recipe.text, tuned=False), extra_replay=60)
    tweets = [Example(f"2013:{i}", f"{TEXTS[i % 3]} word{i}", text=i % 3, language="en") for i in range(60)]
    materials = Materials(make_examples(posts, LABELS), tweets, [])
    pipeline = Pipeline(asked, materials, RunLog(tmp_path), torch.device("cpu"))
    bundle = pipeline.run(tmp_path / "bundles", "1.0.0", "mmsa train")
    assert set(bundle.meta.scores["calibration"]) == {"text and picture", "picture alone", "text alone"}
    assert bundle.meta.scores["languages"]["en"]["n"] == 60
    learned = [ImageEncoder(tmp_path / f"image-without{n}").model.state_dict() for n in range(2)]
    assert any(not torch.equal(learned[0][name], learned[1][name]) for name in learned[0])


def test_posts_without_a_picture_make_a_bundle_that_reads_words(
    posts: list[Post], recipe: Recipe, tmp_path: Path
) -> None:
    kept = replace(recipe, text=replace(recipe.text, tuned=False), image=replace(recipe.image, tuned=False))
    bare = [replace(post, pictures=()) for post in posts]
    pipeline = Pipeline(kept, Materials(make_examples(bare, LABELS)), RunLog(tmp_path), torch.device("cpu"))
    bundle = pipeline.run(tmp_path / "bundles", "1.0.0", "mmsa train")
    assert bundle.meta.scores["n"] == len(pipeline.split.evaluate)
    assert next(iter(bundle.meta.scores["tables"])).endswith("text-only head")


def test_posts_without_a_picture_cannot_tune_a_picture_encoder(
    posts: list[Post], recipe: Recipe, tmp_path: Path
) -> None:
    bare = [replace(post, pictures=()) for post in posts]
    pipeline = Pipeline(recipe, Materials(make_examples(bare, LABELS)), RunLog(tmp_path), torch.device("cpu"))
    with pytest.raises(TrainingError, match="no post with a picture"):
        pipeline.tune_image(pipeline.image_trunk(), pipeline.split.train, "image")


def test_posts_of_one_label_are_refused_before_anything_is_learned(
    posts: list[Post], recipe: Recipe, tmp_path: Path
) -> None:
    same = [replace(post, truth={"post": "positive"}) for post in posts]
    with pytest.raises(TrainingError, match=r"one label \(positive\)"):
        Pipeline(recipe, Materials(make_examples(same, LABELS)), RunLog(tmp_path), torch.device("cpu"))
    assert list(tmp_path.iterdir()) == []


def test_copies_of_one_post_are_too_few_however_many(
    posts: list[Post], recipe: Recipe, tmp_path: Path
) -> None:
    copies = [replace(post, text="again and again", pictures=()) for post in posts]
    with pytest.raises(TrainingError, match="too few"):
        Pipeline(recipe, Materials(make_examples(copies, LABELS)), RunLog(tmp_path), torch.device("cpu"))


def test_a_resumed_run_does_not_tune_again(bundle: Bundle, pipeline: Pipeline, run_folder: Path) -> None:
    before = (run_folder / "text" / "model.safetensors").stat().st_mtime_ns
    again = pipeline.run(run_folder / "again", "1.0.0", "mmsa train")
    assert (run_folder / "text" / "model.safetensors").stat().st_mtime_ns == before
    assert again.meta.encoders == bundle.meta.encoders


@pytest.mark.parametrize(
    ("mark", "command", "is_gone_on_with"),
    [("", "mmsa train", True), ("bundle", "mmsa train", False), ("", "mmsa train other", False)],
)
def test_a_bundle_is_taken_up_by_the_run_that_was_killed_after_writing_it(
    bundle: Bundle, tmp_path: Path, mark: str, command: str, is_gone_on_with: bool
) -> None:
    log = RunLog(tmp_path)
    if mark:
        log.mark_done(mark)
    if is_gone_on_with:
        found = written_before(bundle.directory, command, log)
        assert found is not None and found.id == bundle.id
    else:
        with pytest.raises(BundleError, match="exists"):
            written_before(bundle.directory, command, log)
    assert written_before(tmp_path / "nowhere", command, log) is None


@pytest.mark.parametrize("rest", [b"", b"[1", b"[" * 90_000])
def test_settings_of_a_run_that_were_half_written_are_told(
    recipe: Recipe, tmp_path: Path, rest: bytes
) -> None:
    (tmp_path / "recipe.json").write_bytes(rest)
    with pytest.raises(TrainingError, match="is damaged"):
        check_same_run(tmp_path, recipe)


@pytest.mark.parametrize("command", [main, tune])
@pytest.mark.parametrize(
    ("text", "labels", "n"),
    [
        ("good day number {}", ["positive"], 60),
        ("day number {}", LABELS, 10),
        ("one and the same day", LABELS, 60),
        ("day number {}", ["joy", "grief"], 60),
    ],
)
def test_what_cannot_be_learned_from_leaves_no_run_folder(
    command: Callable[[list[str]], int], text: str, labels: Sequence[str], n: int, tmp_path: Path
) -> None:
    table = tmp_path / "posts.csv"
    lines = [f"{number},{text.format(number)},{labels[number % len(labels)]}" for number in range(n)]
    table.write_text("\n".join(["id,text,label", *lines]), encoding="utf-8")
    assert command([str(table), "--recipe", "reference", "-o", str(tmp_path / "run")]) != 0
    assert not (tmp_path / "run").exists()


def test_a_text_encoder_may_be_named_by_its_hub_id(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def fetched(name: str, **_: object) -> str:
        asked.append(name)
        return recipe.text.encoder

    monkeypatch.setattr("huggingface_hub.snapshot_download", fetched)
    named = replace(recipe, text=replace(recipe.text, encoder="someone/encoder", tuned=False))
    check_encoders(named, RunLog(tmp_path))
    assert asked == ["someone/encoder"]


@pytest.mark.parametrize("command", [main, tune])
@pytest.mark.parametrize("harm", ["nothing there", "an empty folder", "a text for weights"])
@pytest.mark.parametrize("which", ["text", "image"])
def test_an_encoder_that_cannot_be_loaded_is_told_and_leaves_no_run_folder(
    command: Callable[[list[str]], int], harm: str, which: str, tmp_path: Path,
    pipeline: Pipeline, run_folder: Path, bundle: Bundle, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    encoders = {name: tmp_path / name for name in ("text", "image")}
    for name, folder in encoders.items():
        shutil.copytree(run_folder / name, folder)
    if harm == "a text for weights":
        (encoders[which] / "model.safetensors").write_text("Not a model.")
    else:
        shutil.rmtree(encoders[which])
        if harm == "an empty folder":
            encoders[which].mkdir()
    table = tmp_path / "posts.csv"
    lines = [f"{number},day number {number},{LABELS[number % 3]}" for number in range(90)]
    table.write_text("\n".join(["id,text,label", *lines]), encoding="utf-8")
    named = ["--text-encoder", str(encoders["text"]), "--image-encoder", str(encoders["image"])]
    assert command([str(table), *named, "-o", str(tmp_path / "run")]) == 5
    assert f"{encoders[which]} cannot be loaded as the {which} encoder" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_search_leaves_the_folder_of_another_run_as_it_is(tmp_path: Path) -> None:
    table, run = tmp_path / "posts.csv", tmp_path / "run"
    lines = [f"{number},day number {number},{LABELS[number % 3]}" for number in range(90)]
    table.write_text("\n".join(["id,text,label", *lines]), encoding="utf-8")
    keep_settings(run, load_recipe("enriched"))
    assert tune([str(table), "--recipe", "reference", "-o", str(run)]) != 0
    assert [path.name for path in run.iterdir()] == ["recipe.json"]


def test_metrics_are_json_lines_of_every_stage(bundle: Bundle, run_folder: Path) -> None:
    assert {row["stage"] for row in RunLog(run_folder).metrics()} >= {"text", "image", "fusion"}


def test_an_archive_is_opened_once_for_all_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = pack_pictures(tmp_path / "a.zip", [make_picture(n, (64, 64)) for n in range(4)])
    opened = count_openings(monkeypatch)
    pixels = read_pixels([Example(picture.name, "", (picture,)) for picture in pictures])
    assert [bool(each.any()) for each in pixels] == [True] * 4
    assert opened == [tmp_path / "a.zip"]
