"""Results, from the vendor's reply to the file in the store, and what goes wrong on the way."""

from __future__ import annotations

import base64
import json
import struct
from typing import Any

import pytest

from brandmodel.assets.store import FolderStore
from brandmodel.errors import (
    AuthenticationError,
    BadResponseError,
    BadResultError,
    BrandModelError,
    ContentFilteredError,
    ContextLengthError,
    CreditError,
    JobFailedError,
    ProviderError,
    RateLimitError,
    RejectedError,
    UnavailableError,
    UnknownTargetError,
)
from brandmodel.providers.google import GoogleWire
from brandmodel.tasks import (
    AnimateImage,
    Box,
    Chat,
    Clip,
    ComposeMusic,
    Done,
    EditImage,
    Embed,
    GenerateImage,
    GenerateVideo,
    Job,
    Message,
    Music,
    Picture,
    Speak,
    Speech,
    Usage,
)
from tests.providers.google.conftest import KEY, MakeCall, Server, finished, picture, png

ASKED = Chat(messages=(Message(role="user", text="?"),))
WAVES = GenerateVideo(prompt="Waves.", duration_s=3, width=1280, height=720)


def holding(data: bytes, kind: str, **usage: int) -> dict[str, Any]:
    """A reply with a medium."""
    inline = {"mimeType": kind, "data": base64.b64encode(data).decode()}
    candidate = {"content": {"parts": [{"inlineData": inline}]}, "finishReason": "STOP"}
    return {"candidates": [candidate], "usageMetadata": usage}


def completed(**content: Any) -> dict[str, Any]:
    """An interaction that has made a clip."""
    step = {"type": "model_output", "content": [{"type": "video", **content}]}
    usage = {"total_input_tokens": 7, "total_output_tokens": 57_920, "total_thought_tokens": 80}
    return {"id": "i1", "status": "completed", "steps": [{"type": "thought"}, step], "usage": usage}


def keys(server: Server) -> list[str | None]:
    return [asked.headers.get("x-goog-api-key") for asked in server.asked]


async def test_a_picture(server: Server, wire: GoogleWire, call: MakeCall) -> None:
    server.says(holding(png(40, 30), "image/png", promptTokenCount=9, candidatesTokenCount=1120))
    done = await finished(wire, call(GenerateImage(prompt="?", width=32, height=24)))
    assert isinstance(done.result, Picture)
    assert (done.result.image.width, done.result.image.media_type) == (40, "image/png")
    assert done.result.notes == ()
    assert done.usage is not None
    assert (done.usage.images, done.usage.tokens_in, done.usage.tokens_out) == (1, 9, 1120)


async def test_an_edited_picture_of_the_right_size_needs_no_note(
    server: Server, wire: GoogleWire, call: MakeCall, store: FolderStore
) -> None:
    server.says(holding(png(8, 8), "image/png"))
    done = await finished(wire, call(EditImage(images=(picture(store),), prompt="Red.")))
    assert done.result.notes == ()


async def test_what_is_no_picture_is_a_bad_response(
    server: Server, wire: GoogleWire, call: MakeCall
) -> None:
    request = GenerateImage(prompt="?")
    for body in (
        holding(b"<html>", "text/html"),
        {"candidates": [{"content": {"parts": [{"text": "No."}]}, "finishReason": "NO_IMAGE"}]},
        {"candidates": [{"content": {"parts": [{"inlineData": {"data": "%%%"}}]}}]},
        {"candidates": []},
        {},
    ):
        server.says(body)
        with pytest.raises((BadResponseError, BadResultError)) as caught:
            await wire.start(call(request))
        assert caught.value.started is True
        ended = "candidates" in body and '"finishReason"' in json.dumps(body)
        assert isinstance(caught.value, BadResultError) is ended


async def test_a_thought_picture_is_not_the_result(
    server: Server, wire: GoogleWire, call: MakeCall
) -> None:
    body = holding(png(8, 8), "image/png")
    thought = holding(png(9, 9), "image/png")["candidates"][0]["content"]["parts"][0]
    body["candidates"][0]["content"]["parts"].append({**thought, "thought": True})
    server.says(body)
    done = await finished(wire, call(GenerateImage(prompt="?", width=16, height=16)))
    assert isinstance(done.result, Picture)
    assert done.result.image.width == 8


async def test_speech_gets_a_header_where_it_has_none(
    server: Server, wire: GoogleWire, call: MakeCall, store: FolderStore
) -> None:
    samples = struct.pack("<3h", 1, -2, 3) * 8000
    server.says(holding(samples, "audio/L16;codec=pcm;rate=16000", candidatesTokenCount=30))
    done = await finished(wire, call(Speak(text="Hello.")))
    assert isinstance(done.result, Speech)
    assert (done.result.audio.media_type, done.result.audio.duration_s) == ("audio/wav", 1.5)
    assert store.path(done.result.audio).read_bytes().endswith(samples)
    assert (done.result.voice, done.usage and done.usage.seconds) == ("Kore", 1.5)
    whole = store.path(done.result.audio).read_bytes()
    server.says(holding(whole, "audio/wav"))
    again = await finished(wire, call(Speak(text="Hello.")))
    assert isinstance(again.result, Speech)
    assert again.result.audio == done.result.audio


async def test_music_of_another_length_says_so(
    server: Server, wire: GoogleWire, call: MakeCall, store: FolderStore
) -> None:
    server.says(holding(bytes(48_000 * 2), "audio/L16;rate=48000"))
    speech = await finished(wire, call(Speak(text="?")))
    assert isinstance(speech.result, Speech)
    server.says(holding(store.path(speech.result.audio).read_bytes(), "audio/wav"))
    done = await finished(wire, call(ComposeMusic(duration_s=30)))
    assert isinstance(done.result, Music)
    assert (done.result.audio.duration_s, done.result.notes) == (1.0, ())


async def test_a_clip_comes_as_a_file_that_is_fetched_with_the_key(
    server: Server, wire: GoogleWire, call: MakeCall, film: bytes, store: FolderStore
) -> None:
    address = f"{server.url}/v1/files/f-1:download?alt=media"
    server.says({"id": "i1", "status": "queued"})
    server.says({"id": "i1", "status": "in_progress"})
    server.says(completed(uri=address, mime_type="video/mp4"))
    server.says({"name": "files/f-1", "state": "PROCESSING"})
    server.says({"name": "files/f-1", "state": "ACTIVE"})
    server.says(status=302, headers={"location": f"{server.url}/download/v1/files/f-1"})
    server.says(film, media_type="video/mp4")
    box = Box(x=0, y=0, width=1, height=1)
    request = AnimateImage(
        image=picture(store), width=1280, height=720, duration_s=3, subjects=(box,)
    )
    done = await finished(wire, call(request))
    assert isinstance(done.result, Clip)
    assert done.result.subjects == (box,)
    assert (done.result.video.media_type, done.result.notes) == ("video/mp4", ())
    assert store.path(done.result.video).read_bytes() == film
    assert done.usage == Usage(
        tokens_in=7,
        tokens_out=58_000,
        seconds=3,
        lines=720,
        video_units=request.usage(done.result).video_units,
    )
    paths = [asked.path for asked in server.asked]
    looks = ["/v1/interactions/i1"] * 2 + ["/v1/files/f-1"] * 2
    fetched = ["/v1/files/f-1:download", "/download/v1/files/f-1"]
    assert paths == ["/v1/interactions", *looks, *fetched]
    assert set(keys(server)) == {KEY}


async def test_a_clip_may_come_inside_the_reply(
    server: Server, wire: GoogleWire, call: MakeCall, film: bytes
) -> None:
    server.says({"id": "i1", "status": "in_progress"})
    server.says(completed(data=base64.urlsafe_b64encode(film).decode()))
    done = await finished(wire, call(WAVES.model_copy(update={"duration_s": 5})))
    assert isinstance(done.result, Clip)
    assert (done.result.video.duration_s, done.result.notes) == (3.0, ())


async def test_the_key_goes_to_nobody_else(
    server: Server, wire: GoogleWire, call: MakeCall
) -> None:
    elsewhere = server.url.replace("127.0.0.1", "localhost") + "/clip.mp4"
    server.says(completed(uri=elsewhere))
    with pytest.raises(ProviderError):
        await finished(wire, call(WAVES))
    server.says(completed(uri=f"{server.url}/v1/files/f-1:download"))
    server.says({"state": "ACTIVE"})
    server.says(status=302, headers={"location": elsewhere})
    with pytest.raises(ProviderError) as caught:
        await finished(wire, call(WAVES))
    assert caught.value.started is True
    assert "/clip.mp4" not in [asked.path for asked in server.asked]


@pytest.mark.parametrize(
    ("told", "wanted", "started"),
    [
        ({"status": "failed", "errors": [{"code": "x", "message": "boom"}]}, JobFailedError, True),
        ({"status": "failed", "usage": {"total_input_tokens": 3}}, JobFailedError, False),
        ({"status": "cancelled"}, JobFailedError, True),
        ({"status": "budget_exceeded"}, JobFailedError, True),
        (
            {"status": "failed", "errors": [{"code": "x", "message": "blocked for safety"}]},
            ContentFilteredError,
            None,
        ),
        ({"status": "completed", "steps": []}, JobFailedError, True),
        ({"status": "a_new_one"}, BadResponseError, True),
        ({}, BadResponseError, True),
    ],
)
async def test_jobs_that_end_badly(
    server: Server,
    wire: GoogleWire,
    call: MakeCall,
    told: dict[str, Any],
    wanted: type[BrandModelError],
    started: bool | None,
) -> None:
    server.says({"id": "i1", "status": "in_progress"})
    server.says({"id": "i1", **told})
    with pytest.raises(BrandModelError) as caught:
        await finished(wire, call(WAVES))
    assert type(caught.value) is wanted
    if isinstance(caught.value, ProviderError):
        assert caught.value.started is started
        assert "boom" not in caught.value.message


async def test_a_file_that_failed_is_a_failed_job_and_stopping_it_deletes_it(
    server: Server, wire: GoogleWire, call: MakeCall
) -> None:
    server.says(completed(uri="https://host/v1/files/f-1"))
    job = await wire.start(call(WAVES))
    assert isinstance(job, Job)
    # It is plain data: any process can go on with it.
    assert json.loads(json.dumps(job.handle)) == job.handle
    server.says({"state": "FAILED", "error": {"message": "boom"}})
    with pytest.raises(JobFailedError):
        await wire.check(job, call(WAVES))
    server.says({})
    await wire.cancel(job, call(WAVES))
    assert (server.asked[-1].method, server.asked[-1].path) == ("DELETE", "/v1/files/f-1")


async def test_a_failed_look_says_nothing_about_the_job(
    server: Server, wire: GoogleWire, call: MakeCall
) -> None:
    server.says({"id": "i1", "status": "in_progress"})
    job = await wire.start(call(WAVES))
    assert isinstance(job, Job)
    for status in (500, 503, 429):
        server.says({"error": {"code": status}}, status=status)
        with pytest.raises(ProviderError) as caught:
            await wire.check(job, call(WAVES))
        assert not isinstance(caught.value, JobFailedError)
    with pytest.raises(ProviderError, match="looked up"):
        await wire.find(call(WAVES))


async def test_predictions(server: Server, wire: GoogleWire, call: MakeCall, film: bytes) -> None:
    name = "projects/p/locations/global/publishers/google/models/veo/operations/1"
    row = {"api": "vertex", "model": "veo"}
    coded = base64.b64encode(film).decode()
    for answer in (
        {"name": name},
        {"name": name},
        {"name": name, "done": True, "response": {"videos": [{"bytesBase64Encoded": coded}]}},
    ):
        server.says(answer)
    done = await finished(wire, call(WAVES, **row))
    assert isinstance(done.result, Clip)
    assert done.usage == WAVES.usage(done.result)
    ends: list[tuple[dict[str, Any], type[BrandModelError]]] = [
        ({"response": {"raiMediaFilteredCount": 1}}, ContentFilteredError),
        ({"error": {"code": 3, "message": "Responsible AI practices"}}, ContentFilteredError),
        ({"error": {"code": 13, "message": "Internal"}}, JobFailedError),
        ({"response": {}}, JobFailedError),
    ]
    for told, wanted in ends:
        server.says({"name": name})
        server.says({"name": name, "done": True, **told})
        with pytest.raises(wanted):
            await finished(wire, call(WAVES, **row))
    server.says({})
    with pytest.raises(BadResponseError):
        await wire.start(call(WAVES, **row))


async def test_vectors_that_are_missing_are_told(
    server: Server, wire: GoogleWire, call: MakeCall
) -> None:
    for body in ({"embeddings": [{"values": [1]}]}, {"embeddings": [{}, {}]}, {}, []):
        server.says(body)
        with pytest.raises(BadResponseError):
            await wire.start(call(Embed(texts=("a", "b"))))


@pytest.mark.parametrize(
    ("status", "told", "wanted"),
    [
        (400, {"status": "INVALID_ARGUMENT", "message": "Bad field"}, RejectedError),
        (400, {"status": "INVALID_ARGUMENT", "message": "API key not valid"}, AuthenticationError),
        (400, {"message": "The input token count exceeds the maximum"}, ContextLengthError),
        (401, {"status": "UNAUTHENTICATED", "message": f"no {KEY}"}, AuthenticationError),
        (403, {"status": "PERMISSION_DENIED", "message": "no"}, AuthenticationError),
        (404, {"status": "NOT_FOUND", "message": "models/x is not found"}, UnknownTargetError),
        (429, {"status": "RESOURCE_EXHAUSTED", "message": "check your billing"}, CreditError),
        (500, {"status": "INTERNAL", "message": "x"}, UnavailableError),
        (503, {"status": "UNAVAILABLE", "message": "overloaded"}, UnavailableError),
    ],
)
@pytest.mark.parametrize("listed", [False, True])
async def test_statuses(
    server: Server,
    wire: GoogleWire,
    call: MakeCall,
    status: int,
    told: dict[str, Any],
    wanted: type[BrandModelError],
    listed: bool,
) -> None:
    body = {"error": {"code": status, **told}}
    server.says([body] if listed else body, status=status)
    with pytest.raises(BrandModelError) as caught:
        await wire.start(call(ASKED))
    assert type(caught.value) is wanted
    assert KEY not in f"{caught.value!r} {vars(caught.value)}"
    if isinstance(caught.value, ProviderError):
        assert caught.value.started is (status >= 500)


async def test_a_limit_per_minute_is_no_lack_of_credit(
    server: Server, wire: GoogleWire, call: MakeCall
) -> None:
    error = {
        "code": 429,
        "status": "RESOURCE_EXHAUSTED",
        "message": "You exceeded your current quota, please check your plan and billing details.",
        "details": [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.5s"}],
    }
    server.says({"error": error}, status=429)
    with pytest.raises(RateLimitError) as caught:
        await wire.start(call(ASKED))
    assert caught.value.retry_after_s == 34.5


async def test_an_error_inside_a_stream_may_be_billed(
    server: Server, wire: GoogleWire, call: MakeCall
) -> None:
    begun = {"candidates": [{"content": {"parts": [{"text": "Ye"}]}}]}
    for told, wanted in (
        ({"error": {"code": 503, "status": "UNAVAILABLE"}}, UnavailableError),
        ({"error": {"code": 429, "status": "RESOURCE_EXHAUSTED"}}, RateLimitError),
        ({"error": "?"}, UnavailableError),
        (None, BadResponseError),
    ):
        chunks = [begun] if told is None else [begun, told]
        pieces = [f"data: {json.dumps(one)}\r\n\r\n".encode() for one in chunks]
        server.says(pieces=pieces, media_type="text/event-stream")
        said: list[Any] = []
        with pytest.raises(wanted) as caught:
            await listen(wire, call, said)
        assert said == ["Ye"]
        assert isinstance(caught.value, ProviderError)
        assert caught.value.started is True


@pytest.mark.parametrize(
    "body",
    [
        b"<html>busy</html>",
        b"",
        b"[]",
        b"null",
        b'{"candidates": 3}',
        b'{"candidates": [{"finishReason": "MALFORMED_FUNCTION_CALL"}]}',
        b'{"candidates": [{"content": {"parts": [null, 3]}, "finishReason": "OTHER"}]}',
    ],
)
async def test_what_is_no_answer_is_a_bad_response(
    server: Server, wire: GoogleWire, call: MakeCall, body: bytes
) -> None:
    server.says(body)
    with pytest.raises((BadResponseError, BadResultError)) as caught:
        await wire.start(call(ASKED))
    assert caught.value.started is True


async def test_odd_fields_do_no_harm(server: Server, wire: GoogleWire, call: MakeCall) -> None:
    odd = [
        {"text": None},
        {"text": 3},
        {"functionCall": {"name": 3, "args": "x"}},
        {"text": "Yes."},
        {"inlineData": None},
    ]
    grounding = {"groundingChunks": [None, {"web": 3}, {"web": {"uri": "https://a.b"}}]}
    body = {
        "candidates": [
            {"content": {"parts": odd}, "finishReason": "STOP", "groundingMetadata": grounding}
        ],
        "usageMetadata": {"promptTokenCount": "many", "candidatesTokensDetails": [3]},
        "responseId": "r1",
    }
    server.says(body)
    done = await wire.start(call(ASKED))
    assert isinstance(done, Done)
    told = done.result.model_dump()
    assert told["text"] == "Yes."
    assert [source["url"] for source in told["sources"]] == ["https://a.b"]
    assert told["tool_calls"][0]["id"] == "r1-0"


async def listen(wire: GoogleWire, call: MakeCall, into: list[Any]) -> None:
    async for piece in wire.stream(call(ASKED)):
        into.append(piece)
