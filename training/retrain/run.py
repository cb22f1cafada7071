"""Retraining as a command: `python -m training.retrain.run --request FILE`.

Reads corrections and their posts from the store, encodes what the cache lacks, refits the head,
lets the gate judge it and writes the candidate into the run folder. Progress and the verdict are
JSON lines on stdout; the end of stdin, or of the parent, ends the run. Promoting is the caller's
business.
"""

from __future__ import annotations

import _thread
import argparse
import json
import os
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import msgspec
import numpy as np

from mmsa_tui.bundle.meta import EVALUATION, REPLAY, TUNING, Bundle, read_bundle
from mmsa_tui.config import Paths
from mmsa_tui.decoding import from_json, to_line
from mmsa_tui.errors import MmsaError
from mmsa_tui.model.cache import FeatureCache
from mmsa_tui.model.calibration import Calibration
from mmsa_tui.model.device import set_torch_threads
from mmsa_tui.model.encoding import open_encoders
from mmsa_tui.model.labelled import load_labelled
from mmsa_tui.model.network import load_network
from mmsa_tui.processes import heed_termination
from mmsa_tui.retrain.eligible import Eligible
from mmsa_tui.retrain.held_out import kept_apart
from mmsa_tui.retrain.manifest import Manifest, taken
from mmsa_tui.retrain.messages import OUTCOME, Comparing, Encoded, Epoch, Event, Failed, Request
from mmsa_tui.retrain.result import Example, Result
from mmsa_tui.store import Store
from training.full.curves import draw_curves
from training.full.fusion import Epoch as FitEpoch
from training.full.fusion import FusionSettings
from training.full.runs import RunLog
from training.retrain.candidate import write_candidate
from training.retrain.corrections import collect, encode
from training.retrain.refit import Candidate, RefitSettings, refit
from training.retrain.rehearsal import Base, Corrected

N_EXAMPLES, N_CHARACTERS = 12, 200
"""How many posts are shown, and how much of each."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    return obey("training.retrain.run", _retrain, arguments)


def obey(module: str, do: Callable[[Request], int], arguments: Sequence[str] | None = None) -> int:
    """Do what the request says that a command is given; return its exit code."""
    parser = argparse.ArgumentParser(prog=f"python -m {module}")
    parser.add_argument("--request", type=Path, required=True, help="JSON written by `mmsa retrain`")
    try:
        file: Path = parser.parse_args(arguments).request
        request = from_json(file.read_bytes(), Request, surrogates="keep")
        threading.Thread(target=_end_with_parent, daemon=True).start()
        return do(request)
    except MmsaError as error:
        say(Failed(error.message, error.hint, error.exit_code))
        return error.exit_code
    except KeyboardInterrupt:
        return 130


def _end_with_parent() -> None:
    """Interrupt the run when the parent closes the line, however it came to that."""
    # Past Python's own buffer, whose lock a reader that waits at exit would hold.
    while os.read(sys.stdin.fileno(), 1):
        pass
    _thread.interrupt_main()


def say(event: Event) -> None:
    """Tell the parent something, as a line of JSON."""
    print(to_line(event).decode("ascii"), end="", flush=True)


def finish(result: Result, folder: Path) -> None:
    """Keep in the run folder how it ended, and tell the parent."""
    (folder / OUTCOME).write_text(json.dumps(msgspec.to_builtins(result), indent=1), encoding="utf-8")
    say(result)


def _retrain(request: Request) -> int:
    paths = Paths.from_texts(request.paths)
    folder, bundle = Path(request.folder), read_bundle(Path(request.bundle))
    set_torch_threads(request.threads)
    base, settings = load_base(bundle), settings_of(bundle, request.weight, request.rule)
    folder.mkdir(parents=True, exist_ok=True)
    log = RunLog(folder)
    with Store.open(paths.database) as store:
        collected = collect(store, bundle.labels, learns_audited=request.learns_audited)
    with FeatureCache(paths.features_file) as cache:
        encoders = open_encoders(bundle, paths, request.device, threads=request.threads, cache=cache)
        corrected, collected = encode(
            collected, encoders, base.head, bundle.labels, kept_apart(bundle),
            lambda done, total: say(Encoded(done, total)),
        )  # fmt: skip
    Manifest(
        bundle=bundle.id, files=bundle.meta.files, settings=asdict(settings), left_out=collected.left_out,
        corrections=taken(collected.corrections, corrected.held_out.tolist()),
    ).write(folder)  # fmt: skip

    def report(epoch: FitEpoch) -> None:
        log.record(stage="fusion", epoch=epoch.number, loss=epoch.loss, weighted_f1=epoch.weighted_f1)
        say(Epoch(epoch.number, epoch.total, epoch.loss, epoch.weighted_f1))

    candidate = refit(
        base, corrected, bundle.labels, settings,
        withdrawn=collected.withdrawn, on_epoch=report, look_ahead=True,
        on_comparison=lambda fit, epoch: say(Comparing(fit, epoch.number, epoch.total)),
    )  # fmt: skip
    draw_curves(log.metrics(), folder / "curves.png")
    written = None
    if not request.dry_run:
        written = write_candidate(candidate, base, bundle, settings, paths, folder)
    result = Result(
        candidate.verdict,
        str(written.directory) if written else "",
        candidate.lesson,
        candidate.n_frozen,
        collected.left_out,
        candidate.outlook,
        _examples(candidate, corrected, collected, bundle.labels),
        str(folder),
    )
    finish(result, folder)
    return 0


def load_base(bundle: Bundle) -> Base:
    """Load what a bundle brings to its retraining.

    Raises:
        BundleError: a file is missing or damaged.
    """
    tuning = bundle.directory / TUNING
    return Base(
        load_network(bundle),
        Calibration.load(bundle),
        load_labelled(bundle.directory / REPLAY),
        load_labelled(bundle.directory / EVALUATION),
        load_labelled(tuning) if tuning.is_file() else None,
    )


def settings_of(bundle: Bundle, weight: float | None = None, rule: bool | None = None) -> RefitSettings:
    """Retrain as the bundle was trained: the seed and hyper-parameters on its record.

    With its seed the two fits start where its own head has started. A bundle that was taught a rule
    goes on with it unless told otherwise: by now it agrees too well for anyone to tell from outside.
    """
    training = bundle.meta.training
    recorded = training.get("settings", {}).get("fusion", {})
    known = {name: recorded[name] for name in FusionSettings.__dataclass_fields__ if name in recorded}
    # Before texts alone had an adjustment of their own, the one there was held for them, too.
    known.setdefault("text_adjustment", known.get("adjustment", FusionSettings.text_adjustment))
    if recorded:
        # Nor did the picture's own judgement count in that of the post.
        known.setdefault("picture", 0.0)
    if rule is None and training.get("lesson", {}).get("is_rule"):
        rule = True
    return RefitSettings(weight, rule, seed=int(training.get("seed", 1)), fusion=FusionSettings(**known))


def _examples(
    candidate: Candidate, corrected: Corrected, collected: Eligible, labels: Sequence[str]
) -> tuple[Example, ...]:
    """Choose a few corrected posts that the candidate judges otherwise, held-out ones first."""
    before, after = candidate.before.argmax(1), candidate.after.argmax(1)
    rows = sorted(np.flatnonzero(before != after), key=lambda row: not bool(corrected.held_out[row]))
    return tuple(
        Example(
            collected.posts[row].post_id,
            collected.posts[row].text[:N_CHARACTERS],
            labels[before[row]],
            labels[after[row]],
            collected.corrections[row].new_label,
            bool(corrected.held_out[row]),
        )
        for row in rows[:N_EXAMPLES]
    )


if __name__ == "__main__":
    heed_termination()
    sys.exit(main())
