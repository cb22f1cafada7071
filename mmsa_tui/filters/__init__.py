"""The filter language: one line an analyst types, turned into a condition on the store's rows.

Knows the store's columns and nothing of screens. What is typed only ever becomes a parameter.
"""

from mmsa_tui.filters.complete import Completion, completions
from mmsa_tui.filters.errors import FilterError
from mmsa_tui.filters.hits import hits
from mmsa_tui.filters.parse import parse
from mmsa_tui.filters.reference import SYNTAX, reference

__all__ = ["SYNTAX", "Completion", "FilterError", "completions", "hits", "parse", "reference"]
