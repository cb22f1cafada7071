"""No cell of a csv file is a formula, at whichever separator a spreadsheet parts it."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mmsa_tui.export.cells import neutralise, restore
from mmsa_tui.export.csv_file import write_csv

HOSTILE = (
    "hello;=1+1;", "=1+1", " =1+1", "\u00a0@SUM(A1)", "a\n=1+1\nb", "a\t=cmd|'/c calc'!A0", "x|-2+3",
    '";=1+1;"',    "''=1", "'=1+1", ";;+1+1", "＝1＋1", "-5", "ok; -10", "a;-5;b",
)  # fmt: skip


def is_formula(cell: str) -> bool:
    bare = cell.strip(' \u00a0\u200b\ufeff"')
    return bare[:1] in tuple("=+-@＝＋－＠") and not bare[1:].replace(".", "").replace(",", "").isdigit()


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("text", HOSTILE)
def test_no_part_of_a_cell_is_a_formula(tmp_path: Path, text: str, separator: str) -> None:
    path = tmp_path / "out.csv"
    write_csv(path, ["id", "text", "author"], [{"id": "1", "text": text, "author": text}])
    content = path.read_text(encoding="utf-8-sig")
    read = list(csv.reader(io.StringIO(content, newline=""), delimiter=separator))
    assert not [cell for row in read for cell in row if is_formula(cell)]
    # Quotes that a program does not understand part nothing either.
    parts = [part for line in content.splitlines() for part in line.split(separator)]
    assert separator == "," or not [part for part in parts if is_formula(part)]


@given(st.text(alphabet="=+-@;|\t\n\r \"'a1.,＝", max_size=30))
@example("'=1")
@example("-5")
@example("a;'-5")
def test_what_was_neutralised_can_be_restored(text: str) -> None:
    assert restore(neutralise(text)) == text


def test_text_is_quoted_and_numbers_are_not(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    write_csv(path, ["id", "confidence", "conflict"], [{"id": "1", "confidence": 0.5, "conflict": True}])
    assert path.read_text(encoding="utf-8-sig").splitlines()[1] == '"1",0.500000,"true"'
