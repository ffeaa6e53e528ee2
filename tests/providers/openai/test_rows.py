"""The bundled rows of vendors that speak this wire: no misspelt setting, and what is sent by them."""

from __future__ import annotations

import json
from typing import Any

import pytest

import brandmodel.providers.openai as wire_room
from brandmodel.providers.openai.chat import CHAT
from brandmodel.providers.openai.meaning import EMBED
from brandmodel.routing import load_tables
from brandmodel.tasks import Chat, Embed, Message
from tests.providers.openai.conftest import MakeCall
from tests.providers.recorded import exchanges

ROWS = {
    name: row.value for name, row in load_tables().vendors.items() if row.value.provider == "openai"
}
HI = Chat(messages=(Message(role="user", text="Hi"),), seed=1, stop=("X",))


def body_of(name: str, call: MakeCall) -> dict[str, Any]:
    assert CHAT.stream_ask is not None
    return CHAT.stream_ask(call(HI, **ROWS[name].settings), {}).json


def test_which_vendors_there_are() -> None:
    assert set(ROWS) >= {
        *("openai", "openrouter", "groq", "together", "deepseek", "mistral", "xai", "perplexity"),
        *("cerebras", "azure", "ollama", "vllm", "lmstudio"),
    }


@pytest.mark.parametrize("name", ROWS)
def test_every_setting_is_a_documented_one(name: str) -> None:
    documented = wire_room.__doc__ or ""
    for setting in ROWS[name].settings:
        assert f"``{setting}``" in documented
    assert ROWS[name].key_env.endswith("_API_KEY") or "127.0.0.1" in ROWS[name].base_url


@pytest.mark.parametrize("name", ROWS)
def test_the_output_limit_is_always_sent(name: str, call: MakeCall) -> None:
    body = body_of(name, call)
    assert [value for key, value in body.items() if key.startswith("max_")] == [4096]
    assert body["stream"] is True


def test_what_vendors_want_otherwise(call: MakeCall) -> None:
    mistral = body_of("mistral", call)
    assert mistral["random_seed"] == 1
    assert not {"seed", "stream_options", "max_completion_tokens"} & set(mistral)
    assert not {"seed", "stop"} & set(body_of("perplexity", call))
    asked = EMBED.ask(call(Embed(texts=("a",)), **ROWS["perplexity"].settings), {})
    assert (asked.path, asked.json["encoding_format"]) == ("v1/embeddings", "base64_int8")


@pytest.mark.usefixtures("shared")
@pytest.mark.parametrize("name", ["groq", "deepseek", "mistral", "xai", "openrouter", "cerebras"])
def test_a_row_leads_to_the_address_of_its_recordings(name: str) -> None:
    recorded = {one.request["url"] for one in exchanges("chat", name, path="/chat/completions")}
    ours = f"{ROWS[name].base_url}/chat/completions"
    assert any(url.partition("#")[0] == ours for url in recorded)


@pytest.mark.usefixtures("shared")
@pytest.mark.parametrize("name", ["mistral", "deepseek"])
def test_a_row_uses_the_names_that_its_recordings_use(name: str, call: MakeCall) -> None:
    """What a vendor was sent and took, and what we send beyond that."""
    taken = {
        field
        for one in exchanges("chat", name, path="/chat/completions")
        if one.status == 200
        for field in json.loads(one.request.get("body") or "{}")
    }
    assert set(body_of(name, call)) - taken <= {"stop"}
