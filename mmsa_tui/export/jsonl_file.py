"""JSON lines: one object per input, every character exact, safe to print on a terminal."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TextIO

# json escapes C0 controls; these too would steer a terminal, end a line in some readers, or
# break UTF-8: DEL and C1, bidi marks, line separators, lone surrogates.
_UNSAFE = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")


def write_jsonl(path: Path, records: Iterable[Mapping[str, object]]) -> int:
    """Write all records to a file; returns how many."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        return print_jsonl(file, records)


def print_jsonl(file: TextIO, records: Iterable[Mapping[str, object]], *, at_once: bool = False) -> int:
    """Write all records to an open file, in ASCII where that has another encoding than UTF-8.

    Args:
        at_once: hand each line on before asking for the next record, as a pipe's reader expects.
    """
    in_ascii = not _is_utf8(getattr(file, "encoding", None))
    n_rows = 0
    for record in records:
        line = json.dumps(record, ensure_ascii=in_ascii)
        file.write(_UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", line) + "\n")
        if at_once:
            file.flush()
        n_rows += 1
    file.flush()
    return n_rows


def _is_utf8(encoding: str | None) -> bool:
    # io.StringIO has no encoding, and takes anything.
    return encoding is None or codecs.lookup(encoding).name == "utf-8"
