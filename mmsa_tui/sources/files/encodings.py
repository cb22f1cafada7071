"""From bytes to text: UTF-8, then UTF-16 or UTF-32 by its mark, then GB18030; never a guess.

Latin-1 accepts every byte and garbles quotes without a sound, so it is not tried: what none of
the three can read is `UndecodableError`, with a reason an analyst can act on. Who knows better can
name the encoding.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path

from mmsa_tui.errors import UsageError
from mmsa_tui.text.cleaning import unescape as unescape

MAX_TEXT_BYTES = 1 << 20
"""A text file larger than this is not a post."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    # UTF-32 first: its little-endian mark begins with that of UTF-16.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LOOK_AT = 100
_CONVERT = "save it as UTF-8, or name its encoding with --encoding"


class UndecodableError(ValueError):
    """Bytes that are text in none of the encodings we read.

    `readable` is what can be made out, with U+FFFD where nothing can.
    """

    def __init__(self, reason: str, readable: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.readable = readable


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text and the encoding it was found in: `utf-8`, `utf-16`, `utf-32` or `gb18030`."""

    text: str
    encoding: str


def find_encoding(name: str) -> str:
    """Return the usual spelling of an encoding's name.

    Raises:
        UsageError: there is no such encoding of text.
    """
    try:
        # Only encodings of text can do this; Python also has `rot13`, `zip` and `idna`.
        b"\xff".decode(name, "replace")
        return codecs.lookup(name).name
    except (LookupError, ValueError):
        raise UsageError(
            f"there is no encoding {name!r}", "Such as cp1252, cp1251, shift_jis, utf-16-le."
        ) from None


def decode(data: bytes, encoding: str = "") -> Decoded:
    """Decode the bytes of one text.

    NUL characters are dropped: no author typed one, and half of our outputs cannot hold it.

    Args:
        encoding: what bytes without a mark are in, if the user knows; then no other is tried.

    Raises:
        UndecodableError: the bytes are no text, are damaged, or are in another encoding.
    """
    marked = encoding_by_mark(data)
    if marked:
        try:
            text = data.decode(marked)
        except UnicodeDecodeError as error:
            raise UndecodableError(
                f"marked as {marked.removesuffix('-sig').upper()} and damaged at byte "
                f"{error.start:,}: {_CONVERT}",
                data.decode(marked, "replace"),
            ) from error
        # "utf-8-sig" names a codec; people know the encoding as UTF-8.
        return Decoded(text.replace("\0", ""), marked.removesuffix("-sig"))
    if encoding:
        try:
            return Decoded(data.decode(encoding).replace("\0", ""), encoding)
        except UnicodeError as error:
            raise UndecodableError(f"not in {encoding}: {error}", data.decode(encoding, "replace")) from error
    nuls = data.count(0)
    if nuls * 10 > len(data):
        raise UndecodableError(
            f"{nuls:,} of {len(data):,} bytes are NUL: not text, or UTF-16 without its mark; {_CONVERT}"
        )
    try:
        return Decoded(data.decode("utf-8").replace("\0", ""), "utf-8")
    except UnicodeDecodeError as error:
        return Decoded(_decode_gb18030(data, error).replace("\0", ""), "gb18030")


def read_text(path: Path, encoding: str = "") -> Decoded:
    """Read the text file of one post; `encoding` as for `decode`.

    Raises:
        OSError: it cannot be read, or is larger than `MAX_TEXT_BYTES`.
        UndecodableError: it holds no text.
    """
    with path.open("rb") as file:
        data = file.read(MAX_TEXT_BYTES + 1)
    if len(data) > MAX_TEXT_BYTES:
        raise OSError(f"larger than {MAX_TEXT_BYTES >> 20} MB: not the text of one post")
    return decode(data, encoding)


def are_of_another_script(paths: Iterable[Path]) -> bool:
    """Whether most of the first texts that are not UTF-8 are in a code page that has to be named.

    A short one among them may read as GB18030 by chance, and none can be told from its bytes alone.
    """
    foreign = 0
    for path in islice(paths, _LOOK_AT):
        try:
            foreign -= 2 * (read_text(path).encoding == "gb18030")
        except UndecodableError as error:
            foreign += error.reason.startswith("looks like")
        except OSError:
            continue
    return foreign > 0


def encoding_by_mark(data: bytes) -> str:
    """Name the codec that the byte order mark at the start of `data` asks for, or ""."""
    return next((name for mark, name in _MARKS if data.startswith(mark)), "")


_CODE_PAGES = {
    "cp1252": "äöüßéèêëàâçñáíóúïîôûÄÖÜÉÈÀÇÑ’‘“”–—…€°´",
    # Before the Cyrillic one, which has a letter for each Hebrew one; the other way round it has not.
    "cp1255": "אבגדהוזחטיכלמנסעפצקרשתךםןףץ",
    "cp1251": "абвгдежзийклмнопрстуфхцчшщъыьэюяАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЭЮЯіїєґІЇЄ",
    "cp1253": "αβγδεζηθικλμνξοπρστυφχψωςάέήίόύώΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΆΈΉΊΌΎΏ",
    "cp1250": "ąćęłńóśźżčďěňřšťůžáéíýőűăîșț",
    "cp1254": "ğışçöüĞİŞÇÖÜ",
    "cp1256": "ابتثجحخدذرزسشصضطظعغفقكلمنهويىةءآأإؤئ",
    "mac_roman": "äöüßéèêëàâçñáíóúïîôûÄÖÜÉÈÀÇÑ’‘“”–—…°",
    "shift_jis": "".join(map(chr, range(0x3041, 0x3097))),
    "euc_kr": "".join(map(chr, range(0xAC00, 0xD7A4))),
    "big5": "的是不我一有大在人了中到這個你們",
}
"""Characters that texts in these encodings are full of."""
_OTHER_SCRIPTS = ("cp1251", "cp1253", "cp1255", "cp1256")
_MIXED = re.compile(r"[^\W\d_]*[A-Za-z][^\W\d_]*")


def suggest_encodings(data: bytes) -> list[str]:
    """Name the code pages that bytes could be in, the likeliest first: advice, never used unasked."""
    found: list[tuple[float, str]] = []
    # Where lines end in CR alone, a Mac of old wrote them.
    of_mac = b"\r" in data and b"\n" not in data
    for name, usual in _CODE_PAGES.items():
        if of_mac != (name == "mac_roman"):
            continue
        try:
            text = data.decode(name)
        except UnicodeDecodeError:
            continue
        high = [char for char in text if char > "\x7f"]
        if name in _OTHER_SCRIPTS:
            # Letters of another script stand in words of their own, umlauts within words.
            text = _MIXED.sub("", text)
        # A capital within a word is a letter of another code page.
        odd = sum(one.islower() and two > "\x7f" and two.isupper() for one, two in pairwise(text))
        share = (sum(char in usual for char in text) - odd) / len(high) if high else 0.0
        if share >= 0.3:
            # Bytes that make sense in pairs are rarely so by chance.
            found.append((share + (name in ("shift_jis", "euc_kr", "big5")), name))
    # Of equals the one that most people have comes first.
    return [name for _, name in sorted(found, key=lambda pair: -pair[0])]


def encoding_by_nuls(data: bytes) -> str:
    """Name the UTF-16 that text without a mark is plainly in, or "".

    Every other byte of such text is NUL where it is Latin, and no other encoding of text has any.
    """
    start = data[:4096]
    even, odd = start[0::2].count(0), start[1::2].count(0)
    if even + odd < 0.2 * len(start) or len(start) < 8:
        return ""
    if odd > 20 * even:
        return "utf-16-le"
    return "utf-16-be" if even > 20 * odd else ""


def _decode_gb18030(data: bytes, error: UnicodeDecodeError) -> str:
    """Decode what is not UTF-8, unless it is plainly damaged UTF-8 or a Windows code page."""
    readable = data.decode("utf-8", "replace")
    if error.end == len(data) and error.reason == "unexpected end of data":
        raise UndecodableError(
            f"ends in the middle of a UTF-8 character: cut off, or in a code page; {_CONVERT}",
            readable,
        )
    high = sum(byte >= 0x80 for byte in data)
    kept = sum(len(char.encode()) for char in data.decode("utf-8", "ignore") if char > "\x7f")
    # Two-byte GB18030 happens to be valid UTF-8 now and then; nine tenths of a text never is.
    if kept >= 8 and kept >= 0.9 * high:
        raise UndecodableError(f"UTF-8 that is damaged at byte {error.start:,}", readable)
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError as gb_error:
        raise UndecodableError(
            f"neither UTF-8 nor GB18030 (byte {gb_error.start:,}): {_CONVERT}", readable
        ) from gb_error
    # A Windows code page leaves one high byte before an ASCII letter, which GB18030 reads as a
    # rare ideograph ("can\x92t"); a text that has nothing else in it was never GB18030.
    wide = {char for char in text if char > "\x7f"}
    if all(_is_ideograph(char) and char.encode("gb18030")[1] < 0x80 for char in wide):
        raise UndecodableError(f"looks like a Windows code page: {_CONVERT}", readable)
    if _is_western(data):
        raise UndecodableError(f"looks like a Windows code page: {_CONVERT}", readable)
    # So do Cyrillic and Japanese come out as ideographs that nobody uses.
    high_bytes = [byte for byte in data if byte >= 0x80]
    cyrillic = sum(byte >= 0xE0 for byte in high_bytes)
    kana = sum(byte in (0x82, 0x83) for byte in data)
    # Second bytes below 0x80 are rare in GB18030, and Big5 has many.
    pairs = [char.encode("gb18030") for char in wide]
    low = sum(len(pair) == 2 and pair[1] < 0x80 for pair in pairs)
    # Korean in EUC-KR takes a third of the first bytes, and has spaces between words.
    leads = {pair[0] for pair in pairs if len(pair) == 2}
    is_korean = (
        len(pairs) >= 8 and all(0xB0 <= lead <= 0xC8 for lead in leads) and data.count(b" ") >= len(pairs) / 6
    )
    if len(high_bytes) >= 8 and (
        cyrillic >= 0.7 * len(high_bytes)
        or kana >= 0.2 * len(high_bytes)
        or (len(pairs) >= 5 and low >= 0.2 * len(pairs) and _decodes(data, "big5"))
        or is_korean
    ):
        raise UndecodableError(f"looks like a code page of another script: {_CONVERT}", readable)
    return text


_HIGH_RUN = re.compile(rb"(.?)([\x80-\xff]+)", re.DOTALL)
_WESTERN = tuple(
    frozenset("äöüßéèêëàâçñáíóúïîôûåæøÄÖÜÉÈÀÇÑÅØ’‘“”–—…€".encode(name)) for name in ("cp1252", "mac_roman")
)


def _is_western(data: bytes) -> bool:
    """Whether high bytes stand one or two together inside words, as umlauts of Windows and of old Macs do."""
    runs = [(match[1], match[2]) for match in _HIGH_RUN.finditer(data)]
    inside = [run for before, run in runs if before.isalpha() and len(run) <= 2]
    return len(runs) >= 2 and any(
        sum(map(western.issuperset, inside)) >= 0.8 * len(runs) for western in _WESTERN
    )


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _is_ideograph(char: str) -> bool:
    return "\u3400" <= char <= "\u9fff" and len(char.encode("gb18030")) == 2
