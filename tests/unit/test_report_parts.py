from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmsa_tui.analysis import percentages
from mmsa_tui.report.charts import columns, legend, ranked_bars, share_bar
from mmsa_tui.text.display import redact

LABELS = ("negative", "neutral", "positive")


def test_a_chart_of_nothing_is_nothing() -> None:
    assert share_bar({}, LABELS) == ranked_bars([], LABELS) == columns([], LABELS, {}) == ""


def test_a_name_in_a_chart_is_escaped() -> None:
    chart = ranked_bars([("<b>#tag</b>", {"neutral": 2})], LABELS)
    assert "<b>" not in chart and "&lt;b&gt;" in chart


def test_every_part_of_a_chart_tells_its_number() -> None:
    assert 'title="neutral: 3 (75 %)"' in share_bar({"neutral": 3, "positive": 1}, LABELS)


@pytest.mark.parametrize(
    ("numbers", "percents"),
    [
        ([1, 1, 1], [34, 33, 33]),
        ([0, 0], [0, 0]),
        ([5], [100]),
        ([995, 3, 2], [100, 0, 0]),
        ([1, 2, 4], [14, 29, 57]),
        ([10**9, 1, 10**9], [50, 0, 50]),
    ],
)
def test_shares_in_whole_percents_add_up_to_100(numbers: list[int], percents: list[int]) -> None:
    assert percentages(numbers) == percents
    assert sum(percents) in (0, 100)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("thanks @ann.b and ＠bob!", "thanks @[name] and @[name]!"),
        ("see https://t.co/x?u=@ann now", "see [link] now"),
        ("see bit.ly/ann now", "see [link] now"),
        ("write to ann+x@mail.example.org", "write to [mail]"),
        ("call +49 (30) 1234-5678 or 2024", "call [number] or 2024"),
        ("best day ever #rain", "best day ever #rain"),
        ("@\u200bann and @\u00adbob and h\u200bttps://x.org", "@[name] and @[name] and [link]"),
        ("ann＠mail.example.org, ﹫ann, u/ann_b", "[mail], @[name], @[name]"),
        ("ann-smith.com or ftp://x/y or instagram.com", "[link] or [link] or [link]"),
        ("@ann@mastodon.social says hi", "@[mail] says hi"),
        ("the end.Then rain... e.g. at 3.30", "the end.Then rain... e.g. at 3.30"),
        ("two\nlines", "two\nlines"),
    ],
)
def test_what_names_a_person_is_masked(text: str, masked: str) -> None:
    assert redact(text) == masked


NAMES = st.from_regex(r"[a-z]{4,9}q[a-z]{3,5}", fullmatch=True)
BETWEEN = st.sampled_from([" ", "\n", ", ", "! ", "  ", " – ", ": ", " #", " (", "\u200b "])
WAYS = st.sampled_from(
    [
        "@{}",
        "＠{}",
        "﹫{}",
        "@\u200b{}",
        ".@{}",
        "RT @{}:",
        "@{}’s",
        "https://t.co/{}",
        "http://{}.org/a?b=c",
        "www.{}.net",
        "{}.com",
        "bit.ly/{}",
        "{}.co.uk",
        "{}@mail.org",
        "x+{}＠mail.org",
        "u/{}",
        "@{}@mas.social",
        "HTTPS://X.COM/{}",
        "ftp://{}",
        "pic.twitter.com/{}",
        "#tag@{}",
    ]
)


@given(st.lists(st.tuples(BETWEEN, WAYS, NAMES), min_size=1, max_size=8))
def test_no_way_of_naming_somebody_by_a_handle_or_a_link_gets_through(
    parts: list[tuple[str, str, str]],
) -> None:
    masked = redact("so " + "".join(between + way.format(name) for between, way, name in parts) + " end")
    assert not [name for _, _, name in parts if name in masked]


def test_every_share_of_the_bar_can_be_read_even_of_a_part_too_narrow_for_words() -> None:
    named = legend(LABELS, {"negative": 2, "neutral": 1, "positive": 29})
    assert re.sub(r"<[^>]*>", " ", named).split() == [
        "negative",
        "6",
        "%",
        "neutral",
        "3",
        "%",
        "positive",
        "91",
        "%",
    ]
