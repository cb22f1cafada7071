"""Settings: which one wins, and what is said of one that cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmsa_tui.config import Config, find_paths, load_config
from mmsa_tui.errors import ConfigError


def load(home: Path, toml: str | bytes = "", **variables: str) -> Config:
    if toml:
        content = toml.encode() if isinstance(toml, str) else toml
        (home / "config.toml").write_bytes(content)
    return load_config(environ={"MMSA_HOME": str(home), **variables})


def refusal(home: Path, toml: str | bytes = "", **variables: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load(home, toml, **variables)
    return caught.value


def test_defaults_need_no_file(tmp_path: Path) -> None:
    config = load(tmp_path)
    assert (config.bundle, config.device, config.batch_size, config.threads) == ("", "auto", 32, 0)
    assert config.analyst


def test_mmsa_home_moves_everything_under_one_folder(tmp_path: Path) -> None:
    paths = load(tmp_path).paths
    assert paths.config_file == tmp_path / "config.toml"
    assert paths.database == tmp_path / "data" / "mmsa.db"
    assert paths.bundles_dir == tmp_path / "data" / "bundles"
    assert paths.encoders_dir == tmp_path / "data" / "encoders"
    assert paths.runs_dir == tmp_path / "data" / "runs"
    assert paths.features_file == tmp_path / "cache" / "features.db"


def test_without_mmsa_home_the_platform_decides() -> None:
    paths = find_paths({})
    assert paths.database.name == "mmsa.db" and paths.database.is_absolute()
    assert "mmsa" in paths.data_dir.parts


def test_shipped_bundles_lie_beside_the_package() -> None:
    assert find_paths({}).shipped_bundles.name == "model_bundle"


def test_loading_makes_no_folder(tmp_path: Path) -> None:
    load(tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_the_file_beats_the_defaults(tmp_path: Path) -> None:
    toml = 'device = "cpu"\nbatch_size = 8\nanalyst = "Ann"\n[keys]\naccept = "enter"\n'
    config = load(tmp_path, toml)
    assert (config.device, config.batch_size, config.analyst) == ("cpu", 8, "Ann")
    assert config.keys == {"accept": "enter"}


def test_the_environment_beats_the_file(tmp_path: Path) -> None:
    config = load(tmp_path, "batch_size = 8\nthreads = 2", MMSA_BATCH_SIZE="16", MMSA_ANALYST="Bob")
    assert (config.batch_size, config.threads, config.analyst) == (16, 2, "Bob")


def test_a_flag_beats_the_environment_if_it_was_given(tmp_path: Path) -> None:
    environ = {"MMSA_HOME": str(tmp_path), "MMSA_DEVICE": "cuda", "MMSA_BUNDLE": "mvsa"}
    config = load_config({"device": "cpu", "bundle": None}, environ)
    assert (config.device, config.bundle) == ("cpu", "mvsa")


def test_an_empty_variable_counts_as_not_set(tmp_path: Path) -> None:
    assert load(tmp_path, MMSA_DEVICE="").device == "auto"


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    assert load(tmp_path, b"\xef\xbb\xbfdevice = 'cpu'").device == "cpu"


@pytest.mark.parametrize(
    ("line", "allowed"),
    [
        ("batch_size = 0", "1 to 4096"),
        ("batch_size = '8'", "whole number"),
        ("batch_size = true", "whole number"),
        ("batch_size = 8.0", "whole number"),
        ("threads = -1", "0 (all cores)"),
        ("device = 'gpu'", "auto, cpu, cuda, mps"),
        ("device = ['cpu']", "auto, cpu, cuda, mps"),
        ("bundle = 7", "as text"),
        ("blind = true", "rounds, always, never"),
        ("keys = 'enter'", "table"),
        ("keys = {accept = 1}", "table"),
    ],
)
def test_a_wrong_value_names_file_setting_and_what_is_allowed(
    tmp_path: Path, line: str, allowed: str
) -> None:
    error = refusal(tmp_path, line)
    assert str(tmp_path / "config.toml") in error.message
    assert line.split()[0] in error.message
    assert allowed in error.hint


def test_an_unknown_setting_names_those_there_are(tmp_path: Path) -> None:
    error = refusal(tmp_path, "batchsize = 8")
    assert "batchsize" in error.message and "batch_size" in error.hint


def test_an_unknown_variable_is_named(tmp_path: Path) -> None:
    assert "MMSA_DEVCE" in refusal(tmp_path, MMSA_DEVCE="cpu").message


def test_a_variable_that_is_no_number_is_named(tmp_path: Path) -> None:
    error = refusal(tmp_path, MMSA_BATCH_SIZE="many")
    assert "MMSA_BATCH_SIZE = 'many'" in error.message


def test_a_wrong_flag_is_said_to_come_from_the_command_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="command line"):
        load_config({"device": "gpu"}, {"MMSA_HOME": str(tmp_path)})


@pytest.mark.parametrize("toml", [b"device = ", b"= 3", b"\xff\xfe\x00", b"[keys\n"])
def test_a_file_that_is_no_toml_is_named(tmp_path: Path, toml: bytes) -> None:
    assert "config.toml" in refusal(tmp_path, toml).message


def test_a_folder_in_the_place_of_the_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.toml").mkdir()
    assert "cannot be read" in refusal(tmp_path).message
