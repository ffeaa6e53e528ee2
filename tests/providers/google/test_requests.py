"""Requests, compared with those of the vendor's own client for the same call."""

from __future__ import annotations

import asyncio
import json
import re
from base64 import b64encode
from typing import Any

import pytest
from google import genai
from google.genai import types
from google.oauth2.credentials import Credentials

from brandmodel.assets.store import FolderStore
from brandmodel.brand import Palette
from brandmodel.errors import ContentFilteredError, InvalidRequestError
from brandmodel.providers.google import GoogleWire
from brandmodel.providers.google.pictures import ask_generate
from brandmodel.tasks import (
    AnimateImage,
    Chat,
    ChatReply,
    ComposeMusic,
    Done,
    EditImage,
    Embed,
    GenerateImage,
    GenerateVideo,
    Message,
    Moderate,
    Speak,
    Tool,
    ToolCall,
)
from tests.providers.google.conftest import KEY, MakeCall, Server, picture

ANSWER: dict[str, Any] = {
    "candidates": [{"content": {"parts": [{"text": "Yes."}]}, "finishReason": "STOP"}]
}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"is_good": {"type": "boolean"}},
    "required": ["is_good"],
    "additionalProperties": False,
}
WEATHER = Tool(
    name="weather",
    description="Tells the weather.",
    parameters={"type": "object", "properties": {"city_name": {"type": "string"}}},
)


def sent(asked: Any) -> tuple[str, str, dict[str, str], dict[str, str], Any]:
    """What counts of a request. The official client writes nested names with underscores, and both are
    taken; it also gives a role to instructions, and signs what it never signed itself.
    """
    names = ("x-goog-api-key", "authorization")
    keys = {k.lower(): v for k, v in asked.headers.items() if k.lower() in names}
    return asked.method, asked.path, asked.query, keys, _named(json.loads(asked.body or b"null"))


def _named(node: Any, inside: str = "") -> Any:
    if isinstance(node, list):
        return [_named(one) for one in node]
    if not isinstance(node, dict):
        return node
    made: dict[str, Any] = {}
    for name, value in node.items():
        camel = re.sub(r"_(\w)", lambda found: found[1].upper(), name)
        if camel == "thoughtSignature" or (camel == "role" and inside == "systemInstruction"):
            continue
        kept = camel.endswith("JsonSchema") or camel in ("args", "response")
        made[camel] = value if kept else _named(value, camel)
    return made


def a_chat(store: FolderStore) -> Chat:
    return Chat(
        messages=(
            Message(role="system", text="Be brief."),
            Message(role="user", text="Look.", assets=(picture(store),)),
            Message(
                role="assistant",
                text="I ask.",
                tool_calls=(
                    ToolCall(id="t1", name="weather", arguments='{"city_name": "Ulm"}'),
                    ToolCall(id="t2", name="weather"),
                ),
            ),
            Message(role="tool", text="rain", tool_call_id="t1"),
            Message(role="tool", text='{"sky": "blue"}', tool_call_id="t2"),
        ),
        tools=(WEATHER,),
        tool_choice="weather",
        stop=("END",),
        temperature=0.5,
        top_p=0.9,
        seed=3,
        most_tokens=99,
    )


def the_same(store: FolderStore) -> tuple[list[types.Content], types.GenerateContentConfig]:
    photo = store.path(picture(store)).read_bytes()
    part, call = types.Part, types.FunctionCall
    answer = types.FunctionResponse
    contents = [
        types.Content(
            role="user",
            parts=[part.from_bytes(data=photo, mime_type="image/png"), part(text="Look.")],
        ),
        types.Content(
            role="model",
            parts=[
                part(text="I ask."),
                part(function_call=call(id="t1", name="weather", args={"city_name": "Ulm"})),
                part(function_call=call(id="t2", name="weather", args={})),
            ],
        ),
        types.Content(
            role="user",
            parts=[
                part(
                    function_response=answer(id="t1", name="weather", response={"output": "rain"})
                ),
                part(function_response=answer(id="t2", name="weather", response={"sky": "blue"})),
            ],
        ),
    ]
    config = types.GenerateContentConfig(
        system_instruction="Be brief.",
        temperature=0.5,
        top_p=0.9,
        seed=3,
        max_output_tokens=99,
        stop_sequences=["END"],
        tools=[
            types.Tool(
                function_declarations=[
                    types.FunctionDeclaration(
                        name="weather",
                        description="Tells the weather.",
                        parameters_json_schema=WEATHER.parameters,
                    )
                ]
            )
        ],
        tool_config=types.ToolConfig(
            function_calling_config=types.FunctionCallingConfig(
                mode=types.FunctionCallingConfigMode.ANY, allowed_function_names=["weather"]
            )
        ),
    )
    return contents, config


async def test_a_conversation_with_files_and_tools(
    server: Server, client: genai.Client, wire: GoogleWire, call: MakeCall, store: FolderStore
) -> None:
    contents, config = the_same(store)
    server.says(ANSWER)
    await asyncio.to_thread(
        client.models.generate_content, model="gemini-m", contents=contents, config=config
    )
    server.says(ANSWER)
    await wire.start(call(a_chat(store)))
    theirs, ours = server.asked
    assert sent(ours) == sent(theirs)
    calls = json.loads(ours.body)["contents"][1]["parts"][1:]
    assert [bool(part.get("thoughtSignature")) for part in calls] == [True, False]


async def test_a_streamed_conversation(
    server: Server, client: genai.Client, wire: GoogleWire, call: MakeCall, store: FolderStore
) -> None:
    contents, config = the_same(store)
    event = [f"data: {json.dumps(ANSWER)}\r\n\r\n".encode()]
    for _ in range(2):
        server.says(pieces=event, media_type="text/event-stream")

    def theirs_streamed() -> list[str | None]:
        models = client.models
        stream = models.generate_content_stream(model="gemini-m", contents=contents, config=config)
        return [chunk.text for chunk in stream]

    assert await asyncio.to_thread(theirs_streamed) == ["Yes."]
    said = [piece async for piece in wire.stream(call(a_chat(store)))]
    assert said[0] == "Yes."
    theirs, ours = server.asked
    assert sent(ours) == sent(theirs)
    assert ours.query == {"alt": "sse"}


async def test_structured_output_and_the_settings_of_a_row(
    server: Server, client: genai.Client, wire: GoogleWire, call: MakeCall
) -> None:
    referring = {
        "$defs": {"Good": {"type": "boolean"}},
        **SCHEMA,
        "properties": {"is_good": {"$ref": "#/$defs/Good"}},
    }
    chat = Chat(messages=(Message(role="user", text="?"),), answer_schema=referring)
    server.says(ANSWER)
    await asyncio.to_thread(
        client.models.generate_content,
        model="gemini-m",
        contents="?",
        config=types.GenerateContentConfig(
            max_output_tokens=4096,
            response_mime_type="application/json",
            response_json_schema=SCHEMA,
            thinking_config=types.ThinkingConfig(thinking_budget=0),
            labels=None,
        ),
    )
    server.says(ANSWER)
    await wire.start(call(chat, thinking={"thinkingBudget": 0}))
    theirs, ours = server.asked
    assert sent(ours) == sent(theirs)
    server.says(ANSWER)
    await wire.start(call(chat, extra={"serviceTier": "flex"}))
    assert server.asked[-1].json["serviceTier"] == "flex"


@pytest.mark.parametrize("ref", ["#/$defs/Node", "#"])
async def test_a_schema_that_runs_in_a_circle_is_the_callers_mistake(
    server: Server, wire: GoogleWire, call: MakeCall, ref: str
) -> None:
    node = {"type": "object", "properties": {"next": {"$ref": ref}}}
    chat = Chat(
        messages=(Message(role="user", text="?"),),
        answer_schema={"$defs": {"Node": node}, **node},
    )
    with pytest.raises(InvalidRequestError, match="schema"):
        await wire.start(call(chat))
    assert server.asked == []


@pytest.mark.parametrize(
    ("choice", "wanted"),
    [("auto", {"mode": "AUTO"}), ("none", {"mode": "NONE"}), ("required", {"mode": "ANY"})],
)
async def test_choices_of_a_tool(
    server: Server, wire: GoogleWire, call: MakeCall, choice: str, wanted: dict[str, str]
) -> None:
    bare = Tool(name="now", description="Tells the time.")
    server.says(ANSWER)
    chat = Chat(messages=(Message(role="user", text="?"),), tools=(bare,), tool_choice=choice)
    await wire.start(call(chat))
    body = server.asked[0].json
    assert body["toolConfig"]["functionCallingConfig"] == wanted
    # A function without arguments is declared without a schema: an empty one is refused.
    (declared,) = body["tools"][0]["functionDeclarations"]
    assert declared == {"name": "now", "description": "Tells the time."}


async def test_a_writing_task_comes_back_typed_and_a_refusal_as_one(
    server: Server, wire: GoogleWire, call: MakeCall, store: FolderStore
) -> None:
    verdict = {"allowed": False, "reasons": ["It deceives."], "looked": True}
    parts = [{"text": "Hm.", "thought": True}, {"text": json.dumps(verdict)}]
    server.says({"candidates": [{"content": {"parts": parts}, "finishReason": "STOP"}]})
    request = Moderate(texts=("Buy gold",), image=picture(store))
    done = await wire.start(call(request))
    assert isinstance(done, Done)
    assert done.result.model_dump(include={"allowed", "reasons"}) == {
        "allowed": False,
        "reasons": ("It deceives.",),
    }
    schema = server.asked[0].json["generationConfig"]["responseJsonSchema"]
    assert schema["properties"].keys() == verdict.keys()
    for refused in (
        {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}},
        {"candidates": [{"finishReason": "SAFETY"}]},
    ):
        server.says(refused)
        with pytest.raises(ContentFilteredError):
            await wire.start(call(request))
        server.says(refused)
        answer = await wire.start(call(Chat(messages=(Message(role="user", text="?"),))))
        assert isinstance(answer, Done)
        assert isinstance(answer.result, ChatReply)
        assert answer.result.finish == "filtered"


async def test_pictures(
    server: Server, client: genai.Client, wire: GoogleWire, call: MakeCall, store: FolderStore
) -> None:
    request = GenerateImage(prompt="A bottle.", width=1920, height=1080, reference=picture(store))
    asked = ask_generate(call(request), await wire.files(call(request)))
    words = asked.json["contents"][0]["parts"][-1]["text"]
    photo = store.path(picture(store)).read_bytes()
    for _ in range(2):
        server.says({"candidates": [{"finishReason": "IMAGE_SAFETY"}]})
    await asyncio.to_thread(
        client.models.generate_content,
        model="gemini-m",
        contents=[types.Part.from_bytes(data=photo, mime_type="image/png"), words],
        config=types.GenerateContentConfig(
            response_modalities=["IMAGE"],
            image_config=types.ImageConfig(aspect_ratio="16:9", image_size="2K"),
        ),
    )
    with pytest.raises(ContentFilteredError):
        await wire.start(call(request, image_sizes=["4K", "1K", "2K"]))
    theirs, ours = server.asked
    assert sent(ours) == sent(theirs)
    assert words.startswith("A bottle.")


@pytest.mark.parametrize(
    ("width", "height", "wanted"),
    [
        (1024, 1024, {"aspectRatio": "1:1", "imageSize": "1K"}),
        (1080, 1920, {"aspectRatio": "9:16", "imageSize": "2K"}),
        (3840, 1645, {"aspectRatio": "21:9", "imageSize": "4K"}),
        (9000, 9000, {"aspectRatio": "1:1", "imageSize": "4K"}),
        (400, 500, {"aspectRatio": "4:5", "imageSize": "512"}),
    ],
)
async def test_sizes_of_pictures(
    call: MakeCall, width: int, height: int, wanted: dict[str, str]
) -> None:
    request = GenerateImage(prompt="?", width=width, height=height)
    ask = ask_generate(call(request, image_sizes=["512", "1K", "2K", "4K"]), {})
    assert ask.json["generationConfig"]["imageConfig"] == wanted
    ask = ask_generate(call(request), {})
    assert ask.json["generationConfig"]["imageConfig"] == {"aspectRatio": wanted["aspectRatio"]}


async def test_an_edit_keeps_the_pictures_shape_unless_a_size_is_asked(
    server: Server, wire: GoogleWire, call: MakeCall, store: FolderStore
) -> None:
    photo, mask = picture(store), picture(store, 9, 9)
    for request in (
        EditImage(images=(photo,), prompt="Make it red.", mask=mask),
        EditImage(images=(photo, mask), prompt="Make it red.", width=1600, height=900),
    ):
        server.says({"candidates": [{"finishReason": "IMAGE_SAFETY"}]})
        with pytest.raises(ContentFilteredError):
            await wire.start(call(request))
    masked, sized = (asked.json for asked in server.asked)
    assert "imageConfig" not in masked["generationConfig"]
    assert "mask" in masked["contents"][0]["parts"][-1]["text"]
    assert sized["generationConfig"]["imageConfig"] == {"aspectRatio": "16:9"}
    assert sized["contents"][0]["parts"][-1]["text"] == "Make it red."
    assert len(masked["contents"][0]["parts"]) == len(sized["contents"][0]["parts"]) == 3


async def test_everything_a_picture_shall_have_is_said(call: MakeCall) -> None:
    palette = Palette(primary="#112233", more=("#445566",))
    request = GenerateImage(
        prompt="A bottle.", palette=palette, space="left", label="Aurelia", plinth=True
    )
    words = ask_generate(call(request), {}).json["contents"][0]["parts"][-1]["text"]
    for part in ("A bottle.", "#112233", "#445566", "left", '"Aurelia"', "plinth"):
        assert part in words


async def test_speech(
    server: Server, client: genai.Client, wire: GoogleWire, call: MakeCall
) -> None:
    for _ in range(3):
        server.says({"candidates": [{"finishReason": "SAFETY"}]})
    voice = types.PrebuiltVoiceConfig(voice_name="Puck")
    await asyncio.to_thread(
        client.models.generate_content,
        model="gemini-m",
        contents="Hello.",
        config=types.GenerateContentConfig(
            response_modalities=["AUDIO"],
            speech_config=types.SpeechConfig(
                voice_config=types.VoiceConfig(prebuilt_voice_config=voice)
            ),
        ),
    )
    with pytest.raises(ContentFilteredError):
        await wire.start(call(Speak(text="Hello.", voice="calm"), voices={"calm": "Puck"}))
    with pytest.raises(ContentFilteredError):
        await wire.start(call(Speak(text="Hello.", pace=1.3)))
    theirs, ours, brisk = server.asked
    assert sent(ours) == sent(theirs)
    assert brisk.json["contents"][0]["parts"] == [{"text": "Say briskly: Hello."}]
    assert "Kore" in json.dumps(brisk.json["generationConfig"])


async def test_music(
    server: Server, client: genai.Client, wire: GoogleWire, call: MakeCall
) -> None:
    for _ in range(2):
        server.says({"candidates": [{"finishReason": "SAFETY"}]})
    with pytest.raises(ContentFilteredError):
        await wire.start(call(ComposeMusic(mood="calm, warm", duration_s=30, energy=1)))
    words = server.asked[0].json["contents"][0]["parts"][0]["text"]
    for part in ("30 seconds", "calm, warm", "dense and driving"):
        assert part in words
    await asyncio.to_thread(
        client.models.generate_content,
        model="gemini-m",
        contents=words,
        config=types.GenerateContentConfig(response_modalities=["AUDIO", "TEXT"]),
    )
    ours, theirs = server.asked
    assert sent(ours) == sent(theirs)


@pytest.mark.parametrize("dimensions", [None, 64])
async def test_embeddings(
    server: Server, client: genai.Client, wire: GoogleWire, call: MakeCall, dimensions: int | None
) -> None:
    model = "gemini-embedding-001"
    for _ in range(2):
        server.says({"embeddings": [{"values": [1, 0]}, {"values": [0, 1]}]})
    await asyncio.to_thread(
        client.models.embed_content,
        model=model,
        contents=["a", "b"],
        config=types.EmbedContentConfig(output_dimensionality=dimensions),
    )
    await wire.start(call(Embed(texts=("a", "b"), dimensions=dimensions), model=model))
    theirs, ours = (sent(asked) for asked in server.asked)
    for one in theirs[4]["requests"]:
        del one["content"]["role"]
    assert ours == theirs


async def test_video(
    server: Server, client: genai.Client, wire: GoogleWire, call: MakeCall, store: FolderStore
) -> None:
    job = {"id": "i1", "status": "in_progress", "object": "interaction"}
    photo = picture(store)
    request = GenerateVideo(prompt="Waves.", duration_s=4.2, reference=photo)
    for _ in range(6):
        server.says(job)
    interactions = client.interactions
    image = b64encode(store.path(photo).read_bytes()).decode()
    asked: list[Any] = [
        {"type": "image", "data": image, "mime_type": "image/png"},
        {"type": "text", "text": "Waves."},
    ]
    await asyncio.to_thread(
        interactions.create,
        model="omni",
        input=asked,
        background=True,
        generation_config={"video_config": {"task": "reference_to_video"}},
        response_format={
            "type": "video",
            "aspect_ratio": "16:9",
            "duration": "5s",
            "resolution": "720p",
            "delivery": "uri",
        },
    )
    await asyncio.to_thread(interactions.get, "i1")
    await asyncio.to_thread(interactions.cancel, "i1")
    started: Any = await wire.start(call(request, model="omni"))
    await wire.check(started, call(request, model="omni"))
    await wire.cancel(started, call(request, model="omni"))
    theirs, ours = server.asked[:3], server.asked[3:]
    assert [sent(one) for one in ours] == [sent(one) for one in theirs]


async def test_video_and_embeddings_on_vertex(
    server: Server, call: MakeCall, store: FolderStore, wire: GoogleWire
) -> None:
    home = "projects/p/locations/global/publishers/google"
    job = {"name": f"{home}/models/veo-3.1/operations/1"}
    photo = picture(store)
    request = AnimateImage(image=photo, width=1920, height=1080, duration_s=5, seed=3)
    here = {"base_url": f"{server.url}/v1beta1/{home}", "api": "vertex"}
    token = "ya29.test-token"
    on_cloud = GoogleWire(wire.http, lambda target: token)
    for answer in (job, job, {"predictions": [{"embeddings": {"values": [1]}}]}) * 2:
        server.says(answer)
    started: Any = await on_cloud.start(call(request, model="veo-3.1", take=1, **here))
    await on_cloud.check(started, call(request, model="veo-3.1", **here))
    words = server.asked[0].json["instances"][0]["prompt"]
    texts = Embed(texts=("a",), dimensions=8)
    await on_cloud.start(call(texts, model="text-embedding-005", **here))
    theirs = genai.Client(
        vertexai=True,
        project="p",
        location="global",
        credentials=Credentials(token=token),
        http_options=types.HttpOptions(base_url=server.url),
    )
    operation = await asyncio.to_thread(
        theirs.models.generate_videos,
        model="veo-3.1",
        source=types.GenerateVideosSource(
            prompt=words,
            image=types.Image(image_bytes=store.path(photo).read_bytes(), mime_type="image/png"),
        ),
        config=types.GenerateVideosConfig(
            number_of_videos=1,
            duration_seconds=6,
            aspect_ratio="16:9",
            resolution="1080p",
            seed=4,
        ),
    )
    await asyncio.to_thread(theirs.operations.get, operation)
    await asyncio.to_thread(
        theirs.models.embed_content,
        model="text-embedding-005",
        contents=["a"],
        config=types.EmbedContentConfig(output_dimensionality=8),
    )
    assert [sent(one) for one in server.asked[:3]] == [sent(one) for one in server.asked[3:]]
    # Such an operation cannot be stopped; nothing is sent.
    await on_cloud.cancel(started, call(request, **here))
    assert len(server.asked) == 6


async def test_model_names_with_their_prefix(
    server: Server, wire: GoogleWire, call: MakeCall
) -> None:
    server.says(ANSWER)
    chat = Chat(messages=(Message(role="user", text="?"),))
    await wire.start(call(chat, model="models/gemini-m"))
    assert server.asked[0].path == "/v1/models/gemini-m:generateContent"
    assert server.asked[0].headers["x-goog-api-key"] == KEY
