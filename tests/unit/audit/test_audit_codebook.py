"""Audits under a codebook: without a model, and with labels that join, go, move or are renamed."""

from __future__ import annotations

import pytest
from audited import BUNDLE, LABELS, fill, label_all, make_post

from mmsa_tui.codebook import Codebook, CodebookLabel
from mmsa_tui.corrections.codebooks import to_json
from mmsa_tui.errors import UsageError
from mmsa_tui.records import Prediction
from mmsa_tui.services.audit import start_audit
from mmsa_tui.services.estimate import Estimates, estimate, estimate_if_audited
from mmsa_tui.services.estimate_tables import method, standing, warnings
from mmsa_tui.store import SourceRow, Store


def under_codebook(store: Store, *labels: str, revision: int = 1) -> str:
    """Make the store one of a codebook of these labels; returns what stands in its model's place."""
    codebook = Codebook("words", tuple(map(CodebookLabel, labels)), revision=revision)
    store.save_codebook("words", to_json(codebook))
    store.save_bundle_labels(codebook.unlearned_id, codebook.names)
    return codebook.unlearned_id


def test_without_a_model_the_sample_speaks_alone(store: Store) -> None:
    source = store.index_source("/here", "table", "Here", [make_post(number) for number in range(900)])
    in_place = under_codebook(store, *LABELS)
    audit = start_audit(store, source, in_place, size=200, seed="s", has_model=False)
    assert label_all(store, source, audit) == 200
    found = estimate(store, source, in_place, by="Region", comparing=("North", "South"))
    yes = found.overall.shares[1]
    assert yes.low is not None and yes.high is not None and yes.low <= 1 / 3 <= yes.high
    # Wilson's interval of 200 posts, less what 200 of 900 leave open.
    assert yes.high - yes.low == pytest.approx(0.114, abs=0.01)
    assert yes.raw is None and not found.has_model and found.accuracy.value is None
    words = " ".join([standing(found), *method(source, found)])
    assert "sample of 200 posts alone" in words and "no model labelled them" in words
    assert "without strata" in words and "Angelopoulos" not in words


def test_a_sample_without_a_model_is_as_large_as_counting_takes(store: Store, source: SourceRow) -> None:
    with_model = start_audit(store, source, BUNDLE, seed="s")
    alone = start_audit(store, source, under_codebook(store, *LABELS), seed="s", has_model=False)
    n_with, n_alone = (len(store.audits.sample(one.location, one.uid)) for one in (with_model, alone))
    assert n_alone == 270 and n_with < n_alone


def test_a_model_that_comes_later_narrows_what_a_sample_without_one_says(store: Store) -> None:
    source = store.index_source("/here", "table", "Here", [make_post(number) for number in range(900)])
    in_place = under_codebook(store, *LABELS)
    audit = start_audit(store, source, in_place, size=200, seed="s", has_model=False)
    label_all(store, source, audit)
    alone = estimate(store, source, BUNDLE)
    assert not alone.has_model
    fill(store, [make_post(number) for number in range(900)])
    helped = estimate(store, source, BUNDLE)
    assert helped.has_model and helped.bundle == BUNDLE

    def width(found: Estimates) -> float:
        yes = found.overall.shares[1]
        assert yes.low is not None and yes.high is not None
        return yes.high - yes.low

    assert width(helped) < 0.85 * width(alone)


def test_an_audit_of_before_a_label_joined_is_estimated_under_its_own(
    store: Store, source: SourceRow
) -> None:
    under_codebook(store, *LABELS)
    audit = start_audit(store, source, BUNDLE, size=200, seed="s")
    label_all(store, source, audit)
    before = estimate(store, source, BUNDLE)
    in_use = under_codebook(store, "no", "unclear", "yes", revision=2)
    found = estimate(store, source, in_use)
    assert found.overall == before.overall and found.bundle == BUNDLE
    assert "unclear has joined the codebook" in warnings(found.status)[0]
    assert estimate_if_audited(store, source, in_use) is not None
    # A model of the new labels answers another question than the coders did.
    store.save_bundle_labels("words 2.1", ("no", "unclear", "yes"))
    assert estimate(store, source, "words 2.1").overall == before.overall


def test_an_audit_with_a_label_that_is_gone_is_refused(store: Store, source: SourceRow) -> None:
    under_codebook(store, *LABELS)
    label_all(store, source, start_audit(store, source, BUNDLE, size=60, seed="s"))
    in_use = under_codebook(store, "no", "other", revision=2)
    assert estimate_if_audited(store, source, in_use) is None
    with pytest.raises(UsageError, match="has the labels no, yes"):
        estimate(store, source, in_use)


def test_labels_that_have_moved_or_been_renamed_are_matched(store: Store, source: SourceRow) -> None:
    under_codebook(store, *LABELS)
    label_all(store, source, start_audit(store, source, BUNDLE, size=200, seed="s"))
    before = {one.name: one for one in estimate(store, source, BUNDLE).overall.shares}
    moved = "words 2.1"
    store.save_bundle_labels(moved, ("yes", "no"))
    posts = [row.post for row in store.posts(source.id) if row.post is not None]
    said = {post.content_hash: "yes" if int(post.post_id) % 3 == 0 else "no" for post in posts}
    store.save_predictions(
        [
            Prediction(digest, moved, "text_only", label, 0.8, (0.8, 0.2) if label == "yes" else (0.2, 0.8))
            for digest, label in said.items()
        ]
    )
    after = estimate(store, source, moved)
    assert after.bundle == moved and after.accuracy.value == pytest.approx(1, abs=0.01)
    yes = next(one for one in after.overall.shares if one.name == "yes")
    assert yes.raw == pytest.approx(1 / 3, abs=0.01) and before["yes"].raw == pytest.approx(0.4, abs=0.02)
    store.rename_label("yes", "aye", [])
    renamed = estimate(store, source)
    assert [one.name for one in renamed.overall.shares] == ["no", "aye"]
    assert renamed.overall.shares[1].raw == before["yes"].raw


def test_a_model_that_was_taught_the_sample_is_named(store: Store, source: SourceRow) -> None:
    audit = start_audit(store, source, BUNDLE, size=60, seed="s")
    label_all(store, source, audit)
    known = [post.content_hash for post in store.audits.sample(audit.location, audit.uid)][:40]
    taught = "words 1.0.1"
    store.save_bundle_labels(taught, LABELS)
    store.save_predictions([Prediction(known[0], taught, "text_only", "yes", 0.8, (0.2, 0.8))])
    found = estimate(store, source, taught, learned=frozenset(known))
    assert any("learned 40 of the audited posts" in words for words in warnings(found.status))
    # What the audited model knew before the draw is as well known of all other posts.
    assert not any("learned" in words for words in warnings(estimate(store, source).status))


def test_an_audit_without_a_label_and_without_a_model_speaks_of_no_models_labels(store: Store) -> None:
    source = store.index_source("/here", "table", "Here", [make_post(number) for number in range(40)])
    in_place = under_codebook(store, *LABELS)
    start_audit(store, source, in_place, size=10, seed="s", has_model=False)
    said = standing(estimate(store, source, in_place))
    assert "0 of its 10 posts labelled" in said and "the model's" not in said
