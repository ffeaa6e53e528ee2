"""What all fake vendors share: one bill, one set of faults, one studio, jobs, and files at addresses."""

from __future__ import annotations

import asyncio
import base64
import json
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal, cast
from urllib.parse import unquote_to_bytes, urlsplit

from aiohttp import ClientError, ClientSession, web

from brandmodel.testing.vendors._bill import Bill, Counted
from brandmodel.testing.vendors._faults import Faults
from brandmodel.testing.vendors._rows import KEYLESS, Row, row_of
from brandmodel.testing.vendors._signing import Signer
from brandmodel.testing.vendors._studio import Studio

PAGE = b"<!doctype html><html><body><h1>502 Bad Gateway</h1></body></html>"
_SLOW_S = 2.0
Kind = Literal["call", "job", "look", "fetch"]
State = Literal["running", "done", "canceled", "failed"]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer before it is sent.

    Attributes:
        pieces: of a streamed answer, in place of ``body``.
    """

    body: bytes = b""
    media_type: str = "application/json"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    pieces: Sequence[bytes] = ()


@dataclass(frozen=True, slots=True)
class Turn:
    """One call, read.

    Attributes:
        body: its JSON; empty where it has none.
        form: fields and files of a form, by name.
        fault: what goes wrong with it, or ''.
    """

    request: web.Request
    body: dict[str, Any]
    form: Mapping[str, list[str | bytes]]
    fault: str = ""

    def word(self, name: str, usual: str = "") -> str:
        """A field of the form as text."""
        given = self.form.get(name) or self.form.get(f"{name}[]") or [usual]
        return given[0] if isinstance(given[0], str) else given[0].decode(errors="replace")

    def files(self, *names: str) -> list[bytes]:
        """The files of the form under names."""
        return [one for name in names for one in self.form.get(name, ()) if isinstance(one, bytes)]

    def part(self, name: str) -> str:
        """A part of the path."""
        return self.request.match_info[name]

    def medium(self, data: bytes) -> bytes:
        """A medium that goes inline."""
        return PAGE if self.fault == "page-as-image" else data


Answer = Callable[[Turn], Awaitable[Reply]]
Route = tuple[str, str, Kind, Answer]
"""Method, path below the vendor's own, what kind of call it is, and who answers it."""


class Refused(Exception):
    """A call that a vendor does not take.

    Attributes:
        kind: a fault of ``REFUSALS``, or ``bad-request``, ``not-found``, ``off``.
    """

    def __init__(self, kind: str, words: str = "") -> None:
        super().__init__(words)
        self.kind = kind
        self.words = words


@dataclass(slots=True)
class Job:
    """Work that goes on after the reply.

    Attributes:
        looks: how often somebody asked for it.
    """

    id: str
    row: Row
    input: Any
    work: asyncio.Task[Sequence[str]]
    ready_at: float
    created: float
    state: State = "running"
    looks: int = 0

    @property
    def outputs(self) -> Sequence[str]:
        """Names of the files that it made, once it is done."""
        return self.work.result()


@dataclass(frozen=True, slots=True)
class Hook:
    """Where the end of a job is to be reported, and how: headers and body, signed."""

    url: str
    signed: Callable[[Job], tuple[dict[str, str], bytes]]


@dataclass(frozen=True, slots=True)
class File:
    """Bytes at an address."""

    data: bytes
    media_type: str
    expired: bool = False


class Vendor(ABC):
    """One fake vendor: its routes, and how it says no."""

    name: ClassVar[str]

    def __init__(self, house: House) -> None:
        self.house = house

    @abstractmethod
    def routes(self) -> Sequence[Route]:
        """What it answers, below its own path."""

    def key_of(self, request: web.Request) -> str:
        """The key that a call brings along."""
        return bearer(request)

    @abstractmethod
    def refusal(self, refused: Refused) -> Reply:
        """How it says no."""


class House:
    """What the vendors of one server share.

    Attributes:
        url: of the server.
        places: each vendor's own address, without its path.
        latency_s: seconds a call, or a job, takes.
        lookup: lost calls can be found again, where the vendor has a list.
        off: vendors that are switched off.
    """

    def __init__(
        self,
        studio: Studio,
        faults: Faults,
        keys: Mapping[str, str],
        *,
        latency_s: float = 0.0,
        lookup: bool = True,
    ) -> None:
        self.studio = studio
        self.faults = faults
        self.keys = keys
        self.latency_s = latency_s
        self.lookup = lookup
        self.url = ""
        self.places: dict[str, str] = {}
        self.off: set[str] = set()
        self.bill = Bill()
        self.jobs: dict[str, Job] = {}
        self.signer = Signer()
        self._reports: list[asyncio.Task[None]] = []
        self.files: dict[str, File] = {}

    def row(self, vendor: str, model: object) -> Row:
        """A vendor's row.

        Raises:
            Refused: it has no such model.
        """
        row = row_of(vendor, str(model))
        if row is None:
            raise Refused("retired-model", f"model {model} does not exist")
        return row

    def allowed(self, vendor: str, key: str) -> bool:
        """Whether a key opens a vendor."""
        return vendor in KEYLESS or bool(key) and key == self.keys.get(vendor)

    def begin(
        self,
        turn: Turn,
        row: Row,
        counted: Counted,
        task: str,
        make: Awaitable[Sequence[File]],
        hook: Hook | None = None,
    ) -> Job:
        """Take a job on, and on the bill; it goes on by itself, and is reported at its end."""
        id_ = uuid.uuid4().hex
        slow = _SLOW_S + 3 * self.latency_s if turn.fault == "slow-job" else 0.0
        never = turn.fault == "never-finishes"
        ready_at = float("inf") if never else time.monotonic() + self.latency_s + slow

        async def work() -> Sequence[str]:
            expired = turn.fault == "expired"
            return [self.lay_out(replace(one, expired=expired)) for one in await make]

        job = Job(id_, row, turn.body, asyncio.ensure_future(work()), ready_at, time.time())
        self.jobs[id_] = job
        self.bill.charge(row, counted, task=task, job_id=id_, state="running")
        if hook is not None and not never:
            self._reports.append(asyncio.ensure_future(self._report(job, hook)))
        return job

    async def _report(self, job: Job, hook: Hook) -> None:
        """Send the webhook of a job once it has ended; whoever takes none is not asked again."""
        await asyncio.wait([job.work])
        await asyncio.sleep(max(0.0, job.ready_at - time.monotonic()))
        job = self.seen(job.id, job.row.vendor)
        headers, body = hook.signed(job)
        headers["content-type"] = "application/json"
        async with ClientSession() as session:
            with suppress(ClientError):
                await session.post(hook.url, data=body, headers=headers)

    def look(self, id_: str, vendor: str) -> Job:
        """A job as it stands now, for somebody who asked.

        Raises:
            Refused: there is none.
        """
        job = self.seen(id_, vendor)
        job.looks += 1
        return job

    def seen(self, id_: str, vendor: str) -> Job:
        """A job as it stands now.

        Raises:
            Refused: there is none.
        """
        job = self.jobs.get(id_)
        if job is None or job.row.vendor != vendor:
            raise Refused("not-found", "there is no such job")
        if job.state == "running" and job.work.done() and time.monotonic() >= job.ready_at:
            job.state = "failed" if job.work.exception() else "done"
            if job.state == "failed":
                self.bill.drop(id_)
            else:
                self.bill.ended(id_, "done")
        return job

    def stop(self, job: Job) -> bool:
        """Stop a job; what is stopped is not billed. False where it had ended before."""
        if job.state != "running":
            return False
        job.state = "canceled"
        job.work.cancel()
        self.bill.drop(job.id)
        return True

    def lay_out(self, file: File) -> str:
        """Put a file where it can be fetched; its name."""
        ending = file.media_type.partition(";")[0].rpartition("/")[2]
        ending = {"jpeg": "jpg", "mpeg": "mp3"}.get(ending, ending)
        name = f"{uuid.uuid4().hex}.{ending}"
        self.files[name] = file
        return name

    def fetched(self, name: str) -> Reply:
        """A file by its name.

        Raises:
            Refused: there is none, or it is gone.
        """
        file = self.files.get(name)
        if file is None or file.expired:
            raise Refused("not-found", "the file is gone")
        return Reply(file.data, file.media_type)

    def read(self, address: object) -> bytes | None:
        """What lies at an address that a request names: a data URI, or a file of this server.

        Raises:
            Refused: it lies elsewhere; nothing is fetched.
        """
        if not isinstance(address, str) or not address:
            return None
        if address.startswith("data:"):
            return from_data_uri(address)
        name = address.partition("?")[0].rpartition("/")[2]
        if not self._own(address) or name not in self.files:
            raise Refused("bad-request", "a file of the request cannot be downloaded")
        return self.files[name].data

    def _own(self, address: str) -> bool:
        return address.startswith((self.url, *self.places.values()))

    async def aclose(self) -> None:
        """End jobs and workers."""
        for task in (*(job.work for job in self.jobs.values()), *self._reports):
            task.cancel()
        await self.studio.aclose()


def own_address(url: str) -> str:
    """The address of a webhook, which is one of this machine.

    Raises:
        Refused: it lies elsewhere; nothing is sent there.
    """
    if urlsplit(url).hostname not in ("127.0.0.1", "localhost"):
        raise Refused("bad-request", "webhooks go to this machine alone")
    return url


def from_data_uri(address: str) -> bytes:
    """The bytes of a data URI.

    Raises:
        Refused: it has none.
    """
    head, _, data = address.partition(",")
    return unpacked(data) if head.endswith(";base64") else unquote_to_bytes(data)


def unpacked(data: object) -> bytes:
    """Bytes from base64, in either alphabet.

    Raises:
        Refused: it is none.
    """
    try:
        plain = str(data).replace("-", "+").replace("_", "/")
        return base64.b64decode(plain, validate=True)
    except ValueError as error:
        raise Refused("bad-request", "that is not base64") from error


def packed(data: bytes) -> str:
    """Bytes in base64."""
    return base64.b64encode(data).decode()


def json_reply(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """A JSON answer."""
    return Reply(json.dumps(body).encode(), status=status, headers=headers or {})


def bearer(request: web.Request) -> str:
    """The key of the ``Authorization`` header, whatever its scheme."""
    return request.headers.get("authorization", "").rpartition(" ")[2]


def size_of(given: object, usual: tuple[int, int] = (1024, 1024)) -> tuple[int, int]:
    """(width, height) of ``WxH``."""
    wide, _, high = str(given).partition("x")
    if not (wide.isdigit() and high.isdigit()):
        return usual
    return bounded(int(wide), int(high))


def bounded(width: object, height: object) -> tuple[int, int]:
    """A size as it is drawn.

    Raises:
        Refused: it is none.
    """
    try:
        sides = int(cast("int", width)), int(cast("int", height))
    except (TypeError, ValueError) as error:
        raise Refused("bad-request", "the size is none") from error
    if not all(16 <= side <= 4096 for side in sides):
        raise Refused("bad-request", "the size is out of range")
    return sides


def ratio_size(ratio: object, side: int) -> tuple[int, int]:
    """A size of a shape such as ``16:9`` with as many pixels as a square of a side."""
    wide, _, high = str(ratio).partition(":")
    if not (wide.isdigit() and high.isdigit()):
        return side, side
    scale = side / (int(wide) * int(high)) ** 0.5
    return round(int(wide) * scale / 2) * 2, round(int(high) * scale / 2) * 2
