"""A filter cut up into words, values, operators and parentheses; what looks like one of them is refused.

Knows where each stands, for an error to point at, and of no field what it means.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from mmsa_tui.filters.errors import FilterError

MAX_VALUES = 100
"""Values in a filter; SQLite refuses expressions that nest much deeper."""

COLUMN = "col"
"""The field that is followed by the name of a column of the source."""

_OPENING = '"“”„'
_CLOSING = re.compile('["“”]')
_FIELD = re.compile(r"([^\W\d]\w*):(?!//)")
_COLUMN_NAME = re.compile(r'[^\s=<>:(),"“”„]+')
_ORDER = re.compile(r"<=|>=|<|>|=|:")
_ORDERS = ("<", ">", "<=", ">=", "=", "==", "!=")
_SYMBOLS = {"&&": "AND", "||": "OR"}


@dataclass(frozen=True, slots=True)
class Value:
    """One value as typed, without its quotation marks or slashes; `start` and `end` take those in."""

    text: str
    start: int
    end: int
    is_quoted: bool = False
    is_pattern: bool = False


@dataclass(frozen=True, slots=True)
class Term:
    """One condition: `field` "" means words to search for; any of the values will do.

    `column` is the source's column that the field `col` is about.
    """

    start: int
    end: int
    field: str
    values: tuple[Value, ...]
    column: str = ""


Kind = Literal["term", "AND", "OR", "NOT", "-", "(", ")"]


@dataclass(frozen=True, slots=True)
class Token:
    """One piece of a filter, and where it stands; `term` is None for operators and parentheses."""

    kind: Kind
    start: int
    end: int
    term: Term | None = None


def read_tokens(text: str, fields: Collection[str] = ()) -> list[Token]:
    """Cut up a filter.

    Args:
        fields: names that `name < 3`, written apart, is repaired for.

    Raises:
        FilterError: there are too many values, something is left open, or a word looks like an operator.
    """
    tokens = _Scanner(text).read()
    _refuse_look_alikes(tokens, text, fields)
    return tokens


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0
        self._n_values = 0

    def read(self) -> list[Token]:
        tokens: list[Token] = []
        while self._skip_spaces():
            tokens.append(self._read_token())
        return tokens

    def _skip_spaces(self) -> bool:
        while self._at < len(self._text) and self._text[self._at].isspace():
            self._at += 1
        return self._at < len(self._text)

    def _read_token(self) -> Token:
        start, char = self._at, self._text[self._at]
        if char == "(":
            self._depth += 1
            self._at += 1
            return Token("(", start, self._at)
        if char == ")" and self._depth:
            self._depth -= 1
            self._at += 1
            return Token(")", start, self._at)
        if char == "-" and self._text[start + 1 : start + 2].strip():
            self._at += 1
            return Token("-", start, self._at)
        term = self._read_term()
        word = term.values[0]
        if not term.field and not word.is_quoted and not word.is_pattern:
            for kind in ("AND", "OR", "NOT"):
                if word.text == kind:
                    return Token(kind, start, self._at)
            self._refuse_closing(word)
        return Token("term", start, self._at, term)

    def _read_term(self) -> Term:
        start = self._at
        field = column = ""
        if found := _FIELD.match(self._text, self._at):
            field = found[1]
            self._at = found.end()
        if field.lower() == COLUMN:
            column = self._read_column(start)
        values = [self._read_value(in_field=bool(field))]
        while field and self._text[self._at : self._at + 1] == ",":
            self._at += 1
            values.append(self._read_value(in_field=True))
        return Term(start, self._at, field, tuple(values), column)

    def _read_column(self, start: int) -> str:
        """Read the name behind `col:`, and the `=` or `:` behind it; `<` and `>` are the value's."""
        if self._text[self._at : self._at + 1] in _OPENING and self._at < len(self._text):
            name = self._read_quoted(self._at).text
        else:
            found = _COLUMN_NAME.match(self._text, self._at)
            name = found[0] if found else ""
            self._at += len(name)
        order = _ORDER.match(self._text, self._at)
        if not name or order is None:
            raise FilterError(
                "col: needs the name of a column and what it should be",
                'For example col:Region=North, col:"Number of likes">100 or col:Region=* for any.',
                at=(start, self._at),
                suggestion=self._text[start : self._at] + "=*" if name else "",
            )
        if order[0] in "=:":
            self._at = order.end()
        return name

    def _read_value(self, *, in_field: bool) -> Value:
        self._n_values += 1
        if self._n_values > MAX_VALUES:
            raise FilterError(
                f"the filter has more than {MAX_VALUES} conditions",
                "Make it shorter.",
                at=(self._at, len(self._text)),
            )
        start = self._at
        first = self._text[start : start + 1]
        if first and first in _OPENING:
            return self._read_quoted(start)
        if first == "/":
            return self._read_pattern(start)
        opened = 0
        while self._at < len(self._text) and not self._text[self._at].isspace():
            char = self._text[self._at]
            if in_field and char == ",":
                break
            opened += char == "("
            if char == ")":
                if not opened and self._depth:
                    break
                opened -= 1
            self._at += 1
        return Value(self._text[start : self._at], start, self._at)

    def _read_quoted(self, start: int) -> Value:
        closing = _CLOSING.search(self._text, start + 1)
        if closing is None:
            raise FilterError(
                "the quotation mark is never closed",
                'End the words with ".',
                at=(start, len(self._text)),
                suggestion=self._text[start:].rstrip() + '"',
            )
        inside = self._text[start + 1 : closing.start()]
        self._at = closing.end()
        if self._text[self._at : self._at + 1] == "*":
            self._at += 1
            inside += "*"
        return Value(inside, start, self._at, is_quoted=True)

    def _read_pattern(self, start: int) -> Value:
        at = start + 1
        while at < len(self._text):
            if self._text[at] == "\\":
                at += 2
                continue
            following = self._text[at + 1 : at + 2]
            if self._text[at] == "/" and (not following.strip() or following in "),"):
                self._at = at + 1
                return Value(self._text[start + 1 : at], start, self._at, is_pattern=True)
            at += 1
        end = next((at for at in range(start, len(self._text)) if self._text[at].isspace()), len(self._text))
        raise FilterError(
            "the regular expression is never closed",
            'End it with /, or put words that contain a slash in quotation marks: "and/or".',
            at=(start, end),
            suggestion='"' + self._text[start:end].replace('"', "") + '"',
        )

    def _refuse_closing(self, word: Value) -> None:
        """Refuse a parenthesis at the end of a word that none was opened for; smileys may have one."""
        n_closing = word.text.count(")") - word.text.count("(")
        if word.text.endswith(")") and n_closing > 0 and any(char.isalnum() for char in word.text[:-1]):
            raise FilterError(
                "the parenthesis was never opened",
                "Take it away, or put the words in quotation marks.",
                at=word,
                suggestion=word.text.rstrip(")"),
            )


def _refuse_look_alikes(tokens: Sequence[Token], text: str, fields: Collection[str]) -> None:
    """Refuse words that look like an operator but would be searched for."""
    for number, token in enumerate(tokens):
        word = _bare(token)
        if word in _SYMBOLS:
            raise FilterError(
                f"{word} is written {_SYMBOLS[word]} here",
                f'Or search for it in quotation marks: "{word}".',
                at=token,
                suggestion=_SYMBOLS[word],
            )
        if word.casefold() in ("and", "or", "not") and len(tokens) > 1:
            raise FilterError(
                f"{word} can be an operator or a word to search for",
                f'Write {word.upper()} in capitals for the operator, or "{word}" for the word.',
                at=token,
                suggestion=word.upper(),
            )
        if word in _ORDERS:
            raise _lonely_order(tokens, number, text, fields)
        if word == "-":
            following = tokens[number + 1].start if number + 1 < len(tokens) else token.end
            raise FilterError(
                "the minus stands alone",
                'Put it right before what is to be left out: -word. Or write "-" to search for it.',
                at=(token.start, following),
                suggestion="-" if following > token.end else '"-"',
            )
        if len(word) > 1 and word[0] == "!" and word[1].isalnum():
            raise FilterError(
                "the opposite is written with a minus here",
                f'Write -{word[1:]}, or "{word}" to search for it as it stands.',
                at=token,
                suggestion="-" + word[1:],
            )


def _bare(token: Token) -> str:
    """Give a word as typed; "" for everything else."""
    if token.term is None or token.term.field:
        return ""
    value = token.term.values[0]
    return "" if value.is_quoted or value.is_pattern else value.text


def _lonely_order(tokens: Sequence[Token], number: int, text: str, fields: Collection[str]) -> FilterError:
    token = tokens[number]
    order = text[token.start : token.end]
    before = _bare(tokens[number - 1]).lower() if number else ""
    after = tokens[number + 1] if number + 1 < len(tokens) else None
    if before in fields and after is not None:
        start = tokens[number - 1].start
        typed = text[after.start : after.end]
        return FilterError(
            f"a comparison is written without spaces: {before}:{order}{typed}",
            "Put a colon behind the field.",
            at=(start, after.end),
            suggestion=compared(before, order, typed),
        )
    return FilterError(
        f"{order} has nothing to compare",
        f'Write a field and a value around it: conf:<0.6. Or write "{order}" to search for it.',
        at=token,
        suggestion=f'"{order}"',
    )


def compared(field: str, order: str, value: str) -> str:
    """Write a comparison as a filter has it."""
    if order == "!=":
        return f"-{field}:{value}"
    return f"{field}:{value}" if order in ("=", "==") else f"{field}:{order}{value}"
