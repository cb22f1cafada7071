"""What an audit lets be said, in words and cells: one wording for command line, app, report and workbook."""

from __future__ import annotations

from collections.abc import Sequence

from mmsa_tui.analysis.estimates import Difference, Estimate
from mmsa_tui.analysis.population import TIMES, describe_value
from mmsa_tui.services.audit import Status
from mmsa_tui.services.estimate import Estimates, Group
from mmsa_tui.services.uncorrected import say_unlabelled
from mmsa_tui.store import SourceRow
from mmsa_tui.text.display import counted

_REFERENCES = (
    "References: A. Angelopoulos, S. Bates, C. Fannjiang, M. Jordan, T. Zrnic, Prediction-powered inference,"
    " Science 382 (2023), 669. N. Egami, M. Hinck, B. Stewart, H. Wei, Using imperfect surrogates for"
    " downstream inference: design-based supervised learning for social science applications of large"
    " language models, NeurIPS 36 (2023). T. Cai, One-sided confidence intervals in discrete distributions,"
    " Journal of Statistical Planning and Inference 131 (2005), 63. G. Zou, A. Donner, Construction of"
    " confidence limits about effect measures, Statistics in Medicine 27 (2008), 1693."
)

_APART = (
    " Each label is estimated by itself, so that the shares may add up to a little more or less than 100 %."
)

SHARES = ("label", "share", "95 % interval", "model alone", "model off by", "audited")
DIFFERENCES = ("label", "difference", "95 % interval", "p", "p adjusted")
SCORES = ("score", "value", "95 % interval", "audited")


def share_rows(group: Group) -> list[tuple[str, ...]]:
    """Lay out the shares of a group, columns as in `SHARES`; percent and points."""
    return [
        (
            one.name,
            percent(one.value),
            interval(one),
            percent(one.raw),
            "" if one.value is None or one.raw is None else points(one.raw - one.value),
            audited(one),
        )
        for one in group.shares
    ]


def difference_rows(found: Sequence[Difference]) -> list[tuple[str, ...]]:
    """Lay out differences, columns as in `DIFFERENCES`; points."""
    rows: list[tuple[str, ...]] = []
    for one in found:
        if one.value is None or one.low is None or one.high is None:
            rows.append((one.name, "too few audited posts", "", "", ""))
            continue
        bounds = f"{points(one.low)} to {points(one.high)}"
        few = " (few)" if one.first.is_rough or one.second.is_rough else ""
        rows.append(
            (one.name, points(one.value) + few, bounds, _p_value(one.p_value), _p_value(one.adjusted))
        )
    return rows


def score_rows(estimates: Estimates) -> list[tuple[str, ...]]:
    """Lay out how often the model is right on this source, columns as in `SCORES`."""
    named = [("accuracy", estimates.accuracy)]
    named += [(f"precision of {one.name}", one) for one in estimates.precision]
    named += [(f"recall of {one.name}", one) for one in estimates.recall]
    return [(name, percent(one.value), interval(one), audited(one)) for name, one in named]


def standing(estimates: Estimates) -> str:
    """Say in one sentence what the shares are worth."""
    return _standing(estimates.status, estimates.has_model)


def _standing(status: Status, has_model: bool) -> str:
    if not status.n_labelled:
        return say_unlabelled(status.n_sampled, has_model)
    if status.half_width is None:
        return (
            f"None of the {status.n_labelled:,} audited posts is among these: shares are not corrected"
            " and have no interval."
        )
    drawn = f", of {status.n_sampled:,} drawn" if status.n_labelled < status.n_sampled else ""
    posts = counted(status.n_labelled, "post")
    if not has_model:
        return f"Shares are of a random sample of {posts} alone{drawn}, without a model ({status.remark})."
    return f"Shares are corrected by an audit of {posts}{drawn} ({status.remark})."


def left_out(estimates: Estimates) -> list[str]:
    """Say which groups are not listed, and how many posts are in none."""
    by, said = estimates.by, []
    if estimates.n_without:
        said.append(
            f"{counted(estimates.n_without, 'post')} without {describe_value(by)}: in none of the groups."
        )
    if not estimates.differences and len(estimates.groups) < estimates.n_groups:
        which = "first" if by in TIMES else "largest"
        said.append(
            f"The {len(estimates.groups)} {which} of {estimates.n_groups:,} groups by {by} are listed;"
            " --compare A B shows two others, --filter some of the posts."
        )
    return said


def worth(status: Status, has_model: bool) -> str:
    """Say what the shares are worth where there is no room for `warnings`."""
    doubts = cautions(status)
    return _standing(status, has_model) + (f" Of the audit: {', '.join(doubts)}." if doubts else "")


def shares_title(estimates: Estimates) -> str:
    """Head a table of shares with where they come from."""
    if not estimates.has_shares:
        return "Shares by the model's labels" if estimates.has_model else "Shares"
    return "Shares, corrected by the audit" if estimates.has_model else "Shares, from the audit alone"


def drawn_by(status: Status) -> str:
    """Say by what the sample was stratified."""
    strata = ["the model's label"] if status.is_by_model else []
    rest = " (the commonest values apart, all others together)" if status.is_lumped else ""
    strata += [f"{status.audit.by}{rest}"] if status.audit.by else []
    return f"stratified by {' and '.join(strata)}" if strata else "without strata"


def warnings(status: Status) -> list[str]:
    """List what a reader must know of an audit before its numbers."""
    found = []
    if status.later_labels:
        have = "has" if len(status.later_labels) == 1 else "have"
        found.append(
            f"{', '.join(status.later_labels)} {have} joined the codebook since the sample was drawn: its"
            f" coders chose from {', '.join(status.audit.labels)}, and the shares are of"
            " these. `mmsa audit start --new` draws a sample for all labels."
        )
    if status.n_learned:
        found.append(
            f"The model has learned {status.n_learned:,} of the audited posts, so that it errs less on them"
            " than on others and the shares lean towards its own: name the model that was audited, or retrain"
            " without --learn-audited."
        )
    if status.n_labelled < status.n_sampled:
        left = status.n_sampled - status.n_labelled
        verb = "is" if left == 1 else "are"
        found.append(
            f"{left:,} of the {status.n_sampled:,} posts drawn for the audit {verb} not labelled yet."
        )
    if status.n_by_others:
        found.append(
            f"{_posts(status.n_by_others, 'was', 'were')} judged by another model than the one that goes by"
            " the bundle's name and version now: `mmsa classify` judges such posts anew."
        )
    if status.n_rejudged:
        found.append(
            f"{_posts(status.n_rejudged, 'has', 'have')} been judged by another model of the same name and"
            " version since the sample was drawn: its strata no longer hold, and shares and intervals may be"
            " off. `mmsa audit start --new` draws a sample by the labels of now."
        )
    # Where posts were judged anew, it is that which moves them between strata.
    if status.n_joined and not status.n_rejudged:
        found.append(
            f"{_posts(status.n_joined, 'belongs', 'belong')} into the sample and came in later: `mmsa audit"
            " extend` draws what is missing. Until it is labelled the shares are those of the older posts."
        )
    if status.n_beyond and not status.n_rejudged:
        found.append(
            f"{_posts(status.n_beyond, 'is', 'are')} of a kind that none of the sample is, as there were"
            " none when it was drawn: `mmsa audit extend` draws some. Until then other posts stand for them."
        )
    if status.n_elsewhere:
        found.append(
            f"{_posts(status.n_elsewhere, 'of the audit has', 'of the audit have')} changed since, or left"
            f" the source, and {'does' if status.n_elsewhere == 1 else 'do'} not count."
        )
    if status.n_other:
        found.append(
            f"{_posts(status.n_other, 'has', 'have')} a label in the audit that is not one of its own;"
            " the shares leave room for it and do not add up to 100."
        )
    if status.n_disagreed:
        found.append(_disagreed(status.n_disagreed, status.n_settled))
    return found


def _posts(number: int, one: str, many: str) -> str:
    """Count posts, with the verb that goes with so many: `1 post is`, `2 posts are`."""
    return f"{counted(number, 'post')} {one if number == 1 else many}"


def _disagreed(n_posts: int, n_settled: int) -> str:
    """Say what counts of the posts to which coders gave different labels."""
    disagree, n_open = f"Coders disagree on {counted(n_posts, 'post')}", n_posts - n_settled
    if not n_settled:
        return (
            f"{disagree}; each coder's label counts for a part, until somebody settles them (A in the app)."
        )
    if not n_open:
        return f"{disagree}; what was decided when they were settled counts."
    settled = f"{n_settled:,} settled, where the decision counts"
    return f"{disagree}: {settled}; of the other {n_open:,} each coder's label counts for a part."


def cautions(status: Status) -> list[str]:
    """List in a few words each what `warnings` tells at length and makes the shares worse."""
    found = [
        (status.n_learned, "learned by the model"),
        (status.n_by_others, "judged by another model of this name"),
        (status.n_rejudged, "judged by another model since"),
        (status.n_joined, "not in it yet"),
        (status.n_beyond, "of a kind it lacks"),
        (status.n_elsewhere, "changed or gone"),
        (status.n_other, "with another label"),
    ]
    said = [f"{counted(number, 'post')} {words}" for number, words in found if number]
    return [*said, *(f"no label {label}" for label in status.later_labels)]


def method(source: SourceRow, estimates: Estimates) -> list[str]:
    """Write the paragraphs on method that a paper would take over."""
    status, audit = estimates.status, estimates.status.audit
    unit = "each post counted once" if estimates.unit == "post" else "each distinct text counted once"
    coders = f"{len(status.by_coder)} coder" + ("s" if len(status.by_coder) != 1 else "")
    named = f" under the codebook {estimates.codebook}" if estimates.codebook else ""
    agreed = ""
    if status.n_both:
        alpha = "undefined" if status.alpha is None else f"{status.alpha:.2f}"
        agreed = (
            f" {_posts(status.n_both, 'was', 'were')} labelled by two coders or more"
            f" (Krippendorff's alpha {alpha})."
        )
    if status.n_disagreed:
        agreed += (
            f" Where they disagreed, on {counted(status.n_disagreed, 'post')}, a decision settled"
            f" {status.n_settled:,}; of the others each label counts for a part."
        )
    part = " that pass the filter" if estimates.is_part else ""
    posts = (
        f"The {counted(status.n_posts, 'post')} of {source.title}{part} (read {source.read_at[:10]}; {unit})"
    )
    labels = f"{', '.join(audit.labels)}{named}"
    whole = " of the whole source" if estimates.is_part else ""
    if estimates.has_model:
        judged = f"{posts} were labelled {labels} by mmsa-tui with the model {estimates.bundle}."
        estimator = (
            "Shares were estimated by design-based, prediction-powered inference: the model's labels of all"
            " posts are corrected by its errors in the sample, weighted by the inverse of the inclusion"
            " probability (Angelopoulos et al. 2023; Egami et al. 2023). The 95 % interval of a share joins"
            " bounds for the posts that the model gives the label and for the others (Cai 2005; Zou and"
            " Donner 2008); where few posts were audited, and for the model's scores, it is Wilson's."
        )
    else:
        judged = f"{posts} were read by mmsa-tui, and no model labelled them. The labels are {labels}."
        estimator = (
            "Shares were estimated from the sample alone, weighted by the inverse of the inclusion"
            " probability; no model had a part in them. Intervals are 95 % Wilson intervals."
        )
    drawn = (
        f"{judged} A random sample of {status.n_sampled:,} posts{whole}, {drawn_by(status)}, was drawn with"
        f" known inclusion probability on {audit.started_at[:10]} (seed {audit.seed})."
    )
    if not status.n_labelled:
        # How shares were estimated is no matter where none were.
        return [f"{drawn} None of them has been labelled yet, so that nothing is estimated."]
    if not estimates.has_shares:
        return [f"{drawn} None of those labelled is among these posts, so that nothing is estimated."]
    were = "was" if status.n_labelled == 1 else "were"
    return [
        f"{drawn} {status.n_labelled:,}"
        f" of them {were} labelled by {coders}, who saw neither a model's label nor each other's.{agreed}",
        f"{estimator} Each has the effective sample size of that estimator, copies of one text taken together"
        " in the variance. Differences have Newcombe's intervals and p-values adjusted by Holm's method.",
        "Limits: the estimates are about the posts of this source, not about all posts or people. They are as"
        " good as the coders; a sampled post that cannot be labelled counts as if it were like the others."
        + (_APART if estimates.has_model else ""),
        *([_REFERENCES] if estimates.has_model else []),
    ]


def percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f} %"


def points(value: float) -> str:
    return f"{100 * value:+.1f}"


def interval(one: Estimate) -> str:
    """Write an interval; where there is none, why."""
    if one.low is None or one.high is None:
        return "nothing audited"
    return f"{100 * one.low:.1f} to {100 * one.high:.1f}"


def audited(one: Estimate) -> str:
    return f"{one.n_audited:,}" + (" (few)" if one.is_rough else "")


def _p_value(value: float | None) -> str:
    if value is None:
        return ""
    return "< 0.001" if value < 0.001 else f"{value:.3f}"
