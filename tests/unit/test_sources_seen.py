"""Which texts came before, in memory that does not grow with them."""

from __future__ import annotations

import tracemalloc

import pytest

from mmsa_tui.errors import SourceError
from mmsa_tui.sources.seen import Seen


def test_a_text_is_new_once_and_once_more_as_another_kind() -> None:
    with Seen() as seen:
        assert [seen.add("id", "7"), seen.add("id", "7"), seen.add("text", "7")] == [True, False, True]


def test_texts_beyond_the_cache_are_still_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mmsa_tui.sources.seen._CACHE_KB", 64)
    with Seen() as seen:
        assert all(seen.add("id", str(number)) for number in range(20_000))
        assert not any(seen.add("id", str(number)) for number in range(20_000))


def test_many_texts_leave_nothing_of_python_s_in_memory() -> None:
    with Seen() as seen:
        tracemalloc.start()
        try:
            for number in range(20_000):
                seen.add("id", str(number))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 100_000


def test_a_temporary_file_without_room_is_an_error_with_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    with Seen() as seen:
        seen._connection.execute("PRAGMA max_page_count = 2")
        with pytest.raises(SourceError, match="temporary file") as caught:
            for number in range(10_000):
                seen.add("id", str(number))
    assert "TMPDIR" in caught.value.hint
