"""The durable memory of runs and steps, and of what they cost."""

from __future__ import annotations

from pathlib import Path

from brandmodel.journal.records import (
    Attempt,
    CapReached,
    Journal,
    LeaseHeld,
    Reservation,
    Reused,
    RunRecord,
    RunStep,
    StepRecord,
)

__all__ = [
    "Attempt",
    "CapReached",
    "Journal",
    "LeaseHeld",
    "Reservation",
    "Reused",
    "RunRecord",
    "RunStep",
    "StepRecord",
    "open_journal",
]


def open_journal(home: Path | None) -> Journal:
    """The journal of a project's folder, or one in memory when ``home`` is None.

    Raises:
        StorageError: the file is damaged, was written by a newer version, or cannot be written.
    """
    if home is None:
        from brandmodel.journal.memory import MemoryJournal

        return MemoryJournal()
    from brandmodel.journal.sqlite import SqliteJournal

    return SqliteJournal(home / "journal.sqlite")
