"""The asset store in a folder: bytes named by their SHA-256, written durably."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import tempfile
from pathlib import Path

from brandmodel.assets.probe import probe
from brandmodel.errors import StorageError
from brandmodel.tasks import Asset


class FolderStore:
    """``<root>/<2 hex>/<62 hex>``. A file that is there is whole: temp file, fsync, rename."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, asset: Asset) -> Path:
        """Where the bytes of an asset lie; the file must not be changed."""
        return self.root / asset.sha256[:2] / asset.sha256[2:]

    def has(self, asset: Asset) -> bool:
        """Whether the bytes are there."""
        return self.path(asset).exists()

    async def put(self, data: bytes, *, name: str = "") -> Asset:
        """Keep bytes; what they are is read from the bytes themselves.

        Raises:
            StorageError: the folder cannot be written, or the disk is full.
        """
        return await asyncio.to_thread(self.put_now, data, name=name)

    def put_now(self, data: bytes, *, name: str = "") -> Asset:
        """``put`` for callers outside an event loop."""
        found = probe(data, name=name)
        asset = Asset(
            sha256=hashlib.sha256(data).hexdigest(),
            media_type=found.media_type,
            size=len(data),
            width=found.width,
            height=found.height,
            duration_s=found.duration_s,
        )
        path = self.path(asset)
        if not path.exists():
            write_durably(path, data)
        return asset

    async def read(self, asset: Asset) -> bytes:
        """The bytes of an asset.

        Raises:
            StorageError: they are gone, or are no longer what they were.
        """
        return await asyncio.to_thread(self.read_now, asset)

    def read_now(self, asset: Asset) -> bytes:
        """``read`` for callers outside an event loop."""
        try:
            data = self.path(asset).read_bytes()
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


def write_durably(path: Path, data: bytes) -> None:
    """Write a whole file or nothing: temp file, fsync, rename, fsync of the folder.

    Raises:
        StorageError: the folder cannot be written, or the disk is full.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        what = "the disk is full" if full else (error.strerror or str(error))
        hint = "free space and run again" if full else "choose a folder that can be written"
        raise StorageError(f"{path.parent}: {what}", hint=hint) from error
