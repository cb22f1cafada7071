"""The bars take the room they need, before they have ever been laid out too."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult

from mmsa_tui.records import Prediction
from mmsa_tui.tui.widgets.belief_bars import BeliefBars
from mmsa_tui.tui.widgets.label_looks import LabelLooks

LABELS = ("negative", "neutral", "positive")
JUDGED = Prediction(
    "b2:1", "small 1.0.0", "ok", "neutral", 0.5, (0.2, 0.5, 0.3), "neutral", (0.1, 0.6, 0.3),
    "positive", (0.3, 0.3, 0.4),
)  # fmt: skip


class OneSet(App[None]):
    def compose(self) -> ComposeResult:
        bars = BeliefBars()
        bars.display = False
        bars.show(JUDGED, LabelLooks(LABELS), "")
        yield bars


@pytest.mark.parametrize(("width", "lines"), [(80, 4), (40, 4), (36, 1)])
async def test_bars_know_their_height_by_the_width_they_are_offered(width: int, lines: int) -> None:
    async with OneSet().run_test() as pilot:
        bars = pilot.app.query_one(BeliefBars)
        assert bars.size.width == 0
        assert bars.get_content_height(pilot.app.size, pilot.app.size, width) == lines
