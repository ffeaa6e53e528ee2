"""Replies of ``generateContent``, whole and streamed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from brandmodel.errors import BadResponseError, BadResultError, ProviderError
from brandmodel.providers._chat import from_chat
from brandmodel.providers._errors import filtered, midway
from brandmodel.providers._events import Event
from brandmodel.providers._http import Reply
from brandmodel.providers._json import count, fields, items, parsed, text, unpacked
from brandmodel.providers._wire import Made
from brandmodel.tasks import Call, ChatReply, Finish, Source, ToolCall, Usage

_FINISH: Mapping[str, Finish] = {"STOP": "stop", "MAX_TOKENS": "length"}
_REFUSED = frozenset(
    (
        "SAFETY",
        "RECITATION",
        "BLOCKLIST",
        "PROHIBITED_CONTENT",
        "SPII",
        "MODEL_ARMOR",
        "IMAGE_SAFETY",
        "IMAGE_PROHIBITED_CONTENT",
        "IMAGE_RECITATION",
    )
)
"""Why an answer ends that is a refusal; it comes with a good status."""


def read_chat(call: Call, reply: Reply) -> Made:
    """The answer of a conversation.

    Raises:
        BadResponseError: there is none.
    """
    answer = Answer()
    answer.add(fields(reply.data()))
    return answer.made(call)


def read_media(reply: Reply) -> tuple[str, bytes, Usage | None]:
    """(media type, bytes, usage) of the picture or sound that a reply holds.

    Raises:
        ContentFilteredError: it was refused.
        BadResponseError: there is none.
    """
    answer = Answer()
    answer.add(fields(reply.data()))
    if answer.refused:
        raise filtered(started=True)
    # Pictures that were only thought come first; the last one is the result.
    made = [fields(part.get("inlineData")) for part in answer.parts if not part.get("thought")]
    found = [one for one in made if one.get("data")]
    if not found:
        detail = f"{answer.why}: {answer.words() or reply.excerpt()}"
        raise _unusable("the answer has no medium", answer, detail=detail)
    return text(found[-1].get("mimeType")), decoded(found[-1].get("data")), answer.usage


def decoded(data: Any) -> bytes:
    """Bytes from base64, in either alphabet.

    Raises:
        BadResponseError: it is none.
    """
    return unpacked(text(data).replace("-", "+").replace("_", "/"))


def usage_of(told: Any) -> Usage | None:
    """What a reply says was consumed. Thoughts are billed as output, tools' results as input."""
    usage = fields(told)
    if not usage:
        return None
    shown, made = (
        {
            text(one.get("modality")): count(one.get("tokenCount"))
            for one in map(fields, items(usage.get(name)))
        }
        for name in ("promptTokensDetails", "candidatesTokensDetails")
    )
    return Usage(
        tokens_in=count(usage.get("promptTokenCount"))
        + count(usage.get("toolUsePromptTokenCount")),
        tokens_cached=count(usage.get("cachedContentTokenCount")),
        image_tokens_in=shown.get("IMAGE", 0),
        tokens_out=count(usage.get("candidatesTokenCount"))
        + count(usage.get("thoughtsTokenCount")),
        image_tokens_out=made.get("IMAGE", 0),
        audio_tokens_out=made.get("AUDIO", 0),
    )


def measured(known: Usage, told: Usage | None) -> Usage:
    """What a request knows of its result's measures, with the tokens that the vendor counted."""
    if told is None:
        return known
    return told._replace(
        images=known.images,
        pixels=known.pixels,
        lines=known.lines,
        seconds=known.seconds,
        characters=known.characters,
        video_units=known.video_units,
    )


class Answer:
    """An answer, put together from one reply or from the pieces of a stream.

    Attributes:
        parts: of the first candidate, in order.
        why: the reason for which it ended, or '' while it goes on.
        usage: the last one told: every piece tells it of the whole answer.
    """

    def __init__(self) -> None:
        self.parts: list[dict[str, Any]] = []
        self.why = ""
        self.usage: Usage | None = None
        self._id = ""
        self._chunks: list[Any] = []

    def add(self, body: dict[str, Any]) -> Sequence[dict[str, Any]]:
        """Take a piece; gives its parts.

        Raises:
            BrandModelError: it tells of a failure.
        """
        if body.get("error"):
            raise midway(_status(body["error"]), json.dumps({"error": body["error"]}))
        candidate = fields(next(iter(items(body.get("candidates"))), None))
        parts = [fields(one) for one in items(fields(candidate.get("content")).get("parts"))]
        blocked = text(fields(body.get("promptFeedback")).get("blockReason"))
        if any(fields(part.get("functionCall")).get("partialArgs") for part in parts):
            raise BadResponseError("arguments came in pieces, which nobody asked for")
        self.parts += parts
        self.why = "SAFETY" if blocked else text(candidate.get("finishReason")) or self.why
        self.usage = usage_of(body.get("usageMetadata")) or self.usage
        self._id = text(body.get("responseId")) or self._id
        self._chunks += items(fields(candidate.get("groundingMetadata")).get("groundingChunks"))
        return parts

    @property
    def refused(self) -> bool:
        """Whether the vendor will not answer this."""
        return self.why in _REFUSED

    def words(self, *, thought: bool = False) -> str:
        """The words, or the thoughts."""
        return "".join(text(p.get("text")) for p in self.parts if bool(p.get("thought")) is thought)

    def made(self, call: Call) -> Made:
        """The typed result.

        Raises:
            BadResponseError: there is none.
        """
        answer = ChatReply(
            text=self.words(),
            reasoning=self.words(thought=True),
            tool_calls=self._tool_calls(),
            finish=self._finish(),
            sources=_sources(self._chunks),
        )
        sound = self.refused or self.why in _FINISH
        if not sound and not answer.text and not answer.tool_calls:
            raise _unusable("the answer is empty", self)
        result = from_chat(call.request, answer, self.usage)
        return Made(lambda _: result, usage=self.usage)

    def _finish(self) -> Finish:
        if self.refused:
            return "filtered"
        called = any(part.get("functionCall") for part in self.parts)
        return "tools" if called and self.why != "MAX_TOKENS" else _FINISH.get(self.why, "stop")

    def _tool_calls(self) -> tuple[ToolCall, ...]:
        """Calls often have no id; one is made from the answer's, so that it is never used twice."""
        calls = [fields(part.get("functionCall")) for part in self.parts]
        return tuple(
            ToolCall(
                id=text(one.get("id")) or f"{self._id or 'call'}-{i}",
                name=text(one.get("name")),
                arguments=json.dumps(fields(one.get("args")), ensure_ascii=False),
            )
            for i, one in enumerate(filter(None, calls))
        )


def _unusable(message: str, answer: Answer, *, detail: str = "") -> ProviderError:
    """A whole answer without what was asked for is billed; one that does not say why it ended is none."""
    if not answer.why:
        return BadResponseError(message, detail=detail)
    error = BadResultError(message, code=answer.why, detail=detail)
    error.usage = answer.usage
    return error


class ContentStream:
    """Reads the events of a streamed answer."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._answer = Answer()

    def feed(self, event: Event) -> Iterator[str]:
        """See ``Stream``."""
        for part in self._answer.add(parsed(event.data)):
            if not part.get("thought") and (said := text(part.get("text"))):
                yield said

    def made(self) -> Made:
        """See ``Stream``."""
        if not self._answer.why:
            raise BadResponseError("the stream ended in the middle of the answer")
        return self._answer.made(self._call)


def _sources(chunks: Sequence[Any]) -> tuple[Source, ...]:
    """Pages that the answer rests on."""
    pages = [fields(fields(chunk).get("web")) for chunk in chunks]
    found = {
        url: Source(url=url, title=text(page.get("title")))
        for page in pages
        if (url := text(page.get("uri")))
    }
    return tuple(found.values())


def _status(error: Any) -> int:
    status = count(fields(error).get("code"))
    return status if 400 <= status < 600 else 500
