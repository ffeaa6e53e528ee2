"""The one room that speaks HTTP: sends, streams, and fetches results within limits.

pyreqwest (Rust's reqwest) costs a call 40 us where aiohttp costs 150 and httpx 700, is imported in 4 ms
instead of 265, and never sends a call again by itself once it may have reached the other side.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic_core import from_json

from brandmodel.errors import (
    BadResponseError,
    ConfigError,
    ProviderError,
    ProviderTimeoutError,
    UnavailableError,
)
from brandmodel.providers._addresses import joined, origin, public_address
from brandmodel.providers._ids import request_ids
from brandmodel.providers._library import load

if TYPE_CHECKING:
    from pyreqwest.client import Client, ClientBuilder
    from pyreqwest.multipart import FormBuilder
    from pyreqwest.request import StreamRequest
    from pyreqwest.response import Response

LARGEST_ANSWER = 64 * 1024**2
"""Bytes of a reply that comes inline; pictures in base64 fit, endless bodies end here."""
LARGEST_RESULT = 4 * 1024**3
CONNECT_S, TIMEOUT_S = 10.0, 600.0
_LET_GO_S = 0.02
"""The library's own threads let go of a call a moment after its end, and may not find the interpreter gone
then: of programs that ended at once, one in ten was aborted (pyreqwest 0.15.1, Python 3.11)."""
_MOST_REDIRECTS = 5
_NONE: Mapping[str, str] = MappingProxyType({})
_NEVER_REACHED = "client error (Connect)"
"""How hyper-util names a failure before anything of the request was sent."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a multipart form: a field, or a file where it has a media type."""

    name: str
    value: str | bytes
    filename: str = ""
    media_type: str = ""


class Ask(NamedTuple):
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
    query: Mapping[str, str] = _NONE
    headers: Mapping[str, str] = _NONE
    form: Sequence[Part] = ()
    body: bytes | None = None
    timeout_s: float = TIMEOUT_S
    most_bytes: int = LARGEST_ANSWER


class Reply(NamedTuple):
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
        # Not chained: the decoder's own error holds the whole body.
        with contextlib.suppress(ValueError):
            return from_json(self.body)
        raise BadResponseError("the answer is not JSON", status=self.status, detail=self.excerpt())

    def excerpt(self) -> str:
        """The beginning of the body, for operators."""
        return self.body[:500].decode(errors="replace")


class Http:
    """Connections to vendors, opened when they are first needed."""

    def __init__(self) -> None:
        self._client: Client | None = None

    async def send(self, base_url: str, ask: Ask, headers: Mapping[str, str]) -> Reply:
        """Send and read the whole reply, whatever its status.

        Raises:
            ProviderError: no reply: ``started`` says whether the call may have reached the vendor.
            ConfigError: the address or a header cannot be sent.
        """
        async with _answered(_request(self._own(), base_url, ask, headers), ask) as response:
            return await _whole(response, ask.most_bytes)

    @contextlib.asynccontextmanager
    async def stream(
        self, base_url: str, ask: Ask, headers: Mapping[str, str]
    ) -> AsyncGenerator[tuple[Reply, AsyncIterator[bytes]]]:
        """The head of a reply and its body in pieces; of a failed call the head has the body."""
        async with _answered(_request(self._own(), base_url, ask, headers), ask) as response:
            if response.status >= 400:
                head = await _whole(response, LARGEST_ANSWER)
            else:
                head = Reply(response.status, _headers(response), b"")
            yield head, _pieces(response, ask.most_bytes)

    async def fetch(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        trusted: str = "",
        most_bytes: int = LARGEST_RESULT,
        timeout_s: float = TIMEOUT_S,
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
            ask = Ask(url, method="GET", timeout_s=timeout_s)
            client = self._own() if own else await _outside(url)
            sent: Mapping[str, str] = headers if own and headers else {}
            async with _answered(_request(client, "", ask, sent), ask) as response:
                if response.status not in (301, 302, 303, 307, 308):
                    return await _whole(response, most_bytes)
                url = joined(url, _text_of(response, "location") or "")
        raise BadResponseError(f"the result was redirected more than {_MOST_REDIRECTS} times")

    async def aclose(self) -> None:
        """Close all connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()
            await asyncio.sleep(_LET_GO_S)

    def _own(self) -> Client:
        if self._client is None:
            self._client = _builder().build()
        return self._client


def _builder() -> ClientBuilder:
    load()
    from pyreqwest.client import ClientBuilder

    builder = ClientBuilder().no_proxy().follow_redirects(False)
    builder = builder.timeout(timedelta(seconds=TIMEOUT_S))
    return builder.connect_timeout(timedelta(seconds=CONNECT_S))


async def _outside(url: str) -> Client:
    """A client that reaches the address of this URL alone, so that no name leads inside later on."""
    host, address = await public_address(url)
    return _builder().https_only(True).resolve(host, address, 0).build()


def _request(client: Client, base_url: str, ask: Ask, headers: Mapping[str, str]) -> StreamRequest:
    url = ask.path if "://" in ask.path else f"{base_url.rstrip('/')}/{ask.path.lstrip('/')}"
    try:
        request = client.request(ask.method, url).headers({**ask.headers, **headers})
    except ValueError:
        # Not chained: the library's own error holds what cannot be sent, and so perhaps the key.
        request = None
    if request is None:
        raise _unsendable(url)
    if ask.timeout_s != TIMEOUT_S:
        request = request.timeout(timedelta(seconds=ask.timeout_s))
    if ask.query:
        request = request.query(ask.query)
    if ask.form:
        request = request.multipart(_form(ask.form))
    elif ask.body is not None:
        request = request.body_bytes(ask.body)
    elif ask.json is not None:
        request = request.body_json(ask.json)
    # Nothing is read ahead: a body that is refused by its head stays unread, and words come as they are said.
    return request.streamed_read_buffer_limit(0).build_streamed()


def _unsendable(url: str) -> ProviderError | ConfigError:
    if not all(origin(url)):
        return BadResponseError("the address is not one")
    return ConfigError(
        "a header cannot be sent as it is", hint="look for line breaks or odd characters in its key"
    )


@contextlib.asynccontextmanager
async def _answered(request: StreamRequest, ask: Ask) -> AsyncGenerator[Response]:
    from pyreqwest.exceptions import PyreqwestError

    broken: ProviderError | None = None
    try:
        async with request as response:
            yield response
    except PyreqwestError as error:
        broken = _broken(error, ask.timeout_s)
    # Not chained: the library's own errors hold the address, which a query may have signed.
    if broken is not None:
        raise broken


def _broken(error: Exception, timeout_s: float) -> ProviderError:
    """What a call that got no whole reply means.

    ``ConnectError`` is also raised for a connection that broke while the request was being sent or its
    reply awaited; only the cause tells them apart. Whatever is not known may have started something.
    """
    details: Mapping[str, Any] = getattr(error, "details", None) or {}
    causes = [str(cause["message"]) for cause in details.get("causes") or ()]
    told = ": ".join([type(error).__name__, *(one for one in causes if "://" not in one)])
    if _NEVER_REACHED in causes:
        return UnavailableError("it cannot be reached", detail=told, started=False)
    if isinstance(error, TimeoutError):
        return ProviderTimeoutError(f"no answer within {timeout_s:g} s")
    return UnavailableError("the connection broke off", detail=told)


async def _pieces(response: Response, most: int) -> AsyncIterator[bytes]:
    had, reader = 0, response.body_reader
    while (piece := await reader.read_chunk()) is not None:
        had = _within(most, had + len(piece))
        yield bytes(piece)


def _within(most: int, had: int) -> int:
    if had > most:
        raise BadResponseError(f"the answer has more than {most:,} bytes")
    return had


async def _whole(response: Response, most: int) -> Reply:
    said = response.get_header("content-length")
    if said is not None and said.isdecimal() and int(said) > most:
        raise BadResponseError(f"the answer has {int(said):,} bytes; at most {most:,} are taken")
    # Not by way of ``_pieces``: a generator more would cost each call 3 us.
    had, pieces, reader = 0, list[bytes](), response.body_reader
    while (piece := await reader.read_chunk()) is not None:
        had = _within(most, had + len(piece))
        pieces.append(bytes(piece))
    return Reply(response.status, _headers(response), b"".join(pieces))


def _headers(response: Response) -> dict[str, str]:
    headers = response.headers
    try:
        return dict(headers.items())
    except ValueError:
        # One of them is not text; those that are used are.
        return {name: value for name in headers if (value := _text_of(response, name)) is not None}


def _text_of(response: Response, name: str) -> str | None:
    try:
        return response.get_header(name)
    except ValueError:
        return None


def _form(parts: Sequence[Part]) -> FormBuilder:
    from pyreqwest.multipart import FormBuilder, PartBuilder

    form = FormBuilder()
    for part in parts:
        value = part.value
        made = (
            PartBuilder.from_text(value)
            if isinstance(value, str)
            else PartBuilder.from_bytes(value)
        )
        if part.media_type:
            made = made.mime(part.media_type)
        if part.filename:
            made = made.file_name(part.filename)
        form = form.part(part.name, made)
    return form
