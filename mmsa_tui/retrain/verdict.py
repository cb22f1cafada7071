"""What the gate decided of a retrained head, as it is stored and shown. Standard library only."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

COHERENCE = "coherent corrections"
"""The check on whether corrections can be told from labels at random."""


@dataclass(frozen=True)
class Check:
    """One line of the table; figures run from 0 to 1 and are None where there is none.

    `interval` is a 95 % paired bootstrap interval of the change. `reason` is a sentence.
    """

    name: str
    passed: bool
    reason: str
    before: float | None = None
    after: float | None = None
    change: float | None = None
    interval: tuple[float, float] | None = None


@dataclass(frozen=True)
class Verdict:
    """The decision, every figure it rests on, and on how many posts.

    `n_frozen` posts of the frozen split; `n_held_out` corrections that neither head was fitted on;
    `n_unseen` corrections that the head in use was not fitted on.
    """

    passed: bool
    checks: tuple[Check, ...]
    n_frozen: int
    n_held_out: int
    n_unseen: int

    @property
    def basis(self) -> str:
        """Say on which posts it rests."""
        if not self.n_frozen:
            return f"judged by {self.n_held_out:,} labelled posts, each by a head that had not seen it"
        corrections = "correction" if self.n_held_out == 1 else "corrections"
        return (
            f"judged by {self.n_frozen:,} posts of the frozen split and {self.n_held_out:,} {corrections}"
            " held out"
        )

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it was refused; empty when it passed."""
        return tuple(check.reason for check in self.checks if not check.passed)

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "reasons": list(self.reasons)}

    def table(self) -> list[tuple[str, ...]]:
        """Lay the checks out as cells: name, before, after, change, interval, verdict; header first."""
        rows: list[tuple[str, ...]] = [("", "in use", "candidate", "change", "95 % interval", "")]
        for check in self.checks:
            interval = check.interval
            rows.append(
                (
                    check.name,
                    _figure(check.before),
                    _figure(check.after),
                    _figure(check.change, "+"),
                    "" if interval is None else f"[{interval[0]:+.3f}, {interval[1]:+.3f}]",
                    "ok" if check.passed else "REFUSED",
                )
            )
        return rows


def _figure(value: float | None, sign: str = "") -> str:
    return "" if value is None else f"{value:{sign}.3f}"


@dataclass(frozen=True)
class Outlook:
    """What the second half of the corrections brought, and so what as many again may bring.

    `gain` is the rise, from a head that learned half of them to the one that learned all `n_learned`,
    of the mean probability given to the right label of held-out corrections; `noise` is its standard
    error over `n_held_out` corrections.
    """

    n_learned: int
    n_held_out: int
    gain: float
    noise: float

    @property
    def pays(self) -> bool:
        """Whether more corrections of this kind are likely to be worth the work."""
        return self.gain > self.noise

    def advice(self) -> str:
        """Say it in a sentence."""
        so_far = (
            f"The second half of {self.n_learned} corrections changed the probability of the right label"
            f" by {100 * self.gain:+.1f} points (noise {100 * self.noise:.1f})"
        )
        if self.pays:
            return f"{so_far}: {self.n_learned} more are likely to pay."
        return f"{so_far}: more of the same kind are unlikely to pay."

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "pays": self.pays}
