import zipfile
from pathlib import Path

import pytest

from mmsa_tui.config import Paths
from mmsa_tui.errors import BundleError, OutputError
from mmsa_tui.model.bundle import Bundle, verify_bundle
from mmsa_tui.model.bundle_archive import export_bundle, import_bundle
from mmsa_tui.model.bundle_registry import find_bundle, list_bundles


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
