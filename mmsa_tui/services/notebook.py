"""Service: reading and classifying from Python, for notebooks; `import mmsa_tui as mmsa` leads here.

The same readers, store and model as the command line, and so the same numbers. A source that was
classified before is not judged again; a data frame leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmsa_tui import sources
from mmsa_tui.bundle.meta import verify_bundle
from mmsa_tui.bundle.registry import find_bundle
from mmsa_tui.config import Config, load_config
from mmsa_tui.disk.whole_file import scratch_folder, temporary_folder
from mmsa_tui.errors import UsageError
from mmsa_tui.export import fixed_columns, to_records
from mmsa_tui.export.columns import NUMBERS, TRUTHS, name_source_columns
from mmsa_tui.records import Failure, Picture, Post
from mmsa_tui.services.export import source_columns
from mmsa_tui.services.ingest import with_language
from mmsa_tui.services.work import Work, begin, check_device
from mmsa_tui.sources import ReadOptions
from mmsa_tui.sources.reading import complete
from mmsa_tui.store import Row, SourceRow, Store

if TYPE_CHECKING:
    from pandas import DataFrame

    from mmsa_tui.model.predictor import Predictor

ROLES = ("text", "image", "id")
"""The columns of a data frame that are looked for under their own names unless `columns` names others."""


def read(
    source: str | Path, *, format: str | None = None, columns: Mapping[str, str] | None = None
) -> Iterator[Post | Failure]:
    """Read the posts of a source, one by one, in a stable order and bounded memory.

    Args:
        format: a name of `mmsa inspect`; without it the format is detected.
        columns: which columns of a table hold `text`, `image`, `id`, as in `--map`.

    Yields:
        A `Post`, or for an input that is none a `Failure` with the reason.

    Raises:
        SourceError: the source as a whole cannot be read.
    """
    options = ReadOptions(columns=dict(columns or {}))
    return sources.read(Path(source).expanduser(), format=format, options=options)


def load_bundle(bundle: str = "", *, device: str | None = None, threads: int | None = None) -> Predictor:
    """Load a model: its `labels`, and `predict(posts)` and `explain(post)` for posts that `read` gives.

    Args:
        bundle: a name, "NAME VERSION" or a folder; "" for the active one.
        device: auto, cpu, cuda or mps; without it that of the settings.

    Raises:
        BundleError, DeviceError: it is not there or damaged; the device is absent.
    """
    config = _configure(bundle, device, threads)
    from mmsa_tui.model.predictor import Predictor

    found = find_bundle(config.paths, config.bundle)
    verify_bundle(found, config.paths)
    return Predictor.load(found, config.paths, config.device, config.batch_size, config.threads)


def classify(
    source: str | Path | DataFrame,
    *,
    bundle: str = "",
    device: str | None = None,
    threads: int | None = None,
    format: str | None = None,
    columns: Mapping[str, str] | None = None,
) -> DataFrame:
    """Classify a source or a data frame.

    Args:
        source: a folder or file of posts; or a frame with a column `text`, and where there are any
            `image` (a path or a list of paths, relative to the current folder) and `id`.
        bundle: a name, "NAME VERSION" or a folder; "" for the active one.
        columns: other names of `text`, `image`, `id`.

    Returns:
        A row for every input, in order, with the columns of an export. A frame keeps its index. Numbers
        are floats, `conflict` and `flag` nullable booleans, all else strings.

    Raises:
        MmsaError: something is missing or damaged; the message says what, `hint` what to do.
    """
    config = _configure(bundle, device, threads)
    if not isinstance(source, str | Path):
        return _classify_frame(config, source, columns or {})
    options = ReadOptions(columns=dict(columns or {}))
    with begin(config, [Path(source)], format=format, options=options) as work:
        (row,) = work.sources
        work.classify(row)
        return _to_frame(work, row)


def _configure(bundle: str, device: str | None, threads: int | None) -> Config:
    return load_config({"bundle": bundle or None, "device": device, "threads": threads})


def _classify_frame(config: Config, frame: DataFrame, columns: Mapping[str, str]) -> DataFrame:
    unknown = [role for role in columns if role not in ROLES]
    missing = [name for name in columns.values() if name not in frame.columns]
    if unknown or missing:
        raise UsageError(
            f"there is no {'role' if unknown else 'column'} {(unknown or missing)[0]!r}",
            f"The roles are {', '.join(ROLES)}; the columns are {', '.join(map(str, frame.columns))}.",
        )
    roles = {role: columns.get(role, role) for role in ROLES}
    if roles["text"] not in frame.columns and roles["image"] not in frame.columns:
        raise UsageError(
            "the frame has neither a column `text` nor a column `image`",
            'Name them: columns={"text": "body", "image": "photo"}.',
        )
    found = find_bundle(config.paths, config.bundle)
    verify_bundle(found, config.paths)
    check_device(config.device)
    scratch = scratch_folder(temporary_folder())
    with scratch as folder, Store.open(folder / "frame.db") as store:
        posts = map(with_language, complete(_posts_of(frame, roles), "the frame"))
        row = store.index_source("frame", "frame", "frame", posts)
        store.save_bundle_labels(found.id, found.labels, found.model)
        work = Work(config, found, store)
        work.classify(row)
        result = _to_frame(work, row)
    result.index = frame.index
    return result


def _posts_of(frame: DataFrame, roles: Mapping[str, str]) -> Iterator[Post]:
    names = [str(name) for name in frame.columns]
    taken = set(roles.values())
    for number, cells in enumerate(frame.itertuples(index=False, name=None), start=1):
        values = dict(zip(names, cells, strict=True))
        yield Post(
            post_id=_text(values.get(roles["id"])) or str(number),
            text=_text(values.get(roles["text"])),
            pictures=tuple(_pictures(values.get(roles["image"]))),
            metadata={name: _text(value) for name, value in values.items() if name not in taken},
        )


def _pictures(cell: Any) -> Iterator[Picture]:
    named = cell if isinstance(cell, list | tuple) else [cell]
    for path in filter(None, map(_text, named)):
        place = Path(path).expanduser().absolute()
        yield Picture(place.name, place if place.is_file() else None)


def _text(cell: Any) -> str:
    """Write a cell as text; "" for what is missing."""
    import pandas as pd

    return "" if cell is None or pd.isna(cell) else str(cell)


def _to_frame(work: Work, source: SourceRow) -> DataFrame:
    rows = work.store.rows(source.id, work.bundle.id)
    own = name_source_columns(source_columns(work.store, source), work.bundle.labels)
    return _frame_of(rows, work.bundle.labels, list(own.values()))


def _frame_of(rows: Iterable[Row], labels: Sequence[str], own: Sequence[str]) -> DataFrame:
    # pandas costs 0.4 s to import; who only reads should not pay it.
    import pandas as pd

    numbers = {*NUMBERS, *(f"p_{label}" for label in labels)}
    records = list(to_records(rows, labels))
    filled: dict[str, Any] = {}
    for name in (*fixed_columns(labels), *own):
        missing: Any = None if name in numbers or name in TRUTHS else ""
        values = [record.get(name, missing) for record in records]
        kind = "float64" if name in numbers else "boolean" if name in TRUTHS else "object"
        filled[name] = pd.Series(values, dtype=kind)
    return pd.DataFrame(filled)
