"""fal, as a fake: the queue, files put up, and files that lie on its CDN."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from brandmodel.providers._json import fields, items, text
from brandmodel.testing.vendors._house import (
    File,
    Hook,
    House,
    Job,
    Refused,
    Reply,
    Route,
    Turn,
    Vendor,
    bearer,
    bounded,
    json_reply,
    own_address,
)
from brandmodel.testing.vendors._media import Wanted, counted_of, made_by
from brandmodel.testing.vendors._rows import Row
from brandmodel.testing.vendors._studio import opened

_REFUSALS: Mapping[str, tuple[int, str, str]] = {
    "rate-limit": (429, "rate_limit", "Too many requests"),
    "server-error": (500, "internal_server_error", "Internal Server Error"),
    "off": (503, "runner_scheduling_failure", "Service unavailable"),
    "retired-model": (404, "", "Application not found"),
    "no-credit": (
        403,
        "",
        "User is locked. Reason: Exhausted balance. Top up your balance at fal.ai/dashboard/billing.",
    ),
    "wrong-key": (401, "", "No user found for Key ID and Secret"),
    "not-found": (404, "", "Not Found"),
    "bad-request": (422, "", "The request is not valid"),
}
_NAMED = {
    "square_hd": (1024, 1024),
    "square": (512, 512),
    "portrait_4_3": (768, 1024),
    "portrait_16_9": (576, 1024),
    "landscape_4_3": (1024, 768),
    "landscape_16_9": (1024, 576),
}


class Fal(Vendor):
    """fal's queue, its REST host and its CDN under one address."""

    name: ClassVar[str] = "fal"

    def routes(self) -> Sequence[Route]:
        """See ``Vendor``."""
        job = "/{owner}/{alias}/requests/{id}"
        return (
            ("POST", "/storage/auth/token", "look", self.token),
            ("POST", "/files/upload", "look", self.upload),
            ("GET", "/files/{name}", "fetch", self.file),
            ("GET", job + "/status", "look", self.status),
            ("GET", job, "look", self.result),
            ("PUT", job + "/cancel", "look", self.stop),
            ("GET", "/.well-known/jwks.json", "look", self.keys),
            ("POST", "/{endpoint:.+}", "job", self.submit),
        )

    def refusal(self, refused: Refused) -> Reply:
        """See ``Vendor``."""
        if refused.kind == "refusal":
            where = {"loc": ["body", "prompt"], "type": "content_policy_violation"}
            words = (
                "The content could not be processed because it was flagged by a content checker."
            )
            return json_reply({"detail": [{**where, "msg": words}]}, 422)
        status, kind, words = _REFUSALS[refused.kind]
        body: dict[str, Any] = {"detail": refused.words or words}
        if kind:
            body["error_type"] = kind
        wait = {"retry-after": "1"} if refused.kind == "rate-limit" else {}
        return json_reply(body, status, wait)

    async def submit(self, turn: Turn) -> Reply:
        """Put a job into the queue."""
        row = self.house.row(self.name, turn.part("endpoint"))
        wanted = _wanted(row, turn.body, self.house)
        work = made_by(self.house, wanted)
        counted = counted_of(wanted)
        url = turn.request.query.get("fal_webhook", "")
        hook = Hook(own_address(url), self._reported) if url else None
        job = self.house.begin(turn, row, counted, wanted.task, work, hook)
        return json_reply({**self._urls(job), "request_id": job.id, "queue_position": 0})

    def _reported(self, job: Job) -> tuple[dict[str, str], bytes]:
        done = job.state == "done"
        told: dict[str, Any] = {"request_id": job.id, "gateway_request_id": job.id}
        told["status"] = "OK" if done else "ERROR"
        told["payload"] = self._output(job) if done else {"detail": "the job failed"}
        body = json.dumps(told).encode()
        return self.house.signer.fal(job.id, body), body

    async def keys(self, turn: Turn) -> Reply:
        """The public half of what webhooks are signed with."""
        return json_reply(self.house.signer.jwks())

    async def status(self, turn: Turn) -> Reply:
        """Where a job stands; there is no state of failure."""
        job = self.house.look(turn.part("id"), self.name)
        if job.state == "running":
            return json_reply({"status": "IN_PROGRESS", **self._urls(job), "logs": []}, 202)
        told: dict[str, Any] = {"status": "COMPLETED", **self._urls(job), "logs": [], "metrics": {}}
        if job.state != "done":
            told |= {"error": "the job ended without a result", "error_type": job.state}
        return json_reply(told)

    async def result(self, turn: Turn) -> Reply:
        """What a job made."""
        job = self.house.look(turn.part("id"), self.name)
        if job.state == "running":
            return json_reply({"detail": "Request is still in progress"}, 400)
        if job.state != "done":
            return json_reply({"detail": "the job failed", "error_type": job.state}, 500)
        return json_reply(self._output(job))

    async def stop(self, turn: Turn) -> Reply:
        """Stop a job."""
        job = self.house.look(turn.part("id"), self.name)
        if not self.house.stop(job):
            return json_reply({"status": "ALREADY_COMPLETED"}, 400)
        return json_reply({"status": "CANCELLATION_REQUESTED"}, 202)

    async def token(self, turn: Turn) -> Reply:
        """A token for the CDN; here it is the key once more."""
        key = bearer(turn.request)
        there = {
            "token": key,
            "token_type": "Bearer",
            "base_url": f"{self.house.places[self.name]}/fal",
        }
        return json_reply({**there, "expires_at": "2099-01-01T00:00:00+00:00"})

    async def upload(self, turn: Turn) -> Reply:
        """Take a file."""
        data = next(iter(turn.form.get("", ())), b"")
        file = File(data if isinstance(data, bytes) else b"", turn.request.content_type)
        return json_reply({"access_url": self._address(self.house.lay_out(file))})

    async def file(self, turn: Turn) -> Reply:
        """A file of the CDN; whoever has its address may have it."""
        return self.house.fetched(turn.part("name"))

    def _urls(self, job: Job) -> dict[str, str]:
        """Addresses have the first two parts of the endpoint alone."""
        owner, alias = job.row.model.split("/")[:2]
        base = f"{self.house.places[self.name]}/fal/{owner}/{alias}/requests/{job.id}"
        urls = {"status_url": f"{base}/status", "response_url": base}
        return {**urls, "cancel_url": f"{base}/cancel"}

    def _output(self, job: Job) -> dict[str, Any]:
        file = self.house.files[job.outputs[0]]
        address = self._address(job.outputs[0])
        made: dict[str, Any] = {"url": address, "content_type": file.media_type}
        made |= {"file_name": job.outputs[0], "file_size": len(file.data)}
        if "TrainImageStyle" in job.row.tasks:
            return {"diffusers_lora_file": made, "config_file": made}
        if "GenerateImage" in job.row.tasks:
            width, height = opened(file.data).size
            shown = {**made, "width": width, "height": height}
            told = {"images": [shown], "prompt": text(job.input.get("prompt"))}
            return {**told, "seed": job.input.get("seed", 0), "has_nsfw_concepts": [False]}
        return {"image": made} if "UpscaleImage" in job.row.tasks else {"video": made}

    def _address(self, name: str) -> str:
        return f"{self.house.places[self.name]}/fal/files/{name}"


def _wanted(row: Row, body: dict[str, Any], house: House) -> Wanted:
    shown = house.read(body.get("image_url") or body.get("images_data_url"))
    wanted = Wanted.of(row.tasks, body, shown, _size(body))
    weights = [house.read(fields(one).get("path")) for one in items(body.get("loras"))]
    return replace(wanted, weights=weights[0]) if weights else wanted


def _size(body: dict[str, Any]) -> tuple[int, int]:
    given = body.get("image_size")
    if isinstance(given, str):
        return _NAMED.get(given, (1024, 1024))
    sizes = fields(given) or body
    return bounded(sizes.get("width", 1024), sizes.get("height", 1024))
