"""Retraining from corrections, as a service for app and command line; imports no torch.

`waiting` is what there is to learn from, `run` starts and follows the child process that learns,
`promotion` decides what becomes of its candidate, `changes` is what a promotion changed.
"""

from mmsa_tui.retrain.changes import Change, changes, describe_change, sources_judged_by
from mmsa_tui.retrain.promotion import Kept, discard, kept_candidates, promote
from mmsa_tui.retrain.run import NO_OUTLOOK, Example, Result, retrain
from mmsa_tui.retrain.waiting import ENOUGH, Waiting, count_new, count_waiting

__all__ = [
    "ENOUGH",
    "NO_OUTLOOK",
    "Change",
    "Example",
    "Kept",
    "Result",
    "Waiting",
    "changes",
    "count_new",
    "count_waiting",
    "describe_change",
    "discard",
    "kept_candidates",
    "promote",
    "retrain",
    "sources_judged_by",
]
