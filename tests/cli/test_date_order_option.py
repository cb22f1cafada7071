"""`--date-order`: whether 05/01/2026 is in January or in May, where the dates do not say or say it wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_runs import Mmsa

from mmsa_tui.sources import ReadOptions, read

OPEN, DAY_FIRST = ("05/01/2026", "06/01/2026"), ("05/01/2026", "25/01/2026")


@pytest.fixture
def dated(tmp_path: Path):
    def write(dates: tuple[str, ...]) -> Path:
        rows = "".join(f"{number},a fine day,{date}\n" for number, date in enumerate(dates))
        (tmp_path / "posts.csv").write_text("id,text,date\n" + rows, encoding="utf-8")
        return tmp_path / "posts.csv"

    return write


def test_the_order_and_what_shows_it_is_told(mmsa: Mmsa, dated) -> None:
    said = mmsa("inspect", dated(DAY_FIRST)).out
    assert "day first, as '25/01/2026' shows" in said
    assert "--date-order day-first|month-first" in said


def test_that_no_date_shows_the_order_is_told(mmsa: Mmsa, dated) -> None:
    said = mmsa("inspect", dated(OPEN)).out
    assert "no date looked at shows whether the day or the month comes first" in said
    assert "could not be read: 2, such as '05/01/2026'" in said
    assert "the date order can be chosen" in said


@pytest.mark.parametrize(("order", "earliest"), [("day-first", "2026-01-05"), ("Month-First", "2026-05-01")])
def test_an_order_that_is_chosen_reads_the_dates(mmsa: Mmsa, dated, order: str, earliest: str) -> None:
    found = json.loads(mmsa("inspect", dated(OPEN), "--date-order", order, "--json").out)
    assert (found["dated"], found["earliest"][:10]) == (2, earliest)
    assert found["reading"]["dates"].endswith("first, as you said")


def test_dates_that_contradict_the_chosen_order_are_unread_and_told(mmsa: Mmsa, dated) -> None:
    found = json.loads(mmsa("inspect", dated(DAY_FIRST), "--date-order", "month-first", "--json").out)
    assert (found["dated"], found["earliest"][:10]) == (1, "2026-05-01")
    assert any(
        "could not be read: 1, such as '25/01/2026': 1 of them are not month first" in n
        for n in found["notes"]
    )


def test_an_order_of_no_kind_is_refused(mmsa: Mmsa, dated) -> None:
    ran = mmsa("inspect", dated(OPEN), "--date-order", "dmy")
    assert ran.code == 2
    assert "--date-order day-first or --date-order month-first" in ran.err


def test_the_order_holds_for_records_too(tmp_path: Path) -> None:
    path = tmp_path / "statuses.jsonl"
    record = {"id": "7", "content": "A fine day", "created_at": "05/01/2026", "uri": "https://x.org/7"}
    account = {"acct": "sam", "id": "1"}
    path.write_text(json.dumps({**record, "account": account, "media_attachments": []}), encoding="utf-8")
    (post,) = read(path, options=ReadOptions(date_order="day-first"))
    assert post.created_at == "2026-01-05T00:00:00Z"
