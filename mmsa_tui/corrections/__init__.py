"""Corrections to and from files, so that several laptops can work on one set of posts.

`record` is one correction as plain values, `tables` is JSON lines and workbooks, `intake` is what
an import accepts, `conflicts` is where analysts disagree, `adjudication` settles that.
"""

from mmsa_tui.corrections.adjudication import Docket, last_decision, open_docket, settle, take_back
from mmsa_tui.corrections.conflicts import Conflict, Vote, find_conflicts, is_adjudication
from mmsa_tui.corrections.intake import HERE, Intake, Rejection, name_files, read_corrections, take_in
from mmsa_tui.corrections.label_files import Reading
from mmsa_tui.corrections.ratings import Ratings, collect_ratings
from mmsa_tui.corrections.record import FORMAT_VERSION, Incoming
from mmsa_tui.corrections.tables import (
    SUFFIXES,
    check_table_target,
    export_corrections,
    print_corrections,
    write_table,
)
from mmsa_tui.store.uids import ADJUDICATION

__all__ = [
    "ADJUDICATION",
    "FORMAT_VERSION",
    "HERE",
    "SUFFIXES",
    "Conflict",
    "Docket",
    "Incoming",
    "Intake",
    "Ratings",
    "Reading",
    "Rejection",
    "Vote",
    "check_table_target",
    "collect_ratings",
    "export_corrections",
    "find_conflicts",
    "is_adjudication",
    "last_decision",
    "name_files",
    "open_docket",
    "print_corrections",
    "read_corrections",
    "settle",
    "take_back",
    "take_in",
    "write_table",
]
