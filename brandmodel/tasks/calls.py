"""What passes between the engine and a provider."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol, runtime_checkable

from brandmodel.tasks._base import Request, Result, Tier, Usage
from brandmodel.tasks.audio import Voice
from brandmodel.tasks.values import Asset


class Blobs(Protocol):
    """The asset store as tasks see it."""

    async def put(self, data: bytes, *, name: str = "") -> Asset:
        """Keep bytes durably; media type and size are read from the bytes themselves.

        Raises:
            InvalidRequestError: the bytes are not what they claim to be; ``name`` is in the message.
        """
        ...

    async def read(self, asset: Asset) -> bytes:
        """The bytes of an asset."""
        ...

    def path(self, asset: Asset) -> Path:
        """Where an asset lies on this machine; the file must not be changed."""
        ...


@dataclass(frozen=True, slots=True)
class Price:
    """Nano-USD by unit (see ``routing.prices``), for results of up to a size.

    Attributes:
        max_lines: the shorter side, in pixels, up to which it holds; None for any.
    """

    units: Mapping[str, int]
    max_lines: int | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """One vendor's model that can serve tasks: a row of data.

    Attributes:
        id: ``vendor/model``.
        provider: which adapter speaks to it.
        model: the vendor's own name for it.
        tasks: names of the tasks it serves.
        grade: ``model``, or ``local/<revision>``; part of a step's key.
        price: by size, the smallest first; empty where it costs nothing.
        tokens: ``provider:model``, under which a public list has the price of its tokens.
        limits: what it takes at most, by the limit's name (see ``routing.limits``).
        thought_tokens: what it may think before it answers, on top of the answer's own limit.
        sketches: unfinished states of a picture that it is asked to show while it makes one.
        latency_s: what a call usually takes.
        requests_per_minute: what the vendor allows; None where it does not say.
        webhook: where its vendor shall report that a job has ended; '' for nowhere.
        settings: further fields of the vendor's and target's rows, for the provider.
    """

    id: str
    provider: str
    model: str
    tasks: frozenset[str]
    grade: str = "model"
    price: Sequence[Price] = ()
    tokens: str = ""
    limits: Mapping[str, Any] = field(default_factory=dict[str, Any])
    thought_tokens: int = 0
    sketches: int = 0
    latency_s: float = 1.0
    requests_per_minute: float | None = None
    webhook: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def vendor(self) -> str:
        """Whose it is."""
        return self.id.partition("/")[0]

    @property
    def paid(self) -> bool:
        """Whether a call may cost something."""
        return bool(self.tokens) or any(any(price.units.values()) for price in self.price)


class Call(NamedTuple):
    """One attempt: a request for one target.

    Attributes:
        take: which of several alternatives this is; providers vary their seed by it.
        attempt: unique per attempt; sent as the idempotency key where a vendor takes one.
        began: Unix seconds; the vendor has no trace of the attempt that is older. 0 where nobody knows.
        sketched: is told each unfinished state of the picture; None where nobody looks.
    """

    request: Request[Any]
    target: Target
    blobs: Blobs
    take: int = 0
    tier: Tier = "workhorse"
    attempt: str = ""
    began: float = 0.0
    sketched: Callable[[Asset], None] | None = None

    @property
    def sketches(self) -> int:
        """How many unfinished states to ask for: none where nobody looks."""
        return self.target.sketches if self.sketched is not None else 0


class Done(NamedTuple):
    """A finished call.

    Attributes:
        usage: what the vendor says was consumed; None lets the request tell it from the result.
        usd_nano: what the vendor charged, where it says so.
        request_ids: by which the vendor knows the call; for operators, and for its usage export.
    """

    result: Result
    usage: Usage | None = None
    usd_nano: int | None = None
    request_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Job:
    """A call that goes on at the vendor's: plain data that any process can pick up."""

    target: str
    task: str
    handle: Mapping[str, Any]


@runtime_checkable
class Provider(Protocol):
    """Speaks one wire protocol."""

    async def start(self, call: Call) -> Done | Job:
        """Begin a call; synchronous vendors finish it at once."""
        ...

    async def aclose(self) -> None:
        """Let go of processes and connections."""
        ...


@runtime_checkable
class LongProvider(Provider, Protocol):
    """A provider whose vendors run jobs."""

    async def check(self, job: Job, call: Call) -> Done | Job:
        """Where the job stands; called until it is done."""
        ...

    async def cancel(self, job: Job, call: Call) -> None:
        """Stop the job at the vendor's."""
        ...


@runtime_checkable
class SpeakingProvider(Provider, Protocol):
    """A provider that can say which voices its targets have."""

    async def voices(self, target: Target) -> Sequence[Voice]:
        """The voices of a target, by the names that ``Speak`` asks for."""
        ...


@dataclass(frozen=True, slots=True)
class Report:
    """A vendor's word that a job has ended; it is only a reason to look.

    Attributes:
        id: the same whenever it is sent again.
        job: the vendor's id of the job, as in its handle.
    """

    id: str
    job: str


@runtime_checkable
class ReportingProvider(Provider, Protocol):
    """A provider whose vendors report the end of a job by webhook."""

    async def reported(
        self, target: Target, headers: Mapping[str, str], body: bytes, *, now: float
    ) -> Report:
        """What a webhook says, once it is sure who sent it, and when.

        Raises:
            InvalidRequestError: the signature is wrong, or the time.
            ProviderError: what the vendor signs with cannot be had now.
        """
        ...


@runtime_checkable
class FindingProvider(Provider, Protocol):
    """A provider whose vendors can be asked whether a call that got lost was started."""

    async def find(self, call: Call) -> Done | Job | None:
        """The job or result of a call by its ``attempt``; None when it surely was not started.

        Raises:
            ProviderError: it cannot be told now.
        """
        ...


@runtime_checkable
class StreamingProvider(Provider, Protocol):
    """A provider whose wire streams text."""

    def stream(self, call: Call) -> AsyncIterator[str | Done]:
        """Pieces of text as they come, and the whole result last."""
        ...


PROVIDERS: dict[str, Callable[[], Provider]] = {}
"""Providers that a project or an installed package adds, by the name that vendor rows use."""


def provider(name: str) -> Callable[[type[Any]], type[Any]]:
    """Register a provider class under the name that ``vendors.toml`` rows use."""

    def register(cls: type[Any]) -> type[Any]:
        PROVIDERS[name] = cls
        return cls

    return register
