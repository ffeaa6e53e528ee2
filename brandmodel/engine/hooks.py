"""Webhooks: a vendor says that a job has ended, and whoever waits for it looks at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from brandmodel.engine.looks import Looks
from brandmodel.errors import InvalidRequestError
from brandmodel.providers._webhooks import Seen
from brandmodel.routing import Tables
from brandmodel.tasks import Provider, ReportingProvider, Target


class Hooks:
    """Takes the webhooks of every vendor."""

    def __init__(
        self, tables: Tables, provider_of: Callable[[Target], Provider], looks: Looks
    ) -> None:
        """Hear nothing yet.

        Args:
            tables: the vendors' rows.
            provider_of: who speaks to a target.
            looks: at the jobs of this process.
        """
        self._tables = tables
        self._provider_of = provider_of
        self._looks = looks
        self._seen = Seen()

    async def take(
        self, vendor: str, headers: Mapping[str, str], body: bytes, *, now: float
    ) -> bool:
        """Check who sent a webhook and wake who waits for its job: see ``AsyncBrandModel.webhook``.

        Args:
            vendor: its name in ``vendors.toml``.
            headers: as they came.
            body: the bytes as they came.
            now: Unix seconds.

        Raises:
            InvalidRequestError: it is not the vendor's, too old, or of a vendor that shall send none.
            ProviderError: what the vendor signs with cannot be had now.
        """
        target = self._target(vendor)
        provider = self._provider_of(target)
        if not isinstance(provider, ReportingProvider):
            raise _unexpected(vendor)
        report = await provider.reported(target, headers, body, now=now)
        if not self._seen.first(f"{vendor} {report.id}"):
            return False
        return self._looks.wake(vendor, report.job)

    def _target(self, vendor: str) -> Target:
        """Any target of a vendor that was told where to report."""
        rows = [row.value for row in self._tables.targets.values() if row.value.vendor == vendor]
        if not rows or not rows[0].webhook:
            raise _unexpected(vendor)
        return rows[0]


def _unexpected(vendor: str) -> InvalidRequestError:
    return InvalidRequestError(
        f"no webhook of {vendor[:60]!r} is expected",
        hint='its row in vendors.toml says where to: webhook = "https://..."; fal and replicate can',
    )
