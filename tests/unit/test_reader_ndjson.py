"""How JSON records come out of files that are large, compressed, cut short or damaged."""

from __future__ import annotations

import bz2
import codecs
import gzip
import itertools
import json
import os
import random
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmsa_tui.sources.files import byte_stream, json_scan, ndjson
from mmsa_tui.sources.files.ndjson import Entry, parse_entries, read_entries, sample_records
from mmsa_tui.sources.timestamps import to_iso_utc

FUZZED_FILES = int(os.environ.get("MMSA_FUZZ", "15"))
"""Damaged files for each shape and place; `make fuzz` takes 200."""


def entries_of(path: Path, data: bytes) -> list[Entry]:
    path.write_bytes(data)
    return list(read_entries(path))


def values_of(path: Path, data: bytes) -> list[object]:
    return [entry.value for entry in entries_of(path, data)]


def test_each_line_is_a_record(tmp_path: Path) -> None:
    assert values_of(tmp_path / "a.jsonl", b'{"id": 1}\n{"id": 2}\n') == [{"id": 1}, {"id": 2}]


def test_a_byte_order_mark_and_windows_line_ends_are_no_part_of_a_record(tmp_path: Path) -> None:
    data = codecs.BOM_UTF8 + b'{"id": 1}\r\n\r\n{"id": 2}\r\n'
    assert values_of(tmp_path / "a.jsonl", data) == [{"id": 1}, {"id": 2}]


def test_a_half_written_last_line_costs_one_record(tmp_path: Path) -> None:
    whole, cut = entries_of(tmp_path / "a.jsonl", b'{"id": 1}\n{"id": 2, "text": "hel')
    assert whole.value == {"id": 1}
    assert cut.value is None and "line 2 is not a whole JSON record" in cut.reason


def test_a_broken_line_does_not_stop_the_next(tmp_path: Path) -> None:
    assert values_of(tmp_path / "a.jsonl", b'{"id": 1}\n{]\n{"id": 3}\n') == [{"id": 1}, None, {"id": 3}]


def test_a_bracket_that_ends_a_record_early_costs_that_record(tmp_path: Path) -> None:
    records = [
        {"link": f"x/{k}", "user": {"a": k}, **dict.fromkeys("bcdefghij", "z"), "text": "ab"}
        for k in range(6)
    ]
    whole = json.dumps({"tweets": records}).encode()
    at = whole.index(b'"b"', whole.index(b"x/2")) - 2
    entries = entries_of(tmp_path / "a.json", whole[:at] + b"}" + whole[at + 1 :])
    links = [entry.value["link"] for entry in entries if entry.value is not None]
    assert links == ["x/0", "x/1", "x/2", "x/3", "x/4", "x/5"]
    assert any(entry.value is None for entry in entries)


def test_an_overlong_line_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ndjson, "MAX_RECORD_BYTES", 1000)
    long = b'{"text": "' + b"x" * 5000 + b'"}'
    values = values_of(tmp_path / "a.jsonl", b'{"id": 1}\n' + long + b'\n{"id": 3}\n' + long)
    assert values == [{"id": 1}, None, {"id": 3}, None]


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress])
def test_a_compressed_file_is_known_by_its_content(tmp_path: Path, pack: object) -> None:
    assert callable(pack)
    assert values_of(tmp_path / "a.jsonl", pack(b'{"id": 1}\n{"id": 2}')) == [{"id": 1}, {"id": 2}]


def test_a_cut_gzip_file_gives_the_records_before_the_cut(tmp_path: Path) -> None:
    lines = b"".join(json.dumps({"id": os.urandom(40).hex()}).encode() + b"\n" for _ in range(20_000))
    entries = entries_of(tmp_path / "a.jsonl.gz", gzip.compress(lines)[:-200_000])
    assert len(entries) > 1000
    assert all(entry.value for entry in entries[:-1])
    assert "cannot be read beyond line" in entries[-1].reason


def test_an_archive_bomb_is_stopped_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(byte_stream, "_FREE_BYTES", 1 << 20)
    entries = entries_of(tmp_path / "a.jsonl.gz", gzip.compress(b'{"id": 1}\n' + b" " * (64 << 20)))
    assert entries[0].value == {"id": 1}
    assert "expands to more than" in entries[-1].reason


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
def test_a_file_redirected_by_powershell_is_utf16(tmp_path: Path, encoding: str) -> None:
    mark = "\ufeff" if encoding.endswith("be") else ""
    data = (mark + '{"text": "caffè"}\r\n{"text": "😀"}\r\n').encode(encoding)
    assert values_of(tmp_path / "a.jsonl", data) == [{"text": "caffè"}, {"text": "😀"}]


def test_half_a_utf8_sequence_costs_one_character(tmp_path: Path) -> None:
    assert values_of(tmp_path / "a.jsonl", b'{"text": "caf\xc3"}') == [{"text": "caf\ufffd"}]


def test_an_array_is_read_element_by_element(tmp_path: Path) -> None:
    data = json.dumps([{"id": number} for number in range(5)], indent=2).encode()
    assert values_of(tmp_path / "a.json", data) == [{"id": number} for number in range(5)]


def test_records_spread_over_lines_are_read(tmp_path: Path) -> None:
    data = b'{\n  "id": 1\n}\n{\n  "id": 2\n}\n'
    assert values_of(tmp_path / "a.json", data) == [{"id": 1}, {"id": 2}]


def test_an_array_cut_short_gives_the_elements_before_the_cut(tmp_path: Path) -> None:
    entries = entries_of(tmp_path / "a.json", b'[{"id": 1}, {"id": 2}, {"id": ')
    assert [entry.value for entry in entries] == [{"id": 1}, {"id": 2}, None]


def test_a_broken_element_is_passed_over_for_the_next_that_is_like_the_others() -> None:
    data = b'[{"tweet": {"id": 1}}, {"tweet": {"id" 2}}, {"tweet": {"id": 3}}]'
    entries = list(parse_entries(iter([data]), "tweets.js"))
    assert [entry.value for entry in entries] == [{"tweet": {"id": 1}}, None, {"tweet": {"id": 3}}]


def record(number: int) -> dict[str, object]:
    """A post with parts that begin as the post does, which are not to be taken for posts."""
    user = {"id": 7000 + number, "name": f"user {number}", "created_at": "2020"}
    media = [{"id": 100 * number + k, "url": f"https://x/{k}.jpg"} for k in range(2)]
    text = f'post {number}: "so it goes", {{x}} [y]'
    return {"id": number, "user": user, "text": text, "media": media, "lang": "en"}


def dumped(shape: str, count: int) -> tuple[bytes, list[tuple[int, int]]]:
    """Write records in a shape; return the bytes and where each record lies in them."""
    indent = 1 if shape.startswith("pretty") else None
    parts = [json.dumps(record(number), indent=indent) for number in range(1, count + 1)]
    opening, between, closing = {
        "lines": ("", "\n", "\n"),
        "array": ("[", ", ", "]"),
        "pretty array": ("[\n", ",\n", "\n]\n"),
        "envelope": ('{"meta": {"count": 3, "next": "x"}, "statuses": [', ", ", '], "more": true}'),
        "pretty envelope": ('{\n "name": "x",\n "messages": [\n', ",\n", "\n ]\n}"),
        "map": ("{", ", ", "}"),
    }[shape]
    if shape == "map":
        parts = [f'"19184107135219081{number:02}": {part}' for number, part in enumerate(parts)]
    spans, text = [], opening
    for number, part in enumerate(parts):
        text += between if number else ""
        spans.append((len(text), len(text) + len(part)))
        text += part
    return (text + closing).encode(), spans


SHAPES = ["lines", "array", "pretty array", "envelope", "pretty envelope", "map"]


@pytest.mark.parametrize("shape", SHAPES)
def test_records_are_found_in_whatever_they_are_wrapped_in(tmp_path: Path, shape: str) -> None:
    data, _ = dumped(shape, 5)
    assert values_of(tmp_path / "a.json", data) == [record(number) for number in range(1, 6)]


@pytest.mark.parametrize("inner", ["attributes", "properties", "_source"])
def test_records_whose_fields_lie_one_level_down_are_found(tmp_path: Path, inner: str) -> None:
    records = [{"type": "post", "id": number, inner: {"text": "a"}} for number in (1, 2)]
    page = {"data": records, "links": {"next": "x"}}
    assert values_of(tmp_path / "a.json", json.dumps(page).encode()) == records


def test_a_map_from_ids_to_posts_is_found_below_a_key(tmp_path: Path) -> None:
    posts = {f"19184107135219081{number}": {"text": "a", "lang": "en"} for number in (1, 2)}
    page = {"meta": {"count": 2}, "tweets": posts}
    assert values_of(tmp_path / "a.json", json.dumps(page).encode()) == list(posts.values())


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("damaged", [0, 6, 11])
def test_a_record_that_is_cut_costs_itself_and_is_told(tmp_path: Path, shape: str, damaged: int) -> None:
    data, spans = dumped(shape, 12)
    start, end = spans[damaged]
    rng = random.Random(f"{shape} {damaged}")
    for _ in range(FUZZED_FILES):
        at = rng.randrange(start + 1, end - 1)
        entries = entries_of(tmp_path / "a.json", data[:at] + data[end:])
        found = [entry.value for entry in entries if entry.value is not None]
        whole = [record(number) for number in range(1, 13) if number != damaged + 1]
        # Behind the cut a piece may stand that is like no record; it is told as well.
        assert [value for value in found if value in whole] == whole, data[at - 20 : at]
        assert any(entry.reason for entry in entries), data[at - 20 : at]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("damaged", [0, 6, 11])
def test_a_byte_that_changes_costs_one_record_at_most(tmp_path: Path, shape: str, damaged: int) -> None:
    data, spans = dumped(shape, 12)
    start, end = spans[damaged]
    rng = random.Random(f"{shape} {damaged}")
    for _ in range(FUZZED_FILES):
        at = rng.randrange(start, end)
        changed = bytes([rng.randrange(32, 127)])
        entries = entries_of(tmp_path / "a.json", data[:at] + changed + data[at + 1 :])
        found = [entry.value for entry in entries if entry.value is not None]
        whole = [record(number) for number in range(1, 13) if number != damaged + 1]
        assert [value for value in found if value in whole] == whole, (data[at - 20 : at], changed)
        assert len(found) == 12 or any(entry.reason for entry in entries)


@pytest.mark.parametrize("shape", ["array", "envelope", "pretty envelope"])
def test_an_envelope_whose_beginning_is_damaged_still_gives_its_records(tmp_path: Path, shape: str) -> None:
    data, spans = dumped(shape, 12)
    whole = [record(number) for number in range(1, 13)]
    path = tmp_path / "a.json"
    for at in range(spans[0][0] - 1):
        for damaged in (data[:at] + b"#" + data[at + 1 :], data[at:]):
            path.write_bytes(damaged)
            # What lies in the file is looked at first, to see of what kind it is.
            entries = list(read_entries(path)) if sample_records(path) else []
            found = [entry.value for entry in entries if entry.value is not None]
            assert [value for value in found if value in whole][-11:] == whole[1:], damaged[:40]
            assert any(entry.reason for entry in entries) or len(found) == 12, damaged[:40]


def test_records_in_a_list_that_is_called_like_a_field_are_records(tmp_path: Path) -> None:
    posts = [{"id": 1, "text": "a"}, {"id": 2, "text": "b"}]
    assert values_of(tmp_path / "a.json", json.dumps({"about": "x", "post": posts}).encode()) == posts


def test_a_page_of_api_v2_stays_in_one_piece(tmp_path: Path) -> None:
    page = {"data": [{"id": "1", "text": "x"}], "includes": {}, "meta": {"result_count": 1}}
    assert values_of(tmp_path / "a.json", json.dumps(page).encode()) == [page]


@pytest.mark.parametrize("key", ["#ata", "dat", "daat"])
def test_a_page_of_api_v2_whose_key_is_damaged_keeps_its_tweets(tmp_path: Path, key: str) -> None:
    page = {"data": [{"id": "1", "text": "x"}], "includes": {"users": []}, "meta": {"result_count": 1}}
    damaged = json.dumps(page).replace('"data"', f'"{key}"').encode()
    (found,) = values_of(tmp_path / "a.json", damaged)
    assert found is not None and found["data"] == page["data"] and "includes" in found


def test_a_large_envelope_is_read_piece_by_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_scan, "_ENVELOPE_CHARACTERS", 1000)
    monkeypatch.setattr(json_scan, "MAX_RECORD_BYTES", 2000)
    data, _ = dumped("envelope", 2000)
    assert values_of(tmp_path / "a.json", data) == [record(number) for number in range(1, 2001)]


def test_what_stands_beside_a_record_in_its_own_list_is_its_key(tmp_path: Path) -> None:
    (entry,) = entries_of(tmp_path / "a.json", b'[[3, "https://x/1.jpg", {"id": 1}]]')
    assert (entry.key, entry.value) == ("https://x/1.jpg", {"id": 1})


def test_a_bare_value_is_no_record(tmp_path: Path) -> None:
    entry, _ = entries_of(tmp_path / "a.jsonl", b'42\n{"id": 1}')
    assert entry.reason.endswith("is JSON but not a record")


@pytest.mark.parametrize("at", [0, 3, 5])
def test_a_quote_too_many_between_records_costs_none(tmp_path: Path, at: int) -> None:
    records = [json.dumps({"id": number, "text": f"post {number}"}) for number in range(6)]
    records[at] = f'", {records[at]}'
    entries = entries_of(tmp_path / "a.json", f"[{', '.join(records)}]".encode())
    assert [entry.value["id"] for entry in entries if entry.value is not None] == list(range(6))
    assert any(entry.value is None for entry in entries)


@pytest.mark.parametrize("at", [0, 3, 5])
def test_a_record_of_which_its_last_bracket_alone_is_left_is_told(tmp_path: Path, at: int) -> None:
    records = [json.dumps({"id": number, "text": f"post {number}"}) for number in range(6)]
    records[at] = "}"
    entries = entries_of(tmp_path / "a.json", f"[{', '.join(records)}]".encode())
    assert [entry.value and entry.value["id"] for entry in entries] == [
        n if n != at else None for n in range(6)
    ]


def test_a_record_nested_too_deeply_is_a_value_not_a_crash(tmp_path: Path) -> None:
    deep = b'{"a": ' + b"[" * 100_000
    lines = entries_of(tmp_path / "a.jsonl", b'{"id": 1}\n' + deep)
    assert "nested too deeply" in lines[-1].reason


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are a POSIX thing")
def test_a_pipe_is_refused_instead_of_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="not a regular file"):
        list(read_entries(tmp_path / "pipe"))


@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=400), cuts=st.lists(st.integers(0, 400), max_size=6))
def test_any_bytes_in_any_pieces_give_entries(data: bytes, cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(data)]
    pieces = [data[start:end] for start, end in itertools.pairwise(edges)]
    for entry in parse_entries(iter(pieces), "any"):
        assert (entry.value is None) == bool(entry.reason)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(
    # What has a text is a record, whatever else it holds.
    records=st.lists(
        st.dictionaries(st.text(), json_values, max_size=4).map(lambda parts: {**parts, "text": ""}),
        max_size=6,
    ),
    size=st.integers(1, 40),
    indent=st.sampled_from([None, 1]),
)
def test_an_array_reads_the_same_however_it_is_cut_into_pieces(
    records: list[dict[str, object]], size: int, indent: int | None
) -> None:
    data = json.dumps(records, indent=indent, ensure_ascii=False).encode("utf-8", "replace")
    pieces = (data[start : start + size] for start in range(0, len(data), size))
    values = [entry.value for entry in parse_entries(pieces, "any")]
    assert json.dumps(values) == json.dumps(json.loads(data))


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("Wed Oct 10 20:19:24 +0200 2018", "2018-10-10T18:19:24Z"),
        ("2023-05-01T12:00:00.000Z", "2023-05-01T12:00:00Z"),
        ("2023-05-01 12:00:00", "2023-05-01T12:00:00Z"),
        ("2023-05-01 12:00:00 -03:30", "2023-05-01T15:30:00Z"),
        ("2023-05-01 12:00 UTC", "2023-05-01T12:00:00Z"),
        (1714572180, "2024-05-01T14:03:00Z"),
        ("1714572180000", "2024-05-01T14:03:00Z"),
        ("2023-05-01", "2023-05-01T00:00:00Z"),
        ("yesterday", ""),
        ("0001-01-01T00:00:00+14:00", ""),
        (float("nan"), ""),
        (True, ""),
    ],
)
def test_a_moment_is_written_one_way(written: object, moment: str) -> None:
    assert to_iso_utc(written) == moment


@given(value=json_values)
def test_any_value_is_a_moment_or_none(value: object) -> None:
    moment = to_iso_utc(value)
    assert moment == "" or re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", moment)


def test_damage_that_costs_several_records_at_the_start_does_not_hide_the_rest(tmp_path: Path) -> None:
    records = [{"id": f"{number}", "text": f"post {number}"} for number in range(9)]
    (tmp_path / "a.json").write_text(json.dumps(records).replace('[{"id', '[ "id', 1))
    assert ndjson.sample_records(tmp_path / "a.json", 1) == records[1:2]
