"""Which posts a bundle keeps apart to tune and judge by; corrections of them are never learned from.

Reads hashes alone, without torch: the app asks for it.
"""

from __future__ import annotations

from mmsa_tui.bundle.meta import EVALUATION, TUNING, Bundle
from mmsa_tui.errors import BundleError


def kept_apart(bundle: Bundle) -> frozenset[str]:
    """List the content hashes of the frozen and the tuning posts.

    Raises:
        BundleError: a file is damaged.
    """
    # numpy costs 0.1 s, and who only reads posts should not pay it.
    from safetensors import SafetensorError, safe_open

    found: set[str] = set()
    for name in (EVALUATION, TUNING):
        path = bundle.directory / name
        if not path.is_file():
            continue
        try:
            with safe_open(path, framework="numpy") as file:
                rows = file.get_tensor("hashes")
        except (OSError, SafetensorError) as error:
            raise BundleError(
                f"{path} cannot be read ({error})", "get the bundle again from where it came"
            ) from error
        found |= {"b2:" + row.tobytes().hex() for row in rows if row.any()}
    return frozenset(found)
