"""Bundles taken in and verified, and what they have learned of a source's audit.

Files are verified by checksums, answers by a bundle's own frozen posts.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from mmsa_tui.bundle.archive import import_bundle
from mmsa_tui.bundle.contents import trained_on
from mmsa_tui.bundle.meta import Bundle, verify_bundle
from mmsa_tui.bundle.registry import find_bundle, is_stand_in
from mmsa_tui.config import Paths
from mmsa_tui.errors import MmsaError
from mmsa_tui.store import SourceRow, Store

if TYPE_CHECKING:
    from mmsa_tui.model.reference import Reference


def take_in(file: Path, paths: Paths) -> Bundle:
    """Take in an archive that `export_bundle` wrote; nothing becomes active by that.

    Raises:
        BundleError: it is damaged, unsafe, here already, or its answers are not those of its labels.
    """

    # torch takes seconds to import; an archive that is refused before should not cost them.
    def judge(bundle: Bundle) -> None:
        from mmsa_tui.model.reference import judge_reference

        judge_reference(bundle)

    return import_bundle(file, paths, judge=judge)


def verify(bundle: Bundle, paths: Paths) -> Reference:
    """Check a bundle's files and its answers.

    Raises:
        BundleError: it is damaged, or its answers are not those of its labels.
    """
    verify_bundle(bundle, paths)
    from mmsa_tui.model.reference import judge_reference

    return judge_reference(bundle)


def know_models(store: Store, source: SourceRow, paths: Paths, bundle: Bundle | None = None) -> None:
    """Record which models go by the ids that what is said of a source rests on, as far as they are here.

    Args:
        bundle: the one in use; the one that the source's audit was drawn for is looked up.
    """
    used = [] if bundle is None else [bundle]
    for audit in store.audits.of(source.location)[:1]:
        if bundle is None or audit.bundle != bundle.id:
            # One that is gone says nothing any more.
            with suppress(MmsaError):
                used.append(find_bundle(paths, audit.bundle))
    for one in used:
        if not is_stand_in(one, paths):
            store.save_model(one.id, one.model)


def learned_since(store: Store, source: SourceRow, paths: Paths, bundle: Bundle | str) -> frozenset[str]:
    """List the posts that a bundle has learned and the one that the source's audit was drawn for had not.

    A model's errors on a random sample stand for its errors on all posts unless it was taught the sample.

    Args:
        bundle: the one in use, or its name; one that is not there has learned nothing.
    """
    audits = store.audits.of(source.location)
    if not audits:
        return frozenset()
    try:
        used = find_bundle(paths, bundle) if isinstance(bundle, str) else bundle
        is_audited = used.id == audits[0].bundle and audits[0].model in ("", used.model)
        if is_audited or is_stand_in(used, paths):
            return frozenset()
        known = trained_on(used)
    except MmsaError:
        return frozenset()
    try:
        audited = find_bundle(paths, audits[0].bundle)
        return known - trained_on(audited) if audits[0].model in ("", audited.model) else known
    except MmsaError:
        return known
