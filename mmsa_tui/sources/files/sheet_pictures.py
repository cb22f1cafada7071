"""Pictures that are placed on the rows of an Excel sheet: which member of the file lies on which row.

Knows the parts of a workbook that place pictures, neither cells nor what a picture is of.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from mmsa_tui.disk.archive import Archive
from mmsa_tui.errors import SourceError
from mmsa_tui.records import Picture

_MEDIA = "xl/media/"
_MAX_PART_BYTES = 64 << 20
_DAMAGE = (OSError, SourceError, ElementTree.ParseError, ValueError, LookupError)
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"


@dataclass(frozen=True, slots=True)
class Placed:
    """The pictures of a sheet by the number of their row, from 1; `others` counts those of no row."""

    by_row: Mapping[int, tuple[Picture, ...]] = field(default_factory=dict)
    others: int = 0

    def note(self) -> str:
        """Say what is read and what is not, "" where there are no pictures."""
        count = sum(map(len, self.by_row.values()))
        told = [f"pictures that are placed on rows of the sheet, read from there: {count:,}"] if count else []
        if self.others:
            told.append(
                f"pictures of the workbook that lie on no row of this sheet, left out: {self.others:,}"
            )
        return "; ".join(told)


def pictures_of_sheet(path: Path, sheet: str) -> Placed:
    """Find the pictures of a sheet of an xlsx file; none where its parts are not as they should be."""
    try:
        with Archive(path) as archive:
            media = [name for name in archive.members if name.startswith(_MEDIA)]
            if not media:
                return Placed()
            by_row: dict[int, list[str]] = {}
            try:
                for row, member in _anchored(archive, sheet):
                    by_row.setdefault(row, []).append(member)
            except _DAMAGE:
                pass
            named = {name for names in by_row.values() for name in names}
    except _DAMAGE:
        return Placed()
    pictures = {
        row: tuple(Picture(posixpath.basename(name), path, name) for name in dict.fromkeys(names))
        for row, names in by_row.items()
    }
    return Placed(pictures, len(set(media) - named))


def part_of_sheet(archive: Archive, sheet: str) -> str:
    """Name the member that holds the rows of a sheet of an xlsx file.

    Raises:
        OSError, ElementTree.ParseError, LookupError, StopIteration: the workbook is not as it should be.
    """
    book = _parse(archive, "xl/workbook.xml")
    targets = _relations(archive, "xl/workbook.xml")
    return next(
        targets[item.attrib[f"{_RELATION}id"]] for item in _all(book, "sheet") if item.get("name") == sheet
    )


def _anchored(archive: Archive, sheet: str) -> Iterator[tuple[int, str]]:
    """Yield row and member of each picture that a drawing of the sheet holds."""
    for drawing in _relations(archive, part_of_sheet(archive, sheet)).values():
        if "drawing" not in posixpath.basename(drawing) or not drawing.endswith(".xml"):
            continue
        pictures = _relations(archive, drawing)
        for anchor in _parse(archive, drawing):
            row = next((cell.text for start in _all(anchor, "from") for cell in _all(start, "row")), None)
            for blip in _all(anchor, "blip"):
                member = pictures.get(blip.get(f"{_RELATION}embed", ""), "")
                if row is not None and member in archive.members:
                    yield int(row) + 1, member


def _relations(archive: Archive, part: str) -> dict[str, str]:
    """Return the parts that a part refers to, by their id there."""
    folder, name = posixpath.split(part)
    path = f"{folder}/_rels/{name}.rels"
    if path not in archive.members:
        return {}
    found = {}
    for item in _parse(archive, path):
        target = item.get("Target", "")
        found[item.get("Id", "")] = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
    return found


def _parse(archive: Archive, part: str) -> ElementTree.Element:
    return ElementTree.fromstring(archive.read(part, _MAX_PART_BYTES))


def _all(element: ElementTree.Element, name: str) -> Iterator[ElementTree.Element]:
    return (item for item in element.iter() if item.tag.rpartition("}")[2] == name)
