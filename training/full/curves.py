"""Loss and F1 of a run as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmsa_tui.disk.whole_file import whole_file


def draw_curves(metrics: Sequence[dict[str, Any]], target: Path) -> None:
    """Draw one panel a stage: loss on the left axis, weighted F1 on the right.

    Args:
        metrics: lines of a run's metrics.jsonl with `stage`, `epoch`, `loss`, `weighted_f1`.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    stages = list(dict.fromkeys(row["stage"] for row in metrics if "epoch" in row))
    if not stages:
        return
    figure = Figure(figsize=(4.2 * len(stages), 3.2), layout="constrained")
    FigureCanvasAgg(figure)
    for number, stage in enumerate(stages):
        rows = [row for row in metrics if row["stage"] == stage and "epoch" in row]
        epochs = [row["epoch"] for row in rows]
        left = figure.add_subplot(1, len(stages), number + 1)
        left.plot(epochs, [row["loss"] for row in rows], color="tab:blue", marker="o", markersize=3)
        left.set_title(stage)
        left.set_xlabel("epoch")
        left.set_ylabel("loss", color="tab:blue")
        left.xaxis.set_major_locator(MaxNLocator(integer=True))
        right = left.twinx()
        right.plot(
            epochs,
            [row.get("weighted_f1", 0.0) for row in rows],
            color="tab:orange",
            marker="s",
            markersize=3,
        )
        right.set_ylabel("weighted F1", color="tab:orange")
    with whole_file(target, overwrite=True) as part:
        figure.savefig(part, dpi=110, format="png")
