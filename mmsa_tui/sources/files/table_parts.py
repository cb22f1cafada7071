"""Files that are the parts of one table: `train-00000-of-00002.parquet`, Spark's `part-00000-….csv`.

Knows how programs number parts, and reads them one after another; what columns mean is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from mmsa_tui.sources.files.table_rows import Record, Table

_OF = re.compile(r"(?P<before>.*)-(?P<number>\d{3,6})-of-(?P<count>\d{3,6})(?P<after>[.-].*)")
_PART = re.compile(r"(?P<before>part)-(?P<number>\d{3,6})(?P<after>[.-].*)")
_UNIQUE = re.compile(r"-[0-9a-f]{8}(?:-?[0-9a-f]{4,12})*(?:[-_]?c\d{3})?(?=\.)|-[0-9a-f]{16}(?=\.)")
"""What Spark and Hugging Face put behind the number of a part, each with one of its own."""


def are_parts(paths: Sequence[Path]) -> bool:
    """Whether files lie in one folder and are numbered as parts of one table."""
    if len(paths) < 2 or len({path.parent for path in paths}) > 1:
        return False
    for pattern in (_OF, _PART):
        found = [pattern.fullmatch(path.name) for path in paths]
        if all(found):
            kinds = {
                (match["before"], match.groupdict().get("count"), _UNIQUE.sub("", match["after"]))
                for match in found
                if match
            }
            return len(kinds) == 1
    return False


def join_parts(paths: Sequence[Path], open_part: Callable[[Path], Table]) -> Table:
    """Open parts as one table, with the columns of the first; the rows of the others follow.

    Raises:
        SourceError: the first is no table, or is damaged; also while rows are read.
    """
    paths = sorted(paths, key=lambda path: path.name)
    first = open_part(paths[0])
    notes = [*first.notes, f"{len(paths):,} parts are read as one table: {paths[0].name} to {paths[-1].name}"]
    match = _OF.fullmatch(paths[0].name)
    if match and (missing := int(match["count"]) - len(paths)) > 0:
        notes.append(f"parts that are not there: {missing:,} of {int(match['count']):,}, and rows with them")

    def records(keep: Sequence[str]) -> Iterator[Record]:
        yield from _named(first.records(keep), paths[0])
        for path in paths[1:]:
            yield from _named(open_part(path).records(keep), path)

    return replace(first, records=records, notes=notes)


def _named(records: Iterator[Record], path: Path) -> Iterator[Record]:
    for record in records:
        error = (
            f"{path.name}: {record.error}" if record.error and record.where in record.error else record.error
        )
        yield replace(record, where=f"{path.name}, {record.where}", error=error)
