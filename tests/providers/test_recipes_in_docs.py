"""What docs/how-to/add-a-vendor-or-a-model.md tells to write, written and served: data alone, no Python."""

from __future__ import annotations

from pathlib import Path

import pytest

from brandmodel import AsyncBrandModel
from brandmodel.recipes import recipe
from brandmodel.tasks import Brief, Chat, Context, GenerateImage, Message
from tests.docs.pages import ROOT, Block, blocks
from tests.providers.conftest import Server
from tests.providers.media import png

PAGE = ROOT / "docs" / "how-to" / "add-a-vendor-or-a-model.md"
_MODEL = '[model]\nname = "docs-1"\ndefault = true\n[tasks]\n{task}\n[caps]\nconfirm = false\n'


def _block(file: str) -> Block:
    """The page's own block that is this file."""
    found = [b for b in blocks(PAGE.read_text("utf-8"), PAGE.name) if b.marks.get("file") == file]
    assert len(found) == 1
    return found[0]


def _tables(folder: Path, vendors: str, targets: dict[str, str], task: str) -> Path:
    routers = folder / "routers"
    (routers / "targets").mkdir(parents=True)
    (routers / "vendors.toml").write_text(vendors)
    for vendor, text in targets.items():
        (routers / "targets" / f"{vendor}.toml").write_text(text)
    (routers / "docs-1.toml").write_text(_MODEL.format(task=task))
    return routers


async def answered(ctx: Context, brief: Brief) -> dict[str, str]:
    asked = Chat(messages=(Message(role="user", text=brief.prompt),))
    return {"text": (await ctx.call(asked, name="words")).text}


async def drawn(ctx: Context, brief: Brief) -> dict[str, str]:
    made = await ctx.call(GenerateImage(prompt=brief.prompt, width=512, height=256), name="picture")
    return {"text": f"{made.image.width} x {made.image.height}"}


async def test_the_vendor_of_the_page_serves(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe("answered", makes=("text/plain",))(answered)
    vendor, row = (
        _block("routers/vendors.toml").text,
        _block("routers/targets/lighthouse.toml").text,
    )
    assert len([*vendor.splitlines(), *row.splitlines()]) <= 10
    here = vendor.replace("https://api.lighthouse.example", server.url)
    routers = _tables(tmp_path, here, {"lighthouse": row}, 'Chat = ["lighthouse/beam-70b"]')
    monkeypatch.setenv("LIGHTHOUSE_API_KEY", "lh-1234")
    server.says(
        {
            "choices": [{"message": {"content": "Hello"}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110},
        }
    )
    async with AsyncBrandModel(routers=routers, home=tmp_path / "home") as model:
        result = await model.run("Hi", recipe="answered")
    (asked,) = server.asked
    assert (asked.path, asked.json["model"]) == ("/v1/chat/completions", "beam-70b")
    assert asked.headers["authorization"] == "Bearer lh-1234"
    assert result.text == "Hello"
    assert result.receipt.paid_usd == pytest.approx((100 * 0.2 + 10 * 0.8) / 1e6, abs=1e-12)


async def test_the_fal_model_of_the_page_draws(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe("drawn-by-page", makes=("text/plain",))(drawn)
    row = _block("desk/routers/targets/fal.toml").text
    vendor = f'[fal]\nprovider = "fal"\nbase_url = "{server.url}"\nkey_env = "FAL_KEY"\n'
    routers = _tables(tmp_path, vendor, {"fal": row}, 'GenerateImage = ["fal/aurora-2"]')
    monkeypatch.setenv("FAL_KEY", "fal-id:secret")
    job = f"{server.url}/fal-ai/aurora/requests/r-1"
    server.says(
        {
            "request_id": "r-1",
            "status_url": f"{job}/status",
            "response_url": job,
            "cancel_url": f"{job}/cancel",
        }
    )
    server.says({"status": "COMPLETED"})
    server.says({"images": [{"url": f"{server.url}/1.png"}], "seed": 7})
    server.says(png(512, 256), media_type="image/png")
    async with AsyncBrandModel(routers=routers, home=tmp_path / "home") as model:
        result = await model.run("A bottle", recipe="drawn-by-page")
    asked = server.asked[0]
    assert asked.path == "/fal-ai/aurora/v2"
    assert asked.json["image_size"] == {"width": 512, "height": 256}
    assert asked.json["num_images"] == 1
    assert asked.json["prompt"].startswith("A bottle")
    assert result.text == "512 x 256"
    assert result.receipt.paid_usd == 0.03
