"""What a local task works with: bytes in, bytes out, and which take this is."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from brandmodel.tasks import Asset


class Desk:
    """Handed to every local task: ``serve(request, desk) -> result``.

    Attributes:
        take: which of several alternatives to make; 0 is the first.
        made: bytes of every new asset, by digest; the caller stores them.
    """

    def __init__(self, read: Callable[[Asset], bytes], *, take: int = 0) -> None:
        self.take = take
        self.made: dict[str, bytes] = {}
        self._read = read

    def read(self, asset: Asset) -> bytes:
        """The bytes of an asset of the request, or of one made here."""
        return self.made.get(asset.sha256) or self._read(asset)

    def keep(
        self,
        data: bytes,
        media_type: str,
        *,
        width: int | None = None,
        height: int | None = None,
        duration_s: float | None = None,
    ) -> Asset:
        """Name new bytes by their digest and hold them for the store."""
        digest = hashlib.sha256(data).hexdigest()
        self.made[digest] = data
        return Asset(
            sha256=digest,
            media_type=media_type,
            size=len(data),
            width=width,
            height=height,
            duration_s=duration_s,
        )
