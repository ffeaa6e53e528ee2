"""Opening the journal's file: settings, migrations, and what its errors mean.

Source of the settings: https://www.sqlite.org/wal.html and /pragma.html. WAL lets readers go on
while one writes; synchronous=FULL makes a commit survive a power cut.
"""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from brandmodel.errors import StorageError
from brandmodel.journal import sql

BUSY_TIMEOUT_S = 30.0


def opened(path: Path) -> sqlite3.Connection:
    """A connection to a journal that is up to date; it waits for locks of others.

    Raises:
        StorageError: the file is damaged, was written by a newer version, or cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return _connected(path)
    except sqlite3.Error as error:
        raise storage_error(path, error) from error
    except OSError as error:
        raise StorageError(
            f"{path.parent}: {error.strerror}",
            hint="choose a folder that can be written with BRANDMODEL_HOME",
        ) from error


def busy(error: sqlite3.Error) -> bool:
    """Whether somebody else has the lock right now."""
    return (getattr(error, "sqlite_errorname", "") or "").startswith("SQLITE_BUSY")


def storage_error(path: Path, error: sqlite3.Error) -> StorageError:
    """What an error of the database means to a user."""
    code = getattr(error, "sqlite_errorname", "") or ""
    if code.startswith("SQLITE_NOTADB") or code.startswith("SQLITE_CORRUPT"):
        return StorageError(
            f"{path} is not a journal, or is damaged",
            hint="move it away and run again; pictures in the assets folder stay",
        )
    if code.startswith("SQLITE_FULL") or code.startswith("SQLITE_IOERR"):
        return StorageError(f"{path}: the disk is full or failing", hint="free space and run again")
    if code.startswith("SQLITE_READONLY") or code.startswith("SQLITE_CANTOPEN"):
        return StorageError(
            f"{path} cannot be written", hint="choose a folder that can be with BRANDMODEL_HOME"
        )
    if busy(error):
        return StorageError(f"{path} is locked by another program", hint="end it and run again")
    return StorageError(f"{path}: {error}")


def _connected(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
    )
    try:
        version: int = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > len(sql.MIGRATIONS):
            raise StorageError(
                f"{path} was written by a newer version of brandmodel",
                hint="upgrade brandmodel, or choose another folder with BRANDMODEL_HOME",
            )
        _to_wal(connection)
        connection.execute("PRAGMA synchronous=FULL")
        if version < len(sql.MIGRATIONS):
            _migrate(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _to_wal(connection: sqlite3.Connection) -> None:
    """Switch a new file to WAL. The busy timeout does not cover that switch, so wait here."""
    deadline = time.monotonic() + BUSY_TIMEOUT_S
    while connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if not busy(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def _migrate(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Read again under the lock: another process may have been first.
        version: int = connection.execute("PRAGMA user_version").fetchone()[0]
        for statements in sql.MIGRATIONS[version:]:
            for statement in statements:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version={len(sql.MIGRATIONS)}")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
