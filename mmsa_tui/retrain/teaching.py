"""How corrections are to be taken in a retrain, in the words in which people choose it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Teaching:
    """A choice; `rule` is what `retrain` is given."""

    name: str
    meaning: str
    rule: bool | None


AS_FOUND = Teaching("as found", "by how they fit the model", None)
USUAL = Teaching("usual", "I judge posts as most people would", False)
OWN_RULE = Teaching("own rule", "I label by a rule of my own", True)
TEACHINGS = (AS_FOUND, USUAL, OWN_RULE)
