"""Wires whose vendors report the end of a job by webhook, signed with what they show to the key's owner."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from brandmodel.errors import InvalidRequestError
from brandmodel.providers._uploads import UploadingWire
from brandmodel.providers._webhooks import Scheme, Secret, verify
from brandmodel.tasks import Report, Target

_KEPT_S = 24 * 3600.0
"""fal's page on webhooks: its keys may be kept for a day."""
_CHANGED_S = 300.0
"""What is older than this may have been changed since; whoever forges can make us ask only so often."""


@dataclass(slots=True)
class ReportingWire(UploadingWire):
    """A wire whose jobs take the address of a webhook.

    Attributes:
        scheme: how its webhooks are signed.
    """

    scheme: ClassVar[Scheme]
    _signing: dict[str, tuple[float, Secret]] = field(
        default_factory=dict[str, tuple[float, Secret]]
    )

    async def signing(self, target: Target) -> Secret:
        """What the vendor signs with, as it tells the owner of the key."""
        raise NotImplementedError

    async def reported(
        self, target: Target, headers: Mapping[str, str], body: bytes, *, now: float
    ) -> Report:
        """See ``ReportingProvider``."""
        secret = await self._secret(target, _KEPT_S)
        try:
            hook = verify(self.scheme, headers, body, secret, now=now)
        except InvalidRequestError:
            newer = await self._secret(target, _CHANGED_S)
            if newer == secret:
                raise
            hook = verify(self.scheme, headers, body, newer, now=now)
        return Report(hook.id, hook.job)

    async def _secret(self, target: Target, kept_s: float) -> Secret:
        """What the vendor signs with; asked for again once it is that old."""
        since, secret = self._signing.get(target.vendor, (-_KEPT_S, ""))
        if time.monotonic() - since >= kept_s:
            secret = await self.signing(target)
            self._signing[target.vendor] = time.monotonic(), secret
        return secret
