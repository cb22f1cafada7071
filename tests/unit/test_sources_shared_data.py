"""The corpora of ../shared/data read without a failed row, as their authors typed them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from mmsa_tui.records import Post
from mmsa_tui.sources import inspect, read
from mmsa_tui.text.garbled import repair

SHARED = Path(__file__).parents[3] / "shared" / "data"

pytestmark = [
    pytest.mark.shared_data,
    pytest.mark.skipif(not SHARED.is_dir(), reason="../shared/data is not here"),
]


@pytest.mark.parametrize(
    ("name", "posts", "gb18030"), [("mvsa_single", 4173, 958), ("original_size", 384, 90)]
)
def test_mvsa_reads_with_no_failed_row(name: str, posts: int, gb18030: int) -> None:
    found = list(read(SHARED / name))
    assert all(isinstance(item, Post) and len(item.pictures) == 1 for item in found)
    assert Counter(item.encoding for item in found if isinstance(item, Post)) == {
        "utf-8": posts - gb18030,
        "gb18030": gb18030,
    }


def test_gb18030_texts_have_real_quotes_and_ellipses() -> None:
    texts = [p.text for p in read(SHARED / "mvsa_single") if isinstance(p, Post) and p.encoding == "gb18030"]
    assert sum("…" in text for text in texts) > 600
    assert sum("“" in text or "’" in text for text in texts) > 80
    assert not any("¡" in text or "\ufffd" in text for text in texts)


def test_the_enriched_captions_are_repaired() -> None:
    typed = {p.post_id: p.text for p in read(SHARED / "mvsa_single") if isinstance(p, Post)}
    found = [p for p in read(SHARED / "mvsa_single" / "LabeledText.xlsx") if isinstance(p, Post)]
    # The spreadsheet went through a csv that lost quotes at the ends of texts.
    same = sum(p.text.replace('"', "").split() == typed[p.post_id].replace('"', "").split() for p in found)
    assert (len(found), same) == (4173, 4173)


def test_repairing_changes_no_text_that_is_as_its_author_typed_it() -> None:
    sources = [SHARED / "mvsa_single", SHARED / "semeval" / "train.tsv"]
    sources += sorted((SHARED / "tweeteval").glob("*.tsv"))
    texts = [item.text for source in sources for item in read(source) if isinstance(item, Post)]
    assert len(texts) > 100_000
    assert [text for text in texts if repair(text)[0] != text] == []


def test_a_tsv_full_of_loose_quotes_keeps_every_row() -> None:
    found = list(read(SHARED / "semeval" / "train.tsv"))
    assert (len(found), all(isinstance(item, Post) for item in found)) == (49_601, True)


def test_original_pictures_all_decode() -> None:
    found = inspect(SHARED / "original_size")
    assert (found.pictures.found, found.pictures.corrupt.count) == (384, 0)
    # The texts of five are a link and nothing else.
    assert found.outcomes == {"ok": 379, "image_only": 5}
