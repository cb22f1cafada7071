"""Hints: what to do next, as a sentence of its own below what went wrong."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

from mmsa_tui import errors

ROOT = Path(__file__).parents[2]
KINDS = {
    name
    for name, kind in vars(errors).items()
    if inspect.isclass(kind) and issubclass(kind, errors.MmsaError)
}


def hints() -> Iterator[tuple[str, str]]:
    """Find the hint of every error that is made, as far as it is written out; and where."""
    for file in sorted([*ROOT.glob("mmsa_tui/**/*.py"), *ROOT.glob("training/**/*.py")]):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in KINDS and len(node.args) > 1:
                yield f"{file.relative_to(ROOT)}:{node.lineno}", beginning(node.args[1])


def beginning(node: ast.expr) -> str:
    """Give the first words of a text; "" where they are put in when it runs."""
    match node:
        case ast.Constant(str(text)):
            return text
        case ast.JoinedStr([ast.Constant(str(text)), *_]):
            return text
        case ast.BinOp(left=left):
            return beginning(left)
    return ""


def test_hints_begin_as_a_sentence_does_or_with_a_command() -> None:
    found = list(hints())
    assert len(found) > 100
    assert [where for where, hint in found if hint[:1].islower()] == []
