"""Providers by name: built in, from installed packages, or from the project."""

from __future__ import annotations

import contextlib
import importlib
import os
from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING

from brandmodel.assets import identity
from brandmodel.errors import ConfigError, MissingCredentialError, MissingExtraError
from brandmodel.tasks import PROVIDERS, Provider, Target

if TYPE_CHECKING:
    from brandmodel.providers._http import Http


_WIRES = {
    "openai": "brandmodel.providers.openai:OpenAIWire",
    "anthropic": "brandmodel.providers.anthropic:AnthropicWire",
    "google": "brandmodel.providers.google:GoogleWire",
    "fal": "brandmodel.providers.fal:FalWire",
    "replicate": "brandmodel.providers.replicate:ReplicateWire",
    "elevenlabs": "brandmodel.providers.elevenlabs:ElevenLabsWire",
    "comfyui": "brandmodel.providers.comfyui:ComfyWire",
    "tavily": "brandmodel.providers.search:TavilyWire",
    "exa": "brandmodel.providers.search:ExaWire",
    "brave": "brandmodel.providers.search:BraveWire",
    "searxng": "brandmodel.providers.search:SearxWire",
}


class Providers:
    """Makes each provider once, when the first call needs it."""

    def __init__(
        self,
        *,
        identity_folder: Path,
        brand_name: str,
        credentials: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        """Make nothing yet.

        Args:
            identity_folder: where the brand's certificate lies.
            brand_name: for a certificate that has to be made.
            credentials: keys by vendor that the tables' folders bring along.
        """
        self._credentials = credentials
        self._http: Http | None = None
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
        if name in _WIRES:
            return self._wire(name)
        for found in entry_points(group="brandmodel.providers", name=name):
            return found.load()
        known = sorted({"local", "house", *_WIRES, *PROVIDERS})
        raise ConfigError(
            f"no provider {name!r} to speak to target {target_hint(name)}",
            hint=f"there are: {', '.join(known)}; install the package that brings it",
        )

    async def aclose(self) -> None:
        """Close every provider that was made."""
        for one in self._made.values():
            await one.aclose()
        self._made.clear()
        if self._http is not None:
            await self._http.aclose()
            self._http = None

    def key_of(self, target: Target) -> str:
        """A target's key: of its vendor's variable, else of the tables' folder; '' where none is needed.

        Raises:
            MissingCredentialError: it needs one and there is none.
        """
        variable = target.settings.get("key_env", "")
        vendor = target.id.partition("/")[0]
        key = self._credentials().get(vendor) or os.environ.get(variable, "").strip()
        if variable and not key:
            raise MissingCredentialError(
                f"the key of a target is missing: {variable} is not set",
                hint=f"set {variable}, or take the target out of the table",
            )
        return key

    def lacking(self, target: Target) -> str:
        """Which variable a target waits for; '' when it can be called."""
        if target.grade.startswith("local/"):
            return ""
        from brandmodel.providers._wire import base_url

        try:
            self.key_of(target)
            base_url(target)
        except MissingCredentialError as error:
            return error.message.rpartition(": ")[2]
        return ""

    def _wire(self, name: str) -> Callable[[], Provider]:
        from brandmodel.providers._http import Http

        self._http = http = self._http or Http()
        module, _, wire = _WIRES[name].partition(":")
        return lambda: getattr(importlib.import_module(module), wire)(http, self.key_of)


def target_hint(name: str) -> str:
    """How a message points at the row to look at."""
    return f"rows with provider = {name!r} in vendors.toml"
