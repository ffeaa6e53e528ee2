"""Replicate, as a fake: predictions, files, and the list in which a lost prediction is found."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

from brandmodel.providers._json import fields, text
from brandmodel.testing.vendors._house import (
    File,
    Hook,
    Job,
    Refused,
    Reply,
    Route,
    Turn,
    Vendor,
    bounded,
    json_reply,
    own_address,
)
from brandmodel.testing.vendors._media import Wanted, counted_of, made_by
from brandmodel.testing.vendors._rows import row_of

_REFUSALS: Mapping[str, tuple[int, str, str]] = {
    "rate-limit": (
        429,
        "Too many requests",
        "Request was throttled. Your rate limit resets in ~1s.",
    ),
    "server-error": (500, "Internal Server Error", "Internal server error"),
    "off": (503, "Service Unavailable", "Service unavailable"),
    "refusal": (422, "Input rejected", "The input was flagged as sensitive by content moderation"),
    "retired-model": (404, "Not Found", "The requested model does not exist"),
    "no-credit": (402, "Insufficient credit", "You have insufficient credit to run this model"),
    "wrong-key": (401, "Unauthenticated", "You did not pass a valid authentication token"),
    "not-found": (404, "Not Found", "The requested resource could not be found"),
    "bad-request": (422, "Input validation failed", "The input is not valid"),
    "no-lookup": (403, "Forbidden", "This token cannot list predictions"),
}
_STATES = {"running": "processing", "done": "succeeded"}
_PAGE = 100
_LONGEST_WAIT_S = 60.0
_VERSION = "f" * 64


class Replicate(Vendor):
    """Replicate's API and its delivery host under one address."""

    name: ClassVar[str] = "replicate"

    def routes(self) -> Sequence[Route]:
        """See ``Vendor``."""
        return (
            ("POST", "/models/{owner}/{model}/predictions", "job", self.create),
            ("POST", "/predictions", "job", self.create),
            ("GET", "/predictions", "look", self.listed),
            ("GET", "/predictions/{id}", "look", self.look),
            ("POST", "/predictions/{id}/cancel", "look", self.stop),
            ("GET", "/models/{owner}/{model}", "look", self.model),
            ("GET", "/webhooks/default/secret", "look", self.secret),
            ("POST", "/files", "look", self.upload),
            ("GET", "/files/{id}/{name}", "fetch", self.file),
            ("GET", "/delivery/{name}", "fetch", self.file),
        )

    def refusal(self, refused: Refused) -> Reply:
        """See ``Vendor``."""
        status, title, words = _REFUSALS[refused.kind]
        wait = {"retry-after": "1"} if refused.kind == "rate-limit" else {}
        body = {"title": title, "detail": refused.words or words, "status": status}
        return json_reply(body, status, wait)

    async def create(self, turn: Turn) -> Reply:
        """Create a prediction, and wait for it where that is preferred."""
        there = turn.request.match_info
        named = text(turn.body.get("version")).partition(":")[0]
        model = f"{there['owner']}/{there['model']}" if "owner" in there else named
        row = self.house.row(self.name, model)
        given = fields(turn.body.get("input"))
        shown = self.house.read(given.get("image_url") or given.get("image"))
        size = bounded(given.get("width", 1024), given.get("height", 1024))
        wanted = Wanted.of(row.tasks, given, shown, size)
        work = made_by(self.house, wanted)
        url = text(turn.body.get("webhook"))
        hook = Hook(own_address(url), self._reported) if url else None
        job = self.house.begin(turn, row, counted_of(wanted), wanted.task, work, hook)
        await self._waited(job, turn.request.headers.get("prefer", ""))
        return json_reply(self._told(job), 201)

    def _reported(self, job: Job) -> tuple[dict[str, str], bytes]:
        body = json.dumps(self._told(job)).encode()
        return self.house.signer.standard(job.id, body), body

    async def secret(self, turn: Turn) -> Reply:
        """What webhooks are signed with."""
        return json_reply({"key": self.house.signer.secret})

    async def look(self, turn: Turn) -> Reply:
        """Where a prediction stands."""
        return json_reply(self._told(self.house.look(turn.part("id"), self.name)))

    async def stop(self, turn: Turn) -> Reply:
        """Stop a prediction; of one that has ended it changes nothing."""
        job = self.house.look(turn.part("id"), self.name)
        self.house.stop(job)
        return json_reply(self._told(job))

    async def listed(self, turn: Turn) -> Reply:
        """The latest predictions, page by page; refused where lost calls cannot be looked up."""
        if not self.house.lookup:
            return self.refusal(Refused("no-lookup"))
        own = [job for job in self.house.jobs.values() if job.row.vendor == self.name]
        since = turn.request.query.get("created_after", "")
        own = [job for job in reversed(own) if _stamp(job.created) >= since]
        cursor = turn.request.query.get("cursor", "")
        at = int(cursor) if cursor.isdigit() else 0
        page = [self._told(self.house.look(job.id, self.name)) for job in own[at : at + _PAGE]]
        more = at + _PAGE < len(own)
        base = f"{self.house.places[self.name]}/replicate/v1/predictions"
        following = f"{base}?cursor={at + _PAGE}&created_after={since}" if more else None
        return json_reply({"previous": None, "next": following, "results": page})

    async def model(self, turn: Turn) -> Reply:
        """What is known of a model."""
        owner, name = turn.part("owner"), turn.part("model")
        if row_of(self.name, f"{owner}/{name}") is None:
            raise Refused("not-found")
        told: dict[str, Any] = dict.fromkeys(
            ("description", "github_url", "paper_url", "license_url", "cover_image_url")
        )
        told |= {
            "url": f"{self.house.places[self.name]}/replicate/{owner}/{name}",
            "owner": owner,
            "name": name,
        }
        more = {"visibility": "public", "run_count": 0, "default_example": None}
        return json_reply({**told, **more, "latest_version": None})

    async def upload(self, turn: Turn) -> Reply:
        """Take a file."""
        data = next(iter(turn.files("content")), None)
        if data is None:
            raise Refused("bad-request", "content: file required")
        name = self.house.lay_out(File(data, "application/octet-stream"))
        address = (
            f"{self.house.places[self.name]}/replicate/v1/files/{name.partition('.')[0]}/{name}"
        )
        told = {
            "id": name.partition(".")[0],
            "name": name,
            "content_type": "application/octet-stream",
            "size": len(data),
            "etag": "fake",
            "checksums": {"sha256": "fake", "md5": "fake"},
            "metadata": {},
            "created_at": _stamp(time.time()),
            "expires_at": None,
            "urls": {"get": address},
        }
        return json_reply(told, 201)

    async def file(self, turn: Turn) -> Reply:
        """A file; whoever has its address may have it."""
        return self.house.fetched(turn.part("name"))

    async def _waited(self, job: Job, prefer: str) -> None:
        if not prefer.startswith("wait"):
            return
        given = prefer.partition("=")[2]
        until = time.monotonic() + min(float(given or _LONGEST_WAIT_S), _LONGEST_WAIT_S)
        while time.monotonic() < until:
            if self.house.look(job.id, self.name).state != "running":
                return
            await asyncio.sleep(0.02)

    def _told(self, job: Job) -> dict[str, Any]:
        job = self.house.seen(job.id, self.name)
        base = f"{self.house.places[self.name]}/replicate/v1/predictions/{job.id}"
        output: Any = None
        if job.state == "done":
            urls = [
                f"{self.house.places[self.name]}/replicate/v1/delivery/{name}"
                for name in job.outputs
            ]
            output = urls if "GenerateImage" in job.row.tasks else urls[0]
        ended = job.state != "running"
        return {
            "id": job.id,
            "model": job.row.model,
            "version": _VERSION,
            "input": fields(job.input.get("input")),
            "status": _STATES.get(job.state, job.state),
            "output": output,
            "error": "Prediction failed" if job.state == "failed" else None,
            "logs": "",
            "metrics": {"predict_time": 0.5} if job.state == "done" else {},
            "created_at": _stamp(job.created),
            "started_at": _stamp(job.created),
            "completed_at": _stamp(time.time()) if ended else None,
            "urls": {"get": base, "cancel": f"{base}/cancel"},
            "data_removed": False,
            "source": "api",
        }


def _stamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
