"""A model takes the name and version of one that has judged: no old answer passes for one of its own."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from command_runs import Mmsa
from word_model import make_contrary, replace_file, to_replay, write_word_bundle

from mmsa_tui.bundle.meta import REPLAY
from mmsa_tui.records import Correction
from mmsa_tui.services.audit import answer, find_audit, next_post
from mmsa_tui.store import Store

Table = Callable[..., Path]

TEXTS = ["best day", "worst day", "a day", "best day"]
RENEWED = "words 1.0.0 is another model now than the one that judged 4 posts here: they are judged anew."
SHOWN = (
    "words 1.0.0 is another model now than the one that judged 4 posts here, whose answers are shown:"
    " `mmsa classify` judges them anew."
)


@pytest.fixture
def source(mmsa: Mmsa, table: Table) -> Path:
    """A table that the first model has judged."""
    path = table(TEXTS)
    assert mmsa("classify", path, "-o", "before.csv").code == 0
    return path


@pytest.fixture
def contrary(source: Path, home: Path) -> Path:
    """The same table, after another model has taken the first one's place."""
    make_contrary(home / "data" / "bundles" / "words-1.0.0")
    return source


def labels_of(path: Path) -> list[str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [row["label"] for row in csv.DictReader(file)]


def test_what_the_old_model_judged_is_judged_anew_and_told(
    mmsa: Mmsa, contrary: Path, tmp_path: Path
) -> None:
    ran = mmsa("classify", contrary, "-o", "out.csv")
    assert ran.code == 0
    assert f"note: {RENEWED}" in ran.err
    assert labels_of(tmp_path / "before.csv") == ["positive", "negative", "neutral", "positive"]
    assert labels_of(tmp_path / "out.csv") == ["negative", "positive", "neutral", "negative"]
    again = mmsa("classify", contrary, "-o", "again.csv")
    assert "another model" not in again.err
    assert "all were known from an earlier run" in again.err


def test_a_file_is_completed_by_the_model_of_now_alone(mmsa: Mmsa, contrary: Path, tmp_path: Path) -> None:
    ran = mmsa("classify", contrary, "-o", "before.csv", "--resume")
    assert RENEWED in ran.err
    assert labels_of(tmp_path / "before.csv") == ["negative", "positive", "neutral", "negative"]


def test_a_stream_waits_for_the_model_of_now(mmsa: Mmsa, contrary: Path) -> None:
    ran = mmsa("classify", contrary, "-o", "-")
    labels = [json.loads(line)["label"] for line in ran.out.splitlines()]
    assert labels == ["negative", "positive", "neutral", "negative"]


def test_of_a_part_only_its_own_posts_are_judged_anew(mmsa: Mmsa, contrary: Path, tmp_path: Path) -> None:
    told = []
    for number in (1, 2):
        ran = mmsa("classify", contrary, "-o", f"part{number}.csv", "--shard", f"{number}/2")
        told += [line for line in ran.err.splitlines() if "another model" in line]
    n_renewed = [int(line.split("judged ")[1].split()[0]) for line in told]
    assert sum(n_renewed) == 4
    found = labels_of(tmp_path / "part1.csv") + labels_of(tmp_path / "part2.csv")
    assert sorted(found) == ["negative", "negative", "neutral", "positive"]


def test_an_evaluation_is_of_the_model_of_now(mmsa: Mmsa, contrary: Path, tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("id,label\n1,negative\n2,positive\n3,neutral\n4,negative\n")
    ran = mmsa("evaluate", contrary, "--labels", "labels.csv", "--json")
    found = json.loads(ran.out)
    assert found["lines"]["fused"]["scores"]["accuracy"] == 1.0
    assert RENEWED in found["notes"]


def test_corrections_stay_when_posts_are_judged_anew(mmsa: Mmsa, source: Path, home: Path) -> None:
    with Store.open(home / "data" / "mmsa.db") as store:
        row = next(store.rows(1, "words 1.0.0"))
        assert row.post is not None and row.prediction is not None
        made = Correction(
            "u1", row.post.content_hash, "neutral", row.prediction.label, row.prediction.probs, "words 1.0.0"
        )
        store.add_corrections([made])
    make_contrary(home / "data" / "bundles" / "words-1.0.0")
    assert mmsa("classify", source, "-o", "out.csv").code == 0
    with Store.open(home / "data" / "mmsa.db") as store:
        (kept,) = store.corrections()
        assert (kept.new_label, kept.old_label, kept.probs) == ("neutral", "positive", made.probs)
        assert next(store.rows(1, "words 1.0.0")).final_label == "neutral"


def test_a_bundle_that_answers_the_same_judges_nothing_anew(mmsa: Mmsa, source: Path, home: Path) -> None:
    """Other posts to learn from, other words in the card: no answer is another one."""
    folder = home / "data" / "bundles" / "words-1.0.0"
    replace_file(folder, REPLAY, (folder / REPLAY).read_bytes() + b" ")
    replace_file(folder, "MODEL_CARD.md", b"a better card")
    ran = mmsa("classify", source, "-o", "out.csv")
    assert "another model" not in ran.err
    assert "all were known from an earlier run" in ran.err


@pytest.mark.parametrize(
    ("command", "file"),
    [
        (("report", "-o", "out.html"), "out.html"),
        (("chart", "-o", "out.svg"), "out.svg"),
        (("kwic", "day"), ""),
    ],
)
def test_what_only_shows_says_whose_answers_these_are(
    mmsa: Mmsa, contrary: Path, tmp_path: Path, command: tuple[str, ...], file: str
) -> None:
    name, *rest = command
    ran = mmsa(name, contrary, *rest)
    assert ran.code == 0, ran.err
    assert SHOWN in ran.err
    if file:
        # Also whoever has the file alone is told.
        assert "another model now than the one" in (tmp_path / file).read_text(encoding="utf-8")
    # Nothing was taken away by that, and nothing is said of what has been judged anew.
    with Store.open(tmp_path / "home" / "data" / "mmsa.db") as store:
        assert [row.final_label for row in store.rows(1, "words 1.0.0")][:2] == ["positive", "negative"]
    assert mmsa("classify", contrary, "-o", "out.csv").code == 0
    assert "another model" not in mmsa(name, contrary, *rest, *(["--overwrite"] if file else [])).err


def test_a_redacted_page_says_so_without_a_path(mmsa: Mmsa, contrary: Path, tmp_path: Path) -> None:
    assert mmsa("report", contrary, "-o", "out.html", "--redact").code == 0
    page = (tmp_path / "out.html").read_text(encoding="utf-8")
    assert "another model now than the one" in page
    assert str(contrary.parent) not in page


def audit(mmsa: Mmsa, home: Path, source: Path) -> None:
    """Draw a sample of all posts and label it."""
    assert mmsa("audit", "start", source, "--size", "3", "--seed", "s").code == 0
    with Store.open(home / "data" / "mmsa.db") as store:
        row = store.source(str(source.resolve()))
        assert row is not None
        drawn = find_audit(store, row)
        while (post := next_post(store, row, drawn, "ann")) is not None:
            answer(store, drawn, post, "neutral", "ann", row.location)


def test_an_audit_that_corrects_another_model_says_so(mmsa: Mmsa, source: Path, home: Path) -> None:
    audit(mmsa, home, source)
    assert "another model" not in mmsa("estimate", source).out
    make_contrary(home / "data" / "bundles" / "words-1.0.0")
    said = mmsa("estimate", source).out
    assert "4 posts were judged by another model than the one that goes by the bundle's name" in said
    assert "since the sample was drawn" not in said


def test_an_audit_drawn_by_the_old_models_labels_says_that_its_strata_are_gone(
    mmsa: Mmsa, source: Path, home: Path
) -> None:
    audit(mmsa, home, source)
    make_contrary(home / "data" / "bundles" / "words-1.0.0")
    assert mmsa("classify", source, "-o", "out.xlsx").code == 0
    for ran in (mmsa("estimate", source), mmsa("audit", "status", source)):
        assert "4 posts have been judged by another model of the same name and version since" in ran.out
        assert "came in later" not in ran.out
    refused = mmsa("audit", "extend", source)
    assert refused.code == 2
    assert "another model now than the one by whose labels the sample was drawn" in refused.err
    assert "--new" in refused.err
    assert mmsa("audit", "start", source, "--new", "--size", "3").code == 0
    assert "another model" not in mmsa("audit", "status", source).out


def test_an_audit_of_a_moved_source_goes_on_only_by_the_model_that_it_was_drawn_by(
    mmsa: Mmsa, source: Path, home: Path, table: Table
) -> None:
    audit(mmsa, home, source)
    moved = table(TEXTS, "moved.csv")
    assert mmsa("classify", moved, "-o", "moved-out.csv").code == 0
    assert "goes on with it here" in mmsa("audit", "status", moved).err
    make_contrary(home / "data" / "bundles" / "words-1.0.0")
    assert mmsa("classify", moved, "-o", "again.csv").code == 0
    assert "goes on with it here" not in mmsa("audit", "status", moved).err


def test_what_another_model_has_learned_of_an_audit_is_said_under_the_same_name(
    mmsa: Mmsa, source: Path, home: Path
) -> None:
    audit(mmsa, home, source)
    with Store.open(home / "data" / "mmsa.db") as store:
        drawn = sorted(store.audits.contents())
    folder = home / "data" / "bundles" / "words-1.0.0"
    make_contrary(folder)
    replace_file(folder, REPLAY, to_replay(drawn[:2]))
    assert mmsa("classify", source, "-o", "out.csv").code == 0
    said = mmsa("estimate", source, "--bundle", "words").out
    assert "The model has learned 2 of the audited posts" in said


def test_no_sample_is_drawn_by_another_models_labels(mmsa: Mmsa, contrary: Path) -> None:
    ran = mmsa("audit", "start", contrary)
    assert ran.code == 2
    assert "another model now than the one that judged 4 posts here" in ran.err
    assert "mmsa classify" in ran.err


def test_what_is_merged_into_the_store_is_of_the_model_that_made_it(
    mmsa: Mmsa, contrary: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_contrary(write_word_bundle(tmp_path / "other-home"))
    monkeypatch.setenv("MMSA_HOME", str(tmp_path / "other-home"))
    assert mmsa("classify", contrary, "-o", "all.parquet", "--shard", "1/1").code == 0
    monkeypatch.setenv("MMSA_HOME", str(home))
    assert mmsa("merge", "all.parquet", "--store").code == 0
    ran = mmsa("classify", contrary, "-o", "out.csv")
    assert "another model" not in ran.err
    assert "all were known from an earlier run" in ran.err
    assert labels_of(tmp_path / "out.csv") == ["negative", "positive", "neutral", "negative"]
