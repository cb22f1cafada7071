"""The parts of the app that need no screen."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from mmsa_tui.decoding import to_line
from mmsa_tui.tui.browse.position import Position
from mmsa_tui.tui.picker.paths_typed import complete, dropped_path
from mmsa_tui.tui.pictures import draw_blocks, fit_size
from mmsa_tui.tui.widgets.bars import clock
from mmsa_tui.tui.widgets.belief_bars import bar
from mmsa_tui.tui.widgets.label_looks import shorten
from mmsa_tui.tui.widgets.post_columns import fit
from mmsa_tui.worker.messages import Classify, Explained, Ready, decode


def test_importing_the_app_imports_nothing_heavy():
    heavy = ("torch", "transformers", "pandas", "numpy", "PIL", "openpyxl", "pyarrow", "matplotlib")
    code = f"import sys, mmsa_tui.tui.app; print([name for name in {heavy} if name in sys.modules])"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert printed.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "message",
    [
        Ready("mvsa 1.0.0", ("a", "b"), "cpu fp32"),
        Classify(1, "label = ?", ("x", 2, None), True),
        Explained(1, 2, "a", ((0, 3, 0.5),), tuple([0.0] * 49), 0),
    ],
)
def test_a_message_reads_back_as_it_was_written(message):
    assert decode(to_line(message)) == message


@pytest.mark.parametrize(
    "line", [b"[]\n", b'{"type": "Nothing"}\n', b'{"type": "Stop", "x": 1}\n', b"hello\n"]
)
def test_a_line_that_is_no_message_is_refused(line):
    with pytest.raises(ValueError):
        decode(line)


@pytest.mark.parametrize("form", ["{}", "'{}'", '"{}"', "  {}\n", "{}\n/other"])
def test_a_dropped_path_is_found_however_it_is_quoted(tmp_path: Path, form: str):
    folder = tmp_path / "a folder (1)"
    folder.mkdir()
    assert dropped_path(form.format(folder)) == folder


def test_a_dropped_path_may_be_a_file_address(tmp_path: Path):
    folder = tmp_path / "a folder"
    folder.mkdir()
    assert dropped_path(folder.as_uri()) == folder


@pytest.mark.skipif(sys.platform == "win32", reason="a backslash separates folders there")
def test_a_dropped_path_may_have_backslashes_before_spaces(tmp_path: Path):
    folder = tmp_path / "a folder"
    folder.mkdir()
    assert dropped_path(str(folder).replace(" ", "\\ ")) == folder


@pytest.mark.parametrize("text", ["", "words", "/no/such/place", "relative", "\0", "x" * 10_000])
def test_what_is_no_path_is_not_taken_for_one(text: str):
    assert dropped_path(text) is None


def test_a_path_completes_to_a_folder_before_a_file(tmp_path: Path):
    (tmp_path / "alpha.txt").write_text("")
    (tmp_path / "alps").mkdir()
    assert complete(f"{tmp_path}/al") == f"{tmp_path}/alps/"


def test_labels_are_cut_only_as_far_as_they_stay_apart():
    assert shorten(("positive", "possible")) == {"positive": "posi", "possible": "poss"}


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        "a much longer text than that",
        "\u4f60\u597d\u4e16\u754c\u4f60\u597d",
        "\U0001f468\u200d\U0001f469\u200d\U0001f467 x",
    ],
)
def test_a_cell_is_filled_to_the_width_it_has(text: str):
    from rich.cells import cell_len

    assert cell_len(fit(text, 9)) == 9


def test_a_bar_is_as_long_as_its_place():
    assert [len(bar(share, 7)) for share in (-1, 0, 0.01, 0.5, 0.999, 1, 2)] == [7] * 7


def test_time_left_is_written_as_on_a_clock():
    assert [clock(seconds) for seconds in (0, 14.2, 75, 3723)] == ["0:00", "0:14", "1:15", "1:02:03"]


def test_a_position_reads_back_and_nonsense_is_the_start():
    position = Position(12, "label:x", "uncertain", "confidence", True)
    assert Position.from_text(position.to_text()) == position
    for text in ("", "{}", "[]", "null", '{"ordinal": "x"}', '{"unknown": 1}'):
        assert Position.from_text(text) == Position()


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (500, 1), (96, 64), (64, 96)])
def test_half_blocks_fit_their_place_and_every_line_is_as_wide(size: tuple[int, int]):
    blocks = draw_blocks(Image.new("RGB", size, "red"), 30, 10)
    assert 1 <= len(blocks) <= 10
    assert {len(line) for line in blocks} == {fit_size(*size, 30, 10)[0]}


def test_a_heat_map_leaves_bright_what_counted():
    image = Image.new("RGB", (70, 70), (200, 200, 200))
    regions = tuple(1.0 if at == 24 else 0.0 for at in range(49))
    blocks = draw_blocks(image, 35, 18, regions)
    middle, corner = blocks[len(blocks) // 2][17].style, blocks[0][0].style
    assert sum(middle.color.triplet) > 2 * sum(corner.color.triplet)
