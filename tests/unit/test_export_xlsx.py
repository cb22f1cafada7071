"""Workbooks, written and read back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest
from export_rows import (
    LABELS,
    NASTY,
    Row,
    nasty_rows,
    predicted,
    read_xlsx,
    without_controls,
)

from mmsa_tui.analysis import Counts
from mmsa_tui.errors import OutputError
from mmsa_tui.export import Summary, describe_sheets, fixed_columns, write
from mmsa_tui.export.xlsx_file import write_xlsx
from mmsa_tui.records import Failure, Post


def test_xlsx_gives_back_every_text_without_control_characters(tmp_path: Path) -> None:
    write(nasty_rows(), tmp_path / "out.xlsx", LABELS)
    expected = [without_controls(text).replace("\r\n", "\n").replace("\r", "\n") for text in NASTY]
    shown = [record["text"] or "" for record in read_xlsx(tmp_path / "out.xlsx")]
    # Excel reads _x0041_ as an escape; openpyxl shows the escape of the escape.
    assert [text.replace("_x005F_x0041_", "_x0041_") for text in shown] == expected


def test_xlsx_cells_are_text_and_never_formulas(tmp_path: Path) -> None:
    write(nasty_rows(), tmp_path / "out.xlsx", LABELS)
    sheet = openpyxl.load_workbook(tmp_path / "out.xlsx")["Posts"]
    kinds = {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value is not None}
    assert kinds <= {"s", "inlineStr", "b"}
    assert not any(cell.hyperlink for row in sheet.iter_rows() for cell in row)


@pytest.mark.parametrize("post_id", ["0012", "9007199254740993", "12345678901234567890", "1e5", "-7"])
def test_xlsx_ids_stay_text(tmp_path: Path, post_id: str) -> None:
    write([Row(Post(post_id, "a"))], tmp_path / "out.xlsx", LABELS)
    cell = openpyxl.load_workbook(tmp_path / "out.xlsx")["Posts"]["A2"]
    assert (cell.value, cell.number_format, cell.quotePrefix) == (post_id, "@", True)


@pytest.mark.parametrize("letter", ["x", "😀"])
def test_xlsx_cuts_a_text_that_no_cell_holds_and_says_so(tmp_path: Path, letter: str) -> None:
    write([Row(Post("1", letter * 40_000))], tmp_path / "out.xlsx", LABELS)
    text = read_xlsx(tmp_path / "out.xlsx")[0]["text"]
    assert text.endswith(" … [cut here: 40,000 characters in all]")
    assert 32_700 < len(text.encode("utf-16-le")) // 2 <= 32_767


def test_xlsx_header_is_frozen_and_filtered(tmp_path: Path) -> None:
    write([predicted(), predicted()], tmp_path / "out.xlsx", LABELS)
    sheet = openpyxl.load_workbook(tmp_path / "out.xlsx")["Posts"]
    assert sheet.freeze_panes == "B2"
    assert sheet.auto_filter.ref == "A1:X3"


def test_xlsx_labels_are_coloured_apart(tmp_path: Path) -> None:
    write([predicted(label=label) for label in LABELS], tmp_path / "out.xlsx", LABELS)
    sheet = openpyxl.load_workbook(tmp_path / "out.xlsx")["Posts"]
    assert len({sheet.cell(row, 4).fill.fgColor.rgb for row in (2, 3, 4)}) == 3


def test_xlsx_summary_counts_labels_and_draws_them(tmp_path: Path) -> None:
    rows = [predicted(), predicted(), predicted(label="negative"), Row(failure=Failure("9", "broken"))]
    write(
        rows, tmp_path / "out.xlsx", LABELS, summary=Summary({"source": "=evil", "bundle": "mvsa"}, Counts())
    )
    sheet = openpyxl.load_workbook(tmp_path / "out.xlsx")["Summary"]
    cells = {str(row[0]): row[1:3] for row in sheet.values if row[0] is not None}
    assert cells["source"][0] == "=evil"
    assert cells["positive"] == (2, 0.5)
    assert cells["negative"] == (1, 0.25)
    assert cells["no label"] == (1, 0.25)
    assert cells["failed"] == (1, 0.25)
    assert len(sheet._charts) == 1


def test_xlsx_with_no_rows_opens(tmp_path: Path) -> None:
    write([], tmp_path / "out.xlsx", LABELS)
    assert read_xlsx(tmp_path / "out.xlsx") == []


def test_xlsx_rows_beyond_a_sheet_go_on_on_the_next(tmp_path: Path) -> None:
    columns = fixed_columns(LABELS)
    empty: dict[str, Any] = dict.fromkeys(columns, "")
    records = [{**empty, "post_id": str(number)} for number in range(5)]
    write_xlsx(tmp_path / "out.xlsx", columns, LABELS, records, sheet_rows=2)
    assert openpyxl.load_workbook(tmp_path / "out.xlsx").sheetnames == [
        *("Posts", "Posts 2", "Posts 3", "Summary")
    ]
    assert [record["post_id"] for record in read_xlsx(tmp_path / "out.xlsx", "Posts 2")] == ["2", "3"]
    assert [record["post_id"] for record in read_xlsx(tmp_path / "out.xlsx", "Posts 3")] == ["4"]


@pytest.mark.parametrize(
    ("n_rows", "ends"),
    [(0, ""), (1_048_575, ""), (1_048_576, "Posts and Posts 2"), (3_000_000, "Posts to Posts 3")],
)
def test_xlsx_that_needs_more_than_one_sheet_is_said(n_rows: int, ends: str) -> None:
    said = describe_sheets(Path("out.xlsx"), n_rows)
    assert said.endswith(ends)
    assert bool(said) == bool(ends)
    assert describe_sheets(Path("out.csv"), n_rows) == ""


def test_xlsx_with_too_many_columns_says_which_format_has_room(tmp_path: Path) -> None:
    wide = Row(Post("1", "a", metadata={str(number): "" for number in range(17_000)}))
    with pytest.raises(OutputError) as caught:
        write([wide], tmp_path / "out.xlsx", LABELS)
    assert "parquet" in caught.value.hint
