"""`evaluate` with labels in words that are not the bundle's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_runs import Mmsa


@pytest.fixture
def posts(tmp_path: Path) -> Path:
    path = tmp_path / "posts.csv"
    path.write_text("id,text,label\n1,lovely,0\n2,so so,2\n3,awful,4\n", encoding="utf-8")
    return path


def test_stars_count_only_as_the_user_says(mmsa: Mmsa, posts: Path, tmp_path: Path) -> None:
    (tmp_path / "stars.csv").write_text("id,stars\n1,5\n2,3\n3,1\n", encoding="utf-8")
    command = ["evaluate", posts, "--labels", "stars.csv", "--json"]
    refused = mmsa(*command)
    assert (refused.code, "5" in refused.err) == (2, True)
    found = json.loads(mmsa(*command, "--labels-map", "1=negative,3=,5=positive").out)
    assert (found["n_labelled"], found["n_scored"], found["unknown"]) == (2, 2, {})
    assert found["notes"] == [
        "labels are read as you say: 5 = positive, 1 = negative; override with --labels-map"
    ]
