"""Posts, predictions and corrections in SQLite; the only package that speaks SQL."""

from mmsa_tui.store.audits import Audit, AuditAnswer, SampledPost, Stratum
from mmsa_tui.store.history import Step
from mmsa_tui.store.posts import SourceRow, StoredPost
from mmsa_tui.store.rows import Order, Row, Where, at_ordinals, judged_by
from mmsa_tui.store.salvage import Salvaged, salvage_corrections
from mmsa_tui.store.search import matching, with_hashtag
from mmsa_tui.store.store import Store

__all__ = [
    "Audit",
    "AuditAnswer",
    "Order",
    "Row",
    "Salvaged",
    "SampledPost",
    "SourceRow",
    "Step",
    "Store",
    "StoredPost",
    "Stratum",
    "Where",
    "at_ordinals",
    "judged_by",
    "matching",
    "salvage_corrections",
    "with_hashtag",
]
