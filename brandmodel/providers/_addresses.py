"""Where results may be fetched from: public addresses, as the one parser that also connects sees them."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from typing import TYPE_CHECKING

from brandmodel.errors import BadResponseError, UnavailableError
from brandmodel.providers._library import load

if TYPE_CHECKING:
    from pyreqwest.http import Url


def origin(url: str) -> tuple[str, str, int]:
    """(scheme, host, port) of an address; empty where it is none."""
    found = _parsed(url)
    if found is None:
        return "", "", 0
    return found.scheme, found.host_str or "", found.port_or_known_default or 0


def joined(url: str, location: str) -> str:
    """Where a redirect leads.

    Raises:
        BadResponseError: to no address.
    """
    base = _parsed(url)
    try:
        if base is not None and location:
            return str(base.join(location))
    except ValueError:
        pass
    raise BadResponseError("the result was redirected to no address")


async def public_address(url: str) -> tuple[str, str]:
    """(host, IP address) behind an https address, which has to be a public one.

    The caller connects to just that IP address: a name that is looked up twice may lead inside the
    second time.

    Raises:
        BadResponseError: it is not https, or leads inside.
        UnavailableError: its name is unknown.
    """
    scheme, host, port = origin(url)
    if scheme != "https" or not host:
        raise BadResponseError("the result's address is not https")
    try:
        found = [str(ipaddress.ip_address(host.strip("[]")))]
    except ValueError:
        found = await _looked_up(host, port)
    public = [address for address in found if _public(address)]
    if not public:
        raise BadResponseError("the result's address is an inner one")
    return host, public[0]


async def _looked_up(host: str, port: int) -> list[str]:
    try:
        told = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise UnavailableError("the result's address is unknown", detail=str(error)) from None
    return [str(address[0]).partition("%")[0] for *_, address in told]


def _public(address: str) -> bool:
    found = ipaddress.ip_address(address)
    inner = getattr(found, "ipv4_mapped", None)
    return (inner or found).is_global


def _parsed(url: str) -> Url | None:
    load()
    from pyreqwest.http import Url

    try:
        return Url(url)
    except ValueError:
        return None
