"""Retraining as a command: `python -m training.retrain --request FILE`.

Reads corrections and their posts from the store, encodes what the cache lacks, refits the head,
lets the gate judge it and writes the candidate into the run folder. Progress and the verdict are
JSON lines on stdout. Promoting is the caller's business.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mmsa_tui.config import Paths
from mmsa_tui.errors import MmsaError, TrainingError
from mmsa_tui.model.bundle import (
    CALIBRATION,
    EVALUATION,
    REPLAY,
    TUNING,
    Bundle,
    encoder_roots,
    list_bundles,
    read_bundle,
)
from mmsa_tui.model.bundle_writer import BundleContent, store_encoder, write_bundle
from mmsa_tui.model.cache import FeatureCache
from mmsa_tui.model.calibration import Calibration
from mmsa_tui.model.device import choose_device, set_threads
from mmsa_tui.model.encoding import Encoders
from mmsa_tui.model.features import Features, concatenate
from mmsa_tui.model.held_out import content_group, is_held_out
from mmsa_tui.model.labelled import UNLABELLED, load_labelled
from mmsa_tui.model.metrics import score
from mmsa_tui.model.network import FusionHead
from mmsa_tui.model.numerics import choose_numerics
from mmsa_tui.model.predictor import load_head
from mmsa_tui.records import Correction, Post
from mmsa_tui.store import Store
from training.curves import draw_curves
from training.fusion_stage import Epoch
from training.refit import Base, Candidate, Corrected, RefitSettings, decided, refit, truth_of
from training.runs import RunLog

_BATCH = 64


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m training.retrain")
    parser.add_argument("--request", type=Path, required=True, help="JSON written by `mmsa retrain`")
    try:
        return _retrain(json.loads(parser.parse_args(arguments).request.read_text(encoding="utf-8")))
    except MmsaError as error:
        _say(event="error", message=error.message, hint=error.hint, code=error.exit_code)
        return error.exit_code
    except KeyboardInterrupt:
        return 130


def _say(**event: Any) -> None:
    print(json.dumps(event), flush=True)


def _retrain(request: dict[str, Any]) -> int:
    paths = Paths(
        *(Path(request["paths"][key]) for key in ("config_file", "data_dir", "cache_dir", "shipped_bundles"))
    )
    folder, bundle = Path(request["folder"]), read_bundle(Path(request["bundle"]))
    settings = RefitSettings(seed=int(request.get("seed", 1)))
    set_threads(int(request.get("threads", 0)))
    base = load_base(bundle)
    log = RunLog(folder)
    with Store.open(paths.database) as store:
        current = [c for c in store.current_corrections() if c.new_label in bundle.labels]
        taken_back = frozenset(c.content_hash for c in store.corrections()) - {
            c.content_hash for c in current
        }
        posts = {p.content_hash: p for p in store.posts_with_content([c.content_hash for c in current])}
    corrected = encode_corrections(current, posts, bundle, base, paths, str(request.get("device", "auto")))
    _write_manifest(folder, bundle, current, settings)

    def report(epoch: Epoch) -> None:
        log.record(stage="fusion", epoch=epoch.number, loss=epoch.loss, weighted_f1=epoch.weighted_f1)
        _say(event="epoch", number=epoch.number, total=epoch.total, loss=epoch.loss, f1=epoch.weighted_f1)

    candidate = refit(base, corrected, bundle.labels, settings, withdrawn=taken_back, on_epoch=report)
    draw_curves(log.metrics(), folder / "curves.png")
    changes = _changes(candidate, corrected, posts, bundle.labels)
    written = (
        None
        if request.get("dry_run")
        else write_candidate(candidate, base, bundle, paths, folder, len(current))
    )
    _say(
        event="done",
        verdict=candidate.verdict.as_json(),
        candidate=str(written.directory) if written else "",
        n_learned=candidate.n_learned,
        n_unknown=len(current) - len(corrected),
        changes=changes,
    )
    return 0


def load_base(bundle: Bundle) -> Base:
    """Load what a bundle brings to its retraining.

    Raises:
        BundleError: a file is missing or damaged.
    """
    tuning = bundle.directory / TUNING
    return Base(
        load_head(bundle),
        Calibration.load(bundle.directory / CALIBRATION),
        load_labelled(bundle.directory / REPLAY),
        load_labelled(bundle.directory / EVALUATION),
        load_labelled(tuning) if tuning.is_file() else None,
    )


def encode_corrections(
    current: Sequence[Correction],
    posts: dict[str, Post],
    bundle: Bundle,
    base: Base,
    paths: Paths,
    device: str,
) -> Corrected:
    """Features of the corrected posts; posts that no source holds or that show nothing are left out.

    Raises:
        TrainingError: there is nothing to learn from.
    """
    if not current:
        raise TrainingError("there are no corrections to learn from", "label some posts in the app first")
    kinds = Counter(c.new_label for c in current)
    if len(kinds) < 2:
        raise TrainingError(
            f"all {len(current)} corrections say {next(iter(kinds))}: a head cannot learn from one label",
            "correct posts of other labels too",
        )
    known = [c for c in current if c.content_hash in posts]
    if not known:
        raise TrainingError(
            "none of the corrected posts is in a source that was read here",
            "open the folder of the posts first",
        )
    chosen = choose_device(device)
    text, image = (bundle.encoder_directory(which, paths) for which in ("text", "image"))
    cache = FeatureCache(paths.features_file)
    encoders = Encoders(
        text, image, chosen, choose_numerics(chosen, text, image, paths.cache_dir), cache=cache
    )
    parts: list[Features] = []
    for start in range(0, len(known), _BATCH):
        parts.append(encoders.encode([posts[c.content_hash] for c in known[start : start + _BATCH]]).features)
        _say(event="encoded", done=min(start + _BATCH, len(known)), total=len(known))
    features = compress(base.head, concatenate(parts))
    usable = torch.nonzero(features.has_text | features.has_image).flatten()
    kept = [known[int(i)] for i in usable]
    groups = tuple(
        content_group(p.text, [x.digest for x in p.pictures], p.content_hash)
        for p in (posts[c.content_hash] for c in kept)
    )
    return Corrected(
        features.take(usable),
        torch.tensor([bundle.labels.index(c.new_label) for c in kept]),
        tuple(c.content_hash for c in kept),
        groups,
        torch.tensor([is_held_out(group) for group in groups], dtype=torch.bool),
    )


@torch.no_grad()
def compress(head: FusionHead, features: Features) -> Features:
    """The same features with the image part as the replay set holds it."""
    image = head.compress(features.image)
    image = torch.where(features.has_image.unsqueeze(1), image, torch.zeros_like(image))
    return replace(features, image=image)


def write_candidate(
    candidate: Candidate, base: Base, parent: Bundle, paths: Paths, folder: Path, n_corrections: int
) -> Bundle:
    """Write the refitted bundle into the run folder, out of reach of `bundle list`."""
    for which in ("text", "image"):
        # A bundle used from a folder of its own brings encoders that nobody else would find.
        encoder = parent.encoder_directory(which, paths)
        if encoder.parent not in encoder_roots(paths):
            store_encoder(encoder, paths.encoders_dir)
    known = truth_of(base.evaluation).numpy() != UNLABELLED
    probs = decided(candidate.head, candidate.calibration, base.evaluation.features)[known]
    truth = truth_of(base.evaluation).numpy()[known]
    scores = score(truth, probs.argmax(1), parent.labels, probs).as_json()
    version = next_version(parent, paths)
    return write_bundle(
        BundleContent(
            name=parent.meta.name,
            version=version,
            labels=parent.labels,
            encoders=parent.meta.encoders,
            head=candidate.head,
            calibration=candidate.calibration,
            replay=candidate.replay,
            evaluation=base.evaluation,
            tuning=base.tuning,
            scores={
                **scores,
                "split": f"frozen evaluation part of {parent.id}, {len(truth)} posts",
                "tables": {"post label, text and picture": scores},
            },
            training={
                "recipe": "retrain",
                "seed": 1,
                "n_examples": len(candidate.replay),
                "n_corrections": n_corrections,
                "gate": candidate.verdict.as_json(),
                "overruled": False,
            },
            parent=parent.id,
            licence=parent.meta.licence,
            sources=parent.meta.sources,
        ),
        folder / f"{parent.meta.name}-{version}",
    )


def next_version(parent: Bundle, paths: Paths) -> str:
    """The first patch version above every bundle of that name that is here."""
    patches = [parent.meta.version]
    patches += [
        b.meta.version
        for b in list_bundles(paths)
        if isinstance(b, Bundle) and b.meta.name == parent.meta.name
    ]
    major_minor, _, _ = parent.meta.version.rpartition(".")
    last = [
        int(v.rpartition(".")[2])
        for v in patches
        if v.rpartition(".")[0] == major_minor and v.rpartition(".")[2].isdigit()
    ]
    return f"{major_minor or '1.0'}.{max(last, default=0) + 1}"


def _changes(
    candidate: Candidate, corrected: Corrected, posts: dict[str, Post], labels: Sequence[str]
) -> list[dict[str, str]]:
    """A few corrected posts whose label the candidate changes, for the eye."""
    before, after = candidate.before.argmax(1), candidate.after.argmax(1)
    rows = np.flatnonzero(before != after)[:8]
    return [
        {
            "text": posts[corrected.hashes[i]].text[:160],
            "before": labels[before[i]],
            "after": labels[after[i]],
            "wanted": labels[int(corrected.labels[i])],
        }
        for i in rows
    ]


def _write_manifest(
    folder: Path, bundle: Bundle, current: Sequence[Correction], settings: RefitSettings
) -> None:
    manifest = {
        "bundle": bundle.id,
        "settings": asdict(settings),
        "corrections": [
            {"uid": c.uid, "content_hash": c.content_hash, "label": c.new_label} for c in current
        ],
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
