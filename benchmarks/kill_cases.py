"""Each command that writes, what it is given, and what must hold after it was killed and run once more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.kill_checks import (
    audited,
    forgotten,
    forgotten_and_written,
    in_use,
    judged,
    judged_apart,
    learned,
    purged,
    purged_and_written,
    renamed,
    restored,
    taken_over,
    trained,
    tuned,
    usable,
)  # fmt: skip
from benchmarks.kill_place import (
    CANDIDATE,
    CODEBOOK,
    N_IMPORTED,
    Place,
    damage_codebook,
    drop_codebook,
    lay_candidate,
)


@dataclass(frozen=True)
class Case:
    """A command to be killed.

    Args:
        again: how it is run once more; as before unless given.
        codes: with what the next run may end.
        keeps_acts: no act that was there may go, nor be missing in the journal.
        n_new: how many acts it adds, all or none.
        wrong: says what, after the next run, is wrong of its own kind.
        begin: makes what it needs in a home.
        in_a_row: how often it is killed before somebody lets it come to its end. Trainings, which cost
            ten seconds of processor time to start, are killed at each of the first tries.
    """

    name: str
    arguments: Callable[[Place], list[str]]
    again: Callable[[Place], list[str]] | None = None
    codes: tuple[int, ...] = (0,)
    keeps_acts: bool = True
    n_new: int = 0
    wrong: Callable[[Place], str] = lambda place: ""
    begin: Callable[[Place], None] = lambda place: None
    in_a_row: int = 1


def _writes(*words: str, name: str, overwrite: str = "--overwrite") -> Callable[[Place], list[str]]:
    """Name a command that writes a file, over one that is there."""

    def arguments(place: Place) -> list[str]:
        said = [word.format(source=place.source, shared=place.shared, out=place.out) for word in words]
        return [*said, "-o", str(place.out / name), *([overwrite] if overwrite else [])]

    return arguments


def _plain(*words: str) -> Callable[[Place], list[str]]:
    return lambda place: [
        word.format(source=place.source, shared=place.shared, out=place.out, home=place.home)
        for word in words
    ]


def _exporting(name: str, *words: str) -> Callable[[Place], list[str]]:
    """Name a command that writes labels first, unless they are written."""

    def arguments(place: Place) -> list[str]:
        target = place.out / name
        return [*_plain(*words)(place), *([] if target.exists() else ["--export", str(target)])]

    return arguments


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
    Case("classify --for label-studio",
         _writes("classify", "{source}", "--for", "label-studio", name="tasks.json", overwrite="--restart")),
    Case("classify --for 4cat",
         _writes("classify", "{source}", "--for", "4cat", name="items.csv", overwrite="--restart")),
    Case("classify --engine ray",
         _writes("classify", "{shared}/packed", "--engine", "ray", "--workers", "1", name="parts",
                 overwrite=""),
         again=_writes("classify", "{shared}/packed", "--engine", "ray", "--workers", "1", name="parts",
                       overwrite="--resume"), wrong=judged_apart),
    Case("merge", _writes("merge", "{shared}/shares", name="m.csv", overwrite="--restart")),
    Case("merge --store", _plain("merge", "{shared}/shares of new", "--store"), wrong=taken_over),
    Case("chart to png", _writes("chart", "{source}", name="c.png")),
    Case("chart to svg", _writes("chart", "{source}", name="c.svg")),
    Case("chart to csv", _writes("chart", "{source}", name="shares.csv")),
    Case("kwic", _writes("kwic", "{source}", "/and|is/", name="hits.csv")),
    Case("pack", _writes("pack", "{source}", "--posts-per-part", "20", name="packed", overwrite="--restart")),
    Case("report", _writes("report", "{source}", name="r.html")),
    Case("audit start", _plain("audit", "start", "{source}", "--size", "20", "--new"), wrong=audited),
    Case("audit extend", _plain("audit", "extend", "{source}", "--more", "10"), wrong=audited),
    Case("corrections export to jsonl", _writes("corrections", "export", name="acts.jsonl")),
    Case("corrections export to xlsx", _writes("corrections", "export", name="acts.xlsx")),
    Case("corrections import", _plain("corrections", "import", "{shared}/theirs.jsonl", "--keep-unknown"),
         n_new=N_IMPORTED),
    Case("corrections merge", _writes("corrections", "merge", "{shared}/theirs.jsonl", "--keep-unknown",
                                      name="conflicts.xlsx"), n_new=N_IMPORTED),
    Case("corrections agree", _writes("corrections", "agree", "{shared}/Bo.jsonl", "{shared}/Cy.jsonl",
                                      name="apart.xlsx")),
    Case("codebook new", _plain("codebook", "new", "fresh", "--label", "for=Wants it", "--label", "against",
                                "--use"), codes=(0, 2), wrong=usable),
    Case("codebook show", _writes("codebook", "show", CODEBOOK, name="stance.toml", overwrite=""),
         codes=(0, 2)),
    Case("codebook use", _plain("codebook", "use", CODEBOOK), wrong=in_use),
    Case("codebook edit", _plain("codebook", "edit", CODEBOOK, "--rename", "for=pro"),
         codes=(0, 2), wrong=renamed),
    Case("codebook edit --restore", _plain("codebook", "edit", CODEBOOK, "--restore"),
         begin=damage_codebook, wrong=restored),
    Case("bundle export", _writes("bundle", "export", "small 1.0.0", name="b.zip", overwrite=""),
         codes=(0, 2, 3)),
    Case("bundle import", _plain("bundle", "import", "{shared}/other.zip"), codes=(0, 3)),
    Case("bundle use", _plain("bundle", "use", "small 1.0.0")),
    Case("bundle rollback", _plain("bundle", "rollback"), codes=(0, 3)),
    Case("store backup", _plain("store", "backup")),
    Case("store backup to a file", _writes("store", "backup", name="copy.db", overwrite=""), codes=(0, 2, 4)),
    Case("store restore", _plain("store", "restore")),
    Case("forget", _plain("forget", "{shared}/secret.csv", "--yes"), codes=(0, 2), keeps_acts=False,
         wrong=forgotten),
    Case("forget --export", _plain("forget", "{shared}/secret.csv", "--yes", "--export",
                                   "{out}/forgotten.jsonl"),
         again=_exporting("forgotten.jsonl", "forget", "{shared}/secret.csv", "--yes"),
         codes=(0, 2), keeps_acts=False,
         wrong=forgotten_and_written),
    Case("purge", _plain("purge", "--yes"), keeps_acts=False, wrong=purged),
    Case("purge --export", _plain("purge", "--yes", "--export", "{out}/acts.jsonl"),
         again=_exporting("acts.jsonl", "purge", "--yes"), keeps_acts=False, begin=drop_codebook,
         wrong=purged_and_written),
    Case("cache clear", _plain("cache", "clear")),
    Case("retrain", _plain("retrain", "--promote", "--device", "cpu"), wrong=judged, in_a_row=4),
    Case("retrain under a codebook",
         _plain("--codebook", CODEBOOK, "retrain", "--promote", "--device", "cpu"), wrong=learned,
         in_a_row=4),
    # The candidate is gone from its place once it is promoted; what was left to judge is judged all the same.
    Case("retrain --changes", _plain("retrain", "--candidate", "{home}/data/runs/" + CANDIDATE, "--promote",
                                     "--changes", "{out}/changes.jsonl", "--device", "cpu"),
         codes=(0, 2, 3, 5), begin=lay_candidate, wrong=judged),
    # A run that was killed when all was done says on the next try that its bundle is there.
    Case("train", _writes("train", "{shared}/few.csv", "--labels", "{shared}/labels.csv", "--recipe",
                          "{shared}/tiny.toml", "--device", "cpu", name="run", overwrite=""),
         codes=(0, 3), wrong=trained, in_a_row=4),
    Case("tune", _writes("tune", "{shared}/few.csv", "--labels", "{shared}/labels.csv", "--recipe",
                         "{shared}/tiny.toml", "--device", "cpu", "--trials", "1", name="tuned",
                         overwrite=""), wrong=tuned, in_a_row=4),
)  # fmt: skip
