"""What a study's labels are called and mean: the record, and the file it lies in. Imports no torch.

A codebook has a folder of its own with its own store, bundles and runs (`config.Paths`), so that nothing
said under one is seen under another.
"""

from __future__ import annotations

from mmsa_tui.codebook.files import (
    LeftOver,
    find_codebook,
    list_codebooks,
    read_codebook,
    write_codebook,
)
from mmsa_tui.codebook.record import (
    LETTERS,
    MAX_LABELS,
    Codebook,
    CodebookError,
    CodebookLabel,
    check_codebook,
    from_fields,
    keys_of_place,
    to_fields,
)

__all__ = (
    "LETTERS",
    "MAX_LABELS",
    "Codebook",
    "CodebookError",
    "CodebookLabel",
    "LeftOver",
    "check_codebook",
    "find_codebook",
    "from_fields",
    "keys_of_place",
    "list_codebooks",
    "read_codebook",
    "to_fields",
    "write_codebook",
)
