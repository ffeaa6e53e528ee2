"""What every wire is made of: operations, each two pure halves, around one send.

An operation builds the request of one task and reads its reply. Files go in as bytes and come out as
bytes or addresses; only this room and ``_http`` touch the network and the store.
"""

from __future__ import annotations

import asyncio
import base64
import os
import re
from collections.abc import AsyncIterator, Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Protocol

from brandmodel.errors import (
    BadResponseError,
    BadResultError,
    ConfigError,
    InvalidRequestError,
    JobFailedError,
    MissingCredentialError,
    ProviderError,
    UnavailableError,
)
from brandmodel.providers._chat import speaks
from brandmodel.providers._errors import failure, hidden
from brandmodel.providers._events import Event, events
from brandmodel.providers._http import Ask, Http, Reply
from brandmodel.providers._ids import request_ids
from brandmodel.tasks import Asset, Call, Done, Job, Result, Target, Usage, assets_in

Keys = Callable[[Target], str]
"""Looks a target's key up; '' where it needs none.

Raises:
    MissingCredentialError: it needs one and there is none.
"""
Handle = Mapping[str, Any]
_LONGEST_PAUSE_S = 2.0
_VARIABLE = re.compile(r"\$\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class File:
    """A file that goes along with a request.

    Attributes:
        data: its bytes; empty where it was uploaded before.
        url: where the vendor finds it, if it was uploaded.
    """

    asset: Asset
    data: bytes
    url: str = ""

    @property
    def base64(self) -> str:
        """The bytes in base64."""
        return base64.b64encode(self.data).decode()

    @property
    def address(self) -> str:
        """Where it is: its upload, or all of it as a data URI."""
        return self.url or f"data:{self.asset.media_type};base64,{self.base64}"

    @property
    def filename(self) -> str:
        """A name that says what it is and nothing else."""
        suffix = self.asset.media_type.rpartition("/")[2].removeprefix("x-")
        return f"{self.asset.sha256[:12]}.{ {'jpeg': 'jpg', 'mpeg': 'mp3'}.get(suffix, suffix) }"


Files = Mapping[str, File]
"""The files of a request, by digest."""


@dataclass(frozen=True, slots=True)
class Remote:
    """A result that lies at an address.

    Attributes:
        own: it lies at the vendor itself and wants its credentials.
    """

    url: str
    own: bool = False


class Made(NamedTuple):
    """What a reply holds.

    Attributes:
        result: makes the typed result from the media, once they are in the store.
        media: bytes, or where they lie, each with the family it must be of, such as ``image``.
        usage: what the vendor says was consumed; None leaves it to the request.
        usd_nano: what the vendor says it charged; None leaves it to the price row.
    """

    result: Callable[[Sequence[Asset]], Result]
    media: Sequence[tuple[str, bytes | Remote]] = ()
    usage: Usage | None = None
    usd_nano: int | None = None


@dataclass(frozen=True, slots=True)
class Pending:
    """A job that goes on at the vendor's, as plain data."""

    handle: Handle


class Stream(Protocol):
    """Reads the events of one streamed reply."""

    def feed(self, event: Event) -> Iterator[str | bytes]:
        """Pieces of text that this event brings, or an unfinished picture.

        Raises:
            BrandModelError: the event says that the call failed.
        """
        ...

    def made(self) -> Made:
        """The whole result, once the stream has ended.

        Raises:
            BadResponseError: it ended too early.
        """
        ...


@dataclass(frozen=True, slots=True)
class Operation:
    """One task on one wire.

    Attributes:
        ask: the request of a call.
        read: what its reply holds.
        poll: how to look at a job; None where nothing goes on after the reply.
        polled: what the reply to that holds.
        cancel: how to stop a job.
        find: how to look for the job of a call whose reply was lost.
        found: its handle in that reply, or None when there is none.
        stream_ask: the request that streams.
        stream: a fresh reader of that stream.
        sketches: it brings unfinished pictures in place of words, so only a row that asks for them streams.
    """

    ask: Callable[[Call, Files], Ask]
    read: Callable[[Call, Reply], Made | Pending]
    poll: Callable[[Handle], Ask] | None = None
    polled: Callable[[Call, Handle, Reply], Made | Pending] | None = None
    cancel: Callable[[Handle], Ask] | None = None
    find: Callable[[Call], Ask] | None = None
    found: Callable[[Call, Reply], Handle | None] | None = None
    stream_ask: Callable[[Call, Files], Ask] | None = None
    stream: Callable[[Call], Stream] | None = None
    sketches: bool = False

    def streams(self, call: Call) -> bool:
        """Whether a call brings anything before it is finished."""
        if self.sketches:
            return call.sketches > 0
        return self.stream is not None


@dataclass(slots=True)
class _Named:
    """See ``Wire``; a class, since a generator costs each call twice as much."""

    keys: Keys
    target: Target
    reply: Reply | None

    def __enter__(self) -> None:
        """Nothing is done before there is an error."""

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        """Name what is missing in it."""
        if not isinstance(error, ProviderError):
            return
        error.vendor = error.vendor or self.target.vendor
        key = self.keys(self.target)
        error.detail, error.code = hidden(error.detail, key), hidden(error.code, key)
        # What lies behind it may hold the request, or what came back.
        error.__cause__ = error.__context__ = None
        if self.reply is not None:
            error.request_ids = error.request_ids or _keyless(self.reply.ids, key)


@dataclass(slots=True)
class Wire:
    """A provider made of operations; subclasses say which, and how the vendor wants its key.

    Attributes:
        operations: by task.
        writing: serves every task that a language model can do and that has no operation of its own.
        base_url: where the vendor is, unless its row says otherwise.
    """

    http: Http
    keys: Keys
    operations: ClassVar[Mapping[str, Operation]] = {}
    writing: ClassVar[Operation | None] = None
    base_url: ClassVar[str] = ""

    def headers(self, key: str) -> Mapping[str, str]:
        """The headers that carry the key."""
        return {"authorization": f"Bearer {key}"} if key else {}

    def events(self, pieces: AsyncIterator[bytes]) -> AsyncIterator[Event]:
        """How this wire cuts a stream into events."""
        return events(pieces)

    async def start(self, call: Call) -> Done | Job:
        """See ``Provider``.

        Raises:
            ProviderError: the attempt failed; ``started`` says whether something may be billed.
            RequestError: the target refused the request for good.
        """
        operation = self.operation(call)
        if operation.sketches and operation.streams(call):
            (done,) = [one async for one in self.stream(call) if isinstance(one, Done)]
            return done
        ask = operation.ask(call, await self.files(call))
        reply = await self.sent(call.target, ask)
        with self._named(call.target, reply):
            return await self._told(call, operation.read(call, reply), reply.ids)

    async def check(self, job: Job, call: Call) -> Done | Job:
        """See ``LongProvider``.

        Raises:
            JobFailedError: the job ended without a result.
            ProviderError: this look failed.
        """
        operation = self.operation(call)
        assert operation.poll is not None
        assert operation.polled is not None
        with looking():
            reply = await self.sent(call.target, operation.poll(job.handle))
            with self._named(call.target, reply):
                told = operation.polled(call, job.handle, reply)
                return await self._told(call, told, reply.ids)

    async def cancel(self, job: Job, call: Call) -> None:
        """See ``LongProvider``; a vendor that cannot stop a job lets it go on."""
        operation = self.operation(call)
        if operation.cancel is not None:
            await self.sent(call.target, operation.cancel(job.handle))

    async def find(self, call: Call) -> Done | Job | None:
        """See ``FindingProvider``.

        Raises:
            ProviderError: this vendor's jobs cannot be looked up, or not now.
        """
        operation = self.operation(call)
        if operation.find is None or operation.found is None:
            raise ProviderError("lost calls cannot be looked up at this target")
        reply = await self.sent(call.target, operation.find(call))
        handle = operation.found(call, reply)
        return None if handle is None else _job(call, handle)

    async def stream(self, call: Call) -> AsyncIterator[str | Done]:
        """See ``StreamingProvider``."""
        operation = self.operation(call)
        if not operation.streams(call):
            done = await self._finished(call)
            yield str(getattr(done.result, "text", ""))
            yield done
            return
        assert operation.stream_ask is not None
        assert operation.stream is not None
        ask = operation.stream_ask(call, await self.files(call))
        reader = operation.stream(call)
        base, ask, headers = self._addressed(call.target, ask)
        ids: tuple[str, ...] | None = None
        with self._named(call.target):
            async with self.http.stream(base, ask, headers) as (head, pieces):
                with self._named(call.target, head):
                    if head.status >= 300:
                        raise failure(head)
                    async for event in self.events(pieces):
                        # The first event tells what the answer is called.
                        if ids is None:
                            ids = request_ids(head.headers, event.data[:1000].encode())
                        for piece in reader.feed(event):
                            if isinstance(piece, str):
                                yield piece
                            else:
                                await _shown(call, piece)
            told = await self._told(call, reader.made(), ids or ())
        assert isinstance(told, Done)
        yield told

    async def aclose(self) -> None:
        """Nothing is held: connections belong to ``Http``."""

    def operation(self, call: Call) -> Operation:
        """The operation that serves a call.

        Raises:
            ConfigError: this wire does not serve the task.
        """
        task = type(call.request)
        found = self.operations.get(task.__name__)
        if found is None and self.writing is not None and speaks(task):
            found = self.writing
        if found is None:
            raise ConfigError(
                f"{call.target.id} lists {task.__name__}, which its wire does not serve",
                hint=f"take it out of the row; the wire serves {', '.join(self.operations)}",
            )
        return found

    async def files(self, call: Call) -> Files:
        """The files of a request, read; a wire that wants uploads puts them up here."""
        assets = {asset.sha256: asset for asset in assets_in(call.request)}
        return {sha: File(asset, await call.blobs.read(asset)) for sha, asset in assets.items()}

    async def sent(self, target: Target, ask: Ask) -> Reply:
        """Send with the target's key; a bad status becomes the error that it is."""
        reply = await self.answered(target, ask)
        if reply.status >= 300:
            with self._named(target, reply):
                raise failure(reply)
        return reply

    async def answered(self, target: Target, ask: Ask) -> Reply:
        """Send with the target's key; the reply, whatever its status."""
        base, ask, headers = self._addressed(target, ask)
        with self._named(target):
            return await self.http.send(base, ask, headers)

    def _addressed(self, target: Target, ask: Ask) -> tuple[str, Ask, Mapping[str, str]]:
        """(base URL, ask, headers) as the row wants them: its ``query``, ``headers``, ``key_header``."""
        query = target.settings.get("query")
        if query:
            ask = ask._replace(query={**query, **ask.query})
        return self._base(target), ask, self._credentials(target)

    def _credentials(self, target: Target) -> Mapping[str, str]:
        key, name = self.keys(target), target.settings.get("key_header")
        carried = {name: key} if name and key else self.headers(key)
        return {**target.settings.get("headers", {}), **carried}

    def _named(self, target: Target, reply: Reply | None = None) -> _Named:
        """Errors leave with vendor and call named in them for operators, and the key out of them."""
        return _Named(self.keys, target, reply)

    def _base(self, target: Target) -> str:
        return base_url(target) or self.base_url

    async def _finished(self, call: Call) -> Done:
        """A call whose answer does not stream, to its end."""
        answer, pause_s = await self.start(call), 0.05
        while isinstance(answer, Job):
            await asyncio.sleep(pause_s)
            pause_s = min(1.5 * pause_s, _LONGEST_PAUSE_S)
            answer = await self.check(answer, call)
        return answer

    async def _told(self, call: Call, told: Made | Pending, ids: Sequence[str] = ()) -> Done | Job:
        if isinstance(told, Pending):
            return _job(call, told.handle)
        assets = [await self._kept(call, family, one) for family, one in told.media]
        named = _keyless(ids, self.keys(call.target))
        return Done(told.result(assets), told.usage, told.usd_nano, request_ids=named)

    async def _kept(self, call: Call, family: str, one: bytes | Remote) -> Asset:
        if isinstance(one, Remote):
            base = self._base(call.target)
            headers = self._credentials(call.target) if one.own else None
            url = one.url if "://" in one.url else f"{base.rstrip('/')}/{one.url.lstrip('/')}"
            one = await self._fetched(url, headers, base)
        asset = await call.blobs.put(one, name=f"result.{family}")
        if family and not asset.media_type.startswith(family):
            raise BadResultError(
                f"the result is {asset.media_type}, not {family}", vendor=call.target.vendor
            )
        return asset

    async def _fetched(self, url: str, headers: Mapping[str, str] | None, base: str) -> bytes:
        """A result by its address; whatever goes wrong now, the call itself was made and is billed."""
        try:
            reply = await self.http.fetch(url, headers=headers, trusted=base)
        except BadResponseError as error:
            # Another look would find the same.
            raise BadResultError(error.message, detail=error.detail) from error
        except ProviderError as error:
            error.started = True
            raise
        if reply.status in (408, 429) or reply.status >= 500:
            raise UnavailableError("the result cannot be had now", status=reply.status)
        if reply.status >= 300:
            raise JobFailedError("the result is gone", status=reply.status)
        return reply.body


async def _shown(call: Call, sketch: bytes) -> None:
    """Tell of an unfinished picture; what is none is left out, as the finished one is still to come."""
    assert call.sketched is not None
    with suppress(InvalidRequestError):
        asset = await call.blobs.put(sketch, name="sketch.image")
        if asset.media_type.startswith("image"):
            call.sketched(asset)


@contextmanager
def looking() -> Generator[None]:
    """A look that fails says nothing about its job, which may go on and be billed."""
    try:
        yield
    except JobFailedError:
        raise
    except ProviderError as error:
        error.started = True
        raise


def _keyless(ids: Sequence[str], key: str) -> tuple[str, ...]:
    """Ids but for one that is the key, told back."""
    return tuple(one for one in ids if hidden(one, key) == one)


def base_url(target: Target) -> str:
    """A row's base URL: some addresses belong to an account.

    Raises:
        MissingCredentialError: a variable in it is not set.
    """
    return _filled(target.settings.get("base_url", ""))


def webhook(target: Target) -> str:
    """Where the vendor shall report the end of a job; '' for nowhere.

    Raises:
        MissingCredentialError: a variable in it is not set.
    """
    return _filled(target.webhook)


def _filled(address: str) -> str:
    """An address in which ``${NAME}`` stood for a variable."""

    def value(name: re.Match[str]) -> str:
        found = os.environ.get(name[1], "").strip()
        if not found:
            raise MissingCredentialError(
                f"the address of a target is missing: {name[1]} is not set",
                hint=f"set {name[1]}, or take the target out of the table",
            )
        return found

    return _VARIABLE.sub(value, address)


def _job(call: Call, handle: Handle) -> Job:
    return Job(target=call.target.id, task=type(call.request).__name__, handle=handle)
