"""How labels look: colour, sign and short form, for whatever labels a bundle has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mmsa_tui.tui.themes import label_sign, label_variable

UNKNOWN_SIGN = "·"


@dataclass(frozen=True, slots=True)
class LabelLooks:
    """The looks of a bundle's labels; a label of another bundle gets a neutral one."""

    labels: tuple[str, ...]

    def colour(self, label: str) -> str:
        """Name the colour, `$label-0`, so that it follows the theme; "" for a label that is not known."""
        if label not in self.labels:
            return ""
        return f"${label_variable(self.labels.index(label), len(self.labels))}"

    def sign(self, label: str) -> str:
        """Give one cell that stands for the label beside its colour."""
        if label not in self.labels:
            return UNKNOWN_SIGN
        return label_sign(self.labels.index(label), len(self.labels))

    @property
    def widest(self) -> int:
        """The length of the longest label, in characters."""
        return max(map(len, self.labels), default=5)


def shorten(labels: Sequence[str], length: int = 3) -> dict[str, str]:
    """Cut labels to the fewest letters, at least `length`, that keep them apart."""
    longest = max(map(len, labels), default=0)
    while length < longest and len({label[:length] for label in labels}) < len(set(labels)):
        length += 1
    return {label: label[:length] for label in labels}
