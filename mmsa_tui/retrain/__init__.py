"""What app and training both know of a retrain, and neither of its processes alone; imports no torch.

`eligible` is the rule of what can be learned from, `held_out` of what only judges; `waiting` is what there
is and how it is to be taken, `messages` what a run is asked for and says on
its way, `result` how it ended, `verdict` what the gate said of it.
"""

from mmsa_tui.retrain.messages import Epoch, Event, Stage, stage_of
from mmsa_tui.retrain.result import NO_OUTLOOK, Example, Result
from mmsa_tui.retrain.waiting import (
    AS_FOUND,
    ENOUGH,
    OWN_RULE,
    TEACHINGS,
    USUAL,
    Teaching,
    Waiting,
    count_new,
    count_waiting,
)

__all__ = [
    "AS_FOUND",
    "ENOUGH",
    "NO_OUTLOOK",
    "OWN_RULE",
    "TEACHINGS",
    "USUAL",
    "Epoch",
    "Event",
    "Example",
    "Result",
    "Stage",
    "Teaching",
    "Waiting",
    "count_new",
    "count_waiting",
    "stage_of",
]
