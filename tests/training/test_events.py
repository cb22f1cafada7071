"""Scripts read what `train` and `tune` say with --json: these words are an API."""

from __future__ import annotations

import json

import numpy as np
import pytest

from training.events import Event, Stepped, Trained, Tried, Tuned, say


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (
            Stepped("text", 3, 9, np.float64(0.5)),
            {"event": "progress", "stage": "text", "step": 3, "steps": 9, "loss": 0.5},
        ),
        (Tried(4, np.float64(0.5), 0.75), {"event": "trial", "number": 4, "value": 0.5, "best": 0.75}),
        (
            Trained("runs/b", {"evaluation": {"macro_f1": np.float64(0.5)}}),
            {"event": "done", "bundle": "runs/b", "scores": {"evaluation": {"macro_f1": 0.5}}},
        ),
        (
            Tuned(0.5, np.float64(0.75), 9, 2, "runs/best.toml"),
            {
                "event": "done",
                "base": 0.5,
                "best": 0.75,
                "n_trials": 9,
                "n_pruned": 2,
                "recipe": "runs/best.toml",
            },
        ),
    ],
    ids=["progress", "trial", "trained", "tuned"],
)
def test_an_event_is_one_line_of_json(
    event: Event, line: dict[str, object], capsys: pytest.CaptureFixture[str]
) -> None:
    say(event)
    out = capsys.readouterr().out
    assert out.endswith("}\n") and out.count("\n") == 1
    assert json.loads(out) == line
