"""What `read`, `detect` and `inspect` add to the readers."""

from __future__ import annotations

import gzip
import importlib
import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from mmsa_tui.errors import SourceError, UsageError
from mmsa_tui.records import Failure, Picture, Post, content_hash, hash_bytes
from mmsa_tui.sources import FORMATS, Match, ReadOptions, detect, inspect, read, registry
from mmsa_tui.sources.picture_files import why_corrupt


def picture_bytes(kind: str = "JPEG", size: tuple[int, int] = (40, 30)) -> bytes:
    out = io.BytesIO()
    Image.effect_noise(size, 80).convert("RGB").save(out, kind)
    return out.getvalue()


def write(root: Path, files: dict[str, bytes | str]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


Fake = Callable[..., list[Post | Failure]]


class FakeReader:
    """Yields what it is given, and raises what it is given."""

    name = "fake"
    title = "for a test"

    def __init__(self, *items: Post | Failure | Exception) -> None:
        self.items = items

    def detect(self, source: Path) -> Match | None:
        return None

    def read(self, source: Path, options: ReadOptions) -> Iterator[Post | Failure]:
        for item in self.items:
            if isinstance(item, Exception):
                raise item
            yield item


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Fake:
    """Read `tmp_path` with a reader that yields the given items."""

    def read_with(*items: Post | Failure | Exception) -> list[Post | Failure]:
        monkeypatch.setattr("mmsa_tui.sources.reading.reader", lambda name: FakeReader(*items))
        return list(read(tmp_path, format="fake"))

    return read_with


# --- read


def test_every_post_gets_the_digests_of_its_pictures_and_its_content_hash(tmp_path: Path) -> None:
    write(tmp_path, {"1.txt": "hello", "1.jpg": b"\xff\xd8\xff one", "1.png": b"\x89PNG\r\n\x1a\n two"})
    (post,) = read(tmp_path)
    digests = [hash_bytes(b"\xff\xd8\xff one"), hash_bytes(b"\x89PNG\r\n\x1a\n two")]
    assert isinstance(post, Post)
    assert [picture.digest for picture in post.pictures] == digests
    assert post.content_hash == content_hash("hello", digests)


def test_a_missing_picture_does_not_change_the_content_hash(fake: Fake) -> None:
    (post,) = fake(Post("1", "hello", (Picture("gone.jpg"),)))
    assert post.content_hash == content_hash("hello", [])


def test_posts_of_which_nothing_is_there_are_not_one_post(fake: Fake, tmp_path: Path) -> None:
    write(tmp_path, {"empty.jpg": b""})
    gone, empty = Picture("gone.jpg"), Picture("empty.jpg", tmp_path / "empty.jpg")
    posts = (Post("1", "", (gone,)), Post("2", "", (gone,)), Post("3", "", (empty,)), Post("4", ""))
    found = fake(*posts)
    assert len({post.content_hash for post in found if isinstance(post, Post)}) == 4
    assert fake(*posts) == found


def test_posts_that_show_the_same_picture_without_words_are_one_content(fake: Fake, tmp_path: Path) -> None:
    write(tmp_path, {"1.jpg": b"picture"})
    shown = Picture("1.jpg", tmp_path / "1.jpg")
    one, other = fake(Post("1", "", (shown, Picture("gone.jpg"))), Post("2", "", (shown,)))
    assert one.content_hash == other.content_hash == content_hash("", [hash_bytes(b"picture")])


def test_a_picture_that_cannot_be_read_stays_named_without_a_digest(fake: Fake, tmp_path: Path) -> None:
    (post,) = fake(Post("1", "hello", (Picture("1.jpg", tmp_path / "vanished.jpg"),)))
    assert (post.pictures[0].name, post.pictures[0].digest) == ("1.jpg", "")


def test_pictures_inside_an_archive_are_hashed(fake: Fake, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        file.writestr("m/1.jpg", b"picture")
    inside, absent = (Picture("1.jpg", tmp_path / "a.zip", f"m/{n}.jpg") for n in (1, 2))
    (post,) = fake(Post("1", "hello", (inside, absent)))
    assert [picture.digest for picture in post.pictures] == [hash_bytes(b"picture"), ""]


def test_texts_that_no_database_holds_are_made_storable(fake: Fake) -> None:
    (post,) = fake(Post("a\0b", "half \ud83d, whole \ud83d\ude00", metadata={"k\0": "\udc80"}))
    assert (post.post_id, post.text, post.metadata) == ("ab", "half \ufffd, whole 😀", {"k": "\ufffd"})


def test_a_reader_that_breaks_at_once_is_a_clear_error(fake: Fake) -> None:
    with pytest.raises(SourceError, match="KeyError: 'x'"):
        fake(KeyError("x"))


@pytest.mark.parametrize("error", [KeyError("x"), SourceError("cut off"), OSError("gone")])
def test_a_reader_that_breaks_later_keeps_what_came_before(fake: Fake, error: Exception) -> None:
    post, failure = fake(Post("1", "hello"), error)
    assert post.post_id == "1"
    assert isinstance(failure, Failure) and failure.reason.startswith("the rest of ")


def test_an_unknown_format_names_those_that_are_known(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        read(tmp_path, format="mp3")
    assert "mvsa" in caught.value.hint


def test_reading_twice_gives_the_same(tmp_path: Path) -> None:
    write(tmp_path, {f"{n}.txt": f"text {n}" for n in range(30)})
    assert list(read(tmp_path)) == list(read(tmp_path))


# --- detect


@pytest.mark.parametrize("name", FORMATS)
def test_every_registered_format_has_a_reader_of_that_name(name: str) -> None:
    reader = registry.reader(name)
    assert (reader.name, bool(reader.title)) == (name, True)


def test_an_empty_folder_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="empty folder"):
        detect(tmp_path)


def test_an_empty_file_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "a.csv").touch()
    with pytest.raises(SourceError, match="empty file"):
        detect(tmp_path / "a.csv")


@pytest.mark.parametrize(
    ("data", "advice"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "save it as .xlsx"),
        (b"7z\xbc\xaf\x27\x1c" + bytes(100), "unpack it"),
        (bytes(range(256)), "--format"),
    ],
    ids=["old Excel", "7z", "anything"],
)
def test_an_unknown_file_comes_with_advice(tmp_path: Path, data: bytes, advice: str) -> None:
    (tmp_path / "a.dat").write_bytes(data)
    with pytest.raises(SourceError) as caught:
        detect(tmp_path / "a.dat")
    assert advice in caught.value.hint


def test_further_claims_are_listed_the_strongest_first(tmp_path: Path) -> None:
    write(tmp_path, {"data/1.txt": "x", "data/1.jpg": picture_bytes(), "posts.csv": "id,text\n1,hello you\n"})
    found = detect(tmp_path)
    assert [found.format, *(other.format for other in found.others)] == ["mvsa", "pairs", "table"]
    assert not found.is_ambiguous


def test_readers_are_imported_when_a_source_is_read_and_not_before() -> None:
    code = (
        "import sys, mmsa_tui.sources; loaded = set(sys.modules);"
        "heavy = {'openpyxl', 'pyarrow', 'PIL', 'pandas', 'torch', 'numpy', 'mmsa_tui.sources.mvsa'};"
        "print(sorted(heavy & loaded))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# --- inspect


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    jpeg = picture_bytes()
    rows = [
        "id,text,image,lang,created_at,label",
        "1,both of them,ok.jpg,en,2024-05-01,positive",
        "2,picture is gone,gone.jpg,en,2024-05-03,neutral",
        "3,picture is cut,cut.jpg,de,2024-05-02,",
        "4,only words,,,,",
        "5,,ok.jpg,,,",
        "6,,,,,",
        "7,Only words http://t.co/x,,,,",
        "1,both of them,ok.jpg,,,",
        "a,one case here,,,,",
        "A,other case here,,,,",
        "8,far,too,many,cells,in,this",
    ]
    files: dict[str, bytes | str] = {
        "posts.csv": "\n".join(rows),
        "ok.jpg": jpeg,
        "cut.jpg": jpeg[: len(jpeg) // 2],
    }
    return write(tmp_path, files)


def test_inspect_counts_posts_by_what_they_name(folder: Path) -> None:
    found = inspect(folder / "posts.csv")
    assert (found.posts, found.failures.count) == (10, 1)
    assert (found.with_both, found.text_only, found.image_only, found.empty) == (4, 4, 1, 1)


def test_inspect_says_what_classifying_will_do(folder: Path) -> None:
    outcomes = inspect(folder / "posts.csv").outcomes
    assert outcomes == {"ok": 2, "text_only": 6, "image_only": 1, "failed": 2}


def test_inspect_tells_found_missing_and_corrupt_pictures_apart(folder: Path) -> None:
    pictures = inspect(folder / "posts.csv").pictures
    assert (pictures.named, pictures.found) == (5, 3)
    assert pictures.missing.examples == ["2: gone.jpg"]
    assert pictures.corrupt.count == 1 and pictures.corrupt.examples[0].startswith("3: cut.jpg: cannot be")


def test_inspect_finds_repeated_posts_texts_and_ids(folder: Path) -> None:
    found = inspect(folder / "posts.csv")
    assert (found.duplicates, found.similar_texts) == (1, 2)
    assert (found.repeated_ids.examples, found.ids_differing_by_case.examples) == (["1"], ["A"])


def test_inspect_tells_languages_time_span_and_labels(folder: Path) -> None:
    found = inspect(folder / "posts.csv")
    assert found.languages == {"en": 2, "de": 1}
    assert (found.dated, found.earliest, found.latest) == (3, "2024-05-01T00:00:00Z", "2024-05-03T00:00:00Z")
    assert found.truth == {"label": {"positive": 1, "neutral": 1}}


def test_inspect_is_json(folder: Path) -> None:
    found = inspect(folder)
    assert json.loads(json.dumps(found.to_json()))["pictures"]["missing"] == {
        "count": 1,
        "examples": ["2: gone.jpg"],
    }


def test_inspect_writes_nothing(folder: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    inspect(folder)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_inspect_reports_its_progress(folder: Path) -> None:
    counts: list[int] = []
    inspect(folder, on_count=counts.append)
    assert counts == list(range(1, 12))


def test_inspect_of_a_forced_format_still_lists_what_else_it_may_be(folder: Path) -> None:
    found = inspect(folder, format="pairs")
    assert found.reason == "read as pairs because you asked for it"
    assert [match.format for match in found.candidates] == ["table"]


@pytest.mark.skipif(os.name == "nt", reason="Windows lets only administrators make links")
def test_inspect_passes_on_what_holds_for_the_whole_source(tmp_path: Path) -> None:
    write(tmp_path, {"1.txt": "x"})
    (tmp_path / "2.txt").symlink_to("/etc/hostname")
    assert inspect(tmp_path).notes == ["links or devices left out: 1"]


# --- decode check


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF"])
def test_a_whole_picture_is_not_corrupt(kind: str) -> None:
    assert why_corrupt(picture_bytes(kind)) == ""


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP"])
def test_a_picture_that_is_cut_is_corrupt(kind: str) -> None:
    data = picture_bytes(kind)
    assert why_corrupt(data[: len(data) // 2]).startswith("cannot be decoded")


def test_empty_bytes_text_and_giants_are_corrupt() -> None:
    giant = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(giant, "PNG")
    reasons = [why_corrupt(data) for data in (b"", b"hello", giant.getvalue())]
    assert reasons == [
        "the file is empty",
        "not a picture in a known format",
        "too large to decode",
    ]


def test_what_counts_as_corrupt_is_what_the_predictor_refuses() -> None:
    images = importlib.import_module("mmsa_tui.model.images")
    files = importlib.import_module("mmsa_tui.sources.picture_files")
    assert (images.FORMATS, images.MAX_PIXELS) == (files.FORMATS, files.MAX_PIXELS)


@pytest.mark.parametrize("format", ["twarc", "table"])
def test_a_gzip_file_that_is_damaged_at_its_first_record_says_so(tmp_path: Path, format: str) -> None:
    data = bytearray(gzip.compress(b'{"id_str": "1", "full_text": "hello"}\n'))
    data[-8] ^= 1  # in the checksum, which is compared once the record is unpacked
    (tmp_path / "a.jsonl.gz").write_bytes(data)
    try:
        (item,) = read(tmp_path / "a.jsonl.gz", format=format)
    except SourceError as error:
        assert "Error:" not in error.message
    else:
        assert isinstance(item, Failure) and "CRC check failed" in item.reason
