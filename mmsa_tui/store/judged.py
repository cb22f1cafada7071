"""Which posts a bundle has judged, as a condition."""

from __future__ import annotations

from mmsa_tui.store.rows import Where


def judged_by(bundle: str) -> Where:
    """Select the rows whose posts a bundle, by id, has judged, whichever bundle is looked at."""
    # Looked up row by row: a list of all of them would be made anew for each batch that is read.
    return Where(
        "EXISTS (SELECT 1 FROM (SELECT content_id AS judged_id, bundle_id FROM predictions)"
        " WHERE judged_id = content_id AND bundle_id = (SELECT id FROM bundles WHERE name = ?))",
        (bundle,),
    )
