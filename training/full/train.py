"""Full staged training as a command: `python -m training.full.train SOURCE --labels FILE ...`."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from mmsa_tui.bundle.meta import Bundle, read_bundle, write_atomically
from mmsa_tui.decoding import DecodingError, from_json
from mmsa_tui.errors import BundleError, TrainingError
from mmsa_tui.model.device import choose_device, set_torch_threads
from mmsa_tui.model.encoders import ImageEncoder
from mmsa_tui.processes import end_with_parent, heed_termination
from mmsa_tui.records import Post
from mmsa_tui.services.train import TrainRequest, parse
from mmsa_tui.sources import read
from mmsa_tui.sources.labels import read_labels
from training.events import Stepped, Trained, say
from training.examples import Materials, make_examples, read_text_table
from training.full.curves import draw_curves
from training.full.pipeline import Pipeline
from training.full.recipe import Recipe, load_recipe
from training.full.runs import Progress, RunLog, exit_code_of
from training.full.scoring import summary
from training.full.text import load_text_encoder

_ALL = "bundle"
"""Marks a run that has come to its end."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    options = parse(arguments, TrainRequest)
    return exit_code_of(lambda: _train(options), "stopped; run the same command again to go on")


def _train(options: TrainRequest) -> int:
    set_torch_threads(options.threads)
    device = torch.device(choose_device(options.device))
    recipe = load_asked_recipe(options)
    log = RunLog(options.output, reporter(options.json))
    check_same_run(options.output, recipe)
    bundles = options.bundles or options.output / "bundles"
    bundle = written_before(bundles / f"{recipe.name}-{options.version}", options.command(), log)
    if bundle is None:
        pipeline = Pipeline(recipe, load_materials(options, recipe), log, device)
        check_encoders(recipe, log)
        # Not before it is known that these posts can be learned from: what is refused leaves nothing.
        keep_settings(options.output, recipe)
        bundle = pipeline.run(bundles, options.version, options.command())
    write_atomically(options.output / "scores.json", json.dumps(bundle.meta.scores, indent=2))
    draw_curves(log.metrics(), options.output / "curves.png")
    log.mark_done(_ALL)
    if options.json:
        say(Trained(str(bundle.directory), bundle.meta.scores))
    else:
        print(summary(dict(bundle.meta.scores)))
        print(f"bundle: {bundle.directory}")
    return 0


def written_before(target: Path, command: str, log: RunLog) -> Bundle | None:
    """Find the bundle that this run had written when it was stopped; None if it has yet to be written.

    Raises:
        BundleError: there is one, and it is of a run that has ended, or of another.
    """
    if not target.exists():
        return None
    bundle = read_bundle(target)
    if log.is_done(_ALL) or bundle.meta.scores.get("command") != command:
        raise BundleError(f"{target} exists", "Choose another --name or --version.")
    return bundle


def load_asked_recipe(options: TrainRequest) -> Recipe:
    """Load the recipe, with what the command says otherwise."""
    recipe = load_recipe(options.recipe)
    if options.name:
        recipe = replace(recipe, name=options.name)
    if options.seed is not None:
        recipe = replace(recipe, seed=options.seed)
    if options.text_encoder:
        recipe = replace(recipe, text=replace(recipe.text, encoder=options.text_encoder))
    if options.image_encoder:
        recipe = replace(recipe, image=replace(recipe.image, encoder=options.image_encoder))
    return recipe


def load_materials(options: TrainRequest, recipe: Recipe) -> Materials:
    """Read posts, labels and extra tweets."""
    truth = read_labels(options.labels) if options.labels else None
    posts = (item for item in read(options.source) if isinstance(item, Post))
    examples = make_examples(posts, recipe.labels, truth, recipe.kinds)
    extra = read_text_table(options.extra_text, recipe.labels) if options.extra_text else []
    years = {year for year in options.extra_test_years.split(",") if year}
    held_out = [e for e in extra if e.post_id.split(":")[0] in years]
    # A tweet that is scored on must not be learned from under another id or year.
    tested = {e.raw_text for e in held_out}
    learned = [
        e for e in extra if e.post_id.split(":")[0] not in years and e.raw_text not in tested and e.text >= 0
    ]
    return Materials(examples, learned, held_out, tuple(options.data_name), options.licence)


def check_encoders(recipe: Recipe, log: RunLog) -> None:
    """Load the encoders that a stage has yet to begin with.

    Raises:
        TrainingError: one is not there or cannot be read.
    """
    text, image = recipe.text.encoder, recipe.image.encoder
    for stage, encoder, load in (
        ("text", text, lambda: load_text_encoder(text)),
        ("image", image, lambda: ImageEncoder(image)),
    ):
        if log.is_done(stage):
            continue
        try:
            load()
        except Exception as error:  # libraries for weights, tokenizers and the hub have no common class
            reason = (str(error).strip() or type(error).__name__).partition("\n")[0]
            raise TrainingError(
                f"{encoder} cannot be loaded as the {stage} encoder ({reason})",
                "Name a folder with a model as Hugging Face writes it, or a hub id that can be fetched.",
            ) from error


def check_same_run(folder: Path, recipe: Recipe) -> None:
    """Refuse to mix encoders of two recipes in one run folder; the head is fitted anew each time."""
    file, wanted = folder / "recipe.json", _settings(recipe)
    if file.exists():
        try:
            found = from_json(file.read_bytes(), dict[str, Any])
        except DecodingError as error:
            raise TrainingError(
                f"{file} is damaged: {error}", "Choose another folder with -o, or remove it."
            ) from error
        if {key: found.get(key) for key in wanted} != wanted:
            raise TrainingError(
                f"{folder} holds a run with other settings", "Choose another folder with -o, or remove it."
            )


def keep_settings(folder: Path, recipe: Recipe) -> None:
    """Record what a run is of, for `check_same_run`."""
    file = folder / "recipe.json"
    if not file.exists():
        write_atomically(file, json.dumps(_settings(recipe), indent=2))


def _settings(recipe: Recipe) -> dict[str, Any]:
    """List what a run's encoders depend on."""
    settings = json.loads(json.dumps(recipe.as_json()))
    return {key: settings[key] for key in ("labels", "kinds", "seed", "split_seed", "text", "image")}


class _Bar:
    """Progress on a terminal with rich; a line for each tenth elsewhere."""

    def __init__(self) -> None:
        self._last: tuple[str, int] = ("", -1)

    def __call__(self, stage: str, step: int, steps: int, loss: float) -> None:
        tenth = step * 10 // max(steps, 1)
        if (stage, tenth) != self._last:
            self._last = (stage, tenth)
            print(f"{stage:10} {step:>6}/{steps} loss {loss:.3f}", file=sys.stderr, flush=True)


def reporter(as_json: bool) -> Progress:
    """Choose who tells how far a stage is."""
    if as_json:
        return lambda stage, step, steps, loss: say(Stepped(stage, step, steps, loss))
    if sys.stderr.isatty():
        return _RichBar()
    return _Bar()


class _RichBar:
    """One bar a stage."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TaskID,
            TextColumn,
            TimeRemainingColumn,
        )

        self._progress = Progress(
            TextColumn("{task.description:<12}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("loss {task.fields[loss]:.3f}"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        self._progress.start()
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, stage: str, step: int, steps: int, loss: float) -> None:
        if stage not in self._tasks:
            self._tasks[stage] = self._progress.add_task(stage, total=steps, loss=loss)
        self._progress.update(self._tasks[stage], completed=step, total=steps, loss=loss)
        if step == steps:
            del self._tasks[stage]
            if stage == "fusion":
                self._progress.stop()


if __name__ == "__main__":
    heed_termination()
    end_with_parent()
    sys.exit(main())
