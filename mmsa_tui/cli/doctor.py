"""`mmsa doctor`: what this installation is made of, and what is wrong with it."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable
from dataclasses import fields
from importlib import metadata
from pathlib import Path
from typing import Any

import typer

from mmsa_tui import __version__
from mmsa_tui.cli import console, options
from mmsa_tui.cli.cache import kept_graphs
from mmsa_tui.config import Config
from mmsa_tui.errors import ExitCode, MmsaError, StoreError

_PACKAGES = (
    "torch", "transformers", "tokenizers", "safetensors", "textual", "textual-image", "rich", "typer",
    "pillow", "numpy", "pandas", "openpyxl", "xlsxwriter", "pyarrow", "scikit-learn", "vaderSentiment",
)  # fmt: skip


def register(app: typer.Typer) -> None:
    app.command(epilog=options.example("mmsa doctor"))(doctor)


def doctor(device: options.DeviceOption = None, json: options.JsonOption = False) -> None:
    """Say what is installed here and what is wrong.

    Prints device, terminal, paths, settings, bundles and versions. The exit code is that of the first
    thing that is wrong.
    """
    config = options.configure(device=device)
    examination = _Examination()
    found = {
        "mmsa": {"version": __version__, "python": sys.version.split()[0], "system": platform.platform()},
        "device": examination.run(lambda: _device(config)),
        "runtime": examination.run(lambda: _runtime(config)),
        "terminal": _terminal(config),
        "paths": _paths(config),
        "settings": {
            setting.name: getattr(config, setting.name)
            for setting in fields(config)
            if setting.name not in ("paths", "keys")
        },
        "keys of the app": examination.run(lambda: _keys(config)),
        "words in pictures": examination.run(_reader_of_pictures),
        "feature cache": examination.run(lambda: _cache(config)),
        "store": examination.run(lambda: _store(config, examination.problems)),
        "bundles": examination.run(lambda: _bundles(config)),
        "packages": _packages(),
    }  # fmt: skip
    if json:
        problems = [{"message": error.message, "hint": error.hint} for error in examination.problems]
        console.show_json({**found, "problems": problems})
    else:
        for title, facts in found.items():
            console.show(title)
            console.show(console.table([(name, _shown(value)) for name, value in facts.items()], indent="  "))
        console.show()
        for error in examination.problems:
            console.show(f"wrong: {error.message}" + (f" ({error.hint})" if error.hint else ""))
        if not examination.problems:
            console.show("nothing is wrong")
    raise typer.Exit(examination.code)


class _Examination:
    """Runs checks to the end, whatever each of them finds."""

    def __init__(self) -> None:
        self.problems: list[MmsaError] = []

    @property
    def code(self) -> int:
        return self.problems[0].exit_code if self.problems else ExitCode.OK

    def run(self, check: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        try:
            return check()
        except MmsaError as error:
            self.problems.append(error)
            return {"problem": error.message}


def _device(config: Config) -> dict[str, Any]:
    from mmsa_tui.model.device import choose_device, describe_device

    return describe_device(choose_device(config.device), config.threads)


def _runtime(config: Config) -> dict[str, Any]:
    from mmsa_tui.bundle.registry import find_bundle
    from mmsa_tui.model.encoding import open_encoders

    bundle = find_bundle(config.paths, config.bundle)
    encoders = open_encoders(bundle, config.paths, config.device, threads=config.threads)
    graphs = [file.stat().st_size for file in kept_graphs(config.paths.cache_dir)]
    return {
        "program": "ONNX Runtime" if encoders.runtimes.device == "cpu" else "torch",
        "device and numbers": encoders.runtimes.name,
        "other runtimes": "; ".join(encoders.runtimes.tried) or "none installed",
        "graphs kept": f"{len(graphs)}, {sum(graphs) / 1e6:,.1f} MB",
        "predictions kept": _judged(config, bundle.id),
    }


def _terminal(config: Config) -> dict[str, Any]:
    from mmsa_tui.tui.graphics import find_graphics

    size = os.get_terminal_size() if sys.stdout.isatty() else None
    return {
        "name": os.environ.get("TERM_PROGRAM") or os.environ.get("TERM") or "unknown",
        "graphics": find_graphics(config.pictures),
        "size": f"{size.columns}x{size.lines}" if size else "no terminal",
        "encoding": sys.stdout.encoding or "unknown",
        "colour": "off (NO_COLOR)" if os.environ.get("NO_COLOR") else os.environ.get("COLORTERM") or "basic",
        "over_ssh": bool(os.environ.get("SSH_CONNECTION")),
    }


def _keys(config: Config) -> dict[str, Any]:
    """List the app's actions by the names that the config knows, with their keys; check what the app does."""
    from mmsa_tui.tui.keys import all_keys, show_key
    from mmsa_tui.tui.settings import check_settings

    check_settings(config)
    return {name: " ".join(map(show_key, keys)) for name, keys in all_keys("browse", config.keys).items()}


def _paths(config: Config) -> dict[str, Any]:
    paths = config.paths
    return {
        "config": str(paths.config_file) + ("" if paths.config_file.is_file() else " (not there)"),
        "data": str(paths.data_dir),
        "cache": str(paths.cache_dir),
        "shipped bundles": str(paths.shipped_bundles),
        "database": str(paths.database) + _size(paths.database),
        "features": str(paths.features_file) + _size(paths.features_file),
    }


def _store(config: Config, problems: list[MmsaError]) -> dict[str, Any]:
    from mmsa_tui.services import store_care

    health = store_care.check(config.paths)
    problems += health.problems
    if not health.problems and not config.paths.database.is_file():
        return {"state": "not made yet"}
    return {
        "state": "damaged or out of reach" if health.problems else "whole",
        "sources": health.n_sources,
        "posts": health.n_posts,
        "corrections": health.n_corrections,
        "corrected": health.n_corrected,
    }


def _judged(config: Config, bundle_id: str) -> str:
    """Say where the predictions that are kept were made; a store that is damaged has a section of its own."""
    from mmsa_tui.store import Store

    if not config.paths.database.is_file():
        return "none"
    try:
        with Store.open(config.paths.database) as store:
            counts = store.count_runtimes(bundle_id)
    except StoreError:
        return "unknown"
    return ", ".join(f"{n:,} on {name or 'what is not known'}" for name, n in counts.items()) or "none"


def _cache(config: Config) -> dict[str, Any]:
    from mmsa_tui.model.cache import check_cache

    # Never a problem: it costs the time to encode again, and whoever uses it next replaces it.
    return {"state": check_cache(config.paths.features_file)}


def _reader_of_pictures() -> dict[str, Any]:
    """Load what reads the words in pictures; where it is not installed, nothing is wrong."""
    from mmsa_tui.model.picture_words import RapidReader, is_installed

    if not is_installed():
        return {"state": "not installed; `pip install 'mmsa-tui[ocr]'`"}
    RapidReader()
    return {"state": "RapidOCR, whole"}


def _bundles(config: Config) -> dict[str, Any]:
    from mmsa_tui.bundle.meta import Bundle, verify_bundle
    from mmsa_tui.bundle.registry import find_bundle, list_bundles

    listed: dict[str, Any] = {}
    for item in list_bundles(config.paths):
        if isinstance(item, Bundle):
            listed[item.id] = str(item.directory)
        else:
            listed[item.directory.name] = f"damaged: {item.reason}"
    active = find_bundle(config.paths, config.bundle)
    verify_bundle(active, config.paths)
    return {"active": f"{active.id}, whole", **listed}


def _packages() -> dict[str, Any]:
    versions: dict[str, Any] = {}
    for name in _PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = "missing"
    return versions


def _size(path: Path) -> str:
    try:
        return f" ({path.stat().st_size / 1e6:,.1f} MB)"
    except OSError:
        return " (not there)"


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if value != "" else "-"
