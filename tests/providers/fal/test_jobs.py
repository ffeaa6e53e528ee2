"""A job from the queue to its result, and every way in which it can end otherwise."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from brandmodel.assets.store import FolderStore
from brandmodel.errors import (
    AuthenticationError,
    BadResponseError,
    BadResultError,
    BrandModelError,
    ContentFilteredError,
    CreditError,
    JobFailedError,
    ProviderError,
    RateLimitError,
    RejectedError,
    UnavailableError,
    UnknownTargetError,
)
from brandmodel.providers.fal import FalWire
from brandmodel.tasks import (
    Call,
    Clip,
    Done,
    GenerateImage,
    GenerateVideo,
    Job,
    Picture,
    TrainImageStyle,
    Transcribe,
    Transcript,
    Weights,
    WriteImagePrompt,
)
from tests.providers.fal.conftest import IMAGE, KEY, PICTURE, MakeCall, Server, png
from tests.providers.fal.test_requests import JOB

REQUEST = GenerateImage(prompt="A bottle", width=16, height=16)


def job_at(server: Server) -> Job:
    handle = {name: value.format(server.url) for name, value in JOB.items()}
    return Job("acme/model-1", "GenerateImage", handle)


@pytest.fixture
def picture(call: MakeCall) -> Call:
    return call(REQUEST, map=PICTURE, result=IMAGE)


async def test_from_the_queue_to_the_picture(
    wire: FalWire, picture: Call, server: Server, store: FolderStore
) -> None:
    job = job_at(server)
    server.says({"status": "IN_QUEUE", "queue_position": 3}, status=202)
    server.says({"status": "IN_PROGRESS", "logs": None}, status=202)
    assert await wire.check(job, picture) == job
    assert await wire.check(job, picture) == job
    server.says({"status": "COMPLETED", "logs": None, "metrics": {"inference_time": 1.2}})
    server.says(
        {"images": [{"url": f"{server.url}/files/a.png"}], "seed": 0, "has_nsfw_concepts": [False]}
    )
    server.says(png(), media_type="image/png")
    done = await wire.check(job, picture)
    assert isinstance(done, Done)
    assert isinstance(done.result, Picture)
    assert await store.read(done.result.image) == png()
    assert done.result.notes == ()
    assert [one.path for one in server.asked[2:]] == [
        "/fal-ai/flux/requests/r-1/status",
        "/fal-ai/flux/requests/r-1",
        "/files/a.png",
    ]
    assert all(one.headers["authorization"] == f"Key {KEY}" for one in server.asked[:4])


async def ended(
    wire: FalWire, call: Call, server: Server, output: Any, *files: bytes
) -> Done | Job:
    """What a finished job with that output is read as."""
    server.says({"status": "COMPLETED"})
    server.says(output)
    for file in files:
        server.says(file, media_type="application/octet-stream")
    return await wire.check(job_at(server), call)


async def test_a_picture_inline(wire: FalWire, picture: Call, server: Server) -> None:
    uri = f"data:image/png;base64,{base64.b64encode(png(24, 16)).decode()}"
    done = await ended(wire, picture, server, {"images": [{"url": uri}], "seed": 5})
    assert isinstance(done, Done)
    assert isinstance(done.result, Picture)
    assert (done.result.image.width, done.result.image.height) == (24, 16)
    assert done.result.notes == ()


async def test_a_seed_that_was_chosen_there_is_told(
    wire: FalWire, call: MakeCall, server: Server
) -> None:
    told = {"image": {"url": f"{server.url}/a"}, "seed": 77}
    row = {"map": {"prompt": "prompt"}, "result": {"media": "image", "seed": "seed"}}
    done = await ended(wire, call(REQUEST, **row), server, told, png())
    assert isinstance(done, Done)
    assert done.result.notes == ("made with seed 77",)


async def test_weights_of_a_training(
    wire: FalWire, call: MakeCall, server: Server, store: FolderStore
) -> None:
    images = tuple(store.put_now(png(8 + n)) for n in range(4))
    request = TrainImageStyle(images=images, trigger="acme")
    row = {"map": {"trigger": "t"}, "result": {"media": "diffusers_lora_file.url", "family": ""}}
    told = {"diffusers_lora_file": {"url": f"{server.url}/w"}, "config_file": {"url": "x"}}
    done = await ended(wire, call(request, **row), server, told, b"\x10\0\0\0\0\0\0\0weights")
    assert isinstance(done, Done)
    assert isinstance(done.result, Weights)
    assert done.result.trigger == "acme"
    assert await store.read(done.result.file) == b"\x10\0\0\0\0\0\0\0weights"


async def test_a_recorded_transcript(
    wire: FalWire, call: MakeCall, server: Server, store: FolderStore, shared: Path
) -> None:
    (path,) = (shared / "recorded" / "fal" / "transcription").glob("*.json")
    told = json.loads(json.loads(path.read_text())["exchanges"][0]["response"]["body"])
    request = Transcribe(audio=store.put_now(b"RIFF"))
    says = {"text": "text", "words": "chunks", "language": "languages[0]"}
    asked = call(request, map={"audio": "audio_url"}, result=says)
    done = await ended(wire, asked, server, told)
    assert isinstance(done, Done)
    assert done.result == Transcript(text="Hello from the Versal AISDK.", language="en")
    told["chunks"] = [
        {"timestamp": [0, 0.4], "text": " Hello"},
        {"timestamp": [0.4, None], "text": "from"},
    ]
    done = await ended(wire, asked, server, told)
    assert isinstance(done, Done)
    assert isinstance(done.result, Transcript)
    assert [(word.text, word.end_s) for word in done.result.words] == [("Hello", 0.4), ("from", 0)]


async def test_words_of_a_language_model(wire: FalWire, call: MakeCall, server: Server) -> None:
    row = {"map": {"prompt": "prompt", "system": "system"}, "result": {"text": "output"}}
    asked = call(WriteImagePrompt(subject="a mug"), **row)
    server.says({name: value.format(server.url) for name, value in JOB.items()})
    await wire.start(asked)
    body = server.asked.pop().json
    assert "a mug" in body["prompt"]
    assert "valid by this JSON Schema" in body["system"]
    done = await ended(wire, asked, server, {"output": '```json\n{"prompt": "A mug."}\n```'})
    assert isinstance(done, Done)
    assert done.result == WriteImagePrompt.result_type()(prompt="A mug.")


@pytest.mark.parametrize(
    ("status", "result", "kind", "started"),
    [
        # The states and bodies of fal's pages on errors.
        (
            {"error": "Runner disconnected", "error_type": "runner_disconnected"},
            ({"detail": "Runner disconnected", "error_type": "runner_disconnected"}, 503),
            JobFailedError,
            False,
        ),
        ({}, ({"detail": "Internal error"}, 500), JobFailedError, False),
        (
            {},
            (
                {"detail": [{"loc": ["body"], "msg": "timed out", "type": "generation_timeout"}]},
                504,
            ),
            JobFailedError,
            False,
        ),
        (
            {"error": "Validation", "error_type": "image_too_large"},
            (
                {
                    "detail": [
                        {
                            "loc": ["body", "image_url"],
                            "msg": "too large",
                            "type": "image_too_large",
                        }
                    ]
                },
                422,
            ),
            JobFailedError,
            True,
        ),
        ({"error": "no", "error_type": "x"}, (b"<html>502</html>", 502), JobFailedError, False),
        (
            {},
            ({"detail": [{"msg": "flagged", "type": "content_policy_violation"}]}, 422),
            ContentFilteredError,
            True,
        ),
        (
            {},
            ({"images": [{"url": "u"}], "has_nsfw_concepts": [True]}, 200),
            ContentFilteredError,
            True,
        ),
        ({}, ({"images": []}, 200), JobFailedError, True),
        ({}, ({"images": [{"url": "data:image/png;base64,@@"}]}, 200), JobFailedError, True),
        ({}, ({"images": [{"url": "http://10.0.0.1/a.png"}]}, 200), BadResultError, True),
        # These looks failed; the job may well be fine.
        ({}, (b"<html>Bad gateway</html>", 502), UnavailableError, True),
        ({}, (b"<html>hello</html>", 200), BadResponseError, True),
        ({}, ({"detail": "slow down"}, 429), RateLimitError, True),
        ({}, ({"detail": "Invalid key"}, 401), AuthenticationError, True),
    ],
)
async def test_how_a_job_ends_without_a_result(
    wire: FalWire,
    picture: Call,
    server: Server,
    status: dict[str, Any],
    result: tuple[Any, int],
    kind: type[BrandModelError],
    started: bool | None,
) -> None:
    server.says({"status": "COMPLETED", **status})
    server.says(result[0], status=result[1])
    with pytest.raises(BrandModelError) as caught:
        await wire.check(job_at(server), picture)
    error = caught.value
    assert type(error) is kind
    assert getattr(error, "started", None) is started
    assert isinstance(error, JobFailedError) is issubclass(kind, JobFailedError)
    if isinstance(error, ProviderError):
        assert error.vendor == "acme"
    assert "fal" not in error.message


@pytest.mark.parametrize(
    ("answer", "status", "kind"),
    [
        ({"detail": "Request not found"}, 404, JobFailedError),
        ({"detail": "oops"}, 500, UnavailableError),
        ({"status": "RESTING"}, 200, BadResponseError),
        (["?"], 200, BadResponseError),
        (b"{", 200, BadResponseError),
    ],
)
async def test_a_look_at_the_state_that_fails(
    wire: FalWire,
    picture: Call,
    server: Server,
    answer: Any,
    status: int,
    kind: type[ProviderError],
) -> None:
    server.says(answer, status=status)
    with pytest.raises(ProviderError) as caught:
        await wire.check(job_at(server), picture)
    assert type(caught.value) is kind
    assert caught.value.vendor == "acme"


@pytest.mark.parametrize(
    ("answer", "status", "kind", "started"),
    [
        (
            {"detail": "Cannot access application. Authentication is required."},
            401,
            AuthenticationError,
            False,
        ),
        (
            {
                "detail": "User is locked. Reason: Exhausted balance. Top up your balance at billing."
            },
            403,
            CreditError,
            False,
        ),
        ({"detail": "Application 'flux' not found"}, 404, UnknownTargetError, False),
        (
            {"detail": [{"loc": ["body", "prompt"], "msg": "field required", "type": "missing"}]},
            422,
            RejectedError,
            False,
        ),
        ({"detail": "Too many requests"}, 429, RateLimitError, False),
        ({"detail": "oops"}, 500, UnavailableError, True),
        (b"<html>", 200, BadResponseError, True),
        ({"request_id": "r-1"}, 200, BadResponseError, True),
    ],
)
async def test_a_job_that_is_not_taken(
    wire: FalWire,
    picture: Call,
    server: Server,
    answer: Any,
    status: int,
    kind: type[ProviderError],
    started: bool,
) -> None:
    server.says(answer, status=status)
    with pytest.raises(ProviderError) as caught:
        await wire.start(picture)
    assert type(caught.value) is kind
    assert caught.value.started is started
    assert KEY not in f"{caught.value} {caught.value.detail}"


@pytest.mark.parametrize("place", ["https://queue.evil.example/r-1", "http://[", "/r-1", 7])
async def test_the_key_goes_nowhere_else(
    wire: FalWire, picture: Call, server: Server, place: object
) -> None:
    told = {name: value.format(server.url) for name, value in JOB.items()}
    server.says({**told, "response_url": place})
    with pytest.raises(BadResponseError, match="response_url is not the queue's") as caught:
        await wire.start(picture)
    assert caught.value.started


@pytest.mark.parametrize("status", [202, 400, 404])
async def test_a_job_is_stopped(wire: FalWire, picture: Call, server: Server, status: int) -> None:
    server.says({"status": "CANCELLATION_REQUESTED"}, status=status)
    await wire.cancel(job_at(server), picture)
    assert server.asked[0].path == "/fal-ai/flux/requests/r-1/cancel"


async def test_a_stop_that_fails_is_told(wire: FalWire, picture: Call, server: Server) -> None:
    server.says({"detail": "oops"}, status=500)
    with pytest.raises(UnavailableError):
        await wire.cancel(job_at(server), picture)


async def test_a_lost_call_cannot_be_looked_up(wire: FalWire, picture: Call) -> None:
    with pytest.raises(ProviderError, match="cannot be looked up"):
        await wire.find(picture)


async def test_a_clip_of_another_length_is_told(
    wire: FalWire, call: MakeCall, server: Server, film: bytes
) -> None:
    request = GenerateVideo(prompt="x", duration_s=5)
    asked = call(request, map={"prompt": "prompt"}, result={"media": "video"})
    done = await ended(wire, asked, server, {"video": {"url": f"{server.url}/v"}}, film)
    assert isinstance(done, Done)
    assert isinstance(done.result, Clip)
    assert (done.result.video.duration_s, done.result.notes) == (3.0, ())
    with pytest.raises(BadResultError, match="not video"):
        await ended(wire, asked, server, {"video": {"url": f"{server.url}/v"}}, b"<html></html>")
