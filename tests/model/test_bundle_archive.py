import hashlib
import json
import shutil
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mmsa_tui.bundle.archive import export_bundle, import_bundle
from mmsa_tui.bundle.meta import Bundle, verify_bundle
from mmsa_tui.bundle.registry import find_bundle, list_bundles, use_bundle
from mmsa_tui.config import Paths
from mmsa_tui.errors import BundleError, OutputError


@pytest.fixture
def packed(small_bundle: Bundle, paths: Paths, tmp_path: Path) -> Path:
    target = tmp_path / "small.mmsa-bundle.zip"
    export_bundle(small_bundle, paths, target)
    return target


def test_a_packed_bundle_arrives_whole(packed: Path, paths: Paths) -> None:
    bundle = import_bundle(packed, paths)
    verify_bundle(bundle, paths)
    assert find_bundle(paths, "small 1.0.0").directory.parent == paths.bundles_dir


def test_a_second_import_changes_nothing(packed: Path, paths: Paths) -> None:
    import_bundle(packed, paths)
    with pytest.raises(BundleError, match="already"):
        import_bundle(packed, paths)
    assert [b.directory.name for b in list_bundles(paths) if b.directory.parent == paths.bundles_dir] == [
        "small-1.0.0"
    ]


def test_an_existing_file_is_not_overwritten(packed: Path, small_bundle: Bundle, paths: Paths) -> None:
    with pytest.raises(OutputError, match="exists"):
        export_bundle(small_bundle, paths, packed)


@pytest.mark.parametrize(
    "name", ["bundle/../../evil", "/etc/evil", "bundle/a/b", "encoders/x/../../y", "other/file"]
)
def test_a_path_out_of_the_archive_is_refused(packed: Path, paths: Paths, tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr(name, "x")
    with pytest.raises(BundleError):
        import_bundle(packed, paths)
    assert not list_bundles_of_user(paths)


def test_a_cut_archive_leaves_nothing_behind(packed: Path, paths: Paths) -> None:
    packed.write_bytes(packed.read_bytes()[: packed.stat().st_size // 2])
    with pytest.raises(BundleError):
        import_bundle(packed, paths)
    assert not list_bundles_of_user(paths)


def test_an_altered_file_is_refused(packed: Path, paths: Paths, tmp_path: Path) -> None:
    altered = tmp_path / "altered.zip"
    with zipfile.ZipFile(packed) as old, zipfile.ZipFile(altered, "w") as new:
        for entry in old.infolist():
            data = old.read(entry)
            new.writestr(entry.filename, data + b" " if entry.filename.endswith("calibration.json") else data)
    with pytest.raises(BundleError, match="calibration"):
        import_bundle(altered, paths)
    assert not list_bundles_of_user(paths)


def list_bundles_of_user(paths: Paths) -> list[str]:
    return [p.name for p in paths.bundles_dir.iterdir()] if paths.bundles_dir.exists() else []


def rewrite(packed: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """Pack the archive again with other contents."""
    with zipfile.ZipFile(packed) as old:
        contents = {entry.filename: old.read(entry) for entry in old.infolist()}
    change(contents)
    altered = packed.with_name("altered.zip")
    with zipfile.ZipFile(altered, "w") as new:
        for name, data in contents.items():
            new.writestr(name, data)
    return altered


def with_meta(contents: dict[str, bytes], **fields: object) -> None:
    contents["bundle/meta.json"] = json.dumps(json.loads(contents["bundle/meta.json"]) | fields).encode()


@pytest.mark.parametrize(
    "name",
    ["bundle/evil.py", "bundle/.hidden", f"encoders/{'0' * 64}/config.json", "encoders/{text}/evil.py"],
)
def test_a_file_that_the_record_does_not_name_is_refused(packed: Path, paths: Paths, name: str) -> None:
    def add(contents: dict[str, bytes]) -> None:
        text = json.loads(contents["bundle/meta.json"])["encoders"]["text"]
        contents[name.format(text=text)] = b"x"

    with pytest.raises(BundleError):
        import_bundle(rewrite(packed, add), paths)
    assert not list_bundles_of_user(paths)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_file_that_comes_twice_is_refused(packed: Path, paths: Paths) -> None:
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr("bundle/calibration.json", "x")
    with pytest.raises(BundleError, match="twice"):
        import_bundle(packed, paths)


@pytest.mark.parametrize("which", ["text", "image"])
def test_an_encoder_that_is_here_does_not_stand_in_for_one_that_did_not_come(
    packed: Path, small_bundle: Bundle, paths: Paths, which: str
) -> None:
    shutil.copytree(small_bundle.directory.parent / "encoders", paths.encoders_dir)

    def drop(contents: dict[str, bytes]) -> None:
        for name in [n for n in contents if n.startswith(f"encoders/{small_bundle.meta.encoders[which]}")]:
            del contents[name]

    with pytest.raises(BundleError, match=f"lacks the {which} encoder"):
        import_bundle(rewrite(packed, drop), paths)
    assert not list_bundles_of_user(paths)


def test_labels_that_have_changed_places_on_the_way_are_noticed(packed: Path, paths: Paths) -> None:
    altered = rewrite(
        packed, lambda contents: with_meta(contents, labels=["positive", "neutral", "negative"])
    )
    with pytest.raises(BundleError):
        import_bundle(altered, paths)


def test_any_change_of_the_record_on_the_way_is_noticed(packed: Path, paths: Paths) -> None:
    with pytest.raises(BundleError, match=r"meta\.json is damaged"):
        import_bundle(rewrite(packed, lambda contents: with_meta(contents, licence="mine")), paths)


def test_an_archive_without_a_checksum_of_its_record_is_taken_in(packed: Path, paths: Paths) -> None:
    bundle = import_bundle(rewrite(packed, lambda contents: contents.pop("bundle/meta.sha256")), paths)
    verify_bundle(bundle, paths)


def differing(contents: dict[str, bytes]) -> None:
    """Another bundle of the same name and version: retrained elsewhere."""
    data = contents["bundle/calibration.json"] + b"\n"
    contents["bundle/calibration.json"] = data
    files = json.loads(contents["bundle/meta.json"])["files"]
    del contents["bundle/meta.sha256"]
    with_meta(contents, files=files | {"calibration.json": hashlib.sha256(data).hexdigest()})


def test_another_bundle_of_the_same_version_gets_the_next_free_one(packed: Path, paths: Paths) -> None:
    mine = import_bundle(packed, paths)
    theirs = import_bundle(rewrite(packed, differing), paths)
    assert (theirs.id, theirs.imported_id, theirs.directory.name) == (
        "small 1.0.1",
        "small 1.0.0",
        "small-1.0.1",
    )
    assert mine.imported_id == ""
    for bundle in (mine, theirs):
        verify_bundle(bundle, paths)
    assert "# small 1.0.1" in (theirs.directory / "MODEL_CARD.md").read_text()


def test_another_bundle_comes_in_once_under_whatever_version(
    packed: Path, paths: Paths, tmp_path: Path
) -> None:
    import_bundle(packed, paths)
    theirs = import_bundle(rewrite(packed, differing), paths)
    with pytest.raises(BundleError, match=r"small 1\.0\.0, as small 1\.0\.1, is here already"):
        import_bundle(rewrite(packed, differing), paths)
    export_bundle(theirs, paths, tmp_path / "back.zip")
    with pytest.raises(BundleError, match=r"small 1\.0\.1 is here already"):
        import_bundle(tmp_path / "back.zip", paths)


def test_a_shipped_bundle_is_not_shadowed_by_another_of_its_id(
    packed: Path, small_bundle: Bundle, paths: Paths
) -> None:
    paths = replace(paths, shipped_bundles=small_bundle.directory.parent)
    with pytest.raises(BundleError, match="is here already"):
        import_bundle(packed, paths)
    assert import_bundle(rewrite(packed, differing), paths).id == "small 1.0.1"


@pytest.mark.parametrize("part", ["head", "encoder"])
def test_importing_again_repairs_a_damaged_bundle(packed: Path, paths: Paths, part: str) -> None:
    bundle = import_bundle(packed, paths)
    if part == "head":
        (bundle.directory / "fusion.safetensors").write_bytes(b"cut")
    else:
        (paths.encoders_dir / bundle.meta.encoders["text"] / "config.json").write_text("{}")
    verify_bundle(import_bundle(packed, paths), paths)
    assert list_bundles_of_user(paths) == ["small-1.0.0"]


def test_a_folder_that_cannot_be_written_is_an_error_with_a_hint(packed: Path, paths: Paths) -> None:
    paths.data_dir.parent.mkdir(parents=True)
    paths.data_dir.write_text("a file where the folder should be")
    with pytest.raises(BundleError) as caught:
        import_bundle(packed, paths)
    assert "rights" in caught.value.hint


def test_an_import_never_changes_which_bundle_is_active(
    packed: Path, small_bundle: Bundle, paths: Paths
) -> None:
    shipped = replace(paths, shipped_bundles=small_bundle.directory.parent)

    def higher(contents: dict[str, bytes]) -> None:
        differing(contents)
        with_meta(contents, version="9.0.0")

    import_bundle(rewrite(packed, higher), shipped)
    assert find_bundle(shipped, "small").id == "small 1.0.0"
    with pytest.raises(BundleError, match="no bundle is in use yet"):
        find_bundle(shipped)


def test_of_several_imported_bundles_of_a_name_none_is_guessed(packed: Path, paths: Paths) -> None:
    import_bundle(packed, paths)
    import_bundle(rewrite(packed, differing), paths)
    with pytest.raises(BundleError, match=r"small 1\.0\.0, small 1\.0\.1"):
        find_bundle(paths, "small")
    use_bundle(paths, "small 1.0.1")
    assert find_bundle(paths, "small").id == "small 1.0.1"


def test_a_folder_called_like_the_default_bundle_is_not_taken_for_it(
    copied_here: Path, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = replace(paths, shipped_bundles=copied_here.parent / "none")
    monkeypatch.chdir(copied_here.parent)
    with pytest.raises(BundleError):
        find_bundle(paths)
    assert find_bundle(paths, "./mvsa").directory == Path("./mvsa")


@pytest.fixture
def copied_here(small_bundle: Bundle, tmp_path: Path) -> Path:
    return shutil.copytree(small_bundle.directory, tmp_path / "tweets" / "mvsa")


def with_encoder(contents: dict[str, bytes], name: str, data: bytes) -> None:
    """Alter a file of the text encoder, and sign it all again as its maker would."""
    meta = json.loads(contents["bundle/meta.json"])
    old = meta["encoders"]["text"]
    files = {k.rsplit("/", 1)[1]: v for k, v in contents.items() if k.startswith(f"encoders/{old}/")}
    for key in files:
        del contents[f"encoders/{old}/{key}"]
    files[name] = data
    digest = hashlib.sha256()
    for key in sorted(files):
        digest.update(f"{key}\0{hashlib.sha256(files[key]).hexdigest()}\n".encode())
    new = digest.hexdigest()
    contents |= {f"encoders/{new}/{key}": value for key, value in files.items()}
    contents.pop("bundle/meta.sha256", None)
    with_meta(contents, encoders=meta["encoders"] | {"text": new})


CONFIG = {"model_type": "bert", "hidden_size": 32, "num_hidden_layers": 2, "vocab_size": 100}


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("config.json", json.dumps(CONFIG | {"model_type": "stranger"})),
        ("config.json", json.dumps(CONFIG | {"auto_map": {"AutoModel": "evil.Model"}})),
        ("config.json", json.dumps(CONFIG | {"num_hidden_layers": 100_000})),
        ("config.json", json.dumps(CONFIG | {"num_hidden_layers": 60})),
        ("config.json", json.dumps(CONFIG | {"hidden_size": 1_000_000})),
        ("config.json", "[" * 100_000),
        ("config.json", ""),
        ("model.safetensors", ""),
        ("model.safetensors", "\xff" * 100),
        ("model.safetensors", "\x02\0\0\0\0\0\0\0{}"),
        ("evil.py", "print('run')"),
        ("pytorch_model.bin", "a pickle"),
        ("adapter_config.json", "{}"),
    ],
)
def test_an_encoder_that_is_no_data_of_ours_is_refused_at_once(
    packed: Path, paths: Paths, name: str, data: str
) -> None:
    altered = rewrite(packed, lambda contents: with_encoder(contents, name, data.encode("latin-1")))
    began = time.monotonic()
    with pytest.raises(BundleError):
        import_bundle(altered, paths)
    assert time.monotonic() - began < 5
    assert not list_bundles_of_user(paths)


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_an_archive_damaged_inside_is_refused(packed: Path, paths: Paths, method: int) -> None:
    altered = packed.with_name("packed.zip")
    with zipfile.ZipFile(packed) as old, zipfile.ZipFile(altered, "w", method) as new:
        for entry in old.infolist():
            new.writestr(entry.filename, old.read(entry))
    data = bytearray(altered.read_bytes())
    for seed in range(12):
        damaged = bytearray(data)
        at = (seed + 1) * len(data) // 14
        damaged[at : at + 40] = bytes(40)
        altered.write_bytes(damaged)
        with pytest.raises(BundleError):
            import_bundle(altered, paths)


@pytest.mark.parametrize("made", [1.5, [], "2024\ud800"])
def test_a_record_that_could_not_be_listed_is_not_taken_in(packed: Path, paths: Paths, made: object) -> None:
    def alter(contents: dict[str, bytes]) -> None:
        del contents["bundle/meta.sha256"]
        with_meta(contents, created_at=made)

    altered = rewrite(packed, alter)
    with pytest.raises(BundleError, match=r"damaged|cannot be read") as refused:
        import_bundle(altered, paths)
    # The file that came, and not where it was unpacked.
    assert str(altered) in refused.value.message and ".part" not in refused.value.message


@pytest.mark.skipif("os.name == 'nt'", reason="Windows has no such rights")
def test_what_is_taken_in_is_its_owners_alone(packed: Path, paths: Paths) -> None:
    shutil.rmtree(paths.bundles_dir, ignore_errors=True)
    import_bundle(packed, paths)
    assert paths.bundles_dir.stat().st_mode & 0o077 == 0
    assert paths.encoders_dir.stat().st_mode & 0o077 == 0
