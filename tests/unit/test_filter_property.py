"""Every filter finds what a plain Python predicate over the rows finds."""

from __future__ import annotations

import os
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmsa_tui.filters import FilterError, parse
from mmsa_tui.records import Correction, Picture, Post, Prediction
from mmsa_tui.store import Row, Store

N_EXAMPLES = int(os.environ.get("MMSA_FILTER_EXAMPLES", "300"))
"""5,000 are what is promised; fewer are enough from day to day."""

# All 5,000 take longer than a test may.
pytestmark = pytest.mark.timeout(max(300, N_EXAMPLES))

LABELS = ("negative", "neutral", "positive")
COLUMNS = ("Region", "likes", "Home town")
WORDS = ("love", "happy", "sad", "storm", "vote", "or", "not", "rain")
BUNDLE = "mvsa 1.0.0"
Predicate = Callable[[Row], bool]
Pair = tuple[str, Predicate]
"""A filter as text, and what it should mean."""


def posts() -> list[Post]:
    chance = random.Random(7)
    made = []
    for number in range(60):
        words = " ".join(chance.choice(WORDS) for _ in range(chance.randrange(0, 5)))
        metadata = {
            "Region": chance.choice(("North", "south", "", "Far North")),
            "likes": chance.choice(("0", "7", "120", "1,500", "-3", "many", "")),
            "Home town": chance.choice(("Bergen", "Oslo")),
        }
        pictures = tuple(Picture(f"{at}.jpg", Path("1.jpg")) for at in range(chance.randrange(0, 3)))
        made.append(
            Post(
                str(100 + number), words, pictures, chance.choice(("@ann", "Bob", "")),
                f"2024-0{chance.randrange(1, 6)}-1{chance.randrange(0, 9)}T10:00:00+00:00",
                chance.choice(("en", "de", "")), content_hash=f"h{number}", metadata=metadata,
            )
        )  # fmt: skip
    return made


def predictions(made: list[Post]) -> list[Prediction]:
    chance = random.Random(8)
    found = []
    for post in made[:50]:
        parts = [chance.random() + 0.01 for _ in LABELS]
        probs = tuple(part / sum(parts) for part in parts)
        label = LABELS[probs.index(max(probs))]
        text_label = chance.choice(LABELS)
        image_label = chance.choice(LABELS) if post.pictures else ""
        status = "ok" if post.pictures else "text_only"
        found.append(
            Prediction(
                post.content_hash,
                BUNDLE,
                status,
                label,
                max(probs),
                probs,
                text_label,
                probs,
                image_label,
                probs if image_label else None,
            )
        )
    return found


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = posts()
    with Store.open(tmp_path_factory.mktemp("property") / "mmsa.db") as opened:
        opened.index_source("here", "pairs", "Here", made)
        opened.save_bundle_labels(BUNDLE, LABELS)
        opened.save_predictions(predictions(made))
        chance = random.Random(9)
        opened.add_corrections(
            Correction(
                "", post.content_hash, chance.choice((*LABELS, "")),
                note=chance.choice(("", "irony", "see rain")), flagged=chance.random() < 0.5,
            )
            for post in made[::3]
        )  # fmt: skip
        yield opened


@pytest.fixture(scope="module")
def rows(store: Store) -> list[Row]:
    return list(store.rows(1, BUNDLE))


# leaves: a filter of one condition, and the same in Python


def words_of(row: Row) -> list[str]:
    return re.findall(r"\w+", row.text.lower())


def number_of(text: str) -> float | None:
    bare = text.replace(",", "") if re.fullmatch(r"-?\d{1,3}(,\d{3})*", text) else text
    return float(bare) if re.fullmatch(r"-?\d+", bare) else None


def word(typed: str) -> Pair:
    return typed if typed not in ("or", "not") else f'"{typed}"', lambda row: typed in words_of(row)


def phrase(first: str, second: str) -> Pair:
    pair = [first, second]
    return f'"{first} {second}"', lambda row: any(
        words_of(row)[at : at + 2] == pair for at in range(len(words_of(row)))
    )


def starting(typed: str) -> Pair:
    begun = typed[:2]
    return f"{begun}*", lambda row: any(one.startswith(begun) for one in words_of(row))


def pattern(typed: str) -> Pair:
    return f"/{typed[0]}\\w+{typed[-1]}/", lambda row: bool(
        re.search(rf"{typed[0]}\w+{typed[-1]}", row.text, re.I)
    )


def label(name: str, given: list[str], of: Callable[[Row], str]) -> Pair:
    return f"{name}:{','.join(given)}", lambda row: of(row) in given


ORDERS: dict[str, Callable[[float, float], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def confidence(order: str, percent: int) -> Pair:
    def holds(row: Row) -> bool:
        return row.prediction is not None and ORDERS[order](row.prediction.confidence, percent / 100)

    return f"conf:{order}{percent / 100:.2f}", holds


def likes(order: str, number: int) -> Pair:
    def holds(row: Row) -> bool:
        value = number_of(row.metadata["likes"])
        return value is not None and ORDERS[order](value, number)

    return f"likes:{order}{number}", holds


def region(value: str) -> Pair:
    return f"col:Region={value}", lambda row: row.metadata["Region"].lower() == value.lower()


def month(order: str, number: int) -> Pair:
    def holds(row: Row) -> bool:
        assert row.post is not None
        return ORDERS[order](int(row.post.created_at[5:7]), number)

    return f"date:{order}2024-0{number}", holds


IS: dict[str, Predicate] = {
    "has:image": lambda row: bool(row.post and row.post.pictures),
    "has:note": lambda row: bool(row.correction and row.correction.note),
    "has:text": lambda row: bool(row.text),
    "is:flagged": lambda row: bool(row.correction and row.correction.flagged),
    "is:corrected": lambda row: bool(row.corrected_label),
    "is:classified": lambda row: row.prediction is not None,
    "is:unclassified": lambda row: row.prediction is None,
    "is:conflict": lambda row: bool(row.prediction and row.prediction.conflict),
    "note:rain": lambda row: bool(row.correction and "rain" in row.correction.note),
    "author:bob": lambda row: bool(row.post and row.post.author.lower() == "bob"),
    "author:*": lambda row: bool(row.post and row.post.author),
    "lang:EN": lambda row: bool(row.post and row.post.language == "en"),
    'col:"Home town"=bergen': lambda row: row.metadata["Home town"] == "Bergen",
    "col:Region=*north": lambda row: row.metadata["Region"].lower().endswith("north"),
    "Region:*": lambda row: bool(row.metadata["Region"]),
    "pictures:>1": lambda row: bool(row.post and len(row.post.pictures) > 1),
    "label:none": lambda row: not row.final_label,
}

some_word = st.sampled_from(WORDS)
some_order = st.sampled_from(list(ORDERS))
some_labels = st.lists(st.sampled_from(LABELS), min_size=1, max_size=2, unique=True)
LEAVES: st.SearchStrategy[Pair] = st.one_of(
    st.builds(word, some_word),
    st.builds(phrase, some_word, some_word),
    st.builds(starting, some_word),
    st.builds(pattern, some_word),
    st.builds(lambda given: label("label", given, lambda row: row.final_label), some_labels),
    st.builds(lambda given: label("corrected", given, lambda row: row.corrected_label), some_labels),
    st.builds(
        lambda given: label("model", given, lambda row: row.prediction.label if row.prediction else ""),
        some_labels,
    ),
    st.builds(confidence, some_order, st.integers(0, 100)),
    st.builds(likes, some_order, st.integers(-5, 2000)),
    st.builds(region, st.sampled_from(("North", "SOUTH", "east"))),
    st.builds(month, some_order, st.integers(1, 6)),
    st.sampled_from(list(IS.items())),
)


def opposite(how: str, part: Pair) -> Pair:
    text, holds = part
    return how + (text if " " not in text or text[0] in '"(' else f"({text})"), lambda row: not holds(row)


def both(joint: str, parts: list[Pair]) -> Pair:
    text = joint.join(one for one, _ in parts)
    return f"({text})", lambda row: all(holds(row) for _, holds in parts)


def either(parts: list[Pair]) -> Pair:
    return "(" + " OR ".join(one for one, _ in parts) + ")", lambda row: any(holds(row) for _, holds in parts)


def mixed(first: Pair, second: Pair, third: Pair) -> Pair:
    """`a AND b OR c` without parentheses: AND binds tighter."""
    text = f"({first[0]} AND {second[0]} OR {third[0]})"
    return text, lambda row: (first[1](row) and second[1](row)) or third[1](row)


def grown(parts: st.SearchStrategy[Pair]) -> st.SearchStrategy[Pair]:
    several = st.lists(parts, min_size=2, max_size=3)
    return st.one_of(
        st.builds(opposite, st.sampled_from(("-", "NOT ")), parts),
        st.builds(both, st.sampled_from((" ", " AND ")), several),
        st.builds(either, several),
        st.builds(mixed, parts, parts, parts),
    )


EXPRESSIONS = st.recursive(LEAVES, grown, max_leaves=8)


@settings(max_examples=N_EXAMPLES, deadline=None)
@given(EXPRESSIONS)
def test_a_filter_finds_what_a_plain_predicate_finds(store: Store, rows: list[Row], pair: Pair) -> None:
    text, holds = pair
    expected = [row.ordinal for row in rows if holds(row)]
    for written in (text, text[1:-1] if text[0] == "(" and is_whole(text) else text):
        found = store.ordinals(1, BUNDLE, parse(written, LABELS, COLUMNS))
        assert list(found) == expected, written


def is_whole(text: str) -> bool:
    """Whether the first parenthesis is closed by the last one."""
    depth = 0
    for at, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if not depth:
            return at == len(text) - 1
    return False


@settings(max_examples=N_EXAMPLES, deadline=None)
@given(
    st.lists(st.sampled_from([*WORDS, "(", ")", "AND", "OR", "NOT", "-", "/", '"', "conf<0.6"]), max_size=8)
)
def test_what_is_typed_carelessly_is_understood_or_refused(store: Store, pieces: list[str]) -> None:
    text = " ".join(pieces)
    try:
        where = parse(text, LABELS, COLUMNS)
    except FilterError as error:
        assert error.message and 0 <= error.start <= error.end <= len(text)
        return
    assert not {"AND", "OR", "NOT"} & set(where.params)
    assert store.count(1, BUNDLE, where) <= 60


@pytest.mark.parametrize("bad", ["(a|aa)+$", "(.*)*x"])
def test_a_regular_expression_that_would_take_years_is_given_up(tmp_path: Path, bad: str) -> None:
    from mmsa_tui.errors import MmsaError

    with Store.open(tmp_path / "mmsa.db") as opened:
        opened.index_source("here", "pairs", "Here", [Post("1", "a" * 5000 + "!", content_hash="h")])
        try:
            opened.count(1, BUNDLE, parse(f"/{bad}/"))
        except MmsaError as error:
            assert "takes too long" in error.message
