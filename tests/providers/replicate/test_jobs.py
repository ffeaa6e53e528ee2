"""A prediction to its end, and a lost one found again."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any

import pytest

from brandmodel.assets.store import FolderStore
from brandmodel.errors import (
    BadResponseError,
    BrandModelError,
    ContentFilteredError,
    CreditError,
    JobFailedError,
    ProviderError,
    RateLimitError,
    RejectedError,
    UnavailableError,
)
from brandmodel.providers.replicate import ReplicateWire
from brandmodel.tasks import Call, Chat, Done, EditImage, Job, Message, Picture
from tests.providers.fal.conftest import MakeCall, Server, png
from tests.providers.replicate.conftest import KEY
from tests.providers.replicate.test_requests import REQUEST, ROW, VERSION, prediction

BEGAN = datetime(2026, 11, 23, 10, 0, tzinfo=UTC).timestamp()
JOB = Job("acme/model-1", "GenerateImage", {"id": "p-1"})


@pytest.fixture
def picture(call: MakeCall) -> Call:
    return call(REQUEST, attempt="a-1", began=BEGAN, **ROW)


@pytest.mark.parametrize("several", [True, False])
async def test_from_the_start_to_the_picture(
    wire: ReplicateWire, picture: Call, server: Server, store: FolderStore, several: bool
) -> None:
    server.says(prediction("starting"), status=201)
    job = await wire.start(picture)
    assert job == JOB
    server.says(prediction("processing", logs=" 40%|####"))
    assert await wire.check(JOB, picture) == JOB
    url = f"{server.url}/pbxt/out.png"
    server.says(prediction("succeeded", output=[url, "https://x/2"] if several else url))
    server.says(png(512, 768))
    done = await wire.check(JOB, picture)
    assert isinstance(done, Done)
    assert isinstance(done.result, Picture)
    assert await store.read(done.result.image) == png(512, 768)
    assert (done.usage, done.usd_nano) == (None, None)
    assert [one.path for one in server.asked[1:]] == ["/predictions/p-1"] * 2 + ["/pbxt/out.png"]


async def test_what_the_metrics_tell(wire: ReplicateWire, call: MakeCall, server: Server) -> None:
    timed = call(REQUEST, usd_per_second=0.000725, **ROW)
    told = {"metrics": {"predict_time": 3.000000001}, "output": f"{server.url}/a"}
    server.says(prediction("succeeded", **told))
    server.says(png())
    done = await wire.check(JOB, timed)
    assert isinstance(done, Done)
    assert done.usd_nano == 2_175_001, "rounded up"
    chat = Chat(messages=(Message(role="user", text="Hi"),))
    worded = call(chat, map={"prompt": "prompt"}, result={"text": "output"})
    metrics = {"input_token_count": 12, "output_token_count": 5}
    server.says(prediction("succeeded", output=["Hel", "lo"], metrics=metrics))
    done = await wire.check(JOB, worded)
    assert isinstance(done, Done)
    assert done.usage is not None
    assert (done.usage.tokens_in, done.usage.tokens_out) == (12, 5)


@pytest.mark.parametrize(
    ("told", "settings", "kind", "started"),
    [
        ({"status": "failed", "error": "CUDA out of memory"}, {}, JobFailedError, False),
        (
            {"status": "failed", "error": "boom", "metrics": {"predict_time": 4.2}},
            {"usd_per_second": 0.001},
            JobFailedError,
            True,
        ),
        (
            {"status": "failed", "error": "no such file", "metrics": {}},
            {"usd_per_second": 0.001},
            JobFailedError,
            False,
        ),
        (
            {"status": "failed", "error": "NSFW content detected. Try running it again."},
            {},
            ContentFilteredError,
            False,
        ),
        (
            {"status": "failed", "error": "The input or output was flagged as sensitive. (E005)"},
            {},
            ContentFilteredError,
            False,
        ),
        ({"status": "canceled"}, {}, JobFailedError, False),
        ({"status": "aborted"}, {}, JobFailedError, False),
        ({"status": "evaporated"}, {}, JobFailedError, False),
        ({"status": "succeeded", "output": None}, {}, JobFailedError, True),
        ({"status": "succeeded", "output": []}, {}, JobFailedError, True),
        ({"status": "succeeded", "data_removed": True}, {}, JobFailedError, True),
        ({"status": None}, {}, BadResponseError, True),
        ({"id": 7}, {}, BadResponseError, True),
    ],
)
async def test_how_it_ends_without_a_result(
    wire: ReplicateWire,
    call: MakeCall,
    server: Server,
    told: dict[str, Any],
    settings: dict[str, Any],
    kind: type[BrandModelError],
    started: bool | None,
) -> None:
    server.says(prediction(**told))
    with pytest.raises(BrandModelError) as caught:
        await wire.check(JOB, call(REQUEST, **settings, **ROW))
    assert type(caught.value) is kind
    assert getattr(caught.value, "started", None) is started


async def test_a_prediction_that_is_gone(
    wire: ReplicateWire, picture: Call, server: Server
) -> None:
    server.says({"detail": "Not found"}, status=404)
    with pytest.raises(JobFailedError):
        await wire.check(JOB, picture)


@pytest.mark.parametrize(
    ("status", "body", "kind", "started"),
    [
        (
            402,
            {
                "title": "Monthly spend limit reached",
                "detail": "You've hit your monthly spend limit.",
                "status": 402,
            },
            CreditError,
            False,
        ),
        (
            422,
            {
                "title": "Input validation failed",
                "detail": "- input: prompt is required\n",
                "status": 422,
                "invalid_fields": [{"type": "required", "field": "input.prompt"}],
            },
            RejectedError,
            False,
        ),
        (500, {"detail": "Internal server error"}, UnavailableError, True),
        (200, ["?"], BadResponseError, True),
    ],
)
async def test_a_prediction_that_is_not_created(
    wire: ReplicateWire,
    picture: Call,
    server: Server,
    status: int,
    body: Any,
    kind: type[ProviderError],
    started: bool,
) -> None:
    server.says(body, status=status)
    with pytest.raises(ProviderError) as caught:
        await wire.start(picture)
    assert type(caught.value) is kind
    assert caught.value.started is started


async def test_how_long_to_wait_stands_in_the_words(
    wire: ReplicateWire, picture: Call, server: Server
) -> None:
    words = "Request was throttled. Your rate limit resets in ~30s."
    server.says({"detail": words, "status": 429}, status=429)
    with pytest.raises(RateLimitError) as caught:
        await wire.start(picture)
    assert caught.value.retry_after_s == 30


# ---- lost calls


async def lost(wire: ReplicateWire, call: Call, server: Server) -> dict[str, Any]:
    """The input of a call whose reply was cut off."""
    server.says(pieces=[b'{"id"'], cut_off=True)
    with pytest.raises(UnavailableError) as caught:
        await wire.start(call)
    assert caught.value.started
    return server.asked.pop().json["input"]


def page(*results: Any, more: str | None = None) -> dict[str, Any]:
    return {"results": list(results), "next": more, "previous": None}


async def test_a_lost_call_is_found_by_its_input(
    wire: ReplicateWire, picture: Call, server: Server
) -> None:
    sent = await lost(wire, picture, server)
    other = prediction("succeeded", id="p-0", input={**sent, "seed": 1})
    before = prediction("succeeded", id="p-9", input=sent, created_at="2026-11-23T09:58:00Z")
    server.says(page(other, prediction("processing", input=sent), before))
    found = await wire.find(picture)
    assert found == JOB
    asked = server.asked[0]
    assert asked.query == {"created_after": "2026-11-23T09:59:30Z"}
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert await wire.find(picture) == found, "without another look"
    assert len(server.asked) == 1


async def test_it_is_looked_for_on_every_page(
    wire: ReplicateWire, picture: Call, server: Server
) -> None:
    sent = await lost(wire, picture, server)
    others = [prediction(id=f"o-{n}", input={"prompt": "other"}) for n in range(3)]
    server.says(page(*others, more=f"{server.url}/predictions?cursor=abc"))
    server.says(page(prediction(input=sent)))
    assert await wire.find(picture) == JOB
    assert [one.query.get("cursor") for one in server.asked] == [None, "abc"]


async def test_one_that_was_not_created_is_looked_for_twice(
    wire: ReplicateWire, picture: Call, server: Server
) -> None:
    sent = await lost(wire, picture, server)
    old = prediction(id="p-9", input=sent, created_at="2026-11-23T09:58:00.5Z")
    for _ in range(2):
        server.says(page(old, more=f"{server.url}/predictions?cursor=older"))
    assert await wire.find(picture) is None
    assert len(server.asked) == 2, "older pages are not looked at"


async def test_of_several_equal_ones_nobody_can_tell(
    wire: ReplicateWire, picture: Call, server: Server
) -> None:
    sent = await lost(wire, picture, server)
    server.says(page(prediction(input=sent), prediction(id="p-2", input=sent)))
    with pytest.raises(ProviderError, match="several calls") as caught:
        await wire.find(picture)
    assert caught.value.started


async def test_those_of_other_calls_are_not_taken(
    wire: ReplicateWire, picture: Call, server: Server
) -> None:
    other = picture._replace(attempt="a-2")
    server.says(prediction(), status=201)
    assert await wire.start(other) == JOB
    server.asked.clear()
    sent = await lost(wire, picture, server)
    server.says(page(prediction(id="p-2", input=sent), prediction(input=sent)))
    found = await wire.find(picture)
    assert isinstance(found, Job)
    assert dict(found.handle) == {"id": "p-2"}


async def test_a_mark_in_the_input_tells_equal_calls_apart(
    wire: ReplicateWire, call: MakeCall, server: Server
) -> None:
    row = {"map": {"prompt": "prompt", "attempt": "user"}, "result": {"media": "output"}}
    marked = call(REQUEST, attempt="a-1", began=BEGAN, **row)
    sent = await lost(wire, marked, server)
    assert sent["user"] == "a-1"
    twin = prediction(id="p-2", input={**sent, "user": "a-2"})
    server.says(page(twin, prediction(input=sent)))
    assert await wire.find(marked) == JOB


async def test_files_may_lie_anywhere(
    wire: ReplicateWire, call: MakeCall, server: Server, store: FolderStore
) -> None:
    request = EditImage(images=(store.put_now(png()), store.put_now(png(20))), prompt="x")
    row = {"map": {"prompt": "prompt", "images": "input_images[]"}, "result": {"media": "output"}}
    edit = call(request, model=VERSION, attempt="a-1", began=BEGAN, **row)
    sent = await lost(wire, edit, server)
    assert len(sent["input_images"]) == 2
    told = {**sent, "input_images": ["https://replicate.delivery/a", "https://x/b"]}
    fewer = {**sent, "input_images": ["https://replicate.delivery/a"]}
    server.says(
        page(
            prediction(id="p-3", input=fewer, version=VERSION),
            prediction(id="p-2", input=told, version="another"),
            prediction(input=told, version=VERSION),
        )
    )
    found = await wire.find(edit)
    assert isinstance(found, Job)
    assert dict(found.handle) == {"id": "p-1"}


@pytest.mark.parametrize(
    "answer", [{"results": None}, [], b"<html>", page(more="https://evil.example/v1/predictions")]
)
async def test_a_list_that_is_none(
    wire: ReplicateWire, picture: Call, server: Server, answer: Any
) -> None:
    server.says(answer)
    with pytest.raises(ProviderError):
        await wire.find(picture)
    assert len(server.asked) == 1


async def test_without_its_time_a_call_cannot_be_looked_for(
    wire: ReplicateWire, call: MakeCall, server: Server
) -> None:
    with pytest.raises(ProviderError, match="nobody knows when"):
        await wire.find(call(REQUEST, attempt="a-1", **ROW))
    assert server.asked == []


async def test_too_many_pages(wire: ReplicateWire, picture: Call, server: Server) -> None:
    for _ in range(10):
        server.says(page(prediction(id="o"), more=f"{server.url}/predictions?cursor=x"))
    with pytest.raises(ProviderError, match="too many"):
        await wire.find(picture)


@pytest.mark.parametrize("behind_s", [0, 20, -3600])
async def test_a_clock_a_little_behind_finds_its_call(
    wire: ReplicateWire, picture: Call, server: Server, behind_s: float
) -> None:
    for _ in range(2):
        server.says(page(), headers={"date": formatdate(time.time() - behind_s, usegmt=True)})
    assert await wire.find(picture) is None


async def test_a_clock_far_behind_does_not_say_that_nothing_was_started(
    wire: ReplicateWire, picture: Call, server: Server
) -> None:
    server.says(page(), headers={"date": formatdate(time.time() - 300, usegmt=True)})
    with pytest.raises(ProviderError, match="clocks"):
        await wire.find(picture)
