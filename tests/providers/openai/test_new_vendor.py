"""A vendor that speaks this wire is added with data alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from brandmodel import AsyncBrandModel
from brandmodel.recipes import recipe
from brandmodel.tasks import Brief, Context, WriteImagePrompt
from tests.providers.conftest import Server

VENDOR = """\
[newcomer]
provider = "openai"
base_url = "{url}/v7"
key_env = "NEWCOMER_API_KEY"
"""
TARGET = """\
["fast-1"]
tasks = ["WriteImagePrompt"]
price = { million_tokens_in = 1.0, million_tokens_out = 10.0 }
price_source = "https://newcomer.example/prices"
price_checked = 2026-11-23
settings = { structured = "json_object" }
"""
MODEL = """\
[model]
name = "acme-1"
default = true
[tasks]
WriteImagePrompt = ["newcomer/fast-1"]
Sign = ["house/sign"]
"""


async def prompted(ctx: Context, brief: Brief) -> dict[str, str]:
    """One line about the picture."""
    written = await ctx.call(WriteImagePrompt(subject=brief.prompt), name="prompt")
    return {"text": written.prompt}


def test_that_it_takes_few_lines() -> None:
    assert len((VENDOR + TARGET).splitlines()) <= 10


async def test_a_new_vendor_serves_a_run(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe("prompted", makes=("text/plain",))(prompted)
    routers = tmp_path / "routers"
    (routers / "targets").mkdir(parents=True)
    (routers / "vendors.toml").write_text(VENDOR.format(url=server.url))
    (routers / "targets" / "newcomer.toml").write_text(TARGET)
    (routers / "acme-1.toml").write_text(MODEL)
    monkeypatch.setenv("NEWCOMER_API_KEY", "nc-secret-42")
    answer = json.dumps({"prompt": "A bottle on a stone, morning light."})
    server.says(
        {
            "choices": [{"message": {"content": answer}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 300, "completion_tokens": 20, "total_tokens": 320},
        }
    )
    async with AsyncBrandModel(routers=routers, home=tmp_path / "home") as model:
        result = await model.run("A cold brew tonic", recipe="prompted")
    (asked,) = server.asked
    assert asked.path == "/v7/chat/completions"
    assert asked.headers["authorization"] == "Bearer nc-secret-42"
    assert asked.json["model"] == "fast-1"
    assert "A cold brew tonic" in asked.json["messages"][1]["content"]
    assert "morning light" in result.text
    assert result.receipt.paid_usd == pytest.approx((300 * 1.0 + 20 * 10.0) / 1e6, abs=2e-9)
    assert b"nc-secret-42" not in _everything(tmp_path)


def _everything(folder: Path) -> bytes:
    """Of all files that the run left: journal, store, tables."""
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
