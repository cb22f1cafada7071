"""An audit from the draw to the estimate, with all that can go wrong between."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import openpyxl
import pytest
from audited import BUNDLE, fill, label_all, make_post

from mmsa_tui.analysis.counts import NOT_CORRECTED
from mmsa_tui.errors import UsageError
from mmsa_tui.records import Correction
from mmsa_tui.services.audit import (
    audit_status,
    current_audit,
    extend_audit,
    start_audit,
)
from mmsa_tui.services.charts import make_chart
from mmsa_tui.services.comparing import compare_filters
from mmsa_tui.services.estimate import estimate
from mmsa_tui.services.estimate_tables import difference_rows, method, standing, warnings
from mmsa_tui.services.export import Choice, export_posts
from mmsa_tui.services.report import write_report
from mmsa_tui.services.uncorrected import say_uncorrected
from mmsa_tui.store import SourceRow, Store, Where


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


def test_without_an_audit_shares_are_said_to_hold_analysts_labels_too(
    store: Store, source: SourceRow
) -> None:
    with pytest.raises(UsageError, match="has no audit"):
        estimate(store, source)
    assert say_uncorrected(store, source, BUNDLE) == NOT_CORRECTED


def test_an_audit_without_a_label_gives_no_number(store: Store, source: SourceRow) -> None:
    start_audit(store, source, BUNDLE, seed="s")
    found = estimate(store, source)
    assert all(one.value is None for one in (*found.overall.shares, *found.precision, *found.recall))
    said = standing(found)
    assert f"0 of its {found.status.n_sampled} posts labelled" in said
    assert len(method(source, found)) == 1 and "nothing is estimated" in method(source, found)[0]


def test_every_output_says_of_an_unlabelled_audit_that_it_is_drawn(
    store: Store, source: SourceRow, tmp_path: Path
) -> None:
    """An analyst who drew a sample is not told to draw one."""
    bundle = SimpleNamespace(id=BUNDLE, directory=tmp_path, validated_languages=None)
    audit = start_audit(store, source, BUNDLE, size=60, seed="s")
    n_drawn = len(store.audits.sample(audit.location, audit.uid))
    export_posts(store, source, BUNDLE, tmp_path / "posts.xlsx", Choice("all"))
    write_report(store, source, bundle, tmp_path / "r.html", by=("Region",), comparing=("North", "South"))  # type: ignore[arg-type]
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    said = f"0 of its {n_drawn} posts labelled"
    for words in (
        standing(estimate(store, source)),
        " ".join(make_chart(store, source, BUNDLE).notes),
        compare_filters(store, source, BUNDLE, "#tag0", "#tag1").standing,
        summary_of(tmp_path / "posts.xlsx")["shares"][0],
        page,
    ):
        assert said in words and "some hundred posts" not in words
    # Once in the head, by the groups and by the comparison.
    assert page.count(said) == 3


def test_an_audit_of_which_nothing_is_left_is_not_to_be_labelled(store: Store, source: SourceRow) -> None:
    start_audit(store, source, BUNDLE, size=60, seed="s")
    others = fill(store, [make_post(number, f"another {number}") for number in range(50)])
    said = standing(estimate(store, others))
    assert "has changed or is gone" in said and "--new" in said
    assert say_uncorrected(store, others, BUNDLE) == said


def test_an_audit_under_other_labels_is_named_as_that(store: Store, source: SourceRow) -> None:
    label_all(store, source, start_audit(store, source, BUNDLE, size=60, seed="s"))
    store.save_bundle_labels("stance 1.0.0", ("for", "against"))
    said = say_uncorrected(store, source, "stance 1.0.0")
    assert "no, yes" in said and "some hundred posts" not in said


def test_half_an_audit_says_that_it_is_half(store: Store, source: SourceRow) -> None:
    audit = start_audit(store, source, BUNDLE, size=100, seed="s")
    label_all(store, source, audit, most=50)
    found = estimate(store, source)
    assert found.overall.shares[1].n_audited == 50
    assert "labelled yet" in warnings(found.status)[0]
    assert f"50 posts, of {found.status.n_sampled} drawn" in standing(found)
    assert "about" in found.status.remark and "more for ±5" in found.status.remark


def test_labels_given_elsewhere_never_count(store: Store, source: SourceRow) -> None:
    audit = start_audit(store, source, BUNDLE, size=50, seed="s")
    drawn = store.audits.sample(audit.location, audit.uid)
    store.acts.record([Correction("", post.content_hash, "yes") for post in drawn], "bulk", source.location)
    store.add_corrections([Correction("", drawn[0].content_hash, "yes", origin="audit:another")])
    assert audit_status(store, source, audit).n_labelled == 0


def test_a_source_that_was_moved_is_told_how_to_go_on_with_its_audit(store: Store, source: SourceRow) -> None:
    audit = start_audit(store, source, BUNDLE, size=50, seed="s", by="Region")
    n = label_all(store, source, audit, most=20)
    posts = [make_post(number) for number in range(900)]
    store.index_source("/other", "table", "Other", [make_post(1, "unlike all"), *posts[:3]])
    moved = store.index_source("/there", "table", "There", posts)
    with pytest.raises(UsageError, match="has no audit") as told:
        estimate(store, moved)
    assert "/here has an audit of these posts" in told.value.hint
    assert f"--seed s --size {len(store.audits.sample('/here', audit.uid))} --by Region" in told.value.hint
    again = start_audit(store, moved, BUNDLE, size=50, seed="s", by="Region")
    assert audit_status(store, moved, again).n_labelled == n
    other = store.source("/other")
    assert other is not None
    with pytest.raises(UsageError) as told:
        estimate(store, other)
    assert "/here" not in told.value.hint


def test_an_answer_that_is_undone_counts_no_longer(store: Store, source: SourceRow) -> None:
    audit = start_audit(store, source, BUNDLE, size=50, seed="s")
    label_all(store, source, audit, most=3)
    store.acts.undo(source.location)
    assert audit_status(store, source, audit).n_labelled == 2


def test_a_smaller_source_after_the_draw_leaves_out_what_is_gone(store: Store, source: SourceRow) -> None:
    audit = start_audit(store, source, BUNDLE, size=100, seed="s")
    n = label_all(store, source, audit)
    smaller = fill(store, [make_post(number) for number in range(450)])
    status = audit_status(store, smaller, audit)
    assert status.n_labelled + status.n_elsewhere == n and status.n_elsewhere > 20
    assert any("changed since, or left the source" in words for words in warnings(status))
    assert f"{status.n_labelled} posts (" in standing(estimate(store, smaller))


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
    drawn = {post.content_hash for post in store.audits.sample(audit.location, audit.uid)}
    posts = [make_post(number) for number in range(900)]
    at = next(at for at, post in enumerate(posts) if post.content_hash in drawn)
    edited = fill(store, [*posts[:at], make_post(at, "edited"), *posts[at + 1 :]])
    assert audit_status(store, edited, audit).n_elsewhere == 1


def test_a_label_outside_the_codebook_is_counted_as_none_of_them(store: Store, source: SourceRow) -> None:
    audit = start_audit(store, source, BUNDLE, size=100, seed="s")
    label_all(store, source, audit)
    drawn = store.audits.sample(audit.location, audit.uid)
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
    found = estimate(store, source, by="Team", comparing=("small", "large"))
    assert all(one.is_rough for one in found.groups[0].shares)
    assert all(row[1].endswith("(few)") for row in difference_rows(found.differences))


def test_who_labelled_posts_that_are_gone_is_not_credited_with_them(store: Store, source: SourceRow) -> None:
    audit = start_audit(store, source, BUNDLE, size=60, seed="s")
    label_all(store, source, audit)
    label_all(store, source, audit, "bob")
    smaller = fill(store, [make_post(number) for number in range(300)])
    status = audit_status(store, smaller, audit)
    assert status.n_elsewhere and status.n_sampled == status.n_labelled == status.n_both
    assert set(status.by_coder.values()) == {status.n_labelled}


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
    assert found.recall[1].n_audited < 40


def test_a_filter_that_leaves_no_audited_post_corrects_nothing(
    store: Store, source: SourceRow, tmp_path: Path
) -> None:
    """It was told to be corrected by the whole audit, and recall divided by zero."""
    audit = start_audit(store, source, BUNDLE, size=60, seed="s")
    n = label_all(store, source, audit)
    drawn = {post.content_hash for post in store.audits.sample(audit.location, audit.uid)}
    other = next(
        row for row in store.rows(source.id, BUNDLE) if row.post and row.post.content_hash not in drawn
    )
    assert other.post is not None
    where = Where("post_id = ?", (other.post.post_id,))
    found = estimate(store, source, where=where)
    assert not found.has_shares and all(one.value is None for one in found.recall)
    said = f"None of the {n} audited posts is among these"
    assert said in standing(found) and "nothing is estimated" in method(source, found)[-1]
    assert said in " ".join(make_chart(store, source, BUNDLE, where=where).notes)
    export_posts(store, source, BUNDLE, tmp_path / "one.xlsx", Choice("list", where=where))
    assert said in str(summary_of(tmp_path / "one.xlsx")["shares"][0])
    bundle = SimpleNamespace(id=BUNDLE, directory=tmp_path, validated_languages=None)
    write_report(store, source, bundle, tmp_path / "r.html", filter_text=f"id:{other.post.post_id}")  # type: ignore[arg-type]
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert said in page and "orrected by the audit" not in page


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
    for by in ("week", "hashtag", "author"):
        assert f"without the audit&#x27;s correction; `mmsa report --by {by}`" in page


def summary_of(path: Path) -> dict[str, tuple[object, ...]]:
    sheet = openpyxl.load_workbook(path)["Summary"]
    return {str(row[0]): row[1:] for row in sheet.iter_rows(values_only=True) if row[0] is not None}


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


def test_groups_by_author_fit_into_memory_however_many_authors_there_are(store: Store) -> None:
    n = 3_000
    posts = [replace(make_post(number), author=f"@author{number}") for number in range(n)]
    source = fill(store, list(posts))
    audit = start_audit(store, source, BUNDLE, size=20, seed="s")
    label_all(store, source, audit)
    tracemalloc.start()
    try:
        found = estimate(store, source, by="author")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found.n_groups == n and len(found.groups) == 12
    # An array of each group would take 72 MB.
    assert peak < 8 * n * n / 2


def test_groups_that_hold_copies_of_one_post_are_compared(store: Store) -> None:
    """The same words are written in two weeks, by two people, of two parties: that is no post in both."""
    posts = [make_post(number, "Good morning" if number < 8 else "") for number in range(300)]
    source = fill(store, list(posts))
    audit = start_audit(store, source, BUNDLE, size=120, seed="s")
    label_all(store, source, audit)
    found = estimate(store, source, by="Region", comparing=("North", "South"))
    assert len(found.differences) == 2 and found.differences[0].value is not None
    with pytest.raises(UsageError, match="share posts"):
        estimate(store, source, by="Region", comparing=("North", "North"))
