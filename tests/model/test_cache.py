"""The feature cache: what is damaged costs its entries, and is never given out."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mmsa_tui.model.cache import CacheSize, FeatureCache, check_cache, clear_cache, measure_cache

VECTORS = {f"text:{i:04d}": np.full(384, float(i), np.float32) for i in range(400)}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "cache" / "features.db"
    with FeatureCache(path) as cache:
        cache.put(VECTORS)
    return path


def spoil(file: Path, keep: int = 100) -> None:
    """Overwrite everything past the header of the file."""
    data = bytearray(file.read_bytes())
    data[keep:] = bytes((i * 89 + 7) % 256 for i in range(len(data) - keep))
    file.write_bytes(data)


def spoil_pages(file: Path, every: int = 2) -> None:
    """Overwrite the middle of pages, the first one spared."""
    data = bytearray(file.read_bytes())
    for start in range(4096 * 2, len(data), 4096 * every):
        data[start : start + 3000] = bytes((i * 89 + 7) % 256 for i in range(3000))
    file.write_bytes(data)


def test_what_was_put_comes_back(file: Path) -> None:
    with FeatureCache(file) as cache:
        found = cache.get([*VECTORS, "text:unknown"])
    assert found.keys() == VECTORS.keys()
    assert all(np.array_equal(found[key], vector) for key, vector in VECTORS.items())


@pytest.mark.parametrize("harm", [spoil, spoil_pages])
def test_a_damaged_cache_is_begun_anew_when_it_is_read(file: Path, harm: Callable[[Path], None]) -> None:
    harm(file)
    with FeatureCache(file) as cache:
        found = cache.get(list(VECTORS))
        assert all(np.array_equal(vector, VECTORS[key]) for key, vector in found.items())
        cache.put(VECTORS)
    with FeatureCache(file) as cache:
        assert len(cache.get(list(VECTORS))) == len(VECTORS)


@pytest.mark.parametrize("harm", [spoil, spoil_pages])
def test_a_damaged_cache_is_begun_anew_when_it_is_written(file: Path, harm: Callable[[Path], None]) -> None:
    harm(file)
    more = {f"image:{i:04d}": np.full(1280, 0.5, np.float32) for i in range(200)}
    with FeatureCache(file) as cache:
        cache.put(more)
        assert len(cache.get(list(more))) == len(more)


def test_a_cache_damaged_while_it_is_open_is_begun_anew(file: Path) -> None:
    with FeatureCache(file) as cache:
        spoil_pages(file, every=1)
        assert all(np.array_equal(v, VECTORS[key]) for key, v in cache.get(list(VECTORS)).items())
        cache.put(VECTORS)
        assert len(cache.get(list(VECTORS))) == len(VECTORS)


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE features SET vector = substr(vector, 1, 100)",
        "UPDATE features SET vector = substr(vector, 1, 101)",
        "UPDATE features SET vector = zeroblob(length(vector))",
        "UPDATE features SET vector = 'words'",
        "UPDATE features SET vector = 7",
        "UPDATE features SET vector = x''",
        "UPDATE features SET vector = (SELECT vector FROM features WHERE key = 'text:0001')",
    ],
)
def test_an_altered_vector_is_as_good_as_absent(file: Path, harm: str) -> None:
    connection = sqlite3.connect(file)
    with connection:
        connection.execute(harm)
    connection.close()
    with FeatureCache(file) as cache:
        assert "text:0002" not in cache.get(list(VECTORS))
        cache.put(VECTORS)
        assert np.array_equal(cache.get(["text:0002"])["text:0002"], VECTORS["text:0002"])


def test_a_table_of_another_shape_is_begun_anew(tmp_path: Path) -> None:
    file = tmp_path / "features.db"
    connection = sqlite3.connect(file)
    connection.execute("CREATE TABLE features (something TEXT)")
    connection.close()
    with FeatureCache(file) as cache:
        assert cache.get(["a"]) == {}
        cache.put({"a": np.ones(4, np.float32)})
        assert np.array_equal(cache.get(["a"])["a"], np.ones(4, np.float32))


def test_where_no_cache_can_be_made_nothing_is_kept(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    with FeatureCache(tmp_path / "cache" / "features.db") as cache:
        cache.put({"a": np.ones(4, np.float32)})
        assert cache.get(["a"]) == {}


def test_a_cache_that_another_process_holds_is_not_thrown_away(file: Path) -> None:
    holder = sqlite3.connect(file, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with FeatureCache(file, timeout_s=0.1) as cache:
        cache.put({"a": np.ones(4, np.float32)})
        assert len(cache.get(list(VECTORS))) == len(VECTORS)
    holder.close()


def test_a_check_tells_a_whole_cache_from_a_damaged_one(file: Path) -> None:
    assert check_cache(file) == "whole"
    spoil_pages(file)
    assert "damaged" in check_cache(file)
    assert check_cache(file.with_name("none.db")) == "not made yet"


def test_past_its_limit_a_cache_makes_room_and_keeps_most(tmp_path: Path) -> None:
    path = tmp_path / "features.db"
    limit = 1_000_000
    with FeatureCache(path, max_bytes=limit) as cache:
        for batch in range(400):
            cache.put({f"{batch}:{i}": np.full(1280, 1.0, np.float32) for i in range(8)})
        kept = cache.get([f"{batch}:{i}" for batch in range(400) for i in range(8)])
    # 3,200 vectors of 2.6 kB would be 8 MB. It looks every fifty batches, which are 1 MB.
    assert 200 < len(kept) < 1000


def test_a_cleared_cache_is_gone_with_its_logs(file: Path) -> None:
    assert measure_cache(file).n_vectors == len(VECTORS)
    clear_cache(file)
    assert measure_cache(file) == CacheSize(0, 0)
    assert list(file.parent.iterdir()) == []
