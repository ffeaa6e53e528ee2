"""Providers by name: built in, from installed packages, or from the project."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path

from brandmodel.assets import identity
from brandmodel.errors import ConfigError, MissingExtraError
from brandmodel.tasks import PROVIDERS, Provider, Target


class Providers:
    """Makes each provider once, when the first call needs it."""

    def __init__(self, *, identity_folder: Path, brand_name: str) -> None:
        self._identity_folder = identity_folder
        self._brand_name = brand_name
        self._made: dict[str, Provider] = {}

    def of(self, target: Target) -> Provider:
        """The provider that speaks to a target.

        Raises:
            ConfigError: its vendor's row names a provider that nothing here defines.
        """
        name = target.provider
        if name not in self._made:
            self._made[name] = self._maker(name)()
        return self._made[name]

    def identity_known(self) -> bool:
        """Whether the brand has its certificate."""
        return bool(identity.fingerprint(self._identity_folder, self._brand_name))

    def make_identity(self) -> None:
        """Make the brand's certificate, where the parts that can do it are installed."""
        with contextlib.suppress(MissingExtraError):
            identity.ensure(self._identity_folder, self._brand_name)

    def _maker(self, name: str) -> Callable[[], Provider]:
        if name in PROVIDERS:
            return PROVIDERS[name]
        if name == "local":
            from brandmodel.local.provider import LocalProvider

            return LocalProvider
        if name == "house":
            from brandmodel.assets.provenance import ProvenanceProvider

            return lambda: ProvenanceProvider(self._identity_folder, self._brand_name)
        for found in entry_points(group="brandmodel.providers", name=name):
            return found.load()
        known = sorted({"local", "house", *PROVIDERS})
        raise ConfigError(
            f"no provider {name!r} to speak to target {target_hint(name)}",
            hint=f"there are: {', '.join(known)}; install the package that brings it",
        )

    async def aclose(self) -> None:
        """Close every provider that was made."""
        for one in self._made.values():
            await one.aclose()
        self._made.clear()


def target_hint(name: str) -> str:
    """How a message points at the row to look at."""
    return f"rows with provider = {name!r} in vendors.toml"
