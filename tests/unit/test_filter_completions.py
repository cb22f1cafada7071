"""What is offered while a filter is typed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mmsa_tui.filters import completions

LABELS = ("negative", "neutral", "positive")


def offered(text: str, cursor: int | None = None, **values: list[str]) -> list[str]:
    place = len(text) if cursor is None else cursor
    return [offer.applied(text) for offer in completions(text, place, LABELS, values)]


def test_an_empty_filter_is_offered_the_main_fields() -> None:
    assert offered("")[:4] == ["label:", "conf:", "has:", "is:"]


def test_a_begun_field_is_completed_after_a_minus() -> None:
    assert offered("polls -la") == ["polls -label:", "polls -lang:"]


def test_values_follow_the_colon() -> None:
    assert offered("label:") == ["label:negative", "label:neutral", "label:positive", "label:*", "label:none"]


def test_a_second_value_is_completed_after_the_comma() -> None:
    assert offered("label:negative,po") == ["label:negative,positive"]


def test_the_term_under_the_cursor_is_completed() -> None:
    assert offered("has:im label:negative", cursor=6) == ["has:image label:negative"]


def test_authors_of_the_source_are_offered_with_or_without_the_at_sign() -> None:
    assert offered("author:an", author=["@ann", "@bob"]) == ["author:@ann"]


def test_values_with_spaces_are_offered_in_quotation_marks() -> None:
    assert offered("author:mary", author=["Mary Jane"]) == ['author:"Mary Jane"']


def test_nothing_is_offered_inside_quotation_marks() -> None:
    assert offered('"la') == []


@given(st.text(max_size=30), st.integers(-5, 40))
def test_completions_keep_what_stands_around_them(text: str, cursor: int) -> None:
    for offer in completions(text, cursor, LABELS):
        done = offer.applied(text)
        assert done.startswith(text[: offer.start])
        assert done.endswith(text[offer.end :])
