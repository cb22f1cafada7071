"""A retrain that says what the true one says, in its order, and takes no time: a copy is its candidate.

The labels of the corrections do not matter here; the gate refuses if `refuse` is among the arguments,
`hang` waits for ever after the first epoch, and `dawdle` in the fit that comes after them.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mmsa_tui.bundle.lesson import Lesson
from mmsa_tui.decoding import to_line
from mmsa_tui.retrain.messages import OUTCOME, Comparing, Encoded, Epoch, Event, Failed, Result
from mmsa_tui.retrain.result import Example
from mmsa_tui.retrain.verdict import Check, Outlook, Verdict

N_EPOCHS = 4


def main(request_file: str, manner: str) -> None:
    request = json.loads(Path(request_file).read_text(encoding="utf-8"))
    for event in events(request, manner):
        print(to_line(event).decode(), end="", flush=True)


def events(request: dict[str, Any], manner: str) -> Iterator[Event]:
    yield Encoded(12, 12)
    yield from (Comparing("without", number, 4) for number in range(1, 5))
    for number in range(1, N_EPOCHS + 1):
        yield Epoch(number, N_EPOCHS, 1 / number, 0.6 + number / 100)
        while manner == "hang":
            time.sleep(1)
    for number in range(1, 3):
        yield Comparing("half", number, N_EPOCHS)
        while manner == "dawdle" and number == 2:
            time.sleep(1)
    if manner == "full":
        yield Failed("the disk is full", "Free some space.", 5)
        return
    passed = manner != "refuse"
    checks = (
        Check("macro-F1", True, "it is as good", 0.62, 0.63, 0.01, (-0.01, 0.03)),
        Check("held-out corrections", passed, "it has not learned what analysts mean", 0.5, 0.75, 0.25),
    )
    verdict = Verdict(passed, checks, 582, 3, 12)
    text = "the queue at the post office [b]goes[/b] round the corner"
    done = Result(
        verdict,
        write_candidate(request, verdict),
        lesson(request),
        0,
        {"with a label that the bundle does not have": 1},
        Outlook(n_learned=9, n_held_out=12, gain=0.02, noise=0.01),
        (Example("07", text, "neutral", "negative", "negative", True),),
    )
    (Path(request["folder"]) / OUTCOME).write_bytes(to_line(done))
    yield done


def lesson(request: dict[str, Any]) -> Lesson:
    is_rule = bool(request["rule"])
    return Lesson(
        n_learned=9, weight=48.0 if is_rule else 8.0, step=1.0 if is_rule else 0.6,
        is_rule=is_rule, is_found=request["rule"] is None,
        n_compared=12, agreement=0.75, expected=0.8,
    )  # fmt: skip


def write_candidate(request: dict[str, Any], verdict: Verdict) -> str:
    folder = Path(request["folder"]) / "small-1.0.1"
    shutil.copytree(request["bundle"], folder)
    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    meta |= {
        "version": "1.0.1", "parent": "small 1.0.0", "created_at": "2025-05-01T00:00:00+00:00",
        "training": {
            "gate": verdict.as_json(), "n_corrections": 9, "correction_weight": lesson(request).weight,
        },
    }  # fmt: skip
    (folder / "meta.json").write_text(json.dumps(meta), encoding="utf-8")
    return str(folder)


if __name__ == "__main__":
    main(*sys.argv[1:3])
