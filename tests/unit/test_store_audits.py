"""An audit is kept as it was drawn, and only what was said inside it answers it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from mmsa_tui.errors import StoreError
from mmsa_tui.records import Correction, Post, content_hash
from mmsa_tui.store import Audit, SampledPost, Store, Stratum, salvage_corrections
from mmsa_tui.store.database import Database
from mmsa_tui.store.schema import MIGRATIONS

AUDIT = Audit("a1", "here", "mvsa 1.0.0", ("no", "yes"), "week", "seed", 0.04, "2024-05-01T10:00:00+00:00")
POSTS = [Post(str(n), f"post {n}", content_hash=content_hash(f"post {n}", [])) for n in range(4)]
STRATA = [Stratum("no\x1fA", 3, 0.5), Stratum("yes\x1fB", 1, 1.0)]
SAMPLE = [
    SampledPost(POSTS[2].content_hash, "no\x1fA", 1 / 3, 0.2),
    SampledPost(POSTS[0].content_hash, "yes\x1fB", 1.0, 0.1),
]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "mmsa.db") as opened:
        opened.index_source("here", "pairs", "Here", POSTS)
        opened.audits.start(AUDIT, STRATA, SAMPLE)
        yield opened


def answer(post: Post, label: str, analyst: str = "ann", origin: str = AUDIT.origin) -> Correction:
    return Correction("", post.content_hash, label, analyst=analyst, origin=origin)


def test_an_audit_comes_back_as_it_was_kept(store: Store) -> None:
    assert store.audits.of("here") == [AUDIT]
    assert store.audits.of("elsewhere") == []
    assert store.audits.strata("here", "a1") == STRATA
    assert store.audits.sample("here", "a1") == [SAMPLE[1], SAMPLE[0]]


def test_one_source_has_an_audit_once(store: Store) -> None:
    with pytest.raises(StoreError, match="has the audit a1 already"):
        store.audits.start(AUDIT, (), ())


def test_a_larger_sample_takes_the_place_of_the_smaller(store: Store) -> None:
    more = [*SAMPLE, SampledPost(POSTS[1].content_hash, "no\x1fA", 2 / 3, 0.5)]
    store.audits.extend("here", "a1", [Stratum("no\x1fA", 3, 0.9), STRATA[1]], more)
    assert len(store.audits.sample("here", "a1")) == 3


def test_what_was_said_elsewhere_never_answers_an_audit(store: Store) -> None:
    store.add_corrections([answer(POSTS[0], "yes", origin=""), answer(POSTS[2], "yes", origin="audit:other")])
    assert store.audits.answers("a1") == []


def test_each_analyst_answers_and_the_last_answer_counts(store: Store) -> None:
    store.add_corrections([answer(POSTS[0], "no"), answer(POSTS[0], "yes"), answer(POSTS[0], "no", "bob")])
    store.add_corrections([answer(POSTS[0], "no", origin="")])
    found = {(said.analyst, said.label) for said in store.audits.answers("a1")}
    assert found == {("ann", "yes"), ("bob", "no")}


def test_an_answer_that_is_undone_no_longer_counts_and_redone_counts_again(store: Store) -> None:
    store.add_corrections([answer(POSTS[0], "no", origin="")])
    store.acts.record([answer(POSTS[0], "yes")], "label", "here")
    store.acts.undo("here")
    assert store.audits.answers("a1") == []
    state = store.correction_state(POSTS[0].content_hash)
    assert state is not None and state.new_label == "no"
    store.acts.redo("here")
    assert [said.label for said in store.audits.answers("a1")] == ["yes"]


def test_acts_of_older_versions_are_no_answers_and_can_still_be_salvaged(tmp_path: Path) -> None:
    before = [migration for migration in MIGRATIONS if migration.name != "audits"]
    path = tmp_path / "old.db"
    Database.open(path, before[: [m.name for m in MIGRATIONS].index("audits")]).close()
    with sqlite3.connect(path) as db:
        db.execute(
            "INSERT INTO corrections (uid, content_hash, new_label, old_label, probs, bundle, analyst,"
            " created_at, created_us, note, flagged, post_id, text)"
            " VALUES ('u', 'b2:1', 'yes', '', '[]', '', 'ann', '2024-05-01', 1714521600000000, '', 0, '', '')"
        )
    db.close()
    salvaged = salvage_corrections(path)
    found, is_whole = salvaged.corrections, salvaged.is_whole
    assert is_whole and [act.origin for act in found] == [""]
    with Store.open(path) as store:
        assert [act.origin for act in store.corrections()] == [""]
