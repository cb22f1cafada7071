"""What comes from other hands: of the shape it should be, or one error that says why not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmsa_tui.config import load_config
from mmsa_tui.corrections.record import RecordError, parse
from mmsa_tui.decoding import DecodingError, from_json, from_toml
from mmsa_tui.disk.locks import BusyError, exclusive_lock
from mmsa_tui.errors import ConfigError

HOSTILE = {
    "deep": "[" * 100_000,
    "deep but whole": "[" * 900 + "]" * 900,
    "deep object": '{"a":' * 900 + "1" + "}" * 900,
    "many digits": "1" * 5000,
    "too large for a float": "1" + "0" * 400,
    "infinite": "1e999",
    "no number": "NaN",
    "half a character": r'"\ud800"',
    "half a key": r'{"\ud800": 1}',
    "cut": '{"a": ',
    "empty": "",
    "no text": b"\xff\xfe\x00",
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_hostile_json_is_one_kind_of_error(data: str | bytes) -> None:
    with pytest.raises(DecodingError):
        from_json(data, object)


def test_halves_of_characters_are_kept_where_file_names_have_them() -> None:
    assert from_json(r'"a\udcff.jpg"', str, surrogates="keep") == "a\udcff.jpg"


@given(st.text(alphabet='[]{}"=.0123456789abcnuflx\\\n,:#- ', max_size=200))
def test_no_text_brings_another_error_than_this_one(text: str) -> None:
    for read in (lambda: from_json(text, object), lambda: from_toml(text)):
        try:
            read()
        except DecodingError:
            pass


@pytest.mark.parametrize(
    "setting",
    [
        "threads = " + "1" * 5000,
        "threads = 0x" + "f" * 5000,
        "keys = " + "[" * 100_000,
        "keys = " + "[" * 500 + "]" * 500,
        "a" + ".a" * 5000 + " = 1",
        "batch_size = inf",
    ],
    ids=["digits", "hexadecimal", "deep", "deep but whole", "deep name", "infinite"],
)
def test_a_hostile_config_is_refused_by_name(tmp_path: Path, setting: str) -> None:
    (tmp_path / "config.toml").write_text(setting)
    with pytest.raises(ConfigError, match=r"config\.toml"):
        load_config(environ={"MMSA_HOME": str(tmp_path)})


DEEP = json.loads("[" * 900 + "]" * 900)


@pytest.mark.parametrize(
    "field",
    [
        {"probs": DEEP},
        {"probs": "[" * 100_000},
        {"probs": [10**400]},
        {"probs": "[1e999]"},
        {"created_at": "2024-05-01\ud80014:03:00"},
        {"created_at": 1.5},
        {"flagged": DEEP},
        {"format": DEEP},
        {"format": 10**400},
        {"labels": ["\ud800", "b"]},
        {"text": DEEP},
        {"uid": "\ud800"},
    ],
    ids=lambda field: next(iter(field)),
)
def test_a_hostile_field_costs_its_record(field: dict[str, object]) -> None:
    with pytest.raises(RecordError):
        parse({"content_hash": "b2:1", "new_label": "positive", **field})


def test_a_lock_is_let_go_with_the_block_and_keeps_others_out_until_then(tmp_path: Path) -> None:
    file = tmp_path / "new" / "a.lock"
    with exclusive_lock(file), pytest.raises(BusyError), exclusive_lock(file):
        pass
    with exclusive_lock(file):
        assert file.exists()
