"""A refitted head as a bundle in its run folder, out of reach of whoever lists bundles."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from mmsa_tui.bundle.meta import Bundle, encoder_roots
from mmsa_tui.bundle.registry import free_version
from mmsa_tui.bundle.writer import store_encoder
from mmsa_tui.config import Paths
from mmsa_tui.model.labelled import UNLABELLED
from mmsa_tui.model.metrics import score
from mmsa_tui.retrain.held_out import kept_apart
from training.content import BundleContent
from training.full.calibrate import decided
from training.retrain.refit import Candidate, RefitSettings
from training.retrain.rehearsal import Base, truth_of


def write_candidate(
    candidate: Candidate, base: Base, parent: Bundle, settings: RefitSettings, paths: Paths, folder: Path
) -> Bundle:
    """Write the bundle below `folder`, with its scores and the gate's verdict on record.

    Raises:
        BundleError: the disk is full, or the folder cannot be written.
    """
    for which in ("text", "image"):
        # A bundle used from a folder of its own brings encoders that nobody else would find.
        encoder = parent.encoder_directory(which, paths)
        if encoder.parent not in encoder_roots(paths):
            store_encoder(encoder, paths.encoders_dir)
    truth = truth_of(base.evaluation).numpy()
    known = truth != UNLABELLED
    probs = decided(candidate.head, candidate.calibration, base.evaluation.features)[known]
    scores = score(truth[known], probs.argmax(1), parent.labels, probs).as_json()
    version = free_version(paths, parent.meta.name, parent.meta.version, taken=[parent.meta.version])
    recorded = dict(parent.meta.training.get("settings", {}))
    content = BundleContent(
        name=parent.meta.name,
        version=version,
        labels=parent.labels,
        encoders=parent.meta.encoders,
        head=candidate.head,
        calibration=candidate.calibration,
        replay=candidate.replay,
        evaluation=base.evaluation,
        tuning=base.tuning,
        copies=kept_apart(parent).keys,
        scores={
            **scores,
            "split": f"frozen part of {parent.id}, {int(known.sum())} posts",
            "tables": {"post label, text and picture": scores},
        },
        training={
            "recipe": "retrain",
            "seed": settings.seed,
            "n_examples": len(candidate.replay) - candidate.lesson.n_learned,
            "n_corrections": candidate.lesson.n_learned,
            "correction_weight": candidate.lesson.weight,
            "lesson": asdict(candidate.lesson),
            "settings": {**recorded, "fusion": asdict(settings.fusion)},
            "gate": candidate.verdict.as_json(),
        },
        parent=parent.id,
        licence=parent.meta.licence,
        sources=parent.meta.sources,
    )
    return content.write(folder / f"{parent.meta.name}-{version}")
