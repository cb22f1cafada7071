"""What must hold of a home and of files after a command was killed; the empty string where it does."""

from __future__ import annotations

import json
import re
import sqlite3
import tomllib
import zipfile
from collections import Counter
from contextlib import closing
from pathlib import Path

from benchmarks.kill_place import CODEBOOK, N_POSTS, Place, run
from mmsa_tui.bundle.meta import read_bundle, verify_bundle
from mmsa_tui.bundle.registry import find_bundle
from mmsa_tui.codebook import read_codebook
from mmsa_tui.config import load_config
from mmsa_tui.errors import MmsaError
from mmsa_tui.services import store_care
from mmsa_tui.services.promote import kept_candidates
from mmsa_tui.store import Store
from mmsa_tui.store.journal import Journal
from training.full.recipe import load_recipe
from training.tune.study import BEST, HISTORY


def acts(place: Place) -> set[str]:
    with Store.open(place.paths.database) as store:
        return {act.uid for act in store.corrections()}


def forgotten(place: Place) -> str:
    """Find a word of the source that was to be forgotten."""
    for path in place.home.rglob("*"):
        if path.is_file() and b"zqsecret" in path.read_bytes():
            return f"a word of what was forgotten is in {path.name}"
    return "" if acts(place) >= others(place) else "acts of another source are lost"


def others(place: Place) -> set[str]:
    return {f"act-{n}" for n in range(N_POSTS)}


def purged(place: Place) -> str:
    kept = {"bundles", "encoders", "active", "active.before", "store.lock", "codebook.toml", "codebooks"}
    folders = filter(Path.is_dir, (place.paths.data_dir, place.paths.under(CODEBOOK).study_dir))
    left = [path.name for folder in folders for path in folder.iterdir() if path.name not in kept]
    return f"a purge left {left}" if left else ""


def forgotten_and_written(place: Place) -> str:
    """See that what was forgotten is nowhere but in the file that it was to be written to first."""
    return forgotten(place) or _written(place.out / "forgotten.jsonl", N_POSTS)


def purged_and_written(place: Place) -> str:
    return purged(place) or _written(place.out / "acts.jsonl", 2 * N_POSTS)


def _written(file: Path, n_acts: int) -> str:
    # Killed before it was written, and run again without: that is what was asked for.
    if not file.exists():
        return ""
    return "" if file.read_text().count("\n") == n_acts else f"not {n_acts} acts in {file.name}"


def judged(place: Place) -> str:
    """See that the bundle in use has judged every post that the one before it had judged."""
    bundle = find_bundle(place.paths)
    with Store.open(place.paths.database) as store:
        row = store.source(place.source)
        assert row is not None
        waiting = store.count_unpredicted(row.id, bundle.id)
    return f"{waiting} posts are not judged by {bundle.id}" if waiting else ""


def learned(place: Place) -> str:
    """See that a codebook has a model in use that is what was signed, and every label that was given."""
    paths = place.paths.under(CODEBOOK)
    try:
        bundle = find_bundle(paths)
        verify_bundle(bundle, paths)
    except MmsaError as error:
        return error.message
    if bundle.meta.name != CODEBOOK:
        return f"{bundle.id} is in use under {CODEBOOK}"
    with Store.open(paths.database) as store:
        store.write_journal()
        n_acts = sum(1 for _ in store.corrections())
    n_journalled = len({str(record["uid"]) for record in Journal(paths.database).records()})
    whole = n_acts == n_journalled == N_POSTS
    return "" if whole else f"{n_acts} acts and {n_journalled} in the journal, of {N_POSTS}"


def taken_over(place: Place) -> str:
    """See that what the shares say of each post is in the store, once."""
    with closing(sqlite3.connect(place.paths.database)) as connection:
        counted = connection.execute(
            "SELECT count(*) FROM predictions JOIN bundles ON bundles.id = bundle_id"
            " WHERE name = 'small 1.0.0'"
        ).fetchone()
    return "" if counted == (3 * N_POSTS,) else f"{counted[0]} predictions of {3 * N_POSTS}"


def usable(place: Place) -> str:
    """See that a codebook that was begun can be used."""
    code, said = run(place, ["codebook", "use", "fresh"])
    return said if code else ""


def in_use(place: Place) -> str:
    found = load_config(environ={"MMSA_HOME": str(place.home)}).paths.codebook
    return "" if found == CODEBOOK else f"{found or 'the default codebook'} is in use"


def renamed(place: Place) -> str:
    """See that every label has its new name, is said once more and no more, and that the codebook has it."""
    paths = place.paths.under(CODEBOOK)
    names = read_codebook(paths).names
    damages = store_care.check(paths).damages
    if damages:
        return damages[0].message
    with Store.open(paths.database) as store:
        store.write_journal()
        n_acts = sum(1 for _ in store.corrections())
        stands = Counter(act.new_label for act in store.current_corrections())
        kept, _ = store.codebook()
    third = N_POSTS // 3
    if kept != CODEBOOK or names != ("pro", "against", "neither"):
        return f"the codebook has {names}"
    if n_acts != N_POSTS + third or stands != {"pro": third, "against": third, "neither": third}:
        return f"{n_acts} acts, and {dict(stands)} stand"
    n_journalled = len({str(record["uid"]) for record in Journal(paths.database).records()})
    return "" if n_journalled == n_acts else f"{n_journalled} acts of {n_acts} are in the journal"


def restored(place: Place) -> str:
    """See that the codebook can be read again, with its labels, and that no label of it is lost."""
    paths = place.paths.under(CODEBOOK)
    names = read_codebook(paths).names
    with Store.open(paths.database) as store:
        n_acts = sum(1 for _ in store.corrections())
    whole = names == ("for", "against", "neither") and n_acts == N_POSTS
    return "" if whole else f"the codebook has {names}, and {n_acts} acts"


def judged_apart(place: Place) -> str:
    """See that the parts that a cluster has judged hold each post once."""
    joined = place.out / "parts.csv"
    code, said = run(place, ["merge", str(place.out / "parts"), "-o", str(joined)])
    rows = joined.read_text(encoding="utf-8-sig").count("\n") - 1 if not code else 0
    joined.unlink(missing_ok=True)
    return "" if rows == N_POSTS else f"{rows} posts of {N_POSTS}: {said[-200:]}"


def audited(place: Place) -> str:
    with Store.open(place.paths.database) as store:
        row = store.source(place.source)
        assert row is not None
        sizes = [len(store.audits.sample(row.location, audit.uid)) for audit in store.audits.of(row.location)]
    return f"samples of {sizes} posts" if any(size not in (20, 30, 40) for size in sizes) else ""


def trained(place: Place) -> str:
    """See that a training has come to its end, with a bundle that can be read and is what was signed."""
    run_folder = place.out / "run"
    try:
        bundle = read_bundle(run_folder / "bundles" / "tiny-1.0.0")
        verify_bundle(bundle, place.paths)
    except MmsaError as error:
        return error.message
    missing = {"bundle.done", "curves.png", "scores.json"} - {path.name for path in run_folder.iterdir()}
    return f"a training left no {', '.join(sorted(missing))}" if missing else ""


def tuned(place: Place) -> str:
    """See that a search has come to its end, with a recipe that can be read and a picture that is whole."""
    folder = place.out / "tuned"
    try:
        load_recipe(str(folder / BEST))
    except MmsaError as error:
        return error.message
    return "" if is_whole(folder / HISTORY) else "the picture of a search is half written"


LEAST = {"shares.csv": 2, "acts.jsonl": 2 * N_POSTS, "forgotten.jsonl": N_POSTS, "changes.jsonl": 0}
"""Lines of a file that is whole, where they are not one for each post."""


def is_whole(path: Path) -> bool:
    try:
        match path.suffix:
            case ".csv":
                return path.read_text(encoding="utf-8-sig").count("\n") >= LEAST.get(path.name, N_POSTS)
            case ".xlsx" | ".zip":
                with zipfile.ZipFile(path) as archive:
                    return archive.testzip() is None
            case ".jsonl":
                lines = [json.loads(line) for line in path.read_text().splitlines()]
                return len(lines) >= LEAST.get(path.name, N_POSTS)
            case ".json":
                return len(json.loads(path.read_bytes())) == N_POSTS
            case ".toml":
                return len(tomllib.loads(path.read_text())["labels"]) == 3
            case ".html" | ".svg":
                return path.read_text().rstrip().endswith(("</html>", "</svg>"))
            case ".png":
                return path.read_bytes().endswith(b"IEND\xaeB`\x82")
            case ".db":
                with closing(sqlite3.connect(path)) as connection:
                    counted = connection.execute("SELECT count(*) FROM corrections").fetchone()
                return bool(counted == (2 * N_POSTS,))
            case ".parquet":
                import pyarrow.parquet

                return pyarrow.parquet.read_table(path).num_rows > 0
    except (OSError, ValueError, LookupError, zipfile.BadZipFile, sqlite3.Error):
        return False
    return True


def names_in(place: Place) -> set[str]:
    """List what lies in home and folder, numbers left out, and whole candidates that wait for a decision."""
    found = set()
    homes = (place.paths, place.paths.under(CODEBOOK))
    candidates = {kept.bundle.directory for home in homes for kept in kept_candidates(home)}
    for root in (place.home, place.out):
        for path in root.rglob("*"):
            if candidates & {path, path.parent}:
                continue
            name = re.sub(r"[0-9a-f]{16,}|\d+", "#", str(path.relative_to(root.parent)).partition("/")[2])
            # A log beside the database is there while nobody has closed it in good order.
            if not name.endswith(("-wal", "-shm")):
                found.add(name)
    return found
