"""Google, as a fake: generateContent in words, pictures and sound, vectors, and video by interactions.

Interactions cannot be listed at Google, so a lost one cannot be looked up here either.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from aiohttp import web

from brandmodel.providers._json import count, fields, items, text
from brandmodel.testing.vendors._house import (
    File,
    Job,
    Refused,
    Reply,
    Route,
    Turn,
    Vendor,
    bearer,
    json_reply,
    packed,
    ratio_size,
    unpacked,
)
from brandmodel.testing.vendors._rows import ROWS, Row
from brandmodel.testing.vendors._studio import encoded
from brandmodel.testing.vendors._words import Answered, Asked, answered, tokens
from brandmodel.testing.vendors.openai import vector

_REFUSALS: Mapping[str, tuple[int, str, str]] = {
    "server-error": (500, "INTERNAL", "An internal error has occurred"),
    "off": (503, "UNAVAILABLE", "The model is overloaded"),
    "retired-model": (404, "NOT_FOUND", "models/... is not found for this API version"),
    "no-credit": (
        429,
        "RESOURCE_EXHAUSTED",
        "You exceeded your current quota, please check your plan and billing details",
    ),
    "rate-limit": (429, "RESOURCE_EXHAUSTED", "Resource has been exhausted"),
    "wrong-key": (400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key."),
    "not-found": (404, "NOT_FOUND", "Requested entity was not found"),
    "bad-request": (400, "INVALID_ARGUMENT", "Request contains an invalid argument"),
}
_SIDES = {"512": 512, "1K": 1024, "2K": 2048, "4K": 4096}
_FINISH = {"stop": "STOP", "length": "MAX_TOKENS", "tools": "STOP"}
_STATES = {"running": "in_progress", "done": "completed", "canceled": "cancelled"}
_MUSIC_S = 12.0
"""The real one makes half a minute; nobody can say how long."""


class Google(Vendor):
    """The Gemini API."""

    name: ClassVar[str] = "google"

    def routes(self) -> Sequence[Route]:
        """See ``Vendor``."""
        top = "/:/{version:v1|v1beta}"
        return (
            ("POST", top + "/models/{model:[^:/]+}:{method:[a-zA-Z]+}", "call", self.method),
            ("GET", top + "/models", "look", self.models),
            ("POST", top + "/interactions", "job", self.begin),
            ("GET", top + "/interactions/{id}", "look", self.look),
            ("POST", top + "/interactions/{id}/cancel", "look", self.stop),
            ("GET", top + "/files/{id:[^:]+}:download", "fetch", self.download),
            ("GET", top + "/files/{id}", "look", self.file),
        )

    def key_of(self, request: web.Request) -> str:
        """See ``Vendor``."""
        return request.headers.get("x-goog-api-key") or bearer(request)

    def refusal(self, refused: Refused) -> Reply:
        """See ``Vendor``; what is not to be said comes with a good status."""
        if refused.kind == "refusal":
            return json_reply({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}})
        code, status, words = _REFUSALS[refused.kind]
        details: list[dict[str, Any]] = []
        if refused.kind == "rate-limit":
            kind = "type.googleapis.com/google.rpc.RetryInfo"
            details.append({"@type": kind, "retryDelay": "1s"})
        if refused.kind == "wrong-key":
            kind = "type.googleapis.com/google.rpc.ErrorInfo"
            details.append({"@type": kind, "reason": "API_KEY_INVALID"})
        error = {"code": code, "message": refused.words or words, "status": status}
        return json_reply({"error": {**error, "details": details}}, code)

    async def models(self, turn: Turn) -> Reply:
        """The list of models."""
        listed = [
            {"name": f"models/{row.model}", "displayName": row.model}
            for row in ROWS
            if row.vendor == self.name
        ]
        return json_reply({"models": listed})

    async def method(self, turn: Turn) -> Reply:
        """A method of a model."""
        row = self.house.row(self.name, turn.part("model"))
        method = turn.part("method")
        if method == "batchEmbedContents":
            return self._vectors(row, turn)
        if method == "countTokens":
            return json_reply({"totalTokens": _asked(turn.body).tokens})
        if method not in ("generateContent", "streamGenerateContent"):
            raise Refused("not-found", f"{method} is not a method of this model")
        if "GenerateImage" in row.tasks:
            return await self._picture(row, turn)
        if "Speak" in row.tasks or "ComposeMusic" in row.tasks:
            return await self._sound(row, turn)
        answer = await answered(_asked(turn.body), self.house.studio)
        counted = {"tokens_in": answer.tokens_in, "tokens_out": answer.tokens_out}
        self.house.bill.charge(row, counted, task=answer.task)
        if method == "generateContent":
            return json_reply(_content(row, answer, _parts(answer), _FINISH[answer.finish]))
        chunks = [_content(row, answer, [{"text": piece}], "") for piece in answer.pieces()]
        chunks.append(_content(row, answer, _tool_parts(answer), _FINISH[answer.finish]))
        pieces = [f"data: {json.dumps(chunk)}\r\n\r\n".encode() for chunk in chunks]
        return Reply(media_type="text/event-stream", pieces=pieces)

    async def begin(self, turn: Turn) -> Reply:
        """Begin a clip."""
        row = self.house.row(self.name, turn.body.get("model"))
        wanted = fields(turn.body.get("response_format"))
        asked = _interaction_parts(turn.body.get("input"))
        words = "\n".join(filter(None, (text(one.get("text")) for one in asked)))
        shown = [unpacked(one["data"]) for one in asked if one.get("type") == "image"]
        seconds = max(3, count(_number(wanted.get("duration"))) or 8)
        lines = count(_number(wanted.get("resolution"))) or 720
        size = _wide(text(wanted.get("aspect_ratio")), lines)

        async def make() -> Sequence[File]:
            first = next(iter(shown), None)
            clip = await self.house.studio.clip(words, size, seconds, first)
            return [File(clip, "video/mp4")]

        task = "AnimateImage" if shown else "GenerateVideo"
        job = self.house.begin(turn, row, {"second": seconds}, task, make())
        return json_reply(self._told(job))

    async def look(self, turn: Turn) -> Reply:
        """Where a clip stands."""
        return json_reply(self._told(self.house.look(turn.part("id"), self.name)))

    async def stop(self, turn: Turn) -> Reply:
        """Stop a clip."""
        job = self.house.look(turn.part("id"), self.name)
        self.house.stop(job)
        return json_reply(self._told(job))

    async def file(self, turn: Turn) -> Reply:
        """What is known of a file."""
        found = self.house.files.get(f"{turn.part('id')}.mp4")
        if found is None:
            raise Refused("not-found")
        size = str(len(found.data))
        name = f"files/{turn.part('id')}"
        told = {"name": name, "state": "ACTIVE", "mimeType": found.media_type, "sizeBytes": size}
        return json_reply(told)

    async def download(self, turn: Turn) -> Reply:
        """The bytes of a file; the key opens it."""
        if not self.house.allowed(self.name, self.key_of(turn.request)):
            raise Refused("wrong-key")
        return self.house.fetched(f"{turn.part('id')}.mp4")

    def _told(self, job: Job) -> dict[str, Any]:
        told: dict[str, Any] = {
            "id": job.id,
            "object": "interaction",
            "model": job.row.model,
            "status": _STATES.get(job.state, "failed"),
            "created": "2026-01-01T00:00:00Z",
            "updated": "2026-01-01T00:00:00Z",
        }
        if job.state == "failed":
            told["errors"] = [{"code": "internal", "message": "generation failed"}]
        if job.state == "done":
            name = job.outputs[0].partition(".")[0]
            uri = f"{self.house.places[self.name]}/google/v1/files/{name}:download?alt=media"
            clip = {"type": "video", "uri": uri, "mime_type": "video/mp4"}
            told["steps"] = [{"type": "model_output", "content": [clip]}]
            told["usage"] = {"total_input_tokens": 100, "total_output_tokens": 1000}
        return told

    def _vectors(self, row: Row, turn: Turn) -> Reply:
        asked = [fields(one) for one in items(turn.body.get("requests"))]
        texts = ["\n".join(_texts(fields(one.get("content")))) for one in asked]
        sides = [count(one.get("outputDimensionality")) or 256 for one in asked]
        tokens_in = sum(map(tokens, texts))
        self.house.bill.charge(row, {"tokens_in": tokens_in})
        made = [{"values": vector(one, n)} for one, n in zip(texts, sides, strict=True)]
        usage = {"promptTokenCount": tokens_in}
        return json_reply({"embeddings": made, "usageMetadata": usage})

    async def _picture(self, row: Row, turn: Turn) -> Reply:
        asked = _asked(turn.body)
        config = fields(fields(turn.body.get("generationConfig")).get("imageConfig"))
        side = _SIDES.get(text(config.get("imageSize")), 1024)
        size = ratio_size(config.get("aspectRatio"), side)
        shown = next(iter(asked.pictures), None)
        drawn = await self.house.studio.picture(asked.words, size, shown=shown)
        task = "EditImage" if shown else "GenerateImage"
        self.house.bill.charge(row, {"image": 1}, task=task)
        inline = {"mimeType": "image/png", "data": packed(turn.medium(drawn))}
        return json_reply(_medium(row, asked, inline, 1290))

    async def _sound(self, row: Row, turn: Turn) -> Reply:
        asked = _asked(turn.body)
        if "Speak" in row.tasks:
            spoken = await self.house.studio.speech(asked.words)
            sound, media_type = await encoded(spoken.wav, "pcm_24000")
        else:
            sound = await self.house.studio.music(asked.words, _MUSIC_S)
            sound, media_type = await encoded(sound, "mp3_44100")
        self.house.bill.charge(row, {})
        inline = {"mimeType": media_type, "data": packed(turn.medium(sound))}
        return json_reply(_medium(row, asked, inline, 500))


def _asked(body: dict[str, Any]) -> Asked:
    turns = [fields(one) for one in items(body.get("contents"))] or [{}]
    config = fields(body.get("generationConfig"))
    tools = [
        fields(declared)
        for tool in items(body.get("tools"))
        for declared in items(fields(tool).get("functionDeclarations"))
    ]
    calling = fields(fields(body.get("toolConfig")).get("functionCallingConfig"))
    named = next(map(text, items(calling.get("allowedFunctionNames"))), "required")
    schemas = [config.get("responseJsonSchema"), config.get("responseSchema")]
    return Asked(
        "\n".join(_texts(fields(body.get("systemInstruction")))),
        "\n".join(_texts(turns[-1])),
        "\n".join(line for one in turns[:-1] for line in _texts(one)),
        _shown(turns[-1]),
        next((_lower(one) for one in schemas if one), None),
        [(text(one.get("name")), _lower(_parameters(one))) for one in tools],
        named if calling.get("mode") == "ANY" else "auto",
        count(config.get("maxOutputTokens")) or 4096,
    )


def _parameters(declared: dict[str, Any]) -> Any:
    return declared.get("parametersJsonSchema") or declared.get("parameters") or {}


def _lower(schema: Any) -> Any:
    """The older form of schemas writes types in capitals."""
    if isinstance(schema, dict):
        return {
            name: value.lower() if name == "type" and isinstance(value, str) else _lower(value)
            for name, value in fields(schema).items()
        }
    return [_lower(one) for one in items(schema)] if isinstance(schema, list) else schema


def _texts(content: dict[str, Any]) -> list[str]:
    said = [text(fields(one).get("text")) for one in items(content.get("parts"))]
    return [one for one in said if one]


def _shown(content: dict[str, Any]) -> list[bytes]:
    """Both spellings come in: the official client mixes them."""
    parts = [fields(one) for one in items(content.get("parts"))]
    inline = [fields(one.get("inlineData") or one.get("inline_data")) for one in parts]
    return [unpacked(one["data"]) for one in inline if one.get("data")]


def _parts(answer: Answered) -> list[dict[str, Any]]:
    return _tool_parts(answer) or [{"text": answer.text}]


def _tool_parts(answer: Answered) -> list[dict[str, Any]]:
    if not answer.tool:
        return []
    name, arguments = answer.tool
    return [{"functionCall": {"name": name, "args": arguments, "id": uuid.uuid4().hex[:12]}}]


def _content(
    row: Row, answer: Answered, parts: list[dict[str, Any]], finish: str
) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"role": "model", "parts": parts}, "index": 0}
    if finish:
        candidate["finishReason"] = finish
    usage = {
        "promptTokenCount": answer.tokens_in,
        "candidatesTokenCount": answer.tokens_out,
        "totalTokenCount": answer.tokens_in + answer.tokens_out,
    }
    whole = {"candidates": [candidate], "usageMetadata": usage, "modelVersion": row.model}
    return {**whole, "responseId": uuid.uuid4().hex}


def _medium(row: Row, asked: Asked, inline: dict[str, str], out: int) -> dict[str, Any]:
    answer = Answered("", "", asked.tokens, out)
    return _content(row, answer, [{"inlineData": inline}], "STOP")


def _interaction_parts(given: Any) -> list[dict[str, Any]]:
    """The contents of an interaction's input: words, contents, or steps with contents."""
    if isinstance(given, str):
        return [{"type": "text", "text": given}]
    parts: list[dict[str, Any]] = []
    for one in map(fields, items(given) or [given]):
        inner = items(one.get("content"))
        parts += [fields(part) for part in inner] if inner else [one]
    return parts


def _number(given: Any) -> float:
    digits = "".join(letter for letter in str(given) if letter.isdigit())
    return {"4k": 2160.0}.get(str(given), float(digits or 0))


def _wide(ratio: str, lines: int) -> tuple[int, int]:
    longer = lines * 16 // 9
    return (lines, longer) if ratio == "9:16" else (longer, lines)
