"""Service: the posts that a command is about, where a filter names them."""

from __future__ import annotations

from mmsa_tui.errors import UsageError
from mmsa_tui.filters import parse
from mmsa_tui.store import SourceRow, Store, Where


def posts_of_filter(store: Store, source: SourceRow, bundle: str, text: str) -> Where | None:
    """Read a filter; None where it is empty.

    Raises:
        FilterError: it makes no sense.
        UsageError: it finds no post.
    """
    if not text.strip():
        return None
    where = parse(text, store.bundle_labels(bundle), source.metadata_columns)
    if where is not None and not store.count(source.id, bundle, where):
        raise UsageError(
            f"no post of {source.title} passes the filter {text.strip()}",
            "Widen the filter, or leave it out.",
        )
    return where
