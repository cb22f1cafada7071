"""A whole training with small encoders on 72 posts, each stage short; for tests of what it leaves."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from small_encoders import write_image_encoder, write_text_encoder
from small_posts import make_picture, make_post

from mmsa_tui.bundle.meta import Bundle
from mmsa_tui.records import Post
from training.examples import Example, Materials, make_examples
from training.full.loop import FineTuning
from training.full.pipeline import Pipeline
from training.full.recipe import Recipe, load_recipe
from training.full.runs import RunLog

LABELS = ("negative", "neutral", "positive")
TEXTS = ("worst hate rain", "train a day", "best happy love")


@pytest.fixture(scope="module")
def posts(tmp_path_factory: pytest.TempPathFactory) -> list[Post]:
    folder = tmp_path_factory.mktemp("posts")
    found = []
    for number in range(72):
        label = number % 3
        post = make_post(
            folder,
            str(number),
            f"{TEXTS[label]} {chr(97 + number // 26)}{chr(97 + number % 26)}",
            make_picture(number, (64, 64)),
        )
        found.append(replace(post, truth=dict.fromkeys(("post", "text", "image"), LABELS[label])))
    return found


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Recipe:
    folder = tmp_path_factory.mktemp("encoders")
    short = FineTuning(epochs=1, batch_size=32, bf16=False)
    base = load_recipe("default")
    text = replace(
        base.text, encoder=str(write_text_encoder(folder / "text")), pretraining=short, tuning=short
    )
    image = replace(
        base.image, encoder=str(write_image_encoder(folder / "image")), tail_blocks=1, tuning=short
    )
    head = replace(base.head, n_text=32, n_components=16, width=16)
    return replace(base, name="tiny", text=text, image=image, head=head, extra_replay=26)


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("run")


@pytest.fixture(scope="module")
def pipeline(posts: list[Post], recipe: Recipe, run_folder: Path) -> Pipeline:
    extra = [Example(f"2013:{i}", f"{TEXTS[i % 3]} {chr(97 + i)}", text=i % 3) for i in range(26)]
    materials = Materials(make_examples(posts, LABELS), extra, extra[:6])
    return Pipeline(recipe, materials, RunLog(run_folder), torch.device("cpu"))


@pytest.fixture(scope="module")
def bundle(pipeline: Pipeline, run_folder: Path) -> Bundle:
    return pipeline.run(run_folder / "bundles", "1.0.0", "mmsa train")
