"""What a parent and its child processes say to each other: one JSON object a line.

Standard library only. Requests go down, reports come up.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from mmsa_tui.config import Config, Paths


@dataclass(frozen=True, slots=True)
class Load:
    """Load a bundle and keep it; `paths` are the fields of `Paths`."""

    paths: Mapping[str, str]
    bundle: str = ""
    device: str = "auto"
    batch_size: int = 32
    threads: int = 0


@dataclass(frozen=True, slots=True)
class Classify:
    """Classify a source's posts that have no prediction yet, or with `restart` all of them.

    `where_sql` and `where_params` narrow it down, as in `store.Where`; "" means all.
    """

    source_id: int
    where_sql: str = ""
    where_params: tuple[Any, ...] = ()
    restart: bool = False


@dataclass(frozen=True, slots=True)
class Pause:
    """Hold the running batch, or with `paused` false go on."""

    paused: bool


@dataclass(frozen=True, slots=True)
class Stop:
    """End the running batch after the posts in hand; what is done is kept."""


@dataclass(frozen=True, slots=True)
class Explain:
    """Say what in a post carried the decision; works during a batch too."""

    source_id: int
    ordinal: int


@dataclass(frozen=True, slots=True)
class Inspect:
    """Look at a source without writing anything; the fields of `ReadAs` say how to read it."""

    path: str
    format: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    encoding: str = ""


@dataclass(frozen=True, slots=True)
class Index:
    """Read a source into the database; the fields of `ReadAs` say how to read it."""

    database: str
    path: str
    format: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    encoding: str = ""


@dataclass(frozen=True, slots=True)
class Quit:
    """End the process."""


@dataclass(frozen=True, slots=True)
class Ready:
    """The bundle is loaded; `device` is a description such as `cpu bf16`."""

    bundle: str
    labels: tuple[str, ...]
    device: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a batch is; rates and times are 0 until they can be told."""

    done: int
    total: int
    per_second: float = 0.0
    seconds_left: float = 0.0
    paused: bool = False


@dataclass(frozen=True, slots=True)
class Finished:
    """A batch has ended; `stopped` if before its end. Counts are of posts."""

    n_ok: int = 0
    n_text_only: int = 0
    n_image_only: int = 0
    n_failed: int = 0
    n_skipped: int = 0
    seconds: float = 0.0
    stopped: bool = False

    @property
    def n_done(self) -> int:
        return self.n_ok + self.n_text_only + self.n_image_only + self.n_failed


@dataclass(frozen=True, slots=True)
class Explained:
    """What carried the decision on a post.

    `words` are (start, end, weight) over the post's text, `regions` 49 weights of a 7 by 7 grid
    over picture number `picture`, row by row; weights from -1 (against `label`) to 1 (for it).
    """

    source_id: int
    ordinal: int
    label: str
    words: tuple[tuple[int, int, float], ...] = ()
    regions: tuple[float, ...] | None = None
    picture: int | None = None


@dataclass(frozen=True, slots=True)
class Detected:
    """What a source is; `others` are further formats it might be, with their reasons."""

    path: str
    format: str
    title: str
    reason: str
    is_ambiguous: bool = False
    others: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Counted:
    """How many inputs have been looked at or read so far."""

    n: int


@dataclass(frozen=True, slots=True)
class Inspected:
    """The result of an inspection, as `Inspection.to_json` gives it."""

    result: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Indexed:
    """A source is in the database; `notes` hold for it as a whole."""

    location: str
    notes: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Trouble:
    """A request failed, for a reason the user can read; `about` is the request's type."""

    about: str
    message: str
    hint: str = ""


Message = (
    Load | Classify | Pause | Stop | Explain | Inspect | Index | Quit | Ready | Progress | Finished
    | Explained | Detected | Counted | Inspected | Indexed | Trouble
)  # fmt: skip

_TYPES: Mapping[str, type[Any]] = {kind.__name__: kind for kind in Message.__args__}


def encode(message: Message) -> bytes:
    """Write a message as one line, ended by a newline."""
    return json.dumps({"type": type(message).__name__, **asdict(message)}).encode("ascii") + b"\n"


def decode(line: bytes) -> Message:
    """Read a message.

    Raises:
        ValueError: the line is not one of ours.
    """
    fields = json.loads(line)
    if not isinstance(fields, dict):
        raise ValueError(f"not a message: {line[:80]!r}")
    kind = _TYPES.get(fields.pop("type", ""))
    if kind is None:
        raise ValueError(f"not a message: {line[:80]!r}")
    try:
        message: Message = kind(**{name: _to_tuples(value) for name, value in fields.items()})
    except TypeError as error:
        raise ValueError(f"not a message: {line[:80]!r}") from error
    return message


def loading(config: Config) -> Load:
    """Ask for the bundle, device and batch size of a configuration."""
    paths = {name: str(getattr(config.paths, name)) for name in Paths.__dataclass_fields__}
    return Load(paths, config.bundle, config.device, config.batch_size, config.threads)


def to_paths(fields: Mapping[str, str]) -> Paths:
    """Undo what `loading` did to the paths."""
    return Paths(**{name: Path(text) for name, text in fields.items()})


def _to_tuples(value: Any) -> Any:
    return tuple(_to_tuples(item) for item in value) if isinstance(value, list) else value
