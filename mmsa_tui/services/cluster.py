"""Service: a source classified by many machines with Ray Data, one packed part at a time.

The parts of a pack are shared out among workers that have loaded the model once. A worker gives a whole
table back and this process writes it: a part is either there or to be done, so that whatever dies costs
the part it was at, and running again goes on.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import mmsa_tui
from mmsa_tui.bundle.meta import verify_bundle
from mmsa_tui.bundle.registry import find_bundle
from mmsa_tui.config import Config, load_config
from mmsa_tui.decoding import DecodingError
from mmsa_tui.disk.packed import INDEX, Pack, Part, digest_of, items_of, read_index
from mmsa_tui.disk.whole_file import scratch_folder, short_folder, temporary_folder, whole_file
from mmsa_tui.errors import BundleError, Interrupted, MmsaError, OutputError, SourceError, UsageError
from mmsa_tui.export import people_columns, write
from mmsa_tui.export.parquet_file import open_parquet
from mmsa_tui.records import Failure, Post
from mmsa_tui.services.ingest import find_format, with_language
from mmsa_tui.services.pack import pack
from mmsa_tui.services.row_changes import JUDGEMENT, keep_judgement, withhold_label
from mmsa_tui.services.shards import Shard
from mmsa_tui.services.work import Bar, no_bar
from mmsa_tui.sources import ReadOptions
from mmsa_tui.sources.reading import complete
from mmsa_tui.store import Row

_PACK = "packed"
"""Folder in the output for a source that was not packed before."""
_LONGEST_FOLDER = 40
"""Bytes of the folder that Ray keeps its sockets in: with what it adds a socket's name has 107 at most."""
_CONNECT_S = 5.0
_GRPC_HELLO = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes((0, 0, 0, 4, 0, 0, 0, 0, 0))
"""What every HTTP/2 client begins with (RFC 9113, 3.4): the preface and an empty frame of settings."""
_SETTINGS = 4
_BATCH = 64
_ERRORS: Mapping[str, type[MmsaError]] = {"bundle": BundleError, "source": SourceError, "usage": UsageError}


@dataclass(frozen=True)
class ClusterRequest:
    """What is to be done; `workers` 0 means one for each core that Ray has."""

    source: Path
    folder: Path
    config: Config
    address: str = ""
    workers: int = 0
    format: str | None = None
    read_options: ReadOptions = field(default_factory=ReadOptions)
    resume: bool = False
    restart: bool = False
    min_confidence: float = 0.0


@dataclass
class ClusterOutcome:
    """What was done: parts and rows in all, and those of an earlier run among them."""

    folder: Path
    bundle: str
    n_parts: int
    n_rows: int
    n_known_parts: int = 0
    n_done_rows: int = 0


@dataclass(frozen=True)
class _Task:
    """What a worker must know before its first part."""

    version: str
    bundle: str
    fingerprint: str
    folder: str
    source_columns: tuple[str, ...]
    min_confidence: float


def classify_on_cluster(request: ClusterRequest, bar: Bar = no_bar) -> ClusterOutcome:
    """Classify all parts of a source that are not in the folder yet.

    Raises:
        UsageError: Ray is not installed, does not answer, or a worker runs another version.
        BundleError: a worker has another bundle, or none.
        SourceError, OutputError: a part cannot be read, on some machine; the folder is in use.
    """
    if request.address and _has_token():
        # A cluster that `ray start` begins asks for it in newer versions; a driver gives it only if told so.
        os.environ.setdefault("RAY_AUTH_MODE", "token")
    try:
        import ray
    except ImportError as error:
        raise UsageError("Ray is not installed", "Run pip install 'mmsa-tui[ray]'.") from error
    bundle = find_bundle(request.config.paths, request.config.bundle)
    verify_bundle(bundle, request.config.paths)
    if request.address:
        _check_address(request.address)
    folder = request.folder.expanduser().resolve()
    _prepare(folder, request)
    place, packed = _packed(request, folder, bar)
    settings = {"min_confidence": request.min_confidence, "explain": False}
    shards = {
        part.name: Shard.made_by(
            bundle, "part", number, len(packed.parts), packed.digest, packed.n_rows, settings
        )
        for number, part in enumerate(packed.parts, start=1)
    }
    waiting = [part for part in packed.parts if not _is_done(folder / part.name, part, shards[part.name])]
    n_known = len(packed.parts) - len(waiting)
    outcome = ClusterOutcome(folder, bundle.id, len(packed.parts), packed.n_rows, n_known)
    if not waiting:
        return outcome
    task = _Task(
        mmsa_tui.__version__,
        str(bundle.directory.resolve()) if os.sep in request.config.bundle else bundle.id,
        bundle.fingerprint,
        str(place),
        (*people_columns(packed.kinds), *packed.columns, JUDGEMENT),
        request.min_confidence,
    )
    with _connected(ray, request.address), bar(f"classifying {request.source.name}") as advance:
        try:
            for row in _results(ray, task, waiting, shards, request.workers):
                if row["problem"]:
                    raise _ERRORS[row["kind"]](f"worker on {row['host']}: {row['problem']}", row["hint"])
                with whole_file(folder / row["name"], overwrite=True) as file:
                    file.write_bytes(row["table"])
                outcome.n_done_rows += row["n_rows"]
                advance(outcome.n_done_rows, sum(part.rows for part in waiting))
        except KeyboardInterrupt:
            raise Interrupted(
                f"stopped; {outcome.n_done_rows:,} posts of this run are classified and kept",
                "Run the same command with --resume to go on from there.",
            ) from None
        except ray.exceptions.RayError as error:
            why = str(error).strip().splitlines()
            raise UsageError(
                f"no worker could start: {why[-1] if why else type(error).__name__}",
                "Install the same mmsa-tui, with the bundle, on every node; --resume goes on from here.",
            ) from error
    return outcome


def _results(
    ray: Any, task: _Task, parts: Sequence[Part], shards: Mapping[str, Shard], workers: int
) -> Iterator[dict[str, Any]]:
    data = importlib.import_module("ray.data")
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    units = [asdict(part) | {"about": shards[part.name].to_json()} for part in parts]
    most = max(1, min(workers or int(ray.cluster_resources().get("CPU", 1)), len(units)))
    context = data.DataContext.get_current()
    context.enable_progress_bars = False
    # A block a part: it is what a worker takes, and what is done again where one dies.
    dataset = data.from_items(units, override_num_blocks=len(units)).map_batches(
        Judge,
        fn_constructor_kwargs={"task": asdict(task)},
        batch_size=1,
        batch_format="numpy",
        compute=data.ActorPoolStrategy(size=most),
        num_cpus=1,
    )
    yield from dataset.iter_rows()


class Judge:
    """A worker: the model, loaded once with one thread, for one part after another.

    What is wrong with it comes back as a row: an exception would only be tried again, for ever.
    """

    def __init__(self, task: dict[str, Any]) -> None:
        self._task = _Task(**{**task, "source_columns": tuple(task["source_columns"])})
        self._problem: MmsaError | None = None
        try:
            self._predictor = self._load()
        except MmsaError as error:
            self._problem = error

    def _load(self) -> Any:
        if mmsa_tui.__version__ != self._task.version:
            raise UsageError(
                f"runs mmsa-tui {mmsa_tui.__version__}, this is {self._task.version}",
                "Install the same version on every node.",
            )
        config = load_config({"bundle": self._task.bundle, "device": "cpu", "threads": 1})
        bundle = find_bundle(config.paths, config.bundle)
        if bundle.fingerprint != self._task.fingerprint:
            raise BundleError(
                f"has a different bundle called {bundle.id}",
                "Hand it over with `mmsa bundle export` and `mmsa bundle import`.",
            )
        verify_bundle(bundle, config.paths)
        from mmsa_tui.model.predictor import Predictor

        # Nothing is cached: it would grow on machines that nobody looks after. Nothing is chosen for one
        # machine either: all workers give the same labels.
        return Predictor.load(bundle, config.paths, "cpu", config.batch_size, 1, False, probe=False)

    def __call__(self, batch: Mapping[str, Any]) -> dict[str, list[Any]]:
        name, about = str(batch["name"][0]), str(batch["about"][0])
        part = Part(name, int(batch["rows"][0]), str(batch["digest"][0]))
        try:
            if self._problem is not None:
                raise self._problem
            table = self._classify(part, about)
        except MmsaError as error:
            kind = "bundle" if isinstance(error, BundleError) else "usage"
            kind = "source" if isinstance(error, SourceError) else kind
            return _row(name, kind=kind, problem=error.message, hint=error.hint)
        return _row(name, table=table, n_rows=part.rows)

    def _classify(self, part: Part, about: str) -> bytes:
        folder = Path(self._task.folder)
        if not (folder / part.name).is_file():
            raise SourceError(
                f"cannot see {folder / part.name}",
                "Put the pack where every node has it under the same path.",
            )
        items = list(map(with_language, complete(items_of(folder, [part]), part.name)))
        if digest_of(folder / part.name) != part.digest or len(items) != part.rows:
            raise SourceError(
                f"{folder / part.name} holds other posts than {INDEX} says", "Pack the source again."
            )
        unique = {item.content_hash: item for item in items if isinstance(item, Post)}
        posts = list(unique.values())
        batches = [posts[start : start + _BATCH] for start in range(0, len(posts), _BATCH)]
        known = {
            prediction.content_hash: prediction
            for predictions in self._predictor.predict_batches(batches)
            for prediction in predictions
        }
        rows = [
            Row(number, None, item, None, None)
            if isinstance(item, Failure)
            else Row(number, item, None, known[item.content_hash], None)
            for number, item in enumerate(items)
        ]
        rows = [withhold_label(keep_judgement(row), self._task.min_confidence) for row in rows]
        with scratch_folder(temporary_folder()) as scratch:
            file = scratch / "part.parquet"
            columns = self._task.source_columns
            write(rows, file, self._predictor.labels, source_columns=columns, about=about)
            return file.read_bytes()


def _row(
    name: str, *, table: bytes = b"", n_rows: int = 0, kind: str = "", problem: str = "", hint: str = ""
) -> dict[str, list[Any]]:
    return {
        "name": [name], "table": [table], "n_rows": [n_rows],
        "kind": [kind], "problem": [problem], "hint": [hint], "host": [socket.gethostname()],
    }  # fmt: skip


def _has_token() -> bool:
    """Whether Ray's token lies where Ray looks for it."""
    named = os.environ.get("RAY_AUTH_TOKEN_PATH")
    file = Path(named) if named else Path("~/.ray/auth_token").expanduser()
    return bool(os.environ.get("RAY_AUTH_TOKEN")) or file.is_file()


def _check_address(address: str) -> None:
    """Refuse an address that nobody answers at, or somebody who is not Ray; Ray itself tries for minutes.

    Raises:
        UsageError: it is no address, or no Ray answers.
    """
    if address == "auto":
        return
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise UsageError(f"--address {address} is no HOST:PORT", "Give what `ray start --head` printed.")
    try:
        with socket.create_connection((host, int(port)), timeout=_CONNECT_S) as connection:
            # Where Ray is set to TLS it says nothing to who does not.
            if os.environ.get("RAY_USE_TLS", "0") != "1":
                _check_grpc(connection)
    except OSError as error:
        raise UsageError(
            f"no Ray answers at {address}: {error.strerror or error}",
            "Start one with `ray start --head`, or leave --address out to use this machine.",
        ) from error


def _check_grpc(connection: socket.socket) -> None:
    """Begin to talk as Ray does.

    Raises:
        OSError: what answers does not, or nothing does.
    """
    connection.sendall(_GRPC_HELLO)
    answer = b""
    while len(answer) < 9 and (more := connection.recv(9 - len(answer))):
        answer += more
    if len(answer) < 9 or answer[3] != _SETTINGS:
        raise OSError("something else is there")


@contextlib.contextmanager
def _connected(ray: Any, address: str) -> Iterator[None]:
    """Connect to a cluster, or start one on this machine for as long as the block runs."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    with contextlib.ExitStack() as stack:
        # Workers look for code in the folder this is called from: let that be where ours is, not the user's.
        stack.enter_context(contextlib.chdir(Path(mmsa_tui.__file__).parents[1]))
        own = {}
        try:
            if not address and "RAY_TMPDIR" not in os.environ:
                # Ray leaves for good what it writes there, and takes no folder with a long name.
                own["_temp_dir"] = str(stack.enter_context(short_folder(_LONGEST_FOLDER)))
            ray.init(
                address=address or "local",
                include_dashboard=None if address else False,
                log_to_driver=False,
                logging_level="ERROR",
                configure_logging=True,
                **own,
            )
        except (ConnectionError, RuntimeError, ValueError, OSError, TimeoutError) as error:
            raise UsageError(
                f"Ray cannot be used: {str(error).strip().splitlines()[0]}",
                "If it asks for a token, put what `ray get-auth-token` prints on its first node into "
                "RAY_AUTH_TOKEN and set RAY_AUTH_MODE=token; leave --address out to use this machine."
                if address
                else "See whether `ray start --head` works here.",
            ) from error
        stack.callback(ray.shutdown)
        yield


def _prepare(folder: Path, request: ClusterRequest) -> None:
    if request.resume and request.restart:
        raise UsageError("--resume and --restart exclude each other", "Give one of the two.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        there = list(folder.glob("posts-*.parquet"))
        if (folder / INDEX).is_file():
            raise OutputError(f"{folder} is a pack", "Choose another folder for the labels.")
        if there and not (request.resume or request.restart):
            raise OutputError(
                f"{folder} holds labels already", "--resume completes them, --restart classifies all again."
            )
        if request.restart:
            for file in there:
                file.unlink()
    except OSError as error:
        raise OutputError(
            f"{folder} cannot be written: {error.strerror or error}", "Choose another folder."
        ) from error


def _packed(request: ClusterRequest, folder: Path, bar: Bar) -> tuple[Path, Pack]:
    """Find the pack that the source is, or make one of it in the output."""
    source = request.source.expanduser().resolve()
    format = find_format(source, request.format, request.read_options)
    if format == "packed" and source.is_dir():
        return source, read_index(source)
    place = folder / _PACK
    if request.resume and (place / INDEX).is_file():
        found = read_index(place)
        if found.source == str(source) and found.format == format:
            request.read_options.note(f"the posts are taken as they were packed into {place}")
            return place, found
    pack(source, place, format=format, options=request.read_options, restart=True, bar=bar)
    return place, read_index(place)


def _is_done(file: Path, part: Part, shard: Shard) -> bool:
    """Whether a file is this very shard: of these posts, by this model, complete."""
    if not file.is_file():
        return False
    try:
        table = open_parquet(file)
        return table.n_rows == part.rows and Shard.from_json(table.about) == shard
    except (OSError, ValueError, DecodingError):
        return False
