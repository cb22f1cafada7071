"""The Python door: the columns and numbers of the command line, and nothing heavy before it is used."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd
import pytest
from command_runs import Mmsa

import mmsa_tui
from mmsa_tui.errors import UsageError
from mmsa_tui.records import Failure, Post

Table = Callable[[Sequence[str]], Path]
TEXTS = ["best day", "worst day", "plain", "!fail", "love it"]
DOCS = Path(__file__).parents[2] / "docs" / "python.md"


def test_a_source_gives_the_columns_and_numbers_of_the_command_line(mmsa: Mmsa, table: Table) -> None:
    source = table(TEXTS)
    assert mmsa("classify", source, "-o", "out.jsonl").code == 0
    written = [json.loads(line) for line in Path("out.jsonl").read_text().splitlines()]
    frame = mmsa_tui.classify(source)
    assert list(frame.columns) == list(written[0])
    found = [
        {name: None if value is pd.NA or value != value else value for name, value in row.items()}
        for row in frame.to_dict("records")
    ]
    assert found == written


def test_a_frame_keeps_its_index_and_leaves_nothing_behind(mmsa: Mmsa, home: Path) -> None:
    mine = pd.DataFrame({"text": ["best day", None], "week": [1, 2]}, index=["a", "b"])
    frame = mmsa_tui.classify(mine)
    assert list(frame.index) == ["a", "b"]
    assert list(frame["week"]) == ["1", "2"]
    assert list(frame["post_id"]) == ["1", "2"]
    assert not (home / "data" / "mmsa.db").exists()


def test_a_frame_gives_the_numbers_of_the_same_posts_in_a_file(mmsa: Mmsa, table: Table) -> None:
    source = mmsa_tui.classify(table(TEXTS))
    mine = pd.DataFrame({"body": TEXTS, "id": range(1, 6)})
    pd.testing.assert_frame_equal(mmsa_tui.classify(mine, columns={"text": "body"}), source)


def test_a_column_that_is_not_there_is_named(mmsa: Mmsa) -> None:
    with pytest.raises(UsageError, match="'body'"):
        mmsa_tui.classify(pd.DataFrame({"text": ["a"]}), columns={"text": "body"})
    with pytest.raises(UsageError, match="neither a column `text`"):
        mmsa_tui.classify(pd.DataFrame({"words": ["a"]}))


def test_read_gives_posts_and_failures(table: Table) -> None:
    found = list(mmsa_tui.read(table(["best day"])))
    assert [item.text for item in found if isinstance(item, Post)] == ["best day"]
    assert not any(isinstance(item, Failure) for item in found)


def test_importing_the_package_imports_nothing_heavy() -> None:
    code = (
        "import sys, mmsa_tui; dir(mmsa_tui); heavy = {'torch', 'pandas', 'numpy', 'PIL', 'textual'};"
        "print(sorted(heavy & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_what_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        _ = mmsa_tui.nonsense  # type: ignore[attr-defined]


@pytest.mark.bundle
def test_the_examples_of_the_page_run_as_they_stand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, table: Table
) -> None:
    table(["What a day!", "Late again."])
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MMSA_HOME", str(tmp_path / "home"))
    names: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL):
        exec(compile(block, str(DOCS), "exec"), names)
    frame = names["frame"]
    assert isinstance(frame, pd.DataFrame)
    assert math.isclose(sum(frame.filter(like="p_").iloc[0]), 1, abs_tol=1e-4)
