"""``python -m brandmodel.testing.vendors``: the fake vendors as a program."""

from __future__ import annotations

import argparse
import asyncio
import errno
import signal
from pathlib import Path

from brandmodel.testing.vendors._server import serving


def main() -> None:
    """Serve until told to stop."""
    parser = _arguments()
    given = parser.parse_args()
    try:
        asyncio.run(_serve(given))
    except OSError as error:
        hint = "; --port 0 takes a free one" if error.errno == errno.EADDRINUSE else ""
        where = error.filename or f"--port {given.port}"
        parser.error(f"{where}: {error.strerror}{hint}")


async def _serve(given: argparse.Namespace) -> None:
    stopped = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stopped.set)
    async with serving(
        port=given.port,
        latency_s=given.latency,
        rate=given.fault,
        seed=given.seed,
        lookup=given.lookup == "on",
        routers=given.write_routers,
    ) as house:
        print(f"listening on {house.url}", flush=True)
        await stopped.wait()


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m brandmodel.testing.vendors",
        description="Fake vendors on this machine: real wires, real bytes, and a bill of their own.",
    )
    parser.add_argument("--port", type=_port, default=8900, help="0 takes a free one")
    parser.add_argument("--latency", type=_seconds, default=0.0, help="seconds that a call takes")
    parser.add_argument("--fault", type=_share, default=0.0, help="share of calls that go wrong")
    parser.add_argument("--seed", type=int, default=0, help="of that draw")
    parser.add_argument(
        "--lookup", choices=("on", "off"), default="on", help="find lost jobs again"
    )
    parser.add_argument("--write-routers", type=Path, metavar="DIR", help="write routing tables")
    return parser


def _share(given: str) -> float:
    return _number(given, 1, "a share from 0 to 1")


def _seconds(given: str) -> float:
    return _number(given, 3600, "a number of seconds from 0 to 3600")


def _port(given: str) -> int:
    return int(_number(given, 65535, "a port from 0 to 65535"))


def _number(given: str, most: float, what: str) -> float:
    try:
        number = float(given)
    except ValueError:
        number = -1.0
    if not 0 <= number <= most:
        raise argparse.ArgumentTypeError(f"{given!r} is not {what}")
    return number


if __name__ == "__main__":
    main()
