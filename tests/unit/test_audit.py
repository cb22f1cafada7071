"""An audit from the draw to the estimate, with all that can go wrong between."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import openpyxl
import pytest

from mmsa_tui.analysis.counts import NOT_CORRECTED
from mmsa_tui.codebook import Codebook, CodebookLabel
from mmsa_tui.corrections.codebooks import to_json
from mmsa_tui.errors import UsageError
from mmsa_tui.records import Correction, Failure, Post, Prediction, content_hash
from mmsa_tui.services.audit import (
    answer,
    audit_status,
    current_audit,
    extend_audit,
    next_post,
    start_audit,
)
from mmsa_tui.services.estimate import Estimates, estimate, estimate_if_audited
from mmsa_tui.services.estimate_tables import method, standing, warnings
from mmsa_tui.services.export import Choice, export_posts
from mmsa_tui.services.report import write_report
from mmsa_tui.store import Audit, SourceRow, Store, Where

BUNDLE, LABELS = "words 1.0.0", ("no", "yes")


def make_post(number: int, text: str = "", **own: str) -> Post:
    text = text or f"post {number} #tag{number % 2}"
    # Half of the posts have no date.
    written = f"2024-05-{1 + number % 28:02}" if number % 2 else ""
    columns = {"Region": "North" if number % 4 else "South"} | own
    return Post(
        str(number),
        text,
        (),
        f"@a{number % 5}",
        written,
        content_hash=content_hash(text, []),
        metadata=columns,
    )


def truth_of(post: Post) -> str:
    return "yes" if int(post.post_id) % 3 == 0 else "no"


def fill(store: Store, posts: list[Post | Failure]) -> SourceRow:
    source = store.index_source("/here", "table", "Here", posts)
    made = []
    for item in posts:
        if isinstance(item, Post):
            number = int(item.post_id)
            # Right four times in five.
            said = truth_of(item) if number % 5 else ("no" if truth_of(item) == "yes" else "yes")
            probs = (0.2, 0.8) if said == "yes" else (0.8, 0.2)
            made.append(Prediction(item.content_hash, BUNDLE, "text_only", said, 0.8, probs))
    store.save_predictions(made)
    return source


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "mmsa.db") as opened:
        opened.save_bundle_labels(BUNDLE, LABELS)
        yield opened


@pytest.fixture
def source(store: Store) -> SourceRow:
    return fill(store, [Failure("x", "broken"), *(make_post(number) for number in range(900))])


def label_all(store: Store, source: SourceRow, audit: Audit, analyst: str = "ann", most: int = 10_000) -> int:
    done = 0
    while done < most and (row := next_post(store, source, audit, analyst)) is not None:
        assert row.post is not None
        answer(store, audit, row, truth_of(row.post), analyst, source.location)
        done += 1
    return done


def test_an_audit_goes_from_the_draw_to_shares_that_hold_the_truth(store: Store, source: SourceRow) -> None:
    audit = start_audit(store, source, BUNDLE, size=200, seed="s")
    assert abs(label_all(store, source, audit) - 200) <= 3
    found = estimate(store, source, by="week")
    yes = found.overall.shares[1]
    assert yes.low is not None and yes.high is not None and yes.low <= 1 / 3 <= yes.high
    assert yes.raw == pytest.approx(0.4, abs=0.02)
    assert found.accuracy.low is not None and found.accuracy.high is not None
    assert found.accuracy.low <= 0.8 <= found.accuracy.high
    assert found.groups[-1].name == "no date"
    assert [group.name for group in found.groups] == sorted(group.name for group in found.groups)
    assert sum(group.n_posts for group in found.groups) == 900


def test_without_an_audit_the_labels_are_called_the_models(store: Store, source: SourceRow) -> None:
    with pytest.raises(UsageError, match="has no audit"):
        estimate(store, source)
    assert standing(None) == NOT_CORRECTED


def test_an_audit_without_a_label_gives_no_number(store: Store, source: SourceRow) -> None:
    start_audit(store, source, BUNDLE, seed="s")
    found = estimate(store, source)
    assert all(one.value is None for one in (*found.overall.shares, *found.precision, *found.recall))
    assert standing(found) == NOT_CORRECTED


def test_half_an_audit_says_that_it_is_half(store: Store, source: SourceRow) -> None:
    audit = start_audit(store, source, BUNDLE, size=100, seed="s")
    label_all(store, source, audit, most=50)
    found = estimate(store, source)
    assert found.overall.shares[1].n_audited == 50
    assert "labelled yet" in warnings(found.status)[0]
    assert "about" in found.status.remark and "more for ±5" in found.status.remark


def test_labels_given_elsewhere_never_count(store: Store, source: SourceRow) -> None:
    audit = start_audit(store, source, BUNDLE, size=50, seed="s")
    drawn = store.audit_sample(audit.location, audit.uid)
    store.record_act([Correction("", post.content_hash, "yes") for post in drawn], "bulk", source.location)
    store.add_corrections([Correction("", drawn[0].content_hash, "yes", origin="audit:another")])
    assert audit_status(store, source, audit).n_labelled == 0


def test_an_answer_that_is_undone_counts_no_longer(store: Store, source: SourceRow) -> None:
    audit = start_audit(store, source, BUNDLE, size=50, seed="s")
    label_all(store, source, audit, most=3)
    store.undo(source.location)
    assert audit_status(store, source, audit).n_labelled == 2


def test_a_second_coder_gets_the_same_posts_and_agreement_is_measured(
    store: Store, source: SourceRow
) -> None:
    audit = start_audit(store, source, BUNDLE, size=60, seed="s")
    n = label_all(store, source, audit, "ann")
    assert label_all(store, source, audit, "bob") == n
    row = next_post(store, source, audit, "eve")
    assert row is not None and row.post is not None
    answer(store, audit, row, "no" if truth_of(row.post) == "yes" else "yes", "eve", source.location)
    status = audit_status(store, source, audit)
    assert status.by_coder == {"ann": n, "bob": n, "eve": 1}
    assert status.n_both == n and status.n_disagreed == 1
    assert status.alpha is not None and 0.9 < status.alpha < 1
    assert any("Coders disagree on 1 posts" in words for words in warnings(status))


def test_a_smaller_source_after_the_draw_leaves_out_what_is_gone(store: Store, source: SourceRow) -> None:
    audit = start_audit(store, source, BUNDLE, size=100, seed="s")
    n = label_all(store, source, audit)
    smaller = fill(store, [make_post(number) for number in range(450)])
    status = audit_status(store, smaller, audit)
    assert status.n_labelled + status.n_elsewhere == n and status.n_elsewhere > 20
    assert any("have changed or are no longer" in words for words in warnings(status))


def test_posts_that_join_later_are_named_and_extending_draws_them(store: Store, source: SourceRow) -> None:
    audit = start_audit(store, source, BUNDLE, size=100, seed="s")
    label_all(store, source, audit)
    larger = fill(store, [make_post(number) for number in range(1800)])
    status = audit_status(store, larger, audit)
    assert 60 < status.n_joined < 140
    assert any("audit extend" in words for words in warnings(status))
    extend_audit(store, larger, audit, 1)
    after = audit_status(store, larger, audit)
    assert after.n_joined == 0 and after.n_labelled == status.n_labelled
    label_all(store, larger, audit)
    yes = estimate(store, larger).overall.shares[1]
    assert yes.low is not None and yes.high is not None and yes.low <= 1 / 3 <= yes.high


def test_a_post_that_changed_takes_its_answer_with_it(store: Store, source: SourceRow) -> None:
    audit = start_audit(store, source, BUNDLE, size=100, seed="s")
    label_all(store, source, audit)
    drawn = {post.content_hash for post in store.audit_sample(audit.location, audit.uid)}
    posts = [make_post(number) for number in range(900)]
    at = next(at for at, post in enumerate(posts) if post.content_hash in drawn)
    edited = fill(store, [*posts[:at], make_post(at, "edited"), *posts[at + 1 :]])
    assert audit_status(store, edited, audit).n_elsewhere == 1


def test_a_label_outside_the_codebook_is_counted_as_none_of_them(store: Store, source: SourceRow) -> None:
    audit = start_audit(store, source, BUNDLE, size=100, seed="s")
    label_all(store, source, audit)
    drawn = store.audit_sample(audit.location, audit.uid)
    made = [
        Correction("", post.content_hash, "odd", analyst="ann", origin=audit.origin) for post in drawn[:20]
    ]
    store.add_corrections(made)
    found = estimate(store, source)
    assert found.status.n_other == 20
    assert sum(one.value or 0 for one in found.overall.shares) == pytest.approx(0.8, abs=0.05)


def test_an_audit_of_other_labels_is_refused(store: Store, source: SourceRow) -> None:
    start_audit(store, source, BUNDLE, seed="s")
    store.save_bundle_labels("stance 1.0.0", ("for", "against"))
    with pytest.raises(UsageError, match="has the labels no, yes"):
        estimate(store, source, "stance 1.0.0")


def test_an_audit_of_another_source_says_nothing_of_this_one(store: Store, source: SourceRow) -> None:
    start_audit(store, source, BUNDLE, seed="s")
    assert current_audit(store, replace(source, location="/elsewhere")) is None


def test_comparing_takes_groups_that_exist_and_share_nothing(store: Store, source: SourceRow) -> None:
    audit = start_audit(store, source, BUNDLE, by="Region", size=200, seed="s")
    label_all(store, source, audit)
    found = estimate(store, source, by="Region", comparing=("North", "South"))
    assert [group.name for group in found.groups] == ["North", "South"]
    assert all(one.adjusted is not None for one in found.differences)
    with pytest.raises(UsageError, match="has the Region West"):
        estimate(store, source, by="Region", comparing=("North", "West"))
    with pytest.raises(UsageError, match="share posts"):
        estimate(store, source, by="Region", comparing=("North", "North"))
    with pytest.raises(UsageError, match="groups of"):
        estimate(store, source, comparing=("North", "South"))


def test_a_group_of_three_posts_is_called_few(store: Store) -> None:
    posts = [make_post(number, Team="small" if number < 3 else "large") for number in range(600)]
    source = fill(store, list(posts))
    audit = start_audit(store, source, BUNDLE, by="Team", size=100, seed="s")
    label_all(store, source, audit)
    small = next(group for group in estimate(store, source, by="Team").groups if group.name == "small")
    assert all(one.is_rough for one in small.shares)


def test_copies_count_each_or_once_as_asked(store: Store) -> None:
    posts = [make_post(number) for number in range(100)]
    copies = [replace(posts[0], post_id=str(number)) for number in range(300, 600, 3)]
    source = fill(store, [*posts, *copies])
    audit = start_audit(store, source, BUNDLE, size=101, seed="s")
    label_all(store, source, audit)
    assert estimate(store, source).overall.shares[1].value == pytest.approx(134 / 200)
    assert estimate(store, source, unit="text").overall.shares[1].value == pytest.approx(0.34)


def test_a_filter_narrows_what_is_estimated(store: Store, source: SourceRow) -> None:
    audit = start_audit(store, source, BUNDLE, size=200, seed="s")
    label_all(store, source, audit)
    found = estimate(store, source, where=Where("author = ?", ("@a1",)))
    assert found.overall.n_posts == 180 and found.overall.shares[0].n_audited < 80


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"half_width": 0.9}, "cannot be reached"),
        ({"size": 1}, "too small to say"),
        ({"by": "nothing"}, "nothing called nothing"),
        ({"by": "hashtag"}, "cannot be stratified"),
    ],
)
def test_a_draw_that_makes_no_sense_is_refused(
    store: Store, source: SourceRow, changes: dict[str, object], words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        start_audit(store, source, BUNDLE, **changes)  # type: ignore[arg-type]


def test_a_source_that_is_not_wholly_classified_is_not_audited(store: Store) -> None:
    source = store.index_source("/here", "table", "Here", [make_post(1)])
    with pytest.raises(UsageError, match="not all posts"):
        start_audit(store, source, BUNDLE)


def test_the_method_says_what_was_done(store: Store, source: SourceRow) -> None:
    audit = start_audit(store, source, BUNDLE, by="week", size=50, seed="s")
    n = label_all(store, source, audit)
    words = " ".join(method(source, estimate(store, source)))
    for part in ("900 posts of Here", BUNDLE, f"sample of {n} posts", "seed s", "1 coder,", "and week"):
        assert part in words


def test_report_and_workbook_show_the_same_interval(store: Store, source: SourceRow, tmp_path: Path) -> None:
    choice = Choice("source")
    export_posts(store, source, BUNDLE, tmp_path / "before.xlsx", choice)
    assert "not corrected" in summary_of(tmp_path / "before.xlsx")["shares"][0]
    audit = start_audit(store, source, BUNDLE, size=200, seed="s")
    label_all(store, source, audit)
    yes = estimate(store, source).overall.shares[1]
    export_posts(store, source, BUNDLE, tmp_path / "out.xlsx", choice)
    summary = summary_of(tmp_path / "out.xlsx")
    assert "corrected by an audit" in summary["shares"][0]
    # The first line named yes counts labels; the estimate stands below.
    assert summary["yes"][:3] == pytest.approx((yes.value, yes.low, yes.high))
    bundle = SimpleNamespace(validated_languages=frozenset({"en"}), id=BUNDLE, directory=tmp_path)
    write_report(store, source, bundle, tmp_path / "out.html")  # type: ignore[arg-type]
    page = (tmp_path / "out.html").read_text(encoding="utf-8")
    assert yes.value is not None and yes.low is not None and yes.high is not None
    assert f"95 % interval {100 * yes.low:.1f} to {100 * yes.high:.1f} %" in page
    assert "prediction-powered inference" in page and "not corrected" not in page


def summary_of(path: Path) -> dict[str, tuple[object, ...]]:
    sheet = openpyxl.load_workbook(path)["Summary"]
    return {str(row[0]): row[1:] for row in sheet.iter_rows(values_only=True) if row[0] is not None}


# a codebook that grows, and one without a model


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
    n_with, n_alone = (len(store.audit_sample(one.location, one.uid)) for one in (with_model, alone))
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
    known = [post.content_hash for post in store.audit_sample(audit.location, audit.uid)][:40]
    taught = "words 1.0.1"
    store.save_bundle_labels(taught, LABELS)
    store.save_predictions([Prediction(known[0], taught, "text_only", "yes", 0.8, (0.2, 0.8))])
    found = estimate(store, source, taught, learned=frozenset(known))
    assert any("learned 40 of the audited posts" in words for words in warnings(found.status))
    # What the audited model knew before the draw is as well known of all other posts.
    assert not any("learned" in words for words in warnings(estimate(store, source).status))


def test_the_report_shows_groups_and_what_changed_with_intervals(
    store: Store, source: SourceRow, tmp_path: Path
) -> None:
    audit = start_audit(store, source, BUNDLE, by="Region", size=200, seed="s")
    label_all(store, source, audit)
    bundle = SimpleNamespace(validated_languages=frozenset({"en"}), id=BUNDLE, directory=tmp_path)
    target = tmp_path / "out.html"
    write_report(store, source, bundle, target, by=["Region"], comparing=("North", "South"))  # type: ignore[arg-type]
    page = target.read_text(encoding="utf-8")
    found = estimate(store, source, by="Region", comparing=("North", "South"))
    north, change = found.groups[0].shares[1], found.differences[1]
    assert north.low is not None and north.high is not None and north.value is not None
    assert f"{100 * north.value:.0f} % ({100 * north.low:.0f}–{100 * north.high:.0f})" in page
    assert change.low is not None and f"{100 * change.low:+.1f} to" in page
    assert "North against South" in page and "not corrected" not in page


def test_posts_of_a_kind_that_was_not_there_at_the_draw_are_named(store: Store, source: SourceRow) -> None:
    audit = start_audit(store, source, BUNDLE, by="Region", size=100, seed="s")
    label_all(store, source, audit)
    assert not audit_status(store, source, audit).n_beyond
    new = [make_post(number, Region="West") for number in range(900, 1200)]
    larger = fill(store, [*(make_post(number) for number in range(900)), *new])
    status = audit_status(store, larger, audit)
    assert status.n_beyond == 300
    assert any("none of the sample is" in words for words in warnings(status))
    extend_audit(store, larger, audit)
    after = audit_status(store, larger, audit)
    assert after.n_beyond == 0 and after.n_sampled > status.n_sampled
