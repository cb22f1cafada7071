"""Predictions: saved whole, found again by content, resumed after a kill."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mmsa_tui.errors import StoreError
from mmsa_tui.records import Failure, Post, Prediction
from mmsa_tui.store import Store, Where, judged_by
from mmsa_tui.store.database import Database
from mmsa_tui.store.schema import MIGRATIONS

REPOSITORY = Path(__file__).parents[2]
BUNDLE = "mvsa@1.0.0"

FULL = Prediction(
    content_hash="h0",
    bundle=BUNDLE,
    status="ok",
    label="positive",
    confidence=0.1 + 0.2,
    probs=(0.1, 1 / 3, 0.1 + 0.2),
    text_label="positive",
    text_probs=(1e-17, 0.5, 0.5),
    image_label="negative",
    image_probs=(0.9, 0.05, 0.05),
    deciding_picture=1,
    error="a warning \ud800",
    runtime="cpu int8",
    model="f" * 32,
)


def posts(*hashes: str) -> list[Post | Failure]:
    return [Post(str(number), digest, content_hash=digest) for number, digest in enumerate(hashes)]


def predict(content_hash: str, label: str = "a") -> Prediction:
    return Prediction(content_hash, BUNDLE, "ok", label, 0.6, (0.6, 0.4))


def waiting(store: Store, source_id: int = 1, where: Where | None = None) -> list[str]:
    return [stored.post.content_hash for stored in store.unpredicted(source_id, BUNDLE, where) if stored.post]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "mmsa.db") as opened:
        yield opened


def test_a_prediction_comes_back_bit_for_bit(store: Store) -> None:
    store.index_source("here", "pairs", "Here", posts("h0"))
    store.save_predictions([FULL])
    assert next(store.rows(1, BUNDLE)).prediction == FULL


def test_a_failed_prediction_comes_back_as_it_went_in(store: Store) -> None:
    failed = Prediction("h0", BUNDLE, "failed", error="no text, no picture")
    store.index_source("here", "pairs", "Here", posts("h0"))
    store.save_predictions([failed])
    assert next(store.rows(1, BUNDLE)).prediction == failed


def test_predictions_are_counted_by_where_they_were_made(store: Store) -> None:
    store.save_predictions([replace(predict(f"r{number}"), runtime="cpu int8") for number in range(2)])
    store.save_predictions([predict("r2"), Prediction("r0", "other", "ok", "a", 0.6, (0.6, 0.4))])
    assert store.count_runtimes(BUNDLE) == {"": 1, "cpu int8": 2}


def test_saving_again_replaces(store: Store) -> None:
    store.index_source("here", "pairs", "Here", posts("h0"))
    store.save_predictions([predict("h0", "a"), predict("h0", "b")])
    store.save_predictions([predict("h0", "c")])
    assert [row.final_label for row in store.rows(1, BUNDLE)] == ["c"]


def test_one_bad_prediction_saves_none(store: Store) -> None:
    store.index_source("here", "pairs", "Here", posts("h0"))
    with pytest.raises(ValueError, match="unknown status"):
        store.save_predictions([predict("h0"), Prediction("h1", BUNDLE, "odd")])  # type: ignore[arg-type]
    assert waiting(store) == ["h0"]


def test_unpredicted_posts_come_in_order_without_failures(store: Store) -> None:
    store.index_source("here", "pairs", "Here", [*posts("h0", "h1", "h2"), Failure("9", "bad")])
    store.save_predictions([predict("h1")])
    assert waiting(store) == ["h0", "h2"]


def test_equal_posts_wait_once(store: Store) -> None:
    store.index_source("here", "pairs", "Here", posts("h0", "h1", "h0", "h0"))
    assert waiting(store) == ["h0", "h1"]
    assert store.count_unpredicted(1, BUNDLE) == 2


def test_unpredicted_posts_can_be_narrowed(store: Store) -> None:
    store.index_source("here", "pairs", "Here", posts("h0", "h1", "h2"))
    where = Where("post_id = ? OR post_id = ?", ("1", "2"))
    assert waiting(store, 1, where) == ["h1", "h2"]
    assert store.count_unpredicted(1, BUNDLE, where) == 2


def test_predictions_may_be_saved_during_the_walk(store: Store) -> None:
    hashes = [f"h{number}" for number in range(1203)]
    store.index_source("here", "pairs", "Here", posts(*hashes))
    met: list[str] = []
    for stored in store.unpredicted(1, BUNDLE):
        assert stored.post is not None
        met.append(stored.post.content_hash)
        store.save_predictions([predict(stored.post.content_hash)])
    assert met == hashes
    assert waiting(store) == []


def test_a_post_met_in_another_folder_is_known(store: Store) -> None:
    store.index_source("here", "pairs", "Here", posts("h0"))
    store.save_predictions([predict("h0")])
    store.index_source("moved", "pairs", "Moved", posts("h9", "h0"))
    assert waiting(store, 2) == ["h9"]


def test_forgetting_concerns_one_source_and_one_bundle(store: Store) -> None:
    store.index_source("here", "pairs", "Here", posts("h0"))
    store.index_source("there", "pairs", "There", posts("h1"))
    other = Prediction("h0", "other", "ok", "a", 0.6, (0.6, 0.4))
    store.save_predictions([predict("h0"), predict("h1"), other])
    store.forget_predictions(1, BUNDLE)
    assert (waiting(store, 1), waiting(store, 2)) == (["h0"], [])
    assert next(store.rows(1, "other")).prediction == other


def test_labels_of_a_bundle_are_remembered_in_order(store: Store) -> None:
    store.save_bundle_labels(BUNDLE, ["z", "a"])
    store.save_bundle_labels(BUNDLE, ["z", "a"])
    assert (store.bundle_labels(BUNDLE), store.bundle_labels("other")) == (("z", "a"), ())


def test_labels_may_come_after_predictions(store: Store) -> None:
    store.save_predictions([predict("h0")])
    store.save_bundle_labels(BUNDLE, ["a", "b"])
    assert store.bundle_labels(BUNDLE) == ("a", "b")


def test_a_bundle_does_not_change_its_labels(store: Store) -> None:
    store.save_bundle_labels(BUNDLE, ["a", "b"])
    with pytest.raises(StoreError, match="labels a, b"):
        store.save_bundle_labels(BUNDLE, ["b", "a"])


def by_model(model: str, *hashes: str, label: str = "a") -> list[Prediction]:
    return [replace(predict(content_hash, label), model=model) for content_hash in hashes]


def test_what_another_model_of_the_id_judged_waits_to_be_judged_anew(store: Store) -> None:
    store.index_source("here", "pairs", "Here", posts("h0", "h1", "h1", "h2"))
    store.save_bundle_labels(BUNDLE, ["a", "b"], "old")
    store.save_predictions(by_model("old", "h0", "h1"))
    assert (waiting(store), store.count_by_others(1, BUNDLE)) == (["h2"], 0)
    store.save_bundle_labels(BUNDLE, ["a", "b"], "new")
    assert (waiting(store), store.count_by_others(1, BUNDLE)) == (["h0", "h1", "h2"], 3)
    assert store.count_unpredicted(1, BUNDLE) == 3
    narrow = Where("label = 'a' AND post_id = '1'")
    assert (waiting(store, where=narrow), store.count_unpredicted(1, BUNDLE, narrow)) == (["h1"], 1)
    # Until it is, it stays.
    assert [row.final_label for row in store.rows(1, BUNDLE)] == ["a", "a", "a", ""]
    store.save_predictions(by_model("new", "h1", label="b"))
    assert (waiting(store), store.count_by_others(1, BUNDLE)) == (["h0", "h2"], 1)
    # What the first of them has judged is known to it still.
    store.save_model(BUNDLE, "old")
    assert (waiting(store), store.count_by_others(1, BUNDLE)) == (["h1", "h2"], 2)


def test_models_of_other_bundles_are_no_others(store: Store) -> None:
    store.index_source("here", "pairs", "Here", posts("h0"))
    store.save_predictions([*by_model("one", "h0"), replace(predict("h0"), bundle="other 1", model="two")])
    assert (store.count_by_others(1, BUNDLE), store.count_by_others(1, "other 1")) == (0, 0)


def older_store(path: Path) -> Store:
    """Open a store that was written before models were kept, with one post judged."""
    before = [migration.name for migration in MIGRATIONS].index("models of bundles")
    database = Database.open(path, MIGRATIONS[:before])
    database.run('INSERT INTO bundles (id, name, labels) VALUES (1, ?, \'["a", "b"]\')', (BUNDLE,))
    database.run("INSERT INTO contents (id, hash) VALUES (1, 'h0')")
    database.run(
        "INSERT INTO predictions (bundle_id, content_id, status, label, conflict, text_label, image_label,"
        " probs, error) VALUES (1, 1, 'ok', 'a', 0, '', '', '[0.6, 0.4]', '')"
    )
    database.close()
    return Store.open(path)


def test_a_store_of_before_models_were_kept_goes_on_with_the_first_that_is_used(tmp_path: Path) -> None:
    with older_store(tmp_path / "mmsa.db") as store:
        store.index_source("here", "pairs", "Here", posts("h0", "h1"))
        assert waiting(store) == ["h1"]
        store.save_bundle_labels(BUNDLE, ["a", "b"], "first")
        store.save_predictions(by_model("first", "h1"))
        assert (waiting(store), store.count_by_others(1, BUNDLE)) == ([], 0)
        store.save_bundle_labels(BUNDLE, ["a", "b"], "second")
        assert (waiting(store), store.count_by_others(1, BUNDLE)) == (["h0", "h1"], 2)
        models = [row.prediction.model for row in store.rows(1, BUNDLE) if row.prediction]
        assert models == ["first", "first"]


def test_a_model_of_a_bundle_that_judged_nothing_here_is_not_kept(store: Store) -> None:
    store.save_model("mvsa 9.9.9", "new")
    assert store._db.all("SELECT name FROM bundles") == []


KILLED_SAVING = """
import sys
from pathlib import Path
from mmsa_tui.records import Prediction
from mmsa_tui.store import Store

store = Store.open(Path(sys.argv[1]))
for batch in range(10_000):
    store.save_predictions([
        Prediction(f"h{batch}-{number}", "b", "ok", "a", 0.6, (0.6, 0.4)) for number in range(50)
    ])
    print(batch, flush=True)
"""


@pytest.mark.parametrize("n_batches", [1, 3, 8])
def test_a_kill_keeps_every_finished_batch_and_no_half_one(tmp_path: Path, n_batches: int) -> None:
    path = tmp_path / "mmsa.db"
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED_SAVING, str(path)], cwd=REPOSITORY, stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    for _ in range(n_batches):
        assert child.stdout.readline()
    child.kill()
    child.communicate()
    with Store.open(path) as store:
        n_saved = store._db.all("SELECT count(*) FROM predictions")[0][0]
    assert n_saved % 50 == 0
    assert n_saved >= 50 * n_batches


def test_what_another_bundle_has_judged_is_selected(store: Store) -> None:
    store.index_source("here", "pairs", "Here", posts("h0", "h1", "h2", "h0"))
    store.index_source("there", "pairs", "There", posts("h1"))
    store.save_predictions([predict("h0"), Prediction("h2", "other 1", "ok", "a", 0.6, (0.6, 0.4))])
    judged = judged_by(BUNDLE)
    assert [row.post_id for row in store.rows(1, "other 1", judged)] == ["0", "3"]
    assert (store.count(1, "other 1", judged), store.count(2, "other 1", judged)) == (2, 0)
    assert [s.post.content_hash for s in store.unpredicted(1, "other 1", judged) if s.post] == ["h0"]
    assert store.count(1, BUNDLE, judged_by("nobody")) == 0


@pytest.mark.parametrize(
    ("text_label", "text", "image_label", "image", "conflict"),
    [
        ("negative", 0.6, "positive", 0.6, True),
        ("neutral", 0.9, "positive", 0.7, True),
        ("negative", 0.59, "positive", 0.9, False),
        ("negative", 0.9, "positive", 0.59, False),
        ("positive", 0.9, "positive", 0.9, False),
        ("negative", 0.9, "", 0.0, False),
    ],
)
def test_text_and_picture_are_in_conflict_where_both_are_sure(
    text_label: str, text: float, image_label: str, image: float, conflict: bool
) -> None:
    prediction = replace(
        FULL, text_label=text_label, text_probs=(text, 1 - text, 0.0),
        image_label=image_label, image_probs=(image, 1 - image, 0.0) if image_label else None,
    )  # fmt: skip
    assert prediction.conflict is conflict


def test_conflicts_kept_by_an_older_version_follow_when_the_store_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "mmsa.db"
    before = [migration.name for migration in MIGRATIONS].index("conflicts of the sure")
    database = Database.open(path, MIGRATIONS[:before])
    insert = (
        "INSERT INTO predictions (bundle_id, content_id, status, label, conflict, text_label, image_label,"
        " probs, text_probs, image_probs, error) VALUES (1, ?, 'ok', 'a', 1, 'a', 'b', '[]', ?, ?, '')"
    )
    database.run("INSERT INTO bundles (id, name) VALUES (1, 'b')")
    for number, (text, image) in enumerate(
        [("[0.9, 0.1]", "[0.2, 0.8]"), ("[0.9, 0.1]", "[0.5, 0.5]"), ("[0.9", "[0.2, 0.8]")]
    ):
        database.run("INSERT INTO contents (id, hash) VALUES (?, ?)", (number, f"h{number}"))
        database.run(insert, (number, text, image))
    database.close()
    again = Database.open(path)
    assert again.all("SELECT conflict FROM predictions ORDER BY content_id") == [(1,), (0,), (0,)]
    again.close()
