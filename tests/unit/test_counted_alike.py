"""Overview, report and workbook say the same of the same posts, however nasty these are."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmsa_tui.analysis import Counts, count, survey
from mmsa_tui.analysis.population import walk
from mmsa_tui.export import Summary, write
from mmsa_tui.filters import hits, parse
from mmsa_tui.records import Correction, Failure, Picture, Post, Prediction, content_hash
from mmsa_tui.report import About, gather, write_page
from mmsa_tui.store import Store
from mmsa_tui.text.hashtags import hashtags_in, key_of

BUNDLE = "mvsa 1.0.0"
LABELS = ("negative", "neutral", "positive")
TEXTS = (
    "#Rain over https://example.org/page#frag and https://example.org/#top",
    "#rain #RAIN www.example.org/#no &#39;quoted&#39; a#b ##double #1",
    "＃雨 #été #Rain’s bit.ly/x#no",
    "",
    "lone \ud800 surrogate #rain",
    "=1+1 <script>#xss</script>",
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Hold a source with copies, failures, undated and unclassified posts, and labels of all kinds."""
    items: list[Post | Failure] = []
    for number in range(60):
        text = TEXTS[number % len(TEXTS)] + (f" {number}" if number % 3 else "")
        pictures = (Picture("a.jpg", tmp_path / "a.jpg"),) if number % 4 == 0 else ()
        if number % 7 == 0:
            pictures = (*pictures, Picture("gone.jpg"))
        written = ("2024-05-01T09:00:00+00:00", "", "2024-05-03", "no date")[number % 4]
        author = ("ann", "", '"b", ob', "ann")[number % 4]
        digest = content_hash(text, [str(number)] if number % 5 else [])
        items.append(Post(str(number), text, pictures, author, written, content_hash=digest))
    items[10:10] = [Failure("x", "cannot be read"), Failure("y", "cannot be read", "#rain")]
    with Store.open(tmp_path / "mmsa.db") as opened:
        opened.save_bundle_labels(BUNDLE, LABELS)
        opened.index_source("here", "pairs", "Here", items)
        posts = [item for item in items if isinstance(item, Post)]
        opened.save_predictions([_prediction(number, post) for number, post in enumerate(posts[:50])])
        opened.add_corrections(
            [
                Correction("", posts[1].content_hash, "positive", analyst="ann"),
                Correction("", posts[2].content_hash, "", note="a note alone", analyst="ann"),
                Correction("", posts[3].content_hash, "", flagged=True, analyst="ann"),
                Correction("", posts[4].content_hash, "sarcastic", analyst="ann"),
                Correction("", posts[58].content_hash, "neutral", analyst="ann"),
            ]
        )
        yield opened


def _prediction(number: int, post: Post) -> Prediction:
    if number % 11 == 0:
        return Prediction(post.content_hash, BUNDLE, "failed", error="nothing to judge")
    at = number % 3
    probs = tuple(0.5 if index == at else 0.25 for index in range(3))
    other = LABELS[(at + number % 2) % 3]
    return Prediction(
        *(post.content_hash, BUNDLE, "ok", LABELS[at], 0.5, probs),
        *(LABELS[at], probs, other, probs),
    )


def summary_of(store: Store, path: Path) -> dict[str, Any]:
    rows = store.rows(1, BUNDLE)
    write(rows, path, LABELS, summary=Summary({}, Counts()), source_columns=())
    sheet = openpyxl.load_workbook(path)["Summary"]
    return {str(row[0]): row[1] for row in sheet.values if row[0] is not None}


def test_overview_report_and_workbook_count_alike(store: Store, tmp_path: Path) -> None:
    overview = count(store, 1, BUNDLE)
    by_row = Counts()
    for row in store.rows(1, BUNDLE):
        by_row.add(row)
    assert by_row == overview
    summary = summary_of(store, tmp_path / "out.xlsx")
    assert summary["posts"] == overview.n_posts == 62
    assert summary["text and picture in conflict"] == overview.n_conflicts
    assert summary["corrected by people"] == overview.n_corrected
    assert {label: summary[label] for label in (*LABELS, "sarcastic")} == {
        label: overview.labels[label] for label in (*LABELS, "sarcastic")
    }
    assert summary["no label"] == overview.labels[""]
    assert summary["failed"] == overview.statuses["failed"]
    assert summary["not classified"] == overview.statuses[""]
    write_page(gather(store, 1, BUNDLE, About("Here")), tmp_path / "out.html")
    page = unescape((tmp_path / "out.html").read_text(encoding="utf-8"))
    assert (
        f"{overview.n_labelled:,} of {overview.n_posts:,} posts have a label; the shares are of these."
        in page
    )
    shown = dict(re.findall(r'title="(\w+): (\d+) \(\d+ %\)"', page))
    assert shown == {name: str(number) for name, number in overview.labels.items() if name and number}
    assert f"In {overview.n_conflicts:,} of" in page


def test_overview_and_report_rank_the_same_hashtags_and_authors(store: Store, tmp_path: Path) -> None:
    overview = survey(store, 1, BUNDLE)
    write_page(gather(store, 1, BUNDLE, About("Here")), tmp_path / "out.html")
    page = (tmp_path / "out.html").read_text(encoding="utf-8")
    rows = re.findall(r'<th scope="row">([^<]*)</th><td class="bar-cell">.*?</td><td>([\d,]+)</td>', page)
    shown = [(unescape(name), int(number)) for name, number in rows]
    assert shown == [(group.name, group.total) for group in (*overview.hashtags, *overview.authors)]
    assert "#frag" not in dict(shown) and "#top" not in dict(shown)


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        (TEXTS[0], {"Rain"}),
        (TEXTS[2], {"雨", "été", "Rain"}),
        ("a#b &#39; ##c #1", set()),
        ("(#ok) #ok2, #o_k", {"ok", "ok2", "o_k"}),
    ],
)
def test_a_hashtag_is_what_its_author_meant_as_one(text: str, tags: set[str]) -> None:
    assert set(hashtags_in(text).values()) == tags


def test_a_text_made_to_take_long_is_searched_quickly() -> None:
    assert hashtags_in("a." * 20_000 + "#tag") == {"tag": "tag"}


def test_a_hashtag_of_any_script_is_whole_and_its_filter_finds_the_posts_that_were_counted(
    tmp_path: Path,
) -> None:
    texts = (
        "#हिन्दी अच्छी है", "#हिन्दी! #हिन्दी", "#हाथ", "#தமிழ் #Straße", "#می‌خواهم", "#straße #love",
        "#lovely a#love love", "＃love", "#STRASSE",
    )  # fmt: skip
    with Store.open(tmp_path / "mmsa.db") as store:
        posts = [Post(str(at), text, content_hash=f"h{at}") for at, text in enumerate(texts)]
        store.index_source("here", "pairs", "Here", posts)
        groups = survey(store, 1, "").hashtags
        assert {"#हिन्दी", "#हाथ", "#தமிழ்", "#می‌خواهم"} <= {group.name for group in groups}
        for group in groups:
            assert store.count(1, "", parse(group.filter)) == group.total, group.name


TAGS = (
    "love", "LOVE", "Straße", "STRASSE", "strasse", "ﬁre", "fire", "first", "ﬀ", "ff", "été",
    "e\u0301te\u0301", "ete", "Kelvin", "\u212aelvin", "ΣΟΦΟΣ", "σοφός", "İstanbul", "i\u0307stanbul",
    "istanbul", "a_b", "a", "日本", "日本語", "हिन्दी", "می\u200cخواهم", "2024", "vote2024",
    "dong", "ſong", "song",
)  # fmt: skip
AROUND = (
    "",
    " ",
    "#",
    "＃",
    "a",
    "&",
    "https://x.org/",
    "https://t.co/a?b=",
    "bit.ly/",
    "\uf8ff",
    ".",
    "😀",
    "\n",
    "_",
    "¹",
)
N_EXAMPLES = int(os.environ.get("MMSA_FUZZ", "60"))

some_text = st.lists(
    st.one_of(
        st.sampled_from(AROUND),
        st.sampled_from(TAGS),
        st.builds("".join, st.tuples(st.sampled_from("#＃"), st.sampled_from(TAGS))),
    ),
    max_size=8,
).map("".join)


@settings(max_examples=N_EXAMPLES, deadline=None)
@given(st.lists(some_text, min_size=1, max_size=25, unique=True))
def test_hashtags_are_counted_as_they_are_found_and_marked(texts: list[str]) -> None:
    with TemporaryDirectory() as folder, Store.open(Path(folder) / "mmsa.db") as store:
        posts = [Post(str(at), text, content_hash=f"h{at}") for at, text in enumerate(texts)]
        store.index_source("here", "pairs", "Here", posts)
        source = store.source("here")
        assert source is not None
        groups = survey(store, 1, "", most_groups=1000).hashtags
        estimated = Counter(value for *_, values in walk(store, source, "", "hashtag") for value in values)
        assert estimated == {f"#{key_of(group.name)}": group.total for group in groups}
        assert store.count(1, "", parse("has:hashtag")) == sum(bool(hashtags_in(text)) for text in texts)
        for group in groups:
            for typed in (group.filter, group.name, f"＃{group.name[1:]}", f"hashtag:{group.name.upper()}"):
                found = set(store.ordinals(1, "", parse(typed)))
                assert len(found) == group.total, typed
                marks = hits(typed)
                assert marks is not None
                assert found == {at for at, text in enumerate(texts) if marks.find(text)}, typed
