"""`mmsa bundle`: which models there are, which one is used, and handing them over."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mmsa_tui.cli import console, options
from mmsa_tui.errors import BundleError, ExitCode

if TYPE_CHECKING:
    from mmsa_tui.bundle.meta import Bundle, BundleMeta
    from mmsa_tui.bundle.registry import DamagedBundle
    from mmsa_tui.config import Config

NameArgument = Annotated[
    str, typer.Argument(metavar="[NAME|DIR]", help='A name, "NAME VERSION" or a folder; else the active one.')
]
ForcedNameArgument = Annotated[
    str, typer.Argument(metavar="NAME|DIR", help='A name, "NAME VERSION" or a folder.')
]


def register(app: typer.Typer) -> None:
    group = typer.Typer(help="List, check, choose and hand over models.", no_args_is_help=True)
    group.command("list", epilog=options.example("mmsa bundle list"))(list_)
    group.command(epilog=options.example("mmsa bundle info"))(info)
    group.command(epilog=options.example("mmsa bundle verify --all"))(verify)
    group.command(epilog=options.example("mmsa bundle use mvsa"))(use)
    group.command(epilog=options.example("mmsa bundle rollback"))(rollback)
    group.command(epilog=options.example("mmsa bundle export mvsa -o mvsa.zip"))(export)
    group.command("import", epilog=options.example("mmsa bundle import mvsa.zip"))(import_)
    app.add_typer(group, name="bundle")


def list_(json: options.JsonOption = False) -> None:
    """List the bundles, and the candidates that a retrain left aside; * marks the active one."""
    from mmsa_tui.bundle.meta import Bundle
    from mmsa_tui.bundle.registry import is_shipped, list_bundles
    from mmsa_tui.services.promote import kept_candidates

    config = options.configure()
    bundles = list_bundles(config.paths)
    active = _active_directory(config)
    if json:
        console.show_json([_listed(item, active) for item in bundles])
        return
    if not bundles:
        raise BundleError("there is no bundle", "`mmsa bundle import FILE` brings one in.")
    rows: list[tuple[str, ...]] = [
        ("", "bundle", "from", "accuracy", "macro F1", "on", "corrections", "made")
    ]
    damaged = []
    for item in bundles:
        if isinstance(item, Bundle):
            rows.append(_row(item, active, is_shipped(item, config.paths)))
        else:
            damaged.append(f"damaged: {item.directory}: {item.reason}")
    kept = [
        f"kept aside, {'passed' if item.verdict.passed else 'refused'} by the gate: {item.bundle.directory}"
        for item in kept_candidates(config.paths)
    ]
    console.show("\n".join([console.table(rows, right=(3, 4, 5, 6)), *damaged]))
    if kept:
        console.talk("\n".join([*kept, "`mmsa retrain --candidate DIR` promotes one"]))


def info(name: NameArgument = "", json: options.JsonOption = False) -> None:
    """Print a bundle's model card."""
    from mmsa_tui.bundle.card import model_card
    from mmsa_tui.bundle.registry import find_bundle

    config = options.configure()
    bundle = find_bundle(config.paths, name or config.bundle)
    if json:
        console.show_json({"directory": str(bundle.directory), **bundle.meta.as_json()})
        return
    # From meta, not from the file: a card says as much as the version that wrote it could.
    console.show(model_card(_measured(bundle)).strip())
    console.show(f"\n{bundle.directory}")


def _measured(bundle: Bundle) -> BundleMeta:
    """Add to a bundle's record what older versions did not measure, from its own frozen posts."""
    meta = bundle.meta
    if "reliability" in meta.scores:
        return meta
    from mmsa_tui.model.reliability import measure_frozen

    try:
        return replace(meta, scores={**meta.scores, **measure_frozen(bundle)})
    except BundleError:
        # A card of a damaged bundle says less; `verify` says what is wrong.
        return meta


def verify(
    name: NameArgument = "", all_: Annotated[bool, typer.Option("--all", help="Check all of them.")] = False
) -> None:
    """Check a bundle's files against their checksums, and its answers on its own frozen posts."""
    from mmsa_tui.bundle.meta import Bundle
    from mmsa_tui.bundle.registry import find_bundle, list_bundles
    from mmsa_tui.services.bundles import verify as verify_whole

    config = options.configure()
    paths = config.paths
    found = list_bundles(paths) if all_ else [find_bundle(paths, name or config.bundle)]
    code = ExitCode.OK
    for item in found:
        try:
            if not isinstance(item, Bundle):
                raise BundleError(f"{item.directory}: {item.reason}")
            reference = verify_whole(item, paths)
            judged = f"; of its {reference.n:,} frozen posts {reference.accuracy:.1%} right"
            console.show(f"{item.id} is whole" + (judged if reference.n else ""))
        except BundleError as error:
            if not all_:
                raise
            code = error.exit_code
            console.show(f"damaged: {error.message}")
    raise typer.Exit(code)


def use(name: ForcedNameArgument) -> None:
    """Make a bundle the active one, after checking it."""
    from mmsa_tui.bundle.registry import use_bundle

    bundle = use_bundle(options.configure().paths, name)
    console.show(f"{bundle.id} is active")
    warn_if_another_is_set(bundle)


def rollback() -> None:
    """Go back to the active bundle's parent, or to the bundle used before if the parent is not here."""
    from mmsa_tui.bundle.registry import find_bundle, roll_back

    paths = options.configure().paths
    parent = find_bundle(paths).meta.parent
    bundle = roll_back(paths)
    console.show(f"{bundle.id} is active")
    if bundle.id != parent:
        console.talk(f"note: it was in use before; {parent}, the parent on record, was made elsewhere")
    warn_if_another_is_set(bundle)


def export(
    name: NameArgument = "",
    output: Annotated[
        Path | None, options.output("The file to write; without it NAME-VERSION.mmsa-bundle.zip here.")
    ] = None,
) -> None:
    """Pack a bundle and its encoders into one file."""
    from mmsa_tui.bundle.archive import SUFFIX, export_bundle
    from mmsa_tui.bundle.registry import find_bundle

    config = options.configure()
    bundle = find_bundle(config.paths, name or config.bundle)
    target = output or Path(bundle.id.replace(" ", "-") + SUFFIX)
    export_bundle(bundle, config.paths, target)
    console.show(f"wrote {target}")


def import_(
    file: Annotated[Path, options.path_argument("FILE", "What `mmsa bundle export` wrote.")],
) -> None:
    """Take in what `export` has packed, after checking it."""
    from mmsa_tui.services.bundles import take_in

    bundle = take_in(file, options.configure().paths)
    if bundle.imported_id:
        console.talk(
            f"note: it came as {bundle.imported_id}, and another bundle here is called that:"
            f" it is {bundle.id} now, and its record says so"
        )
    console.show(f'{bundle.id} is here; `mmsa bundle use "{bundle.id}"` makes it the active one')


def warn_if_another_is_set(active: Bundle) -> None:
    """Say so where a setting keeps another bundle in use than the active one."""
    from mmsa_tui.bundle.registry import find_bundle

    config = options.configure()
    try:
        used = find_bundle(config.paths, config.bundle)
    except BundleError:
        return
    if used.directory.resolve() != active.directory.resolve():
        console.talk(
            f"note: the setting bundle = {config.bundle!r} keeps {used.id} in use:"
            f" take it out of {config.paths.config_file} or MMSA_BUNDLE"
        )


def _active_directory(config: Config) -> Path | None:
    from mmsa_tui.bundle.registry import find_bundle

    try:
        return find_bundle(config.paths, config.bundle).directory
    except BundleError:
        return None


def _row(bundle: Bundle, active: Path | None, shipped: bool) -> tuple[str, ...]:
    meta = bundle.meta
    origin = meta.parent or ("shipped" if shipped else "elsewhere")
    return (
        "*" if bundle.directory == active else "",
        bundle.id,
        origin + (", gate overruled" if meta.training.get("overruled") else ""),
        _number(meta.scores.get("accuracy")),
        _number(meta.scores.get("macro_f1")),
        str(meta.scores.get("n", "")),
        str(meta.training.get("n_corrections") or ""),
        meta.created_at[:10],
    )


def _listed(item: Bundle | DamagedBundle, active: Path | None) -> dict[str, Any]:
    from mmsa_tui.bundle.meta import Bundle

    if not isinstance(item, Bundle):
        return {"directory": str(item.directory), "damaged": item.reason}
    is_active = item.directory == active
    return {"id": item.id, "active": is_active, "directory": str(item.directory), **item.meta.as_json()}


def _number(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else ""
