"""Every recorded answer, read to what the vendor's own client reads in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import anthropic
import pytest

from brandmodel.assets.store import FolderStore
from brandmodel.errors import AuthenticationError, RejectedError, UnknownTargetError
from brandmodel.providers._errors import failure
from brandmodel.providers.anthropic import AnthropicWire
from brandmodel.providers.anthropic.reading import MessageStream, read_count
from brandmodel.tasks import Call, Chat, ChatReply, Done, Message, Target, Usage
from tests.providers.anthropic.conftest import MakeCall, Server
from tests.providers.recorded import Exchange, exchanges, ids, in_characters, read_stream

SENT = exchanges("messages", "anthropic", path="/v1/messages")
STREAMS = [one for one in SENT if one.status == 200 and one.streamed]
WHOLE = [one for one in SENT if one.status == 200 and not one.streamed]
FAILED = [one for one in SENT if one.status != 200]
ASKED = Chat(messages=(Message(role="user", text="?"),))
FINISH = {
    "end_turn": "stop",
    "tool_use": "tools",
    "max_tokens": "length",
    "pause_turn": "length",
}


def test_nothing_of_the_folder_is_left_out(shared: Path) -> None:
    folder = shared / "recorded/anthropic/messages"
    elsewhere = {
        url
        for file in folder.glob("*.json")
        for one in json.loads(file.read_text())["exchanges"]
        if not (url := one["request"]["url"].partition("?")[0]).endswith("/v1/messages")
    }
    # What else was recorded along with them: files, and another vendor's half of a conversation.
    assert {url.split("/")[2] for url in elsewhere} == {
        "api.anthropic.com",
        "generativelanguage.googleapis.com",
    }
    assert len({one.name.rpartition("-")[0] for one in SENT}) == len(list(folder.glob("*.json")))
    assert (len(STREAMS), len(WHOLE), len(FAILED)) == (35, 82, 14)


async def test_whole_answers(server: Server, wire: AnthropicWire, call: MakeCall) -> None:
    client = anthropic.AsyncAnthropic(api_key="k", base_url=server.url, max_retries=0)
    for one in WHOLE:
        server.says(one.body)
        server.says(one.body)
        theirs = await client.beta.messages.create(
            model="m", max_tokens=9, messages=[{"role": "user", "content": "?"}]
        )
        ours = await wire.start(call(ASKED))
        assert isinstance(ours, Done)
        _equal(ours, theirs, one)
    await client.close()


async def test_streams(server: Server, wire: AnthropicWire, call: MakeCall) -> None:
    client = anthropic.AsyncAnthropic(api_key="k", base_url=server.url, max_retries=0)
    for one in STREAMS:
        for _ in range(2):
            server.says(pieces=[one.body], media_type="text/event-stream")
        async with client.beta.messages.stream(
            model="m", max_tokens=9, messages=[{"role": "user", "content": "?"}]
        ) as stream:
            theirs = await stream.get_final_message()
        *pieces, done = [piece async for piece in wire.stream(call(ASKED))]
        assert isinstance(done, Done)
        assert isinstance(done.result, ChatReply)
        assert "".join(str(piece) for piece in pieces) == done.result.text, one.name
        _equal(done, theirs, one)
    await client.close()


@pytest.mark.parametrize("one", STREAMS, ids=ids)
def test_a_stream_reads_the_same_however_it_is_cut(one: Exchange, store: FolderStore) -> None:
    target = Target(id="acme/m", provider="anthropic", model="m", tasks=frozenset(("Chat",)))
    call = Call(request=ASKED, target=target, blobs=store)

    def read(pieces: list[bytes]) -> tuple[str, Any, Usage | None]:
        stream = MessageStream(call)
        text = read_stream(stream, pieces)
        made = stream.made()
        return text, made.result([]), made.usage

    whole = read([one.body])
    assert read([bytes((byte,)) for byte in one.body]) == whole
    assert read(in_characters(one.body)) == whole


def test_some_streams_are_cut_inside_a_character() -> None:
    assert sum(len(in_characters(one.body)) > 1 for one in STREAMS) >= 8


@pytest.mark.parametrize("one", FAILED, ids=ids)
def test_failures(one: Exchange) -> None:
    wanted = {401: AuthenticationError, 404: UnknownTargetError, 400: RejectedError}
    error = failure(one.reply, vendor="anthropic")
    assert type(error) is wanted[one.status]
    assert error.started is False
    assert error.code == json.loads(one.body)["error"]["type"]
    assert "claude" not in error.message.lower() + error.hint.lower()


def test_counts() -> None:
    told = exchanges("count-tokens", "anthropic", path="/count_tokens")
    counted = [one for one in told if one.status == 200]
    assert len(counted) >= 2
    for one in counted:
        assert read_count(one.reply) == one.json["input_tokens"]


def _equal(ours: Done, theirs: Any, one: Exchange) -> None:
    """Whatever kinds of blocks there are, the vendor's client has put them together itself."""
    result = ours.result
    assert isinstance(result, ChatReply)
    blocks: list[Any] = theirs.content
    assert result.text == "".join(b.text for b in blocks if b.type == "text"), one.name
    thought = "".join(b.thinking for b in blocks if b.type == "thinking")
    assert result.reasoning == thought, one.name
    called = [(b.id, b.name, b.input) for b in blocks if b.type == "tool_use"]
    assert [(c.id, c.name, json.loads(c.arguments)) for c in result.tool_calls] == called, one.name
    cited = {
        url
        for b in blocks
        for citation in getattr(b, "citations", None) or ()
        if (url := getattr(citation, "url", None))
    }
    assert {source.url for source in result.sources} == cited, one.name
    assert result.finish == FINISH[theirs.stop_reason], one.name
    usage = theirs.usage
    cached, written = usage.cache_read_input_tokens or 0, usage.cache_creation_input_tokens or 0
    assert ours.usage == Usage(
        tokens_in=usage.input_tokens + cached + written,
        tokens_cached=cached,
        tokens_cache_written=written,
        tokens_out=usage.output_tokens,
    ), one.name
