"""A source of 900 posts and one broken input, judged by a model that is right four times in five."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from audited import BUNDLE, LABELS, fill, make_post

from mmsa_tui.records import Failure
from mmsa_tui.store import SourceRow, Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "mmsa.db") as opened:
        opened.save_bundle_labels(BUNDLE, LABELS)
        yield opened


@pytest.fixture
def source(store: Store) -> SourceRow:
    return fill(store, [Failure("x", "broken"), *(make_post(number) for number in range(900))])
