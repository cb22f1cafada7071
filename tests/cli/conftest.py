"""A home of its own for every test of the command line, with a model that needs no torch."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from command_runs import Mmsa, Ran
from word_model import predictor_module, reference_module, write_word_bundle

from mmsa_tui import cli


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty MMSA_HOME, in which the bundle `words` is chosen."""
    folder = tmp_path / "home"
    write_word_bundle(folder)
    monkeypatch.setenv("MMSA_HOME", str(folder))
    monkeypatch.setenv("MMSA_BUNDLE", "words")
    # Of the tests, and no setting: every command would refuse it.
    monkeypatch.delenv("MMSA_FUZZ", raising=False)
    monkeypatch.setitem(sys.modules, "mmsa_tui.model.predictor", predictor_module())
    monkeypatch.setitem(sys.modules, "mmsa_tui.model.reference", reference_module())
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.fixture
def mmsa(home: Path, monkeypatch: pytest.MonkeyPatch) -> Mmsa:
    """Run a command as a user would, in this process."""

    def run(*arguments: str | Path) -> Ran:
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="") for _ in range(2))
        with monkeypatch.context() as patched:
            patched.setattr(sys, "stdout", out)
            patched.setattr(sys, "stderr", err)
            code = cli.run([str(argument) for argument in arguments])
        return Ran(code, _text(out), _text(err))

    return run


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    return stream.buffer.getvalue().decode()  # type: ignore[attr-defined]


@pytest.fixture
def table(tmp_path: Path) -> Callable[[Sequence[str]], Path]:
    """Write texts as a table of posts with ids 1, 2, 3 and so on."""

    def write(texts: Sequence[str], name: str = "posts.csv") -> Path:
        path = tmp_path / name
        lines = ["id,text", *(f'{number},"{text}"' for number, text in enumerate(texts, start=1))]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return write
