"""`mmsa corrections`: what a user sees of exports, merges and agreement."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from command_runs import Mmsa

from mmsa_tui.records import Correction, Post
from mmsa_tui.store import Store

LABELS = ("negative", "neutral", "positive")
POSTS = [Post(str(number), f"post number {number}", content_hash=f"b2:{number}") for number in range(6)]

Laptop = Callable[..., Path]


def acts(analyst: str, labels: str) -> list[Correction]:
    """One act for each word, on posts 0, 1, 2 …; "." is none."""
    names = {label[:3]: label for label in LABELS}
    return [
        Correction(
            f"{analyst}-{i}", f"b2:{i}", names[word], analyst=analyst, bundle="words 1",
            created_at=f"2024-05-01T14:{i:02}:00+00:00", post_id=str(i), text=POSTS[i].text,
        )
        for i, word in enumerate(labels.split())
        if word != "."
    ]  # fmt: skip


@pytest.fixture
def here(home: Path) -> Path:
    """A store with six posts that nobody has judged."""
    database = home / "data" / "mmsa.db"
    with Store.open(database) as store:
        store.index_source("here", "pairs", "here", POSTS)
        store.save_bundle_labels("words 1", LABELS)
    return database


@pytest.fixture
def laptop(tmp_path: Path) -> Laptop:
    """Make the file that a colleague hands over."""

    def write(name: str, made: list[Correction]) -> Path:
        from mmsa_tui.corrections import export_corrections

        path = tmp_path / name
        export_corrections(made, path, lambda bundle: LABELS)
        return path

    return write


def test_an_export_to_stdout_is_json_lines(here: Path, mmsa: Mmsa) -> None:
    with Store.open(here) as store:
        store.add_corrections(acts("Ann", "pos neg"))
    ran = mmsa("corrections", "export")
    assert [json.loads(line)["new_label"] for line in ran.out.splitlines()] == ["positive", "negative"]


def test_what_is_exported_can_be_imported_by_a_colleague(
    here: Path, mmsa: Mmsa, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store.open(here) as store:
        store.add_corrections(acts("Ann", "pos neg"))
    assert mmsa("corrections", "export", "-o", tmp_path / "ann.xlsx").code == 0
    (other := tmp_path / "other" / "data").mkdir(parents=True)
    with Store.open(other / "mmsa.db") as store:
        store.index_source("here", "pairs", "here", POSTS)
    bundle = os.path.relpath(next(here.parent.glob("bundles/*")))
    monkeypatch.setenv("MMSA_HOME", str(other.parent))
    ran = mmsa("corrections", "import", tmp_path / "ann.xlsx", "--bundle", f"./{bundle}")
    assert (ran.code, ran.out) == (0, "2 corrections: 2 new, 0 known already, 0 rejected\n")


def test_an_export_says_which_of_the_corrections_are_labels(here: Path, mmsa: Mmsa) -> None:
    with Store.open(here) as store:
        store.add_corrections(acts("ana", "neg neu"))
        assert "wrote 2 corrections to" in mmsa("corrections", "export", "-o", "labels.jsonl").out
        store.add_corrections([Correction("n", "b2:0", "", analyst="ana", note="irony", facts=("note",))])
    assert "wrote 3 corrections (2 labels, 1 note) to" in mmsa("corrections", "export", "-o", "all.jsonl").out


def test_only_one_analysts_corrections_can_be_exported(here: Path, mmsa: Mmsa) -> None:
    with Store.open(here) as store:
        store.add_corrections(acts("Ann", "pos neg") + acts("Bob", "neg"))
    assert len(mmsa("corrections", "export", "--analyst", "Bob").out.splitlines()) == 1


def test_the_current_export_leaves_out_what_was_replaced(here: Path, mmsa: Mmsa) -> None:
    with Store.open(here) as store:
        store.add_corrections([*acts("Ann", "pos"), Correction("", "b2:0", "negative", analyst="Ann")])
    assert len(mmsa("corrections", "export", "--current").out.splitlines()) == 1


def test_an_existing_file_is_kept_unless_overwriting_is_allowed(
    here: Path, mmsa: Mmsa, tmp_path: Path
) -> None:
    (tmp_path / "c.jsonl").write_text("mine")
    refused = mmsa("corrections", "export", "-o", tmp_path / "c.jsonl")
    assert (refused.code, "exists" in refused.err) == (2, True)
    assert mmsa("corrections", "export", "-o", tmp_path / "c.jsonl", "--overwrite").code == 0


def test_a_merge_lists_conflicts(here: Path, mmsa: Mmsa, laptop: Laptop) -> None:
    ran = mmsa(
        "corrections",
        "merge",
        laptop("a.jsonl", acts("Ann", "pos neg")),
        laptop("b.xlsx", acts("Bob", "pos pos")),
    )
    assert ran.out.startswith("4 corrections: 4 new, 0 known already, 0 rejected\n1 conflict\n")
    assert "Ann: negative, Bob: positive" in ran.out


def test_conflicts_go_to_a_file_with_a_row_a_vote(
    here: Path, mmsa: Mmsa, laptop: Laptop, tmp_path: Path
) -> None:
    files = [laptop("a.jsonl", acts("Ann", "pos")), laptop("b.jsonl", acts("Bob", "neg"))]
    mmsa("corrections", "merge", *files, "-o", tmp_path / "conflicts.jsonl")
    votes = [json.loads(line) for line in (tmp_path / "conflicts.jsonl").read_text().splitlines()]
    assert [(vote["analyst"], vote["label"], vote["file"]) for vote in votes] == [
        ("Ann", "positive", "a.jsonl"),
        ("Bob", "negative", "b.jsonl"),
    ]


def test_merging_again_changes_nothing(here: Path, mmsa: Mmsa, laptop: Laptop) -> None:
    file = laptop("a.jsonl", acts("Ann", "pos neg"))
    mmsa("corrections", "merge", file)
    assert "0 new, 2 known already" in mmsa("corrections", "merge", file).out


def test_a_dry_run_adds_nothing(here: Path, mmsa: Mmsa, laptop: Laptop) -> None:
    assert (
        "1 would be new"
        in mmsa("corrections", "import", laptop("a.jsonl", acts("Ann", "pos")), "--dry-run").out
    )
    assert mmsa("corrections", "export").out == ""


def test_rejected_records_are_told_on_stderr_and_fail_a_strict_import(
    here: Path, mmsa: Mmsa, laptop: Laptop
) -> None:
    file = laptop("a.jsonl", acts("Ann", "pos neg"))
    file.write_text(file.read_text()[:-20])
    ran = mmsa("corrections", "import", file, "--strict")
    assert (ran.code, ran.out) == (1, "2 corrections: 1 new, 0 known already, 1 rejected\n")
    assert ran.err.startswith("rejected: a.jsonl line 2 is not a whole JSON record")


def test_a_hostile_reason_does_not_reach_the_terminal(here: Path, mmsa: Mmsa, tmp_path: Path) -> None:
    record = {"content_hash": "b2:0", "new_label": "\x1b[2J\u202eangry"}
    (tmp_path / "c.jsonl").write_text(json.dumps(record) + "\n")
    ran = mmsa("corrections", "import", tmp_path / "c.jsonl")
    assert "angry" in ran.err and not set("\x1b\u202e") & set(ran.err)


def test_a_missing_file_is_a_source_error(here: Path, mmsa: Mmsa) -> None:
    ran = mmsa("corrections", "import", "nowhere.jsonl")
    assert (ran.code, "nowhere.jsonl" in ran.err) == (2, True)


def test_an_import_as_json_lists_everything(here: Path, mmsa: Mmsa, laptop: Laptop) -> None:
    with Store.open(here) as store:
        store.add_corrections(acts("Bob", "neg"))
    taken = json.loads(mmsa("corrections", "merge", laptop("a.jsonl", acts("Ann", "pos")), "--json").out)
    assert taken["n_new"] == 1
    assert [vote["file"] for vote in taken["conflicts"][0]["votes"]] == ["this laptop", "a.jsonl"]


def test_agreement_of_two_files_is_shown(here: Path, mmsa: Mmsa, laptop: Laptop) -> None:
    files = [
        laptop("a.jsonl", acts("Ann", "pos neg neu pos neg pos")),
        laptop("b.jsonl", acts("Bob", "pos neg neu pos pos .")),
    ]
    ran = mmsa("corrections", "agree", *files)
    assert "2 analysts, 5 posts judged by two or more" in ran.out
    assert "equal labels          80.0% [" in ran.out
    assert "1 disagreement\n" in ran.out


def test_analysts_in_the_store_are_compared_without_files(here: Path, mmsa: Mmsa) -> None:
    with Store.open(here) as store:
        store.add_corrections(
            acts("Ann", "pos neg neu") + acts("Bob", "pos neg pos") + acts("Cleo", "pos . pos")
        )
    measured = json.loads(mmsa("corrections", "agree", "--json").out)
    assert measured["raters"] == ["Ann", "Bob", "Cleo"]
    assert len(measured["pairs"]) == 3


def test_an_adjudication_is_no_rating(here: Path, mmsa: Mmsa) -> None:
    adjudication = Correction("adjudication:1", "b2:0", "neutral", analyst="Ann")
    with Store.open(here) as store:
        store.add_corrections([*acts("Ann", "pos"), *acts("Bob", "pos"), adjudication])
    assert json.loads(mmsa("corrections", "agree", "--json").out)["percent"]["value"] == 1.0


def test_a_label_that_an_import_would_reject_is_named_and_no_class_of_its_own(
    here: Path, mmsa: Mmsa, laptop: Laptop
) -> None:
    angry = replace(acts("Ann", "pos pos pos")[2], new_label="angry")
    files = [
        laptop("a.jsonl", [*acts("Ann", "pos neg"), angry]),
        laptop("b.jsonl", acts("Bob", "pos neg neg")),
    ]
    ran = mmsa("corrections", "agree", *files, "--json")
    assert json.loads(ran.out)["labels"] == list(LABELS)
    assert "rejected: a.jsonl line 3: 'angry' is no label here" in ran.err


def test_one_name_in_two_files_is_two_raters(here: Path, mmsa: Mmsa, laptop: Laptop) -> None:
    files = [laptop("a.jsonl", acts("user", "pos neg")), laptop("b.jsonl", acts("user", "pos pos"))]
    measured = json.loads(mmsa("corrections", "agree", *files, "--json").out)
    assert measured["raters"] == ["user", "user (b.jsonl)"]


def test_disagreements_go_to_a_workbook(here: Path, mmsa: Mmsa, laptop: Laptop, tmp_path: Path) -> None:
    import openpyxl

    files = [laptop("a.jsonl", acts("Ann", "pos neg")), laptop("b.jsonl", acts("Bob", "neg neg"))]
    mmsa("corrections", "agree", *files, "-o", tmp_path / "d.xlsx")
    rows = list(openpyxl.load_workbook(tmp_path / "d.xlsx").active.values)
    assert rows[1][:4] == ("0", "post number 0", "positive", "negative")


@pytest.mark.parametrize("raters", [[], ["Ann"], ["Ann", "Zoe"]])
def test_too_little_to_compare_is_a_usage_error(here: Path, mmsa: Mmsa, raters: list[str]) -> None:
    with Store.open(here) as store:
        store.add_corrections(acts("Ann", "pos"))
    assert mmsa("corrections", "agree", *raters).code == 2


def test_a_table_that_holds_no_corrections_is_refused(here: Path, mmsa: Mmsa, tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("id,words\n1,none\n")
    ran = mmsa("corrections", "import", tmp_path / "labels.csv")
    assert (ran.code, ran.out) == (2, "")
    assert "labels.csv holds no corrections" in ran.err


@pytest.mark.parametrize("suffix", [".jsonl", ".xlsx"])
def test_a_list_of_conflicts_is_no_list_of_corrections(
    here: Path, mmsa: Mmsa, laptop: Laptop, tmp_path: Path, suffix: str
) -> None:
    files = [laptop("a.jsonl", acts("Ann", "pos")), laptop("b.jsonl", acts("Bob", "neg"))]
    mmsa("corrections", "merge", *files, "-o", tmp_path / f"conflicts{suffix}")
    ran = mmsa("corrections", "import", tmp_path / f"conflicts{suffix}")
    assert (ran.code, "holds no corrections" in ran.err) == (2, True)


@pytest.mark.parametrize("command", [["import"], ["merge"], ["agree"]])
def test_a_file_that_may_not_be_read_is_named_with_what_to_do(
    here: Path, mmsa: Mmsa, laptop: Laptop, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    file = laptop("a.jsonl", acts("Ann", "pos"))
    # Whoever runs the tests may read everything; the parser asks this, the program opens the file.
    monkeypatch.setattr(os, "access", lambda *arguments, **options: False)
    real = Path.open

    def refuse(path: Path, *arguments: Any, **options: Any) -> Any:
        if path == file:
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", refuse)
    ran = mmsa("corrections", *command, file)
    assert (ran.code, "cannot be read" in ran.err, "permission to read" in ran.err) == (2, True, True)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"new_label": "angry"}, "'angry' is no label here"),
        ({"labels": ["neg", "neu", "pos"], "bundle": "other 1"}, "chose from other labels"),
        ({"content_hash": "b2:edited"}, "post 0 is another one here"),
        ({"content_hash": "b2:edited", "post_id": "far"}, "in no source that was read here"),
        ({"format": 99}, "newer mmsa"),
    ],
)
def test_a_record_that_does_not_fit_is_rejected_with_its_reason_and_the_rest_taken(
    here: Path, mmsa: Mmsa, laptop: Laptop, changes: dict[str, object], reason: str
) -> None:
    file = laptop("a.jsonl", acts("Ann", "pos neg"))
    first, second = file.read_text().splitlines()
    file.write_text(json.dumps(json.loads(first) | {"labels": list(LABELS)} | changes) + "\n" + second)
    ran = mmsa("corrections", "import", file, "--strict")
    assert (ran.code, ran.out) == (1, "2 corrections: 1 new, 0 known already, 1 rejected\n")
    assert reason in ran.err


def test_contradictory_records_of_one_file_are_a_conflict_and_neither_is_lost(
    here: Path, mmsa: Mmsa, laptop: Laptop
) -> None:
    file = laptop("a.jsonl", acts("Ann", "pos"))
    other = json.loads(file.read_text()) | {"uid": "again", "new_label": "negative"}
    file.write_text(file.read_text() + json.dumps(other) + "\n")
    ran = mmsa("corrections", "merge", file)
    assert "2 new" in ran.out and "1 conflict" in ran.out
    assert len(mmsa("corrections", "export").out.splitlines()) == 2


def test_two_people_with_one_name_are_pointed_out(here: Path, mmsa: Mmsa, laptop: Laptop) -> None:
    first = laptop("a.jsonl", acts("user", "pos pos"))
    others = [replace(act, uid=f"other{act.uid}") for act in acts("user", "neg pos")]
    ran = mmsa("corrections", "merge", first, laptop("b.jsonl", others))
    assert "1 conflict under one name (user)" in ran.err


def test_an_import_that_takes_nothing_does_not_end_well(mmsa: Mmsa, tmp_path: Path) -> None:
    (tmp_path / "theirs.jsonl").write_text('{"content_hash": "b2:1", "new_label": "positive"}\n')
    ran = mmsa("corrections", "import", "theirs.jsonl")
    assert (ran.code, "1 rejected" in ran.out) == (1, True)
