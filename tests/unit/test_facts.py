"""Label, note and flag are separate facts: each with its own history and its own author."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mmsa_tui.corrections import collect_ratings, export_corrections, find_conflicts, take_in
from mmsa_tui.records import FACTS, Correction, Fact, Post
from mmsa_tui.store import Store
from mmsa_tui.store.schema import MIGRATIONS

OLD = Path(__file__).parents[1] / "fixtures" / "version_0_1"
LABELS = ("negative", "neutral", "positive")
POSTS = ("b2:one", "b2:two")
ANALYSTS = ("Ann", "Ben", "Cleo")
N_EXAMPLES = int(os.environ.get("MMSA_FUZZ", "60"))


def open_laptop(path: Path) -> Store:
    store = Store.open(path)
    store.index_source(
        "posts", "table", "posts", iter([Post(digest, digest, content_hash=digest) for digest in POSTS])
    )
    return store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_laptop(tmp_path / "mmsa.db") as opened:
        yield opened


def act(analyst: str, digest: str = POSTS[0], **said: str | bool) -> Correction:
    """Say something of a post, as the app does."""
    names: dict[str, Fact] = {"new_label": "label", "note": "note", "flagged": "flag"}
    facts = tuple(names[name] for name in said)
    return replace(Correction("", digest, "", analyst=analyst), facts=facts, **said)  # type: ignore[arg-type]


def state(store: Store, digest: str = POSTS[0]) -> tuple[str, str, bool]:
    now = store.correction_state(digest)
    return (now.new_label, now.note, now.flagged) if now else ("", "", False)


def without_facts(path: Path) -> Path:
    """Make a file of corrections what the version before would have written."""
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for values in lines:
        del values["facts"]
    path.write_text("".join(json.dumps(values) + "\n" for values in lines), encoding="utf-8")
    return path


def exported(store: Store, path: Path) -> Path:
    path.unlink(missing_ok=True)
    export_corrections(store.corrections(), path, lambda bundle: ())
    return path


@pytest.mark.parametrize("is_old", [False, True], ids=["of this version", "of the version before"])
@pytest.mark.parametrize("is_mine_first", [True, False])
def test_a_colleagues_label_takes_away_neither_note_nor_flag(
    tmp_path: Path, is_old: bool, is_mine_first: bool
) -> None:
    with open_laptop(tmp_path / "a.db") as mine, open_laptop(tmp_path / "b.db") as theirs:
        acts = [
            lambda: mine.add_corrections([act("Ann", new_label="positive")]),
            lambda: mine.add_corrections([act("Ann", note="irony?", flagged=True)]),
            lambda: theirs.add_corrections([act("Ben", new_label="negative")]),
        ]
        for one in acts if is_mine_first else [acts[2], *acts[:2]]:
            one()
        file = exported(theirs, tmp_path / "ben.jsonl")
        if is_old:
            without_facts(file)
        assert take_in(mine, [file], LABELS).n_new == 1
        assert state(mine) == ("negative" if is_mine_first else "positive", "irony?", True)


def test_a_note_is_no_vote_for_the_label_it_was_written_beside(store: Store) -> None:
    store.add_corrections([act("Ann", new_label="positive"), act("Ben", note="I doubt it")])
    store.add_corrections([act("Ann", new_label="negative")])
    assert find_conflicts(store.corrections()) == []
    assert list(collect_ratings(store).by_rater) == ["Ann"]


def test_undo_of_a_label_leaves_the_note_that_was_written_since(store: Store) -> None:
    store.acts.record([act("Ann", new_label="positive")], "label", "posts")
    store.acts.record([act("Ben", note="look again")], "note", "posts")
    step = store.acts.undo("posts", "Ann")
    assert step is not None and step.n_kept == 0
    assert state(store) == ("", "look again", False)


def test_undo_reaches_ones_own_acts_alone(store: Store) -> None:
    store.acts.record([act("Ann", new_label="positive")], "label a", "posts")
    store.acts.record([act("Ben", POSTS[1], new_label="negative")], "label b", "posts")
    assert (store.acts.undoable("posts", "Ann"), store.acts.last_actor("posts")) == ("label a", "Ben")
    step = store.acts.undo("posts", "Ann")
    assert step is not None and step.content_hashes == (POSTS[0],)
    assert (state(store)[0], state(store, POSTS[1])[0]) == ("", "negative")
    assert store.acts.undo("posts", "Ann") is None


def test_what_counts_now_goes_into_a_file_whole(store: Store, tmp_path: Path) -> None:
    store.add_corrections([act("Ann", new_label="positive"), act("Ben", note="n", flagged=True)])
    store.add_corrections([act("Cleo", new_label="neutral")])
    assert [(one.analyst, one.facts) for one in store.current_acts()] == [
        ("Cleo", ("label",)),
        ("Ben", ("note", "flag")),
    ]


def test_a_store_of_before_opens_in_the_state_it_was_left_in(tmp_path: Path) -> None:
    path = tmp_path / "mmsa.db"
    shutil.copy(OLD / "mmsa.db", path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone()[0] < len(MIGRATIONS)
        before = connection.execute(
            "SELECT hash, label, note, flagged FROM current_correction"
            " JOIN contents ON contents.id = content_id ORDER BY hash"
        ).fetchall()
        notes = {
            (digest, analyst, note)
            for digest, analyst, note in connection.execute(
                "SELECT content_hash, analyst, note FROM corrections"
            )
            if note
        }
    assert before and notes
    with Store.open(path) as store:
        for digest, label, note, flagged in before:
            now = store.correction_state(digest)
            assert now is not None
            assert (now.new_label, now.flagged) == (label, bool(flagged))
            # A note that another's label had taken away is there again.
            assert now.note == note or not note
        kept = {(one.content_hash, one.analyst, one.note) for one in store.corrections() if one.note}
        assert kept == notes


_KINDS = ("label", "note", "flag", "both", "undo", "redo", "merge")
_STEP = st.tuples(
    st.integers(0, 2), st.sampled_from(_KINDS), st.sampled_from(POSTS), st.integers(0, 2), st.integers(0, 5)
)


@settings(max_examples=N_EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_STEP, min_size=1, max_size=25))
def test_nothing_that_three_analysts_say_is_ever_lost(
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[tuple[int, str, str, int, int]],
) -> None:
    """Label, note, flag, undo, redo, export, import, merge in any order: every act is kept as it was said,
    each fact of a post is what was said of it last, and laptops that know the same agree."""
    folder = tmp_path_factory.mktemp("laptops")
    stores = [open_laptop(folder / f"{name}.db") for name in ANALYSTS]
    said: dict[str, Correction] = {}
    try:
        for who, kind, digest, other, n in steps:
            name, store = ANALYSTS[who], stores[who]
            if kind in ("label", "note", "flag", "both"):
                label, note = LABELS[n % 3], f"note {n}" if n else ""
                one = {
                    "label": act(name, digest, new_label=label),
                    "note": act(name, digest, note=note),
                    "flag": act(name, digest, flagged=bool(n % 2)),
                    "both": act(name, digest, new_label=label, note=f"both {n}"),
                }[kind]
                store.acts.record([one], kind, "posts")
            elif kind in ("undo", "redo"):
                before = {d: {f: _said(store, d, f) for f in FACTS} for d in POSTS}
                step = (store.acts.undo if kind == "undo" else store.acts.redo)("posts", name)
                if step is None or not step.content_hashes:
                    assert {d: {f: _said(store, d, f) for f in FACTS} for d in POSTS} == before
            elif other != who:
                file = exported(stores[other], folder / "handed.jsonl")
                taken = take_in(store, [file], LABELS)
                assert not taken.rejections
            for one in store.corrections():
                known = said.setdefault(one.uid, one)
                assert (known.facts, _values(known)) == (one.facts, _values(one))
            for digest in POSTS:
                for fact in FACTS:
                    assert _said(store, digest, fact) == _latest(store, digest, fact)
        # All hand over to all, twice: then everybody knows everything.
        for _ in range(2):
            for one_store in stores:
                file = exported(one_store, folder / "handed.jsonl")
                for another in stores:
                    assert not take_in(another, [file], LABELS).rejections
        for store in stores:
            assert {one.uid for one in store.corrections()} == said.keys()
            for digest in POSTS:
                assert _states(store, digest) == _states(stores[0], digest)
    finally:
        for store in stores:
            store.close()


def _values(one: Correction) -> list[object]:
    """List what an act says."""
    return [value for fact, value in _all(one).items() if fact in one.facts]


def _all(one: Correction) -> dict[Fact, object]:
    return {"label": one.new_label, "note": one.note, "flag": one.flagged}


def _said(store: Store, digest: str, fact: Fact) -> object:
    now = store.correction_state(digest)
    return _all(now)[fact] if now else _all(Correction("", digest, ""))[fact]


def _states(store: Store, digest: str) -> list[object]:
    return [_said(store, digest, fact) for fact in FACTS]


def _latest(store: Store, digest: str, fact: Fact) -> object:
    """Say by a plain walk what was last said of a fact."""
    value = _all(Correction("", digest, ""))[fact]
    for one in store.corrections(digest):
        if fact in one.facts:
            value = _all(one)[fact]
    return value
