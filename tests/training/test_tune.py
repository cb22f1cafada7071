"""A search on few posts: resumable, with a stated budget, and never worse than what it began with."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mmsa_tui.errors import TrainingError
from mmsa_tui.model.features import Features
from mmsa_tui.model.labelled import make_targets
from training.full.recipe import Recipe, load_recipe
from training.tune.search import Ground, as_choices, cut_folds, draw
from training.tune.study import BEST, HISTORY, STUDY, changed_settings, conclude, open_study, run_study

optuna = pytest.importorskip("optuna")
pytestmark = pytest.mark.filterwarnings(
    "ignore::optuna.exceptions.ExperimentalWarning", "ignore::ResourceWarning"
)


@pytest.fixture(scope="module")
def ground() -> Ground:
    rng = torch.Generator().manual_seed(1)
    labels = torch.arange(60) % 3
    text = torch.randn(60, 8, generator=rng) + torch.nn.functional.one_hot(labels, 8) * 1.5
    image = torch.randn(60, 12, generator=rng)
    yes = torch.ones(60, dtype=torch.bool)
    features = Features(text, torch.zeros(60, 4), image, yes, yes)
    y = labels.numpy()
    return Ground(features, make_targets(y, y, y), tuple(range(60)), None, (8,))


@pytest.fixture
def recipe() -> Recipe:
    base = load_recipe("default")
    head = replace(base.head, n_text=8, n_image=12, n_components=4, width=16)
    return replace(base, head=head, fusion=replace(base.fusion, epochs=4, least_steps=4, batch_size=32))


def test_the_recipe_itself_is_the_first_trial_and_the_best_is_no_worse(
    recipe: Recipe, ground: Ground, tmp_path: Path
) -> None:
    study = open_study(tmp_path, recipe, "posts")
    heard: list[int] = []
    run_study(study, recipe, ground, 3, None, lambda number, value, best: heard.append(number))
    found = conclude(study, recipe, tmp_path, "mmsa tune posts -o here")
    assert heard == [1, 2, 3]
    assert study.trials[0].params == pytest.approx(as_choices(recipe))
    assert found.n_trials == 3
    assert found.best >= found.base
    read = load_recipe(str(tmp_path / BEST))
    assert (read.fusion, read.head) == (found.recipe.fusion, found.recipe.head)
    assert (read.labels, read.text, read.image, read.seed) == (
        recipe.labels,
        recipe.text,
        recipe.image,
        recipe.seed,
    )
    assert "mmsa tune posts" in (tmp_path / BEST).read_text(encoding="utf-8")
    assert (tmp_path / HISTORY).read_bytes().startswith(b"\x89PNG")


def test_a_study_goes_on_where_it_was_stopped(recipe: Recipe, ground: Ground, tmp_path: Path) -> None:
    study = open_study(tmp_path, recipe, "posts")
    run_study(study, recipe, ground, 1, None)
    study.ask()  # a trial that was running when the program was killed
    again = open_study(tmp_path, recipe, "posts")
    run_study(again, recipe, ground, 2, None)
    assert Counter(trial.state.name for trial in again.trials)["RUNNING"] == 0
    assert conclude(again, recipe, tmp_path, "").n_trials == 2


@pytest.mark.parametrize("n_others", [0, 2])
def test_a_study_that_was_killed_in_its_first_trial_tries_the_recipe_again(
    n_others: int, recipe: Recipe, ground: Ground, tmp_path: Path
) -> None:
    study = open_study(tmp_path, recipe, "posts")
    study.ask()  # the recipe itself was running when the program was killed
    run_study(study, recipe, ground, n_others, None)
    again = open_study(tmp_path, recipe, "posts")
    run_study(again, recipe, ground, 2, None)
    found = conclude(again, recipe, tmp_path, "")
    assert any(
        trial.value == found.base and trial.params == pytest.approx(as_choices(recipe))
        for trial in again.trials
    )


def test_a_budget_that_is_used_up_tries_nothing_more(recipe: Recipe, ground: Ground, tmp_path: Path) -> None:
    study = open_study(tmp_path, recipe, "posts")
    run_study(study, recipe, ground, 1, None)
    run_study(study, recipe, ground, 1, None)
    run_study(study, recipe, ground, 5, 0.0)
    assert len(study.trials) == 1


@pytest.mark.parametrize("changed", ["recipe", "source or labels"])
def test_a_study_of_something_else_is_refused_and_left_as_it_is(
    changed: str, recipe: Recipe, tmp_path: Path
) -> None:
    open_study(tmp_path, recipe, "posts")
    before = (tmp_path / STUDY).read_bytes()
    other = replace(recipe, seed=2) if changed == "recipe" else recipe
    with pytest.raises(TrainingError, match=changed):
        open_study(tmp_path, other, "posts" if changed == "recipe" else "other posts")
    assert (tmp_path / STUDY).read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == [STUDY]


def test_a_file_that_is_no_study_is_told(recipe: Recipe, tmp_path: Path) -> None:
    (tmp_path / STUDY).write_bytes(b"x" * 5000)
    with pytest.raises(TrainingError, match="no study"):
        open_study(tmp_path, recipe, "posts")
    assert (tmp_path / STUDY).read_bytes() == b"x" * 5000


def test_nothing_is_concluded_from_no_trial(recipe: Recipe, tmp_path: Path) -> None:
    study = open_study(tmp_path, recipe, "posts")
    with pytest.raises(TrainingError, match="no trial has finished"):
        conclude(study, recipe, tmp_path, "")
    assert not (tmp_path / BEST).exists()


def test_what_is_drawn_again_is_the_recipe(recipe: Recipe) -> None:
    assert draw(optuna.trial.FixedTrial(as_choices(recipe)), recipe) == recipe


def test_a_setting_that_differs_is_listed(recipe: Recipe) -> None:
    other = replace(recipe, fusion=replace(recipe.fusion, optimiser="nadam"))
    assert changed_settings(recipe, other) == [("fusion.optimiser", "adamw", "nadam")]


def test_few_posts_and_one_label_are_refused(ground: Ground) -> None:
    few = replace(
        ground, features=ground.features.take(list(range(12))), targets=ground.targets.take(torch.arange(12)),
        groups=tuple(range(12)),
    )  # fmt: skip
    one = np.zeros(60, np.int64)
    for unfit in (few, replace(ground, targets=make_targets(one, one, one))):
        with pytest.raises(TrainingError, match="too few"):
            cut_folds(unfit.targets, unfit.groups, 7)


@pytest.mark.parametrize("optimiser", ["adamw", "nadam", "rmsprop"])
def test_every_optimiser_learns(optimiser: str, recipe: Recipe, ground: Ground) -> None:
    from training.tune.search import scores

    fusion = replace(
        recipe.fusion,
        optimiser=optimiser,
        epochs=12,
        focus=1.0,
        weight_decay=0.01,
        learning_rate=1e-2,
        adjustment=0.0,
        strength=2.0,
    )
    assert np.mean(list(scores(replace(recipe, fusion=fusion), ground))) > 0.5
