"""The posts to settle, one a line, and which of them the user is at."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from mmsa_tui.tui.adjudicate import texts
from mmsa_tui.tui.adjudicate.cases import Case
from mmsa_tui.tui.widgets.label_looks import LabelLooks


# The screen has the keys, so that they come in the order typed.
class CaseList(OptionList, can_focus=False):
    """Holds the cases; decided ones stay in it."""

    DEFAULT_CSS = """
    CaseList { height: 1fr; width: 100%; background: $background; border: none; padding: 0; }
    CaseList > .option-list--option-highlighted { background: $primary-muted; text-style: bold; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, compact=True)
        self.cases: Sequence[Case] = ()
        self.at = 0
        self._looks = LabelLooks(())
        self.is_blind = False
        """Whether the labels of a case are hidden until it is decided."""

    @property
    def case(self) -> Case | None:
        """The case under the cursor."""
        return self.cases[self.at] if self.at < len(self.cases) else None

    @property
    def n_decided(self) -> int:
        return sum(bool(case.decided) for case in self.cases)

    def show(self, cases: Sequence[Case], looks: LabelLooks, keep: str = "") -> None:
        """Show cases, with the cursor on the one of a content hash, else on the first."""
        self.cases, self._looks = cases, looks
        hashes = [case.conflict.content_hash for case in cases]
        self.at = hashes.index(keep) if keep in hashes else 0
        self.fill()

    def fill(self) -> None:
        """Draw every case, for the width of now."""
        self.clear_options()
        self.add_options(Option(self._describe(case)) for case in self.cases)
        if self.cases:
            self.highlighted = self.at

    def draw(self, case: Case) -> None:
        """Draw a case that was changed."""
        self.replace_option_prompt_at_index(self.cases.index(case), self._describe(case))

    def move_to(self, at: int) -> None:
        """Put the cursor on a case, or on the nearest there is."""
        if self.cases:
            self.at = self.highlighted = max(0, min(at, len(self.cases) - 1))

    def next_open(self) -> int | None:
        """Find the next case without a decision, from the top again after the last."""
        n = len(self.cases)
        ring = [(self.at + step) % n for step in range(1, n + 1)]
        return next((at for at in ring if not self.cases[at].decided), None)

    def _describe(self, case: Case) -> Content:
        width = max(24, (self.size.width or 60) - 2)
        return texts.describe_case(case.conflict, case.decided, self._looks, width, is_hidden=self.is_blind)
