"""Requests, compared with those of the vendor's own client for the same conversation."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import anthropic
import pytest
from PIL import Image

from brandmodel.assets.store import FolderStore
from brandmodel.errors import InvalidRequestError, RejectedError
from brandmodel.providers.anthropic import AnthropicWire
from brandmodel.tasks import Asset, Chat, ChatReply, Done, Message, Moderate, Tool, ToolCall
from tests.providers.anthropic.conftest import KEY, MakeCall, Server

ANSWER = {
    "content": [{"type": "text", "text": "Yes."}],
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 3, "output_tokens": 2},
}
WEATHER = Tool(
    name="weather",
    description="Tells the weather.",
    parameters={"type": "object", "properties": {"city": {"type": "string"}}},
)
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"good": {"type": "boolean"}},
    "required": ["good"],
    "additionalProperties": False,
}


async def theirs(server: Server, **asked: Any) -> Any:
    """The request that the official client makes."""
    server.says({**ANSWER, "id": "m", "type": "message", "role": "assistant", "model": "m"})
    async with anthropic.AsyncAnthropic(api_key=KEY, base_url=server.url) as client:
        await client.messages.create(model="claude-opus-5-5", **asked)
    return server.asked.pop()


async def ours(server: Server, wire: AnthropicWire, call: MakeCall, chat: Any, **row: Any) -> Any:
    server.says(ANSWER)
    await wire.start(call(chat, **row))
    return server.asked.pop()


def picture(store: FolderStore) -> Asset:
    made = io.BytesIO()
    Image.new("RGB", (8, 8), "#13a89e").save(made, "PNG")
    return store.put_now(made.getvalue(), name="a.png")


def pdf(store: FolderStore) -> Asset:
    return store.put_now(b"%PDF-1.4\n%%EOF\n", name="a.pdf")


def in_base64(store: FolderStore, asset: Asset) -> str:
    return base64.b64encode(store.path(asset).read_bytes()).decode()


async def test_the_envelope_is_the_official_one(
    server: Server, wire: AnthropicWire, call: MakeCall
) -> None:
    user = {"role": "user", "content": [{"type": "text", "text": "Is it?"}]}
    wanted = await theirs(server, max_tokens=4096, messages=[user])
    sent = await ours(server, wire, call, Chat(messages=(Message(role="user", text="Is it?"),)))
    assert sent.path == wanted.path == "/v1/messages"
    assert sent.json == wanted.json
    for name in ("Authorization", "anthropic-version", "Content-Type"):
        assert _header(sent, name) == _header(wanted, name)


async def test_files_tools_and_their_results(
    server: Server, wire: AnthropicWire, call: MakeCall, store: FolderStore
) -> None:
    photo, paper = picture(store), pdf(store)
    notes = store.put_now("Größe zählt.".encode(), name="notes.md")
    chat = Chat(
        messages=(
            Message(role="system", text="Be brief."),
            Message(role="user", text="Look.", assets=(photo, paper, notes)),
            Message(
                role="assistant",
                text="I ask.",
                tool_calls=(
                    ToolCall(id="t1", name="weather", arguments='{"city": "Ulm"}'),
                    ToolCall(id="t2", name="weather"),
                ),
            ),
            Message(role="tool", text="rain", tool_call_id="t1"),
            Message(role="tool", tool_call_id="t2", assets=(photo,)),
        ),
        tools=(WEATHER,),
        tool_choice="required",
        stop=("END",),
        most_tokens=99,
    )
    image = {
        "type": "image",
        "source": {"type": "base64", "media_type": "image/png", "data": in_base64(store, photo)},
    }
    document = {
        "type": "document",
        "source": {
            "type": "base64",
            "media_type": "application/pdf",
            "data": in_base64(store, paper),
        },
    }
    text = {
        "type": "document",
        "source": {"type": "text", "media_type": "text/plain", "data": "Größe zählt."},
    }
    wanted = await theirs(
        server,
        max_tokens=99,
        system="Be brief.",
        stop_sequences=["END"],
        tools=[
            {
                "name": "weather",
                "description": "Tells the weather.",
                "input_schema": WEATHER.parameters,
            }
        ],
        tool_choice={"type": "any"},
        messages=[
            {"role": "user", "content": [image, document, text, {"type": "text", "text": "Look."}]},
            {
                "role": "assistant",
                "content": [
                    {"type": "text", "text": "I ask."},
                    {"type": "tool_use", "id": "t1", "name": "weather", "input": {"city": "Ulm"}},
                    {"type": "tool_use", "id": "t2", "name": "weather", "input": {}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {
                        "type": "tool_result",
                        "tool_use_id": "t1",
                        "content": [{"type": "text", "text": "rain"}],
                    },
                    {"type": "tool_result", "tool_use_id": "t2", "content": [image]},
                ],
            },
        ],
    )
    assert (await ours(server, wire, call, chat)).json == wanted.json


async def test_structured_output_and_the_settings_of_a_row(
    server: Server, wire: AnthropicWire, call: MakeCall
) -> None:
    chat = Chat(
        messages=(Message(role="user", text="Is it?"),),
        answer_schema=SCHEMA,
        temperature=1.7,
        most_tokens=2048,
    )
    user = {"role": "user", "content": [{"type": "text", "text": "Is it?"}]}
    wanted = await theirs(
        server,
        max_tokens=2048,
        messages=[user],
        output_config={"effort": "low", "format": {"type": "json_schema", "schema": SCHEMA}},
        thinking={"type": "adaptive"},
        metadata={"user_id": "u"},
    )
    row = {
        "effort": "low",
        "thinking": {"type": "adaptive"},
        "extra": {"metadata": {"user_id": "u"}},
    }
    assert (await ours(server, wire, call, chat, **row)).json == wanted.json
    older = await ours(server, wire, call, chat, sampling=True)
    assert older.json["temperature"] == 1.0


@pytest.mark.parametrize(
    ("choice", "wanted"),
    [
        ("auto", {"type": "auto"}),
        ("none", {"type": "none"}),
        ("required", {"type": "any"}),
        ("weather", {"type": "tool", "name": "weather"}),
    ],
)
async def test_choices_of_a_tool(
    server: Server, wire: AnthropicWire, call: MakeCall, choice: str, wanted: dict[str, str]
) -> None:
    asked = (Message(role="user", text="?"),)
    chat = Chat(messages=asked, tools=(WEATHER,), tool_choice=choice)
    assert (await ours(server, wire, call, chat)).json["tool_choice"] == wanted


async def test_a_fixed_budget_of_thought_is_left_out_where_it_would_be_refused(
    server: Server, wire: AnthropicWire, call: MakeCall
) -> None:
    thinking = {"type": "enabled", "budget_tokens": 2000}
    user = Message(role="user", text="?")
    called = Message(role="assistant", tool_calls=(ToolCall(id="t", name="weather"),))
    result = Message(role="tool", tool_call_id="t", text="rain")

    async def sent(**fields: Any) -> Any:
        chat = Chat(**{"messages": (user,), "most_tokens": 4000, **fields})
        return (await ours(server, wire, call, chat, thinking=thinking)).json.get("thinking")

    assert await sent() == thinking
    assert await sent(most_tokens=2000) is None
    assert await sent(tools=(WEATHER,), tool_choice="required") is None
    assert await sent(messages=(user, called, result), tools=(WEATHER,)) is None


async def test_a_writing_task_goes_out_with_its_schema_and_comes_back_typed(
    server: Server, wire: AnthropicWire, call: MakeCall, store: FolderStore
) -> None:
    verdict = {"allowed": False, "reasons": ["It deceives."], "looked": True}
    server.says({**ANSWER, "content": [{"type": "text", "text": json.dumps(verdict)}]})
    done = await wire.start(call(Moderate(texts=("Buy gold",), image=picture(store))))
    assert isinstance(done, Done)
    assert done.result.model_dump(include={"allowed", "reasons"}) == {
        "allowed": False,
        "reasons": ("It deceives.",),
    }
    sent = server.asked[0].json
    assert sent["output_config"]["format"]["schema"]["properties"].keys() == verdict.keys()
    assert [block["type"] for block in sent["messages"][0]["content"]] == ["image", "text"]


async def test_counts_leave_out_what_has_no_tokens(
    server: Server, wire: AnthropicWire, call: MakeCall
) -> None:
    chat = Chat(
        messages=(Message(role="system", text="Be brief."), Message(role="user", text="?")),
        stop=("END",),
    )
    server.says({"input_tokens": 11})
    async with anthropic.AsyncAnthropic(api_key=KEY, base_url=server.url) as client:
        await client.messages.count_tokens(
            model="claude-opus-5-5",
            system="Be brief.",
            messages=[{"role": "user", "content": [{"type": "text", "text": "?"}]}],
        )
    server.says({"input_tokens": 11})
    assert await wire.count(call(chat)) == 11
    wanted, sent = server.asked
    assert (sent.path, sent.json) == (wanted.path, wanted.json)


async def test_what_cannot_be_sent_is_told_before_anything_is(
    server: Server, wire: AnthropicWire, call: MakeCall, store: FolderStore
) -> None:
    sound = store.put_now(b"ID3\x04" + bytes(2000), name="a.mp3")
    with pytest.raises(RejectedError) as refused:
        await wire.start(call(Chat(messages=(Message(role="user", assets=(sound,)),))))
    assert refused.value.started is False
    broken = ToolCall(id="t", name="weather", arguments="[1]")
    with pytest.raises(InvalidRequestError, match="weather"):
        await wire.start(call(Chat(messages=(Message(role="assistant", tool_calls=(broken,)),))))
    assert server.asked == []


async def test_an_answer_says_why_it_ended(
    server: Server, wire: AnthropicWire, call: MakeCall
) -> None:
    ends = {
        "stop_sequence": "stop",
        "model_context_window_exceeded": "length",
        "pause_turn": "length",
        "refusal": "filtered",
        "a_new_one": "stop",
    }
    for told, wanted in ends.items():
        server.says({**ANSWER, "stop_reason": told})
        done = await wire.start(call(Chat(messages=(Message(role="user", text="?"),))))
        assert isinstance(done, Done)
        assert isinstance(done.result, ChatReply)
        assert done.result.finish == wanted


def _header(asked: Any, name: str) -> str:
    return next(value for key, value in asked.headers.items() if key.lower() == name.lower())
