"""OpenAI, and an aggregator of models on its wire, as fakes: conversations, pictures, sound, vectors."""

from __future__ import annotations

import hashlib
import math
import struct
import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, cast

from brandmodel.providers._json import count, fields, items, text
from brandmodel.tasks import Moderate, Moderation
from brandmodel.testing.vendors._conversation import (
    asked,
    asked_response,
    chat_events,
    response_events,
    sent_event,
    whole_chat,
    whole_response,
)
from brandmodel.testing.vendors._house import (
    Refused,
    Reply,
    Route,
    Turn,
    Vendor,
    json_reply,
    packed,
    size_of,
)
from brandmodel.testing.vendors._rows import ROWS, Row
from brandmodel.testing.vendors._studio import encoded, sketched
from brandmodel.testing.vendors._words import Answered, answered, tokens

_REFUSALS: Mapping[str, tuple[int, str, str]] = {
    "rate-limit": (429, "rate_limit_exceeded", "Rate limit reached for requests"),
    "server-error": (500, "server_error", "The server had an error processing your request"),
    "off": (503, "server_error", "The server is overloaded or not ready yet"),
    "refusal": (400, "content_policy_violation", "Your request was rejected by our safety system"),
    "retired-model": (404, "model_not_found", "The model does not exist or you do not have access"),
    "no-credit": (
        429,
        "insufficient_quota",
        "You exceeded your current quota, please check your plan and billing details",
    ),
    "wrong-key": (401, "invalid_api_key", "Incorrect API key provided"),
    "not-found": (404, "not_found", "Not found"),
    "bad-request": (400, "invalid_value", "Invalid request"),
}
_DIMENSIONS = 256
_SKETCH_TOKENS = 100


class OpenAI(Vendor):
    """The OpenAI API."""

    name: ClassVar[str] = "openai"

    def routes(self) -> Sequence[Route]:
        """See ``Vendor``."""
        return (
            ("POST", "/chat/completions", "call", self.chat),
            ("POST", "/responses", "call", self.response),
            ("POST", "/images/generations", "call", self.picture),
            ("POST", "/images/edits", "call", self.edit),
            ("POST", "/audio/speech", "call", self.speech),
            ("POST", "/audio/transcriptions", "call", self.transcript),
            ("POST", "/embeddings", "call", self.vectors),
            ("POST", "/moderations", "call", self.moderation),
            ("GET", "/models", "look", self.models),
        )

    def refusal(self, refused: Refused) -> Reply:
        """See ``Vendor``."""
        status, code, words = _REFUSALS[refused.kind]
        error = {"message": refused.words or words, "type": code, "param": None, "code": code}
        wait = {"retry-after": "1"} if refused.kind == "rate-limit" else {}
        return json_reply({"error": error}, status, {"x-request-id": uuid.uuid4().hex, **wait})

    async def models(self, turn: Turn) -> Reply:
        """The list of models."""
        listed = [
            {"id": row.model, "object": "model", "created": 0, "owned_by": "fake"}
            for row in ROWS
            if row.vendor == self.name
        ]
        return json_reply({"object": "list", "data": listed})

    async def chat(self, turn: Turn) -> Reply:
        """A conversation, whole or streamed."""
        row = self.house.row(self.name, turn.body.get("model"))
        answer = await answered(asked(turn.body), self.house.studio)
        self._charge(row, answer)
        if turn.body.get("stream") is True:
            pieces = list(chat_events(row, answer, turn.body))
            return Reply(media_type="text/event-stream", pieces=pieces)
        return json_reply(whole_chat(row, answer))

    async def response(self, turn: Turn) -> Reply:
        """A conversation on the newer surface."""
        row = self.house.row(self.name, turn.body.get("model"))
        answer = await answered(asked_response(turn.body), self.house.studio)
        self._charge(row, answer)
        whole = whole_response(row, answer)
        if turn.body.get("stream") is not True:
            return json_reply(whole)
        return Reply(media_type="text/event-stream", pieces=list(response_events(whole, answer)))

    async def picture(self, turn: Turn) -> Reply:
        """Pictures from words, perhaps with sketches before."""
        row = self.house.row(self.name, turn.body.get("model"))
        size = size_of(turn.body.get("size"))
        number = min(10, max(1, count(turn.body.get("n")) or 1))
        words = text(turn.body.get("prompt"))
        drawn = [await self.house.studio.picture(words, size, n) for n in range(number)]
        streams = turn.body.get("stream") is True
        partial = count(turn.body.get("partial_images")) if streams else 0
        self.house.bill.charge(row, {"image": number, "sketch": partial}, task="GenerateImage")
        made = [turn.medium(one) for one in drawn]
        sketches = [turn.medium(one) for one in await sketched(drawn[0], partial)]
        return _pictures(made, size, words, "image_generation" if streams else "", sketches)

    async def edit(self, turn: Turn) -> Reply:
        """A changed picture."""
        row = self.house.row(self.name, turn.word("model"))
        shown = turn.files("image", "image[]")
        if not shown:
            raise Refused("bad-request", "image is required")
        size, words = size_of(turn.word("size")), turn.word("prompt")
        drawn = await self.house.studio.picture(words, size, shown=shown[0])
        streams = turn.word("stream") == "true"
        partial = int(turn.word("partial_images") or 0) if streams else 0
        self.house.bill.charge(row, {"image": 1, "sketch": partial}, task="EditImage")
        made = [turn.medium(drawn)]
        sketches = [turn.medium(one) for one in await sketched(drawn, partial)]
        return _pictures(made, size, words, "image_edit" if streams else "", sketches)

    async def speech(self, turn: Turn) -> Reply:
        """Words said."""
        row, words = self.house.row(self.name, turn.body.get("model")), text(turn.body.get("input"))
        if not words:
            raise Refused("bad-request", "input is required")
        spoken = await self.house.studio.speech(words, float(turn.body.get("speed") or 1))
        form = text(turn.body.get("response_format")) or "mp3"
        sound, media_type = await encoded(spoken.wav, form)
        self.house.bill.charge(row, {"characters": len(words)})
        return Reply(turn.medium(sound), media_type)

    async def transcript(self, turn: Turn) -> Reply:
        """Words heard."""
        row = self.house.row(self.name, turn.word("model"))
        audio = await self.house.studio.kept(next(iter(turn.files("file")), b""))
        seconds = math.ceil(audio.duration_s or 1)
        said = self.house.studio.heard(audio)
        self.house.bill.charge(row, {"second": seconds})
        body: dict[str, Any] = {"text": said, "usage": {"type": "duration", "seconds": seconds}}
        if turn.word("response_format") == "verbose_json":
            words = said.split()
            each = (audio.duration_s or 1) / max(1, len(words))
            body |= {"language": "english", "duration": audio.duration_s or 1.0}
            body["words"] = [
                {"word": word, "start": n * each, "end": (n + 1) * each}
                for n, word in enumerate(words)
            ]
        return json_reply(body)

    async def vectors(self, turn: Turn) -> Reply:
        """What texts mean: near where they share words."""
        row, given = self.house.row(self.name, turn.body.get("model")), turn.body.get("input")
        texts = [given] if isinstance(given, str) else [text(one) for one in items(given)]
        dimensions = count(turn.body.get("dimensions")) or _DIMENSIONS
        tokens_in = sum(map(tokens, texts))
        self.house.bill.charge(row, {"tokens_in": tokens_in})
        as_text = turn.body.get("encoding_format") == "base64"
        data = [
            {"object": "embedding", "index": n, "embedding": _written(one, dimensions, as_text)}
            for n, one in enumerate(texts)
        ]
        usage = {"prompt_tokens": tokens_in, "total_tokens": tokens_in}
        return json_reply({"object": "list", "data": data, "model": row.model, "usage": usage})

    async def moderation(self, turn: Turn) -> Reply:
        """Whether texts may go out, as the local studio sees it."""
        row, given = self.house.row(self.name, turn.body.get("model")), turn.body.get("input")
        parts = [given] if isinstance(given, str) else items(given)
        texts = tuple(text(one) or text(fields(one).get("text")) for one in parts)
        verdict = await self.house.studio.serve(Moderate(texts=texts))
        flagged = not cast("Moderation", verdict).allowed
        self.house.bill.charge(row, {})
        result = {
            "flagged": flagged,
            "categories": {"violence": flagged},
            "category_scores": {"violence": float(flagged)},
            "category_applied_input_types": {"violence": ["text"]},
        }
        whole = {"id": f"modr-{uuid.uuid4().hex}", "model": row.model, "results": [result]}
        return json_reply(whole)

    def _charge(self, row: Row, answer: Answered) -> None:
        counted = {"tokens_in": answer.tokens_in, "tokens_out": answer.tokens_out}
        self.house.bill.charge(row, counted, task=answer.task)


class OpenRouter(OpenAI):
    """An aggregator of language models on the same wire."""

    name: ClassVar[str] = "openrouter"

    def routes(self) -> Sequence[Route]:
        """See ``Vendor``."""
        return (
            ("POST", "/chat/completions", "call", self.chat),
            ("GET", "/models", "look", self.models),
        )


def _pictures(
    made: Sequence[bytes],
    size: tuple[int, int],
    words: str,
    streamed: str,
    sketches: Sequence[bytes],
) -> Reply:
    drawn_tokens = 272 * len(made) + _SKETCH_TOKENS * len(sketches)
    usage = {"input_tokens": tokens(words), "output_tokens": drawn_tokens}
    usage["total_tokens"] = sum(usage.values())
    details = {"text_tokens": usage["input_tokens"], "image_tokens": 0}
    told = {
        "created": int(time.time()),
        "size": f"{size[0]}x{size[1]}",
        "quality": "medium",
        "background": "opaque",
        "output_format": "png",
        "usage": {**usage, "input_tokens_details": details},
    }
    if not streamed:
        return json_reply({**told, "data": [{"b64_json": packed(one)} for one in made]})
    common = {name: told[name] for name in ("size", "quality", "background", "output_format")}
    common["created_at"] = told["created"]
    kind = f"{streamed}.partial_image"
    pieces: list[bytes] = []
    for n, sketch in enumerate(sketches):
        told_of = {"type": kind, **common, "b64_json": packed(sketch), "partial_image_index": n}
        pieces.append(sent_event(told_of, kind))
    kind = f"{streamed}.completed"
    whole = {"type": kind, **common, "b64_json": packed(made[0]), "usage": told["usage"]}
    pieces.append(sent_event(whole, kind))
    return Reply(media_type="text/event-stream", pieces=pieces)


def vector(words: str, dimensions: int) -> list[float]:
    """A unit vector of a text, made of the digests of its words."""
    total = [0.0] * dimensions
    for word in words.casefold().split() or [""]:
        digest = hashlib.sha256(word.encode()).digest()
        total[int.from_bytes(digest[:4]) % dimensions] += 1.0
    length = math.sqrt(sum(x * x for x in total))
    return [x / length for x in total]


def _written(words: str, dimensions: int, as_text: bool) -> str | list[float]:
    made = vector(words, dimensions)
    return packed(struct.pack(f"<{dimensions}f", *made)) if as_text else made
