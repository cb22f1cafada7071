"""Bundles taken in and verified: their files by checksums, and what they answer by their own frozen posts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mmsa_tui.bundle.archive import import_bundle
from mmsa_tui.bundle.meta import Bundle, verify_bundle
from mmsa_tui.config import Paths

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
