"""Which posts a bundle carries the features of, by content hash. Reads hashes alone, without torch."""

from __future__ import annotations

from collections.abc import Iterable

from mmsa_tui.bundle.meta import REPLAY, Bundle
from mmsa_tui.errors import BundleError


def posts_in(bundle: Bundle, names: Iterable[str]) -> frozenset[str]:
    """List the content hashes of the posts in some of a bundle's files; those it lacks hold none.

    Raises:
        BundleError: a file is damaged.
    """
    # numpy costs 0.1 s, and who only reads posts should not pay it.
    from safetensors import SafetensorError, safe_open

    found: set[str] = set()
    for name in names:
        path = bundle.directory / name
        if not path.is_file():
            continue
        try:
            with safe_open(path, framework="numpy") as file:
                rows = file.get_tensor("hashes")
        except (OSError, SafetensorError) as error:
            raise BundleError(
                f"{path} cannot be read ({error})", "Get the bundle again from where it came."
            ) from error
        found |= {"b2:" + row.tobytes().hex() for row in rows if row.any()}
    return frozenset(found)


def trained_on(bundle: Bundle) -> frozenset[str]:
    """List the posts that a bundle was fitted on: scores on these flatter it."""
    return posts_in(bundle, [REPLAY])
