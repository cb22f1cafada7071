"""What bundles believe of posts, by content: a post met again in another folder is known."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from mmsa_tui.errors import StoreError
from mmsa_tui.records import Prediction
from mmsa_tui.store.codec import floats_from_json, floats_to_json, from_sql, to_sql
from mmsa_tui.store.database import Database, Sql
from mmsa_tui.store.posts import current_reading

PREDICTION_COLUMNS = """predictions.status, predictions.label, predictions.confidence,
    predictions.probs, predictions.text_label, predictions.text_probs, predictions.image_label,
    predictions.image_probs, predictions.deciding_picture, predictions.error, predictions.runtime,
    coalesce(
        (SELECT hash FROM models WHERE models.id = predictions.model_id),
        (SELECT hash FROM models WHERE models.bundle_id = predictions.bundle_id ORDER BY id LIMIT 1), '')"""
"""What `to_prediction` needs."""
N_PREDICTION_COLUMNS = 12

_KNOWN = {"ok", "text_only", "image_only", "failed"}


def bundle_key(db: Database, bundle: str) -> int:
    """Find the number that stands for a bundle; 0, which no bundle has, if it is unknown."""
    row = db.one("SELECT id FROM bundles WHERE name = ?", (bundle,))
    return 0 if row is None else int(row[0])


def save_bundle_labels(db: Database, bundle: str, labels: Sequence[str], model: str = "") -> None:
    with db.transaction():
        known = bundle_labels(db, bundle)
        if known and known != tuple(labels):
            raise StoreError(
                f"bundle {bundle} has labels {', '.join(known)} in {db.path}, not {', '.join(labels)}",
                "Two different bundles carry one name: give the new one another name or version.",
            )
        db.run(
            "INSERT INTO bundles (name, labels) VALUES (?, ?)"
            " ON CONFLICT (name) DO UPDATE SET labels = excluded.labels",
            (bundle, json.dumps(list(labels))),
        )
        save_model(db, bundle, model)


def save_model(db: Database, bundle: str, model: str) -> None:
    known = db.one(
        "SELECT bundles.id, hash FROM bundles LEFT JOIN models ON models.id = bundles.model_id"
        " WHERE name = ?",
        (bundle,),
    )
    # Whoever only reads asks too, and should not wait for somebody who writes.
    if not model or known is None or known[1] == model:
        return
    with db.transaction():
        key = int(known[0])
        db.run("UPDATE bundles SET model_id = ? WHERE id = ?", (_model_key(db, key, model), key))


def _model_key(db: Database, bundle_id: int, model: str) -> int:
    """Give the number that stands for a model under a bundle's id; 0 for one that is not known."""
    if not model:
        return 0
    db.run(
        "INSERT INTO models (bundle_id, hash) VALUES (?, ?) ON CONFLICT DO NOTHING",
        (bundle_id, model),
    )
    row = db.one("SELECT id FROM models WHERE bundle_id = ? AND hash = ?", (bundle_id, model))
    assert row is not None
    return int(row[0])


def other_models(db: Database, bundle: str, than: str = "") -> list[int]:
    """List the numbers, as `predictions.model_id` has them, of all models under a bundle's id but one.

    Args:
        than: the hash of that one; "" for the one that goes by the id now.
    """
    found = db.all(
        "SELECT models.id, CASE ?1 WHEN '' THEN models.id = bundles.model_id ELSE hash = ?1 END"
        " FROM models JOIN bundles ON bundles.id = models.bundle_id WHERE name = ?2 ORDER BY models.id",
        (than, bundle),
    )
    others = [int(number) for number, is_it in found if not is_it]
    # What was judged before models were kept is taken for the first one's.
    return [0, *others] if others and others[0] == found[0][0] else others


def bundle_labels(db: Database, bundle: str) -> tuple[str, ...]:
    row = db.one("SELECT labels FROM bundles WHERE name = ?", (bundle,))
    return () if row is None else db.decode(lambda found: tuple(json.loads(found[0])), [row])[0]


def save_predictions(db: Database, predictions: Sequence[Prediction]) -> None:
    with db.transaction():
        bundles = sorted({prediction.bundle for prediction in predictions})
        db.run_many(
            "INSERT INTO bundles (name) VALUES (?) ON CONFLICT DO NOTHING",
            [(name,) for name in bundles],
        )
        db.run_many(
            "INSERT INTO contents (hash) VALUES (?) ON CONFLICT DO NOTHING",
            [(prediction.content_hash,) for prediction in predictions],
        )
        models = {(one.bundle, one.model): 0 for one in predictions}
        for bundle, model in models:
            key = bundle_key(db, bundle)
            models[bundle, model] = number = _model_key(db, key, model)
            if number:
                db.run("UPDATE bundles SET model_id = ? WHERE id = ? AND model_id IS NULL", (number, key))
        db.run_many(_UPSERT, [(*_to_row(one), models[one.bundle, one.model]) for one in predictions])


_UPSERT = """INSERT OR REPLACE INTO predictions (bundle_id, content_id, status, label, confidence,
    margin, conflict, text_label, image_label, probs, text_probs, image_probs, deciding_picture,
    error, runtime, model_id)
    VALUES ((SELECT id FROM bundles WHERE name = ?), (SELECT id FROM contents WHERE hash = ?),
    ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""


def count_runtimes(db: Database, bundle: str) -> dict[str, int]:
    rows = db.all(
        "SELECT runtime, count(*) FROM predictions WHERE bundle_id = ? GROUP BY runtime ORDER BY runtime",
        (bundle_key(db, bundle),),
    )
    return {str(runtime): int(number) for runtime, number in rows}


def forget_predictions(db: Database, source_id: int, bundle: str) -> None:
    with db.transaction():
        db.run(
            "DELETE FROM predictions WHERE bundle_id = ? AND content_id IN"
            " (SELECT content_id FROM posts WHERE reading = ?)",
            (bundle_key(db, bundle), current_reading(db, source_id)),
        )


def to_prediction(row: tuple[Any, ...], content_hash: str, bundle: str) -> Prediction | None:
    """Rebuild what `PREDICTION_COLUMNS` selected; None where the outer join found nothing."""
    (status, label, confidence, probs, text_label, text_probs) = row[:6]
    (image_label, image_probs, deciding_picture, error, runtime, model) = row[6:]
    if status is None:
        return None
    return Prediction(
        content_hash=content_hash,
        bundle=bundle,
        status=status,
        label=label,
        confidence=confidence or 0.0,
        probs=floats_from_json(probs) or (),
        text_label=text_label,
        text_probs=floats_from_json(text_probs),
        image_label=image_label,
        image_probs=floats_from_json(image_probs),
        deciding_picture=deciding_picture,
        error=from_sql(error),
        runtime=runtime,
        model=model,
    )


def _to_row(prediction: Prediction) -> tuple[Sql, ...]:
    if prediction.status not in _KNOWN:
        raise ValueError(f"unknown status {prediction.status!r}")
    ranked = sorted(prediction.probs, reverse=True)
    return (
        prediction.bundle,
        prediction.content_hash,
        prediction.status,
        prediction.label,
        prediction.confidence if ranked else None,
        ranked[0] - ranked[1] if len(ranked) > 1 else None,
        prediction.conflict,
        prediction.text_label,
        prediction.image_label,
        floats_to_json(prediction.probs),
        floats_to_json(prediction.text_probs),
        floats_to_json(prediction.image_probs),
        prediction.deciding_picture,
        to_sql(prediction.error),
        prediction.runtime,
    )
