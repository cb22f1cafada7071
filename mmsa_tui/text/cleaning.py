"""Undo what a tool did to a text on its way here: HTML tags and entities, and escapes written out.

Knows texts and columns of texts, no format: a reader decides what to call, and tells what was changed.
What no tool writes stays as its author typed it: `<3`, `<-`, `a < b`, `C:\\new`, a shrug's backslash.
"""

from __future__ import annotations

import ast
import html
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

TAGS, ENTITIES, ESCAPES, JSON = "HTML tags", "HTML entities", "escapes", "JSON"
BYTES = "texts shown as the bytes of Python"
_BYTES = re.compile(r"""b('.{0,100000}'|".{0,100000}")""", re.DOTALL)
"""The kinds of change, as a person is told of them."""

MAX_TAG_CHARACTERS = 4_000
"""What is longer between two angle brackets is no tag; bounds the work on a hostile text."""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A text as its author typed it, and which kinds of change that took, none for a plain text."""

    text: str
    changes: frozenset[str] = frozenset()


# fmt: off
_PARAGRAPHS = frozenset((
    "p", "div", "blockquote", "ul", "ol", "table", "h1", "h2", "h3", "h4", "h5", "h6", "pre",
))
_LINES = frozenset(("br", "li", "tr", "hr", "dt", "dd"))
_SILENT = frozenset(("script", "style"))
_INLINE = frozenset((
    "a", "abbr", "article", "audio", "b", "big", "body", "button", "center", "cite", "code", "del", "dl",
    "em", "figcaption", "figure", "font", "footer", "head", "header", "html", "i", "iframe", "img", "ins",
    "kbd", "label", "link", "main", "mark", "meta", "picture", "q", "s", "samp", "section", "small", "source",
    "span", "strike", "strong", "sub", "sup", "tbody", "td", "th", "thead", "time", "title", "tt", "u",
    "video", "wbr",
))
# fmt: on
_NAMES = _PARAGRAPHS | _LINES | _SILENT | _INLINE

_ATTRIBUTE = r"""\s++[A-Za-z_:@][\w:.@-]*+\s*+=\s*+(?:"[^"<]*+"|'[^'<]*+'|[^\s"'<>=]++)"""
_TAG = re.compile(
    rf"<(/?)([A-Za-z][A-Za-z0-9]*+)((?:{_ATTRIBUTE})*+)\s*+/?\s*+>|<!--[^<]*-->|<!doctype[^<>]*>", re.I
)
# A ">" may stand inside a value in quotes and inside a comment: the tag goes on behind it.
_UNFINISHED = re.compile(
    rf"""<[A-Za-z][A-Za-z0-9]*+(?:{_ATTRIBUTE})*+\s++[\w:.@-]++\s*+=\s*+(?:"[^"<]*+|'[^'<]*+)\Z|<!--[^<]*\Z""",
    re.I,
)
_BRACKETS = re.compile(r"[<>]")
_ALT = re.compile(r"""\balt\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.I)
_EMOJI_CLASS = re.compile(r"""\bclass\s*=\s*["'][^"']*emoji""", re.I)


def html_to_text(text: str) -> Cleaned:
    """Turn HTML into the text that a browser would show, as lines.

    Known tags and comments go; paragraphs are parted by an empty line, `<br>` and list items by a
    line end; links keep what can be read of them, pictures of emoji their emoji; entities become
    characters last, so that what an author typed as `<b>` and a tool wrote as `&lt;b&gt;` stays.
    Text without tags or entities is returned as it is, and so is a result that is cleaned again,
    unless it now shows tags or entities that its author had typed.
    """
    changes: set[str] = set()
    found = _without_tags(text) if "<" in text and ">" in text else text
    if found != text:
        changes.add(TAGS)
    shown = unescape(found)
    if shown != found:
        changes.add(ENTITIES)
    return Cleaned(shown, frozenset(changes))


def _without_tags(text: str) -> str:
    out: list[str] = []  # pieces; each "<" begins one
    openings: list[int] = []  # pieces of `out` at which a tag may yet begin
    silent: tuple[int, list[int]] | None = None  # where a <script> began, and `openings` then
    is_changed = False
    at = 0
    for bracket in _BRACKETS.finditer(text):
        piece, at = text[at : bracket.start()], bracket.end()
        if piece:
            out.append(piece)
        if bracket[0] == "<":
            openings.append(len(out))
            out.append("<")
            continue
        out.append(">")
        if not openings:
            continue
        inside = "".join(out[openings[-1] :])
        tag = _TAG.fullmatch(inside) if len(inside) <= MAX_TAG_CHARACTERS else None
        name = (tag[2] or "").lower() if tag else ""
        if tag is None or (name and name not in _NAMES):
            if len(inside) > MAX_TAG_CHARACTERS or not _UNFINISHED.match(inside[:-1]):
                openings.clear()
            continue
        is_changed = True
        del out[openings.pop() :]
        if name in _SILENT:
            if not tag[1]:
                silent = (len(out), openings.copy())
            elif silent is not None and len(out) >= silent[0]:
                del out[silent[0] :]
                openings, silent = silent[1], None
        elif shown := _shown_for(name, tag[3] or ""):
            out.append(shown)
    out.append(text[at:])
    return _tidy("".join(out)) if is_changed else text


def _shown_for(name: str, attributes: str) -> str:
    if name in _PARAGRAPHS:
        return "\n\n"
    if name in _LINES:
        return "\n"
    if name in ("td", "th"):
        return " "
    if name == "img" and _EMOJI_CLASS.search(attributes) and (alt := _ALT.search(attributes)):
        # The sign itself, not a new tag: brackets have no place in an emoji.
        return _BRACKETS.sub("", alt[1] or alt[2] or "")
    return ""


_AROUND_LINE_END = re.compile(r"[ \t]*+\r?\n[ \t]*+")
_EMPTY_LINES = re.compile(r"\n{3,}")


def _tidy(text: str) -> str:
    return _EMPTY_LINES.sub("\n\n", _AROUND_LINE_END.sub("\n", text)).strip()


# html.unescape also takes "&copy=2" in an address for a sign; only closed entities are certain.
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")


def unescape(text: str) -> str:
    """Turn HTML entities back into the characters their author typed."""
    return _ENTITY.sub(lambda match: html.unescape(match[0]), text) if "&" in text else text


# A doubled backslash is passed over as a pair: which of the two was meant cannot be told, and what
# follows it is no escape. Paths of Windows keep theirs.
_ESCAPE = re.compile(
    r"(?P<keep>(?<![^\s\"'(])(?:[A-Za-z]:\\|\\\\\w)\S*|\\\\)"
    r"|\\r\\n|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\[nrt\"'/]"
)
_PLAIN = {"\\n": "\n", "\\r": "\n", "\\t": "\t", '\\"': '"', "\\'": "'", "\\/": "/", "\\r\\n": "\n"}
_LINE_ENDS = re.compile(r"[\r\n]")
_CODE_POINT = re.compile(r"\\u[0-9a-fA-F]{4}")


def has_escapes(texts: Iterable[str]) -> bool:
    """Whether a column of texts shows that a tool wrote line ends and quotes as escapes.

    It does when `\\n` stands written out where no text has a real line end, or when characters
    are written as `\\u00e9`; one author who types a backslash is no evidence against real line ends.

    Args:
        texts: the column, or as many rows of it as the reader looks at.
    """
    is_written_out = False
    for text in texts:
        if _LINE_ENDS.search(text.strip()):
            return False
        if "\\" in text and not is_written_out:
            is_written_out = any(
                match[0] in ("\\n", "\\r\\n") or _CODE_POINT.match(match[0])
                for match in _ESCAPE.finditer(text)
            )
    return is_written_out


def undo_escapes(text: str) -> Cleaned:
    """Undo escapes that were written out: `\\n`, `\\r`, `\\t`, `\\"`, `\\'`, `\\/` and `\\uXXXX`.

    For texts of a column of which `has_escapes` is true. Doubled backslashes, paths and halves of
    surrogate pairs stay; to do it twice changes nothing more.
    """
    if "\\" not in text:
        return Cleaned(text)
    plain = _ESCAPE.sub(_undone, text)
    return Cleaned(plain, frozenset((ESCAPES,)) if plain != text else frozenset())


def _undone(match: re.Match[str]) -> str:
    found = match[0]
    if match["keep"]:
        return found
    if found in _PLAIN:
        return _PLAIN[found]
    char = "".join(chr(int(code, 16)) for code in found.split("\\u")[1:])
    char = char.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    # A new backslash would make a new escape; a NUL or half a character is no text.
    return found if char in ("\\", "\0", "\ufffd") else char


def are_json_texts(texts: Iterable[str]) -> bool:
    """Whether a column shows that each text was written as JSON, `"a\\n"`, or as Python bytes, `b'a'`."""
    filled = [text for text in texts if text.strip()]
    found = sum((_from_json(text) or _from_bytes(text)) is not None for text in filled)
    return bool(filled) and found >= 0.7 * len(filled)


def undo_json(text: str) -> Cleaned:
    """Return what a text written as JSON says, for texts of a column of which `are_json_texts` is true."""
    if (plain := _from_bytes(text)) is not None:
        return Cleaned(plain, frozenset((BYTES,)))
    plain = _from_json(text)
    return Cleaned(text) if plain is None else Cleaned(plain, frozenset((JSON,)))


def _from_bytes(text: str) -> str | None:
    """Return the text in bytes as Python shows them, which many scripts wrote into tables."""
    if _BYTES.fullmatch(text.strip()) is None:
        return None
    try:
        value = ast.literal_eval(text.strip())
        return value.decode("utf-8") if isinstance(value, bytes) else None
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None


def _from_json(text: str) -> str | None:
    stripped = text.strip()
    if stripped[:1] + stripped[-1:] not in ('""', "{}"):
        return None
    try:
        # Comments of YouTube are several objects, with commas between.
        values = json.loads(f"[{stripped}]")
    except (ValueError, RecursionError):
        return None
    parts = [value.get("text") if isinstance(value, dict) else value for value in values]
    texts = [part for part in parts if isinstance(part, str)]
    return "".join(texts) if texts and len(texts) == len(parts) else None
