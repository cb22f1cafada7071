"""Which posts a bundle has judged, as a condition."""

from __future__ import annotations

from mmsa_tui.store.rows import Where


def judged_by(bundle: str) -> Where:
    """Select the rows whose posts a bundle, by id, has judged, whichever bundle is looked at."""
    return Where(
        "row_id IN (SELECT posts.id FROM bundles JOIN predictions ON predictions.bundle_id = bundles.id"
        " JOIN posts ON posts.content_id = predictions.content_id WHERE bundles.name = ?)",
        (bundle,),
    )
