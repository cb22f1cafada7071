"""What the child for sources does: look at a source, read it in. Imports no torch."""

from __future__ import annotations

import time
from pathlib import Path

from mmsa_tui import sources
from mmsa_tui.errors import Interrupted, MmsaError
from mmsa_tui.services import ingest as intake
from mmsa_tui.sources import ReadOptions
from mmsa_tui.sources.readers.table.finding import open_source
from mmsa_tui.sources.registry import reader
from mmsa_tui.sources.unpacked import as_folder, holds_folder
from mmsa_tui.store import Store
from mmsa_tui.worker.conversation import Conversation
from mmsa_tui.worker.messages import Columns, Counted, Detected, Index, Indexed, Inspect, Inspected, Message

TELL_EVERY_S = 0.1
N_SAMPLES = 3
"""Rows of a table that are shown to choose columns by."""
MAX_SAMPLE = 200


def serve(parent: Conversation) -> None:
    """Answer requests until the parent leaves."""

    def answer(request: Message) -> None:
        if isinstance(request, Inspect):
            _inspect(parent, request)
        elif isinstance(request, Index):
            _index(parent, request)

    parent.answer_with(answer)


def _inspect(parent: Conversation, request: Inspect) -> None:
    path, read_as = Path(request.path), request.read_as
    options = intake.options_of(read_as)
    if read_as.format or options.says_table:
        format = intake.find_format(path, read_as.format or None, options)
        parent.say(Detected(request.path, format, reader(format).title, "you chose it"))
    else:
        found = sources.detect(path, options)
        format = found.format
        title = reader(found.format).title
        others = tuple((other.format, other.reason) for other in found.others)
        parent.say(Detected(request.path, found.format, title, found.reason, found.is_ambiguous, others))
    if format == "table":
        _tell_columns(parent, path, options)
    result = sources.inspect(path, format=read_as.format or None, options=options, on_count=_Teller(parent))
    parent.say(Inspected(result))


def _tell_columns(parent: Conversation, path: Path, options: ReadOptions) -> None:
    """Tell what the columns of a table are taken for; of one that cannot be opened nothing is told."""
    try:
        if holds_folder(path):
            with as_folder(path) as folder:
                found = open_source(folder, options)
        else:
            found = open_source(path, options)
    except MmsaError:
        return
    roles: dict[str, str] = {}
    for role, column, _ in found.roles.chosen():
        roles[role] = f"{roles[role]} + {column}" if role in roles else column
    rows = tuple(
        {name: value[:MAX_SAMPLE] for name, value in record.values.items()}
        for record in found.table.sample[:N_SAMPLES]
    )
    parent.say(Columns(tuple(found.table.columns), rows, roles, found.date_reader(options.date_order).why()))


def _index(parent: Conversation, request: Index) -> None:
    notes: dict[str, None] = {}
    with Store.open(Path(request.database)) as store:
        row = intake.read_in(
            store,
            request.path,
            format=request.read_as.format or None,
            options=intake.options_of(request.read_as, notes.setdefault),
            on_count=_Teller(parent),
        )
    parent.say(Indexed(row.location, tuple(notes)))


class _Teller:
    """Passes a count on now and then, and ends the work when the parent wants that."""

    def __init__(self, parent: Conversation) -> None:
        self._parent = parent
        self._next_s = 0.0

    def __call__(self, n: int) -> None:
        if self._parent.is_stopping:
            raise Interrupted("stopped")
        now_s = time.monotonic()
        if now_s >= self._next_s:
            self._next_s = now_s + TELL_EVERY_S
            self._parent.say(Counted(n))
