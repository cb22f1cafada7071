from __future__ import annotations

from collections import Counter

import pytest

from mmsa_tui.analysis.periods import MAX_COLUMNS, gather
from mmsa_tui.report.charts import columns, ranked_bars, share_bar

LABELS = ("negative", "neutral", "positive")


def test_days_without_posts_keep_their_place() -> None:
    periods, step = gather({"2024-05-01": Counter(a=1), "2024-05-04": Counter(a=2)})
    assert step == 1
    assert [day for day, _ in periods] == ["2024-05-01", "2024-05-02", "2024-05-03", "2024-05-04"]
    assert [counts.total() for _, counts in periods] == [1, 0, 0, 2]


@pytest.mark.parametrize("last", ["2024-06-30", "2024-12-31", "2026-12-31", "2060-01-01", "2900-01-01"])
def test_however_long_the_span_the_chart_has_room_and_no_post_is_lost(last: str) -> None:
    periods, _ = gather({"2024-05-01": Counter(a=1), last: Counter(a=2)})
    assert len(periods) <= MAX_COLUMNS
    assert sum(counts.total() for _, counts in periods) == 3


def test_what_is_no_date_is_left_out() -> None:
    assert gather({"yesterday!": Counter(a=1)}) == ([], 1)


def test_a_chart_of_nothing_is_nothing() -> None:
    assert share_bar({}, LABELS) == ranked_bars([], LABELS) == columns([], LABELS, {}) == ""


def test_a_name_in_a_chart_is_escaped() -> None:
    chart = ranked_bars([("<b>#tag</b>", {"neutral": 2})], LABELS)
    assert "<b>" not in chart and "&lt;b&gt;" in chart


def test_every_part_of_a_chart_tells_its_number() -> None:
    assert "<title>neutral: 3 (75 %)</title>" in share_bar({"neutral": 3, "positive": 1}, LABELS)
