"""Which posts are worth a person's look, in which order, and how far the work has come.

A queue is a condition and an order over the store's rows; nothing is kept but the analyst's
corrections. A post counts as done when it has a corrected label, also one equal to the model's.
"""

from __future__ import annotations

from dataclasses import dataclass

from mmsa_tui.store import Order, Store, Where

UNCERTAIN_MARGIN = 0.25
"""Posts whose two likeliest labels are closer than this are uncertain."""

SURE = 0.7
"""A model this confident is worth hearing when it disagrees with a person."""


@dataclass(frozen=True, slots=True)
class QueueCount:
    """How many posts a queue holds, and how many of those are done."""

    total: int
    done: int


_DONE = Where("corrected_label <> ''")
# A disagreement with the source is settled by any label of the analyst; one between analyst and
# model is an offer to think again, and stays.
_SOURCE_DISAGREES = "truth_label NOT IN ('', label)"
_SUSPECTED = Where(
    "confidence >= ? AND given_prob IS NOT NULL"
    f" AND ({_SOURCE_DISAGREES} OR corrected_label NOT IN ('', label))",
    (SURE,),
)
_SETTLED = Where(f"corrected_label <> '' AND {_SOURCE_DISAGREES}")

_AUDITED = Where(
    "content_hash IN (SELECT content_hash FROM corrections WHERE origin <> '' AND new_label <> '')"
)


@dataclass(frozen=True, slots=True)
class Queue:
    """One queue, as a person meets it; `title` is short enough for a bar of them.

    Args:
        where: the rows it holds; None for all.
        order: which of them come first; None for the source's order.
    """

    name: str
    title: str
    help: str
    where: Where | None = None
    order: Order | None = None


QUEUES: tuple[Queue, ...] = (
    Queue("all", "all", "every post, in the order of the source"),
    Queue(
        "uncertain",
        "uncertain",
        "two labels are nearly as likely: the closest first",
        Where("margin < ?", (UNCERTAIN_MARGIN,)),
        Order("margin"),
    ),
    Queue(
        "conflict",
        "conflict",
        "text and picture disagree, both of them sure: the closest first",
        Where("conflict = 1"),
        Order("margin"),
    ),
    # Ranking by the probability of the given label: Northcutt, Jiang, Chuang, Confident Learning
    # (JAIR 2021), there called self-confidence.
    Queue(
        "errors",
        "errors?",
        "the model is sure of another label than an analyst or the source gave: the least likely first",
        _SUSPECTED,
        Order("given_prob"),
    ),
    Queue("flagged", "flagged", "posts with a flag", Where("flagged = 1")),
    Queue("corrected", "corrected", "posts that somebody gave a label", _DONE),
    Queue(
        "duplicates",
        "duplicates",
        "posts that say the same as another, group by group",
        Where("n_duplicates > 1"),
        Order("duplicate_group"),
    ),
    Queue("audit", "audit", "posts labelled blind inside an audit", _AUDITED),
)
TEACH = Queue(
    "teach",
    "teach",
    "what a young model learns most from: posts at random, spread over the source; none of an audit",
    Where("failure IS NULL AND content_hash NOT IN (SELECT content_hash FROM audit_posts)"),
    Order("lot"),
)
"""Under a codebook, whose models are made from some hundred labels."""

_BY_NAME = {queue.name: queue for queue in (*QUEUES, TEACH)}


def queues_of(codebook: str) -> tuple[Queue, ...]:
    """List the queues there are under a codebook, "" for the default one."""
    return (QUEUES[0], TEACH, *QUEUES[1:]) if codebook else QUEUES


def title_of(name: str) -> str:
    """Say what a queue is called; the name itself where there is none."""
    return _BY_NAME[name].title if name in _BY_NAME else name


_SETTLED_QUEUES = ("all", "flagged", "corrected", "duplicates", "audit")
"""Queues that list what has been dealt with too."""


def describe_listed(name: str) -> str:
    """Say which posts of a queue its list leaves out; "" for none."""
    if name in _SETTLED_QUEUES:
        return ""
    return "without those settled by a label" if name == "errors" else "without those that have a label"


def queue_rows(name: str) -> tuple[Where | None, Order | None]:
    """Say which rows a queue holds, and in which order; None for all, and for the source's order.

    Raises:
        KeyError: there is no such queue.
    """
    return _BY_NAME[name].where, _BY_NAME[name].order


def listed_rows(name: str) -> tuple[Where | None, Order | None]:
    """Say which rows of a queue its list shows, and in which order, as `queue_rows` does.

    Raises:
        KeyError: there is no such queue.
    """
    where, order = queue_rows(name)
    if name in _SETTLED_QUEUES:
        return where, order
    done = _done(name)
    open_ones = Where(f"({done.sql}) IS NOT TRUE", done.params)
    return (open_ones if where is None else where & open_ones), order


def count_queues(
    store: Store, source_id: int, bundle: str, *, within: Where | None = None
) -> dict[str, QueueCount]:
    """Count every queue and what is done of it, in one pass.

    Args:
        within: a filter that narrows all queues.
    """
    wheres: list[Where] = []
    queues = queues_of(store.codebook()[0])
    for queue in queues:
        where, _ = queue_rows(queue.name)
        all_of_it = where or Where("TRUE")
        wheres += [all_of_it, all_of_it & _done(queue.name)]
    numbers = store.counts(source_id, bundle, wheres, within)
    pairs = zip(numbers[::2], numbers[1::2], strict=True)
    return {queue.name: QueueCount(*pair) for queue, pair in zip(queues, pairs, strict=True)}


def _done(name: str) -> Where:
    return _SETTLED if name == "errors" else _DONE
