"""Which corrections wait for a retrain, and which of them it will leave out."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from small_retrain import RIGHT, Retrained, correct, retrain

from mmsa_tui import retrain as service
from mmsa_tui.bundle.meta import Bundle
from mmsa_tui.config import Paths
from mmsa_tui.errors import TrainingError
from mmsa_tui.records import Correction, Post
from mmsa_tui.retrain.eligible import AUDITED
from mmsa_tui.retrain.held_out import kept_apart
from mmsa_tui.services import promote as promotion
from mmsa_tui.store import Audit, SampledPost, Store, Stratum
from mmsa_tui.tui.retrain.texts import describe_waiting
from mmsa_tui.tui.widgets.label_looks import LabelLooks


def test_what_waits_is_counted(bundle: Bundle, paths: Paths, posts: list[Post]) -> None:
    correct(paths, posts, [*RIGHT[:-1], "angry"])
    with Store.open(paths.database) as store:
        waiting = service.count_waiting(store, bundle, paths)
        assert service.count_new(store, bundle, paths) == 23
    assert waiting.by_label == {"negative": 8, "neutral": 8, "positive": 7}
    assert (waiting.n_all, waiting.n_new, waiting.is_enough) == (23, 23, False)


def test_what_will_be_left_out_is_known_before(bundle: Bundle, paths: Paths, posts: list[Post]) -> None:
    correct(paths, posts, [*RIGHT[:-1], "angry"])
    with Store.open(paths.database) as store:
        store.add_corrections([Correction("far", "b2:elsewhere", "positive")])
        picture = posts[0].pictures[0].path
        assert picture is not None
        picture.unlink()
        waiting = service.count_waiting(store, bundle, paths)
    result = retrain(paths, bundle, dry_run=True)
    assert waiting.left_out == result.left_out
    assert list(result.left_out.values()) == [1, 1, 1]
    assert waiting.n_held_out == result.verdict.n_held_out


def test_corrections_that_a_bundle_was_made_from_are_not_new_to_it(retrained: Retrained) -> None:
    first, paths, posts = retrained.result, retrained.paths, retrained.posts
    assert first.candidate is not None
    parent = promotion.promote(paths, first.candidate, in_use="small 1.0.0", overrule=True)
    with Store.open(paths.database) as store:
        assert service.count_new(store, parent, paths) == 0
        # Older than the bundle, as when a colleague's are merged after it was made.
        new = replace(posts[0], content_hash="b2:new")
        store.index_source("more", "pairs", "more", [new])
        store.add_corrections([Correction("old", "b2:new", "neutral", created_at="2000-01-01T00:00:00Z")])
        assert service.count_new(store, parent, paths) == 1


def test_after_a_refusal_the_same_is_not_advised_again(
    bundle: Bundle, paths: Paths, posts: list[Post]
) -> None:
    run = paths.runs_dir / "retrain-1"
    run.mkdir(parents=True)
    read = [{"uid": f"u{i}"} for i in range(len(posts))]
    (run / "manifest.json").write_text(json.dumps({"bundle": bundle.id, "corrections": read}))
    (run / "outcome.json").write_text(json.dumps({"verdict": {"passed": False}}))
    correct(paths, posts, RIGHT)
    with Store.open(paths.database) as store:
        waiting = service.count_waiting(store, bundle, paths)
        assert (waiting.n_new, waiting.n_since_refusal) == (24, 0)
        assert not replace(waiting, n_new=service.ENOUGH).is_enough
        assert "refused these" in waiting.advice
        assert service.count_new(store, bundle, paths) == 0


def test_enough_for_the_gate_is_not_called_worth_it() -> None:
    many = service.Waiting({"a": 60}, {"Ann": 60}, 0, 0, 60, 12, {})
    assert many.is_enough and "next to nothing" in many.advice
    assert "tell them from chance" in replace(many, n_new=49).advice


def test_what_is_held_out_is_explained_where_it_is_counted(bundle: Bundle) -> None:
    many = service.Waiting({"a": 60}, {"Ann": 60}, 0, 0, 60, 12, {})
    said = describe_waiting(many, service.AS_FOUND, bundle, 0, "j", LabelLooks(("a",)), 80).plain
    assert "12 of 60 held out" in said and "they judge, never teach" in said
    assert "next to nothing" in said and "worth" not in said


def test_where_all_are_held_out_no_retrain_is_advised(bundle: Bundle) -> None:
    two = service.Waiting({"a": 2}, {"Ann": 2}, 0, 2, 2, 2, {})
    said = describe_waiting(two, service.AS_FOUND, bundle, 0, "j", LabelLooks(("a",)), 80).plain
    assert "starts it" not in said
    assert "none is left to learn from" in two.advice
    assert "none is left" not in replace(two, n_held_out=1).advice


def test_without_the_run_folder_time_tells_what_is_new(
    bundle: Bundle, paths: Paths, posts: list[Post]
) -> None:
    correct(paths, posts, RIGHT)
    later = replace(
        bundle, meta=replace(bundle.meta, parent="small 0.9", created_at="2999-01-01T00:00:00+00:00")
    )
    with Store.open(paths.database) as store:
        assert service.count_waiting(store, later, paths).n_new == 0


def test_what_was_shown_is_compared_only_where_something_was(
    bundle: Bundle, paths: Paths, posts: list[Post]
) -> None:
    shown = ("neutral", "positive", "")
    with Store.open(paths.database) as store:
        store.index_source("somewhere", "pairs", "somewhere", posts)
        store.add_corrections(
            [
                Correction(f"u{i}", post.content_hash, "neutral", old_label=shown[i % 3])
                for i, post in enumerate(posts)
            ]
        )
        waiting = service.count_waiting(store, bundle, paths)
    assert (waiting.n_same, waiting.n_changed, waiting.n_all) == (8, 8, 24)


def test_corrections_of_unknown_posts_bring_no_reminder(bundle: Bundle, paths: Paths) -> None:
    with Store.open(paths.database) as store:
        store.add_corrections([Correction("far", "b2:elsewhere", "positive")])
        assert service.count_new(store, bundle, paths) == 0
        # No label is left out of the chart for want of corrections.
        assert service.count_waiting(store, bundle, paths).by_label == dict.fromkeys(bundle.labels, 0)


def test_a_correction_of_a_post_of_the_frozen_split_is_held_out(
    bundle: Bundle, paths: Paths, posts: list[Post]
) -> None:
    frozen = sorted(kept_apart(bundle).hashes)
    with Store.open(paths.database) as store:
        known = [replace(post, content_hash=frozen[i]) for i, post in enumerate(posts[:3])]
        store.index_source("somewhere", "pairs", "somewhere", known)
        store.add_corrections([Correction(f"u{i}", frozen[i], "neutral") for i in range(3)])
        assert service.count_waiting(store, bundle, paths).n_held_out == 3


def test_posts_drawn_into_an_audit_do_not_teach_unless_asked(
    bundle: Bundle, paths: Paths, posts: list[Post]
) -> None:
    # The last one repeats the words of the first, which is drawn.
    posts = [*posts[:-1], replace(posts[-1], text=f"RT @ann: {posts[0].text}")]
    correct(paths, posts, RIGHT)
    drawn = [SampledPost(post.content_hash, "s", 0.1, at / 10) for at, post in enumerate(posts[:3])]
    audit = Audit("u", "somewhere", bundle.id, bundle.labels, "", "s", 0.05, "2025-01-01")
    with Store.open(paths.database) as store:
        store.audits.start(audit, [Stratum("s", 24, 0.1)], drawn)
        waiting = service.count_waiting(store, bundle, paths)
        assert waiting.left_out == {AUDITED: 4} and waiting.n_all == 20
        assert service.count_new(store, bundle, paths) == 20
    kept = retrain(paths, bundle, dry_run=True)
    assert kept.left_out == {AUDITED: 4}
    asked = retrain(paths, bundle, dry_run=True, learns_audited=True)
    assert not asked.left_out
    assert asked.lesson.n_learned + asked.verdict.n_held_out > kept.lesson.n_learned + kept.verdict.n_held_out


def test_where_all_labels_are_of_an_audit_the_way_out_is_named(
    bundle: Bundle, paths: Paths, posts: list[Post]
) -> None:
    correct(paths, posts, RIGHT)
    audit = Audit("u", "somewhere", bundle.id, bundle.labels, "", "s", 0.05, "2025-01-01")
    with Store.open(paths.database) as store:
        drawn = [SampledPost(post.content_hash, "s", 1.0, 0.0) for post in posts]
        store.audits.start(audit, [Stratum("s", 24, 1.0)], drawn)
    with pytest.raises(TrainingError) as caught:
        retrain(paths, bundle, dry_run=True)
    assert "--learn-audited" in caught.value.hint
