"""Kill a command so often, each time in a home of its own, and count what is wrong afterwards."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGKILL

from benchmarks.kill_cases import Case
from benchmarks.kill_checks import acts, is_whole, names_in, others
from benchmarks.kill_place import N_POSTS, Place, clear, copy_home, run
from benchmarks.killing import Killer, draw, mmsa
from mmsa_tui.services import store_care
from mmsa_tui.store import Store
from mmsa_tui.store.journal import Journal


@dataclass
class Count:
    """What came of so many kills of a command."""

    kills: int = 0
    lost: int = 0
    half: int = 0
    parts: int = 0
    processes: int = 0
    odd: list[str] = field(default_factory=list)


def kill_command(
    case: Case, template: Place, killer: Killer, folder: Path, n_kills: int, chosen: random.Random
) -> Count:
    """Kill a command so often, each time in a home of its own, and look at what is left.

    Where a case says so, a few times in a row: what goes on after a kill is killed again.
    """
    count = Count()
    place = _begin(case, template, folder)
    usual = killer.run(mmsa(*case.arguments(place)), place.environment(), place.out)
    if usual.code not in case.codes:
        raise SystemExit(f"{case.name} does not run: code {usual.code} of {case.arguments(place)}")
    run(place, (case.again or case.arguments)(place))
    names = names_in(place)
    clear(place)
    for _ in range(4 * n_kills):
        if count.kills >= n_kills:
            break
        place = _begin(case, template, folder)
        killed: list[int] = []
        arguments = case.arguments
        problems: list[tuple[str, str]] = []
        while len(killed) < min(case.in_a_row, n_kills - count.kills):
            at, after_s = draw(usual, chosen)
            ran = killer.run(
                mmsa(*arguments(place)), place.environment(), place.out,
                at=at, after_s=after_s, kills_child=chosen.random() < 0.4,
            )  # fmt: skip
            if ran.code != -SIGKILL and not ran.is_child:
                if killed and ran.code not in case.codes:
                    problems.append(("half", f"the run after it ends with {ran.code}"))
                break
            killed.append(at)
            count.processes += ran.n_left
            if ran.n_left:
                count.odd.append(f"{case.name}, write {at} of {usual.n_writes}: {ran.n_left} processes left")
            problems += _look_at_once(case, place)
            arguments = case.again or case.arguments
        count.kills += len(killed)
        if killed:
            problems += _look_after_next(case, place, names)
        for what, problem in problems:
            setattr(count, what, getattr(count, what) + 1)
            writes = ", ".join(map(str, killed))
            count.odd.append(f"{case.name}, write {writes} of {usual.n_writes}: {problem}")
        clear(place)
    return count


def _begin(case: Case, template: Place, folder: Path) -> Place:
    place = copy_home(template, folder)
    case.begin(place)
    return place


def _look_at_once(case: Case, place: Place) -> Iterator[tuple[str, str]]:
    """Yield what is wrong after a kill."""
    for path in place.out.glob("*"):
        if path.is_file() and not path.name.startswith(".") and not is_whole(path):
            yield "half", f"{path.name} is half written"
    if case.name.startswith(("purge", "store restore")):
        return
    damages = store_care.check(place.paths).damages
    if damages:
        yield "half", damages[0].message
    n_new = len(acts(place)) - 2 * N_POSTS
    if case.keeps_acts and n_new not in (0, case.n_new):
        yield "half", f"{n_new} acts of {case.n_new} were added"


def _look_after_next(case: Case, place: Place, names: set[str]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong after the command was run once more."""
    code, said = run(place, (case.again or case.arguments)(place))
    if code not in case.codes:
        yield "half", f"the next run ends with {code}: {said[-300:]}"
    problem = case.wrong(place)
    if problem:
        yield "half", problem
    if case.keeps_acts:
        before = others(place) | {f"secret-{n}" for n in range(N_POSTS)}
        with Store.open(place.paths.database) as store:
            store.write_journal()
        journalled = {str(record["uid"]) for record in Journal(place.paths.database).records()}
        if not acts(place) >= before or not journalled >= before:
            yield (
                "lost",
                f"{len(before - acts(place))} acts lost, {len(before - journalled)} not in the journal",
            )
    if case.name.startswith("classify --resume"):
        rows = (place.out / "n.csv").read_text().splitlines()
        if len(rows) != N_POSTS + 1 or len({row.split(",")[0] for row in rows}) != N_POSTS + 1:
            yield "lost", f"{len(rows) - 1} rows"
    for name in sorted(names_in(place) - names):
        yield "parts", f"left: {name}"
