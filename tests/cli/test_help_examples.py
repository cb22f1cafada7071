"""Every command shows an example below its options, and the example runs as it stands."""

from __future__ import annotations

import shlex
import shutil
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest
from command_runs import Mmsa
from lessons import LESSON
from test_readme import LEAVES
from test_retrain_command import verdict
from word_model import write_word_bundle

from mmsa_tui.decoding import to_line
from mmsa_tui.records import Correction
from mmsa_tui.retrain.messages import Result
from mmsa_tui.services import retrain
from mmsa_tui.services.audit import answer, find_audit, next_post
from mmsa_tui.services.train import TrainRequest, TuneRequest, parse
from mmsa_tui.store import Store

WORDS = ("what a lovely day for the climate change march", "so sad", "a train", "the best news")
LABELS = ("positive", "negative", "neutral", "positive")
N_POSTS = 120

CLASSIFY = "mmsa classify tweets.csv -o first.csv"
START = "mmsa audit start tweets.csv --size 40"
NEW = 'mmsa codebook new stance --label "for=Wants the new law" --label against'
EXPORT = "mmsa corrections export -o"
CLASSIFIED = (
    *(
        "report",
        "chart",
        "kwic",
        "audit start",
        "audit status",
        "audit extend",
        "estimate",
        "forget",
        "purge",
    ),
    *("store check", "store backup", "store restore", "corrections import", "corrections merge"),
)
BEFORE = {
    "audit status": [START],
    "audit extend": [START],
    "estimate": [START],
    "merge": [f"mmsa classify tweets.csv -o part-{n}.parquet --shard {n}/2" for n in (1, 2)],
    "codebook show": [NEW],
    "codebook use": [NEW],
    "codebook edit": [NEW],
    "corrections import": [f"{EXPORT} ana.jsonl"],
    "corrections merge": [f"{EXPORT} ana.jsonl", f"{EXPORT} bob.xlsx"],
    "bundle import": ["mmsa bundle export words -o mvsa.zip"],
    "store restore": ["mmsa store backup -o backup.db"],
}
"""What has been done when one types the example, after `CLASSIFY` if it is in `CLASSIFIED`."""


def example_of(name: str) -> str:
    lines = [line.strip() for line in (LEAVES[name].epilog or "").splitlines()]
    assert "Example:" in lines, f"mmsa {name} --help shows no example"
    return lines[lines.index("Example:") + 1]


@pytest.fixture
def files(tmp_path: Path) -> None:
    days = [date(2024, 5, 1) + timedelta(number) for number in range(N_POSTS)]
    rows = [f"{n},{WORDS[n % 4]} {n},{day},{'en' if n % 2 else 'de'}" for n, day in enumerate(days)]
    (tmp_path / "tweets.csv").write_text("\n".join(["id,text,date,language", *rows]))
    said = [f"{n},{LABELS[n % 4]}" for n in range(N_POSTS)]
    (tmp_path / "people.csv").write_text("\n".join(["id,label", *said]))


@pytest.fixture
def no_app(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    """Open no app and train nothing; what starts them is tested elsewhere."""
    monkeypatch.setattr("mmsa_tui.cli.browse.open_app", lambda *_: None)

    def trained(module: str, arguments: list[str]) -> int:
        parse(arguments, TuneRequest if "tune" in module else TrainRequest)
        return 0

    monkeypatch.setattr("mmsa_tui.worker.training.run_child", trained)
    done = to_line(Result(verdict(True), "", LESSON, 0, {}, None, ())).decode()
    monkeypatch.setattr(retrain, "command_for", lambda file: [sys.executable, "-c", f"print({done!r})"])


def prepare(name: str, home: Path, mmsa: Mmsa, monkeypatch: pytest.MonkeyPatch) -> None:
    first = [CLASSIFY] if name in CLASSIFIED else []
    for line in [*first, *BEFORE.get(name, [])]:
        assert mmsa(*shlex.split(line)[1:]).code == 0
    database = home / "data" / "mmsa.db"
    if name == "bundle rollback":
        write_word_bundle(home, "1.0.1", parent="words 1.0.0")
        monkeypatch.delenv("MMSA_BUNDLE")
        (home / "data" / "active").write_text("words 1.0.1")
    if name == "bundle import":
        shutil.rmtree(home / "data" / "bundles" / "words-1.0.0")
    if name == "estimate":
        with Store.open(database) as store:
            (source,) = store.recent_sources()
            audit = find_audit(store, source)
            while row := next_post(store, source, audit, "ana"):
                answer(store, audit, row, "positive", "ana", "here")
    if name == "corrections agree":
        with Store.open(database) as store:
            store.add_corrections(
                [
                    Correction(f"{who}{n}", f"b2:{n}", LABELS[n], analyst=who, post_id=str(n))
                    for who in ("ana", "bob")
                    for n in range(4)
                ]
            )


@pytest.mark.usefixtures("files", "no_app")
@pytest.mark.parametrize("name", LEAVES)
def test_the_example_runs_as_it_stands(
    name: str, home: Path, mmsa: Mmsa, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(name, home, mmsa, monkeypatch)
    program, *typed = shlex.split(example_of(name))
    assert (program, typed[: len(name.split())]) == ("mmsa", name.split())
    # The bundle that the tests have stands for the one that is shipped.
    typed = ["words" if word == "mvsa" else word for word in typed]
    ran = mmsa(*typed, *(["--yes"] if name in ("forget", "purge") else []))
    assert ran.code == 0, ran.err
