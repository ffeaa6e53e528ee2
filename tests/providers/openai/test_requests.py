"""What is sent: equal to what the official client sends for the same call."""

from __future__ import annotations

from typing import Any

import pytest
from openai import AsyncOpenAI

from brandmodel.assets.store import FolderStore
from brandmodel.providers.openai import OpenAIWire
from brandmodel.tasks import Chat, Done, GenerateImage, Message, ReadBrief, Speak, Transcribe
from tests.providers.media import png, wav
from tests.providers.openai.cases import CASES, CHAT_ANSWER, PICTURE_ANSWER, Case
from tests.providers.openai.conftest import KEY, Asked, MakeCall, Server

HI = Chat(messages=(Message(role="user", text="Hi"),))


def _form(asked: Asked) -> list[tuple[str, str, bytes]]:
    """Names of files are the caller's own affair."""
    return sorted((name, kind, data) for name, _, kind, data in asked.form)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_the_official_client_sends_the_same(
    case: Case, wire: OpenAIWire, call: MakeCall, server: Server, store: FolderStore
) -> None:
    server.says(case.answer, media_type=case.media_type)
    server.says(case.answer, media_type=case.media_type)
    request = await case.request(store)
    done = await wire.start(call(request, base_url=server.url, **case.settings))
    assert isinstance(done, Done)
    assert isinstance(done.result, type(request).result_type())
    async with AsyncOpenAI(base_url=server.url, api_key=KEY, max_retries=0) as client:
        await case.official(client)
    ours, theirs = server.asked
    assert ours.path == theirs.path
    assert ours.headers["authorization"] == theirs.headers["authorization"]
    if case.form:
        assert _form(ours) == _form(theirs)
    else:
        assert ours.json == theirs.json


async def test_a_stream_is_asked_for_as_the_official_client_does(
    wire: OpenAIWire, call: MakeCall, server: Server
) -> None:
    event = b'data: {"choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":"stop"}]}\n\n'
    for _ in range(2):
        server.says(pieces=[event, b"data: [DONE]\n\n"], media_type="text/event-stream")
    pieces = [piece async for piece in wire.stream(call(HI, base_url=server.url))]
    assert pieces[0] == "Hi"
    async with AsyncOpenAI(base_url=server.url, api_key=KEY) as client:
        stream = await client.chat.completions.create(
            model="model-1",
            messages=[{"role": "user", "content": "Hi"}],
            max_completion_tokens=4096,
            stream=True,
            stream_options={"include_usage": True},
        )
        said = [chunk.choices[0].delta.content async for chunk in stream]
    assert said == ["Hi"]
    ours, theirs = server.asked
    assert (ours.path, ours.json) == (theirs.path, theirs.json)


async def test_a_row_renames_leaves_out_adds_and_moves(
    wire: OpenAIWire, call: MakeCall, server: Server
) -> None:
    server.says(CHAT_ANSWER)
    request = HI.model_copy(update={"seed": 3, "stop": ("X",), "temperature": 0.5})
    done = await wire.start(
        call(
            request,
            base_url=server.url + "/base/",
            fields={"max_completion_tokens": "max_tokens", "seed": "random_seed", "stop": ""},
            extra={"reasoning_effort": "low"},
            paths={"chat/completions": "chat"},
            query={"api-version": "2024-10-21"},
            headers={"x-app": "studio"},
            key_header="api-key",
        )
    )
    (asked,) = server.asked
    assert asked.path == "/base/chat"
    assert asked.query == {"api-version": "2024-10-21"}
    assert asked.headers["api-key"] == KEY
    assert asked.headers["x-app"] == "studio"
    assert "authorization" not in asked.headers
    assert asked.json == {
        "model": "model-1",
        "messages": [{"role": "user", "content": "Hi"}],
        "max_tokens": 4096,
        "temperature": 0.5,
        "random_seed": 3,
        "reasoning_effort": "low",
    }
    assert isinstance(done, Done)
    assert done.result.notes == ("stop could not be honoured",)


async def test_an_address_may_belong_to_an_account(
    wire: OpenAIWire, call: MakeCall, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACME_PORT", server.url.rpartition(":")[2])
    server.says(CHAT_ANSWER)
    await wire.start(call(HI, base_url="http://127.0.0.1:${ACME_PORT}/v1"))
    assert server.asked[0].path == "/v1/chat/completions"


@pytest.mark.parametrize("structured", ["json_object", "none"])
async def test_words_ask_for_the_schema_where_the_server_takes_none(
    structured: str, wire: OpenAIWire, call: MakeCall, server: Server
) -> None:
    written = ReadBrief(prompt="A tonic").sketch(dear=False).model_dump_json(exclude={"notes"})
    server.says({"choices": [{"message": {"content": f"```json\n{written}\n```"}}]})
    done = await wire.start(
        call(ReadBrief(prompt="A tonic"), base_url=server.url, structured=structured)
    )
    body = server.asked[0].json
    system, user = body["messages"]
    assert "JSON Schema" in system["content"]
    assert '"additionalProperties": false' in system["content"]
    assert "A tonic" in user["content"]
    formats = {"json_object": {"type": "json_object"}, "none": None}
    assert body.get("response_format") == formats[structured]
    assert isinstance(done, Done)
    assert isinstance(done.result, ReadBrief.result_type())


@pytest.mark.parametrize(
    ("asked", "sizes", "taken"),
    [
        ((1024, 1024), None, "1024x1024"),
        ((1920, 1080), None, "1920x1088"),
        ((3840, 2160), None, "3840x2160"),
        ((7680, 4320), None, "3840x2160"),
        ((16384, 16384), None, "2880x2880"),
        ((4000, 1000), None, "3840x1280"),
        ((2185, 3845), None, "2176x3808"),
        ((16, 16), None, "16x16"),
        ((100, 1000), None, "336x1008"),
        ((1920, 1080), ["1024x1024", "1536x1024", "1024x1536"], "1536x1024"),
        ((1000, 1600), ["1024x1024", "1536x1024", "1024x1536"], "1024x1536"),
        ((300, 300), ["256x256", "512x512", "1024x1024"], "256x256"),
    ],
)
async def test_the_nearest_size_is_asked_for(
    asked: tuple[int, int],
    sizes: list[str] | None,
    taken: str,
    wire: OpenAIWire,
    call: MakeCall,
    server: Server,
) -> None:
    server.says(PICTURE_ANSWER)
    settings: dict[str, Any] = {"sizes": sizes} if sizes else {}
    request = GenerateImage(prompt="A cat", width=asked[0], height=asked[1])
    done = await wire.start(call(request, base_url=server.url, **settings))
    size = server.asked[0].json["size"]
    assert size == taken
    width, height = map(int, size.split("x"))
    assert sizes or (width % 16, height % 16) == (0, 0)
    assert max(width / height, height / width) <= 3
    assert isinstance(done, Done)
    assert done.result.notes == ()


async def test_ratios_and_pictures_in_json(
    wire: OpenAIWire, call: MakeCall, server: Server, store: FolderStore
) -> None:
    server.says(PICTURE_ANSWER)
    reference = await store.put(png(64, 64))
    request = GenerateImage(prompt="A cat", width=1920, height=1080, reference=reference)
    await wire.start(
        call(
            request,
            base_url=server.url,
            ratios=["1:1", "16:9", "9:16"],
            edit_json={"images": {"type": "image_url", "url": "{image}"}},
        )
    )
    (asked,) = server.asked
    assert asked.path == "/images/edits"
    assert asked.json["aspect_ratio"] == "16:9"
    assert "size" not in asked.json
    (picture,) = asked.json["images"]
    assert picture["type"] == "image_url"
    assert picture["url"].startswith("data:image/png;base64,")
    assert "composition" in asked.json["prompt"]


async def test_a_voice_that_is_not_there(wire: OpenAIWire, call: MakeCall, server: Server) -> None:
    server.says(wav(), media_type="audio/wav")
    request = Speak(text="Hello", voice="gruff", pace=1.5)
    done = await wire.start(
        call(request, base_url=server.url, voices=["alloy", "coral"], fields={"speed": ""})
    )
    assert server.asked[0].json["voice"] == "alloy"
    assert "speed" not in server.asked[0].json
    assert isinstance(done, Done)
    assert done.result.voice == "alloy"
    assert done.result.audio.duration_s == 0.5
    assert done.result.notes == (
        "speed could not be honoured",
        "there is no voice 'gruff'; another one speaks",
    )


async def test_words_with_their_times(
    wire: OpenAIWire, call: MakeCall, server: Server, store: FolderStore
) -> None:
    words = [{"word": "Guten", "start": 0.0, "end": 0.2}, {"word": "Tag", "start": 0.2, "end": 0.5}]
    server.says({"text": "Guten Tag", "language": "german", "duration": 0.5, "words": words})
    request = Transcribe(audio=await store.put(wav()))
    done = await wire.start(call(request, base_url=server.url, words=True))
    assert isinstance(done, Done)
    assert done.result.language == "de"
    assert [(w.text, w.start_s, w.end_s) for w in done.result.words] == [
        ("Guten", 0.0, 0.2),
        ("Tag", 0.2, 0.5),
    ]
