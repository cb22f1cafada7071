"""A second copy of what analysts decided: JSON lines beside the store, written in the same act.

Each line is a correction as `mmsa corrections import` reads it, with its number in the store. A line is
on the disk before the act is acknowledged. What is missing, because a run was killed in between or the
disk was full, is added with the next act. A journal that has grown is put aside under a number.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from mmsa_tui.decoding import DecodingError, from_json
from mmsa_tui.disk.private import make_private_file
from mmsa_tui.disk.whole_file import whole_file

MAX_BYTES = 32 * 1024 * 1024
"""Of one file: some 60,000 acts."""
N_KEPT = 8
"""Files that are kept beside the one that is written; the oldest goes."""
_TAIL = 256 * 1024


class Journal:
    """The journal of the store at `database`."""

    def __init__(self, database: Path) -> None:
        self._stem = f"{database.stem}.corrections"
        self.path = database.with_name(f"{self._stem}.jsonl")

    def files(self) -> list[Path]:
        """List the files there are, the oldest first."""
        numbered = map(self._numbered, range(N_KEPT, 0, -1))
        return [path for path in (*numbered, self.path) if path.is_file()]

    def append(self, records: Sequence[Mapping[str, object]]) -> None:
        """Write acts and wait until they are on the disk.

        Raises:
            OSError: they are not.
        """
        if not records:
            return
        # ASCII: a line survives whatever a text holds. One write, so that two programs do not mix lines.
        data = "".join(json.dumps(record) + "\n" for record in records).encode("ascii")
        make_private_file(self.path)
        with self.path.open("r+b") as file:
            end = file.seek(0, os.SEEK_END)
            if end:
                file.seek(end - 1)
                if file.read(1) != b"\n":
                    # The last line was cut when its run was killed; it must not spoil the next.
                    data = b"\n" + data
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND)
        try:
            written = 0
            while written < len(data):
                written += os.write(descriptor, data[written:])
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if self.path.stat().st_size > MAX_BYTES:
            self._put_aside()

    def last_seq(self) -> int:
        """Find the number of the newest act that is written here; 0 if none is."""
        for path in reversed(self.files()):
            with suppress(OSError), path.open("rb") as file:
                file.seek(max(0, path.stat().st_size - _TAIL))
                for line in reversed(file.read().splitlines()):
                    with suppress(DecodingError):
                        seq = from_json(line, dict[str, Any], surrogates="keep").get("seq")
                        if isinstance(seq, int):
                            return seq
        return 0

    def records(self) -> Iterator[dict[str, Any]]:
        """Yield all acts that can be read, the oldest first; a damaged line costs that line."""
        for path in self.files():
            with suppress(OSError), path.open("rb") as file:
                for line in file:
                    with suppress(DecodingError):
                        yield from_json(line, dict[str, Any], surrogates="keep")

    def rewrite(self, keep: Callable[[Mapping[str, Any]], bool]) -> None:
        """Write every file anew with only those acts that are to be kept.

        Raises:
            OSError, OutputError: it cannot be done; the file is then as it was.
        """
        for path in self.files():
            with whole_file(path, overwrite=True) as part, path.open("rb") as old, part.open("wb") as new:
                for line in old:
                    with suppress(DecodingError):
                        if keep(from_json(line, dict[str, Any], surrogates="keep")):
                            new.write(line)

    def _put_aside(self) -> None:
        with suppress(OSError):
            for number in range(N_KEPT - 1, 0, -1):
                older = self._numbered(number)
                if older.is_file():
                    older.replace(self._numbered(number + 1))
            self.path.replace(self._numbered(1))

    def _numbered(self, number: int) -> Path:
        return self.path.with_name(f"{self._stem}.{number}.jsonl")
