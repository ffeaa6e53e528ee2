"""Calls of every kind, with what the official client is asked for the same, and a sound answer."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from openai import AsyncOpenAI

from brandmodel.assets.store import FolderStore
from brandmodel.providers._prompts import picture_words
from brandmodel.tasks import (
    Chat,
    EditImage,
    Embed,
    GenerateImage,
    Message,
    Moderate,
    Request,
    Speak,
    Tool,
    ToolCall,
    Transcribe,
)
from tests.providers.media import png, png64, wav

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "pages": {"type": "array", "items": {"type": "integer"}},
    },
    "required": ["name", "pages"],
    "additionalProperties": False,
}
OPEN_SCHEMA: dict[str, Any] = {"type": "object", "properties": {"name": {"type": "string"}}}
WEATHER = Tool(
    name="weather",
    description="Tells the weather",
    parameters={"type": "object", "properties": {"town": {"type": "string"}}},
)
ASKED_BACK = ToolCall(id="call_1", name="weather", arguments='{"town": "Ulm"}')
CHAT_ANSWER = {
    "id": "c",
    "object": "chat.completion",
    "created": 1,
    "model": "model-1",
    "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}
    ],
    "usage": {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4},
}
RESPONSE_ANSWER = {
    "id": "r",
    "object": "response",
    "created_at": 1,
    "model": "model-1",
    "status": "completed",
    "parallel_tool_calls": True,
    "tool_choice": "auto",
    "tools": [],
    "output": [
        {
            "id": "m",
            "type": "message",
            "role": "assistant",
            "status": "completed",
            "content": [{"type": "output_text", "text": "Hi", "annotations": []}],
        }
    ],
    "usage": {"input_tokens": 3, "output_tokens": 1, "total_tokens": 4},
}
PDF = b"%PDF-1.4\n%%EOF\n"
LABELLED = GenerateImage(prompt="A cat", width=1500, height=1000, label="MIAU")
PICTURE_ANSWER = {"created": 1, "data": [{"b64_json": png64(64, 64)}]}


@dataclass
class Case:
    """One call, told to the wire and to the official client."""

    name: str
    schema: str
    request: Callable[[FolderStore], Awaitable[Request[Any]]]
    official: Callable[[AsyncOpenAI], Awaitable[Any]]
    answer: Any = field(default_factory=lambda: CHAT_ANSWER)
    settings: dict[str, Any] = field(default_factory=dict)
    media_type: str = "application/json"
    form: bool = False


def _plain(request: Request[Any]) -> Callable[[FolderStore], Awaitable[Request[Any]]]:
    async def make(store: FolderStore) -> Request[Any]:
        return request

    return make


async def _with_picture(store: FolderStore) -> Request[Any]:
    picture = await store.put(png(8, 8))
    document = await store.put(PDF, name="a.pdf")
    sound = await store.put(wav(0.01))
    return Chat(
        messages=(
            Message(role="system", text="Look."),
            Message(role="user", text="What is it?", assets=(picture, document, sound)),
        )
    )


async def _with_picture_alone(store: FolderStore) -> Request[Any]:
    return Chat(messages=(Message(role="user", text="?", assets=(await store.put(png(8, 8)),)),))


async def _edit(store: FolderStore) -> Request[Any]:
    picture, other = await store.put(png(64, 64)), await store.put(png(64, 64, "red"))
    mask = await store.put(png(64, 64, "black"))
    return EditImage(images=(picture, other), prompt="Make it red", mask=mask)


async def _edit_one(store: FolderStore) -> Request[Any]:
    return EditImage(images=(await store.put(png(64, 64)),), prompt="Make it red")


async def _heard(store: FolderStore) -> Request[Any]:
    return Transcribe(audio=await store.put(wav()), language="de", prompt="Aurelia")


async def _moderated(store: FolderStore) -> Request[Any]:
    return Moderate(texts=("Hello",), image=await store.put(png(8, 8)))


def _uri(kind: str, data: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


TURNS = (
    Message(role="system", text="Be brief."),
    Message(role="user", text="Weather in Ulm?"),
    Message(role="assistant", tool_calls=(ASKED_BACK,)),
    Message(role="tool", text="Rain", tool_call_id="call_1"),
)
CASES = [
    Case(
        "chat",
        "CreateChatCompletionRequest",
        _plain(
            Chat(
                messages=(Message(role="user", text="Grüße"),),
                most_tokens=50,
                temperature=0.5,
                top_p=0.9,
                stop=("END",),
                seed=7,
            )
        ),
        lambda client: client.chat.completions.create(
            model="model-1",
            messages=[{"role": "user", "content": "Grüße"}],
            max_completion_tokens=50,
            temperature=0.5,
            top_p=0.9,
            stop=["END"],
            seed=7,
        ),
    ),
    Case(
        "chat-tools",
        "CreateChatCompletionRequest",
        _plain(Chat(messages=TURNS, tools=(WEATHER,), tool_choice="weather", most_tokens=9)),
        lambda client: client.chat.completions.create(
            model="model-1",
            max_completion_tokens=9,
            messages=[
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": "Weather in Ulm?"},
                {
                    "role": "assistant",
                    "content": None,
                    "tool_calls": [
                        {
                            "id": "call_1",
                            "type": "function",
                            "function": {"name": "weather", "arguments": '{"town": "Ulm"}'},
                        }
                    ],
                },
                {"role": "tool", "content": "Rain", "tool_call_id": "call_1"},
            ],
            tools=[{"type": "function", "function": WEATHER.model_dump()}],  # type: ignore[typeddict-item]
            tool_choice={"type": "function", "function": {"name": "weather"}},
        ),
    ),
    Case(
        "chat-schema",
        "CreateChatCompletionRequest",
        _plain(Chat(messages=TURNS[1:2], answer_schema=SCHEMA)),
        lambda client: client.chat.completions.create(
            model="model-1",
            max_completion_tokens=4096,
            messages=[{"role": "user", "content": "Weather in Ulm?"}],
            response_format={
                "type": "json_schema",
                "json_schema": {"name": "answer", "schema": SCHEMA, "strict": True},
            },
        ),
    ),
    Case(
        "chat-files",
        "CreateChatCompletionRequest",
        _with_picture,
        lambda client: client.chat.completions.create(
            model="model-1",
            max_completion_tokens=4096,
            messages=[
                {"role": "system", "content": "Look."},
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "What is it?"},
                        {
                            "type": "image_url",
                            "image_url": {"url": _uri("image/png", png(8, 8))},
                        },
                        {
                            "type": "file",
                            "file": {
                                "filename": f"{sha256(PDF).hexdigest()[:12]}.pdf",
                                "file_data": _uri("application/pdf", PDF),
                            },
                        },
                        {
                            "type": "input_audio",
                            "input_audio": {
                                "data": _uri("", wav(0.01)).partition(",")[2],
                                "format": "wav",
                            },
                        },
                    ],
                },
            ],
        ),
    ),
    Case(
        "responses-tools",
        "CreateResponse",
        _plain(
            Chat(
                messages=TURNS,
                tools=(WEATHER,),
                tool_choice="weather",
                temperature=1,
                most_tokens=20,
            )
        ),
        lambda client: client.responses.create(
            model="model-1",
            max_output_tokens=20,
            temperature=1,
            store=False,
            input=[
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": "Weather in Ulm?"},
                {
                    "type": "function_call",
                    "call_id": "call_1",
                    "name": "weather",
                    "arguments": '{"town": "Ulm"}',
                },
                {"type": "function_call_output", "call_id": "call_1", "output": "Rain"},
            ],
            tools=[{"type": "function", **WEATHER.model_dump(), "strict": False}],  # type: ignore[typeddict-item,list-item]
            tool_choice={"type": "function", "name": "weather"},
        ),
        RESPONSE_ANSWER,
        {"api": "responses"},
    ),
    Case(
        "responses-schema",
        "CreateResponse",
        _plain(Chat(messages=TURNS[1:2], answer_schema=OPEN_SCHEMA)),
        lambda client: client.responses.create(
            model="model-1",
            max_output_tokens=4096,
            store=False,
            input=[{"role": "user", "content": "Weather in Ulm?"}],
            text={
                "format": {
                    "type": "json_schema",
                    "name": "answer",
                    "schema": OPEN_SCHEMA,
                    "strict": False,
                }
            },
            tools=[{"type": "web_search"}],
        ),
        RESPONSE_ANSWER,
        {"api": "responses", "tools": [{"type": "web_search"}]},
    ),
    Case(
        "responses-picture",
        "CreateResponse",
        _with_picture_alone,
        lambda client: client.responses.create(
            model="model-1",
            max_output_tokens=4096,
            store=False,
            input=[
                {
                    "role": "user",
                    "content": [
                        {"type": "input_text", "text": "?"},
                        {
                            "type": "input_image",
                            "image_url": _uri("image/png", png(8, 8)),
                            "detail": "auto",
                        },
                    ],
                }
            ],
        ),
        RESPONSE_ANSWER,
        {"api": "responses"},
    ),
    Case(
        "picture",
        "CreateImageRequest",
        _plain(LABELLED),
        lambda client: client.images.generate(
            model="model-1",
            prompt=picture_words(LABELLED),
            n=1,
            size="1536x1024",
            quality="high",
            output_format="png",
        ),
        PICTURE_ANSWER,
        {"sizes": ["1024x1024", "1024x1536", "1536x1024"], "quality": "high", "format": "png"},
    ),
    Case(
        "edit",
        "CreateImageEditRequest",
        _edit,
        lambda client: client.images.edit(
            model="model-1",
            prompt="Make it red",
            n=1,
            size="64x64",  # type: ignore[arg-type]
            image=[("a.png", png(64, 64), "image/png"), ("b.png", png(64, 64, "red"), "image/png")],
            mask=("m.png", png(64, 64, "black"), "image/png"),
        ),
        PICTURE_ANSWER,
        form=True,
    ),
    Case(
        "edit-one",
        "CreateImageEditRequest",
        _edit_one,
        lambda client: client.images.edit(
            model="model-1",
            prompt="Make it red",
            n=1,
            size="64x64",  # type: ignore[arg-type]
            image=("a.png", png(64, 64), "image/png"),
        ),
        PICTURE_ANSWER,
        form=True,
    ),
    Case(
        "speech",
        "CreateSpeechRequest",
        _plain(Speak(text="Good evening.", voice="warm", pace=1.2)),
        lambda client: client.audio.speech.create(
            model="model-1", input="Good evening.", voice="coral", response_format="wav", speed=1.2
        ),
        wav(),
        {"voices": {"calm": "sage", "warm": "coral"}},
        "audio/wav",
    ),
    Case(
        "transcript",
        "CreateTranscriptionRequest",
        _heard,
        lambda client: client.audio.transcriptions.create(
            model="model-1",
            file=("a.wav", wav(), "audio/wav"),
            language="de",
            prompt="Aurelia",
            response_format="verbose_json",
            timestamp_granularities=["word"],
        ),
        {"text": "Hallo", "language": "german", "duration": 0.5, "words": []},
        {"words": True},
        form=True,
    ),
    Case(
        "vectors",
        "CreateEmbeddingRequest",
        _plain(Embed(texts=("a", "b"), dimensions=2)),
        lambda client: client.embeddings.create(
            model="model-1", input=["a", "b"], dimensions=2, encoding_format="base64"
        ),
        {
            "object": "list",
            "model": "model-1",
            "data": [
                {"object": "embedding", "index": 1, "embedding": "AACAPwAAAEA="},
                {"object": "embedding", "index": 0, "embedding": "AAAAQAAAgD8="},
            ],
            "usage": {"prompt_tokens": 2, "total_tokens": 2},
        },
    ),
    Case(
        "moderation",
        "CreateModerationRequest",
        _moderated,
        lambda client: client.moderations.create(
            model="model-1",
            input=[
                {"type": "text", "text": "Hello"},
                {"type": "image_url", "image_url": {"url": _uri("image/png", png(8, 8))}},
            ],
        ),
        {"id": "m", "model": "model-1", "results": [{"flagged": False, "categories": {}}]},
        {"api": "moderations"},
    ),
]
