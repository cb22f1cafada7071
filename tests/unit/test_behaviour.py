"""The behavioural checks: each can fail, and none repeats another."""

import pytest

from benchmarks.behaviour import checks, passes


@pytest.mark.parametrize(
    ("wanted", "before", "after", "holds"),
    [
        ("falls", ("positive", 0.8), ("negative", -0.6), True),
        ("falls", ("positive", 0.8), ("positive", 0.6), False),
        ("rises", ("positive", 0.6), ("positive", 0.5), False),
        ("same", ("neutral", 0.1), ("neutral", -0.1), True),
        ("same", ("neutral", 0.1), ("positive", 0.2), False),
        ("positive", ("positive", 0.9), ("neutral", 0.1), False),
    ],
)
def test_a_check_holds_only_where_the_change_has_its_effect(
    wanted: str, before: tuple[str, float], after: tuple[str, float], holds: bool
) -> None:
    assert passes(("kind", "one", "other", wanted), before, after) is holds


def test_no_check_is_there_twice() -> None:
    found = list(checks())
    assert len(found) == len(set(found))
