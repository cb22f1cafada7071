"""Bundles taken in and verified, and what they have learned of a source's audit.

Files are verified by checksums, answers by a bundle's own frozen posts.
"""

from __future__ import annotations

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
        if used.id == audits[0].bundle or is_stand_in(used, paths):
            return frozenset()
        known = trained_on(used)
    except MmsaError:
        return frozenset()
    try:
        return known - trained_on(find_bundle(paths, audits[0].bundle))
    except MmsaError:
        return known
