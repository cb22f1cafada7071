"""Coding blind: a row without what the model and other people say of it."""

from __future__ import annotations

from dataclasses import replace

from mmsa_tui.store import Row


def has_label_of(row: Row, analyst: str) -> bool:
    """Whether an analyst has given the post the label that counts."""
    correction = row.correction
    return correction is not None and bool(correction.new_label) and correction.analyst == analyst


def masked(row: Row, *, has_columns: bool = True) -> Row:
    """Take the labels away that anybody has given.

    Args:
        has_columns: leave the source's own columns, in which its people's labels may stand too.
    """
    post = row.post
    if post is not None:
        post = replace(post, truth={}, metadata=post.metadata if has_columns else {})
    return replace(row, post=post, prediction=None, correction=None)
