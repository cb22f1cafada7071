from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from command_runs import Mmsa
from word_model import write_word_bundle

from mmsa_tui.config import find_paths
from mmsa_tui.records import UNSURE

Table = Callable[..., Path]
TEXTS = [f"{word} day {number}" for number in range(20) for word in ("best", "worst", "plain")]


@pytest.fixture
def shards(mmsa: Mmsa, table: Table, tmp_path: Path) -> list[Path]:
    """Three shards of sixty posts and one input that is none."""
    source = table([*TEXTS, ""])
    files = [tmp_path / f"part-{number}.parquet" for number in (1, 2, 3)]
    for number, file in enumerate(files, start=1):
        assert mmsa("classify", source, "-o", file, "--shard", f"{number}/3").code == 0
    return files


def other_home(tmp_path: Path) -> Path:
    """The home of another machine that has the same bundle."""
    write_word_bundle(tmp_path / "other-home")
    return tmp_path / "other-home"


def lines(path: Path) -> list[str]:
    return sorted(path.read_text(encoding="utf-8").splitlines())


def test_shards_merge_into_the_table_of_the_whole(
    mmsa: Mmsa, shards: list[Path], table: Table, tmp_path: Path
) -> None:
    source = table([*TEXTS, ""])
    for name in ("whole.jsonl", "whole.csv"):
        mmsa("classify", source, "-o", name)
    for name in ("merged.jsonl", "merged.csv"):
        ran = mmsa("merge", *reversed(shards), "-o", name)
        assert ran.code == 0
        assert "61 posts of 3 shards, bundle words 1.0.0" in ran.err
    assert lines(tmp_path / "merged.jsonl") == lines(tmp_path / "whole.jsonl")
    assert lines(tmp_path / "merged.csv") == lines(tmp_path / "whole.csv")


def test_a_merged_workbook_counts_its_labels(mmsa: Mmsa, shards: list[Path], tmp_path: Path) -> None:
    mmsa("merge", *shards, "-o", "merged.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "merged.xlsx")["Summary"]
    counted = {row[0].value: row[1].value for row in sheet.iter_rows() if row[0].value}
    assert (counted["negative"], counted["neutral"], counted["positive"]) == (20, 20, 20)
    assert counted["no label"] == 1
    assert "not corrected" in counted["shares"]


def test_a_merged_workbook_counts_what_is_unsure(mmsa: Mmsa, table: Table, tmp_path: Path) -> None:
    mmsa("classify", table(TEXTS), "-o", "part.parquet", "--shard", "1/1", "--min-confidence", "1")
    mmsa("merge", "part.parquet", "-o", "merged.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "merged.xlsx")["Summary"]
    counted = {row[0].value: row[1].value for row in sheet.iter_rows() if row[0].value}
    assert counted[UNSURE] == len(TEXTS)


def test_a_folder_of_shards_can_be_named(mmsa: Mmsa, shards: list[Path], tmp_path: Path) -> None:
    folder = tmp_path / "shards"
    folder.mkdir()
    for file in shards:
        file.rename(folder / file.name)
    assert "61 posts of 3 shards" in mmsa("merge", folder, "-o", "merged.csv").err


def test_a_missing_shard_is_named(mmsa: Mmsa, shards: list[Path], tmp_path: Path) -> None:
    ran = mmsa("merge", shards[0], shards[2], "-o", "merged.csv")
    assert ran.code == 2
    assert "1 of 3 shards are missing: 2" in ran.err
    assert not (tmp_path / "merged.csv").exists()


def test_a_shard_that_is_there_twice_is_refused_with_both_names(mmsa: Mmsa, shards: list[Path]) -> None:
    copy = shards[1].with_name("copy.parquet")
    copy.write_bytes(shards[1].read_bytes())
    ran = mmsa("merge", *shards, copy, "-o", "merged.csv")
    assert ran.code == 2
    assert "shard 2 of 3 is there twice" in ran.err
    assert "copy.parquet" in ran.err and "part-2.parquet" in ran.err


def test_shards_of_other_posts_are_refused(mmsa: Mmsa, shards: list[Path], table: Table) -> None:
    other = table([*TEXTS, "one more"], "other.csv")
    mmsa("classify", other, "-o", shards[1], "--shard", "2/3", "--restart")
    ran = mmsa("merge", *shards, "-o", "merged.csv")
    assert ran.code == 2
    assert "do not belong together: the source is 61 posts" in ran.err


def test_shards_that_overlap_because_they_were_cut_otherwise_are_refused(
    mmsa: Mmsa, shards: list[Path], table: Table
) -> None:
    mmsa("classify", table([*TEXTS, ""]), "-o", shards[1], "--shard", "2/4", "--restart")
    ran = mmsa("merge", *shards, "-o", "merged.csv")
    assert ran.code == 2
    assert "the number of shards is 4 (hash), and 3 (hash)" in ran.err


def test_shards_of_another_bundle_or_other_options_are_refused(
    mmsa: Mmsa, shards: list[Path], table: Table, home: Path
) -> None:
    source = table([*TEXTS, ""])
    mmsa("classify", source, "-o", shards[2], "--shard", "3/3", "--restart", "--min-confidence", "0.5")
    assert "what was asked for" in mmsa("merge", *shards, "-o", "merged.csv").err
    write_word_bundle(home, "1.0.1")
    mmsa("classify", source, "-o", shards[2], "--shard", "3/3", "--restart", "--bundle", "words-1.0.1")
    ran = mmsa("merge", *shards, "-o", "merged.csv")
    assert ran.code == 2
    assert "the bundle is words 1.0.1, and words 1.0.0" in ran.err


def test_a_shard_that_has_lost_rows_is_refused(mmsa: Mmsa, shards: list[Path]) -> None:
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(shards[0])
    pyarrow.parquet.write_table(table.slice(1), shards[0])
    ran = mmsa("merge", *shards, "-o", "merged.csv")
    assert ran.code == 2
    assert "the shards have 60 rows, their source 61" in ran.err


def test_a_csv_cannot_say_which_shard_it_is(mmsa: Mmsa, table: Table, tmp_path: Path) -> None:
    mmsa("classify", table(["best"]), "-o", "part.csv", "--shard", "1/1")
    ran = mmsa("merge", "part.csv", "-o", "merged.csv")
    assert ran.code == 2
    assert "--resume` and -o FILE.parquet" in ran.err


@pytest.mark.parametrize("content", [b"", b"PAR1 not really PAR1"])
def test_a_broken_shard_is_an_error_with_its_name(mmsa: Mmsa, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "odd.parquet").write_bytes(content)
    ran = mmsa("merge", "odd.parquet", "-o", "merged.csv")
    assert ran.code == 2
    assert "odd.parquet cannot be read" in ran.err


def test_a_whole_table_is_no_shard(mmsa: Mmsa, table: Table) -> None:
    mmsa("classify", table(["best"]), "-o", "whole.parquet")
    ran = mmsa("merge", "whole.parquet", "-o", "merged.csv")
    assert ran.code == 2
    assert "is no shard" in ran.err


def test_an_existing_table_is_kept_unless_asked(mmsa: Mmsa, shards: list[Path], tmp_path: Path) -> None:
    (tmp_path / "merged.jsonl").write_text("mine")
    assert mmsa("merge", *shards, "-o", "merged.jsonl").code == 2
    assert mmsa("merge", *shards, "-o", "merged.jsonl", "--restart").code == 0
    assert len(lines(tmp_path / "merged.jsonl")) == 61


def test_a_packed_source_is_classified_as_the_source_itself(mmsa: Mmsa, table: Table, tmp_path: Path) -> None:
    source = table(TEXTS)
    ran = mmsa("pack", source, "-o", "pack", "--posts-per-part", "16")
    assert ran.code == 0
    assert "60 posts with 0 pictures" in ran.err
    assert "4 parts" in ran.err
    mmsa("classify", source, "-o", "one.jsonl")
    mmsa("classify", "pack", "-o", "two.jsonl")
    one, two = ((tmp_path / name).read_text().splitlines() for name in ("one.jsonl", "two.jsonl"))
    assert [json.loads(line) for line in one] == [json.loads(line) for line in two]


def test_shards_merge_into_the_store_as_if_classified_here(
    mmsa: Mmsa, shards: list[Path], table: Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mmsa("classify", table([*TEXTS, ""]), "-o", "here.jsonl")
    monkeypatch.setenv("MMSA_HOME", str(other_home(tmp_path)))
    ran = mmsa("merge", *shards, "--store")
    assert ran.code == 0
    assert "61 posts of 3 shards, bundle words 1.0.0, are now classified" in ran.err
    ran = mmsa("classify", table([*TEXTS, ""]), "-o", "there.jsonl")
    assert "0 classified" in ran.err
    assert lines(tmp_path / "there.jsonl") == lines(tmp_path / "here.jsonl")


def test_the_store_is_given_whole_predictions_though_the_table_holds_labels_back(
    mmsa: Mmsa, table: Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = table(TEXTS)
    mmsa("classify", source, "-o", "here.jsonl")
    mmsa("classify", source, "-o", "part.parquet", "--shard", "1/1", "--min-confidence", "1")
    monkeypatch.setenv("MMSA_HOME", str(other_home(tmp_path)))
    assert mmsa("merge", "part.parquet", "--store", "-o", "table.jsonl").code == 0
    assert {json.loads(line)["label"] for line in lines(tmp_path / "table.jsonl")} == {UNSURE}
    mmsa("classify", source, "-o", "there.jsonl")
    assert lines(tmp_path / "there.jsonl") == lines(tmp_path / "here.jsonl")


def test_nothing_goes_into_the_store_where_a_shard_is_missing(
    mmsa: Mmsa, shards: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = other_home(tmp_path)
    monkeypatch.setenv("MMSA_HOME", str(home))
    assert mmsa("merge", *shards[:2], "--store").code == 2
    assert not find_paths({"MMSA_HOME": str(home)}).database.exists()


def test_the_store_refuses_shards_of_another_bundle_of_the_name(
    mmsa: Mmsa, shards: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "other-home"
    write_word_bundle(home, seen=["b2:" + "0" * 40])
    monkeypatch.setenv("MMSA_HOME", str(home))
    ran = mmsa("merge", *shards, "--store")
    assert ran.code == 3
    assert "the bundle words 1.0.0 here is not the one" in ran.err


def test_a_merge_to_nowhere_says_where_it_can_go(mmsa: Mmsa, shards: list[Path]) -> None:
    ran = mmsa("merge", *shards)
    assert ran.code == 2
    assert "-o FILE" in ran.err and "--store" in ran.err
