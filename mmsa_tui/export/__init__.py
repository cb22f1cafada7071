"""Rows to csv, xlsx, jsonl and parquet files, in fixed, documented columns.

Knows the records and nothing of the store: any row with a post, a prediction and a correction
will do.
"""

from mmsa_tui.export.columns import fixed_columns, people_columns
from mmsa_tui.export.summary_sheet import CountTable, Summary, TextTable
from mmsa_tui.export.write import SUFFIXES, check_target, stream_jsonl, to_records, write, write_records
from mmsa_tui.export.xlsx_file import describe_sheets

__all__ = [
    "SUFFIXES",
    "CountTable",
    "Summary",
    "TextTable",
    "check_target",
    "describe_sheets",
    "fixed_columns",
    "people_columns",
    "stream_jsonl",
    "to_records",
    "write",
    "write_records",
]
