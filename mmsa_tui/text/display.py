"""Text made fit for a terminal: whatever a stranger wrote can be printed, and shows what it is.

Nothing in the result moves the cursor, changes a colour, reorders the line, hides between two
letters or piles up over the lines above. Emoji sequences, accents and the joiners that Persian
or Hindi need are kept. Markup is not this module's business: hand the result to a widget as
plain text.
"""

from __future__ import annotations

import re
import unicodedata
from array import array

PLACEHOLDER = "\ufffd"
"""Stands for what has no harmless picture of its own."""

TAB = "    "

MAX_GENERAL_MARKS = 3
"""Accents on one letter; Vietnamese takes two, phonetic script three."""

MAX_SCRIPT_MARKS = 8
"""Marks that belong to one script, on one letter; Tibetan stacks and pointed Hebrew are tall."""

# All that could need a second look. Anything else is a letter, sign or symbol to print as it is.
_TROUBLE = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u0300-\u036f\u0483-\u0489\u0591-\u08ff\u0900-\u1cff"
    "\u1dc0-\u1dff\u200b-\u200f\u2028-\u202e\u2060-\u206f\u20d0-\u20ff\u2cef-\u2cf1\u2d7f\u2de0-\u2dff"
    "\u302a-\u302f\u3099\u309a\u3164\ua66f-\ua6ff\ua802-\uaaff\uabe3-\uabed\ud800-\uf8ff"
    "\ufb1e\ufdd0-\ufdef\ufe00-\ufe0f\ufe20-\ufe2f\ufeff\uffa0\ufff0-\uffff"
    "\U000101fd\U000102e0\U00010376-\U0001037a\U00010a00-\U0001e95f\U0001f3f4\U0001fffe-\U0010ffff]"
)
_LINE_ENDS = frozenset("\n\v\f\x85\u2028\u2029")
# Blank letters of the Korean alphabet, some with a width of their own.
_BLANKS = frozenset("\u115f\u1160\u3164\uffa0")
# Signs that Unicode counts as invisible formatting although they print.
_PRINTING_FORMATS = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2")
_OVERRIDES = frozenset("\u202d\u202e")
_ZWNJ, _ZWJ, _CIRCLE = "\u200c", "\u200d", "\u25cc"
# Combining grapheme joiner and two Khmer vowels: marks that nobody can see.
_INVISIBLE_MARKS = frozenset("\u034f\u17b4\u17b5")
_GENERAL_MARKS = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]")
_VARIATION = re.compile("[\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
# Scripts whose letters change shape beside a joiner: Arabic to Mandaic, those of India to Khmer,
# Mongolian, and their later blocks.
_JOINING = re.compile(
    "[\u0600-\u08ff\u0900-\u109f\u1780-\u18af\u1900-\u1cff\ua840-\uabff\U00010a00-\U00011fff]"
)
_TAGGED_FLAG = re.compile("\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{1,6}\U000e007f")


_EMAIL = re.compile(r"\b[\w.+-]{1,64}[@＠﹫][\w-]{1,63}(?:\.[\w-]{1,63}){1,5}")
_HANDLE = re.compile(r"[@＠﹫]+[\w.-]{1,100}|(?<![\w/])/?u/[\w-]{2,100}")
# A domain alone is a link where it ends as most do; words that a full stop joins are none.
_ENDS = (
    "com|org|net|info|edu|gov|app|dev|xyz|social|online|shop|blog|news|club|live|site|uk|de|fr|es|it|nl|pt|br|"
    "ru|pl|jp|cn|kr|in|id|au|ca|ch|eu|se|dk|fi|tr|mx|ar|za|ng|ke|tz|et|th|co|io|ai|me|tv|cc|ly|gl|gg|fm|link"
)
_LINK = re.compile(
    r"\b(?:[a-z][a-z0-9+.-]{1,20}://|www\.)\S+|\b[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}/\S*"
    rf"|(?<![@＠﹫\w.-])[\w-]{{1,63}}(?:\.[\w-]{{1,63}}){{0,4}}\.(?:{_ENDS})\b(?![@＠﹫.\w-]*[@＠﹫])",
    re.IGNORECASE,
)
_LONG_NUMBER = re.compile(r"\+?\d[\d ()/-]{6,}\d")


def safe(text: str, *, newlines: bool = False) -> str:
    """Make text printable.

    Args:
        newlines: keep its lines, each kind of line end as `\\n` and a tab as four spaces; else
            all is one line, with a space for each line end and tab.
    """
    text = text.replace("\r\n", "\n")
    if not newlines:
        text = text.replace("\n", " ").replace("\t", " ")
    return _convert(text, None, newlines) if _TROUBLE.search(text) else text


def safe_map(text: str) -> tuple[str, array[int]]:
    """Make text printable, its lines kept, and tell where each character went.

    Returns:
        What `safe` returns, and for each index into `text`, its length included, the index into
        the printable text; spans of the one map to spans of the other end by end.
    """
    starts = array("l")
    shown = _convert(text, starts, newlines=True)
    starts.append(len(shown))
    return shown, starts


def safe_line(text: str, limit: int = 1000) -> str:
    """Make text printable on one line, with one space for any run of white space.

    Args:
        limit: characters of `text` to look at; the rest is cut, with an ellipsis in its place.
    """
    return " ".join(safe(text[:limit]).split()) + ("…" if len(text) > limit else "")


def _convert(text: str, starts: array[int] | None, newlines: bool) -> str:
    shown: list[str] = []
    length = n_marks = end_of_flag = 0
    for index, char in enumerate(text):
        if starts is not None:
            starts.append(length)
        if not _TROUBLE.match(char) or index < end_of_flag:
            piece, n_marks = char, 0
        elif flag := _TAGGED_FLAG.match(text, index):
            piece, n_marks, end_of_flag = char, 0, flag.end()
        elif char in (_ZWJ, _ZWNJ):
            piece = char if _joins(text, index) else ""
        elif _VARIATION.match(char):
            piece = char if shown and _varies(text, index) else ""
        elif unicodedata.category(char) in ("Mn", "Me"):
            n_marks += 1
            most = MAX_GENERAL_MARKS if _GENERAL_MARKS.match(char) else MAX_SCRIPT_MARKS
            is_bare = not shown or shown[-1] in ("\n", PLACEHOLDER)
            piece = _CIRCLE + char if is_bare else char
            if n_marks > most or char in _INVISIBLE_MARKS:
                piece = ""
        else:
            piece = _picture(text, index, char, newlines)
            # What is dropped must not let a tower of marks begin anew.
            n_marks = 0 if piece else n_marks
        if piece:
            shown.append(piece)
            length += len(piece)
    return "".join(shown)


def _picture(text: str, index: int, char: str, newlines: bool) -> str:
    """Show what is no text as harmless characters, or not at all where it has no width."""
    if char == "\r":
        return "" if text[index + 1 : index + 2] == "\n" else "\n" if newlines else " "
    if char in _LINE_ENDS:
        return "\n" if newlines else " "
    if char == "\t":
        return TAB if newlines else " "
    if char in _BLANKS:
        return " "
    if char < " ":
        return chr(0x2400 + ord(char))
    if char == "\x7f":
        return "\u2421"
    category = unicodedata.category(char)
    if char in _OVERRIDES or category in ("Cc", "Cs", "Co") or _is_noncharacter(char):
        return PLACEHOLDER
    return "" if category == "Cf" and char not in _PRINTING_FORMATS else char


def _is_noncharacter(char: str) -> bool:
    return "\ufdd0" <= char <= "\ufdef" or ord(char) & 0xFFFE == 0xFFFE


def _joins(text: str, index: int) -> bool:
    """Whether a joiner stands where writing needs one: between emoji, or in a joining script."""
    if not 0 < index < len(text) - 1:
        return False
    before, after = text[index - 1], text[index + 1]
    if _JOINING.match(before):
        return bool(_JOINING.match(after)) or (after.isprintable() and not after.isalnum())
    return text[index] == _ZWJ and _is_pictorial(before) and _is_emoji(after)


def _varies(text: str, index: int) -> bool:
    """Whether a variation selector follows something that has variants; a second one never does."""
    before = text[index - 1] if index else " "
    if before.isspace() or not before.isprintable() or _VARIATION.match(before):
        return False
    # Alphabets from Latin to Arabic have no variants: there a selector only hides something.
    return not (before.isalpha() and before < "\u0900")


def _is_pictorial(char: str) -> bool:
    return _is_emoji(char) or char == "\ufe0f"


def _is_emoji(char: str) -> bool:
    return "\U0001f000" <= char <= "\U0001faff" or "\u2190" <= char <= "\u2bff" or char in "\u3030\u303d"


def counted(number: int, noun: str) -> str:
    """Count things whose plural takes an s: `1 post`, `1,200 posts`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def redact(text: str) -> str:
    """Mask handles, links, mail addresses and numbers long enough to call or to look up; lines are kept.

    Names written out as words stay: no rule finds them all, so read a page before you publish it.
    """
    # What nobody sees between two letters must not part a handle before it is looked for.
    text = safe(text, newlines=True)
    text = _EMAIL.sub("[mail]", text)
    text = _LINK.sub("[link]", text)
    text = _HANDLE.sub("@[name]", text)
    return _LONG_NUMBER.sub("[number]", text)
