"""Service: shards of a source, classified apart, to one table or into the store.

Refuses holes, doubles and strangers before it writes anything.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from mmsa_tui.analysis import with_rest
from mmsa_tui.analysis.counts import NOT_CORRECTED
from mmsa_tui.bundle.registry import find_bundle
from mmsa_tui.config import Paths
from mmsa_tui.decoding import DecodingError, from_json
from mmsa_tui.errors import BundleError, OutputError, SourceError, UsageError
from mmsa_tui.export import Summary, check_target, write_records
from mmsa_tui.export.columns import Row, Value
from mmsa_tui.export.parquet_file import ParquetTable, open_parquet, read_parquet
from mmsa_tui.export.summary_sheet import CountTable
from mmsa_tui.records import Prediction
from mmsa_tui.services.export import WHOSE
from mmsa_tui.services.row_changes import JUDGEMENT
from mmsa_tui.services.shards import Shard
from mmsa_tui.services.work import Bar, no_bar, watched
from mmsa_tui.store import Store

_SHOWN = 5
_BATCH = 5000


@dataclass
class Merged:
    """What was joined: rows of so many shards, by label, into a file or a store."""

    target: Path
    bundle: str
    n_shards: int
    n_rows: int = 0
    labels: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Shards:
    """All shards of one whole, in the order of their numbers."""

    tables: Sequence[tuple[Shard, ParquetTable]]

    @property
    def shard(self) -> Shard:
        """The first; all others differ in nothing but their number."""
        return self.tables[0][0]

    @property
    def columns(self) -> list[str]:
        """What a merged table has: without the column that only a store needs."""
        return [name for name in self.tables[0][1].columns if name != JUDGEMENT]

    @property
    def files(self) -> set[Path]:
        return {table.path.resolve() for _, table in self.tables}


class _LabelCounts:
    """Counts labels of records on their way into a workbook."""

    def __init__(self, labels: Counter[str]) -> None:
        self._labels = labels

    def add(self, row: Row) -> None:
        # The workbook asks for it; whoever counts on the way never calls it.
        raise NotImplementedError("records are counted before they are written")

    def lines(self) -> Sequence[tuple[str, int]]:
        return [("posts", self._labels.total())]

    def tables(self, labels: Sequence[str]) -> Sequence[CountTable]:
        counts = with_rest(labels, self._labels, "no label")
        return [CountTable("label", counts, self._labels.total())]


def find_shards(inputs: Sequence[Path]) -> Shards:
    """Open the tables of `--shard` and partition files.

    Args:
        inputs: Parquet files, or folders of them.

    Raises:
        SourceError: a file is no shard, of another source, model, version or with other columns; or a
            shard is missing, twice, or short of rows.
        UsageError: there are no inputs.
    """
    return Shards(_in_order([_open(file) for file in _files(inputs)]))


def merge(shards: Shards, target: Path, *, overwrite: bool = False, bar: Bar = no_bar) -> Merged:
    """Join shards into one table, in the order of their numbers.

    Raises:
        OutputError: the target cannot be written. SourceError: a shard cannot be read to its end.
    """
    check_target(target, overwrite=overwrite)
    if target.resolve() in shards.files:
        raise OutputError(f"{target} is one of the files to merge", "Choose another name.")
    shard = shards.shard
    merged = Merged(target, shard.bundle, len(shards.tables))
    with bar(f"writing {target.name}") as advance:
        merged.n_rows = write_records(
            watched(_counted(_records(shards, shards.columns), merged.labels), advance),
            target,
            shards.columns,
            shard.labels,
            overwrite=overwrite,
            summary=Summary(
                {
                    "bundle": shard.bundle,
                    "merged from": f"{len(shards.tables):,} shards",
                    "shares": NOT_CORRECTED,
                }
                | WHOSE,
                _LabelCounts(merged.labels),
            ),
        )
    return merged


def merge_into_store(shards: Shards, paths: Paths, *, bar: Bar = no_bar) -> Merged:
    """Take over what the shards say of each post, as if it had been classified here.

    Posts are known by their content, whichever source they are in, here or later. What the same bundle
    said of them before is replaced; nobody's corrections are touched. All rows are looked at before the
    first is kept, and whatever stops it in the middle, doing it again ends the same.

    Raises:
        BundleError: the bundle is not here, or another one has its name.
        SourceError: a shard was written by a version that kept no predictions, or is damaged.
        StoreError: it cannot be written.
    """
    shard = shards.shard
    if JUDGEMENT not in shards.tables[0][1].columns:
        raise SourceError(
            f"{shards.tables[0][1].path} does not hold what a store needs",
            "Write the shards again with this version; what is classified is not classified again.",
        )
    bundle = find_bundle(paths, shard.bundle)
    if bundle.fingerprint != shard.fingerprint:
        raise BundleError(
            f"the bundle {shard.bundle} here is not the one that classified the shards",
            "Bring that one here with `mmsa bundle export` and `mmsa bundle import`.",
        )
    for _ in _judgements(shards):
        pass
    merged = Merged(paths.database, shard.bundle, len(shards.tables), shard.n_rows)
    with Store.open(paths.database) as store, bar("writing into the store") as advance:
        store.save_bundle_labels(bundle.id, bundle.labels, bundle.model)
        judgements = watched(_judgements(shards), advance)
        while batch := list(itertools.islice(judgements, _BATCH)):
            # Shards of an older version name no model; it is the bundle's all the same.
            store.save_predictions([replace(prediction, model=bundle.model) for prediction in batch])
            merged.labels.update(prediction.label for prediction in batch)
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


def _open(file: Path) -> tuple[Shard, ParquetTable]:
    if not file.is_file():
        raise SourceError(f"There is no file or folder {file}", "Check the spelling of the path.")
    if file.suffix.lower() != ".parquet":
        raise SourceError(
            f"{file} does not say which shard it is: only Parquet files do",
            "Write it again with the same `mmsa classify --shard i/N --resume` and -o FILE.parquet; what "
            "is classified is not classified again.",
        )
    try:
        table = open_parquet(file)
        if not table.about:
            raise SourceError(
                f"{file} is no shard of anything",
                "Merge takes what `mmsa classify` writes with --shard i/N or --engine ray.",
            )
        return Shard.from_json(table.about), table
    except (OSError, ValueError, DecodingError) as error:
        raise SourceError(f"{file} cannot be read: {error}", "Write it again, or copy it again.") from error


def _in_order(tables: Sequence[tuple[Shard, ParquetTable]]) -> list[tuple[Shard, ParquetTable]]:
    """Sort by number, and refuse what does not make up one whole."""
    if not tables:
        raise UsageError("there is nothing to merge", "Name the files of all shards.")
    ordered = sorted(tables, key=lambda table: table[0].number)
    first_shard, first = ordered[0]
    by_number: dict[int, ParquetTable] = {}
    for shard, table in ordered:
        for what, here, there in _differences(first_shard, shard, first, table):
            raise SourceError(
                f"{table.path} and {first.path} do not belong together: {what} is {here}, and {there}",
                "Merge shards that one command, with only the shard changed, has written.",
            )
        twin = by_number.get(shard.number)
        if twin is not None:
            raise SourceError(
                f"shard {shard.number} of {shard.of} is there twice: {twin.path} and {table.path}",
                "Name each shard once.",
            )
        by_number[shard.number] = table
    absent = [number for number in range(1, first_shard.of + 1) if number not in by_number]
    if absent:
        listed = ", ".join(map(str, absent[:_SHOWN])) + (" …" if len(absent) > _SHOWN else "")
        raise SourceError(
            f"{len(absent):,} of {first_shard.of:,} shards are missing: {listed}",
            "Classify them, and merge all of them at once.",
        )
    n_rows = sum(table.n_rows for _, table in ordered)
    if n_rows != first_shard.n_rows or len(by_number) != first_shard.of:
        raise SourceError(
            f"the shards have {n_rows:,} rows, their source {first_shard.n_rows:,}", "Write the shards again."
        )
    return ordered


def _differences(
    one: Shard, other: Shard, first: ParquetTable, table: ParquetTable
) -> Iterator[tuple[str, object, object]]:
    if one == replace(other, number=one.number) and first.columns == table.columns:
        return
    if one.whole != other.whole or one.n_rows != other.n_rows:
        yield "the source", _source(other), _source(one)
    if one.cut != other.cut or one.of != other.of:
        yield "the number of shards", f"{other.of:,} ({other.cut})", f"{one.of:,} ({one.cut})"
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


def _source(shard: Shard) -> str:
    return f"{shard.n_rows:,} posts ({shard.whole[:8]})"


def _records(shards: Shards, columns: Sequence[str]) -> Iterator[Mapping[str, Value]]:
    for _, table in shards.tables:
        try:
            yield from read_parquet(table.path, columns)
        except (OSError, ValueError) as error:
            raise SourceError(f"{table.path} cannot be read: {error}", "Write it again.") from error


def _judgements(shards: Shards) -> Iterator[Prediction]:
    """Yield the predictions of all shards; inputs that are no posts have none."""
    shard = shards.shard
    for record in _records(shards, [JUDGEMENT]):
        if not record[JUDGEMENT]:
            continue
        try:
            prediction = from_json(str(record[JUDGEMENT]), Prediction, surrogates="keep")
        except DecodingError as error:
            raise SourceError(
                f"a shard holds something that is no prediction: {error}", "Write it again."
            ) from error
        whole = (prediction.probs, prediction.text_probs, prediction.image_probs)
        labels = {prediction.label, prediction.text_label, prediction.image_label} - {""}
        if (
            prediction.bundle != shard.bundle
            or not labels <= set(shard.labels)
            or any(probs and len(probs) != len(shard.labels) for probs in whole)
        ):
            raise SourceError(
                f"a shard holds a prediction that is not one of {shard.bundle}", "Write it again."
            )
        yield prediction


def _counted(records: Iterable[Mapping[str, Value]], labels: Counter[str]) -> Iterator[Mapping[str, Value]]:
    for record in records:
        labels[str(record["label"] or "")] += 1
        yield record
