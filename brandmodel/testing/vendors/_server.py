"""The server: one address, a path for each vendor, and ways to look behind the counter."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, cast

from aiohttp import web

from brandmodel.errors import BrandModelError
from brandmodel.testing.vendors._faults import REFUSALS, Faults
from brandmodel.testing.vendors._house import PAGE, House, Kind, Refused, Reply, Route, Turn, Vendor
from brandmodel.testing.vendors._rows import PREFIX, new_keys, write_routers
from brandmodel.testing.vendors._studio import Studio
from brandmodel.testing.vendors.anthropic import Anthropic
from brandmodel.testing.vendors.comfyui import ComfyUI
from brandmodel.testing.vendors.elevenlabs import ElevenLabs
from brandmodel.testing.vendors.fal import Fal
from brandmodel.testing.vendors.google import Google
from brandmodel.testing.vendors.openai import OpenAI, OpenRouter
from brandmodel.testing.vendors.replicate import Replicate
from brandmodel.testing.vendors.search import Brave, Exa, SearXNG, Tavily

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

_VENDORS: Sequence[type[Any]] = (
    OpenAI,
    OpenRouter,
    Anthropic,
    Google,
    Fal,
    Replicate,
    ElevenLabs,
    ComfyUI,
    Tavily,
    Exa,
    Brave,
    SearXNG,
)
_LARGEST_CALL = 256 * 1024**2
_HUGE = 10 * 1024**3
_ENDLESS_PIECE = b"x" * 64 * 1024
_ENDLESS_PIECES = 4096
"""An end after all: whoever takes everything shall not fill this machine's memory."""
_INSIDE = "http://169.254.169.254/latest/meta-data/"


@asynccontextmanager
async def serving(
    *,
    port: int = 0,
    latency_s: float = 0.0,
    rate: float = 0.0,
    seed: int = 0,
    lookup: bool = True,
    routers: Path | None = None,
) -> AsyncGenerator[House]:
    """Serve the fake vendors on this machine, in the running loop.

    Args:
        port: 0 takes a free one; ``url`` of what is given says which.
        latency_s: seconds that a call, or a job, takes.
        rate: share of calls that go wrong.
        seed: of that draw.
        lookup: whether calls whose reply was lost can be looked up.
        routers: a folder that routing tables are written into before the server listens.
    """
    with TemporaryDirectory(prefix="fake-vendors-") as folder:
        studio = Studio(Path(folder))
        house = House(studio, Faults(rate, seed), new_keys(), latency_s=latency_s, lookup=lookup)
        doors = Doors(house, port)
        if routers is not None:
            write_routers(routers, house.places, house.keys)
        try:
            await doors.open()
            yield house
        finally:
            await doors.close()
            await house.aclose()


class Doors:
    """The server's own address, and one for each vendor, which is closed while that is switched off.

    Only a closed door refuses connections, so that a caller knows that nothing was started.
    """

    def __init__(self, house: House, port: int) -> None:
        """Take all ports; nobody listens yet."""
        self._house = house
        self._main = _bound(port)
        self._taken = {name: _bound(0) for name in PREFIX}
        self._ports = {name: _port(taken) for name, taken in self._taken.items()}
        self._sites: dict[str, web.SockSite] = {}
        app = _application(house, self)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        house.url = f"http://127.0.0.1:{_port(self._main)}"
        house.places = {name: f"http://127.0.0.1:{port}" for name, port in self._ports.items()}

    async def open(self) -> None:
        """Listen."""
        await self._runner.setup()
        await web.SockSite(self._runner, self._main).start()
        for name in PREFIX:
            await self.switch(name, on=True)

    async def switch(self, name: str, *, on: bool) -> None:
        """Open or close a vendor's door; whoever is inside is sent away."""
        if on and name not in self._sites:
            self._house.off.discard(name)
            taken = self._taken.pop(name, None) or _bound(self._ports[name])
            self._sites[name] = web.SockSite(self._runner, taken)
            await self._sites[name].start()
        elif not on and name in self._sites:
            self._house.off.add(name)
            await self._sites.pop(name).stop()
            for inside in self._runner.server.connections if self._runner.server else ():
                transport = inside.transport
                if transport and transport.get_extra_info("sockname")[1] == self._ports[name]:
                    transport.abort()

    async def close(self) -> None:
        """Close all doors."""
        await self._runner.cleanup()


def _bound(port: int) -> socket.socket:
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind(("127.0.0.1", port))
    return made


def _port(bound: socket.socket) -> int:
    return int(bound.getsockname()[1])


def _application(house: House, doors: Doors) -> web.Application:
    app = web.Application(client_max_size=_LARGEST_CALL)
    for kind in _VENDORS:
        vendor: Vendor = kind(house)
        for route in vendor.routes():
            _add(app, vendor, route)
    app.router.add_get("/_bill", _told(lambda: house.bill.told()))
    app.router.add_get("/_faults", _told(lambda: house.faults.told()))
    app.router.add_post("/_faults", _ordering(house))
    app.router.add_post("/_vendors/{name}", _switching(house, doors))
    return app


def _add(app: web.Application, vendor: Vendor, route: Route) -> None:
    method, path, kind, answer = route
    # Versions are part of some clients' paths, so these vendors' routes begin above them.
    prefix = f"/{vendor.name}" if path.startswith("/:") else PREFIX[vendor.name]
    where = prefix + path.removeprefix("/:")

    async def reply(request: web.Request) -> web.StreamResponse:
        return await _answered(vendor, kind, answer, request)

    app.router.add_route(method, where, reply)


async def _answered(
    vendor: Vendor, kind: Kind, answer: Callable[[Turn], Awaitable[Reply]], request: web.Request
) -> web.StreamResponse:
    house = vendor.house
    try:
        if vendor.name in house.off:
            raise Refused("off", "the service is unavailable")
        if kind != "fetch" and not house.allowed(vendor.name, vendor.key_of(request)):
            raise Refused("wrong-key", "the key is not valid")
        turn = await _read(request)
        fault = _fault(house, vendor.name, kind, turn)
        if kind in ("call", "job") and fault in REFUSALS:
            raise Refused(fault)
        turn = Turn(request, turn.body, turn.form, fault)
        reply = await answer(turn)
        if kind == "call":
            await asyncio.sleep(house.latency_s)
    except Refused as refused:
        return _plain(vendor.refusal(refused))
    except BrandModelError as error:
        return _plain(vendor.refusal(Refused("bad-request", error.message)))
    # Of a job, it is the address of its file that expires, not the answer that begins it.
    return await _sent(request, reply, "" if kind == "job" and fault == "expired" else fault)


def _fault(house: House, vendor: str, kind: Kind, turn: Turn) -> str:
    if kind == "look":
        return ""
    streams = turn.body.get("stream") is True or "stream" in turn.request.path
    return house.faults.next(vendor, "stream" if kind == "call" and streams else kind)


async def _read(request: web.Request) -> Turn:
    """A call with its body, as JSON or as a form.

    Raises:
        Refused: the body is neither.
    """
    form: dict[str, list[str | bytes]] = {}
    if request.content_type.startswith("multipart/"):
        async for part in await request.multipart():
            data = bytes(await cast("Any", part).read())
            value = data if cast("Any", part).filename else data.decode(errors="replace")
            form.setdefault(str(cast("Any", part).name), []).append(value)
        return Turn(request, {}, form)
    data = await request.read()
    if request.content_type != "application/json" or not data:
        return Turn(request, {}, {"": [data]})
    try:
        body = json.loads(data)
    except ValueError as error:
        raise Refused("bad-request", "the body is not JSON") from error
    return Turn(request, cast("dict[str, Any]", body) if isinstance(body, dict) else {}, {})


async def _sent(request: web.Request, reply: Reply, fault: str) -> web.StreamResponse:
    if fault in _BROKEN:
        return await _BROKEN[fault](request, reply)
    if reply.pieces:
        return await _streamed(request, reply, len(reply.pieces))
    return _plain(reply)


def _plain(reply: Reply) -> web.Response:
    headers = {**reply.headers, "content-type": reply.media_type}
    return web.Response(body=reply.body, status=reply.status, headers=headers)


async def _streamed(request: web.Request, reply: Reply, most: int) -> web.StreamResponse:
    response = web.StreamResponse(headers={**reply.headers, "content-type": reply.media_type})
    await response.prepare(request)
    # Whoever asked may have gone away.
    with contextlib.suppress(ConnectionResetError):
        for piece in reply.pieces[:most]:
            await response.write(piece)
        if most == len(reply.pieces):
            await response.write_eof()
        else:
            _cut(request)
    return response


def _cut(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


# ---- what is wrong with a reply; the work is done and billed


async def _lost(request: web.Request, reply: Reply) -> web.StreamResponse:
    _cut(request)
    return web.Response()


async def _broken(request: web.Request, reply: Reply) -> web.StreamResponse:
    return await _streamed(request, reply, len(reply.pieces) // 2)


async def _page(request: web.Request, reply: Reply) -> web.StreamResponse:
    return web.Response(body=PAGE, content_type="text/html")


async def _truncated(request: web.Request, reply: Reply) -> web.StreamResponse:
    whole = b"".join(reply.pieces) or reply.body
    half = whole[: len(whole) // 2]
    return _plain(Reply(half, reply.media_type, reply.status, reply.headers))


async def _wrong_type(request: web.Request, reply: Reply) -> web.StreamResponse:
    body = b"".join(reply.pieces) or reply.body
    return _plain(Reply(body, "text/plain", reply.status, reply.headers))


async def _as_image(request: web.Request, reply: Reply) -> web.StreamResponse:
    """Inline media were exchanged before; a file is exchanged here."""
    inline = reply.media_type == "application/json"
    return _plain(reply) if inline else _plain(Reply(PAGE, reply.media_type))


async def _endless(request: web.Request, reply: Reply) -> web.StreamResponse:
    response = web.StreamResponse(headers={"content-type": reply.media_type})
    await response.prepare(request)
    for _ in range(_ENDLESS_PIECES):
        if request.transport is None or request.transport.is_closing():
            break
        await response.write(_ENDLESS_PIECE)
    _cut(request)
    return response


async def _huge_reply(request: web.Request, reply: Reply) -> web.StreamResponse:
    headers = {"content-type": reply.media_type, "content-length": str(_HUGE)}
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    await response.write(reply.body[:1000] or b"x")
    _cut(request)
    return response


async def _redirected(request: web.Request, reply: Reply) -> web.StreamResponse:
    return web.Response(status=302, headers={"location": _INSIDE})


async def _fetch_expired(request: web.Request, reply: Reply) -> web.StreamResponse:
    return web.Response(status=403, text="the address has expired")


_BROKEN: Mapping[str, Callable[[web.Request, Reply], Awaitable[web.StreamResponse]]] = {
    "lost-reply": _lost,
    "broken-stream": _broken,
    "html": _page,
    "truncated": _truncated,
    "wrong-type": _wrong_type,
    "page-as-image": _as_image,
    "endless": _endless,
    "huge": _huge_reply,
    "redirect-inside": _redirected,
    "expired": _fetch_expired,
}


# ---- behind the counter


def _told(what: Callable[[], Any]) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def reply(request: web.Request) -> web.Response:
        return web.json_response(what())

    return reply


def _ordering(house: House) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def reply(request: web.Request) -> web.Response:
        try:
            order = house.faults.order(await request.json())
            if order.vendor and order.vendor not in PREFIX:
                house.faults.orders.remove(order)
                raise ValueError(f"no vendor {order.vendor!r}")
        except (ValueError, AttributeError) as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response(house.faults.told())

    return reply


def _switching(house: House, doors: Doors) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def reply(request: web.Request) -> web.Response:
        name = request.match_info["name"]
        try:
            on = (await request.json())["on"]
        except (ValueError, KeyError, TypeError):
            return web.json_response({"error": 'send {"on": true} or {"on": false}'}, status=400)
        if name not in PREFIX:
            return web.json_response({"error": f"no vendor {name!r}"}, status=404)
        await doors.switch(name, on=bool(on))
        return web.json_response({"vendor": name, "on": name not in house.off})

    return reply
