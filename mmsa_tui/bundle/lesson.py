"""What a retrain made of the corrections, as it is stored and shown. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Lesson:
    """How corrections were learned from.

    `n_learned` were fitted on, each counting for `weight` posts of the model's own, and the head went
    `step` of the way they point (above 0, at most 1). Of `n_compared` corrections that the head in use
    had not learned from it shares a part `agreement`; by its confidence it would share `expected`.
    `is_rule`: they were taken for a rule of the analysts' own, and not for one more opinion on posts
    of which the model knows what people think; `is_found`: by how they fit, not by anyone's word. `said`
    takes the place of all this for a head that had nothing of its own before.
    """

    n_learned: int
    weight: float = 1.0
    step: float = 1.0
    is_rule: bool = False
    is_found: bool = False
    n_compared: int = 0
    agreement: float = 0.0
    expected: float = 0.0
    said: str = ""

    def sentences(self) -> tuple[str, ...]:
        """Say it in a sentence or two."""
        if self.said:
            return (self.said,)
        corrections = f"{self.n_learned:,} correction{'' if self.n_learned == 1 else 's'}"
        learned = f"{corrections} learned, each counting for {self.weight:.3g} posts of the model's own"
        if self.is_rule:
            learned += ", as a rule of your own: the model gives way to it"
        elif self.step < 1:
            learned += f"; gone {self.step:.0%} of the way, as far as posts kept apart bear out"
        if not self.n_compared:
            return (learned + ".",)
        shared = (
            f"The model in use agrees with {self.agreement:.0%} of {self.n_compared:,} corrections new to it;"
            f" its confidence promised {self.expected:.0%}."
        )
        return learned + ".", shared
