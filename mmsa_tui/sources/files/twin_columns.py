"""Columns that are one under two spellings: `Date` in some rows of a table, `date` in the others.

Tables put together of several, and a name in which a letter is damaged, come so. Knows names and what is
filled, not what a column means.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from mmsa_tui.sources.columns import spell
from mmsa_tui.sources.files.table_rows import Record, Table, judged


def join_twins(table: Table, said: Collection[str]) -> Table:
    """Read columns that differ in case, spaces and signs alone as one, if no row of the sample fills both.

    Args:
        said: the columns that the user names, which are left as they are.
    """
    twins = _twins(table, {name.casefold() for name in said})
    if not twins:
        return table

    def records(keep: Sequence[str]) -> Iterator[Record]:
        wanted = {*keep, *(other for other, name in twins.items() if name in keep)} if keep else ()
        return (_joined(record, twins) for record in table.records(list(wanted)))

    return replace(
        table,
        columns=[name for name in table.columns if name not in twins],
        sample=[_joined(record, twins) for record in table.sample],
        records=records,
        notes=[
            *table.notes,
            *(
                f"column `{other}` is read as `{name}`: no row fills both, and they are spelled alike"
                for other, name in twins.items()
            ),
        ],
    )


def _twins(table: Table, said: Collection[str]) -> dict[str, str]:
    """Return columns with the one that each is read as: that which most rows of the sample fill."""
    alike: dict[str, list[str]] = {}
    for name in judged(table.columns):
        if spelled := spell(name):
            alike.setdefault(spelled, []).append(name)
    found: dict[str, str] = {}
    for names in alike.values():
        if len(names) < 2 or any(name.casefold() in said for name in names):
            continue
        filled = [[name for name in names if record.values.get(name, "").strip()] for record in table.sample]
        counts = {name: sum(name in row for row in filled) for name in names}
        if all(len(row) < 2 for row in filled) and all(counts.values()):
            main = max(names, key=lambda name: counts[name])
            found.update((name, main) for name in names if name != main)
    return found


def _joined(record: Record, twins: Mapping[str, str]) -> Record:
    values = dict(record.values)
    for other, name in twins.items():
        if other not in values:
            continue
        if not values.get(name, "").strip():
            values[name] = values.pop(other)
        elif not values[other].strip():
            del values[other]
        # A row beyond the sample may fill both: then each keeps its own.
    return replace(record, values=values)
