"""mmsa-tui: what a mass of tweets feels, from words and pictures together.

For notebooks: `read`, `classify` and `load_bundle`, and for training code of your own
`MultimodalPreprocessor` and `MultimodalDataset`. They are imported when they are first used;
`__init__.pyi` tells type checkers of them.
"""

from __future__ import annotations

import importlib

__version__ = "0.1.0"
__all__ = ["MultimodalDataset", "MultimodalPreprocessor", "classify", "load_bundle", "read"]

_ROOMS = {
    "MultimodalDataset": "mmsa_tui.model.multimodal",
    "MultimodalPreprocessor": "mmsa_tui.model.multimodal",
    "classify": "mmsa_tui.services.notebook",
    "load_bundle": "mmsa_tui.services.notebook",
    "read": "mmsa_tui.services.notebook",
}


def __getattr__(name: str) -> object:
    """Import what is asked for (PEP 562), so that importing the package stays free."""
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_ROOMS[name]), name)


def __dir__() -> list[str]:
    return sorted((*globals(), *_ROOMS))
