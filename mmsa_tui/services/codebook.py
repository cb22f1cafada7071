"""Service: codebooks made, edited and brought along, and what an edit does to labels that were given.

The command line and the app both come in here. A label that was given is never lost: a rename says it once
more under its new name, what a codebook no longer has stays where it was given, and both are told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from mmsa_tui.bundle.meta import write_atomically
from mmsa_tui.bundle.registry import find_bundle
from mmsa_tui.codebook import (
    Codebook,
    CodebookError,
    CodebookLabel,
    LeftOver,
    check_codebook,
    find_codebook,
    list_codebooks,
    read_codebook,
    write_codebook,
)
from mmsa_tui.config import DEFAULT_CODEBOOK, Paths
from mmsa_tui.corrections.codebooks import read_definition, to_json
from mmsa_tui.errors import ConfigError, MmsaError, UsageError
from mmsa_tui.records import Correction
from mmsa_tui.store import Store
from mmsa_tui.store.uids import is_vote, made_again

Change = Callable[[], object]
"""Something to be done to a codebook."""


@dataclass(frozen=True)
class Edited:
    """What an edit has done.

    `renamed` counts, by old name, the labels that read otherwise now; `outside` the posts, by label, whose
    label the codebook does not have. `needs_model`: no model gives the labels any more.
    """

    codebook: Codebook
    renamed: Mapping[str, int] = field(default_factory=dict)
    outside: Mapping[str, int] = field(default_factory=dict)
    needs_model: bool = False


@dataclass(frozen=True)
class Standing:
    """How far the work with a codebook has come.

    `labelled` counts posts by label; `outside` those whose label it does not have. `bundle` is the id of
    its model, "" without one; `problem` says why there is none.
    """

    codebook: Codebook
    labelled: Mapping[str, int]
    outside: Mapping[str, int]
    bundle: str
    problem: str = ""


def current_codebook(paths: Paths) -> Codebook:
    """Find the codebook in use; the default one has the labels of the bundle in use.

    Raises:
        ConfigError, BundleError: its file, or the bundle, is missing or damaged.
    """
    return find_codebook(paths, () if paths.codebook else find_bundle(paths).labels)


def new_codebook(paths: Paths, codebook: Codebook) -> Codebook:
    """Make a codebook, with an empty store of its own.

    Raises:
        CodebookError: it cannot be one, or there is one of this name.
    """
    check_codebook(codebook)
    place = paths.under(codebook.name)
    if codebook.is_default or place.codebook_file.exists() or place.database.exists():
        raise CodebookError(
            f"there is a codebook {codebook.name} already",
            f"Choose another name, or change it with `mmsa codebook edit {codebook.name}`.",
        )
    codebook = replace(codebook, revision=1)
    write_codebook(place, codebook)
    _keep(place, codebook)
    return codebook


def use_codebook(paths: Paths, name: str) -> Paths:
    """Make a codebook the one in use from now on; gives its places.

    Raises:
        ConfigError: there is none, or its file is damaged.
    """
    place = paths.under(name)
    if place.codebook:
        if not place.study_dir.is_dir():
            raise ConfigError(f"there is no codebook {name!r:.60}", f"There are {', '.join(_known(paths))}.")
        read_codebook(place)
    write_atomically(paths.codebook_in_use_file, name + "\n")
    return place


def _known(paths: Paths) -> list[str]:
    return [DEFAULT_CODEBOOK, *(one.name for one in list_codebooks(paths))]


def edit_codebook(paths: Paths, new: Codebook, renamed: Mapping[str, str] | None = None) -> Edited:
    """Put a codebook in the place of the one of its name, and carry over what was labelled.

    Args:
        paths: under that codebook.
        renamed: new names of labels by their old ones.

    Raises:
        CodebookError: it cannot be one, or other labels than the bundle's are given to the default one.
    """
    old = current_codebook(paths)
    check_codebook(new)
    if old.is_default and new.names != old.names:
        raise CodebookError(
            f"the labels of the default codebook are its bundle's: {', '.join(old.names)}",
            "Definitions, examples and keys can be changed; for other labels `mmsa codebook new`.",
        )
    if new.names != old.names:
        new = replace(new, revision=old.revision + 1)
    with Store.open(paths.database) as store:
        counts = {
            before: _rename(store, before, after)
            for before, after in (renamed or {}).items()
            if before != after
        }
        # The file last: whoever is killed before makes the same edit again, and nothing is done twice.
        if not old.is_default:
            store.save_codebook(new.name, to_json(new))
            store.save_bundle_labels(new.unlearned_id, new.names)
        outside = count_outside(store, new.names)
    write_codebook(paths, new)
    had_model = any(paths.bundles_dir.glob(f"{new.name}-*"))
    return Edited(new, counts, outside, had_model and new.names != old.names)


def count_outside(store: Store, names: Sequence[str]) -> dict[str, int]:
    """Count the posts, by label, whose label is none of these."""
    counts = Counter(made.new_label for made in store.current_corrections())
    return {label: number for label, number in counts.most_common() if label not in names}


def _rename(store: Store, before: str, after: str) -> int:
    """Say every vote for a label once more under its new name; returns how many.

    Each in the name of who gave it, inside the audit it was given in; what stands of a post stands on.
    """
    by_post: dict[str, dict[tuple[str, str, bool], Correction]] = {}
    for made in store.corrections():
        if made.says("label"):
            votes = by_post.setdefault(made.content_hash, {})
            key = (made.analyst, made.origin, is_vote(made.uid))
            votes.pop(key, None)
            votes[key] = made
    said: list[Correction] = []
    n = 0
    for digest, found in by_post.items():
        old = [made for made in found.values() if made.new_label == before]
        if not old:
            continue
        n += len(old)
        again = [replace(made, new_label=after) for made in old]
        stands = store.correction_state(digest)
        last = next((made for made in reversed(found.values())), None)
        if stands is not None and stands.new_label not in ("", before) and last is not None:
            again.append(last)
        elif stands is not None and stands.new_label == before:
            # Whose label stood says it last.
            again.sort(key=lambda made: (made.analyst, made.origin) == (stands.analyst, stands.origin))
        said += [replace(made, uid=made_again(made.uid), created_at="", facts=("label",)) for made in again]
    store.rename_label(before, after, said)
    return n


def restore_codebook(paths: Paths) -> Codebook:
    """Write the file of a codebook anew from the copy that its store keeps.

    Raises:
        CodebookError: the store has no copy.
    """
    with Store.open_to_read(paths.database) as store:
        name, definition = store.codebook()
    if name != paths.codebook or not definition:
        raise CodebookError(
            f"the store of {paths.codebook or DEFAULT_CODEBOOK} keeps no copy of its codebook",
            f"Mend {paths.codebook_file} by hand.",
        )
    codebook = read_definition(definition, paths.database.name)
    write_codebook(paths, codebook)
    return codebook


def take_from_file(file: Path, name: str = "") -> Codebook:
    """Read a codebook from a file of one, or from an export that carries one.

    Args:
        name: what it is to be called here; its own name unless given.

    Raises:
        SourceError, CodebookError: the file cannot be read, or carries none.
    """
    from mmsa_tui.corrections.codebooks import read_codebook_file

    found = read_codebook_file(file)
    return check_codebook(replace(found, name=name or found.name, revision=1))


def look_at(paths: Paths) -> Standing:
    """Say how far the work with the codebook in use has come.

    Raises:
        ConfigError: its file is damaged. StoreError: the store cannot be read.
    """
    codebook = current_codebook(paths)
    counts: Counter[str] = Counter()
    if paths.database.is_file():
        with Store.open(paths.database) as store:
            counts.update(made.new_label for made in store.current_corrections())
    try:
        bundle, problem = find_bundle(paths).id, ""
    except MmsaError as error:
        bundle, problem = "", f"{error.message}. {error.hint}".strip()
    return Standing(
        codebook,
        {name: counts[name] for name in codebook.names},
        {label: number for label, number in counts.most_common() if label not in codebook.names},
        bundle,
        problem,
    )


def all_codebooks(paths: Paths) -> list[Codebook | LeftOver]:
    """List all codebooks, the default one first."""
    return [current_codebook(paths.under("")), *list_codebooks(paths)]


def prepare(paths: Paths) -> None:
    """See that the store of the codebook in use knows its labels.

    Raises:
        ConfigError: its file is damaged. StoreError: the store cannot be written.
    """
    if paths.codebook:
        _keep(paths, read_codebook(paths))


def _keep(paths: Paths, codebook: Codebook) -> None:
    with Store.open(paths.database) as store:
        copy = (codebook.name, to_json(codebook))
        if store.codebook() != copy:
            store.save_codebook(*copy)
        store.save_bundle_labels(codebook.unlearned_id, codebook.names)


def change_labels(
    codebook: Codebook, changes: Mapping[str, Callable[[CodebookLabel], CodebookLabel]]
) -> Codebook:
    """Change labels by their names.

    Raises:
        UsageError: the codebook has no such label.
    """
    for name in changes:
        if name not in codebook.names:
            raise UsageError(
                f"the codebook {codebook.name} has no label {name!r:.60}",
                f"Its labels are {', '.join(codebook.names)}.",
            )
    return replace(
        codebook,
        labels=tuple(
            changes[label.name](label) if label.name in changes else label for label in codebook.labels
        ),
    )
