"""Service: an audit of a source, drawn, extended, looked at and answered; what it tells is `estimate`'s.

The command line and the app's audit screen both come in here.
"""

from __future__ import annotations

import hashlib
import json
import math
import secrets
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from mmsa_tui.analysis.estimates import (
    FEW,
    estimate_shares,
    posts_needed,
)
from mmsa_tui.analysis.population import Loaded, check_groups, first_values, load, walk
from mmsa_tui.analysis.sampling import OTHER, SEPARATOR, draw, name_strata
from mmsa_tui.corrections.agreement import measure_agreement
from mmsa_tui.corrections.codebooks import read_definition
from mmsa_tui.errors import UsageError
from mmsa_tui.records import Correction
from mmsa_tui.services.classify import say_another_model
from mmsa_tui.store import Audit, AuditAnswer, Row, SourceRow, Store
from mmsa_tui.text.display import counted

HALF_WIDTH = 0.05
"""Wished half width of the widest interval, unless the user says otherwise."""

SAVED = 0.72
"""Share of the plain sample size that is proposed: what a model right three times in four leaves of it."""
UNAIDED = 1.0
"""The same where there is no model."""


@dataclass(frozen=True)
class Status:
    """How far an audit has come.

    Attributes:
        n_labelled: posts of the sample that at least one coder has labelled.
        by_coder: posts that each coder has labelled, the most industrious first.
        half_width: the widest interval of a share now, halved; None before there is one.
        n_needed: audited posts that the wished half width takes, as far as can be told now.
        alpha: Krippendorff's alpha over the coders; None with one coder.
        n_both: posts that two coders or more have labelled.
        n_disagreed, n_settled, n_elsewhere, n_joined, n_beyond, n_other, n_by_others, n_rejudged: as in
            `Loaded`.
        is_by_model: whether the model's labels made the strata.
        later_labels: what has joined the codebook since the sample was drawn.
        n_learned: audited posts that the corrected model has learned since the sample was drawn.
        is_lumped: whether rare values of what the sample is stratified by share their strata.
    """

    audit: Audit
    n_posts: int
    n_sampled: int
    n_labelled: int
    by_coder: dict[str, int]
    half_width: float | None
    n_needed: int
    alpha: float | None
    n_both: int
    n_disagreed: int
    n_elsewhere: int
    n_joined: int
    n_other: int
    is_by_model: bool = True
    later_labels: tuple[str, ...] = ()
    n_learned: int = 0
    n_beyond: int = 0
    is_lumped: bool = False
    n_settled: int = 0
    n_by_others: int = 0
    n_rejudged: int = 0

    @property
    def remark(self) -> str:
        """Say how exact it is now and what more would take."""
        if self.half_width is None:
            return f"{counted(max(0, self.n_sampled - self.n_labelled), 'post')} left to label"
        now = f"±{100 * self.half_width:.1f} points now"
        wished = f"±{100 * self.audit.half_width:.3g}"
        more = self.n_needed - self.n_labelled
        if self.half_width <= self.audit.half_width or more <= 0:
            return f"{now}; {wished} wished for is reached"
        return f"{now}; about {more:,} more for {wished}"


def current_audit(store: Store, source: SourceRow) -> Audit | None:
    """Find the audit of a source that was started last."""
    found = store.audits.of(source.location)
    return found[0] if found else None


def find_audit(store: Store, source: SourceRow) -> Audit:
    """Find the audit of a source that was started last.

    Raises:
        UsageError: there is none.
    """
    audit = current_audit(store, source)
    if audit is None:
        raise UsageError(f"{source.title} has no audit", _how_to_start(store, source))
    return audit


def _how_to_start(store: Store, source: SourceRow) -> str:
    """Name the command that draws a sample, or that goes on with the one of where a source was before."""
    draw = f"`mmsa audit start {source.location}"
    for audit in store.audits.elsewhere(source.id):
        is_of_now = not audit.model or not store.count_by_others(source.id, audit.bundle, than=audit.model)
        if is_of_now and audit.labels == store.bundle_labels(audit.bundle):
            by = f" --by {audit.by}" if audit.by else ""
            size = len(store.audits.sample(audit.location, audit.uid))
            return (
                f"{audit.location} has an audit of these posts: {draw} --seed {audit.seed} --size {size}{by}"
                f' --bundle "{audit.bundle}"` goes on with it here. {draw}` draws another.'
            )
    return f"Draw one with {draw}`."


def start_audit(
    store: Store,
    source: SourceRow,
    bundle: str,
    *,
    by: str = "",
    half_width: float = HALF_WIDTH,
    size: int | None = None,
    seed: str = "",
    has_model: bool = True,
) -> Audit:
    """Draw the sample of a new audit, which is the source's audit from now on.

    Args:
        bundle: whose labels make the strata.
        by: what else to stratify by, such as what is to be compared; see `check_groups`.
        half_width: the wished half width of an interval, between 0 and 1; proposes the size.
        size: posts to draw instead.
        seed: settles the sample; the same one draws the same posts on another laptop.
        has_model: whether the bundle is a model; what only holds the place of one gives no strata.

    Raises:
        UsageError: a number makes no sense, the source is not classified, or cannot be grouped so.
    """
    labels = store.bundle_labels(bundle)
    check_groups(store, source, bundle, by)
    if by == "hashtag":
        raise UsageError(
            "a post can have many hashtags, so a sample cannot be stratified by them",
            "Leave --by out now; `mmsa estimate SOURCE --by hashtag` works afterwards.",
        )
    if not 0.002 <= half_width <= 0.5:
        raise UsageError(
            f"an interval of ±{100 * half_width:g} points cannot be reached", "Choose from 0.2 to 50 points."
        )
    if size is not None and size < 2:
        raise UsageError(f"a sample of {size} is too small to say anything", "Draw some hundred posts.")
    if not labels or (has_model and store.count_unpredicted(source.id, bundle)):
        n_others = store.count_by_others(source.id, bundle)
        raise UsageError(
            say_another_model(bundle, n_others)
            if n_others
            else f"not all posts of {source.title} are classified with bundle {bundle}",
            f"Run `mmsa classify {source.location} -o FILE.csv` first.",
        )
    contents, strata = _strata(store, source, bundle, by)
    if not contents:
        raise UsageError(f"{source.title} holds no post", "")
    seed = seed or secrets.token_hex(4)
    made_of = json.dumps([seed, by, bundle, labels])
    audit = Audit(
        hashlib.blake2b(made_of.encode(), digest_size=8).hexdigest(),
        source.location,
        bundle,
        labels,
        by,
        seed,
        half_width,
        datetime.now(UTC).isoformat(timespec="seconds"),
    )
    proposed = propose_size(len(contents), half_width, SAVED if has_model else UNAIDED)
    sample = draw(seed, contents, strata, size or proposed)
    store.audits.start(audit, sample.strata, sample.posts)
    return audit


def extend_audit(store: Store, source: SourceRow, audit: Audit, more: int | None = None) -> int:
    """Draw more posts into a sample; what was drawn stays.

    Posts that joined the source since are given the chance that the others have.

    Args:
        more: how many; without it as many as the wished interval takes.

    Returns:
        How many were added.

    Raises:
        UsageError: `more` is below 1; or another model of the audited bundle's id has judged posts since, so
            that strata are no longer those that were drawn from.
    """
    if more is not None and more < 1:
        raise UsageError(f"a sample cannot grow by {more}", "Give a number of posts to add.")
    if audit.model and store.count_by_others(source.id, audit.bundle, than=audit.model):
        raise UsageError(
            f"{audit.bundle} is another model now than the one by whose labels the sample was drawn",
            f"`mmsa audit start {source.location} --new` draws another sample; no label is lost.",
        )
    before = store.audits.sample(audit.location, audit.uid)
    bounds = {part.name: part.bound for part in store.audits.strata(audit.location, audit.uid)}
    if more is None:
        more = max(audit_status(store, source, audit).n_needed - len(before), 0)
    contents, strata = _strata(store, source, audit.bundle, audit.by, list(bounds))
    sample = draw(audit.seed, contents, strata, len(before) + more, bounds)
    known = {post.content_hash for post in sample.posts}
    gone = [post for post in before if post.content_hash not in known]
    store.audits.extend(audit.location, audit.uid, sample.strata, [*sample.posts, *gone])
    return len(known - {post.content_hash for post in before})


def audit_status(store: Store, source: SourceRow, audit: Audit, bundle: str = "") -> Status:
    """Say how far an audit has come; `bundle` is whose labels are corrected, by default its own."""
    return status_of(store, audit, load(store, source, bundle or audit.bundle, audit))


def next_post(
    store: Store, source: SourceRow, audit: Audit, analyst: str, skipped: Iterable[str] = ()
) -> Row | None:
    """Fetch the next post of the sample that a coder has not labelled; None when all are."""
    done = {answer.content_hash for answer in store.audits.answers(audit.uid) if answer.analyst == analyst}
    left_out = done.union(skipped)
    for post in store.audits.sample(audit.location, audit.uid):
        if post.content_hash in left_out:
            continue
        for source_id, ordinal in store.places_of(post.content_hash):
            if source_id == source.id:
                return next(iter(store.rows_at(source.id, audit.bundle, [ordinal])))
    return None


def answer(store: Store, audit: Audit, row: Row, label: str, analyst: str, scope: str) -> None:
    """Keep what a coder says of a post, who was shown neither the model's answer nor anybody else's.

    Args:
        scope: whose undo list it is on.
    """
    if row.post is None:
        raise UsageError("an input that is no post cannot be labelled", "")
    now = row.correction or Correction("", row.post.content_hash, "")
    prediction = row.prediction
    made = replace(
        now,
        uid="",
        created_at="",
        new_label=label,
        old_label=prediction.label if prediction is not None else "",
        probs=prediction.probs if prediction is not None else (),
        bundle=audit.bundle,
        analyst=analyst,
        post_id=row.post.post_id,
        text=row.post.text,
        origin=audit.origin,
        facts=("label",),
    )
    store.acts.record([made], f"audit: {label}", scope)


def _strata(
    store: Store, source: SourceRow, bundle: str, by: str, known: Sequence[str] = ()
) -> tuple[list[str], list[str]]:
    """List the different posts of a source and the stratum of each."""
    values = first_values(store, source, bundle, by) if by else {}
    units = {
        digest: (label, values.get(digest, "")) for digest, label, _, _, _ in walk(store, source, bundle)
    }
    return list(units), name_strata(units.values(), known)


def propose_size(n_contents: int, half_width: float = HALF_WIDTH, needed: float = SAVED) -> int:
    """Propose the size of a sample: what counting alone takes, less what the model saves."""
    plain = needed * 0.25 * (1.96 / half_width) ** 2
    return min(n_contents, max(2 * FEW, math.ceil(plain / (1 + plain / max(n_contents, 1)))))


def status_of(store: Store, audit: Audit, loaded: Loaded, learned: frozenset[str] = frozenset()) -> Status:
    """Say how far an audit has come, from a source that is loaded for it.

    Args:
        learned: content hashes of posts that the corrected model knows by heart.
    """
    sample = store.audits.sample(audit.location, audit.uid)
    # Of posts that changed or are gone nothing counts, neither as drawn nor as labelled.
    drawn = {post.content_hash for post in sample}.intersection(loaded.contents)
    answers = [said for said in store.audits.answers(audit.uid) if said.content_hash in drawn]
    shares = estimate_shares(loaded.population)
    widths = [(one.high - one.low) / 2 for one in shares if one.high is not None and one.low is not None]
    alpha, n_both = _agreement(answers, audit.labels)
    strata = [part.name for part in store.audits.strata(audit.location, audit.uid)]
    return Status(
        audit=audit,
        n_posts=loaded.n_posts,
        n_sampled=len(drawn),
        n_labelled=int(loaded.population.audited.sum()),
        by_coder=dict(Counter(said.analyst for said in answers).most_common()),
        half_width=max(widths) if widths else None,
        n_needed=posts_needed(loaded.population, audit.half_width),
        alpha=alpha,
        n_both=n_both,
        n_disagreed=loaded.n_disagreed,
        n_settled=loaded.n_settled,
        n_elsewhere=loaded.n_elsewhere,
        n_joined=loaded.n_joined,
        n_other=loaded.n_other,
        n_beyond=loaded.n_beyond,
        n_by_others=loaded.n_by_others,
        n_rejudged=loaded.n_rejudged,
        is_by_model=any(not name.startswith(SEPARATOR) for name in strata),
        is_lumped=any(name.endswith(f"{SEPARATOR}{OTHER}") for name in strata),
        n_learned=len(learned.intersection(said.content_hash for said in answers)),
        later_labels=tuple(label for label in _labels_now(store) if label not in audit.labels),
    )


def _labels_now(store: Store) -> tuple[str, ...]:
    """List the labels of the codebook as it is now; none for the default one, whose labels stay."""
    name, definition = store.codebook()
    return read_definition(definition, f"the store of {name}").names if definition else ()


def _agreement(answers: Sequence[AuditAnswer], labels: Sequence[str]) -> tuple[float | None, int]:
    ratings: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for said in answers:
        ratings[said.analyst][said.content_hash] = said.label
    n_both = sum(number > 1 for number in Counter(said.content_hash for said in answers).values())
    if not n_both:
        return None, 0
    return measure_agreement(ratings, labels, rounds=1).alpha.value, n_both
