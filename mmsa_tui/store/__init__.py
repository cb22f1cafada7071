"""Posts, predictions and corrections in SQLite; the only package that speaks SQL."""

from mmsa_tui.store.history import Step
from mmsa_tui.store.judged import judged_by
from mmsa_tui.store.posts import SourceRow, StoredPost
from mmsa_tui.store.rows import Order, Row, Where
from mmsa_tui.store.salvage import salvage_corrections
from mmsa_tui.store.search import matching
from mmsa_tui.store.store import Store

__all__ = [
    "Order",
    "Row",
    "SourceRow",
    "Step",
    "Store",
    "StoredPost",
    "Where",
    "judged_by",
    "matching",
    "salvage_corrections",
]
