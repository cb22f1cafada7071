"""Any JSON in the shape of no tool, straight to the readers: a row for each, never an exception.

`sources.read` catches what a reader does not foresee; here nothing does.
"""

from __future__ import annotations

import copy
import json
import re
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tool_records import CASES, JPEG, V1, Write

from mmsa_tui.errors import SourceError
from mmsa_tui.records import Failure, Post
from mmsa_tui.sources.base import Reader, ReadOptions
from mmsa_tui.sources.readers import fourcat, x_archive
from mmsa_tui.sources.reading import complete

leaves = st.sampled_from(
    (
        *(None, True, 0, -1, 2**63, 10**400, 1.5, 1e300, float("nan"), float("inf"), "", "x", "\0", "\ud800"),
        *("../secret.jpg", "/etc/hostname", "https://t.co/abcdefghij", "RT @a: b", "a" * 300, "https://["),
        "9" * 5000,
    )
)
anything = st.recursive(
    leaves | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def places(value: object) -> Iterator[tuple[Any, Any]]:
    """Yield every container and key in a JSON value."""
    if isinstance(value, dict):
        for key in value:
            yield value, key
            yield from places(value[key])
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield value, index
            yield from places(item)


@st.composite
def distorted(draw: st.DrawFn, record: dict[str, Any]) -> Any:
    """A record of some tool in which a few values, at any depth, are anything else."""
    changed = copy.deepcopy(record)
    for _ in range(draw(st.integers(0, 3))):
        found = list(places(changed))
        if found:
            container, key = draw(st.sampled_from(found))
            container[key] = draw(anything)
    return changed


@contextmanager
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name).resolve()
        (root / "secret.jpg").write_bytes(JPEG)
        (root / "source").mkdir()
        (root / "source/A.jpg").write_bytes(JPEG)
        yield root / "source"


def check_all(reader: Reader, source: Path, root: Path) -> None:
    # What a reader does not foresee is an error here; `complete` would make a sentence of it.
    items = list(reader.read(source, ReadOptions()))
    for item in complete(iter(items), source.name):
        check(item, root)


def check(item: Post | Failure, root: Path) -> None:
    assert isinstance(item.post_id, str) and isinstance(item.text, str)
    assert all(isinstance(name, str) and isinstance(value, str) for name, value in item.metadata.items())
    if isinstance(item, Failure):
        assert item.reason
        return
    assert item.post_id and (item.text or item.pictures)
    assert item.created_at == "" or re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", item.created_at)
    for picture in item.pictures:
        assert picture.path is None or picture.path.resolve().is_relative_to(root)


@pytest.mark.parametrize(("reader", "write", "seeds"), CASES, ids=[case[0].name for case in CASES])
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_json_gives_posts_or_failures(
    reader: Reader, write: Write, seeds: list[dict[str, Any]], data: st.DataObject
) -> None:
    seed = st.sampled_from(seeds).flatmap(distorted)
    records = data.draw(st.lists(seed | anything, min_size=1, max_size=4))
    with folder() as root:
        source = write(root, records)
        reader.detect(source)
        try:
            check_all(reader, source, root)
        except SourceError:
            pass


@pytest.mark.parametrize("reader", [case[0] for case in CASES], ids=[case[0].name for case in CASES])
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    content=st.binary(max_size=400),
    name=st.sampled_from(["a.jsonl", "a.csv", "tweets.js", "a.zip", "a.json"]),
)
def test_any_bytes_give_posts_or_a_clear_error(reader: Reader, content: bytes, name: str) -> None:
    with folder() as root:
        (root / name).write_bytes(content)
        for source in (root / name, root):
            reader.detect(source)
            try:
                check_all(reader, source, root)
            except SourceError as error:
                assert error.message and error.hint


@pytest.mark.parametrize(
    ("reader", "name", "content"),
    [
        (x_archive.READER, "data/tweets.js", "window.YTD.tweets.part0 = " + json.dumps([{"tweet": V1}] * 40)),
        (fourcat.READER, "a.csv", "id,thread_id,timestamp,body\n" + "1,1,2024-03-05,hi there\n" * 400),
    ],
    ids=["x-archive", "4cat"],
)
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_zip_with_damaged_bytes_gives_rows_or_a_clear_error(
    reader: Reader, name: str, content: str, data: st.DataObject
) -> None:
    with folder() as root:
        source = root / "a.zip"
        with zipfile.ZipFile(source, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, content)
        damaged = bytearray(source.read_bytes())
        for _ in range(data.draw(st.integers(1, 4))):
            damaged[data.draw(st.integers(4, len(damaged) - 1))] = data.draw(st.integers(0, 255))
        source.write_bytes(damaged)
        reader.detect(source)
        try:
            check_all(reader, source, root)
        except SourceError as error:
            assert error.message and error.hint
