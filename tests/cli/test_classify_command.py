from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import openpyxl
import pytest
from command_runs import Mmsa
from PIL import Image
from word_model import WordModel

from mmsa_tui.model.explain import Explanation
from mmsa_tui.records import Correction
from mmsa_tui.services.row_changes import describe_explanation
from mmsa_tui.store import Store

WORD_MODEL = Path(__file__).parent / "word_model.py"
Table = Callable[..., Path]


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def records(out: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in out.splitlines()]


def test_every_post_of_a_table_gets_a_row_with_its_label(mmsa: Mmsa, table: Table, tmp_path: Path) -> None:
    source = table(["best day", "worst day", "a day"])
    assert mmsa("classify", source, "-o", "out.csv").code == 0
    assert [row["label"] for row in rows_of(tmp_path / "out.csv")] == ["positive", "negative", "neutral"]


def test_the_suffix_picks_the_format_and_outputs_may_be_several(
    mmsa: Mmsa, table: Table, tmp_path: Path
) -> None:
    source = table(["best day"])
    mmsa("classify", source, "-o", "a.csv", "-o", "a.xlsx", "-o", "a.jsonl", "-o", "a.parquet")
    assert openpyxl.load_workbook(tmp_path / "a.xlsx").sheetnames[0] == "Posts"
    assert records((tmp_path / "a.jsonl").read_text())[0]["label"] == "positive"
    assert (tmp_path / "a.parquet").read_bytes()[:4] == b"PAR1"


def test_the_summary_is_talk_and_leaves_stdout_empty(mmsa: Mmsa, table: Table) -> None:
    ran = mmsa("classify", table(["best day"]), "-o", "out.csv")
    assert ran.out == ""
    assert "positive      1  100.0 %" in ran.err
    assert "wrote out.csv" in ran.err


def test_a_runtime_that_broke_down_is_said(mmsa: Mmsa, table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    note = "cpu int8 broke down (no memory); torch on the CPU went on"
    monkeypatch.setattr(WordModel, "notes", [note])
    ran = mmsa("classify", table(["best day"]), "-o", "out.csv")
    assert (ran.code, f"note: {note}" in ran.err) == (0, True)


def test_a_dash_streams_json_lines_in_the_order_of_the_source(mmsa: Mmsa, table: Table) -> None:
    source = table([f"day {number}" for number in range(200)])
    ran = mmsa("classify", source, "-o", "-")
    assert [record["post_id"] for record in records(ran.out)] == [str(n) for n in range(1, 201)]


def test_rows_are_streamed_before_the_last_post_is_classified(mmsa: Mmsa, table: Table) -> None:
    source = table([*(f"day {number}" for number in range(150)), "!interrupt"])
    ran = mmsa("classify", source, "-o", "-")
    assert ran.code == 130
    assert 0 < len(records(ran.out)) < 151


def test_several_sources_land_in_one_table_in_their_order(mmsa: Mmsa, table: Table, tmp_path: Path) -> None:
    first, second = table(["best"], "a.csv"), table(["worst"], "b.csv")
    mmsa("classify", first, second, "-o", "out.csv")
    assert [row["label"] for row in rows_of(tmp_path / "out.csv")] == ["positive", "negative"]


def test_a_source_named_twice_gives_its_posts_once(mmsa: Mmsa, table: Table, tmp_path: Path) -> None:
    source = table(["best"])
    mmsa("classify", source, source.parent / "." / source.name, "-o", "out.csv")
    assert len(rows_of(tmp_path / "out.csv")) == 1


def test_an_existing_output_is_refused_with_what_to_do(mmsa: Mmsa, table: Table, tmp_path: Path) -> None:
    (tmp_path / "out.csv").write_text("mine")
    ran = mmsa("classify", table(["best"]), "-o", "out.csv")
    assert ran.code == 2
    assert "--resume" in ran.err
    assert (tmp_path / "out.csv").read_text() == "mine"


def test_resume_completes_an_existing_output(mmsa: Mmsa, table: Table, tmp_path: Path) -> None:
    source = table(["best"])
    mmsa("classify", source, "-o", "out.csv")
    table(["best", "worst"])
    ran = mmsa("classify", source, "-o", "out.csv", "--resume")
    assert len(rows_of(tmp_path / "out.csv")) == 2
    assert "1 classified" in ran.err


def test_restart_classifies_every_post_again(mmsa: Mmsa, table: Table) -> None:
    source = table(["best", "worst"])
    mmsa("classify", source, "-o", "out.csv")
    assert "2 classified" in mmsa("classify", source, "-o", "out.csv", "--restart").err


def test_resume_and_restart_exclude_each_other(mmsa: Mmsa, table: Table) -> None:
    assert mmsa("classify", table(["best"]), "-o", "out.csv", "--resume", "--restart").code == 2


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("out.doc", "names a format"),
        ("nowhere/out.csv", "does not exist"),
        ("folder.csv", "is a folder"),
    ],
)
def test_an_output_that_cannot_be_is_refused_before_the_source_is_read(
    mmsa: Mmsa, table: Table, tmp_path: Path, home: Path, output: str, message: str
) -> None:
    (tmp_path / "folder.csv").mkdir()
    ran = mmsa("classify", table(["best"]), "-o", output)
    assert (ran.code, message in ran.err) == (2, True)
    assert not (home / "data" / "mmsa.db").exists()


def test_a_post_that_cannot_be_judged_costs_one_row(mmsa: Mmsa, table: Table, tmp_path: Path) -> None:
    ran = mmsa("classify", table(["best", ""]), "-o", "out.csv")
    assert ran.code == 0
    assert [(row["status"], row["error"]) for row in rows_of(tmp_path / "out.csv")] == [
        ("text_only", ""),
        ("failed", "nothing to judge"),
    ]


def test_strict_reports_failed_rows_by_the_exit_code(mmsa: Mmsa, table: Table, tmp_path: Path) -> None:
    assert mmsa("classify", table(["best", ""]), "-o", "out.csv", "--strict").code == 1
    assert len(rows_of(tmp_path / "out.csv")) == 2


def test_failures_are_grouped_by_reason(mmsa: Mmsa, tmp_path: Path) -> None:
    lines = ["id,text,image", "9,best,", *(f"{n},,gone{n}.jpg" for n in range(3))]
    (tmp_path / "posts.csv").write_text("\n".join(lines))
    assert "picture … cannot be used" in mmsa("classify", "posts.csv", "-o", "out.csv").err


def test_a_label_below_the_minimum_is_unsure_and_its_probabilities_stay(
    mmsa: Mmsa, table: Table, tmp_path: Path
) -> None:
    mmsa("classify", table(["best best best", "a day"]), "-o", "out.csv", "--min-confidence", "0.6")
    sure, unsure = rows_of(tmp_path / "out.csv")
    assert (sure["label"], sure["final_label"]) == ("positive", "positive")
    assert (unsure["label"], unsure["final_label"], unsure["p_neutral"]) == ("unsure", "unsure", "0.500000")


def test_a_summary_names_the_column_whose_labels_it_counts(
    mmsa: Mmsa, table: Table, tmp_path: Path, home: Path
) -> None:
    source = table(["best best best", "a day"])
    assert "label" in mmsa("classify", source, "-o", "before.xlsx").err
    with Store.open(home / "data" / "mmsa.db") as store:
        row = store.source(str(source.resolve()))
        assert row is not None
        post = [found.post for found in store.posts(row.id)][1]
        assert post is not None
        store.add_corrections([Correction("", post.content_hash, "negative", analyst="ana")])
    ran = mmsa("classify", source, "-o", "after.xlsx", "--min-confidence", "0.6")
    assert "final label" in ran.err and "1 of these have an analyst's label" in ran.err
    for name, title in (("before.xlsx", "label"), ("after.xlsx", "final_label")):
        book = openpyxl.load_workbook(tmp_path / name)
        summary = list(book["Summary"].iter_rows(values_only=True))
        at = next(number for number, cells in enumerate(summary) if cells[:2] == (title, "posts"))
        counted = {cells[0]: cells[1] for cells in summary[at + 1 : at + 5]}
        header, *rows = book["Posts"].iter_rows(values_only=True)
        column = [cells[header.index(title)] for cells in rows]
        assert all(counted.get(label) == column.count(label) for label in column)


def test_explain_adds_the_words_that_decided(mmsa: Mmsa, table: Table, tmp_path: Path) -> None:
    mmsa("classify", table(["best day, but bad food"]), "-o", "out.csv", "--explain")
    assert rows_of(tmp_path / "out.csv")[0]["explanation"] == "best +0.80, bad -0.60"


def test_a_text_without_spaces_is_not_repeated_whole_as_its_explanation() -> None:
    text = "a" * 10_000
    assert describe_explanation(Explanation("positive", ((0, len(text), 1.0),)), text) == f"{'a' * 60}… +1.00"


def test_each_post_has_its_own_explanation_with_failed_ones_between(
    mmsa: Mmsa, table: Table, tmp_path: Path
) -> None:
    mmsa("classify", table(["", "best day", "", "bad food", ""]), "-o", "out.csv", "--explain")
    found = [row["explanation"] for row in rows_of(tmp_path / "out.csv")]
    assert found == ["", "best +0.80", "", "bad -0.60", ""]


def test_shards_share_the_posts_without_loss_or_overlap(mmsa: Mmsa, table: Table) -> None:
    source = table([f"day {number}" for number in range(60)] + [""])
    parts = [records(mmsa("classify", source, "-o", "-", "--shard", f"{i}/3").out) for i in (1, 2, 3)]
    ids = [str(record["post_id"]) for part in parts for record in part]
    assert sorted(ids, key=int) == [str(n) for n in range(1, 62)]
    assert all(parts)


@pytest.mark.parametrize("shard", ["0/3", "4/3", "a/b", "3"])
def test_a_shard_that_is_none_is_refused(mmsa: Mmsa, table: Table, shard: str) -> None:
    assert mmsa("classify", table(["best"]), "-o", "-", "--shard", shard).code == 2


def test_columns_of_a_table_can_be_named(mmsa: Mmsa, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("key,a=b\n7,best\n")
    ran = mmsa("classify", "t.csv", "-o", "-", "--map", "text=a=b,id=key")
    assert records(ran.out)[0]["post_id"] == "7"


@pytest.mark.parametrize("mapping", ["text", "colour=a", ""])
def test_a_mapping_that_cannot_be_read_is_refused(mmsa: Mmsa, table: Table, mapping: str) -> None:
    assert mmsa("classify", table(["best"]), "-o", "-", "--map", mapping).code == 2


def test_an_interruption_says_what_is_kept_and_how_to_go_on(mmsa: Mmsa, table: Table) -> None:
    source = table([*(f"day {number}" for number in range(64)), "!interrupt"])
    ran = mmsa("classify", source, "-o", "out.csv")
    assert ran.code == 130
    assert "64 posts of this run are classified and kept" in ran.err
    assert "--resume" in ran.err


def test_a_reader_that_leaves_is_no_news(home: Path, table: Table) -> None:
    source = table([f"day {number}" for number in range(3000)])
    with subprocess.Popen(
        [sys.executable, str(WORD_MODEL), "classify", str(source), "-o", "-"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout is not None and process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert b"error" not in process.stderr.read()
    assert process.returncode == 130


def kill_after(n_batches: int, arguments: Sequence[str]) -> int:
    environment = os.environ | {"DIE_AFTER_BATCHES": str(n_batches)}
    ran = subprocess.run(
        [sys.executable, str(WORD_MODEL), *arguments], env=environment, capture_output=True, check=False
    )
    return ran.returncode


@pytest.mark.skipif(os.name == "nt", reason="kill -9 is a POSIX signal")
@pytest.mark.parametrize("n_batches", [0, 1, 3])
def test_after_kill_9_resume_loses_no_post_and_gives_none_twice(
    mmsa: Mmsa, table: Table, tmp_path: Path, n_batches: int
) -> None:
    source = table([f"day {number}" for number in range(300)])
    (tmp_path / "out.csv").write_text("half a file")
    arguments = ["classify", str(source), "-o", "out.csv", "--resume"]
    assert kill_after(n_batches, arguments) == -9
    assert (tmp_path / "out.csv").read_text() == "half a file"
    ran = mmsa(*arguments)
    assert [row["post_id"] for row in rows_of(tmp_path / "out.csv")] == [str(n) for n in range(1, 301)]
    assert f"{300 - 64 * n_batches} classified" in ran.err


@pytest.fixture
def pictured(tmp_path: Path) -> Path:
    """Three posts: with a good picture, with a broken one, with none."""
    Image.new("RGB", (600, 400), "red").save(tmp_path / "glad_best.png")
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    path = tmp_path / "posts.csv"
    path.write_text("id,text,image\n1,best,glad_best.png\n2,best,broken.jpg\n3,best,\n")
    return path


def test_thumbnails_lie_in_the_rows_of_a_workbook(mmsa: Mmsa, pictured: Path) -> None:
    assert mmsa("classify", pictured, "-o", "out.xlsx", "--thumbnails").code == 0
    sheet = openpyxl.load_workbook(pictured.parent / "out.xlsx")["Posts"]
    assert [(image.anchor._from.row, image.anchor._from.col) for image in sheet._images] == [(1, 2)]


def test_thumbnails_need_a_workbook(mmsa: Mmsa, pictured: Path) -> None:
    assert mmsa("classify", pictured, "-o", "out.csv", "--thumbnails").code == 2


@pytest.mark.parametrize(
    ("tool", "name"), [("label-studio", "tasks.json"), ("doccano", "tasks.jsonl"), ("4cat", "notes.csv")]
)
def test_files_for_annotation_tools_hold_every_post(
    mmsa: Mmsa, table: Table, tmp_path: Path, tool: str, name: str
) -> None:
    source = table(["best", "worst"])
    assert mmsa("classify", source, "-o", name, "--for", tool).code == 0
    text = (tmp_path / name).read_text(encoding="utf-8-sig")
    assert "positive" in text and "negative" in text


@pytest.mark.parametrize(
    ("tool", "name"), [("fax", "tasks.json"), ("doccano", "tasks.csv"), ("doccano", "-")]
)
def test_an_annotation_file_that_no_tool_takes_is_refused(
    mmsa: Mmsa, table: Table, tool: str, name: str
) -> None:
    assert mmsa("classify", table(["best"]), "-o", name, "--for", tool).code == 2


@pytest.mark.parametrize("by", ["week", "author", "Nope"])
def test_a_chart_of_what_no_post_has_is_refused_before_anything_is_classified(
    mmsa: Mmsa, table: Table, tmp_path: Path, by: str
) -> None:
    ran = mmsa("classify", table(["best", "worst"]), "-o", "out.xlsx", "--chart-by", by)
    assert ran.code == 2 and "hashtag" in ran.err
    assert "classified" not in ran.err and not (tmp_path / "out.xlsx").exists()


@pytest.mark.parametrize("more", [("--min-confidence", "0.6"), ("--shard", "1/2")])
def test_a_chart_is_not_left_out_without_a_word(mmsa: Mmsa, table: Table, more: tuple[str, str]) -> None:
    ran = mmsa("classify", table(["best #a", "worst #b"]), "-o", "out.xlsx", "--chart-by", "hashtag", *more)
    assert ran.code == 2 and "mmsa chart" in ran.err
