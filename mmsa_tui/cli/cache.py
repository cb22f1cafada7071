"""`mmsa cache`: what is kept to save time, how large it is, and removing it."""

from __future__ import annotations

from pathlib import Path

import typer

from mmsa_tui.cli import console, options


def register(app: typer.Typer) -> None:
    group = typer.Typer(help="Look at what is kept to save time, or remove it.", no_args_is_help=True)
    group.command(epilog=options.example("mmsa cache info"))(info)
    group.command(epilog=options.example("mmsa cache clear"))(clear)
    app.add_typer(group, name="cache")


def info(json: options.JsonOption = False) -> None:
    """Say what is kept, how large it is and where."""
    from mmsa_tui.model.cache import MAX_BYTES, check_cache, measure_cache

    paths = options.configure().paths
    size, graphs = measure_cache(paths.features_file), kept_graphs(paths.cache_dir)
    found = {
        "folder": str(paths.cache_dir),
        "state": check_cache(paths.features_file),
        "features": size.n_vectors,
        "features_bytes": size.n_bytes,
        "limit_bytes": MAX_BYTES,
        "graphs": len(graphs),
        "graphs_bytes": sum(file.stat().st_size for file in graphs),
    }
    if json:
        console.show_json(found)
        return
    rows = [
        ["folder", str(paths.cache_dir)],
        [
            "features",
            f"{size.n_vectors:,}, {_mb(size.n_bytes)} of at most {_mb(MAX_BYTES)}: {found['state']}",
        ],
        ["graphs", f"{len(graphs)}, {_mb(sum(file.stat().st_size for file in graphs))}"],
    ]
    console.show(console.table(rows))


def clear() -> None:
    """Remove features and graphs; posts, predictions and corrections stay, and results do not change."""
    from mmsa_tui.disk.whole_file import remove
    from mmsa_tui.model.cache import clear_cache, measure_cache

    paths = options.configure().paths
    size, graphs = measure_cache(paths.features_file), kept_graphs(paths.cache_dir)
    freed = size.n_bytes + sum(file.stat().st_size for file in graphs)
    clear_cache(paths.features_file)
    for file in graphs:
        remove(file)
    console.show(f"removed {_mb(freed)} from {paths.cache_dir}; the next run takes longer, once")


def kept_graphs(folder: Path) -> list[Path]:
    """List the graphs that were derived from bundles and kept in a cache folder."""
    return sorted((folder / "graphs").glob("*")) if (folder / "graphs").is_dir() else []


def _mb(n_bytes: int) -> str:
    return f"{n_bytes / 1e6:,.1f} MB"
