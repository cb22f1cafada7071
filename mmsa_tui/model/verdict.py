"""What the gate decided of a retrained head, as it is stored and shown. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


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
    def reasons(self) -> tuple[str, ...]:
        """Why it was refused; empty when it passed."""
        return tuple(check.reason for check in self.checks if not check.passed)

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "reasons": list(self.reasons)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Verdict:
        """Undo `as_json`.

        Raises:
            KeyError, TypeError: it is not such data.
        """
        checks = []
        for check in data["checks"]:
            low_high = check["interval"]
            checks.append(Check(**{**check, "interval": tuple(low_high) if low_high else None}))
        return cls(data["passed"], tuple(checks), data["n_frozen"], data["n_held_out"], data["n_unseen"])

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
