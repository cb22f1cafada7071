"""Texts as tools wrote them, turned back into what their authors typed."""

from __future__ import annotations

import html
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mmsa_tui.text.cleaning import ENTITIES, ESCAPES, TAGS, has_escapes, html_to_text, undo_escapes

# fmt: off
PIECES = st.sampled_from([
    "<", ">", "</", "<b>", "</b>", "<br/>", "<p>", "</p>", "<a href='x>y'>", "<!--", "-->", "<script>",
    "</script>", "b", "a ", "=", '"', "'", "<i", "\n", " ", "x", "<3", "!", "--", "/", "<img alt='>'>",
])
TYPED = [
    "I <3 you", "a < b and c > d", "go <- there ->", "<b and c> d", "<sarcasm>great</sarcasm>", "x<y>z", "<>",
    "<<<", "if a<b then b>a", "love <33 >.<", "<@user>", "<p", "AT&T; R&D", "a  b \n\n\n c ",
]
# fmt: on
TAGGED = st.lists(PIECES, max_size=25).map("".join)
SLASHED = st.text(st.sampled_from("\\nrtu\"'/0059eD83dcC: ax"), max_size=30)


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        ("<p>Lovely evening</p><p> so kind! <a href=\"https://m.example/t\">#<span>merrow</span></a></p>",
         "Lovely evening\n\nso kind! #merrow"),
        ("one<br>two<br />three", "one\ntwo\nthree"),
        ("I <b>love</b> it &amp; you", "I love it & you"),
        ('<a title="1 > 0" href=x>link</a>', "link"),
        ("a<!-- no > one -->b", "ab"),
        ("<style>p > a {}</style>x<script>if (a<b) {}</script>", "x"),
        ('so good <img class="emoji" alt="😀" src="1f600.png">', "so good 😀"),
        ('<img src="a.png" alt="a cat">cat', "cat"),
        ("&lt;b&gt; is bold", "<b> is bold"),
        ("<ul><li>tea</li><li>rum</li></ul>", "tea\n\nrum"),
    ],
)  # fmt: skip
def test_html_becomes_what_a_browser_shows(written: str, typed: str) -> None:
    assert html_to_text(written).text == typed


@pytest.mark.parametrize("text", TYPED)
def test_signs_that_people_type_stay(text: str) -> None:
    assert html_to_text(text).text == text
    assert not html_to_text(text).changes


def test_what_was_changed_is_told() -> None:
    assert html_to_text("<b>a</b> &amp; b").changes == {TAGS, ENTITIES}
    assert html_to_text("a &amp; b").changes == {ENTITIES}
    assert undo_escapes("a\\nb").changes == {ESCAPES}
    assert undo_escapes("¯\\_(ツ)_/¯").changes == frozenset()


@given(st.text())
def test_what_a_tool_escaped_comes_back_as_it_was_typed(text: str) -> None:
    assert html_to_text(html.escape(text)).text == text


@given(st.text(st.characters(exclude_characters="<&\\")))
def test_plain_text_is_not_changed(text: str) -> None:
    assert html_to_text(text).text == text
    assert undo_escapes(text).text == text


@given(TAGGED)
@example("<a<b>>")
@example("<a <script> > </script> >")
@example("<!<b>-- x -->")
def test_tags_are_gone_after_one_cleaning(text: str) -> None:
    once = html_to_text(text)
    assert html_to_text(once.text).text == once.text


@given(SLASHED)
def test_escapes_are_undone_once_and_for_all(text: str) -> None:
    once = undo_escapes(text).text
    assert undo_escapes(once).text == once


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        ("Lovely\\nevening", "Lovely\nevening"),
        ('she said \\"no\\"\\tagain', 'she said "no"\tagain'),
        ("caf\\u00e9 \\ud83d\\ude0d", "café 😍"),
        ("lone \\ud83d half", "lone \\ud83d half"),
        ("in C:\\new\\table or \\\\server\\notes", "in C:\\new\\table or \\\\server\\notes"),
        ("a\\\\nb", "a\\\\nb"),
        ("one\\r\\ntwo", "one\ntwo"),
    ],
)
def test_escapes_become_what_they_stand_for(written: str, typed: str) -> None:
    assert undo_escapes(written).text == typed


@pytest.mark.parametrize(
    ("column", "shown"),
    [
        (["plain", "Lovely\\nevening"], True),
        (["caf\\u00e9"], True),
        (["a\\nb", "one\ntwo"], False),
        (["in C:\\new\\table", "¯\\_(ツ)_/¯"], False),
        (['say \\"no\\"'], False),
        ([], False),
    ],
)
def test_a_column_shows_whether_escapes_are_written_out(column: list[str], shown: bool) -> None:
    assert has_escapes(column) is shown


@pytest.mark.parametrize(
    "piece", ["<", "<a>", "<a x='", "<a ", "<!-- >", ">", "<a x='>", "\\", "C:\\", "&amp;", "<p>\n"]
)
def test_a_text_of_a_megabyte_takes_less_than_two_seconds(piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    start = time.process_time()
    undo_escapes(text)
    html_to_text(text)
    assert time.process_time() - start < 2
