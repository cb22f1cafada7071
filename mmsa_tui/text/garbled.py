"""Undoes a reading in the wrong encoding, where the text itself proves that there was one.

The published Enriched MVSA is full of it: its maker's program took UTF-8 and GB18030 for
Windows-1252. Knows text, no format. What is not certain stays as it is.
"""

from __future__ import annotations

import re

# Two bytes of GB18030 as Windows-1252 shows them, in pairs that no author writes: quotes, dashes and
# brackets after an inverted exclamation mark (Spanish has a letter there, and more letters behind),
# kana and Cyrillic after a currency or section sign, é and – after a diaeresis, lines after a
# copyright sign, ideographs after a degree sign; and the five bytes that Windows-1252 leaves free.
_GARBLED = re.compile(
    "[\x81\x8d\x8f\x90\x9d]"
    "|¡(?:[\xa2-\xbe]|[À-ÿ](?![A-Za-zÀ-ÿ]))"
    r"|[¤§][\xa1-\xff]|¨[\xa1-\xffC-V\\]|©\\|°[À-ÿ]"
)
_BEYOND_LATIN = {
    char: chr(byte)
    for byte in range(0x80, 0xA0)
    if (char := bytes([byte]).decode("cp1252", "ignore")) and char > "\xff"
}
"""What Windows-1252 shows in place of a control character of Latin-1, and that character."""
_TO_LATIN = str.maketrans(_BEYOND_LATIN)
_RUN = re.compile("[\x80-\xffŒœŠšŸŽžƒˆ˜–—‘’‚“”„†‡•…‰‹›€™]{4,}")


def repair(text: str) -> tuple[str, str]:
    """Undo the Windows-1252 reading of UTF-8 or GB18030.

    Returns:
        The text and the encoding its author's bytes were in; as it was where there is doubt.
    """
    data = _bytes_of(text)
    if data is None:
        return text, "utf-8"
    try:
        # What was typed as Windows-1252 is as good as never valid UTF-8.
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        pass
    if not (_GARBLED.search(text) or _has_words_of_ideographs(text)):
        return text, "utf-8"
    try:
        return data.decode("gb18030"), "gb18030"
    except UnicodeDecodeError:
        return text, "utf-8"


def repair_utf8(text: str) -> str:
    """Undo the Windows-1252 or Latin-1 reading of UTF-8, where all of the text bears it."""
    data = _bytes_of(text)
    try:
        return text if data is None else data.decode("utf-8")
    except UnicodeDecodeError:
        return text


def _bytes_of(text: str) -> bytes | None:
    """Return the bytes that Windows-1252 shows as this text, None for plain ASCII and for other letters."""
    if text.isascii():
        return None
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError as error:
        if text[error.start] not in _BEYOND_LATIN:
            return None
    try:
        return text.translate(_TO_LATIN).encode("latin-1")
    except UnicodeEncodeError:
        return None


def _has_words_of_ideographs(text: str) -> bool:
    """Whether accented letters stand in fours or more, as pairs; a cry of `ééééé` does not count."""
    return any(len(run) % 2 == 0 and len(set(run)) > 2 for run in _RUN.findall(text))
