"""Retraining from corrections, as a service for app and command line; imports no torch.

`waiting` is what there is to learn from, `weights` how much it is to count, `run` starts and follows
the child process that learns, `stages` is how far it is and `result` how it ended, `promotion` decides
what becomes of its candidate, `changes` is what a promotion changed.
"""

from mmsa_tui.retrain.changes import Change, changes, describe_change, sources_judged_by
from mmsa_tui.retrain.promotion import Kept, discard, kept_candidates, promote
from mmsa_tui.retrain.result import NO_OUTLOOK, Example, Result
from mmsa_tui.retrain.run import retrain
from mmsa_tui.retrain.stages import Stage, stage_of
from mmsa_tui.retrain.waiting import ENOUGH, Waiting, count_new, count_waiting
from mmsa_tui.retrain.weights import STRONG, USUAL, WEIGHTS, CorrectionWeight

__all__ = [
    "ENOUGH",
    "NO_OUTLOOK",
    "STRONG",
    "USUAL",
    "WEIGHTS",
    "Change",
    "CorrectionWeight",
    "Example",
    "Kept",
    "Result",
    "Stage",
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
    "stage_of",
]
