"""`mmsa codebook`: the labels of a study, what they mean, and which codebook is in use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mmsa_tui.cli import console, options
from mmsa_tui.config import DEFAULT_CODEBOOK
from mmsa_tui.errors import ConfigError, MmsaError, UsageError
from mmsa_tui.text.display import counted

if TYPE_CHECKING:
    from mmsa_tui.codebook import Codebook
    from mmsa_tui.config import Config
    from mmsa_tui.services.codebook import Edited, Standing

app = typer.Typer(
    help="Labels of your own: each with a definition, examples and a key.", no_args_is_help=True
)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="A codebook, as in `stance`.")]
InUseArgument = Annotated[
    str | None, typer.Argument(metavar="[NAME]", help="A codebook; else the one in use.")
]
LabelOption = Annotated[
    list[str] | None, options.option("--label", "LABEL[=DEFINITION]", "A label and what it means; repeat it.")
]
DefineOption = Annotated[list[str] | None, options.option("--define", "LABEL=TEXT", "What a label means.")]
ExampleOption = Annotated[
    list[str] | None, options.option("--example", "LABEL=TEXT", "A post that has the label; repeat it.")
]
KeyOption = Annotated[
    list[str] | None,
    options.option("--key", "LABEL=KEY", "The key that gives it in the app, beside its number."),
]
TitleOption = Annotated[str | None, options.option("--title", "TEXT", "What it is called in full.")]
StartOption = Annotated[
    str | None, options.option("--start", "BUNDLE", "The bundle whose encoders its models start from.")
]
FromOption = Annotated[
    Path | None,
    options.path_option(
        "--from", "Take it from a .toml or .json file, or from an export or corrections made under it."
    ),
]


@dataclass(frozen=True)
class WhatItHolds:
    """What a user says of a codebook beside its labels; its fields are options."""

    example: ExampleOption = None
    key: KeyOption = None
    title: TitleOption = None
    start: StartOption = None


_NOTHING = WhatItHolds()


def register(root: typer.Typer) -> None:
    root.add_typer(app, name="codebook")


@app.command("list", epilog=options.example("mmsa codebook list"))
def list_(json: options.JsonOption = False) -> None:
    """List the codebooks; * marks the one in use."""
    from mmsa_tui.codebook import LeftOver
    from mmsa_tui.config import load_config
    from mmsa_tui.services.codebook import all_codebooks

    try:
        in_use = load_config().paths.codebook or DEFAULT_CODEBOOK
    except ConfigError:
        in_use = ""
    found = all_codebooks(options.configure(codebook=DEFAULT_CODEBOOK).paths)
    if json:
        console.show_json(
            [
                {"name": one.name, "in_use": one.name == in_use, "problem": one.reason}
                if isinstance(one, LeftOver)
                else {"name": one.name, "in_use": one.name == in_use, "labels": list(one.names)}
                for one in found
            ]
        )
        return
    rows = [("", "name", "labels", "title")]
    for one in found:
        mark = "*" if one.name == in_use else ""
        if isinstance(one, LeftOver):
            rows.append((mark, one.name, one.reason, ""))
        else:
            rows.append((mark, one.name, ", ".join(one.names), one.title))
    console.show(console.table(rows))


@app.command(epilog=options.example("mmsa codebook show stance"))
def show(
    name: InUseArgument = None,
    output: Annotated[
        Path | None, options.output("Write it to a .toml file, for `codebook new --from` elsewhere.")
    ] = None,
    json: options.JsonOption = False,
) -> None:
    """Show a codebook: its labels with keys and definitions, how many posts have each, its model."""
    from mmsa_tui.codebook import to_fields
    from mmsa_tui.codebook.files import to_toml
    from mmsa_tui.disk.whole_file import whole_file
    from mmsa_tui.errors import OutputError
    from mmsa_tui.services.codebook import look_at

    standing = look_at(options.configure(codebook=name).paths)
    if output is not None:
        if output.suffix.lower() != ".toml":
            raise OutputError(f"{output} has no suffix that names a format", "End the name in .toml.")
        with whole_file(output.expanduser()) as part:
            part.write_text(to_toml(standing.codebook), encoding="utf-8", newline="\n")
        console.show(f"wrote {output}")
    elif json:
        console.show_json(
            {
                **to_fields(standing.codebook),
                "labelled": dict(standing.labelled),
                "outside": dict(standing.outside),
                "bundle": standing.bundle,
            }
        )
    else:
        console.show(_describe(standing))


@app.command(
    epilog=options.example('mmsa codebook new stance --label "for=Wants the new law" --label against')
)
@options.takes_groups
def new(
    name: Annotated[
        str, typer.Argument(metavar="[NAME]", help="Small letters, digits, hyphens; else as in --from.")
    ] = "",
    label: LabelOption = None,
    held: WhatItHolds = _NOTHING,
    source: FromOption = None,
    use: Annotated[bool, typer.Option("--use", help="Make it the one in use.")] = False,
) -> None:
    """Make a codebook: labels of your own, and what each of them means."""
    from mmsa_tui.codebook import Codebook
    from mmsa_tui.services import codebook as service

    config = options.configure(codebook=DEFAULT_CODEBOOK)
    if source is not None:
        made = service.take_from_file(source.expanduser(), name)
    elif not name:
        raise UsageError("the codebook has no name", "Give one, as in `mmsa codebook new stance`.")
    else:
        made = Codebook(name, ())
    made = _edited(made, held, add=label)
    _check_keys(config, made)
    if made.start:
        from mmsa_tui.bundle.registry import find_bundle

        find_bundle(config.paths, made.start)
    made = service.new_codebook(config.paths, made)
    console.show(f"made the codebook {made.name}: {', '.join(made.names)}")
    if use:
        service.use_codebook(config.paths, made.name)
        console.talk(f"{made.name} is in use; `mmsa codebook use {DEFAULT_CODEBOOK}` goes back")
    else:
        console.talk(
            f"`mmsa codebook use {made.name}` works with it from now on, `mmsa --codebook {made.name}` once"
        )


@app.command(epilog=options.example("mmsa codebook use stance"))
def use(name: NameArgument) -> None:
    """Work with a codebook from now on; `default` goes back to the labels of the bundle."""
    from mmsa_tui.services.codebook import look_at, use_codebook

    paths = use_codebook(options.configure(codebook=DEFAULT_CODEBOOK).paths, name)
    console.show(_describe(look_at(paths)))


@app.command(
    epilog=options.example('mmsa codebook edit stance --define "for=Wants the new law, also with conditions"')
)
@options.takes_groups
def edit(
    name: InUseArgument = None,
    rename: Annotated[
        list[str] | None,
        options.option("--rename", "OLD=NEW", "Rename a label, also where it was given already."),
    ] = None,
    add: Annotated[list[str] | None, options.option("--add", "LABEL[=DEFINITION]", "One more label.")] = None,
    remove: Annotated[
        list[str] | None,
        options.option("--remove", "LABEL", "Remove a label; posts that have it keep it, and are counted."),
    ] = None,
    define: DefineOption = None,
    held: WhatItHolds = _NOTHING,
    source: FromOption = None,
    restore: Annotated[
        bool, typer.Option("--restore", help="Take the copy that the store keeps, if the file is damaged.")
    ] = False,
) -> None:
    """Change a codebook: its labels, what they mean, their keys.

    No label that was given is lost: a renamed one is said again under its new name, and one that the
    codebook has no more stays with its posts until they are labelled anew.
    """
    from mmsa_tui.services import codebook as service

    config = options.configure(codebook=name if name is not None else _name_in_use())
    if restore:
        found = service.restore_codebook(config.paths)
        console.show(f"restored the codebook {found.name}: {', '.join(found.names)}")
        return
    old = service.current_codebook(config.paths)
    if source is not None:
        read = service.take_from_file(source.expanduser(), old.name)
        changed = replace(old, labels=read.labels, title=read.title, start=read.start)
    else:
        changed = old
    renamed = dict(_pair(text, "--rename OLD=NEW") for text in rename or [])
    changed = _edited(changed, held, renamed=renamed, add=add, remove=remove, define=define)
    if changed == old:
        raise UsageError(
            "there is nothing to change", "Give --define, --rename, --add or another; --help lists them."
        )
    _check_keys(config, changed)
    console.show("\n".join(_describe_edit(service.edit_codebook(config.paths, changed, renamed))))


def _name_in_use() -> str:
    from mmsa_tui.config import load_config

    return load_config().paths.codebook or DEFAULT_CODEBOOK


def _edited(
    codebook: Codebook,
    held: WhatItHolds,
    *,
    renamed: Mapping[str, str] | None = None,
    add: Sequence[str] | None = None,
    remove: Sequence[str] | None = None,
    define: Sequence[str] | None = None,
) -> Codebook:
    """Make the changes that options speak of, in the order: rename, remove, add, and what labels hold."""
    from mmsa_tui.codebook import CodebookLabel
    from mmsa_tui.services.codebook import change_labels

    def change(of: str, **fields: Any) -> None:
        nonlocal codebook
        codebook = change_labels(codebook, {of: lambda label: replace(label, **fields)})

    for before, after in (renamed or {}).items():
        change(before, name=after)
    for gone in remove or []:
        change(gone)
        codebook = replace(codebook, labels=tuple(one for one in codebook.labels if one.name != gone))
    for text in add or []:
        label, _, definition = text.partition("=")
        one = CodebookLabel(label.strip(), definition.strip())
        codebook = replace(codebook, labels=(*codebook.labels, one))
    for text in define or []:
        label, said = _pair(text, "--define LABEL=TEXT")
        change(label, definition=said)
    for text in held.example or []:
        label, said = _pair(text, "--example LABEL=TEXT")
        known = next((one.examples for one in codebook.labels if one.name == label), ())
        change(label, examples=(*known, said))
    for text in held.key or []:
        label, said = _pair(text, "--key LABEL=KEY")
        change(label, key=said)
    if held.title is not None:
        codebook = replace(codebook, title=held.title)
    if held.start is not None:
        codebook = replace(codebook, start=held.start)
    return codebook


def _pair(text: str, form: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name.strip() or not value.strip():
        raise UsageError(f"{text!r:.80} cannot be read", f"Write {form}.")
    return name.strip(), value.strip()


def _check_keys(config: Config, codebook: Codebook) -> None:
    """Refuse keys that do something else in the app.

    Raises:
        CodebookError: one does.
    """
    from mmsa_tui.codebook import CodebookError
    from mmsa_tui.tui.keys import check_keys

    try:
        check_keys({**config.keys, **codebook.keys()})
    except MmsaError as error:
        raise CodebookError(
            f"a key of the codebook {codebook.name} is taken: {error.message}",
            "Give the label another key, or the app's action one in the config.",
        ) from error


def _describe(standing: Standing) -> str:
    codebook = standing.codebook
    lines = [f"codebook {codebook.name}" + (f": {codebook.title}" if codebook.title else ""), ""]
    rows = [("key", "label", "posts", "definition")]
    for keys, label in zip(codebook.keys_shown(), codebook.labels, strict=True):
        rows.append((keys, label.name, f"{standing.labelled[label.name]:,}", label.definition))
    lines.append(console.table(rows, right=(2,), indent="  "))
    for label in codebook.labels:
        lines += [f"  {label.name}, as in: {example}" for example in label.examples]
    for name, number in standing.outside.items():
        lines.append(_outside(name, number))
    lines.append("")
    lines.append(f"model {standing.bundle}" if standing.bundle else standing.problem)
    return "\n".join(lines)


def _describe_edit(edited: Edited) -> list[str]:
    lines = [f"changed the codebook {edited.codebook.name}: {', '.join(edited.codebook.names)}"]
    for name, number in edited.renamed.items():
        if number:
            lines.append(f"{counted(number, 'label')} {name!r} said again under the new name")
    for name, number in edited.outside.items():
        lines.append(_outside(name, number))
    if edited.needs_model:
        lines.append("its models gave the labels of before: `mmsa retrain` makes one of these")
    return lines


def _outside(name: str, number: int) -> str:
    posts = counted(number, "post")
    return (
        f"{posts} labelled {name!r}, which the codebook does not have: they keep it, and nothing is learned"
        " from them until they are labelled anew, or the label is back"
    )
