"""Every failure a user can meet, each with its exit code. Knows nothing of the rest."""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """How a command ends; an API."""

    OK = 0
    FAILED_ROWS = 1
    """Finished, with failed rows under --strict; or the gate refused."""
    USAGE = 2
    """Usage, settings, source or output."""
    BUNDLE = 3
    """Bundle or device."""
    STORE = 4
    TRAINING = 5
    DEFECT = 70
    """EX_SOFTWARE of sysexits.h: an error nobody foresaw."""
    INTERRUPTED = 130


class MmsaError(Exception):
    """Something the user can act on.

    Args:
        message: what happened, and to which object.
        hint: what to do next.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.USAGE

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(MmsaError):
    """The command or an option does not make sense."""


class ConfigError(MmsaError):
    """A setting in the config file or the environment is wrong."""


class SourceError(MmsaError):
    """A source is missing, unreadable, or in no known format."""


class OutputError(MmsaError):
    """An output exists, cannot be written, or the disk is full."""


class BundleError(MmsaError):
    """A bundle is missing, damaged, or of a format this version does not read."""

    exit_code = ExitCode.BUNDLE


class DeviceError(MmsaError):
    """The device that was asked for is not there."""

    exit_code = ExitCode.BUNDLE


class StoreError(MmsaError):
    """The database cannot be opened, read or written."""

    exit_code = ExitCode.STORE


class DamagedStoreError(StoreError):
    """What the database holds is not what was written: nothing more may go into it."""


class TrainingError(MmsaError):
    """A training or retraining run cannot start or finish."""

    exit_code = ExitCode.TRAINING


class Interrupted(MmsaError):
    """The user stopped it."""

    exit_code = ExitCode.INTERRUPTED
