"""Messages between the provider and its workers: a JSON head, then raw bytes.

``<4 bytes head length><4 bytes number of blobs>`` ``(<8 bytes length>)*`` head, blobs; big endian.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Sequence
from typing import BinaryIO

_PREFIX = struct.Struct(">II")
_LENGTH = struct.Struct(">Q")


def packed(head: bytes, blobs: Sequence[bytes] = ()) -> list[bytes]:
    """A message as pieces to be written one after the other, so that nothing is copied."""
    lengths = b"".join(_LENGTH.pack(len(blob)) for blob in blobs)
    return [_PREFIX.pack(len(head), len(blobs)) + lengths + head, *blobs]


def read_frame(stream: BinaryIO) -> tuple[bytes, list[bytes]] | None:
    """The next message of a blocking stream, or None at its end."""
    prefix = stream.read(_PREFIX.size)
    if len(prefix) < _PREFIX.size:
        return None
    head_length, count = _PREFIX.unpack(prefix)
    lengths = [_LENGTH.unpack(stream.read(_LENGTH.size))[0] for _ in range(count)]
    head = stream.read(head_length)
    return head, [stream.read(length) for length in lengths]


async def receive_frame(stream: asyncio.StreamReader) -> tuple[bytes, list[bytes]]:
    """The next message of an asyncio stream.

    Raises:
        asyncio.IncompleteReadError: the other side ended.
    """
    head_length, count = _PREFIX.unpack(await stream.readexactly(_PREFIX.size))
    lengths = [_LENGTH.unpack(await stream.readexactly(_LENGTH.size))[0] for _ in range(count)]
    head = await stream.readexactly(head_length)
    return head, [await stream.readexactly(length) for length in lengths]
