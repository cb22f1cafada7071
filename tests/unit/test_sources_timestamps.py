"""The notations in which tools write a moment, and those that mean two."""

from __future__ import annotations

import pytest

from mmsa_tui.sources.timestamps import DateReader, to_iso_utc


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("Fri, 01 May 2026 14:03:00 +0200", "2026-05-01T12:03:00Z"),
        ("Fri, 1 May 2026 14:03 GMT", "2026-05-01T14:03:00Z"),
        ("Mon Apr 06 22:19:45 PDT 2009", "2009-04-07T05:19:45Z"),
        ("Fri May 01 2026 14:03:00 GMT+0200 (Central European Summer Time)", "2026-05-01T12:03:00Z"),
        ("2023-05-01 10:00:00 EDT", "2023-05-01T14:00:00Z"),
        ("2015-02-24 11:35:52 -0800", "2015-02-24T19:35:52Z"),
        ("Fri, Jun 5, 2026", "2026-06-05T00:00:00Z"),
        ("June 5th, 2026 at 2:03 PM", "2026-06-05T14:03:00Z"),
        ("5. Mai 2026 um 14:03", "2026-05-05T14:03:00Z"),
        ("5. Mai 2026, 14:03 Uhr", "2026-05-05T14:03:00Z"),
        ("5 de mayo de 2026", "2026-05-05T00:00:00Z"),
        ("5 мая 2026, 14:03", "2026-05-05T14:03:00Z"),
        ("2026년 5월 5일 14:03", "2026-05-05T14:03:00Z"),
        ("05-Jun-26 12:00 am", "2026-06-05T00:00:00Z"),
        ("May 1, 2026 · 2:03 PM UTC", "2026-05-01T14:03:00Z"),
        ("2:03 PM · May 1, 2026", "2026-05-01T14:03:00Z"),
        ("26.05.2021 18:03:43 UTC+03:00", "2021-05-26T15:03:43Z"),
        ("2026/05/01 10:00", "2026-05-01T10:00:00Z"),
        ("20260501", "2026-05-01T00:00:00Z"),
        ("1588341780.0", "2020-05-01T14:03:00Z"),
        ("1588341780.25", "2020-05-01T14:03:00Z"),
        (1588341780000000, "2020-05-01T14:03:00Z"),
        ("25/12/2025 10:00", "2025-12-25T10:00:00Z"),
        ("12/25/2025 10:00 PM", "2025-12-25T22:00:00Z"),
        ("05.01.2026", "2026-01-05T00:00:00Z"),
        ("04/04/2026", "2026-04-04T00:00:00Z"),
    ],
)
def test_common_notations_are_read(written: object, moment: str) -> None:
    assert to_iso_utc(written) == moment


@pytest.mark.parametrize(
    "written",
    [
        "05/01/2026 10:00",  # May or January
        "2026-05-01 10:00 IST",  # India, Israel or Ireland
        "31/31/2026",
        "2026-02-30",
        "13:00 PM May 1, 2026",
        "May 2026",
        "room 4, 18:00",
        "1,204",
        "3h",
    ],
)
def test_what_is_no_moment_or_may_be_two_is_not_read(written: str) -> None:
    assert to_iso_utc(written) == ""


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan"), 10**400])
def test_a_number_without_end_is_no_moment(value: float) -> None:
    assert to_iso_utc(value) == ""


def test_one_date_of_a_column_shows_that_the_day_comes_first() -> None:
    read = DateReader(["05/01/2026 10:00", "25/01/2026 10:00", ""])
    assert read("05/01/2026 10:00") == "2026-01-05T10:00:00Z"
    assert (read.unread, read.note("date")) == (0, "")


def test_one_date_of_a_column_shows_that_the_month_comes_first() -> None:
    assert DateReader(["5/1/2026", "5/31/2026"])("5/1/2026") == "2026-05-01T00:00:00Z"


def test_a_column_that_shows_both_or_neither_is_counted_as_unread() -> None:
    both = "'25/01/2026' is day first and '01/25/2026' is month first"
    for samples, why in (
        (["05/01/2026"], "no date shows which"),
        (["25/01/2026", "01/25/2026"], both),
    ):
        read = DateReader(samples)
        assert (read("05/01/2026"), read(""), read.unread) == ("", "", 1)
        assert read.note("date") == (
            "dates in `date` that could not be read: 1, such as '05/01/2026': the day or the month may come"
            f" first, and {why}; the date order can be chosen"
        )


def test_an_order_that_is_chosen_holds_and_dates_that_contradict_it_are_unread() -> None:
    read = DateReader(["25/01/2026", "05/01/2026"], "month-first")
    assert read.why() == "month first, as you said"
    assert [read(date) for date in ("05/01/2026", "5.1.26", "25/01/2026", "25.01.2026", "2026-01-25")] == [
        "2026-05-01T00:00:00Z", "2026-05-01T00:00:00Z", "", "", "2026-01-25T00:00:00Z",
    ]  # fmt: skip
    assert read.note("date").endswith("read: 2, such as '25/01/2026': 2 of them are not month first")
    assert DateReader([], "day-first")("05/01/2026") == "2026-01-05T00:00:00Z"


def test_one_date_with_a_wrong_digit_does_not_leave_the_others_unread() -> None:
    cells = [f"{day:02}/05/2026" for day in range(1, 21)]
    cells[10] = "11/25/2026"
    read = DateReader(cells)
    assert [read(cell) for cell in cells if cell != cells[10]] == [
        f"2026-05-{day:02}T00:00:00Z" for day in range(1, 21) if day != 11
    ]
    read(cells[10])
    assert "not day first as the others: 1, such as '11/25/2026'" in read.note()


def test_a_reader_of_dates_says_the_order_and_what_shows_it() -> None:
    assert DateReader(["05/01/2026", "10:00, 25/01/2026"]).why() == "day first, as '25/01/2026' shows"
    assert DateReader(["1/5/26", "12/31/21, 9:41 PM"]).why() == "month first, as '12/31/21' shows"
    assert DateReader(["05/01/2026"]).why().startswith("no date looked at shows")
    # Between dots the day comes first.
    assert DateReader(["05.01.2026 10:00"]).why() == ""
    assert (
        DateReader(["25/01/2026", "01/25/2026"]).why().startswith("either order, '25/01/2026' is day first")
    )
    assert DateReader(["2026-01-05 10:00", "5 May 2026", "45/45/2026"]).why().startswith("no date looked at")
    assert DateReader(["2026-01-05 10:00", "5 May 2026", "2026/01/05"]).why() == ""


def test_what_later_rows_show_of_the_order_is_told() -> None:
    read = DateReader(["05/01/2026"])
    read("05/01/2026"), read("25/01/2026")
    assert "only '25/01/2026', further on, is day first" in read.note("date")
    read = DateReader(["25/01/2026"])
    assert read("01/25/2026") == "2026-01-25T00:00:00Z"
    assert "are not day first as the others: 1, such as '01/25/2026', read as month first" in read.note()
