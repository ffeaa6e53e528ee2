"""The one room that speaks HTTP: sends, streams, and fetches results within limits.

aiohttp is used directly: on the text path it serves three times the calls of httpx over the same
transport, and one client for all paths is less to know than two.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import ipaddress
import json
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

if TYPE_CHECKING:
    import aiohttp

LARGEST_ANSWER = 64 * 1024**2
"""Bytes of a reply that comes inline; pictures in base64 fit, endless bodies end here."""
LARGEST_RESULT = 4 * 1024**3
CONNECT_S = 10.0
_MOST_REDIRECTS = 5
_CHUNK = 64 * 1024
_AT_ONCE = 256 * 1024
"""Bytes of a body that are handed over in one piece."""


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

    def data(self) -> Any:
        """The body as JSON.

        Raises:
            BadResponseError: it is none: cut off, a web page, or something else.
        """
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
        body: Any = None
        if ask.form:
            body = _form(ask.form)
        elif ask.body is not None:
            body = _held(ask.body)
        elif ask.json is not None:
            body = _held(json.dumps(ask.json).encode())
            sent.setdefault("content-type", "application/json")
        try:
            async with self._session(outside).request(
                ask.method,
                url,
                params=ask.query or None,
                headers=sent,
                timeout=timeout,
                allow_redirects=False,
                data=body,
            ) as response:
                yield response
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise _unreachable(error) from error
        except aiohttp.InvalidURL as error:
            raise BadResponseError("the address is not one") from error
        except TimeoutError as error:
            raise ProviderTimeoutError(f"no answer within {ask.timeout_s:g} s") from error
        except (aiohttp.ClientError, ConnectionError) as error:
            broken = UnavailableError("the connection broke off", detail=type(error).__name__)
            if isinstance(error, aiohttp.ClientResponseError):
                # It holds the request with its headers, and so the key.
                error.request_info, error.args = _unsaid(error.request_info), ()
            raise broken from error

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


def _held(body: bytes) -> bytes | io.BytesIO:
    """A body as it is sent: a large one piece by piece, so that others get their turn in between."""
    return io.BytesIO(body) if len(body) > _AT_ONCE else body


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
        value = _held(part.value) if isinstance(part.value, bytes) else part.value
        form.add_field(part.name, value, filename=part.filename or None, content_type=kind)
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
                raise OSError(f"{host} has no public address")
            return public

    return PublicResolver(asyncio.get_running_loop())


def _unsaid(request: aiohttp.RequestInfo) -> aiohttp.RequestInfo:
    """A request without its headers."""
    from aiohttp import RequestInfo
    from multidict import CIMultiDict, CIMultiDictProxy

    return RequestInfo(request.url, request.method, CIMultiDictProxy(CIMultiDict[str]()))


def _unreachable(error: Exception) -> ProviderError:
    return UnavailableError(
        "it cannot be reached", detail=f"{type(error).__name__}: {error}", started=False
    )
