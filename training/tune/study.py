"""A study: trials in SQLite, one after the other, resumable; its best recipe, and what mattered.

Whoever goes on with a study gets it only with the recipe, the posts and the space it was begun with.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mmsa_tui.disk.whole_file import whole_file
from mmsa_tui.errors import TrainingError
from training.full.recipe import Recipe
from training.tune.search import N_FOLDS, SPACE, Ground, as_choices, draw, scores

if TYPE_CHECKING:
    import optuna

STUDY, BEST, HISTORY, IMPORTANCE = "study.db", "best.toml", "history.png", "importance.png"
_NAME = "recipe"
_BEGUN_WITH = "begun_with"
_BASE = "base"
_TO_COUNT = ("COMPLETE", "WAITING")
_MISFIT = "Choose another folder with -o, or remove this one."
_LEAST_FOR_IMPORTANCE = 8


@dataclass(frozen=True)
class Found:
    """What a study came to: macro-F1 by cross-validation of the recipe it began with and of the best one.

    `sd` are standard deviations over the folds. Of `n_trials` in all, `n_pruned` were given up early.
    """

    base: float
    base_sd: float
    best: float
    best_sd: float
    n_trials: int
    n_pruned: int
    recipe: Recipe


def open_study(folder: Path, recipe: Recipe, source: str) -> optuna.Study:
    """Open the study of a folder, or begin one.

    Args:
        source: what tells the posts and their labels from others.

    Raises:
        TrainingError: optuna is not installed, or the study was begun with something else or is damaged;
            nothing is changed then.
    """
    try:
        import optuna
    except ImportError as error:
        raise TrainingError(
            "searching needs optuna, which is not installed", "Install it: `pip install 'mmsa-tui[tune]'`."
        ) from error
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    wanted = fingerprint(recipe, source)
    path = folder / STUDY
    is_new = not path.exists()
    if not is_new:
        _check_file(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        storage = optuna.storages.RDBStorage(f"sqlite:///{path.absolute()}")
        study = optuna.create_study(
            storage=storage, study_name=_NAME, direction="maximize", load_if_exists=True,
            sampler=optuna.samplers.TPESampler(seed=recipe.seed),
            pruner=optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=0),
        )  # fmt: skip
        begun = study.user_attrs.get(_BEGUN_WITH)
    except Exception as error:  # sqlalchemy and optuna have no common class
        raise TrainingError(f"{path} cannot be used as a study ({_first_line(error)})", _MISFIT) from error
    if begun is None and (is_new or not study.trials):
        study.set_user_attr(_BEGUN_WITH, wanted)
    elif begun != wanted:
        changed = ", ".join(
            key for key in wanted if not isinstance(begun, dict) or begun.get(key) != wanted[key]
        )
        raise TrainingError(f"{folder} holds a study that was begun with another {changed}", _MISFIT)
    for trial in study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.RUNNING,)):
        # What was running when the program was stopped will never end by itself.
        study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
    if not any(_is_base(trial) and trial.state.name in _TO_COUNT for trial in study.trials):
        study.enqueue_trial(as_choices(recipe), user_attrs={_BASE: True})
    return study


def _is_base(trial: Any) -> bool:
    """Whether a trial is of the recipe that the study began with; a study of before has it first."""
    return trial.number == 0 or bool(trial.user_attrs.get(_BASE))


def fingerprint(recipe: Recipe, source: str) -> dict[str, str]:
    """Say by hashes what a study is about: the recipe, the posts, the space."""
    settings = json.dumps(recipe.as_json(), sort_keys=True)
    return {
        "recipe": hashlib.sha256(settings.encode()).hexdigest()[:16],
        "source or labels": source,
        "version of mmsa-tui": f"space {SPACE}, {N_FOLDS} folds",
    }


def run_study(
    study: optuna.Study,
    recipe: Recipe,
    ground: Ground,
    n_trials: int,
    seconds: float | None,
    on_trial: Callable[[int, float, float], None] | None = None,
) -> None:
    """Go on until there are so many trials, or the time is over; the recipe itself is the first.

    It is tried also where others have used up the budget.

    Args:
        on_trial: told the number of finished trials, the value of the last one and the best.
    """
    import optuna

    def judge(trial: optuna.Trial) -> float:
        values: list[float] = []
        for step, value in enumerate(scores(draw(trial, recipe), ground)):
            values.append(value)
            trial.report(float(np.mean(values)), step)
            # It is the line that all others are held against: it is never given up.
            if not _is_base(trial) and step < N_FOLDS - 1 and trial.should_prune():
                raise optuna.TrialPruned
        trial.set_user_attr("sd", float(np.std(values, ddof=1)))
        return float(np.mean(values))

    ends = None if seconds is None else time.monotonic() + seconds
    while ((done := len(_ended(study))) < n_trials or _base_waits(study)) and (
        ends is None or time.monotonic() < ends
    ):
        study.optimize(judge, n_trials=1, catch=(TrainingError,))
        last = _ended(study)
        if len(last) == done:
            # A fit that blew up counts as tried, or a bad corner of the space would never be left.
            study.tell(study.ask(), state=optuna.trial.TrialState.PRUNED)
            last = _ended(study)
        if on_trial is not None:
            best = max((t.value for t in last if t.value is not None and _is_whole(t)), default=0.0)
            on_trial(len(last), last[-1].value or 0.0, best)


def _is_whole(trial: Any) -> bool:
    """Whether it was judged on every fold; one that was given up has the mean of those it came to."""
    return bool(trial.state.name == "COMPLETE")


def _base_waits(study: optuna.Study) -> bool:
    """Whether the recipe itself is yet to be tried: whoever was killed meanwhile has to try it again."""
    return any(
        _is_base(trial) and trial.state.name == "WAITING" for trial in study.get_trials(deepcopy=False)
    )


def _ended(study: optuna.Study) -> list[Any]:
    from optuna.trial import TrialState

    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))


def conclude(study: optuna.Study, recipe: Recipe, folder: Path, command: str) -> Found:
    """Write the best recipe and both pictures, and say what was found.

    Raises:
        TrainingError: no trial has ended.
    """
    import optuna

    done = [t for t in _ended(study) if _is_whole(t)]
    base = next(filter(_is_base, done), None)
    if base is None:
        raise TrainingError("no trial has finished yet", "Run the same command again to go on.")
    best = max(done, key=lambda trial: float(trial.value))
    chosen = draw(optuna.trial.FixedTrial(best.params), recipe)
    found = Found(
        float(base.value), float(base.user_attrs["sd"]), float(best.value), float(best.user_attrs["sd"]),
        len(_ended(study)), len(_ended(study)) - len(done), chosen,
    )  # fmt: skip
    with whole_file(folder / BEST, overwrite=True) as part:
        part.write_text(recipe_toml(chosen, _about(found, command)), encoding="utf-8", newline="\n")
    _draw_history(study, folder / HISTORY)
    if len(done) >= _LEAST_FOR_IMPORTANCE:
        _draw_importance(study, folder / IMPORTANCE)
    return found


def recipe_toml(recipe: Recipe, about: str) -> str:
    """Write a recipe as `load_recipe` reads it."""
    lines = [*(f"# {line}" for line in about.splitlines()), ""]
    _write_table(lines, asdict(recipe), "")
    return "\n".join(lines) + "\n"


def _write_table(lines: list[str], table: dict[str, Any], name: str) -> None:
    plain = {key: value for key, value in table.items() if not isinstance(value, dict)}
    if name and plain:
        lines += ["", f"[{name}]"]
    lines += [f"{key} = {_toml(value)}" for key, value in plain.items()]
    for key, value in table.items():
        if isinstance(value, dict):
            _write_table(lines, value, f"{name}.{key}" if name else key)


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple | list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    # TOML's strings and numbers are those of JSON, but for a float's dot.
    return repr(value) if isinstance(value, float) else json.dumps(value, ensure_ascii=False)


def _about(found: Found, command: str) -> str:
    return (
        f"The best of {found.n_trials} trials ({found.n_pruned} given up early): macro-F1 {found.best:.4f} by"
        f" {N_FOLDS} grouped folds,\nwhere the recipe it began with has {found.base:.4f}. Chosen among many,"
        f" it promises too much: judge it on other posts.\n{command}"
    )


def _draw_history(study: optuna.Study, target: Path) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    done = [(t.number, t.value) for t in _ended(study) if t.value is not None and _is_whole(t)]
    pruned = [t.number for t in _ended(study) if not _is_whole(t)]
    figure = Figure(figsize=(6, 3.2), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    numbers, values = [n for n, _ in done], [v for _, v in done]
    axes.plot(numbers, values, "o", color="tab:blue", markersize=4, label="trial")
    axes.plot(numbers, np.maximum.accumulate(values), color="tab:orange", label="best so far")
    axes.axhline(values[0], color="grey", linestyle="--", linewidth=1, label="the recipe itself")
    if pruned:
        axes.plot(pruned, [min(values)] * len(pruned), "x", color="lightgrey", label="given up early")
    axes.set_xlabel("trial")
    axes.set_ylabel("macro-F1, cross-validated")
    axes.legend(fontsize=7)
    _save(figure, target)


def _draw_importance(study: optuna.Study, target: Path) -> None:
    import optuna
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    evaluator = optuna.importance.FanovaImportanceEvaluator(seed=1)
    try:
        shares = optuna.importance.get_param_importances(study, evaluator=evaluator)
    except (ValueError, RuntimeError):
        # All trials are worth the same: nothing mattered.
        return
    names = list(shares)[::-1]
    figure = Figure(figsize=(6, 0.5 + 0.3 * len(names)), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.barh(names, [shares[name] for name in names], color="tab:blue")
    axes.set_xlabel("share of the differences between trials (fANOVA)")
    _save(figure, target)


def _save(figure: Any, target: Path) -> None:
    with whole_file(target, overwrite=True) as part:
        figure.savefig(part, dpi=110, format="png")


def _check_file(path: Path) -> None:
    with path.open("rb") as file:
        if file.read(16) != b"SQLite format 3\0":
            raise TrainingError(f"{path} is no study", _MISFIT)


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__


def changed_settings(base: Recipe, best: Recipe) -> list[tuple[str, str, str]]:
    """List what the best recipe has otherwise: name, before, after."""
    rows = []
    for part in ("fusion", "head"):
        one, other = getattr(base, part), getattr(best, part)
        for setting in fields(one):
            before, after = getattr(one, setting.name), getattr(other, setting.name)
            if before != after:
                rows.append((f"{part}.{setting.name}", _shown(before), _shown(after)))
    return rows


def _shown(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
