"""Service: shares of a source, classified apart, to one table; refuses holes, doubles and strangers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from mmsa_tui.decoding import DecodingError
from mmsa_tui.errors import OutputError, SourceError, UsageError
from mmsa_tui.export import Summary, check_target, write_records
from mmsa_tui.export.columns import Row, Value
from mmsa_tui.export.parquet_file import ParquetTable, open_parquet, read_parquet
from mmsa_tui.export.xlsx_file import CountTable
from mmsa_tui.services.export import WHOSE
from mmsa_tui.services.shares import Share
from mmsa_tui.services.work import Bar, no_bar, watched

_SHOWN = 5


@dataclass
class Merged:
    """What was joined: rows of so many shares, by label."""

    target: Path
    bundle: str
    n_shares: int
    n_rows: int = 0
    labels: Counter[str] = field(default_factory=Counter)


class _LabelCounts:
    """Counts labels of records on their way into a workbook."""

    def __init__(self, labels: Counter[str]) -> None:
        self._labels = labels

    def add(self, row: Row) -> None:
        raise NotImplementedError("records are counted before they are written")

    def lines(self) -> Sequence[tuple[str, int]]:
        return [("posts", self._labels.total())]

    def tables(self, labels: Sequence[str]) -> Sequence[CountTable]:
        counts = [(label, self._labels[label]) for label in labels]
        counts += [("no label", self._labels[""])] if self._labels[""] else []
        return [CountTable("label", counts, self._labels.total())]


def merge(inputs: Sequence[Path], target: Path, *, overwrite: bool = False, bar: Bar = no_bar) -> Merged:
    """Join tables of `--shard` and partition files, in the order of their numbers.

    Args:
        inputs: Parquet files, or folders of them.

    Raises:
        SourceError: a file is no share, of another source, model, version or with other columns; or a
            share is missing, twice, or short of rows.
        OutputError, UsageError: the target cannot be written; there are no inputs.
    """
    check_target(target, overwrite=overwrite)
    files = list(_files(inputs))
    if target.resolve() in {file.resolve() for file in files}:
        raise OutputError(f"{target} is one of the files to merge", "Choose another name.")
    tables = _in_order([(_open(file)) for file in files])
    share, first = tables[0]
    merged = Merged(target, share.bundle, len(tables))
    with bar(f"writing {target.name}") as advance:
        merged.n_rows = write_records(
            watched(_counted(_records(tables), merged.labels), advance),
            target,
            first.columns,
            share.labels,
            overwrite=overwrite,
            summary=Summary(
                {"bundle": share.bundle, "merged from": f"{len(tables):,} shares"} | WHOSE,
                _LabelCounts(merged.labels),
            ),
        )
    return merged


def _files(inputs: Iterable[Path]) -> Iterator[Path]:
    for path in inputs:
        path = path.expanduser()
        if path.is_dir():
            found = sorted(path.glob("*.parquet"))
            if not found:
                raise SourceError(
                    f"{path} holds no Parquet files", "Name a folder that classify has written."
                )
            yield from found
        else:
            yield path


def _open(file: Path) -> tuple[Share, ParquetTable]:
    if not file.is_file():
        raise SourceError(f"There is no file or folder {file}", "Check the spelling of the path.")
    if file.suffix.lower() != ".parquet":
        raise SourceError(
            f"{file} does not say which share it is: only Parquet files do",
            "Write it again with the same `mmsa classify --shard i/N --resume` and -o FILE.parquet; what "
            "is classified is not classified again.",
        )
    try:
        table = open_parquet(file)
        if not table.about:
            raise SourceError(
                f"{file} is no share of anything",
                "Merge takes what `mmsa classify` writes with --shard i/N or --engine ray.",
            )
        return Share.from_json(table.about), table
    except (OSError, ValueError, DecodingError) as error:
        raise SourceError(f"{file} cannot be read: {error}", "Write it again, or copy it again.") from error


def _in_order(tables: Sequence[tuple[Share, ParquetTable]]) -> list[tuple[Share, ParquetTable]]:
    """Sort by number, and refuse what does not make up one whole."""
    if not tables:
        raise UsageError("there is nothing to merge", "Name the files of all shares.")
    ordered = sorted(tables, key=lambda table: table[0].number)
    first_share, first = ordered[0]
    by_number: dict[int, ParquetTable] = {}
    for share, table in ordered:
        for what, here, there in _differences(first_share, share, first, table):
            raise SourceError(
                f"{table.path} and {first.path} do not belong together: {what} is {here}, and {there}",
                "Merge shares that one command, with only the share changed, has written.",
            )
        twin = by_number.get(share.number)
        if twin is not None:
            raise SourceError(
                f"share {share.number} of {share.of} is there twice: {twin.path} and {table.path}",
                "Name each share once.",
            )
        by_number[share.number] = table
    absent = [number for number in range(1, first_share.of + 1) if number not in by_number]
    if absent:
        listed = ", ".join(map(str, absent[:_SHOWN])) + (" …" if len(absent) > _SHOWN else "")
        raise SourceError(
            f"{len(absent):,} of {first_share.of:,} shares are missing: {listed}",
            "Classify them, and merge all of them at once.",
        )
    n_rows = sum(table.n_rows for _, table in ordered)
    if n_rows != first_share.n_rows or len(by_number) != first_share.of:
        raise SourceError(
            f"the shares have {n_rows:,} rows, their source {first_share.n_rows:,}", "Write the shares again."
        )
    return ordered


def _differences(
    one: Share, other: Share, first: ParquetTable, table: ParquetTable
) -> Iterator[tuple[str, object, object]]:
    if one == replace(other, number=one.number) and first.columns == table.columns:
        return
    if one.whole != other.whole or one.n_rows != other.n_rows:
        yield "the source", _source(other), _source(one)
    if one.cut != other.cut or one.of != other.of:
        yield "the number of shares", f"{other.of:,} ({other.cut})", f"{one.of:,} ({one.cut})"
    if one.bundle != other.bundle or one.labels != other.labels:
        yield "the bundle", other.bundle, one.bundle
    if one.fingerprint != other.fingerprint:
        yield (
            "the model",
            f"{other.bundle} ({other.fingerprint[:8]})",
            f"{one.bundle} ({one.fingerprint[:8]})",
        )
    if one.version != other.version:
        yield "mmsa", other.version, one.version
    if one.settings != other.settings:
        yield "what was asked for", dict(other.settings), dict(one.settings)
    if first.columns != table.columns:
        odd = sorted(set(first.columns) ^ set(table.columns)) or ["their order"]
        yield "the column", ", ".join(odd[:_SHOWN]), "absent"


def _source(share: Share) -> str:
    return f"{share.n_rows:,} posts ({share.whole[:8]})"


def _records(tables: Iterable[tuple[Share, ParquetTable]]) -> Iterator[Mapping[str, Value]]:
    for _, table in tables:
        try:
            yield from read_parquet(table.path)
        except (OSError, ValueError) as error:
            raise SourceError(f"{table.path} cannot be read: {error}", "Write it again.") from error


def _counted(records: Iterable[Mapping[str, Value]], labels: Counter[str]) -> Iterator[Mapping[str, Value]]:
    for record in records:
        labels[str(record["label"] or "")] += 1
        yield record
