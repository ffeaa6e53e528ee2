"""The wire of fal: hundreds of media models behind one queue. Which fields a model has, its row says.

| setting | meaning |
|---|---|
| ``map``, ``constants`` | the model's input, see ``_mapping`` |
| ``result`` | where the result lies in its output, see ``_outputs`` |
| ``loras`` | ``[{path, scale, trigger}]``: weights, by address or by a file on this machine |
| ``start_within_s`` | give up when it has not begun by then |
| ``rest_url``, ``cdn_url`` | where files are put up, if not at fal's own hosts |

Nothing tells afterwards whether a call whose reply was lost was taken (no idempotency, no list).
"""

from __future__ import annotations

from typing import Any

from brandmodel.errors import (
    BadResponseError,
    BrandModelError,
    JobFailedError,
    UnknownTargetError,
)
from brandmodel.providers._errors import failure, filtered, job_failed, said
from brandmodel.providers._http import Ask, Reply, origin
from brandmodel.providers._json import fields, items, text
from brandmodel.providers._mapping import inputs
from brandmodel.providers._outputs import SERVED, made
from brandmodel.providers._reporting import ReportingWire
from brandmodel.providers._uploads import Addresses, uploaded_at
from brandmodel.providers._webhooks import Secret
from brandmodel.providers._wire import (
    File,
    Files,
    Made,
    Operation,
    Pending,
    base_url,
    looking,
    webhook,
)
from brandmodel.tasks import Call, Done, Job, Target

_QUEUE, _REST, _CDN = "https://queue.fal.run", "https://rest.fal.ai", "https://v3.fal.media"
_PART_BYTES = 10 * 1024**2
_WHOLE_BYTES = 100 * 1024**2
"""What is larger is put up in parts (fal-client 1.0.3)."""


def ask_job(call: Call, files: Files) -> Ask:
    """The request that puts a job into the queue."""
    headers: dict[str, str] = {}
    if call.target.paid:
        # Else fal itself would start a job up to ten times (docs, "Reliability").
        headers["x-fal-no-retry"] = "1"
    if within := call.target.settings.get("start_within_s"):
        headers["x-fal-request-timeout"] = str(within)
    address = webhook(call.target)
    query = {"fal_webhook": address} if address else {}
    body = inputs(call, Addresses(files))
    return Ask(call.target.model, json=body, headers=headers, query=query)


def read_job(call: Call, reply: Reply) -> Pending:
    """The job with its addresses: they are shorter than the model's name, and must be taken as told.

    Raises:
        BadResponseError: one is missing, or lies somewhere else, where the key must not go.
    """
    told = fields(reply.data())
    base = base_url(call.target) or _QUEUE
    handle = {"request_id": text(told.get("request_id"))}
    for name in ("status_url", "response_url", "cancel_url"):
        handle[name] = text(told.get(name))
        if origin(handle[name]) != origin(base):
            raise BadResponseError(f"the job's {name} is not the queue's", detail=reply.excerpt())
    return Pending(handle)


def read_result(call: Call, reply: Reply) -> Made:
    """The result of a finished job.

    Raises:
        ContentFilteredError: the picture was found unfit and is black.
        JobFailedError: there is no result.
    """
    output = fields(reply.data())
    if next(iter(items(output.get("has_nsfw_concepts"))), False) is True:
        raise filtered(started=True)
    return made(call, output)


def _job_error(status: dict[str, Any], reply: Reply) -> BrandModelError:
    """What the answer of a finished job without a result means.

    A job that failed is COMPLETED, with ``error`` or ``error_type``; older models tell only in the
    answer. Some statuses are about the look itself, as is whatever is not fal's own JSON.
    """
    code, words = said(reply)
    told_failed = bool(status.get("error") or status.get("error_type"))
    if not told_failed and (not words or reply.status in (401, 403, 408, 429)):
        return failure(reply)
    code = code or reply.headers.get("x-fal-error-type", "") or text(status.get("error_type"))
    # Server errors are never charged; a 422 may be, if a runner had worked (docs, FAQ).
    return job_failed(
        code, words or text(status.get("error")), billed=reply.status < 500, status=reply.status
    )


_MAPPED = Operation(ask=ask_job, read=read_job)


class FalWire(ReportingWire):
    """Serves every task that a row can map."""

    base_url = _QUEUE
    scheme = "fal"
    operations = dict.fromkeys(SERVED, _MAPPED)
    writing = _MAPPED

    def headers(self, key: str) -> dict[str, str]:
        """A key, or an id with its secret; fal has a scheme of its own."""
        return {"authorization": f"Key {key}"} if key else {}

    async def check(self, job: Job, call: Call) -> Done | Job:
        """See ``LongProvider``.

        Raises:
            JobFailedError: it ended without a result.
            ContentFilteredError: it was refused.
            ProviderError: this look failed.
        """
        with looking():
            status = await self._state(job, call)
            if status.get("status") in ("IN_QUEUE", "IN_PROGRESS"):
                return job
            ask = Ask(job.handle["response_url"], method="GET")
            reply = await self.answered(call.target, ask)
            with self._named(call.target):
                if reply.status >= 300:
                    raise _job_error(status, reply)
                return await self._told(call, read_result(call, reply), reply.ids)

    async def _state(self, job: Job, call: Call) -> dict[str, Any]:
        try:
            reply = await self.sent(call.target, Ask(job.handle["status_url"], method="GET"))
        except UnknownTargetError as error:
            raise JobFailedError("the job is gone", vendor=error.vendor, status=404) from error
        with self._named(call.target):
            status = fields(reply.data())
            if status.get("status") not in ("IN_QUEUE", "IN_PROGRESS", "COMPLETED"):
                raise BadResponseError("the job's state is unknown", detail=reply.excerpt())
            return status

    async def cancel(self, job: Job, call: Call) -> None:
        """See ``LongProvider``."""
        reply = await self.answered(call.target, Ask(job.handle["cancel_url"], method="PUT"))
        # It had ended before, or is not known any more.
        if reply.status >= 300 and reply.status not in (400, 404):
            with self._named(call.target):
                raise failure(reply)

    async def signing(self, target: Target) -> Secret:
        """See ``ReportingWire``: fal signs with a key of its own and shows the public half."""
        place = f"{_host(target, 'rest_url', _REST)}/.well-known/jwks.json"
        return fields((await self.sent(target, Ask(place, method="GET"))).data())

    async def upload(self, target: Target, file: File) -> str:
        """See ``UploadingWire``: a token from fal, the bytes to its CDN."""
        rest = _host(target, "rest_url", _REST)
        ask = Ask(f"{rest}/storage/auth/token", json={}, query={"storage_type": "fal-cdn-v3"})
        token = fields((await self.sent(target, ask)).data())
        scheme, secret = text(token.get("token_type")), text(token.get("token"))
        if not scheme or not secret or not f"{scheme}{secret}".isprintable():
            raise BadResponseError("there is no token for an upload", started=False)
        headers = {
            "authorization": f"{scheme} {secret}",
            "content-type": file.asset.media_type,
            "x-fal-file-name": file.filename,
        }
        with self._named(target):
            if len(file.data) > _WHOLE_BYTES:
                return await self._in_parts(text(token.get("base_url")), file, headers)
            cdn = _host(target, "cdn_url", _CDN)
            reply = await self._put(Ask(f"{cdn}/files/upload", body=file.data, headers=headers))
            return uploaded_at(fields(reply.data()).get("access_url"))

    async def _in_parts(self, base: str, file: File, headers: dict[str, str]) -> str:
        begun = await self._put(Ask(f"{base}/files/upload/multipart", headers=headers))
        told = fields(begun.data())
        url = uploaded_at(told.get("access_url"))
        part_headers = {n: value for n, value in headers.items() if n != "x-fal-file-name"}
        place = f"{url}/multipart/{text(told.get('uploadId'))}"
        parts: list[dict[str, Any]] = []
        for number, at in enumerate(range(0, len(file.data), _PART_BYTES), 1):
            data = file.data[at : at + _PART_BYTES]
            ask = Ask(f"{place}/{number}", method="PUT", body=data, headers=part_headers)
            etag = (await self._put(ask)).headers.get("etag", "")
            parts.append({"partNumber": number, "etag": etag})
        token = {"authorization": headers["authorization"]}
        await self._put(Ask(f"{place}/complete", json={"parts": parts}, headers=token))
        return url

    async def _put(self, ask: Ask) -> Reply:
        """Send to the CDN, which takes its own token and must not see the key."""
        reply = await self.http.send("", ask, {})
        if reply.status >= 300:
            raise failure(reply)
        return reply


def _host(target: Target, setting: str, usual: str) -> str:
    """Where one of fal's hosts is; of a row with its own base URL, all of them are there."""
    found = target.settings.get(setting) or base_url(target) or usual
    return found.rstrip("/")


__all__ = ["FalWire"]
