"""Numbers in sentences."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """Count things whose plural takes an s: `1 post`, `1,200 posts`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
