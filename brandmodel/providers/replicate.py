"""The wire of Replicate: predictions of models by name, by version, or of an own deployment.

A row's ``model`` is ``owner/name`` of an official model, ``owner/name:version`` (or the bare version) of
any other, or ``deployments/owner/name``.

| setting | meaning |
|---|---|
| ``map``, ``constants`` | the prediction's input, see ``_mapping`` |
| ``result`` | where the result lies in the prediction, see ``_outputs``; mostly ``output`` |
| ``usd_per_second`` | of models that are billed by the time that they run |

Creating has no idempotency key. A lost call is found again by its input among the latest predictions, or
by ``attempt``, where a row maps that to a field that the model takes and ignores. ``Prefer: wait`` is not
used: a reply that waits is a reply that can get lost.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar

from brandmodel.errors import (
    BadResponseError,
    BrandModelError,
    JobFailedError,
    ProviderError,
    RejectedError,
    UnknownTargetError,
)
from brandmodel.providers._errors import http_date, job_failed
from brandmodel.providers._http import Ask, Part, Reply, origin
from brandmodel.providers._json import count, fields, items, number, text
from brandmodel.providers._mapping import inputs
from brandmodel.providers._outputs import SERVED, made
from brandmodel.providers._reporting import ReportingWire
from brandmodel.providers._uploads import Addresses, uploaded_at
from brandmodel.providers._webhooks import Scheme, Secret
from brandmodel.providers._wire import (
    File,
    Files,
    Handle,
    Made,
    Operation,
    Pending,
    base_url,
    webhook,
)
from brandmodel.tasks import Call, Done, Job, Target, Usage

_API = "https://api.replicate.com/v1"
_LARGEST_UPLOAD = 100 * 1024**2
_MOST_PAGES = 10
_MOST_KNOWN = 10_000
_SKEW_S = 30.0
"""How far the vendor's clock may be behind ours."""
_A_FILE = "\0file"
"""Stands for the address of a file, which nobody remembers when a lost call is looked for."""


def ask_prediction(call: Call, files: Files) -> Ask:
    """The request that creates a prediction."""
    path, version = _place(call.target.model)
    address = webhook(call.target)
    reported = {"webhook": address, "webhook_events_filter": ["completed"]} if address else {}
    return Ask(path, json={**version, "input": inputs(call, Addresses(files)), **reported})


def read_prediction(call: Call, reply: Reply) -> Made | Pending:
    """Where a prediction stands.

    Raises:
        JobFailedError: it ended without a result.
        ContentFilteredError: it was refused.
        BadResponseError: this is no prediction.
    """
    told = fields(reply.data())
    if not text(told.get("id")) or not text(told.get("status")):
        raise BadResponseError("the answer is no prediction", detail=reply.excerpt())
    status = told["status"]
    if status in ("starting", "processing"):
        return Pending({"id": told["id"]})
    if status != "succeeded":
        raise _failed(call, status, told)
    if told.get("data_removed") is True:
        raise JobFailedError("the job's result was deleted", code="data_removed")
    usage, usd_nano = _metered(call, fields(told.get("metrics")))
    return made(call, told, usage, usd_nano=usd_nano)


def ask_state(handle: Handle) -> Ask:
    """The request of a look at a prediction."""
    return Ask(f"predictions/{handle['id']}", method="GET")


def ask_cancel(handle: Handle) -> Ask:
    """The request that stops a prediction; of one that has ended it changes nothing."""
    return Ask(f"predictions/{handle['id']}/cancel")


def _place(model: str) -> tuple[str, dict[str, str]]:
    """(path, version) of a row's model."""
    name, _, version = model.partition(":")
    if name.startswith("deployments/"):
        return f"{name}/predictions", {}
    if not version and "/" in name:
        return f"models/{name}/predictions", {}
    return "predictions", {"version": version or name}


def _failed(call: Call, status: str, told: dict[str, Any]) -> BrandModelError:
    """Whatever is not known is an end, too. Without a result there is a bill only by the second."""
    ran = number(fields(told.get("metrics")).get("predict_time")) > 0
    billed = "usd_per_second" in call.target.settings and ran
    return job_failed(status, text(told.get("error")), billed=billed)


def _metered(call: Call, metrics: dict[str, Any]) -> tuple[Usage | None, int | None]:
    """(usage, nano-USD) that the metrics tell, as far as they do."""
    usd_nano = None
    per_second = call.target.settings.get("usd_per_second")
    if per_second is not None and "predict_time" in metrics:
        usd_nano = math.ceil(round(number(metrics["predict_time"]) * per_second * 1e9, 3))
    into, out = count(metrics.get("input_token_count")), count(metrics.get("output_token_count"))
    if not into and not out:
        return None, usd_nano
    known = call.request.usage(call.request.sketch(dear=True))
    return known._replace(tokens_in=into, tokens_out=out), usd_nano


def _created_at(told: dict[str, Any]) -> float:
    """Unix seconds; 0 where it is not told. Some have nine digits of a second, Python takes six."""
    stamp = text(told.get("created_at"))
    whole, _, fraction = stamp.removesuffix("Z").partition(".")
    try:
        seconds = datetime.fromisoformat(whole).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return 0.0
    return seconds + (float(f"0.{fraction}") if fraction.isdecimal() else 0.0)


def _same(sent: Any, told: Any) -> bool:
    """Whether an input is the one that was sent; files may lie anywhere."""
    if sent == _A_FILE:
        return isinstance(told, str)
    if isinstance(sent, dict):
        there = fields(told)
        return set(sent) == set(there) and all(_same(sent[name], there[name]) for name in sent)
    if isinstance(sent, list):
        there = items(told)
        return len(sent) == len(there) and all(map(_same, sent, there))
    return sent == told


_MAPPED = Operation(
    ask=ask_prediction,
    read=read_prediction,
    poll=ask_state,
    polled=lambda call, handle, reply: read_prediction(call, reply),
    cancel=ask_cancel,
)


@dataclass(slots=True)
class ReplicateWire(ReportingWire):
    """Serves every task that a row can map.

    Attributes:
        second_look_s: how long a prediction may take to appear in the list.
    """

    second_look_s: ClassVar[float] = 2.0
    base_url: ClassVar[str] = _API
    scheme: ClassVar[Scheme] = "standard"
    operations: ClassVar[Mapping[str, Operation]] = dict.fromkeys(SERVED, _MAPPED)
    writing: ClassVar[Operation | None] = _MAPPED
    _begun: dict[str, str] = field(default_factory=dict[str, str])

    async def start(self, call: Call) -> Done | Job:
        """See ``Provider``."""
        answer = await ReportingWire.start(self, call)
        if isinstance(answer, Job):
            self._note(call, answer.handle["id"])
        return answer

    async def check(self, job: Job, call: Call) -> Done | Job:
        """See ``LongProvider``.

        Raises:
            JobFailedError: it ended without a result, or was deleted.
            ProviderError: this look failed.
        """
        self._note(call, job.handle["id"])
        try:
            return await ReportingWire.check(self, job, call)
        except UnknownTargetError as error:
            raise JobFailedError("the job is gone", vendor=error.vendor, status=404) from error

    async def find(self, call: Call) -> Done | Job | None:
        """See ``FindingProvider``.

        Of equal predictions the only one that no other call of this process has is it; of several
        nobody can tell.

        Raises:
            ProviderError: it cannot be told.
        """
        if call.attempt in self._begun:
            return self._job(call, self._begun[call.attempt])
        found = await self._sought(call)
        if not found:
            await asyncio.sleep(self.second_look_s)
            found = await self._sought(call)
        if len(found) > 1:
            raise ProviderError("several calls at the target are equal to the lost one")
        if not found:
            return None
        self._note(call, found[0])
        return self._job(call, found[0])

    async def signing(self, target: Target) -> Secret:
        """See ``ReportingWire``: the secret of the account."""
        reply = await self.sent(target, Ask("webhooks/default/secret", method="GET"))
        return text(fields(reply.data()).get("key"))

    async def upload(self, target: Target, file: File) -> str:
        """See ``UploadingWire``."""
        if len(file.data) > _LARGEST_UPLOAD:
            raise RejectedError("a file is larger than the target takes", started=False)
        part = Part("content", file.data, file.filename, file.asset.media_type)
        reply = await self.sent(target, Ask("files", form=[part]))
        return uploaded_at(fields(fields(reply.data()).get("urls")).get("get"))

    def _note(self, call: Call, prediction: str) -> None:
        """Keep which prediction is whose, of the latest calls."""
        if len(self._begun) >= _MOST_KNOWN and call.attempt not in self._begun:
            del self._begun[next(iter(self._begun))]
        self._begun[call.attempt or prediction] = prediction

    def _job(self, call: Call, prediction: str) -> Job:
        return Job(call.target.id, type(call.request).__name__, {"id": prediction})

    async def _sought(self, call: Call) -> list[str]:
        """The ids of predictions that may be a lost call."""
        if not call.began:
            raise ProviderError("nobody knows when the call was made")
        sent = inputs(call, lambda file: _A_FILE)
        version = _place(call.target.model)[1].get("version")
        known = set(self._begun.values())
        return [
            told["id"]
            for told in await self._listed(call.target, call.began - _SKEW_S)
            if text(told.get("id"))
            and told["id"] not in known
            and _same(sent, told.get("input"))
            and version in (None, told.get("version"))
        ]

    async def _listed(self, target: Target, since: float) -> list[dict[str, Any]]:
        """All predictions since a time, the latest first."""
        base = base_url(target) or _API
        stamp = datetime.fromtimestamp(since, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        ask = Ask("predictions", method="GET", query={"created_after": stamp})
        listed: list[dict[str, Any]] = []
        for _ in range(_MOST_PAGES):
            reply = await self.sent(target, ask)
            _require_same_time(reply)
            page = fields(reply.data())
            if not isinstance(page.get("results"), list):
                raise BadResponseError("the list of predictions is none")
            told = [fields(one) for one in items(page["results"])]
            recent = [one for one in told if _created_at(one) >= since]
            listed += recent
            following = text(page.get("next"))
            if not following or len(recent) < len(told):
                return listed
            if origin(following) != origin(base):
                raise BadResponseError("the list goes on somewhere else")
            ask = Ask(following, method="GET")
        raise ProviderError("there are too many predictions to look through")


def _require_same_time(reply: Reply) -> None:
    """A call is looked for by when it began: by a clock far behind ours it began before that.

    Raises:
        ProviderError: the vendor's clock is too far behind ours to tell.
    """
    theirs = http_date(reply.headers.get("date", ""))
    if theirs is not None and time.time() - theirs.timestamp() > _SKEW_S:
        raise ProviderError("the clocks are too far apart to look a call up", detail=f"{theirs}")


__all__ = ["ReplicateWire"]
