"""A row of data serves a run; a lost reply is found again and paid once."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from brandmodel import AsyncBrandModel
from brandmodel.providers.replicate import ReplicateWire
from brandmodel.recipes import recipe
from brandmodel.tasks import Asset, Brief, Chat, Context, Done, GenerateImage, Message
from tests.providers.fal.conftest import MakeCall, Server, png
from tests.providers.replicate.test_requests import prediction

VENDOR = """\
[replicate]
provider = "replicate"
base_url = "{url}/v1"
key_env = "REPLICATE_API_TOKEN"
"""
TARGET = """\
[painter]
tasks = ["GenerateImage"]
model = "acme/painter"
price = {{ image = 0.05 }}
price_source = "https://painter.example/prices"
price_checked = 2026-11-23
settings.result = {{ media = "output" }}
settings.map = {{ seed = "seed" }}
"""
MODEL = """\
[model]
name = "acme-1"
default = true
[tasks]
GenerateImage = ["replicate/painter"]
Sign = ["house/sign"]
"""


async def painted(ctx: Context, brief: Brief) -> dict[str, Asset]:
    """One picture."""
    made = await ctx.call(GenerateImage(prompt=brief.prompt, width=64, height=64, seed=5), name="p")
    return {"picture": made.image}


async def test_a_lost_reply_is_found_and_paid_once(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe("painted", makes=("image/png",))(painted)
    routers = tmp_path / "routers"
    (routers / "targets").mkdir(parents=True)
    (routers / "vendors.toml").write_text(VENDOR.format(url=server.url))
    (routers / "targets" / "replicate.toml").write_text(TARGET.format())
    (routers / "acme-1.toml").write_text(MODEL)
    monkeypatch.setenv("REPLICATE_API_TOKEN", "r8_secret42secret")
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    server.says(pieces=[b'{"id": "p-1"'], cut_off=True)
    server.says({"results": [prediction(input={"seed": 5}, created_at=now)], "next": None})
    server.says(prediction("processing"))
    server.says(prediction("succeeded", output=f"{server.url}/out.png"))
    server.says(png(64, 64))
    async with AsyncBrandModel(routers=routers, home=tmp_path / "home") as model:
        result = await model.run("A bottle", recipe="painted")
    paths = [one.path for one in server.asked]
    assert paths.count("/v1/models/acme/painter/predictions") == 1, "it is not sent again"
    assert paths.count("/v1/predictions/p-1") == 2
    assert result.receipt.paid_usd == pytest.approx(0.05)
    held = _everything(tmp_path)
    assert b"r8_secret42secret" not in held


async def test_words_come_at_once_where_nothing_streams(
    wire: ReplicateWire, call: MakeCall, server: Server
) -> None:
    chat = Chat(messages=(Message(role="user", text="Hi"),))
    asked = call(chat, map={"prompt": "prompt"}, result={"text": "output"})
    server.says(prediction(), status=201)
    server.says(prediction("processing"))
    server.says(prediction("succeeded", output=["Hel", "lo"]))
    pieces = [piece async for piece in wire.stream(asked)]
    assert pieces[0] == "Hello"
    assert isinstance(pieces[1], Done)


def _everything(folder: Path) -> bytes:
    """Of all files that the run left: journal, store, tables."""
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
