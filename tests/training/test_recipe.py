from pathlib import Path

import pytest

from mmsa_tui.errors import TrainingError
from training.full.recipe import load_recipe


@pytest.mark.parametrize("name", ["default", "enriched", "reference"])
def test_shipped_recipes_load(name: str) -> None:
    assert load_recipe(name).name == name


def test_the_reference_is_the_report() -> None:
    recipe = load_recipe("reference")
    assert recipe.head.kind == "reference"
    assert recipe.head.n_components == 0
    assert recipe.text.tasks == ("text",)


@pytest.mark.parametrize(
    "text",
    [
        "sead = 1",
        "[text]\nencodr = 'x'",
        "seed = 'one'",
        "[text.tuning]\nepochs = 0",
        "seed = ",
        "[head]\nwidth = 33",
        "[image]\ntail_blocks = 40",
    ],
)
def test_a_wrong_recipe_is_an_error_with_a_hint(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(TrainingError) as caught:
        load_recipe(str(path))
    assert caught.value.hint


def test_an_unknown_recipe_lists_the_known() -> None:
    with pytest.raises(TrainingError) as caught:
        load_recipe("nonesuch")
    assert "default" in caught.value.hint
