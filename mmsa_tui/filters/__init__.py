"""The filter language: one line an analyst types, turned into a condition on the store's rows.

Knows the store's columns and nothing of screens. What is typed only ever becomes a parameter.
"""

from mmsa_tui.filters.complete import Completion, completions
from mmsa_tui.filters.errors import FilterError
from mmsa_tui.filters.expression import read_expression, terms_of
from mmsa_tui.filters.hits import Hits, hits
from mmsa_tui.filters.parse import narrowed, parse
from mmsa_tui.filters.reference import SYNTAX, reference

__all__ = [
    "SYNTAX",
    "Completion",
    "FilterError",
    "Hits",
    "completions",
    "hits",
    "narrowed",
    "parse",
    "read_expression",
    "reference",
    "terms_of",
]
