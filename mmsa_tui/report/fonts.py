"""Which fonts of this computer can draw the words of a chart, and which words none of them can."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from pathlib import Path

FAMILY = "DejaVu Sans"
"""What comes with matplotlib: Latin, Greek, Cyrillic, Arabic, Hebrew, some emoji."""

MOST_FONTS = 2000
"""Files that are opened at most to look for a letter; each takes about a millisecond."""

_PREFERRED = ("notosans", "arialunicode", "msyh", "nirmala", "hiragino", "pingfang", "malgun", "segoeui")
_STYLES = ("bold", "italic", "oblique", "light", "thin", "black", "mono", "lastresort", "serif")


def find_fonts(words: Iterable[str]) -> tuple[list[str], set[str]]:
    """Choose font families that draw words, the usual one first; also returns the letters that none has."""
    from matplotlib import font_manager

    usual = font_manager.get_font(font_manager.findfont(FAMILY)).get_charmap()
    missing = {char for word in words for char in word if ord(char) not in usual and _is_drawn(char)}
    families = [FAMILY]
    if not missing:
        return families, missing
    for path in sorted(font_manager.findSystemFonts(), key=_preference)[:MOST_FONTS]:
        try:
            font = font_manager.get_font(path)
            found = {char for char in missing if font.get_char_index(ord(char))}
            if found:
                font_manager.fontManager.addfont(path)
                families.append(font.family_name)
                missing -= found
        except (OSError, RuntimeError, ValueError):
            # A font that cannot be read draws nothing.
            continue
        if not missing:
            break
    return families, missing


def _is_drawn(char: str) -> bool:
    return unicodedata.category(char)[0] not in "ZC"


def _preference(path: str) -> tuple[bool, int, int, str]:
    """Put regular fonts of many scripts first, then the plainest names."""
    name = Path(path).name.lower().replace("-", "").replace("_", "").replace(" ", "")
    at = next((at for at, known in enumerate(_PREFERRED) if name.startswith(known)), len(_PREFERRED))
    return any(style in name for style in _STYLES), at, len(name), path
