"""Put the newest version of the default bundle and the encoders it names into the wheel."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

BUNDLE = "mvsa"
PACKAGE = "mmsa_tui_bundle"
"""A folder of data without code; `mmsa_tui.config` looks for it by this name."""


def _newest(root: Path) -> tuple[Path, dict[str, Any]]:
    found = [(json.loads(file.read_text("utf-8")), file.parent) for file in root.glob("*/meta.json")]
    named = [(meta, folder) for meta, folder in found if meta["name"] == BUNDLE]
    meta, folder = max(named, key=lambda item: [int(part) for part in item[0]["version"].split(".")])
    return folder, meta


class Metadata(MetadataHookInterface):
    """The distribution has the version of the bundle."""

    def update(self, metadata: dict[str, Any]) -> None:
        metadata["version"] = _newest(Path(self.root))[1]["version"]


class Files(BuildHookInterface[Any]):
    """Only what the default bundle is made of."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        folder, meta = _newest(root)
        build_data["force_include"][str(folder)] = f"{PACKAGE}/{folder.name}"
        for name in sorted(set(meta["encoders"].values())):
            build_data["force_include"][str(root / "encoders" / name)] = f"{PACKAGE}/encoders/{name}"
