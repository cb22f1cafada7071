"""The command line: parse, call one service, print. The only package that prints or exits.

A group of commands is one module with `register`, and one line in `GROUPS`. Modules here import
nothing heavy at their top, so that `mmsa --help` answers at once.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from functools import cache
from typing import Any, NoReturn

import typer

from mmsa_tui.cli import failures
from mmsa_tui.errors import ExitCode, MmsaError

GROUPS = (
    "browse",
    "classify",
    "pack",
    "inspect",
    "evaluate",
    "report",
    "chart",
    "kwic",
    "audit",
    "codebook",
    "corrections",
    "retrain",
    "bundle",
    "train",
    "demo",
    "cache",
    "store",
    "forget",
    "doctor",
)
"""Modules of this package in the order of the help; each adds its commands with `register`."""


def build_app() -> typer.Typer:
    """Put the commands together."""
    # Rich help panels take twice as long to show as the rest of the program takes to start.
    app = typer.Typer(
        name="mmsa",
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    for group in GROUPS:
        importlib.import_module(f"mmsa_tui.cli.{group}").register(app)
    return app


@cache
def _command() -> Any:
    # 40 ms, which who runs many commands in one process pays once.
    return typer.main.get_command(build_app())


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command and exit with its code."""
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; whatever goes wrong is reported on stderr."""
    failures.make_streams_robust()
    given = sys.argv[1:] if arguments is None else arguments
    _stay_offline(given)
    try:
        _command().main(args=arguments, prog_name="mmsa")
        code = 0
    except SystemExit as exit:
        code = failures.code_of(exit)
        if code == ExitCode.USAGE and given and given[0] not in _command().commands:
            failures.name_commands_for(given[0])
    except MmsaError as error:
        code = failures.report(error)
    except KeyboardInterrupt:
        code = failures.report_interrupt()
    except Exception as error:
        # The outermost boundary: a user gets a sentence and a file, never a traceback.
        code = failures.report_unexpected(error)
    return failures.flush(code)


def _stay_offline(arguments: Sequence[str]) -> None:
    """Keep the model library off the network; only `train` and `tune` may fetch an encoder by its id."""
    if list(arguments[:1]) not in (["train"], ["tune"]):
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
