"""Coding blind: a row without what the model and other people say of it."""

from __future__ import annotations

from dataclasses import replace

from mmsa_tui.store import Row


def has_label_of(row: Row, analyst: str) -> bool:
    """Whether an analyst has given the post the label that counts."""
    correction = row.correction
    return correction is not None and bool(correction.new_label) and correction.analyst == analyst


def masked(row: Row) -> Row:
    """Take the labels away that anybody has given; what the source says of the post stays."""
    post = replace(row.post, truth={}) if row.post is not None else None
    return replace(row, post=post, prediction=None, correction=None)
