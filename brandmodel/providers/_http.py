"""The one room that speaks HTTP: sends, streams, and fetches results within limits.

aiohttp is used directly: on the text path it serves three times the calls of httpx over the same
transport, and one client for all paths is less to know than two.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from brandmodel.errors import (
    BadResponseError,
    ProviderError,
    ProviderTimeoutError,
    UnavailableError,
)
from brandmodel.providers._ids import request_ids

if TYPE_CHECKING:
    import aiohttp

LARGEST_ANSWER = 64 * 1024**2
"""Bytes of a reply that comes inline; pictures in base64 fit, endless bodies end here."""
LARGEST_RESULT = 4 * 1024**3
CONNECT_S = 10.0
_MOST_REDIRECTS = 5
_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a multipart form: a field, or a file where it has a media type."""

    name: str
    value: str | bytes
    filename: str = ""
    media_type: str = ""


@dataclass(frozen=True, slots=True)
class Ask:
    """An HTTP request as data, without its credentials.

    Attributes:
        path: below the vendor's base URL, or a whole URL.
        json: the body as JSON; ``form`` and ``body`` are the other ways to have one.
        timeout_s: until the whole reply is there.
        most_bytes: a longer reply is refused.
    """

    path: str
    json: Any = None
    method: str = "POST"
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    form: Sequence[Part] = ()
    body: bytes | None = None
    timeout_s: float = 600.0
    most_bytes: int = LARGEST_ANSWER


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, whole. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        """Without parameters, in lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def ids(self) -> tuple[str, ...]:
        """By which the vendor knows the call."""
        return request_ids(self.headers, self.body)

    def data(self) -> Any:
        """The body as JSON.

        Raises:
            BadResponseError: it is none: cut off, a web page, or something else.
        """
        import json

        # Not chained: the decoder's own error holds the whole body.
        with contextlib.suppress(ValueError, RecursionError):
            return json.loads(self.body)
        raise BadResponseError("the answer is not JSON", status=self.status, detail=self.excerpt())

    def excerpt(self) -> str:
        """The beginning of the body, for operators."""
        return self.body[:500].decode(errors="replace")


class Http:
    """Connections of one event loop, opened when they are first needed."""

    def __init__(self) -> None:
        self._own: aiohttp.ClientSession | None = None
        self._outside: aiohttp.ClientSession | None = None

    async def send(self, base_url: str, ask: Ask, headers: Mapping[str, str]) -> Reply:
        """Send and read the whole reply, whatever its status.

        Raises:
            ProviderError: no reply: ``started`` says whether the call may have reached the vendor.
        """
        async with self._opened(base_url, ask, headers) as response:
            body = await _limited(response, ask.most_bytes)
            return Reply(response.status, _lower(response.headers), body)

    @contextlib.asynccontextmanager
    async def stream(
        self, base_url: str, ask: Ask, headers: Mapping[str, str]
    ) -> AsyncGenerator[tuple[Reply, AsyncIterator[bytes]]]:
        """The head of a reply and its body in pieces; of a failed call the head has the body."""
        async with self._opened(base_url, ask, headers) as response:
            head = Reply(response.status, _lower(response.headers), b"")
            if response.status >= 400:
                body = await _limited(response, LARGEST_ANSWER)
                head = Reply(response.status, head.headers, body)
            yield head, _pieces(response, ask.most_bytes)

    async def fetch(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        trusted: str = "",
        most_bytes: int = LARGEST_RESULT,
        timeout_s: float = 600.0,
    ) -> Reply:
        """A result by its URL; redirects are followed one by one, and never to an inner address.

        Args:
            url: as the vendor gave it.
            headers: credentials for the vendor's own host; they are not sent anywhere else.
            trusted: base URL of the vendor, whose own host may be an inner one.
            most_bytes: what is larger is refused, at once where its header says so.
            timeout_s: until the whole body is there.

        Raises:
            BadResponseError: the address is not public, the body too large, or a redirect too many.
            ProviderError: it could not be had.
        """
        for _ in range(_MOST_REDIRECTS + 1):
            own = bool(trusted) and origin(url) == origin(trusted)
            if not own:
                _refuse_inner(url)
            ask = Ask(url, method="GET", timeout_s=timeout_s)
            sent: Mapping[str, str] = headers if own and headers else {}
            async with self._opened("", ask, sent, outside=not own) as response:
                if response.status in (301, 302, 303, 307, 308):
                    url = _joined(url, response.headers.get("location", ""))
                    continue
                body = await _limited(response, most_bytes)
                return Reply(response.status, _lower(response.headers), body)
        raise BadResponseError(f"the result was redirected more than {_MOST_REDIRECTS} times")

    async def aclose(self) -> None:
        """Close all connections."""
        for session in (self._own, self._outside):
            if session is not None:
                await session.close()
        self._own = self._outside = None

    @contextlib.asynccontextmanager
    async def _opened(
        self, base_url: str, ask: Ask, headers: Mapping[str, str], *, outside: bool = False
    ) -> AsyncGenerator[aiohttp.ClientResponse]:
        import aiohttp

        url = ask.path if "://" in ask.path else f"{base_url.rstrip('/')}/{ask.path.lstrip('/')}"
        sent = {**ask.headers, **headers}
        timeout = aiohttp.ClientTimeout(total=ask.timeout_s, sock_connect=CONNECT_S)
        body: dict[str, Any] = {}
        if ask.form:
            body["data"] = _form(ask.form)
        elif ask.body is not None:
            body["data"] = ask.body
        elif ask.json is not None:
            body["json"] = ask.json
        try:
            async with self._session(outside).request(
                ask.method,
                url,
                params=ask.query or None,
                headers=sent,
                timeout=timeout,
                allow_redirects=False,
                **body,
            ) as response:
                yield response
        except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
            # Not chained: the library's errors hold the request with its key, or what came back.
            raise _broken(error, ask.timeout_s) from None

    def _session(self, outside: bool) -> aiohttp.ClientSession:
        import aiohttp

        if outside:
            if self._outside is None:
                connector = aiohttp.TCPConnector(resolver=_public_resolver(), limit=32)
                self._outside = aiohttp.ClientSession(connector=connector, trust_env=False)
            return self._outside
        if self._own is None:
            connector = aiohttp.TCPConnector(limit=0, ttl_dns_cache=60)
            self._own = aiohttp.ClientSession(connector=connector)
        return self._own


async def _pieces(response: aiohttp.ClientResponse, most: int) -> AsyncIterator[bytes]:
    had = 0
    async for piece in response.content.iter_any():
        had += len(piece)
        if had > most:
            raise BadResponseError(f"the answer has more than {most:,} bytes")
        yield piece


async def _limited(response: aiohttp.ClientResponse, most: int) -> bytes:
    said = response.content_length
    if said is not None and said > most:
        raise BadResponseError(f"the answer has {said:,} bytes; at most {most:,} are taken")
    if said is not None and "content-encoding" not in response.headers:
        return await response.read()
    body = bytearray()
    async for piece in response.content.iter_chunked(_CHUNK):
        body += piece
        if len(body) > most:
            raise BadResponseError(f"the answer has more than {most:,} bytes")
    return bytes(body)


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _form(parts: Sequence[Part]) -> aiohttp.FormData:
    import aiohttp

    form = aiohttp.FormData(default_to_multipart=True)
    for part in parts:
        kind = part.media_type or None
        form.add_field(part.name, part.value, filename=part.filename or None, content_type=kind)
    return form


def _joined(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError as error:
        raise BadResponseError("the result was redirected to no address") from error


def origin(url: str) -> tuple[str, str]:
    """(scheme, host and port) of an address; ('', '') where it is none."""
    try:
        split = urlsplit(url)
    except ValueError:
        return "", ""
    return split.scheme, split.netloc.casefold()


def _refuse_inner(url: str) -> None:
    """Names are checked where they are resolved; addresses are none of the resolver's business."""
    if origin(url)[0] != "https":
        raise BadResponseError("the result's address is not https")
    split = urlsplit(url)
    try:
        address = ipaddress.ip_address((split.hostname or "").strip("[]"))
    except ValueError:
        return
    if not address.is_global:
        raise BadResponseError("the result's address is an inner one")


class _InnerAddress(OSError):
    """A name that leads to no public address."""


def _public_resolver() -> Any:
    """A resolver that gives public addresses only, so that no name leads inside."""
    from aiohttp.abc import ResolveResult
    from aiohttp.resolver import ThreadedResolver

    class PublicResolver(ThreadedResolver):
        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
        ) -> list[ResolveResult]:
            found = await super().resolve(host, port, family)
            public = [one for one in found if ipaddress.ip_address(one["host"]).is_global]
            if not public:
                raise _InnerAddress(f"{host} has no public address")
            return public

    return PublicResolver(asyncio.get_running_loop())


def _broken(error: Exception, timeout_s: float) -> ProviderError:
    """What a connection that failed means."""
    import aiohttp

    if isinstance(error, aiohttp.InvalidURL):
        return BadResponseError("the address is not one")
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
        if isinstance(getattr(error, "os_error", None), _InnerAddress):
            return BadResponseError("the result's address is an inner one")
        told = f"{type(error).__name__}: {error}"
        return UnavailableError("it cannot be reached", detail=told, started=False)
    if isinstance(error, TimeoutError):
        return ProviderTimeoutError(f"no answer within {timeout_s:g} s")
    return UnavailableError("the connection broke off", detail=type(error).__name__)
