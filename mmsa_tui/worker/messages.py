"""What a parent and its child processes say to each other: one JSON object a line.

Requests go down, reports come up. Whatever does not have the shape of one of them is no message.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmsa_tui.config import Config, Paths
from mmsa_tui.decoding import Tagged, from_json
from mmsa_tui.records import ReadAs
from mmsa_tui.services.classify import Finished as Finished
from mmsa_tui.services.classify import Progress as Progress
from mmsa_tui.sources.inspect import Inspection


class Load(Tagged, frozen=True):
    """Load a bundle and keep it; `paths` are the fields of `Paths`.

    `reads_pictures` allows it to read the words in pictures, where that is installed.
    """

    paths: Mapping[str, str]
    bundle: str = ""
    device: str = "auto"
    batch_size: int = 32
    threads: int = 0
    reads_pictures: bool = True


class Classify(Tagged, frozen=True):
    """Classify a source's posts that have no prediction yet, or with `restart` all of them.

    `where_sql` and `where_params` narrow it down, as in `store.Where`; "" means all.
    """

    source_id: int
    where_sql: str = ""
    where_params: tuple[Any, ...] = ()
    restart: bool = False


class ReadPictures(Tagged, frozen=True):
    """Read the words in the pictures of one post, and judge it anew if there are any."""

    source_id: int
    ordinal: int


class Reclassify(Tagged, frozen=True):
    """Classify again, in every source, what the bundle `before` has judged."""

    before: str


class Pause(Tagged, frozen=True):
    """Hold the running batch, or with `paused` false go on."""

    paused: bool


class Stop(Tagged, frozen=True):
    """End the running batch after the posts in hand; what is done is kept."""


class Explain(Tagged, frozen=True):
    """Say what in a post carried the decision; works during a batch too."""

    source_id: int
    ordinal: int


class Inspect(Tagged, frozen=True):
    """Look at a source without writing anything."""

    path: str
    read_as: ReadAs = ReadAs()


class Index(Tagged, frozen=True):
    """Read a source into the database."""

    database: str
    path: str
    read_as: ReadAs = ReadAs()


class Quit(Tagged, frozen=True):
    """End the process."""


class Ready(Tagged, frozen=True):
    """The bundle is loaded; `device` is a description such as `cpu bf16`.

    `reads_pictures` says whether it reads the words in pictures: what does is installed, and it may. `model`
    is the hash of what answers.
    """

    bundle: str
    labels: tuple[str, ...]
    device: str
    reads_pictures: bool = False
    model: str = ""


class Explained(Tagged, frozen=True):
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


class PicturesRead(Tagged, frozen=True):
    """The pictures of a post have been read; whether there were words in them."""

    source_id: int
    ordinal: int
    has_words: bool


class Detected(Tagged, frozen=True):
    """What a source is; `others` are further formats it might be, with their reasons."""

    path: str
    format: str
    title: str
    reason: str
    is_ambiguous: bool = False
    others: tuple[tuple[str, str], ...] = ()


class Columns(Tagged, frozen=True):
    """What the columns of a table are taken for, and some of its rows, for people to overrule.

    `roles` maps a role, as `ReadAs.columns` has it, to its column; several are joined by ` + `.
    `dates` says whether day or month comes first in dates of numbers and why, "" where there are none.
    """

    columns: tuple[str, ...]
    rows: tuple[Mapping[str, str], ...]
    roles: Mapping[str, str]
    dates: str = ""


class Counted(Tagged, frozen=True):
    """How many inputs have been looked at or read so far."""

    n: int


class Inspected(Tagged, frozen=True):
    """The result of an inspection."""

    result: Inspection


class Indexed(Tagged, frozen=True):
    """A source is in the database; `notes` hold for it as a whole."""

    location: str
    notes: tuple[str, ...] = ()


class Trouble(Tagged, frozen=True):
    """A request failed, for a reason the user can read; `about` is the request's type."""

    about: str
    message: str
    hint: str = ""


Message = (
    Load | Classify | ReadPictures | Reclassify | Pause | Stop | Explain | Inspect | Index | Quit
    | Ready | Progress | Finished | Explained | PicturesRead
    | Detected | Columns | Counted | Inspected | Indexed | Trouble
)  # fmt: skip


def decode(line: bytes) -> Message:
    """Read a message.

    Raises:
        DecodingError: the line is not one of ours.
    """
    # mypy takes no union for a type.
    message: Message = from_json(line, Message, surrogates="keep")  # type: ignore[arg-type]
    return message


def loading(config: Config) -> Load:
    """Ask for the bundle, device and batch size of a configuration."""
    return Load(
        config.paths.to_texts(), config.bundle, config.device, config.batch_size, config.threads,
        reads_pictures=config.image_text != "never",
    )  # fmt: skip


def to_paths(fields: Mapping[str, str]) -> Paths:
    """Undo what `loading` did to the paths."""
    return Paths.from_texts(fields)
