"""What a retrain has made of a few corrections, for tests that only pass it on."""

from __future__ import annotations

from mmsa_tui.bundle.lesson import Lesson

LESSON = Lesson(5, weight=8.0, step=0.6, is_found=True, n_compared=9, agreement=0.75, expected=0.8)
