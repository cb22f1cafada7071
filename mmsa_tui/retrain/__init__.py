"""What app and training both know of a retrain, and neither of its processes alone; imports no torch.

`waiting` is what there is to learn from, `teaching` how it is to be taken, `stages` is how far a run is,
`verdict` what the gate said and `result` how it ended, `changes` is what a promotion changed.
"""

from mmsa_tui.retrain.changes import Change, Comparison, compare, describe_change, sources_judged_by
from mmsa_tui.retrain.result import NO_OUTLOOK, Example, Result
from mmsa_tui.retrain.stages import Stage, stage_of
from mmsa_tui.retrain.teaching import AS_FOUND, OWN_RULE, TEACHINGS, USUAL, Teaching
from mmsa_tui.retrain.waiting import ENOUGH, Waiting, count_new, count_waiting

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
    "Result",
    "Stage",
    "Teaching",
    "Waiting",
    "compare",
    "count_new",
    "count_waiting",
    "describe_change",
    "sources_judged_by",
    "stage_of",
]
