"""The asset store in a folder: bytes named by their SHA-256, written durably."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import secrets
from pathlib import Path

from brandmodel.assets.probe import probe
from brandmodel.errors import StorageError
from brandmodel.tasks import Asset

SMALL = 64 * 1024
"""Up to here bytes are read and hashed where they are asked for: that takes less than a thread does to wake
up. Writing waits for the disk, and has a thread in any case."""


class FolderStore:
    """``<root>/<2 hex>/<62 hex>``. A file that is there is whole: temp file, fsync, rename."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._root = str(root)

    def path(self, asset: Asset) -> Path:
        """Where the bytes of an asset lie; the file must not be changed."""
        return Path(self._place(asset))

    def _place(self, asset: Asset) -> str:
        # Text: a path's object costs as much to make as the file does to look up.
        return f"{self._root}/{asset.sha256[:2]}/{asset.sha256[2:]}"

    def has(self, asset: Asset) -> bool:
        """Whether the bytes are there."""
        return os.path.exists(self._place(asset))

    async def put(self, data: bytes, *, name: str = "") -> Asset:
        """Keep bytes; what they are is read from the bytes themselves.

        Raises:
            StorageError: the folder cannot be written, or the disk is full.
        """
        if len(data) > SMALL:
            return await asyncio.to_thread(self.put_now, data, name=name)
        asset = _described(data, name=name)
        if not self.has(asset):
            await asyncio.to_thread(write_durably, self._place(asset), data)
        return asset

    def put_now(self, data: bytes, *, name: str = "") -> Asset:
        """``put`` for callers outside an event loop."""
        asset = _described(data, name=name)
        if not self.has(asset):
            write_durably(self._place(asset), data)
        return asset

    async def read(self, asset: Asset) -> bytes:
        """The bytes of an asset.

        Raises:
            StorageError: they are gone, or are no longer what they were.
        """
        if asset.size <= SMALL:
            return self.read_now(asset)
        return await asyncio.to_thread(self.read_now, asset)

    def read_now(self, asset: Asset) -> bytes:
        """``read`` for callers outside an event loop."""
        try:
            with open(self._place(asset), "rb", buffering=0) as file:
                data = file.read()
        except OSError as error:
            raise StorageError(
                f"asset {asset.sha256[:12]} is gone from {self.root}",
                hint="run again: what made it is made anew",
            ) from error
        if hashlib.sha256(data).hexdigest() != asset.sha256:
            raise StorageError(
                f"asset {asset.sha256[:12]} in {self.root} was changed",
                hint="delete the file and run again: what made it is made anew",
            )
        return data


def write_durably(path: Path | str, data: bytes) -> None:
    """Write a whole file or nothing: temp file, fsync, rename, fsync of the folder.

    Raises:
        StorageError: the folder cannot be written, or the disk is full.
    """
    parent, name = os.path.split(path)
    try:
        folder = _folder(parent)
        try:
            _write(f"{parent}/.new-{secrets.token_hex(8)}", f"{parent}/{name}", data)
            # Its entry has to reach the disk as well.
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise _refused(parent, error) from error


def _write(temporary: str, path: str, data: bytes) -> None:
    handle = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    try:
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(handle, rest) :]
            os.fsync(handle)
        finally:
            os.close(handle)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _described(data: bytes, *, name: str) -> Asset:
    found = probe(data, name=name)
    return Asset(
        sha256=hashlib.sha256(data).hexdigest(),
        media_type=found.media_type,
        size=len(data),
        width=found.width,
        height=found.height,
        duration_s=found.duration_s,
    )


def _folder(path: str) -> int:
    """A folder, open; made where it is missing."""
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        os.makedirs(path, exist_ok=True)
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)


def _refused(folder: str, error: OSError) -> StorageError:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    what = "the disk is full" if full else (error.strerror or str(error))
    hint = "free space and run again" if full else "choose a folder that can be written"
    return StorageError(f"{folder}: {what}", hint=hint)
