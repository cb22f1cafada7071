"""One line of the filter language becomes the right rows, or a readable error."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from mmsa_tui.filters import FilterError, narrowed, parse, reference
from mmsa_tui.filters.expression import read_expression
from mmsa_tui.filters.tokens import Term
from mmsa_tui.records import Correction, Failure, Picture, Post, Prediction
from mmsa_tui.store import Store, Where

BUNDLE = "mvsa 1.0.0"


LABELS = ("negative", "neutral", "positive")


PICTURE = Picture("1.jpg", Path("1.jpg"))


POSTS: list[Post | Failure] = [
    Post("10", "Best day ever #blessed", (PICTURE,), "@Ann", "2024-04-30T23:59:00+00:00", content_hash="h0"),
    Post("11", "Polls open until nine", (), "bob", "2024-05-01T00:00:00+00:00", "en", content_hash="h1"),
    Post("12", "RT @bob: polls open until nine", (), "@cid", "2024-06-02T08:30:00+00:00", content_hash="h2"),
    Post("13", "", (PICTURE, PICTURE), "@Ann", "2025-01-01T00:00:00+00:00", content_hash="h3"),
    Post("14", "nothing is known of me", content_hash="h4", truth={"label": "neutral"}),
    Failure("x5", "no text and no picture"),
]


def predict(number: int, label: str, *probs: float, image_label: str = "") -> Prediction:
    ranked = max(probs)
    status = "ok" if image_label else "text_only"
    return Prediction(
        f"h{number}",
        BUNDLE,
        status,
        label,
        ranked,
        probs,
        label,
        probs,
        image_label,
        probs if image_label else None,
    )


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with Store.open(tmp_path_factory.mktemp("filters") / "mmsa.db") as opened:
        opened.index_source("here", "pairs", "Here", POSTS)
        opened.save_bundle_labels(BUNDLE, LABELS)
        opened.save_predictions(
            [
                predict(0, "positive", 0.1, 0.2, 0.7, image_label="negative"),
                predict(1, "neutral", 0.27, 0.546, 0.184),
                predict(2, "neutral", 0.3, 0.4, 0.3),
                predict(3, "negative", 0.6, 0.3, 0.1),
            ]
        )
        opened.add_corrections(
            [
                Correction("", "h1", "negative", note="irony, 100%"),
                Correction("", "h2", "neutral"),
                Correction("", "h3", "", flagged=True),
            ]
        )
        yield opened


def find(store: Store, text: str) -> str:
    return " ".join(row.post_id for row in store.rows(1, BUNDLE, parse(text, LABELS)))


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("", "10 11 12 13 14 x5"),
        ("   ", "10 11 12 13 14 x5"),
        ("polls", "11 12"),
        ("POLLS nine", "11 12"),
        ('"open polls"', ""),
        ('"polls open"', "11 12"),
        ("“polls open”", "11 12"),
        ("pol*", "11 12"),
        ("#blessed", "10"),
        ("@bob", "12"),
        ("-polls", "10 13 14 x5"),
        ("-polls -day", "13 14 x5"),
        ("best OR nothing", "10 14"),
        ("polls (best OR nine)", "11 12"),
        ("(polls bob) OR best", "10 12"),
        ("polls AND bob OR best", "10 12"),
        ("best OR bob AND polls", "10 12"),
        ("polls AND bob", "12"),
        ("polls NOT bob", "11"),
        ("NOT polls", "10 13 14 x5"),
        ("NOT (polls OR best)", "13 14 x5"),
        ("-(polls OR best)", "13 14 x5"),
        ("polls -(bob)", "11"),
        ("(polls)", "11 12"),
        ("((polls) (bob))", "12"),
        (":)", ""),
        ("/pol+s/", "11 12"),
        ("/^polls/", "11"),
        ("(/^polls/ OR /day ever/)", "10 11"),
        ("author:/^@/", "10 12 13"),
        ("or", ""),
        ('nine "or"', ""),
        ("i<3u", ""),
        ('"OR"', ""),
        ("label:negative", "11 13"),
        ("label:NEG", "11 13"),
        ("label:negative,positive", "10 11 13"),
        ("label:none", "14 x5"),
        ("-label:negative", "10 12 14 x5"),
        ("model:neutral", "11 12"),
        ("corrected:*", "11 12"),
        ("is:changed", "11"),
        ("truth:neutral", "14"),
        ("text_label:neutral", "11 12"),
        ("image_label:negative", "10"),
        ("conf:<0.6", "11 12"),
        ("conf:<60%", "11 12"),
        ("conf:>=.7", "10"),
        ("conf:0.55", "11"),
        ("conf:55%", "11"),
        ("conf:0.5..0.65", "11 13"),
        ("conf:0.65..", "10"),
        ("-conf:<0.6", "10 13 14 x5"),
        ("p_negative:>0.28", "12 13"),
        ("margin:<0.15", "12"),
        ("has:image", "10 13"),
        ("-has:image is:classified", "11 12"),
        ("pictures:>1", "13"),
        ("has:note", "11"),
        ("note:*", "11"),
        ("note:IRON", "11"),
        ("note:100%", "11"),
        ("note:_", ""),
        ("is:conflict", "10"),
        ("is:flagged", "13"),
        ("has:flagged", "13"),
        ("is:corrected", "11 12"),
        ("is:failed", "x5"),
        ("is:unclassified", "14"),
        ("is:duplicate", "11 12"),
        ("duplicates:2", "11 12"),
        ("is:retweet", "12"),
        ("author:@ann", "10 13"),
        ("author:ann,BOB", "10 11 13"),
        ("author:*n*", "10 13"),
        ("date:2024", "10 11 12"),
        ("date:2024-05", "11"),
        ("date:2024-5-1", "11"),
        ("date:>2024-05-01", "12 13"),
        ("date:>=2024-05-01", "11 12 13"),
        ("date:<2024-05-01", "10"),
        ("date:<=2024-05-01", "10 11"),
        ("date:2024-05-01..2024-06", "11 12"),
        ("date:..2024-04", "10"),
        ("date:2024-06-02T08", "12"),
        ("lang:EN", "11"),
        ("id:12", "12"),
        ("id:1*", "10 11 12 13 14"),
        ("status:text_only", "11 12 13"),
        ("label:negative conf:<0.6 -has:image author:bob date:>=2024-05-01 note:* \"until nine\"", "11"),
    ],
)  # fmt: skip
def test_a_filter_finds_its_posts(store: Store, text: str, ids: str) -> None:
    assert find(store, text) == ids


@pytest.mark.parametrize(
    ("text", "marked", "repaired"),
    [
        ("lable:negative", "lable", "label:negative"),
        ("has:image -lable:x", "lable", "has:image -label:x"),
        ("label:positve", "positve", "label:positive"),
        ("label:positive,negtive", "negtive", "label:positive,negative"),
        ("has:imge", "imge", "has:image"),
        ('say "never closed', '"never closed', 'say "never closed"'),
        ("a OR", "OR", 'a "OR"'),
        ("OR a", "OR", '"OR" a'),
        ("conf:60", "60", "conf:60%"),
        ("conf:<0,6", "6", "conf:<0,6%"),
        ("conf:high", "high", "conf:high"),
        ("date:yesterday", "yesterday", "date:yesterday"),
        ("date:2024-13", "2024-13", "date:2024-13"),
        ("label:", "label:", "label:negative"),
        ("-label:", "label:", "-label:negative"),
        ('""', '""', '""'),
        ("*", "*", "*"),
        ("polls best OR nine", "polls best", "(polls best) OR nine"),
        ("love or sad", "or", "love OR sad"),
        ("love and sad", "and", "love AND sad"),
        ("not happy", "not", "NOT happy"),
        ("love && sad", "&&", "love AND sad"),
        ("love AND", "AND", 'love "AND"'),
        ("love NOT", "NOT", 'love "NOT"'),
        ("(love OR) sad", "OR", '(love "OR") sad'),
        ("(love sad", "(love sad", "(love sad)"),
        ("love sad)", "sad)", "love sad"),
        ("love ()", "()", "love ()"),
        ("love - sad", "- ", "love -sad"),
        ("!sad", "!sad", "-sad"),
        ("conf<0.6", "conf<0.6", "conf:<0.6"),
        ("confidence<=0.6", "confidence<=0.6", "conf:<=0.6"),
        ("label=negative", "label=negative", "label:negative"),
        ("label!=negative", "label!=negative", "-label:negative"),
        ("conf < 0.6", "conf < 0.6", "conf:<0.6"),
        ("love < sad", "<", 'love "<" sad'),
        ("has:picture", "picture", "has:image"),
        ("flag:", "flag:", "is:flagged"),
        ("flag:yes", "flag:yes", "is:flagged"),
        ("confidence:<0.6", "confidence", "conf:<0.6"),
        ("sentiment:negative", "sentiment", "label:negative"),
        ("/r/politics", "/r/politics", '"/r/politics"'),
        ("/a(b/", "(b", "/a(b/"),
        ("conf:/x/", "/x/", "conf:/x/"),
        ("col:", "col:", "col:"),
        ("col:Rigion=North", "Rigion", "col:Region=North"),
        ("Likes>3", "Likes>3", "likes:>3"),
    ],
)
def test_an_error_marks_the_place_and_offers_a_repair(text: str, marked: str, repaired: str) -> None:
    with pytest.raises(FilterError) as caught:
        parse(text, LABELS, ("Region", "Likes"))
    error = caught.value
    assert text[error.start : error.end] == marked
    assert error.repaired(text) == repaired


def test_an_error_says_what_is_allowed() -> None:
    with pytest.raises(FilterError) as caught:
        parse("label:happy", LABELS)
    assert caught.value.message == "label: does not know happy"
    assert "negative, neutral, positive or none" in caught.value.hint


def test_a_link_is_searched_for_as_words(store: Store) -> None:
    assert find(store, "https://t.co/x") == ""


def test_any_label_passes_while_no_bundle_is_known(store: Store) -> None:
    rows = store.rows(1, BUNDLE, parse("label:Negative", ()))
    assert [row.post_id for row in rows] == ["11", "13"]


def test_a_label_may_hold_anything(tmp_path: Path) -> None:
    labels = ('we"ird', "Très bien")
    with Store.open(tmp_path / "mmsa.db") as store:
        store.index_source("here", "pairs", "Here", POSTS)
        store.save_bundle_labels(BUNDLE, labels)
        store.save_predictions([Prediction("h0", BUNDLE, "text_only", labels[1], 0.7, (0.3, 0.7))])
        for text in ('label:"très bien"', "label:tr"):
            assert [row.post_id for row in store.rows(1, BUNDLE, parse(text, labels))] == ["10"]


PIECES = st.sampled_from(
    [
        *(
            '"',
            "“",
            "-",
            ",",
            ":",
            "*",
            "..",
            "<",
            ">=",
            "OR",
            " ",
            "\\",
            "%",
            "'",
            "\0",
            "\ud800",
            "é",
            "😀",
        ),
        *("label:", "conf:", "has:", "date:", "note:", "author:", "id:", "p_neutral:", "x:", "pictures:"),
        *(
            "negative",
            "image",
            "0.5",
            "2024-05",
            "9999",
            "0000",
            "polls",
            "#tag",
            "日本",
            ");DROP TABLE posts;--",
        ),
    ]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300, deadline=None)
@given(st.one_of(st.lists(PIECES, max_size=12).map("".join), st.text(max_size=60)))
@example("a " * 1000)
@example('-"\0"')
@example("conf:1" + "0" * 400)
def test_whatever_is_typed_is_a_condition_or_an_error_about_a_place_in_it(store: Store, text: str) -> None:
    try:
        where = parse(text, LABELS)
    except FilterError as error:
        assert 0 <= error.start <= error.end <= len(text)
        assert error.message
        return
    assert 0 <= store.count(1, BUNDLE, where) <= len(POSTS)
    assert where.sql.count("?") == len(where.params)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200, deadline=None)
@given(st.text(st.characters(exclude_characters='"“”„'), min_size=1, max_size=20))
def test_what_is_typed_never_becomes_sql(store: Store, text: str) -> None:
    """The statement of a quoted value is one of a few, whatever the value."""
    if not text.strip("* \t\n"):
        return
    for field in ("author", "note", "id", "group", "lang"):
        try:
            sql = parse(f'{field}:"{text}"', LABELS).sql
        except FilterError:
            continue
        assert sql in {parse(f'{field}:"{other}"', LABELS).sql for other in ("x", "x*", "*")}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200, deadline=None)
@given(st.lists(PIECES, max_size=6).map("".join))
def test_a_condition_and_its_opposite_make_up_the_whole(store: Store, piece: str) -> None:
    piece = piece.strip(" \0\ud800")
    try:
        assume(isinstance(read_expression(piece), Term))
        both = [store.count(1, BUNDLE, parse(text, LABELS)) for text in (piece, "-" + piece)]
    except FilterError:
        return
    assert sum(both) == len(POSTS)


def test_every_example_in_the_reference_parses() -> None:
    for written, _ in reference(LABELS):
        assert isinstance(parse(written, LABELS), Where)


@pytest.mark.parametrize(
    ("text", "more", "both"),
    [
        ("a OR b", "label:x", "(a OR b) label:x"),
        ("(a OR b)", "label:x", "(a OR b) label:x"),
        ("(a) OR (b)", "label:x", "((a) OR (b)) label:x"),
        ("a b", "label:x", "a b label:x"),
        ("NOT a", "label:x", "NOT a label:x"),
        ("", "label:x", "label:x"),
        ("a OR b", "", "a OR b"),
    ],
)
def test_a_filter_is_narrowed_as_a_whole(text: str, more: str, both: str) -> None:
    assert narrowed(text, more) == both
