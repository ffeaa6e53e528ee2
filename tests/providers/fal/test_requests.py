"""What goes out, and that the vendor's own client would send the same."""

from __future__ import annotations

import io
import zipfile
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import fal_client
import fal_client.client as official
import pytest

from brandmodel.assets.store import FolderStore
from brandmodel.errors import BadResponseError, ConfigError, ProviderError
from brandmodel.providers.fal import FalWire
from brandmodel.tasks import (
    AnimateImage,
    ComposeMusic,
    EditImage,
    GenerateImage,
    Job,
    Speak,
    TrainImageStyle,
)
from tests.providers.fal.conftest import IMAGE, KEY, PICTURE, Asked, MakeCall, Server, noise, png

JOB = {
    "request_id": "r-1",
    "status_url": "{}/fal-ai/flux/requests/r-1/status",
    "response_url": "{}/fal-ai/flux/requests/r-1",
    "cancel_url": "{}/fal-ai/flux/requests/r-1/cancel",
}
SAME = ("authorization", "content-type", "x-fal-request-timeout", "x-fal-file-name")


def taken(server: Server) -> None:
    """The next answer: the job is in the queue."""
    server.says({name: value.format(server.url) for name, value in JOB.items()})


@pytest.fixture
async def client(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[fal_client.AsyncClient]:
    """The vendor's own client; its hosts are fixed, so they are set where it keeps them."""
    monkeypatch.setattr(official, "QUEUE_URL_FORMAT", f"{server.url}/")
    monkeypatch.setattr(official, "REST_URL", server.url)
    monkeypatch.setattr(official, "CDN_URL", server.url)
    made = fal_client.AsyncClient(key=KEY)
    yield made
    await (await made._client).aclose()  # pyright: ignore[reportPrivateUsage]


def token_of(server: Server) -> dict[str, str]:
    return {
        "token": "t-1",
        "token_type": "Bearer",
        "base_url": server.url,
        "expires_at": "2099-01-01T00:00:00+00:00",
    }


def seen(asked: Asked) -> tuple[Any, ...]:
    """What matters of a request."""
    headers = {name: asked.headers.get(name) for name in SAME}
    body = asked.json if asked.headers.get("content-type") == "application/json" else asked.body
    return asked.path, asked.query, headers, body


async def test_a_job_as_the_official_client_submits_it(
    wire: FalWire, call: MakeCall, server: Server, client: fal_client.AsyncClient
) -> None:
    taken(server)
    taken(server)
    request = GenerateImage(prompt="A bottle", width=1280, height=720, seed=7)
    job = await wire.start(
        call(request, map=PICTURE, constants={"num_images": 1}, result=IMAGE, start_within_s=30.0)
    )
    assert isinstance(job, Job)
    assert dict(job.handle) == {name: value.format(server.url) for name, value in JOB.items()}
    ours = server.asked[0]
    words = ours.json["prompt"]
    assert words.startswith("A bottle")
    expected = {
        "prompt": words,
        "image_size": {"width": 1280, "height": 720},
        "seed": 7,
        "num_images": 1,
    }
    await client.submit("fal-ai/flux/dev", expected, start_timeout=30)
    assert seen(ours) == seen(server.asked[1])
    assert ours.headers["x-fal-no-retry"] == "1", "the platform must not start a paid job again"


async def test_a_webhook_is_asked_for_as_the_official_client_does(
    wire: FalWire,
    call: MakeCall,
    server: Server,
    client: fal_client.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    taken(server)
    taken(server)
    monkeypatch.setenv("STUDIO", "https://studio.example")
    asked = call(GenerateImage(prompt="x"), map=PICTURE, result=IMAGE)
    await wire.start(asked._replace(target=replace(asked.target, webhook="${STUDIO}/hooks?to=fal")))
    ours = server.asked[0]
    address = "https://studio.example/hooks?to=fal"
    await client.submit("fal-ai/flux/dev", ours.json, webhook_url=address)
    assert ours.query == {"fal_webhook": address} == server.asked[1].query


async def test_a_free_job_may_be_repeated_by_the_platform(
    wire: FalWire, call: MakeCall, server: Server
) -> None:
    taken(server)
    await wire.start(call(GenerateImage(prompt="x"), map=PICTURE, result=IMAGE, price=()))
    assert "x-fal-no-retry" not in server.asked[0].headers


async def test_a_large_file_goes_up_as_the_official_client_does_it(
    wire: FalWire,
    call: MakeCall,
    server: Server,
    store: FolderStore,
    client: fal_client.AsyncClient,
) -> None:
    token = token_of(server)
    for _ in range(2):
        server.says(token)
        server.says({"access_url": "https://v3.fal.media/files/b/noise.png"})
    taken(server)
    taken(server)
    asset = noise(store)
    request = AnimateImage(image=asset, width=1280, height=720, duration_s=5)
    job = call(request, map={"image": "image_url"}, result={"media": "video.url"})
    data = store.read_now(asset)
    name = f"{asset.sha256[:12]}.png"
    url = await client.upload(data, "image/png", file_name=name)
    await wire.start(job)
    await wire.start(job)
    theirs, ours, submits = server.asked[:2], server.asked[2:4], server.asked[4:]
    assert [seen(one) for one in ours] == [seen(one) for one in theirs]
    assert ours[1].headers["authorization"] == "Bearer t-1", "the key does not go to the files"
    assert ours[1].body == data
    assert [one.json for one in submits] == [{"image_url": url}] * 2, "it is put up once"


async def test_a_very_large_file_goes_up_in_parts_as_the_official_client_does_it(
    wire: FalWire,
    call: MakeCall,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    store: FolderStore,
    client: fal_client.AsyncClient,
) -> None:
    monkeypatch.setattr("brandmodel.providers.fal._WHOLE_BYTES", 300_000)
    monkeypatch.setattr("brandmodel.providers.fal._PART_BYTES", 250_000)
    monkeypatch.setattr(official, "MULTIPART_THRESHOLD", 300_000)
    monkeypatch.setattr(official, "MULTIPART_CHUNK_SIZE", 250_000)
    monkeypatch.setattr(official, "MULTIPART_MAX_CONCURRENCY", 1)
    asset = noise(store)
    data = store.read_now(asset)
    url = f"{server.url}/files/b/x"
    token = token_of(server)

    def answers() -> None:
        server.says(token)
        server.says({"access_url": url, "uploadId": "u-1"})
        server.says(headers={"etag": "e-1"})
        server.says(headers={"etag": "e-2"})
        server.says({})

    answers()
    taken(server)
    request = AnimateImage(image=asset, width=1280, height=720, duration_s=5)
    await wire.start(call(request, map={"image": "image_url"}, result={"media": "video.url"}))
    assert server.asked[5].json == {"image_url": url}
    ours = server.asked[:5]
    answers()
    await client.upload(data, "image/png", file_name=f"{asset.sha256[:12]}.png")
    theirs = server.asked[6:]
    assert [seen(one) for one in ours] == [seen(one) for one in theirs]


async def test_small_files_go_along(
    wire: FalWire, call: MakeCall, server: Server, store: FolderStore
) -> None:
    taken(server)
    first, second = (store.put_now(png(side, side)) for side in (8, 9))
    mask = store.put_now(png(7, 7))
    request = EditImage(images=(first, second), prompt="Make it blue", mask=mask)
    where = {"prompt": "prompt", "images": "image_urls[]", "mask": "mask_url"}
    await wire.start(call(request, map=where, result=IMAGE))
    body = server.asked[0].json
    assert [url.partition(",")[0] for url in body["image_urls"]] == ["data:image/png;base64"] * 2
    assert body["image_urls"][0] != body["image_urls"][1] != body["mask_url"]
    assert body["prompt"] == "Make it blue", "the mask has a field of its own"


async def test_a_training_takes_its_pictures_and_captions_as_one_zip(
    wire: FalWire, call: MakeCall, server: Server, store: FolderStore
) -> None:
    server.says({"token": "t-1", "token_type": "Bearer"})
    server.says({"access_url": "https://v3.fal.media/files/b/a.zip"})
    taken(server)
    images = tuple(store.put_now(png(8 + side, 8)) for side in range(4))
    request = TrainImageStyle(
        images=images, captions=("one", "two", "three", "four"), trigger="acme", style=True
    )
    where = {
        "archive": "images_data_url",
        "trigger": "trigger_word",
        "steps": "steps",
        "style": "is_style",
    }
    training = call(request, map=where, result={"media": "diffusers_lora_file.url"})
    await wire.start(training)
    with zipfile.ZipFile(io.BytesIO(server.asked[1].body)) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    assert held == {
        **{f"00{n}.png": store.read_now(image) for n, image in enumerate(images)},
        **{f"00{n}.txt": caption.encode() for n, caption in enumerate(request.captions)},
    }
    assert server.asked[2].json == {
        "images_data_url": "https://v3.fal.media/files/b/a.zip",
        "trigger_word": "acme",
        "steps": 1000,
        "is_style": True,
    }


async def test_weights_go_on_a_model_by_address_or_from_a_file(
    wire: FalWire, call: MakeCall, server: Server, tmp_path: Path
) -> None:
    server.says({"token": "t-1", "token_type": "Bearer"})
    server.says({"access_url": "https://v3.fal.media/files/b/own.safetensors"})
    taken(server)
    own = tmp_path / "own.safetensors"
    own.write_bytes(b"weights")
    loras = [
        {"path": "https://weights.example/a.safetensors", "scale": 0.7, "trigger": "acme style"},
        {"path": str(own)},
    ]
    await wire.start(
        call(
            GenerateImage(prompt="A bottle"),
            map={"prompt": "prompt", "loras": "loras"},
            loras=loras,
            result=IMAGE,
        )
    )
    assert server.asked[1].body == b"weights"
    assert server.asked[1].headers["x-fal-file-name"].endswith(".safetensors")
    body = server.asked[2].json
    assert body["loras"] == [
        {"path": "https://weights.example/a.safetensors", "scale": 0.7},
        {"path": "https://v3.fal.media/files/b/own.safetensors", "scale": 1.0},
    ]
    assert body["prompt"].startswith("acme style, A bottle")


async def test_weights_that_are_not_there(wire: FalWire, call: MakeCall) -> None:
    row = {"map": {"loras": "loras"}, "loras": [{"path": "/nowhere/w.safetensors"}]}
    with pytest.raises(ConfigError, match="cannot be read"):
        await wire.start(call(GenerateImage(prompt="x"), result=IMAGE, **row))


@pytest.mark.parametrize("token", [{}, ["t"], {"token": "a\nb", "token_type": "Bearer"}])
async def test_an_upload_without_a_token(
    wire: FalWire, call: MakeCall, server: Server, store: FolderStore, token: Any
) -> None:
    server.says(token)
    request = AnimateImage(image=noise(store), width=64, height=64, duration_s=5)
    with pytest.raises(BadResponseError) as caught:
        await wire.start(call(request, map={"image": "image_url"}, result={"media": "video.url"}))
    assert not caught.value.started
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [401, 500])
async def test_a_failed_upload_started_nothing(
    wire: FalWire, call: MakeCall, server: Server, store: FolderStore, status: int
) -> None:
    server.says({"detail": "no"}, status=status)
    request = AnimateImage(image=noise(store), width=64, height=64, duration_s=5)
    with pytest.raises(ProviderError) as caught:
        await wire.start(call(request, map={"image": "image_url"}, result={"media": "video.url"}))
    assert not caught.value.started
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("asked", "where", "limits", "expected"),
    [
        (4.2, {"to": "duration", "as": "string"}, {"durations_s": [5, 10]}, "5"),
        (6, {"to": "duration", "as": "integer"}, {"durations_s": [5, 10]}, 10),
        (12, {"to": "duration", "as": "{}s"}, {}, "12s"),
        (4.2, {"to": "duration", "as": "integer"}, {}, 5),
        (4.2, {"to": "duration", "as": "milliseconds"}, {}, 4200),
        (7, {"to": "duration", "of": {"short": 5, "long": 8}}, {}, "long"),
        (9, {"to": "duration", "of": [5, 8]}, {}, 8),
        (3.5, "duration", {}, 3.5),
    ],
)
async def test_lengths_as_the_model_wants_them(
    wire: FalWire,
    call: MakeCall,
    server: Server,
    asked: float,
    where: Any,
    limits: dict[str, Any],
    expected: object,
) -> None:
    taken(server)
    request = ComposeMusic(duration_s=asked)
    row = {"map": {"duration_s": where}, "result": {"media": "audio.url"}, "limits": limits}
    await wire.start(call(request, **row))
    assert server.asked[0].json == {"duration": expected}
    assert type(server.asked[0].json["duration"]) is type(expected)


@pytest.mark.parametrize(
    ("name", "where", "expected"),
    [
        ("aspect", {"to": "x", "of": ["1:1", "16:9", "9:16"]}, "16:9"),
        ("aspect", {"to": "x", "of": {"wide": "16:9", "square": "1:1"}}, "wide"),
        ("size", {"to": "x", "of": ["1024x1024", "1536x1024"]}, "1536x1024"),
        ("size", {"to": "x", "as": "{}x{}"}, "1920x1080"),
        ("lines", {"to": "x", "of": {"720p": 720, "1080p": 1080, "4k": 2160}}, "1080p"),
        ("lines", {"to": "x", "of": {"480p": 480, "720p": 720}}, "720p"),
        ("height", {"to": "x", "as": "number"}, 1080.0),
        ("seed", {"to": "x", "as": "string"}, "5"),
    ],
)
async def test_sizes_and_seeds_as_the_model_wants_them(
    wire: FalWire, call: MakeCall, server: Server, name: str, where: Any, expected: object
) -> None:
    taken(server)
    request = GenerateImage(prompt="x", width=1920, height=1080, seed=2**31 + 3)
    await wire.start(call(request, map={name: where}, result=IMAGE, take=2))
    assert server.asked[0].json == {"x": expected}


async def test_only_what_the_request_has_is_sent(
    wire: FalWire, call: MakeCall, server: Server
) -> None:
    taken(server)
    where = {"text": "input.text", "voice": "input.voice", "pace": "speed", "mask": "mask_url"}
    row = {"constants": {"input": {"format": "wav"}}, "result": {"media": "audio.url"}}
    await wire.start(call(Speak(text="Good morning"), map=where, **row))
    assert server.asked[0].json == {
        "input": {"format": "wav", "text": "Good morning"},
        "speed": 1.0,
    }


@pytest.mark.parametrize(
    ("where", "complaint"),
    [
        ({"prmpt": "prompt"}, "no task has such a field"),
        ({"size": "image_size{width}"}, "cannot be followed"),
        ({"lines": {"of": {"720p": 720}}}, "cannot be followed"),
        ({"seed": {"to": "seed", "as": "roman"}}, "cannot be followed"),
        ({"prompt": "text", "seed": "text.seed"}, "cannot be followed"),
        ({"archive": "zip"}, "only TrainImageStyle has an archive"),
    ],
)
async def test_a_wrong_row_is_told_and_nothing_is_sent(
    wire: FalWire, call: MakeCall, server: Server, where: Any, complaint: str
) -> None:
    with pytest.raises(ConfigError, match=complaint) as caught:
        await wire.start(call(GenerateImage(prompt="x"), map=where, result=IMAGE))
    assert "acme/model-1" in str(caught.value)
    assert server.asked == []


async def test_a_reference_without_a_place_is_told(
    wire: FalWire, call: MakeCall, server: Server, store: FolderStore
) -> None:
    taken(server)
    taken(server)
    request = GenerateImage(prompt="x", reference=store.put_now(png()))
    await wire.start(call(request, map={"prompt": "prompt"}, result=IMAGE))
    await wire.start(
        call(request, map={"prompt": "prompt", "reference": "image_url"}, result=IMAGE)
    )
    without, with_it = (one.json for one in server.asked)
    assert "composition of the picture given" not in without["prompt"]
    assert "composition of the picture given" in with_it["prompt"]
    assert with_it["image_url"].startswith("data:image/png;base64,")
