"""What a user reads when something went wrong, and the exit code that goes with it."""

from __future__ import annotations

import errno
import io
import os
import sys
import traceback
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import typer

from mmsa_tui import __version__
from mmsa_tui.disk.private import make_private_file
from mmsa_tui.disk.whole_file import temporary_folder
from mmsa_tui.errors import ExitCode, Interrupted, MmsaError, OutputError
from mmsa_tui.text.display import safe


def make_streams_robust() -> None:
    """Let no character stop the program: one that a stream cannot encode is written as an escape."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            with suppress(OSError, ValueError):
                stream.reconfigure(errors="backslashreplace")


def report(error: MmsaError) -> int:
    """Print what happened and what to do next; returns the exit code."""
    if error.message:
        _say(error.message)
    if error.hint:
        typer.echo(f"  {_sentence(error.hint)}", err=True)
    return error.exit_code


def name_commands_for(word: str) -> None:
    """Say which commands take a source, where a file or folder stands in the place of a command."""
    with suppress(OSError, ValueError):
        if not word.startswith("-") and Path(word).exists():
            shown = safe(word)
            typer.echo(f"  To open {shown}: `mmsa browse {shown}`; to judge it: ", err=True, nl=False)
            typer.echo(f"`mmsa classify {shown} -o FILE.csv`.", err=True)


def report_interrupt() -> int:
    return report(Interrupted("stopped", "Run the same command again to start over."))


def report_unexpected(error: Exception) -> int:
    """Save the traceback and print one line; returns the exit code."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return report(OutputError("the disk is full", "Free some space and run the same command again."))
    saved = _save_traceback(error)
    lines = str(error).strip().splitlines()
    _say(f"unexpected {type(error).__name__}" + (f": {lines[0][:300]}" if lines else ""))
    if saved is not None:
        typer.echo(f"  This is a defect of mmsa. Please report it with {safe(str(saved))}", err=True)
    else:
        typer.echo("  This is a defect of mmsa, and the details could not be saved.", err=True)
    return ExitCode.DEFECT


def code_of(exit: SystemExit) -> int:
    """Read the exit code that the argument parser has chosen."""
    if exit.code == Interrupted.exit_code:
        # It ends a Ctrl-C that no command has caught with this code and without a word.
        return report_interrupt()
    return exit.code if isinstance(exit.code, int) else 0 if exit.code is None else 2


def flush(code: int) -> int:
    """Push out what is still buffered; returns the exit code, changed if nobody reads any more."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # Python would flush again at exit and complain; there is nothing left to say to anyone.
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return code or Interrupted.exit_code
    except OSError as error:
        return report(OutputError(f"the output cannot be written: {error.strerror or error}"))
    return code


def _say(message: str) -> None:
    typer.secho("error: ", fg=typer.colors.RED, bold=True, err=True, nl=False)
    typer.echo(_sentence(message), err=True)


def _sentence(text: str) -> str:
    return safe(text.strip())


def _save_traceback(error: Exception) -> Path | None:
    text = f"mmsa {__version__}, Python {sys.version}, {sys.platform}\ncommand: {sys.argv[1:]}\n\n" + "".join(
        traceback.format_exception(error)
    )
    name = f"mmsa-error-{datetime.now():%Y%m%d-%H%M%S}-{os.getpid()}.txt"
    for folder in _folders():
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / name
            # It may quote a post.
            make_private_file(path)
            path.write_text(text, encoding="utf-8", errors="backslashreplace")
            return path
        except OSError:
            continue
    return None


def _folders() -> list[Path]:
    folders = [temporary_folder()]
    with suppress(Exception):
        # Even finding the paths may be what failed.
        from mmsa_tui.config import find_paths

        folders.insert(0, find_paths().cache_dir / "errors")
    return folders
