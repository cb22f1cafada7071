"""Each command that writes, what it is given, and what must hold after it was killed and run once more."""

from __future__ import annotations

import io
import json
import os
import random
import re
import shutil
import sqlite3
import sys
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.killing import ROOT, Killer, draw, mmsa
from mmsa_tui import cli
from mmsa_tui.bundle.registry import use_bundle
from mmsa_tui.codebook import read_codebook
from mmsa_tui.config import Paths, find_paths, load_config
from mmsa_tui.records import Correction
from mmsa_tui.services import store_care
from mmsa_tui.services.promote import kept_candidates
from mmsa_tui.store import Store
from mmsa_tui.store.journal import Journal

sys.path.insert(0, str(ROOT / "tests" / "model"))

LABELS = ("negative", "neutral", "positive")
CODEBOOK = "stance"
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


@dataclass(frozen=True)
class Case:
    """A command to be killed.

    Args:
        again: how it is run once more; as before unless given.
        codes: with what the next run may end.
        keeps_acts: no act that was there may go, nor be missing in the journal.
        n_new: how many acts it adds, all or none.
        left: whether, after the next run, something is wrong of its own kind.
    """

    name: str
    arguments: Callable[[Place], list[str]]
    again: Callable[[Place], list[str]] | None = None
    codes: tuple[int, ...] = (0,)
    keeps_acts: bool = True
    n_new: int = 0
    wrong: Callable[[Place], str] = lambda place: ""


def _writes(*words: str, name: str, overwrite: str = "--overwrite") -> Callable[[Place], list[str]]:
    """Name a command that writes a file, over one that is there."""

    def arguments(place: Place) -> list[str]:
        said = [word.format(source=place.source, shared=place.shared, out=place.out) for word in words]
        return [*said, "-o", str(place.out / name), *([overwrite] if overwrite else [])]

    return arguments


def _plain(*words: str) -> Callable[[Place], list[str]]:
    return lambda place: [
        word.format(source=place.source, shared=place.shared, out=place.out) for word in words
    ]


def _forgotten(place: Place) -> str:
    """Find a word of the source that was to be forgotten."""
    for path in place.home.rglob("*"):
        if path.is_file() and b"zqsecret" in path.read_bytes():
            return f"a word of what was forgotten is in {path.name}"
    return "" if _acts(place) >= _others(place) else "acts of another source are lost"


def _others(place: Place) -> set[str]:
    return {f"act-{n}" for n in range(N_POSTS)}


def _purged(place: Place) -> str:
    kept = {"bundles", "encoders", "active", "active.before", "store.lock", "codebook.toml", "codebooks"}
    folders = (place.paths.data_dir, place.paths.under(CODEBOOK).study_dir)
    left = [path.name for folder in folders for path in folder.iterdir() if path.name not in kept]
    return f"a purge left {left}" if left else ""


def _judged(place: Place) -> str:
    """See that the bundle in use has judged every post that the one before it had judged."""
    from mmsa_tui.bundle.registry import find_bundle

    bundle = find_bundle(place.paths)
    with Store.open(place.paths.database) as store:
        row = store.source(place.source)
        assert row is not None
        waiting = store.count_unpredicted(row.id, bundle.id)
    return f"{waiting} posts are not judged by {bundle.id}" if waiting else ""


def _taken_over(place: Place) -> str:
    """See that what the shares say of each post is in the store, once."""
    with closing(sqlite3.connect(place.paths.database)) as connection:
        counted = connection.execute(
            "SELECT count(*) FROM predictions JOIN bundles ON bundles.id = bundle_id"
            " WHERE name = 'small 1.0.0'"
        ).fetchone()
    return "" if counted == (3 * N_POSTS,) else f"{counted[0]} predictions of {3 * N_POSTS}"


def _usable(place: Place) -> str:
    """See that a codebook that was begun can be used."""
    code, said = _run(place, ["codebook", "use", "fresh"])
    return said if code else ""


def _in_use(place: Place) -> str:
    found = load_config(environ={"MMSA_HOME": str(place.home)}).paths.codebook
    return "" if found == CODEBOOK else f"{found or 'the default codebook'} is in use"


def _renamed(place: Place) -> str:
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


def _audited(place: Place) -> str:
    with Store.open(place.paths.database) as store:
        row = store.source(place.source)
        assert row is not None
        sizes = [len(store.audit_sample(row.location, audit.uid)) for audit in store.audits(row.location)]
    return f"samples of {sizes} posts" if any(size not in (20, 30, 40) for size in sizes) else ""


CASES = (
    Case("classify to csv", _writes("classify", "{source}", name="a.csv", overwrite="--restart")),
    Case("classify to xlsx, thumbnails",
         _writes("classify", "{source}", "--thumbnails", name="a.xlsx", overwrite="--restart")),
    Case("classify --resume", _writes("classify", "{shared}/new.csv", name="n.csv", overwrite=""),
         again=_writes("classify", "{shared}/new.csv", name="n.csv", overwrite="--resume")),
    Case("classify --resume, jsonl", _writes("classify", "{shared}/new.jsonl", name="n.csv", overwrite=""),
         again=_writes("classify", "{shared}/new.jsonl", name="n.csv", overwrite="--resume")),
    Case("classify --resume, folder of pairs",
         _writes("classify", "{shared}/pairs", name="n.csv", overwrite=""),
         again=_writes("classify", "{shared}/pairs", name="n.csv", overwrite="--resume")),
    Case("classify --shard 1/2", _writes("classify", "{source}", "--shard", "1/2", name="s.parquet",
                                         overwrite="--restart")),
    Case("merge", _writes("merge", "{shared}/shares", name="m.csv", overwrite="--restart")),
    Case("merge --store", _plain("merge", "{shared}/shares of new", "--store"), wrong=_taken_over),
    Case("chart to png", _writes("chart", "{source}", name="c.png")),
    Case("chart to svg", _writes("chart", "{source}", name="c.svg")),
    Case("pack", _writes("pack", "{source}", "--posts-per-part", "20", name="packed", overwrite="--restart")),
    Case("report", _writes("report", "{source}", name="r.html")),
    Case("audit start", _plain("audit", "start", "{source}", "--size", "20", "--new"), wrong=_audited),
    Case("audit extend", _plain("audit", "extend", "{source}", "--more", "10"), wrong=_audited),
    Case("corrections export to jsonl", _writes("corrections", "export", name="acts.jsonl")),
    Case("corrections export to xlsx", _writes("corrections", "export", name="acts.xlsx")),
    Case("corrections import", _plain("corrections", "import", "{shared}/theirs.jsonl", "--keep-unknown"),
         n_new=N_IMPORTED),
    Case("corrections merge", _writes("corrections", "merge", "{shared}/theirs.jsonl", "--keep-unknown",
                                      name="conflicts.xlsx"), n_new=N_IMPORTED),
    Case("corrections agree", _writes("corrections", "agree", "{shared}/Bo.jsonl", "{shared}/Cy.jsonl",
                                      name="apart.xlsx")),
    Case("codebook new", _plain("codebook", "new", "fresh", "--label", "for=Wants it", "--label", "against",
                                "--use"), codes=(0, 2), wrong=_usable),
    Case("codebook use", _plain("codebook", "use", "stance"), wrong=_in_use),
    Case("codebook edit", _plain("codebook", "edit", "stance", "--rename", "for=pro"),
         codes=(0, 2), wrong=_renamed),
    Case("bundle export", _writes("bundle", "export", "small 1.0.0", name="b.zip", overwrite=""),
         codes=(0, 2, 3)),
    Case("bundle import", _plain("bundle", "import", "{shared}/other.zip"), codes=(0, 3)),
    Case("bundle use", _plain("bundle", "use", "small 1.0.0")),
    Case("bundle rollback", _plain("bundle", "rollback"), codes=(0, 3)),
    Case("store backup", _plain("store", "backup")),
    Case("store restore", _plain("store", "restore")),
    Case("forget", _plain("forget", "{shared}/secret.csv", "--yes"), codes=(0, 2), keeps_acts=False,
         wrong=_forgotten),
    Case("purge", _plain("purge", "--yes"), keeps_acts=False, wrong=_purged),
    Case("cache clear", _plain("cache", "clear")),
    Case("retrain", _plain("retrain", "--promote", "--device", "cpu"), wrong=_judged),
    Case("train", _writes("train", "{shared}/few.csv", "--labels", "{shared}/labels.csv", "--recipe",
                          "{shared}/tiny.toml", "--device", "cpu", name="run", overwrite="")),
    Case("tune", _writes("tune", "{shared}/few.csv", "--labels", "{shared}/labels.csv", "--recipe",
                         "{shared}/tiny.toml", "--device", "cpu", "--trials", "1", name="tuned",
                         overwrite="")),
)  # fmt: skip


@dataclass
class Count:
    """What came of so many kills of a command."""

    kills: int = 0
    lost: int = 0
    half: int = 0
    parts: int = 0
    processes: int = 0
    odd: list[str] = field(default_factory=list)


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
    encoders = [write_text_encoder(folder / "text"), write_image_encoder(folder / "image")]
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
            store.record_act(acts, "bulk", row.location)
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
    # Classified elsewhere: the store that is to take it over has never seen it.
    elsewhere = copy_home(place, folder / "elsewhere")
    for number in (1, 2):
        share = place.shared / "shares of new" / f"{number}.parquet"
        share.parent.mkdir(exist_ok=True)
        new = str(place.shared / "new.csv")
        must_run(elsewhere, "classify", new, "--shard", f"{number}/2", "-o", str(share))
    _clear(elsewhere)
    return place


def _make_codebook(place: Place) -> None:
    """Make a codebook under which every post has a label."""
    labels = [word for name in ("for", "against", "neither") for word in ("--label", name)]
    must_run(place, "codebook", "new", CODEBOOK, *labels)
    with Store.open(place.paths.under(CODEBOOK).database) as store:
        said = [
            Correction(f"said-{n}", f"b2:{n:040x}", ("for", "against", "neither")[n % 3], analyst="Ann")
            for n in range(N_POSTS)
        ]
        store.record_act(said, "bulk", "here")


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


def kill_command(
    case: Case, template: Place, killer: Killer, folder: Path, n_kills: int, chosen: random.Random
) -> Count:
    """Kill a command so often, each time in a home of its own, and look at what is left."""
    count = Count()
    usual_place = copy_home(template, folder)
    usual = killer.run(mmsa(*case.arguments(usual_place)), usual_place.environment(), usual_place.out)
    if usual.code not in case.codes:
        raise SystemExit(f"{case.name} does not run: code {usual.code} of {case.arguments(usual_place)}")
    _run(usual_place, (case.again or case.arguments)(usual_place))
    names = _names(usual_place)
    _clear(usual_place)
    for _ in range(4 * n_kills):
        if count.kills == n_kills:
            break
        place = copy_home(template, folder)
        at, after_s = draw(usual, chosen)
        ran = killer.run(
            mmsa(*case.arguments(place)), place.environment(), place.out,
            at=at, after_s=after_s, kills_child=chosen.random() < 0.4,
        )  # fmt: skip
        if ran.code == -9 or ran.is_child:
            count.kills += 1
            count.processes += ran.n_left
            for what, problem in _look(case, place, names):
                setattr(count, what, getattr(count, what) + 1)
                count.odd.append(f"{case.name}, write {at} of {usual.n_writes}: {problem}")
        _clear(place)
    return count


def _look(case: Case, place: Place, names: set[str]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong after a kill, and after the command was run once more."""
    for path in place.out.glob("*"):
        if path.is_file() and not path.name.startswith(".") and not _is_whole(path):
            yield "half", f"{path.name} is half written"
    if case.name != "purge" and case.name != "store restore":
        damages = store_care.check(place.paths).damages
        if damages:
            yield "half", damages[0].message
        n_new = len(_acts(place)) - 2 * N_POSTS
        if case.keeps_acts and n_new not in (0, case.n_new):
            yield "half", f"{n_new} acts of {case.n_new} were added"
    code, said = _run(place, (case.again or case.arguments)(place))
    if code not in case.codes:
        yield "half", f"the next run ends with {code}: {said[-300:]}"
    problem = case.wrong(place)
    if problem:
        yield "half", problem
    if case.keeps_acts:
        before = _others(place) | {f"secret-{n}" for n in range(N_POSTS)}
        with Store.open(place.paths.database) as store:
            store.write_journal()
        journalled = {str(record["uid"]) for record in Journal(place.paths.database).records()}
        if not _acts(place) >= before or not journalled >= before:
            yield (
                "lost",
                f"{len(before - _acts(place))} acts lost, {len(before - journalled)} not in the journal",
            )
    if case.name.startswith("classify --resume"):
        rows = (place.out / "n.csv").read_text().splitlines()
        if len(rows) != N_POSTS + 1 or len({row.split(",")[0] for row in rows}) != N_POSTS + 1:
            yield "lost", f"{len(rows) - 1} rows"
    for name in sorted(_names(place) - names):
        yield "parts", f"left: {name}"


def _acts(place: Place) -> set[str]:
    with Store.open(place.paths.database) as store:
        return {act.uid for act in store.corrections()}


def _is_whole(path: Path) -> bool:
    try:
        match path.suffix:
            case ".csv":
                return path.read_text(encoding="utf-8-sig").count("\n") >= N_POSTS
            case ".xlsx" | ".zip":
                with zipfile.ZipFile(path) as archive:
                    return archive.testzip() is None
            case ".jsonl":
                return len([json.loads(line) for line in path.read_text().splitlines()]) == 2 * N_POSTS
            case ".html" | ".svg":
                return path.read_text().rstrip().endswith(("</html>", "</svg>"))
            case ".png":
                return path.read_bytes().endswith(b"IEND\xaeB`\x82")
            case ".parquet":
                import pyarrow.parquet

                return pyarrow.parquet.read_table(path).num_rows > 0
    except (OSError, ValueError, zipfile.BadZipFile):
        return False
    return True


def _names(place: Place) -> set[str]:
    """List what lies in home and folder, numbers left out, and whole candidates that wait for a decision."""
    found = set()
    candidates = {kept.bundle.directory for kept in kept_candidates(place.paths)}
    for root in (place.home, place.out):
        for path in root.rglob("*"):
            if candidates & {path, path.parent}:
                continue
            name = re.sub(r"[0-9a-f]{16,}|\d+", "#", str(path.relative_to(root.parent)).partition("/")[2])
            # A log beside the database is there while nobody has closed it in good order.
            if not name.endswith(("-wal", "-shm")):
                found.add(name)
    return found


def copy_home(template: Place, folder: Path) -> Place:
    """Make a home like the one that was prepared."""
    place = Place(folder / "home", folder / "out", template.shared)
    shutil.copytree(template.home, place.home)
    place.out.mkdir()
    return place


def _clear(place: Place) -> None:
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


def _run(place: Place, arguments: list[str]) -> tuple[int, str]:
    """Run a command in this process."""
    said = io.StringIO()
    with _within(place), redirect_stdout(said), redirect_stderr(said):
        code = cli.run(arguments)
    return code, said.getvalue()


def must_run(place: Place, *arguments: str) -> None:
    """Run a command that must end well."""
    code, said = _run(place, list(arguments))
    if code:
        raise SystemExit(f"{arguments}: {said}")
