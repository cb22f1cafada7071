"""A model for a codebook as a command: `python -m training.few_shot.run --request FILE`.

Reads the labels given under the codebook and their posts from its store, encodes what the cache lacks,
fits a head, lets folds judge it and writes the candidate into the run folder. It speaks as
`training.retrain.run` does, and promoting is the caller's business here too.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np

from mmsa_tui.bundle.contents import posts_in
from mmsa_tui.bundle.lesson import Lesson
from mmsa_tui.bundle.meta import REPLAY, Bundle, encoder_roots, read_bundle
from mmsa_tui.bundle.registry import free_version
from mmsa_tui.bundle.writer import store_encoder
from mmsa_tui.codebook import Codebook, read_codebook
from mmsa_tui.config import Paths
from mmsa_tui.errors import TrainingError
from mmsa_tui.model.cache import FeatureCache
from mmsa_tui.model.calibration import Calibration
from mmsa_tui.model.device import set_torch_threads
from mmsa_tui.model.encoding import open_encoders
from mmsa_tui.model.labelled import LabelledFeatures, make_targets
from mmsa_tui.model.network import load_network
from mmsa_tui.processes import heed_termination
from mmsa_tui.retrain.eligible import Eligible
from mmsa_tui.retrain.held_out import Apart
from mmsa_tui.retrain.manifest import Manifest, taken
from mmsa_tui.retrain.messages import Encoded, Epoch, Request
from mmsa_tui.retrain.result import Example, Result
from mmsa_tui.retrain.waiting import LEAST_OF_LABEL
from mmsa_tui.store import Store
from training.content import BundleContent
from training.few_shot.gate import judge
from training.few_shot.head import Learned, learn
from training.full.calibrate import decided
from training.retrain.corrections import collect, encode
from training.retrain.rehearsal import Corrected
from training.retrain.run import N_CHARACTERS, N_EXAMPLES, finish, obey, say

_STAYS = 0.98
"""What others must be better than: other encoders cost encoding every post anew."""
_SEED = 18


def make_model(request: Request) -> int:
    """Do what a request says; returns the exit code."""
    paths, folder = Paths.from_texts(request.paths), Path(request.folder)
    starts = [read_bundle(Path(directory)) for directory in request.bundles]
    parent = read_bundle(Path(request.parent)) if request.parent else None
    codebook = read_codebook(paths)
    set_torch_threads(request.threads)
    with Store.open(paths.database) as store:
        everything = collect(store, codebook.names, learns_audited=request.learns_audited)
    tried: list[_Tried] = []
    for number, start in enumerate(starts, start=1):
        one = _try(start, everything, codebook.names, request, paths)
        tried.append(one)
        say(Epoch(number, len(starts), one.learned.loss, one.f1))
    best = min(tried, key=lambda one: one.learned.loss * (_STAYS if one.is_of(parent) else 1.0))
    start, learned, corrected, collected = best.start, best.learned, best.corrected, best.collected
    Manifest(
        bundle=request.parent_id, start=start.id, files=start.meta.files, settings={"seed": _SEED},
        left_out=collected.left_out, corrections=taken(collected.corrections, repeat(False)),
    ).write(folder)  # fmt: skip
    before = None
    if parent is not None:
        theirs = next((one.corrected for one in tried if one.is_of(parent)), None)
        before = None if theirs is None else _answers(parent, theirs)
    verdict = judge(learned, corrected, codebook.names, before)
    lesson = Lesson(len(corrected), said=learned.describe(len(corrected)))
    written = None
    if not request.dry_run:
        written = _write(learned, corrected, codebook, start, request.parent_id, lesson, verdict.as_json(),
                         paths, folder)  # fmt: skip
    result = Result(
        verdict,
        str(written.directory) if written else "",
        lesson,
        0,
        collected.left_out,
        None,
        _examples(learned, corrected, collected, codebook.names),
        str(folder),
    )
    finish(result, folder)
    return 0


@dataclass(frozen=True)
class _Tried:
    """A head that starts from one bundle's encoders, and what it was fitted on."""

    start: Bundle
    learned: Learned
    corrected: Corrected
    collected: Eligible

    @property
    def f1(self) -> float:
        return self.learned.scores.weighted_f1

    def is_of(self, parent: Bundle | None) -> bool:
        """Whether the model in use reads the same features."""
        return parent is not None and dict(parent.meta.encoders) == dict(self.start.meta.encoders)


def _try(start: Bundle, collected: Eligible, labels: Sequence[str], request: Request, paths: Paths) -> _Tried:
    base = load_network(start)
    with FeatureCache(paths.features_file) as cache:
        encoders = open_encoders(start, paths, request.device, threads=request.threads, cache=cache)
        corrected, kept = encode(
            collected, encoders, base, labels, Apart(),
            lambda done, total: say(Encoded(done, total)),
        )  # fmt: skip
    check_enough(corrected, labels)
    return _Tried(start, learn(base, corrected, labels, seed=_SEED), corrected, kept)


def check_enough(corrected: Corrected, labels: Sequence[str]) -> None:
    """Refuse to fit on what cannot be judged.

    Raises:
        TrainingError: a label has too few posts; says which and how many.
    """
    groups: dict[int, set[str]] = {}
    for label, group in zip(corrected.labels.tolist(), corrected.groups, strict=True):
        groups.setdefault(label, set()).add(group)
    few = {name: len(groups.get(at, ())) for at, name in enumerate(labels)}
    few = {name: number for name, number in few.items() if number < LEAST_OF_LABEL}
    if few:
        said = ", ".join(f"{name} {number}" for name, number in few.items())
        raise TrainingError(
            f"each label needs {LEAST_OF_LABEL} different posts, and these have fewer: {said}",
            "Label more of them (about 50 posts in all make a useful model), or take a label that does not"
            " occur out of the codebook with `mmsa codebook edit --remove`.",
        )


def _answers(parent: Bundle, corrected: Corrected) -> tuple[Any, Any]:
    """Ask the model in use for its labels, [N], and say which posts it had not learned, [N] bool."""
    head, calibration = load_network(parent), Calibration.load(parent)
    known = posts_in(parent, (REPLAY,))
    probs = decided(head, calibration, corrected.features)
    return probs.argmax(1), np.array([digest not in known for digest in corrected.hashes])


def _write(
    learned: Learned,
    corrected: Corrected,
    codebook: Codebook,
    start: Bundle,
    parent_id: str,
    lesson: Lesson,
    gate: Mapping[str, Any],
    paths: Paths,
    folder: Path,
) -> Bundle:
    for which in ("text", "image"):
        # A bundle used from a folder of its own brings encoders that nobody else would find.
        encoder = start.encoder_directory(which, paths)
        if encoder.parent not in encoder_roots(paths):
            store_encoder(encoder, paths.encoders_dir)
    replay = LabelledFeatures(corrected.features, make_targets(corrected.labels.numpy()), corrected.hashes)
    version = free_version(paths, codebook.name, f"{codebook.revision}.1")
    scores = learned.scores.as_json()
    content = BundleContent(
        name=codebook.name,
        version=version,
        labels=codebook.names,
        encoders=start.meta.encoders,
        head=learned.head,
        calibration=learned.calibration,
        replay=replay,
        # Every label teaches; what judges are folds. A split of fifty posts would tell nothing.
        evaluation=replay.take(corrected.labels[:0]),
        scores={
            **scores,
            "split": f"grouped cross-validation over {len(corrected)} labelled posts",
            "tables": {"labelled posts, each by a head that did not see it": scores},
        },
        training={
            "recipe": "few-shot",
            "seed": _SEED,
            "n_examples": 0,
            "n_corrections": len(corrected),
            "codebook": codebook.name,
            "revision": codebook.revision,
            "encoders_of": start.id,
            "lesson": asdict(lesson),
            "gate": gate,
        },
        parent=parent_id,
        licence=start.meta.licence,
        sources=(f"labels given under the codebook {codebook.name}",),
    )
    return content.write(folder / f"{codebook.name}-{version}")


def _examples(
    learned: Learned, corrected: Corrected, collected: Eligible, labels: Sequence[str]
) -> tuple[Example, ...]:
    """Choose a few posts that folds gave another label than the analyst, the surest first."""
    probs, truth = learned.held_out, corrected.labels.numpy()
    answers = probs.argmax(1)
    wrong = [row for row in range(len(truth)) if answers[row] != truth[row]]
    wrong.sort(key=lambda row: -probs[row].max())
    return tuple(
        Example(
            collected.posts[row].post_id,
            collected.posts[row].text[:N_CHARACTERS],
            "",
            labels[answers[row]],
            labels[truth[row]],
            True,
        )
        for row in wrong[:N_EXAMPLES]
    )


if __name__ == "__main__":
    heed_termination()
    sys.exit(obey("training.few_shot.run", make_model))
