"""What a source says as a whole: shares, course over time, hashtags, authors, corrections.

Counts in SQL or in one pass, a fraction of a second for 100,000 posts; nothing here draws.
"Label" is the final one: the analyst's, else the model's; "" is none.
"""

from mmsa_tui.analysis.counts import (
    JUDGED,
    N_BINS,
    Counts,
    count,
    count_failures,
    count_heads,
    describe_unvalidated,
    percentages,
    with_rest,
)
from mmsa_tui.analysis.examples import CLEAR, Examples, examples
from mmsa_tui.analysis.groups import Group
from mmsa_tui.analysis.survey import Survey, occurring, survey
from mmsa_tui.analysis.timeline import Timeline

__all__ = [
    "CLEAR",
    "JUDGED",
    "N_BINS",
    "Counts",
    "Examples",
    "Group",
    "Survey",
    "Timeline",
    "count",
    "count_failures",
    "count_heads",
    "describe_unvalidated",
    "examples",
    "occurring",
    "percentages",
    "survey",
    "with_rest",
]
