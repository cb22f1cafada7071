"""Retraining from corrections, as a service for app and command line; imports no torch.

`waiting` is what there is to learn from, `teaching` how it is to be taken, `run` starts and follows
the child process that learns, `stages` is how far it is and `result` how it ended, `promotion` decides
what becomes of its candidate, `changes` is what a promotion changed.
"""

from mmsa_tui.retrain.changes import Change, Comparison, compare, describe_change, sources_judged_by
from mmsa_tui.retrain.result import NO_OUTLOOK, Example, Result
from mmsa_tui.retrain.stages import Stage, stage_of
from mmsa_tui.retrain.teaching import AS_FOUND, OWN_RULE, TEACHINGS, USUAL, Teaching
from mmsa_tui.retrain.waiting import ENOUGH, Waiting, count_new, count_waiting
from mmsa_tui.services.promote import Kept, discard, kept_candidates, objections, promote
from mmsa_tui.services.retrain import retrain

__all__ = [
    "AS_FOUND",
    "ENOUGH",
    "NO_OUTLOOK",
    "OWN_RULE",
    "TEACHINGS",
    "USUAL",
    "Change",
    "Comparison",
    "Example",
    "Kept",
    "Result",
    "Stage",
    "Teaching",
    "Waiting",
    "compare",
    "count_new",
    "count_waiting",
    "describe_change",
    "discard",
    "kept_candidates",
    "objections",
    "promote",
    "retrain",
    "sources_judged_by",
    "stage_of",
]
