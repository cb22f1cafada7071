"""A sample is drawn by lot, the same everywhere, with the chance that it states."""

from __future__ import annotations

from collections import Counter

import pytest

from mmsa_tui.analysis.sampling import MAX_VALUES, OTHER, allocate, draw, lot, name_strata
from mmsa_tui.records import content_hash

CONTENTS = [content_hash(str(number), []) for number in range(2000)]
STRATA = [f"{'yes' if number % 4 else 'no'}\x1f{number % 3}" for number in range(2000)]


def test_lots_spread_evenly() -> None:
    tenths = Counter(int(10 * lot("seed", digest)) for digest in CONTENTS)
    assert all(140 < tenths[tenth] < 260 for tenth in range(10))


def test_the_same_seed_draws_the_same_and_another_does_not() -> None:
    first, again, other = (draw(seed, CONTENTS, STRATA, 200) for seed in ("a", "a", "b"))
    assert first == again
    shared = {post.content_hash for post in first.posts} & {post.content_hash for post in other.posts}
    assert len(shared) < 50


def test_a_larger_sample_holds_the_smaller_one_in_the_same_order_within_strata() -> None:
    small = draw("a", CONTENTS, STRATA, 100)
    large = draw("a", CONTENTS, STRATA, 250, {part.name: part.bound for part in small.strata})
    assert {post.content_hash for post in small.posts} < {post.content_hash for post in large.posts}
    for stratum in set(STRATA):
        before = [post.content_hash for post in small.posts if post.stratum == stratum]
        after = [post.content_hash for post in large.posts if post.stratum == stratum]
        assert after[: len(before)] == before


def test_the_chance_of_a_post_is_what_its_stratum_was_given() -> None:
    sample = draw("a", CONTENTS, STRATA, 200)
    drawn, held = Counter(post.stratum for post in sample.posts), Counter(STRATA)
    assert {post.inclusion for post in sample.posts} == {drawn[name] / held[name] for name in drawn}
    assert abs(len(sample.posts) - 200) <= 6


def test_posts_that_join_later_leave_the_lots_of_the_others_alone() -> None:
    before = draw("a", CONTENTS[:1500], STRATA[:1500], 150)
    bounds = {part.name: part.bound for part in before.strata}
    after = draw("a", CONTENTS, STRATA, 150, bounds)
    assert {post.content_hash for post in before.posts} <= {post.content_hash for post in after.posts}


def test_any_beginning_of_the_work_is_a_sample_of_every_stratum_alike() -> None:
    posts = draw("a", CONTENTS, STRATA, 300).posts
    half, whole = Counter(post.stratum for post in posts[:150]), Counter(post.stratum for post in posts)
    assert all(abs(half[name] - whole[name] / 2) <= 12 for name in whole)


@pytest.mark.parametrize(
    ("sizes", "size"), [({"a\x1f": 1, "b\x1f": 5000}, 100), ({"a\x1f": 3}, 100), ({}, 10), ({"a\x1f": 50}, 2)]
)
def test_a_stratum_gives_no_more_than_it_has_and_two_if_it_can(sizes: dict[str, int], size: int) -> None:
    wanted = allocate(sizes, size)
    assert all(min(2, sizes[name]) <= number <= sizes[name] for name, number in wanted.items())
    assert sum(wanted.values()) >= min(size, sum(sizes.values()))


def test_small_values_get_more_than_their_share() -> None:
    wanted = allocate({"yes\x1flarge": 9000, "yes\x1fsmall": 1000}, 400)
    assert wanted["yes\x1fsmall"] == pytest.approx(100, abs=2)


def test_rare_values_share_a_stratum_and_new_ones_join_it() -> None:
    units = [("yes", f"week {number % 20}") for number in range(400)] + [("no", "rare")]
    names = name_strata(units)
    assert names[-1] == f"no\x1f{OTHER}"
    assert len({name.partition("\x1f")[2] for name in names}) == MAX_VALUES + 1
    assert name_strata([("yes", "week 99")], names) == [f"yes\x1f{OTHER}"]
