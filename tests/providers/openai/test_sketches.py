"""Unfinished pictures: asked for as the official client does, told of as they come, and counted."""

from __future__ import annotations

import base64
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from openai import AsyncOpenAI

from brandmodel.assets.store import FolderStore
from brandmodel.errors import BadResponseError, ContentFilteredError
from brandmodel.providers._prompts import picture_words
from brandmodel.providers.openai import OpenAIWire
from brandmodel.tasks import Asset, Call, Done, EditImage, GenerateImage, Picture, Request
from tests.providers.media import png, png64
from tests.providers.openai.conftest import KEY, MakeCall, Server
from tests.providers.openai.spec import fields_of, validator

CAT = GenerateImage(prompt="A cat", width=64, height=64)
STREAM = "text/event-stream; charset=utf-8"
USAGE = {"total_tokens": 260, "input_tokens": 10, "output_tokens": 250}


def event(kind: str, **fields: Any) -> bytes:
    told = json.dumps({"type": kind, **fields})
    return f"event: {kind}\ndata: {told}\n\n".encode()


def _packed(colour: str) -> str:
    return base64.b64encode(png(64, 64, colour)).decode()


def streamed(prefix: str = "image_generation") -> list[bytes]:
    return [
        event(f"{prefix}.partial_image", b64_json=_packed("red"), partial_image_index=0),
        event(f"{prefix}.partial_image", b64_json=_packed("blue"), partial_image_index=1),
        event(f"{prefix}.completed", b64_json=png64(64, 64), size="64x64", usage=USAGE),
    ]


def looked_at(made: Call, sketches: int = 2) -> tuple[Call, list[Asset]]:
    seen: list[Asset] = []
    target = replace(made.target, sketches=sketches)
    return made._replace(target=target, sketched=seen.append), seen


async def _drawn(store: FolderStore) -> Request[Picture]:
    return CAT


async def _changed(store: FolderStore) -> Request[Picture]:
    return EditImage(images=(await store.put(png(64, 64)),), prompt="Make it red")


async def _officially_drawn(client: AsyncOpenAI) -> list[Any]:
    asked: dict[str, Any] = {
        "model": "model-1",
        "prompt": picture_words(CAT),
        "n": 1,
        "size": "64x64",
    }
    stream = await client.images.generate(**asked, stream=True, partial_images=2)
    return [one async for one in stream]


async def _officially_changed(client: AsyncOpenAI) -> list[Any]:
    asked: dict[str, Any] = {"model": "model-1", "prompt": "Make it red", "n": 1, "size": "64x64"}
    asked["image"] = ("a.png", png(64, 64), "image/png")
    stream = await client.images.edit(**asked, stream=True, partial_images=2)
    return [one async for one in stream]


Make = Callable[[FolderStore], Awaitable[Request[Picture]]]
Official = Callable[[AsyncOpenAI], Awaitable[list[Any]]]


@pytest.mark.parametrize(
    ("make", "official", "prefix", "schema"),
    [
        (_drawn, _officially_drawn, "image_generation", "CreateImageRequest"),
        (_changed, _officially_changed, "image_edit", "CreateImageEditRequest"),
    ],
    ids=["made", "changed"],
)
async def test_sketches_are_asked_for_and_read_as_the_official_client_does(
    make: Make,
    official: Official,
    prefix: str,
    schema: str,
    wire: OpenAIWire,
    call: MakeCall,
    server: Server,
    store: FolderStore,
    shared: Path,
) -> None:
    for _ in range(2):
        server.says(pieces=streamed(prefix), media_type=STREAM)
    asked, seen = looked_at(call(await make(store), base_url=server.url))
    done = await wire.start(asked)
    async with AsyncOpenAI(base_url=server.url, api_key=KEY, max_retries=0) as client:
        *theirs, last = await official(client)
    assert isinstance(done, Done)
    assert [await store.read(one) for one in seen] == [
        base64.b64decode(one.b64_json) for one in theirs
    ]
    assert await store.read(done.result.image) == base64.b64decode(last.b64_json)
    ours, official_ = server.asked
    assert ours.path == official_.path
    body = fields_of(ours) if ours.path.endswith("edits") else ours.json
    assert body["partial_images"] == 2
    if ours.path.endswith("edits"):
        told = [sorted((name, kind, data) for name, _, kind, data in a.form) for a in server.asked]
        assert told[0] == told[1]
        body["stream"] = json.loads(body["stream"])
    else:
        assert ours.json == official_.json
    described = validator(shared / "specs" / "openai" / "openapi.yaml", schema)
    assert [error.message for error in described.iter_errors(body)] == []
    assert not described.is_valid({**body, "partial_images": 4})


async def test_sketches_are_counted_however_the_bytes_are_cut(
    wire: OpenAIWire, call: MakeCall, server: Server
) -> None:
    whole = b"".join(streamed())
    server.says(pieces=[whole[n : n + 7] for n in range(0, len(whole), 7)], media_type=STREAM)
    asked, seen = looked_at(call(CAT))
    asked = asked._replace(target=replace(asked.target, settings={"base_url": server.url}))
    done = await wire.start(asked)
    assert isinstance(done, Done)
    assert done.usage is not None
    assert (done.usage.sketches, done.usage.image_tokens_out) == (2, 250)
    assert (done.usage.images, done.usage.pixels, done.usage.lines) == (1, 64 * 64, 64)
    assert len({one.sha256 for one in seen}) == 2


async def test_where_nobody_looks_nothing_is_streamed(
    wire: OpenAIWire, call: MakeCall, server: Server
) -> None:
    server.says({"created": 1, "data": [{"b64_json": png64(64, 64)}]})
    made = call(CAT, base_url=server.url)
    done = await wire.start(made._replace(target=replace(made.target, sketches=3)))
    assert isinstance(done, Done)
    assert {"stream", "partial_images"}.isdisjoint(server.asked[0].json)


async def test_a_sketch_that_is_none_does_not_spoil_the_picture(
    wire: OpenAIWire, call: MakeCall, server: Server
) -> None:
    page = base64.b64encode(b"<!doctype html><html><body>502</body></html>").decode()
    bad = [
        event("image_generation.partial_image", b64_json=text, partial_image_index=0)
        for text in (page, "?", "")
    ]
    server.says(pieces=[*bad, *streamed()], media_type=STREAM)
    made = call(CAT, base_url=server.url)
    asked, seen = looked_at(made)
    done = await wire.start(asked)
    assert isinstance(done, Done)
    assert [one.media_type for one in seen] == ["image/png"] * 2
    assert done.usage is not None
    assert done.usage.sketches == 5, "they are billed all the same"


async def test_a_stream_that_fails_or_ends_early_says_so(
    wire: OpenAIWire, call: MakeCall, server: Server
) -> None:
    made = call(CAT, base_url=server.url)
    refused = {"code": "moderation_blocked", "message": "no", "type": "image_generation_user_error"}
    server.says(pieces=[streamed()[0], event("error", error=refused)], media_type=STREAM)
    with pytest.raises(ContentFilteredError):
        await wire.start(looked_at(made)[0])
    server.says(pieces=streamed()[:2], media_type=STREAM)
    with pytest.raises(BadResponseError) as broken:
        await wire.start(looked_at(made)[0])
    assert broken.value.started, "it may be billed"
