"""What goes out: as the vendor's own client sends it, and valid by the vendor's own description."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from replicate.client import Client

from brandmodel.assets.store import FolderStore
from brandmodel.errors import ProviderError, RejectedError
from brandmodel.providers.replicate import ReplicateWire
from brandmodel.tasks import AnimateImage, GenerateImage, Job, UpscaleImage
from tests.providers.fal.conftest import Asked, MakeCall, Server, noise, png
from tests.providers.replicate.conftest import KEY

VERSION = "39ed52f2a78e934b3ba6e2a89f5b1c712de7dfea535525255b1aa35c5565e08b"
ROW: dict[str, Any] = {
    "map": {"prompt": "prompt", "width": "width", "height": "height", "seed": "seed"},
    "result": {"media": "output"},
}
REQUEST = GenerateImage(prompt="a corgi", width=512, height=768, seed=42)


def prediction(status: str = "starting", **more: Any) -> dict[str, Any]:
    """A prediction as the API tells it."""
    return {
        "id": "p-1",
        "model": "stability-ai/sdxl",
        "version": "hidden",
        "status": status,
        "input": {},
        "output": None,
        "logs": "",
        "error": None,
        "metrics": None,
        "created_at": "2026-11-23T10:00:00.123456789Z",
        "started_at": None,
        "completed_at": None,
        "urls": {"get": "https://x/p-1", "cancel": "https://x/p-1/cancel"},
        **more,
    }


@pytest.fixture
async def client(server: Server) -> AsyncIterator[Client]:
    """The vendor's own client, pointed at the server."""
    made = Client(api_token=KEY, base_url=server.url)
    yield made
    await made._async_client.aclose()  # pyright: ignore[reportPrivateUsage]


@cache
def spec(shared: Path) -> Any:
    return json.loads((shared / "specs" / "replicate" / "openapi.json").read_text())


def complaints(shared: Path, asked: Asked) -> list[str]:
    """What the description of the API has against a request; its path must be one of it."""
    described = spec(shared)
    wanted = asked.path.removeprefix("/v1").split("/")
    (path,) = [
        path
        for path in described["paths"]
        if len(parts := path.split("/")) == len(wanted)
        and all(a == b or a.startswith("{") for a, b in zip(parts, wanted, strict=True))
        and (path == "/predictions/{prediction_id}/cancel") is (wanted[-1] == "cancel")
    ]
    operation = described["paths"][path]["post"]
    if "requestBody" not in operation:
        return [] if not asked.body else ["a body"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    root = {**schema, "components": described["components"]}
    return [error.message for error in Draft202012Validator(root).iter_errors(asked.json)]


@pytest.mark.parametrize(
    ("model", "how"),
    [
        ("stability-ai/sdxl", {"model": "stability-ai/sdxl"}),
        (f"stability-ai/sdxl:{VERSION}", {"version": VERSION}),
        (VERSION, {"version": VERSION}),
        ("deployments/acme/own", {"deployment": "acme/own"}),
    ],
)
async def test_a_prediction_as_the_official_client_creates_it(
    wire: ReplicateWire,
    call: MakeCall,
    server: Server,
    shared: Path,
    client: Client,
    model: str,
    how: dict[str, str],
) -> None:
    server.says(prediction(), status=201)
    server.says(prediction(), status=201)
    job = await wire.start(call(REQUEST, model=model, base_url=f"{server.url}/v1", **ROW))
    assert isinstance(job, Job)
    assert dict(job.handle) == {"id": "p-1"}
    ours = server.asked[0]
    assert ours.json["input"].pop("prompt").startswith("a corgi")
    sent = ours.json["input"]
    assert (sent["width"], sent["height"], sent["seed"]) == (512, 768, 42)
    if "deployment" in how:
        deployment = client.deployments.predictions
        await deployment.async_create(how["deployment"], input=sent)
    else:
        await client.predictions.async_create(input=sent, **how)  # pyright: ignore[reportCallIssue, reportArgumentType]
    theirs = server.asked[1]
    assert ours.path == theirs.path
    assert ours.json == theirs.json
    assert ours.headers["authorization"] == theirs.headers["authorization"]
    assert "prefer" not in ours.headers, "a reply that waits can get lost"
    assert complaints(shared, ours) == []
    theirs.body = json.dumps({"input": sent, "webhooks": 1}).encode()
    assert complaints(shared, theirs), "the description tells wrong from right"


async def test_a_webhook_is_asked_for_as_the_official_client_does(
    wire: ReplicateWire, call: MakeCall, server: Server, shared: Path, client: Client
) -> None:
    server.says(prediction(), status=201)
    server.says(prediction(), status=201)
    address = "https://studio.example/hooks/replicate"
    asked = call(REQUEST, model="stability-ai/sdxl", base_url=f"{server.url}/v1", **ROW)
    await wire.start(asked._replace(target=replace(asked.target, webhook=address)))
    ours = server.asked[0]
    await client.predictions.async_create(
        model="stability-ai/sdxl",
        input=ours.json["input"],
        webhook=address,
        webhook_events_filter=["completed"],
    )
    assert ours.json == server.asked[1].json
    assert ours.json["webhook"] == address
    assert complaints(shared, ours) == []


async def test_a_stop_as_the_official_client_does_it(
    wire: ReplicateWire, call: MakeCall, server: Server, shared: Path, client: Client
) -> None:
    server.says(prediction("canceled"))
    server.says(prediction("canceled"))
    asked = call(REQUEST, base_url=f"{server.url}/v1", **ROW)
    await wire.cancel(Job(asked.target.id, "GenerateImage", {"id": "p-1"}), asked)
    await client.predictions.async_cancel("p-1")
    ours, theirs = server.asked
    assert (ours.path, ours.body) == (theirs.path, theirs.body)
    assert complaints(shared, ours) == []


async def test_a_large_file_goes_up_as_the_official_client_does_it(
    wire: ReplicateWire, call: MakeCall, server: Server, store: FolderStore, client: Client
) -> None:
    file = {"name": "a.png", "id": "f-1", "urls": {"get": f"{server.url}/v1/files/f-1"}}
    more = {"content_type": "image/png", "size": 1, "etag": "e", "checksums": {}, "metadata": {}}
    full = {**file, **more, "created_at": "2026-11-23T10:00:00Z", "expires_at": None}
    server.says(full, status=201)
    server.says(prediction(), status=201)
    server.says(full, status=201)
    asset = noise(store)
    request = AnimateImage(image=asset, width=1280, height=720, duration_s=5)
    row = {"map": {"image": "image"}, "result": {"media": "output"}}
    await wire.start(call(request, base_url=f"{server.url}/v1", **row))
    assert server.asked[1].json == {"input": {"image": file["urls"]["get"]}}
    data = io.BytesIO(store.read_now(asset))
    data.name = f"{asset.sha256[:12]}.png"
    await client.files.async_create(data)
    ours, theirs = server.asked[0], server.asked[2]
    assert (ours.path, ours.form) == (theirs.path, theirs.form)
    assert ours.form == [("content", data.name, "image/png", data.getvalue())]


async def test_a_small_file_goes_along(
    wire: ReplicateWire, call: MakeCall, server: Server, store: FolderStore
) -> None:
    server.says(prediction(), status=201)
    request = UpscaleImage(image=store.put_now(png(64, 32)), width=128, height=100)
    row = {"map": {"image": "image", "factor": "scale"}, "result": {"media": "output"}}
    await wire.start(call(request, **row))
    sent = server.asked[0].json["input"]
    assert sent["image"].startswith("data:image/png;base64,")
    assert sent["scale"] == 3.13, "rounded up, as what is too large can be made smaller"


async def test_a_file_that_nobody_takes(
    wire: ReplicateWire,
    call: MakeCall,
    server: Server,
    store: FolderStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("brandmodel.providers.replicate._LARGEST_UPLOAD", 300_000)
    request = AnimateImage(image=noise(store), width=64, height=64, duration_s=5)
    with pytest.raises(RejectedError) as caught:
        await wire.start(call(request, map={"image": "image"}, result={"media": "output"}))
    assert not caught.value.started
    assert server.asked == []


@pytest.mark.parametrize("answer", [{}, {"urls": {"get": "nowhere"}}, {"urls": 7}])
async def test_an_upload_without_an_address(
    wire: ReplicateWire, call: MakeCall, server: Server, store: FolderStore, answer: Any
) -> None:
    server.says(answer, status=201)
    request = AnimateImage(image=noise(store), width=64, height=64, duration_s=5)
    with pytest.raises(ProviderError) as caught:
        await wire.start(call(request, map={"image": "image"}, result={"media": "output"}))
    assert not caught.value.started
