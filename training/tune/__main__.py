"""The search as a command: `python -m training.tune SOURCE -o DIR ...`."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence

import torch
from torch import Tensor

from mmsa_tui.model.device import choose_device, set_torch_threads
from mmsa_tui.model.encoders import TextEncoder
from mmsa_tui.processes import end_with_parent, heed_termination
from mmsa_tui.services.train import TuneRequest, parse
from training.events import Tried, Tuned, say
from training.full.pipeline import Pipeline
from training.full.runs import RunLog, exit_code_of
from training.full.train import (
    check_encoders,
    check_same_run,
    keep_settings,
    load_asked_recipe,
    load_materials,
    reporter,
)
from training.tune.search import Ground, cut_folds
from training.tune.study import BEST, changed_settings, conclude, open_study, run_study


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    options = parse(arguments, TuneRequest)
    stopped = "stopped; what was tried is kept: run the same command again to go on"
    return exit_code_of(lambda: _tune(options), stopped)


def _tune(options: TuneRequest) -> int:
    set_torch_threads(options.threads)
    device = torch.device(choose_device(options.device))
    recipe = load_asked_recipe(options)
    materials = load_materials(options, recipe)
    source = _digest_of([(e.post_id, e.raw_text, e.post, e.text, e.image) for e in materials.examples])
    log = RunLog(options.output, reporter(options.json))
    pipeline = Pipeline(recipe, materials, log, device)
    rows = _rows(pipeline)
    targets, groups = pipeline.targets().take(rows), tuple(pipeline.examples[int(row)].group for row in rows)
    # Before anything is written: a run or study of something else stays as it is.
    cut_folds(targets, groups, recipe.split_seed)
    check_same_run(options.output, recipe)
    check_encoders(recipe, log)
    study = open_study(options.output, recipe, source)
    keep_settings(options.output, recipe)
    features, _ = pipeline.encode()
    blocks = tuple(TextEncoder(pipeline.folder / "text").blocks)
    ground = Ground(features.take(rows), targets, groups, pipeline.extra_set(), blocks)

    def tell(number: int, value: float, best: float) -> None:
        if options.json:
            say(Tried(number, value, best))
        else:
            print(
                f"trial {number:>4}/{options.trials} {value:.4f} best {best:.4f}", file=sys.stderr, flush=True
            )

    run_study(study, recipe, ground, options.trials, options.minutes * 60 if options.minutes else None, tell)
    found = conclude(study, recipe, options.output, options.command("tune"))
    if options.json:
        say(Tuned(found.base, found.best, found.n_trials, found.n_pruned, str(options.output / BEST)))
        return 0
    print(f"{found.n_trials} trials, {found.n_pruned} of them given up early")
    print(f"macro-F1 by cross-validation: {found.base:.4f} ± {found.base_sd:.4f} the recipe itself")
    print(f"                              {found.best:.4f} ± {found.best_sd:.4f} the best (± over folds)")
    for name, before, after in changed_settings(recipe, found.recipe):
        print(f"  {name:24} {before:>10} -> {after}")
    print(f"wrote {options.output / BEST}; train with it: mmsa train ... --recipe {options.output / BEST}")
    return 0


def _rows(pipeline: Pipeline) -> Tensor:
    """List the posts that the frozen split does not hold."""
    split = pipeline.split
    return torch.tensor(
        sorted({int(row) for part in (split.train, split.select, split.calibrate) for row in part})
    )


def _digest_of(rows: Sequence[tuple[object, ...]]) -> str:
    digest = hashlib.sha256()
    for row in sorted(rows, key=str):
        digest.update(repr(row).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:16]


if __name__ == "__main__":
    heed_termination()
    end_with_parent()
    sys.exit(main())
