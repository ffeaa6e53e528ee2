"""Which wire reads what of the recorded traffic, what of it none reads, and why: data.

A kind of traffic is served when a wire can read it with settings of a row alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from brandmodel.errors import (
    AuthenticationError,
    BadResponseError,
    BadResultError,
    BrandModelError,
    ContextLengthError,
    JobFailedError,
    RateLimitError,
    RejectedError,
    UnknownTargetError,
)
from brandmodel.providers import fal
from brandmodel.providers._http import Reply
from brandmodel.providers._wire import Made, Pending, Wire
from brandmodel.providers.anthropic import AnthropicWire
from brandmodel.providers.elevenlabs import ElevenLabsWire
from brandmodel.providers.fal import FalWire
from brandmodel.providers.google import GoogleWire
from brandmodel.providers.openai import OpenAIWire
from brandmodel.providers.replicate import ReplicateWire
from brandmodel.providers.search import TavilyWire
from brandmodel.tasks import (
    Asset,
    Call,
    Chat,
    EditImage,
    Embed,
    GenerateImage,
    GenerateVideo,
    Message,
    Moderate,
    Request,
    SearchWeb,
    Speak,
    Transcribe,
)
from tests.providers.recorded import Exchange

SOUND = Asset(sha256="1" * 64, media_type="audio/wav", size=1, duration_s=3.7)
PICTURE = Asset(sha256="2" * 64, media_type="image/png", size=1, width=1024, height=1024)
Ask = Callable[[Exchange], Request[Any]]
Read = Callable[[Call, Reply], Made | Pending]


def chatting(one: Exchange) -> Request[Any]:
    return Chat(messages=(Message(role="user", text="Hello"),))


def drawing(one: Exchange) -> Request[Any]:
    return GenerateImage(prompt="a cat", width=1024, height=1024)


def editing(one: Exchange) -> Request[Any]:
    return EditImage(images=(PICTURE,), prompt="make it green")


def speaking(one: Exchange) -> Request[Any]:
    return Speak(text="Ruby is a language.", voice="Puck")


def hearing(one: Exchange) -> Request[Any]:
    return Transcribe(audio=SOUND)


def filming(one: Exchange) -> Request[Any]:
    return GenerateVideo(prompt="a calm ocean wave at sunset", duration_s=4)


def checking(one: Exchange) -> Request[Any]:
    return Moderate(texts=("x",))


def searching(one: Exchange) -> Request[Any]:
    return SearchWeb(query="What is it?", top=10)


def embedding(one: Exchange) -> Request[Any]:
    """As many texts as were sent."""
    asked = json.loads(one.request.get("body") or "{}")
    texts: Any = asked.get("input") or asked.get("requests") or asked.get("instances") or "?"
    return Embed(texts=("x",) * (1 if isinstance(texts, str) else len(texts)))


@dataclass(frozen=True)
class Route:
    """Which operation reads the replies of an address.

    Attributes:
        pattern: of method and address.
        settings: of a target's row, beside those of its vendor.
        polled: it is a look at a job.
        read: reads it where the wire goes about it in a way of its own.
    """

    pattern: str
    wire: type[Wire]
    ask: Ask
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    polled: bool = False
    read: Read | None = None


_GOOGLE = r"(generativelanguage|aiplatform)\.googleapis\.com/.*/models/[^/]+"
ROUTES: tuple[Route, ...] = (
    Route(r"POST .*/chat/completions", OpenAIWire, chatting),
    Route(r"POST https://api\.writer\.com/v1/chat", OpenAIWire, chatting),
    Route(r"POST .*/responses", OpenAIWire, chatting, {"api": "responses"}),
    Route(r"POST .*/images/edits", OpenAIWire, editing),
    Route(r"POST .*(/images/generations|openrouter\.ai/api/v1/images)", OpenAIWire, drawing),
    Route(r"POST .*/audio/speech", OpenAIWire, speaking, {"format": "mp3"}),
    Route(r"POST .*/audio/transcriptions", OpenAIWire, hearing),
    Route(r"POST https://api\.(x|cartesia)\.ai/.*stt", OpenAIWire, hearing),
    Route(
        r"POST https://api\.x\.ai/v1/tts",
        OpenAIWire,
        speaking,
        {"paths": {"audio/speech": "tts"}, "fields": {"input": "text"}},
    ),
    Route(r"POST .*/moderations", OpenAIWire, checking, {"api": "moderations"}),
    Route(r"POST http.*/(openai|v1|test-deployment)/embeddings", OpenAIWire, embedding),
    Route(r"POST https://api\.anthropic\.com/v1/messages", AnthropicWire, chatting),
    Route(rf"POST https://\S*{_GOOGLE}-image(-preview)?:generateContent", GoogleWire, drawing),
    Route(rf"POST https://\S*{_GOOGLE}-tts:generateContent", GoogleWire, speaking),
    Route(rf"POST https://\S*{_GOOGLE}:(g|streamG)enerateContent", GoogleWire, chatting),
    Route(rf"POST https://\S*{_GOOGLE}:batchEmbedContents", GoogleWire, embedding),
    Route(
        rf"POST https://\S*{_GOOGLE}:predict",
        GoogleWire,
        embedding,
        {"api": "vertex"},
    ),
    Route(
        rf"POST https://{_GOOGLE}:predictLongRunning", GoogleWire, filming, {"api": "operations"}
    ),
    Route(
        rf"GET https://{_GOOGLE}/operations/.*", GoogleWire, filming, {"api": "operations"}, True
    ),
    Route(r"POST .*/v1beta/interactions", GoogleWire, filming),
    Route(r"POST https://api\.tavily\.com/search", TavilyWire, searching),
    Route(r"POST https://api\.elevenlabs\.io/v1/speech-to-text", ElevenLabsWire, hearing),
    Route(
        r"POST https://queue\.fal\.run/fal-ai/wizper",
        FalWire,
        hearing,
        {"result": {"text": "text", "words": "chunks", "language": "languages[0]"}},
        read=fal.read_result,
    ),
    Route(
        r"POST .*/models/meta/.*/predictions",
        ReplicateWire,
        chatting,
        {"result": {"text": "output"}},
    ),
    Route(
        r"POST https://api\.replicate\.com/.*predictions",
        ReplicateWire,
        drawing,
        {"result": {"media": "output"}},
    ),
    Route(
        r"GET https://api\.replicate\.com/v1/predictions/.*",
        ReplicateWire,
        drawing,
        {"result": {"media": "output"}},
        True,
    ),
)

NAMED: Mapping[str, Route] = {"mistral-transcription": Route("", OpenAIWire, hearing)}
"""Replies that lie among others under an address that is not theirs, by the start of their name."""

ROWS: Mapping[str, tuple[tuple[str, ...], Mapping[str, Any]]] = {
    "alibaba": (("https://dashscope-intl.aliyuncs.com/compatible-mode/v1",), {}),
    "bedrock": (
        tuple(
            f"https://bedrock-mantle.{region}.api.aws/{version}"
            for region in ("us-east-1", "<AWS_REGION>")
            for version in ("v1", "openai/v1")
        ),
        {},
    ),
    "cartesia": (
        ("https://api.cartesia.ai",),
        {
            "paths": {"audio/transcriptions": "stt"},
            "words": True,
            "headers": {"cartesia-version": "2026-03-01"},
        },
    ),
    "cohere": (("https://api.cohere.com/v2",), {}),
    "crusoe": (("https://api.inference.crusoecloud.com/v1",), {}),
    "heroku": (("https://us.inference.heroku.com/v1",), {}),
    "huggingface": (
        (
            "https://router.huggingface.co/together/v1",
            "https://router.huggingface.co/novita/v3/openai",
            "https://router.huggingface.co/nebius/v1",
        ),
        {},
    ),
    "moonshot": (("https://api.moonshot.ai/v1",), {}),
    "voyage": (
        ("https://api.voyageai.com/v1",),
        {"fields": {"dimensions": "output_dimension"}},
    ),
    "writer": (("https://api.writer.com/v1",), {"paths": {"chat/completions": "chat"}}),
    "zai": (("https://api.z.ai/api/paas/v4",), {}),
}
"""Vendors that have no row in ``vendors.toml``: one of these alone makes the wire read them."""

_NO_TASK = "no task: {}"
_OTHER_WIRE = "another wire: {}"
UNSERVED: Mapping[tuple[str, str], str] = {
    ("*", "batch"): _NO_TASK.format("batches"),
    ("*", "cache"): _NO_TASK.format("caches"),
    ("*", "completion"): "retired: completions without a conversation",
    ("*", "count-tokens"): _NO_TASK.format("counting tokens"),
    ("*", "files"): _NO_TASK.format("files"),
    ("*", "image-variation"): _NO_TASK.format("variations, which their vendor has retired"),
    ("*", "models"): _NO_TASK.format("lists of models"),
    ("*", "ocr"): _NO_TASK.format("reading a document's letters"),
    ("*", "realtime-session"): _NO_TASK.format("realtime sessions"),
    ("*", "realtime-ws"): _NO_TASK.format("realtime sessions"),
    ("*", "rerank"): _NO_TASK.format("ranking"),
    ("*", "translation"): _NO_TASK.format("translated transcripts"),
    ("bedrock", "converse"): _OTHER_WIRE.format("Converse, in AWS event streams"),
    ("bedrock", "embeddings"): _OTHER_WIRE.format("InvokeModel"),
    ("bedrock", "guardrail"): _NO_TASK.format("guardrails"),
    ("bedrock", "invoke"): _OTHER_WIRE.format("InvokeModel"),
    ("bedrock", "other"): _NO_TASK.format("knowledge bases and counting tokens"),
    ("cohere", "chat"): _OTHER_WIRE.format("Cohere v2; its compatibility API was not recorded"),
    ("cohere", "embeddings"): _OTHER_WIRE.format("Cohere v2"),
    ("deepgram", "speech"): _OTHER_WIRE.format("Deepgram"),
    ("deepgram", "transcription"): _OTHER_WIRE.format("Deepgram"),
    ("firecrawl", "search"): _NO_TASK.format("crawling"),
    ("gladia", "transcription"): _OTHER_WIRE.format("Gladia"),
    ("huggingface", "embeddings"): _OTHER_WIRE.format("the retired Inference API"),
    ("huggingface", "inference"): _OTHER_WIRE.format("the retired Inference API"),
    ("ollama", "embeddings"): _OTHER_WIRE.format("Ollama's own; its /v1 is served"),
    ("replicate", "other"): _NO_TASK.format("a file by its address"),
    ("revai", "transcription"): _OTHER_WIRE.format("Rev AI"),
    ("serper", "search"): _OTHER_WIRE.format("Serper"),
    ("watsonx", "other"): _OTHER_WIRE.format("watsonx.ai"),
    ("xai", "video"): _OTHER_WIRE.format("xAI's video jobs"),
}
"""Kinds that nothing here serves, and why; ``*`` is every vendor."""

BESIDE: tuple[tuple[str, str], ...] = (
    (
        r".* https://\S+/(files|vector_stores|threads|assistants|batches)\b.*",
        _NO_TASK.format("files, threads and batches"),
    ),
    (
        r"(GET|DELETE) https://api\.openai\.com/v1/responses/.*",
        _NO_TASK.format("answers that the vendor keeps"),
    ),
    (r"GET https://huggingface\.co/api/models/.*", _NO_TASK.format("lists of models")),
    (r"GET https://api\.replicate\.com/v1/models/.*", _NO_TASK.format("lists of models")),
    (r"GET http://localhost:11434/", _NO_TASK.format("whether the host is there")),
    (
        r"GET https://api\.openai\.com/v1/organization/.*",
        _NO_TASK.format("what an account has used"),
    ),
    (r"POST .*[/:](count_?[tT]okens)", _NO_TASK.format("counting tokens")),
    (r"POST .*:embedContent", "not asked for: vectors of one text alone, by Vertex AI"),
    (r"POST .*:batchGenerateContent", _NO_TASK.format("batches")),
    (
        r"POST http://127\.0\.0\.1:11434/api/chat",
        _OTHER_WIRE.format("Ollama's own; its /v1 is served"),
    ),
    (r"POST https://api\.cohere\.com/.*/rerank", _NO_TASK.format("ranking")),
)
"""What was recorded along with a served kind: by method and address."""

WANTED: tuple[tuple[int, str, str, type[BrandModelError]], ...] = (
    (400, "", r"maximum context|context window|token count|too long", ContextLengthError),
    (400, "", r"incorrect api key|api key not valid", AuthenticationError),
    (400, "", r"model_not_found", UnknownTargetError),
    (400, "", "", RejectedError),
    (401, "", "", AuthenticationError),
    (404, "", "", UnknownTargetError),
    (429, "", "", RateLimitError),
    # All of it was thought: the model's output limit was reached before its first word.
    (
        200,
        r"openai\.com\S*/chat/completions$",
        r'"content": ?""[\s\S]*"finish_reason": ?"length"',
        BadResultError,
    ),
    (200, r"/responses$", r'"status": ?"queued"', BadResponseError),
    (200, r"/chat/completions$", r'data: \{("error"|[^\n]*[^\\]"error"): ?[{"]', RejectedError),
    (200, r"/interactions$", r'"status": ?"(completed|requires_action)"', JobFailedError),
    (200, r"-image:generatecontent$", r"^(?![\s\S]*\"inlinedata\")", BadResultError),
)
"""The class that an error must be of: the first line whose status, address and words fit.

Words and addresses are in lower case. What fits no line must be read to a result.
"""
