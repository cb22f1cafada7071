"""What becomes of a candidate: promoted, kept aside in its run folder, or discarded.

A candidate that the gate has refused becomes active only when an analyst says so, and its own record
then says who overruled the gate, when, and against which reasons.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mmsa_tui.bundle.meta import META, Bundle, read_bundle, verify_bundle
from mmsa_tui.bundle.registry import free_version, use_bundle
from mmsa_tui.bundle.writer import sign
from mmsa_tui.config import Paths
from mmsa_tui.decoding import DecodingError, from_json, to_kind
from mmsa_tui.disk.private import make_private_folder
from mmsa_tui.disk.whole_file import whole_folder, why
from mmsa_tui.errors import BundleError, ExitCode, TrainingError
from mmsa_tui.retrain.messages import OUTCOME
from mmsa_tui.retrain.result import Result
from mmsa_tui.retrain.verdict import Verdict
from mmsa_tui.services.retrain import exclusive, promoted_runs


class RefusedError(TrainingError):
    """The gate has refused it, and nobody has overruled the gate."""

    exit_code = ExitCode.FAILED_ROWS


@dataclass(frozen=True)
class Kept:
    """A candidate that waits in its run folder; `verdict` is what the gate said of it.

    `result` is how its run ended, None if that cannot be read any more.
    """

    bundle: Bundle
    verdict: Verdict
    result: Result | None = None


def objections(verdict: Verdict, parent: str, in_use: str) -> tuple[str, ...]:
    """Say what stands against a candidate; its `parent` is the bundle that it was compared with."""
    if parent == in_use:
        return verdict.reasons
    return (*verdict.reasons, f"the gate compared it with {parent}, and {in_use} is in use")


def promote(
    paths: Paths, candidate: Path, *, in_use: str, overrule: bool = False, analyst: str = ""
) -> Bundle:
    """Make a candidate the active bundle.

    Args:
        in_use: id of the bundle that it is to replace.
        overrule: also if there are objections.
        analyst: who decides, for the record.

    Raises:
        RefusedError: the gate refused it, or compared it with another bundle.
        TrainingError: a retrain is running, or it was promoted before.
        BundleError: it is damaged, of an unknown verdict, or cannot be moved.
    """
    with exclusive(paths):
        bundle = read_bundle(candidate)
        verify_bundle(bundle, paths)
        if "promotion" in bundle.meta.training:
            raise TrainingError(
                f"{bundle.id} is no candidate: it was promoted before",
                f"`mmsa bundle use {candidate}` uses it.",
            )
        against = objections(verdict_of(bundle), bundle.meta.parent, in_use)
        if against and not overrule:
            raise RefusedError(
                f"{bundle.id} was not promoted: {'; '.join(against)}",
                "Retrain again, or overrule that with --promote; the bundle's record will say so.",
            )
        promotion = {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "by": analyst,
            "instead_of": in_use,
            "overruled": bool(against),
            "against": list(against),
            "run": candidate.parent.name,
        }
        promoted = use_bundle(paths, read_bundle(_install(paths, bundle, promotion)).id)
        # Last: whoever is killed before finds the candidate where it was. A folder from elsewhere, such
        # as a colleague's, is not ours to remove.
        if candidate.resolve().parent.parent == paths.runs_dir.resolve():
            discard(candidate)
        return promoted


def discard(candidate: Path) -> None:
    """Remove a candidate; its run folder keeps the log and the figures."""
    shutil.rmtree(candidate, ignore_errors=True)


def kept_candidates(paths: Paths) -> list[Kept]:
    """List the candidates that were neither promoted nor discarded, the latest first."""
    # One that was killed between promoting and removing is no longer to be decided on.
    promoted = promoted_runs(paths)
    found = []
    for meta in sorted(paths.runs_dir.glob(f"retrain-*/*/{META}"), reverse=True):
        try:
            bundle = read_bundle(meta.parent)
            if meta.parent.parent.name not in promoted:
                found.append(Kept(bundle, verdict_of(bundle), _result_of(meta.parent.parent)))
        except BundleError:
            # Half-written when its run was killed, or of a version that is gone.
            continue
    return found


def _result_of(run: Path) -> Result | None:
    try:
        return from_json((run / OUTCOME).read_bytes(), Result, surrogates="keep")
    except (OSError, DecodingError):
        return None


def verdict_of(bundle: Bundle) -> Verdict:
    """Read what the gate said of a retrained bundle.

    Raises:
        BundleError: there is no verdict on its record.
    """
    try:
        return to_kind(bundle.meta.training["gate"], Verdict)
    except (KeyError, DecodingError) as error:
        raise BundleError(
            f"{bundle.id} has no verdict of the gate on its record", "Only a retrained bundle has one."
        ) from error


def _install(paths: Paths, bundle: Bundle, promotion: Mapping[str, Any]) -> Path:
    """Put a candidate in a free place with its version and the promotion on record.

    By links or copies, so that a run that is killed leaves the candidate as it was.
    """
    # Another may have been promoted since it was made.
    version = free_version(paths, bundle.meta.name, bundle.meta.version)
    target = paths.bundles_dir / f"{bundle.meta.name}-{version}"
    training = {**bundle.meta.training, "promotion": promotion, "overruled": promotion["overruled"]}
    try:
        make_private_folder(paths.bundles_dir)
        with whole_folder(target) as folder:
            shutil.copytree(bundle.directory, folder, copy_function=_link_or_copy, dirs_exist_ok=True)
            sign(replace(bundle.meta, version=version, training=training), folder)
    except OSError as error:
        raise BundleError(
            f"{bundle.id} was not promoted: {target} cannot be written: {why(error)}",
            "Free some space or check the folder's rights, then promote"
            f" {bundle.directory}: it is kept aside, and the bundle in use is unchanged.",
        ) from error
    return target


def _link_or_copy(source: str, target: str) -> None:
    """Give a file a second name, which takes no space; a copy where the file system has no links."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
