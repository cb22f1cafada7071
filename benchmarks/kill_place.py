"""Homes that commands are killed in: one is made, classified, corrected, backed up; each run has a copy."""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from benchmarks.killing import ROOT
from mmsa_tui import cli
from mmsa_tui.bundle.registry import use_bundle
from mmsa_tui.config import Paths, find_paths
from mmsa_tui.records import Correction
from mmsa_tui.services.ingest import read_in
from mmsa_tui.store import Store

sys.path.insert(0, str(ROOT / "tests" / "model"))

LABELS = ("negative", "neutral", "positive")
CODEBOOK = "stance"
CANDIDATE = "retrain-20260101-000000-000000/small-1.0.1"
N_POSTS = 90
N_IMPORTED = 60
N_LEARNED = 60
"""Posts that a training learns from: as few as it takes."""
TEXTS = ("worst rain and hate", "a train is late", "best love and sun")
RECIPE = """
name = "tiny"
[text]
encoder = "{text}"
[text.pretraining]
epochs = 1
[text.tuning]
epochs = 1
[image]
encoder = "{image}"
tail_blocks = 1
[image.tuning]
epochs = 1
batch_size = 32
[fusion]
epochs = 4
least_steps = 4
[head]
n_components = 16
width = 16
"""


@dataclass(frozen=True)
class Place:
    """Where one run works: its home, its folder, and what all runs read."""

    home: Path
    out: Path
    shared: Path

    @property
    def paths(self) -> Paths:
        return find_paths({"MMSA_HOME": str(self.home)})

    @property
    def source(self) -> str:
        return str(self.shared / "posts.csv")

    def environment(self) -> dict[str, str]:
        scratch = self.out / "tmp"
        scratch.mkdir(exist_ok=True)
        threads = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}
        return {"MMSA_HOME": str(self.home), "TMPDIR": str(scratch), **threads}


def prepare(folder: Path) -> Place:
    """Make the home that every run begins with: classified, corrected, backed up."""
    from small_bundle import write_small_bundle
    from small_encoders import write_image_encoder, write_text_encoder
    from small_posts import make_picture

    place = Place(folder / "template", folder / "template out", folder / "shared")
    pictures = place.shared / "pictures"
    pictures.mkdir(parents=True)
    place.out.mkdir()
    texts = [f"{TEXTS[n % 3]} {chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(N_POSTS)]
    for n in range(N_POSTS // 3):
        (pictures / f"{n}.jpg").write_bytes(make_picture(n, (64, 64)))
    _write_table(Path(place.source), texts, pictures=True)
    _write_table(place.shared / "few.csv", texts[:N_LEARNED], pictures=True)
    _write_table(place.shared / "new.csv", [f"new {text}" for text in texts])
    pairs = place.shared / "pairs"
    pairs.mkdir()
    with (place.shared / "new.jsonl").open("w") as file:
        for n, text in enumerate(texts, start=1):
            file.write(json.dumps({"id": str(n), "text": f"new {text}"}) + "\n")
            (pairs / f"{n}.txt").write_text(f"new {text}")
            (pairs / f"{n}.jpg").write_bytes(make_picture(n % 5, (64, 64)))
    _write_table(place.shared / "secret.csv", [f"zqsecret {text}" for text in texts])
    labels = [",".join([str(n + 1), *3 * [LABELS[n % 3]]]) for n in range(N_POSTS)]
    (place.shared / "labels.csv").write_text("\n".join(["id,post,text,image", *labels]) + "\n")
    encoders = [write_text_encoder(folder / "text"), write_image_encoder(folder / "image", depth=0.35)]
    (place.shared / "tiny.toml").write_text(RECIPE.format(text=encoders[0], image=encoders[1]))
    bundle = write_small_bundle(place.paths.bundles_dir, *encoders)
    shutil.move(bundle.directory.parent / "encoders", place.paths.data_dir)
    use_bundle(place.paths, "small")
    for name in ("posts.csv", "secret.csv"):
        must_run(place, "classify", str(place.shared / name), "-o", str(place.out / f"made-{name}"))
    with Store.open(place.paths.database) as store:
        for name, mark in (("posts.csv", "act"), ("secret.csv", "secret")):
            row = store.source(str(place.shared / name))
            assert row is not None
            acts = [
                Correction(f"{mark}-{n}", stored.post.content_hash, LABELS[n % 3], text=stored.post.text)
                for n, stored in enumerate(store.posts(row.id))
                if stored.post is not None
            ]
            store.acts.record(acts, "bulk", row.location)
    for number in (1, 2):
        share = place.shared / "shares" / f"{number}.parquet"
        share.parent.mkdir(exist_ok=True)
        must_run(place, "classify", place.source, "--shard", f"{number}/2", "-o", str(share))
    theirs = [
        {
            "content_hash": f"b2:{n:040x}", "new_label": "positive", "uid": f"their-{n}", "analyst": "Bo",
            "created_at": f"2026-01-01T10:{n:02}:00+00:00", "labels": LABELS, "format": 1,
        }
        for n in range(N_IMPORTED)
    ]  # fmt: skip
    for analyst, n_labels in (("Bo", 3), ("Cy", 2)):
        (place.shared / f"{analyst}.jsonl").write_text(_votes(analyst, n_labels))
    (place.shared / "theirs.jsonl").write_text("".join(json.dumps(act) + "\n" for act in theirs))
    must_run(place, "bundle", "export", "small 1.0.0", "-o", str(place.shared / "other.zip"))
    _rename_bundle(place.shared / "other.zip")
    must_run(place, "audit", "start", place.source, "--size", "20")
    _make_codebook(place)
    must_run(place, "store", "backup")
    must_run(place, "pack", place.source, "--posts-per-part", "30", "-o", str(place.shared / "packed"))
    _make_candidate(place, folder / "taught")
    # Classified elsewhere: the store that is to take it over has never seen it.
    elsewhere = copy_home(place, folder / "elsewhere")
    for number in (1, 2):
        share = place.shared / "shares of new" / f"{number}.parquet"
        share.parent.mkdir(exist_ok=True)
        new = str(place.shared / "new.csv")
        must_run(elsewhere, "classify", new, "--shard", f"{number}/2", "-o", str(share))
    clear(elsewhere)
    return place


def _make_codebook(place: Place) -> None:
    """Make a codebook under which every post of the source has a label."""
    labels = [word for name in ("for", "against", "neither") for word in ("--label", name)]
    must_run(place, "codebook", "new", CODEBOOK, *labels)
    with Store.open(place.paths.under(CODEBOOK).database) as store:
        row = read_in(store, place.source)
        names = ("for", "against", "neither")
        said = [
            Correction(f"said-{n}", stored.post.content_hash, names[n % 3], analyst="Ann")
            for n, stored in enumerate(store.posts(row.id))
            if stored.post is not None
        ]
        store.acts.record(said, "bulk", row.location)


def _make_candidate(place: Place, folder: Path) -> None:
    """Let a retrain leave a candidate for a later decision."""
    taught = copy_home(place, folder)
    code, said = run(taught, ["retrain", "--no-promote", "--device", "cpu"])
    (written,) = taught.paths.runs_dir.glob("retrain-*/small-*")
    if code not in (0, 1):
        raise SystemExit(f"retrain: {said}")
    shutil.copytree(written.parent, place.shared / "run")
    clear(taught)


def lay_candidate(place: Place) -> None:
    """Put the candidate where the command finds it."""
    shutil.copytree(place.shared / "run", place.home / "data" / "runs" / CANDIDATE.partition("/")[0])


def damage_codebook(place: Place) -> None:
    """Cut the file of the codebook in the middle of a word."""
    file = place.paths.under(CODEBOOK).codebook_file
    file.write_bytes(file.read_bytes()[:60])


def drop_codebook(place: Place) -> None:
    """Leave labels under one codebook alone: a file takes no others."""
    shutil.rmtree(place.home / "data" / "codebooks")


def _votes(analyst: str, n_labels: int) -> str:
    """Write what one of two analysts says who do not agree."""
    votes = [
        {
            "content_hash": f"b2:{n:040x}", "new_label": LABELS[n % n_labels], "uid": f"{analyst}-{n}",
            "analyst": analyst, "created_at": f"2026-01-01T10:00:{n % 60:02}+00:00", "labels": LABELS,
            "format": 1,
        }
        for n in range(N_POSTS)
    ]  # fmt: skip
    return "".join(json.dumps(vote) + "\n" for vote in votes)


def _write_table(file: Path, texts: list[str], pictures: bool = False) -> None:
    rows = [
        f"{n + 1},{text},{f'pictures/{n // 3}.jpg' if pictures and not n % 3 else ''}"
        for n, text in enumerate(texts)
    ]
    file.write_text("\n".join(["id,text,image", *rows]) + "\n")


def _rename_bundle(archive: Path) -> None:
    """Make a bundle of another name of an exported one; its record alone names it."""
    with zipfile.ZipFile(archive) as old:
        contents = {name: old.read(name) for name in old.namelist()}
    with zipfile.ZipFile(archive, "w") as new:
        for name, data in contents.items():
            if name.endswith("meta.json"):
                data = data.replace(b'"small"', b'"other"')
            new.writestr(name, data)


def copy_home(template: Place, folder: Path) -> Place:
    """Make a home like the one that was prepared."""
    place = Place(folder / "home", folder / "out", template.shared)
    shutil.copytree(template.home, place.home)
    place.out.mkdir()
    return place


def clear(place: Place) -> None:
    for root in (place.home, place.out):
        shutil.rmtree(root)


@contextmanager
def _within(place: Place) -> Iterator[None]:
    before, where = dict(os.environ), Path.cwd()
    os.environ.update(place.environment())
    os.chdir(place.out)
    try:
        yield
    finally:
        os.chdir(where)
        os.environ.clear()
        os.environ.update(before)


def run(place: Place, arguments: list[str]) -> tuple[int, str]:
    """Run a command in this process."""
    said = io.StringIO()
    with _within(place), redirect_stdout(said), redirect_stderr(said):
        code = cli.run(arguments)
    return code, said.getvalue()


def must_run(place: Place, *arguments: str) -> None:
    """Run a command that must end well."""
    code, said = run(place, list(arguments))
    if code:
        raise SystemExit(f"{arguments}: {said}")
