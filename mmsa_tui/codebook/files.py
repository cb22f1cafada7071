"""Codebooks on disk: the one in use, all there are, written whole or not at all.

The file is TOML, so that a text editor is enough to word a definition.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmsa_tui.codebook.record import Codebook, CodebookError, CodebookLabel, from_fields, to_fields
from mmsa_tui.config import DEFAULT_CODEBOOK, Paths, is_codebook_name
from mmsa_tui.decoding import DecodingError, from_toml
from mmsa_tui.disk.private import make_private_folder
from mmsa_tui.disk.whole_file import whole_file
from mmsa_tui.errors import ConfigError, OutputError

_MAX_BYTES = 4 << 20
_HEAD = """# A codebook of mmsa. `mmsa codebook edit` changes it, saying what becomes of given labels.
"""


@dataclass(frozen=True)
class LeftOver:
    """A folder that should be a codebook and cannot be read; listed, never hidden."""

    name: str
    reason: str


def read_codebook(paths: Paths) -> Codebook:
    """Read the codebook in use, which is not the default one.

    Raises:
        ConfigError: its file is missing or damaged.
    """
    file = paths.codebook_file
    try:
        if file.stat().st_size > _MAX_BYTES:
            raise DecodingError(f"it is larger than {_MAX_BYTES >> 20} MB")
        codebook = from_fields(from_toml(file.read_bytes()))
        if codebook.name != (paths.codebook or DEFAULT_CODEBOOK):
            raise DecodingError(f"it is the codebook {codebook.name!r:.60}, of another folder")
    except FileNotFoundError as error:
        raise _unusable(paths, "is missing") from error
    except OSError as error:
        raise _unusable(paths, f"cannot be read: {error.strerror or error}") from error
    except CodebookError as error:
        raise _unusable(paths, f"is damaged: {error.message}") from error
    except DecodingError as error:
        raise _unusable(paths, f"is damaged: {error}") from error
    return codebook


def _unusable(paths: Paths, what: str) -> ConfigError:
    name = paths.codebook or DEFAULT_CODEBOOK
    return ConfigError(
        f"the codebook {name} cannot be used: {paths.codebook_file} {what}",
        f"`mmsa codebook edit {name} --restore` takes the copy that the store keeps; or repair the file."
        " No label is lost either way.",
    )


def find_codebook(paths: Paths, labels: Sequence[str]) -> Codebook:
    """Find the codebook in use.

    Args:
        labels: those of the bundle in use, which are the default codebook's.

    Raises:
        ConfigError: its file is missing or damaged.
    """
    if paths.codebook:
        return read_codebook(paths)
    plain = Codebook(DEFAULT_CODEBOOK, tuple(map(CodebookLabel, labels)), "Sentiment")
    if not paths.codebook_file.is_file():
        return plain
    worded = {label.name: label for label in read_codebook(paths).labels}
    return Codebook(
        DEFAULT_CODEBOOK, tuple(worded.get(name, CodebookLabel(name)) for name in labels), "Sentiment"
    )


def list_codebooks(paths: Paths) -> list[Codebook | LeftOver]:
    """List the codebooks beside the default one, by name; those whose file cannot be read too."""
    found: list[Codebook | LeftOver] = []
    if not paths.codebooks_dir.is_dir():
        return found
    for folder in sorted(paths.codebooks_dir.iterdir()):
        if not folder.is_dir() or not is_codebook_name(folder.name):
            continue
        try:
            found.append(read_codebook(paths.under(folder.name)))
        except ConfigError as error:
            found.append(LeftOver(folder.name, error.message))
    return found


def write_codebook(paths: Paths, codebook: Codebook) -> Path:
    """Write a codebook's file in one step, in the folder of `paths`.

    Raises:
        OutputError: it cannot be written; the old one is as it was.
    """
    try:
        make_private_folder(paths.study_dir)
        with whole_file(paths.codebook_file, overwrite=True) as part:
            part.write_text(to_toml(codebook), encoding="utf-8", newline="\n")
    except (OSError, OutputError) as error:
        with suppress(OSError):
            # Empty, it would be one that lost its file.
            paths.study_dir.rmdir()
        if isinstance(error, OutputError):
            raise
        raise OutputError(
            f"{paths.codebook_file} cannot be written: {error.strerror or error}",
            "Free some space or check the folder's rights.",
        ) from error
    return paths.codebook_file


def to_toml(codebook: Codebook) -> str:
    """Write a codebook as a person would."""
    fields = to_fields(codebook)
    labels: list[dict[str, Any]] = fields.pop("labels")
    lines = [_HEAD, *(f"{name} = {_value(value)}" for name, value in fields.items() if value != "")]
    for label in labels:
        lines += ["", "[[labels]]", *(f"{name} = {_value(value)}" for name, value in label.items() if value)]
    return "\n".join(lines) + "\n"


def _value(value: object) -> str:
    if isinstance(value, list):
        inside = "".join(f"\n  {_value(item)}," for item in value)
        return f"[{inside}\n]"
    # A basic string of TOML is a string of JSON, but for DEL.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
