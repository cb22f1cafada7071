"""Counting keeps out of the way of keys, but not for ever."""

from __future__ import annotations

from mmsa_tui.tui.browse.pace import PATIENCE_S, REST_S, SHARE, Pace


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_work_is_due_at_first() -> None:
    assert Pace().is_due


def test_work_waits_until_the_keys_rest() -> None:
    clock = Clock()
    pace = Pace(clock)
    with pace.work():
        pass
    pace.stir()
    assert not pace.is_due
    clock.now_s += REST_S
    assert pace.is_due


def test_one_who_never_rests_sees_counts_at_last() -> None:
    clock = Clock()
    pace = Pace(clock)
    with pace.work():
        pass
    clock.now_s += PATIENCE_S
    pace.stir()
    assert pace.is_due


def test_long_work_comes_seldom() -> None:
    clock = Clock()
    pace = Pace(clock)
    with pace.work():
        clock.now_s += 2
    clock.now_s += 2 * (SHARE - 1) - 0.1
    assert not pace.is_due
    clock.now_s += 0.2
    assert pace.is_due
