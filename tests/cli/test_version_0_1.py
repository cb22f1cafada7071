"""What version 0.1 wrote opens unchanged: store, settings, corrections, bundle, a run cut short.

The files in `fixtures/version_0_1` were written by that version, before the rooms of the program were
laid out anew: 32 sample posts, 12 of them judged when the run was killed, and seven acts of two analysts.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mmsa_tui.bundle.meta import read_bundle
from mmsa_tui.config import load_config
from mmsa_tui.store import Store

OLD = Path(__file__).parents[1] / "fixtures" / "version_0_1"
POSTS = Path(__file__).parents[2] / "mmsa_tui" / "samples" / "posts.csv"


@pytest.fixture
def old_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "old-home"
    (home / "data").mkdir(parents=True)
    shutil.copy(OLD / "mmsa.db", home / "data" / "mmsa.db")
    shutil.copy(OLD / "config.toml", home / "config.toml")
    monkeypatch.setenv("MMSA_HOME", str(home))
    return home


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mmsa_tui", *map(str, arguments)],
        capture_output=True, text=True, encoding="utf-8", env=dict(os.environ),
    )  # fmt: skip


def test_the_store_keeps_every_act(old_home: Path) -> None:
    with Store.open(old_home / "data" / "mmsa.db") as store:
        acts = {act.uid: act for act in store.corrections()}
        (source,) = store.recent_sources()
    assert len(acts) == 7
    assert acts["ann-0-negative"].note == "Irony: the sun never came."
    assert acts["ann-1-positive"].flagged
    assert {act.analyst for act in acts.values()} == {"ann", "bob"}
    assert source.n_posts == 32


def test_the_settings_are_understood(old_home: Path) -> None:
    config = load_config()
    assert (config.device, config.batch_size, config.analyst) == ("cpu", 4, "ann")
    assert config.keys == {"label_1": "7"}


@pytest.mark.parametrize("name", ["corrections.jsonl", "corrections.xlsx"])
def test_exported_corrections_are_known_to_the_store_they_came_from(old_home: Path, name: str) -> None:
    ran = run("corrections", "import", OLD / name, "--json")
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert told["n_known"] == 7
    assert not told["rejected"]


def test_a_bundle_opens_and_its_head_loads() -> None:
    from mmsa_tui.model.head import Head

    bundle = read_bundle(OLD / "small-1.0.0")
    assert (bundle.meta.name, bundle.meta.version) == ("small", "1.0.0")
    assert Head.load(bundle).config.n_text == 32


@pytest.mark.bundle
def test_a_run_cut_short_is_completed(old_home: Path, tmp_path: Path) -> None:
    table = tmp_path / "out.csv"
    ran = run("classify", POSTS, "-o", table, "--resume", "--bundle", "mvsa-1.0.0")
    assert ran.returncode == 0, ran.stderr
    with table.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len({row["post_id"] for row in rows}) == 32
    assert all(row["label"] for row in rows)
