"""Sources: from a folder or a file, in any format that is known, to posts.

`read` yields posts, `detect` says what a source is, `inspect` what reading it will give, and `stamp_of`
whether it is as it was.
"""

from mmsa_tui.sources.base import Match, Reader, Reading, ReadOptions
from mmsa_tui.sources.detection import Detection, detect
from mmsa_tui.sources.inspect import Inspection, inspect
from mmsa_tui.sources.reading import read
from mmsa_tui.sources.registry import formats
from mmsa_tui.sources.stamp import stamp_of

__all__ = [
    "Detection",
    "Inspection",
    "Match",
    "ReadOptions",
    "Reader",
    "Reading",
    "detect",
    "formats",
    "inspect",
    "read",
    "stamp_of",
]
