"""The README and docs/ against the program: every command, option, format, column and code is real."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import typer

from mmsa_tui import cli, errors
from mmsa_tui.config import Config
from mmsa_tui.export import fixed_columns
from mmsa_tui.sources.registry import formats

ROOT_FOLDER = Path(__file__).parents[2]
PAGES = [ROOT_FOLDER / "README.md", *sorted((ROOT_FOLDER / "docs").glob("*.md"))]
README = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
ROOT: Any = typer.main.get_command(cli.build_app())


def leaves() -> dict[str, Any]:
    """Every command by its words."""
    found = {}
    for name, command in ROOT.commands.items():
        children = getattr(command, "commands", None)
        if children is None:
            found[name] = command
        else:
            found |= {f"{name} {child}": leaf for child, leaf in children.items()}
    return found


LEAVES = leaves()


def mentions() -> list[str]:
    """Everything after `mmsa` in code, one line each."""
    joined = README.replace("\\\n", " ").replace("\\|", "|")
    return re.findall(r"(?:^ *\$ |^ {4}|`)mmsa ([a-z][^`\n]*)", joined, re.MULTILINE)


def words_of(mention: str) -> str:
    first, *rest = mention.split()
    return f"{first} {rest[0]}" if rest and f"{first} {rest[0]}" in LEAVES else first


@pytest.mark.parametrize("mention", mentions())
def test_every_command_that_is_shown_exists(mention: str) -> None:
    first, *rest = mention.split()
    assert first in ROOT.commands
    if rest and hasattr(ROOT.commands[first], "commands"):
        assert {f"{first} {word}" for word in rest[0].split("|")} <= LEAVES.keys()


@pytest.mark.parametrize("mention", mentions())
def test_every_option_that_is_shown_with_a_command_exists(mention: str) -> None:
    shown = set(re.findall(r"(?<!\S)--?[a-z][a-z-]*", mention))
    command = LEAVES.get(words_of(mention))
    known = {option for parameter in command.params for option in parameter.opts} if command else set()
    assert shown <= known | {"--help"}


@pytest.mark.parametrize("name", LEAVES)
def test_every_command_is_listed(name: str) -> None:
    first, _, second = name.partition(" ")
    (row,) = re.findall(rf"^\| `mmsa {first}` \|.*", README, re.MULTILINE)
    assert not second or f"`{second}`" in row


def test_every_option_of_the_table_is_one_of_classify() -> None:
    table = README.split("options of `mmsa classify`")[1].split("## ")[0]
    known = {option for parameter in LEAVES["classify"].params for option in parameter.opts}
    assert set(re.findall(r"--[a-z][a-z-]*", table)) <= known


def test_every_format_is_listed() -> None:
    table = README.split("## Formats")[1].split("## ")[0]
    assert set(re.findall(r"^\| `([a-z0-9][a-z0-9-]*)`", table, re.MULTILINE)) == set(formats())


def test_the_columns_are_those_of_an_export() -> None:
    names = ", ".join(fixed_columns(("negative", "neutral", "positive")))
    assert f"`{names}`" in " ".join(README.split())


def test_every_exit_code_is_explained() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    codes = {kind.exit_code for kind in kinds if hasattr(kind, "exit_code")}
    codes |= set(errors.ExitCode)
    table = README.split("| exit code |")[1].split("## ")[0]
    assert {int(code) for code in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)} == codes


def test_every_setting_is_shown() -> None:
    shown = README.split("```toml")[1].split("```")[0]
    names = set(re.findall(r"^\[?(\w+)", shown.split("[keys]")[0], re.MULTILINE)) | {"keys"}
    assert names == set(Config.__dataclass_fields__) - {"paths"} | {"codebook"}


def test_every_file_that_is_named_is_there() -> None:
    root = Path(__file__).parents[2]
    named = re.findall(r"mmsa_tui/samples/\w+\.csv|constraints\.txt|\.ci/run", README)
    assert all((root / name).is_file() for name in named)


def test_the_readme_can_be_read_in_one_sitting() -> None:
    assert len(PAGES[0].read_text(encoding="utf-8").splitlines()) <= 200


def test_every_page_and_picture_that_is_linked_is_there() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).is_file(), (page.name, target)
