"""Service: what shares are worth that no audit corrects or another model gave, and what would change that.

Knows of audits only how far they are; loads numpy where there is one, and not before.
"""

from __future__ import annotations

from mmsa_tui.analysis.counts import AS_THEY_STAND, NOT_CORRECTED
from mmsa_tui.services.classify import say_another_model
from mmsa_tui.store import Audit, SourceRow, Store


def say_uncorrected(store: Store, source: SourceRow, bundle: str) -> str:
    """Say why the shares of a source are not corrected, where `estimate_if_audited` gives nothing.

    And that they are another model's, where they are.
    """
    return " ".join(filter(None, [_why(store, source, bundle), say_by_others(store, source, bundle)]))


def say_by_others(store: Store, source: SourceRow, bundle: str) -> str:
    """Say that another model of a bundle's id gave what is shown of a source; "" where none did."""
    n_posts = store.count_by_others(source.id, bundle)
    if not n_posts:
        return ""
    them = "it" if n_posts == 1 else "them"
    return (
        f"{say_another_model(bundle, n_posts)}, whose answers are shown: `mmsa classify` judges {them} anew."
    )


def _why(store: Store, source: SourceRow, bundle: str) -> str:
    audit = next(iter(store.audits.of(source.location)), None)
    if audit is None:
        return NOT_CORRECTED
    if not _fits(store, source, audit, bundle):
        return (
            f"{AS_THEY_STAND} The audit has the labels {', '.join(audit.labels)}, which are not those of"
            f" {bundle}: `mmsa audit start --new` draws one for these."
        )
    return say_unlabelled(_count_here(store, source, audit))


def count_drawn(store: Store, source: SourceRow, bundle: str) -> int:
    """Count the posts of a source that an audit of a bundle's labels has drawn; 0 where there is none."""
    audit = next(iter(store.audits.of(source.location)), None)
    if audit is None or not _fits(store, source, audit, bundle):
        return 0
    return _count_here(store, source, audit)


def say_unlabelled(n_drawn: int, has_model: bool = True) -> str:
    """Say what there is of an audit of which no post is labelled; `n_drawn` of it are in the source now."""
    shares = AS_THEY_STAND if has_model else "Without a model nothing is estimated yet."
    if not n_drawn:
        return (
            f"{shares} Every post that the audit drew has changed or is gone:"
            " `mmsa audit start --new` draws others."
        )
    return f"{shares} An audit is drawn, 0 of its {n_drawn:,} posts labelled: go on in the app with t."


def _fits(store: Store, source: SourceRow, audit: Audit, bundle: str) -> bool:
    from mmsa_tui.services.estimate import corrected_bundle

    return corrected_bundle(store, source, audit, bundle) is not None


def _count_here(store: Store, source: SourceRow, audit: Audit) -> int:
    """Count what an audit drew and the source holds as it was; what changed or is gone does not count."""
    drawn = {post.content_hash for post in store.audits.sample(audit.location, audit.uid)}
    return sum(any(at == source.id for at, _ in store.places_of(digest)) for digest in drawn)
