"""Every recorded answer of the vendors that speak this wire, read to what it says."""

from __future__ import annotations

import base64
import json
import struct
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from brandmodel.assets.store import FolderStore
from brandmodel.errors import (
    AuthenticationError,
    BadResponseError,
    BadResultError,
    BrandModelError,
    ContextLengthError,
    ProviderError,
    RejectedError,
    UnknownTargetError,
)
from brandmodel.providers._errors import failure
from brandmodel.providers._events import EventReader
from brandmodel.providers._http import Reply
from brandmodel.providers._wire import Made, Remote
from brandmodel.providers.openai._bill import usage_of
from brandmodel.providers.openai.audio import read_speech, read_transcript
from brandmodel.providers.openai.chat import ChatStream, read_chat
from brandmodel.providers.openai.images import read_picture
from brandmodel.providers.openai.meaning import read_moderation, read_vectors
from brandmodel.providers.openai.responses import ResponseStream, read_response
from brandmodel.tasks import (
    Asset,
    Call,
    Chat,
    ChatReply,
    EditImage,
    Embed,
    Embeddings,
    GenerateImage,
    Message,
    Moderate,
    Moderation,
    Picture,
    Request,
    Speak,
    Target,
    Transcribe,
    Transcript,
)
from tests.providers.recorded import Exchange, exchanges, ids, in_characters, read_stream

SOUND = Asset(sha256="1" * 64, media_type="audio/wav", size=1, duration_s=3.7)
PICTURE = Asset(sha256="2" * 64, media_type="image/png", size=1, width=128, height=128)

CHATTING = (
    "openai azure groq together deepseek mistral xai perplexity cerebras openrouter ollama alibaba "
    "moonshot zai huggingface heroku crusoe"
).split()
CHATS = exchanges("chat", *CHATTING, path="/chat/completions") + exchanges(
    "chat", "writer", path="/v1/chat"
)
RESPONSES = exchanges(
    "responses", "openai", "azure", "xai", "deepseek", "openrouter", path="/responses"
)
MISFILED = ("groq-transcription-text", "mistral-transcription")
"""Transcripts that lie among the conversations."""


def _fails(one: Exchange) -> bool:
    """Whether a stream begins well and then tells of a failure."""
    return one.streamed and any("error" in chunk for chunk in one.chunks)


FINE = [one for one in CHATS if one.status == 200 and not one.name.startswith(MISFILED)]
THOUGHT = [one for one in FINE if one.name.startswith("handles-empty-string-content")]
"""Nothing but thought: its output limit was reached before its first word."""
GOOD = [one for one in FINE if not _fails(one) and one not in THOUGHT]
BROKEN = [one for one in FINE if _fails(one)]
ANSWERED = [
    one
    for one in RESPONSES
    if one.status == 200 and not (not one.streamed and one.json["status"] == "queued")
]
QUEUED = [one for one in RESPONSES if one.status == 200 and one not in ANSWERED]
REFUSED = [one for one in CHATS + RESPONSES if one.status >= 400] + [
    one
    for kind, vendor, path in (
        ("embeddings", "openai", "/embeddings"),
        ("embeddings", "azure", "/embeddings"),
        ("image", "openai", "/images/generations"),
        ("image-edit", "openai", "/images/edits"),
    )
    for one in exchanges(kind, vendor, path=path)
    if one.status >= 400
]


@pytest.fixture(autouse=True)
def _recordings(shared: Path) -> None:
    """Says where they are missing."""


def call_of(request: Request[Any], **settings: Any) -> Call:
    target = Target("v/m", "openai", "m", frozenset((type(request).__name__,)), settings=settings)
    return Call(request=request, target=target, blobs=FolderStore(Path("unused")))


def chat_call() -> Call:
    return call_of(Chat(messages=(Message(role="user", text="Hello"),)))


def reply_of(made: Made) -> ChatReply:
    result = made.result([])
    assert isinstance(result, ChatReply)
    return result


def read_whole(one: Exchange) -> Made:
    """A conversation, streamed or not, read by what reads its kind."""
    if one.streamed:
        stream = ChatStream(chat_call()) if one.kind == "chat" else ResponseStream(chat_call())
        read_stream(stream, [one.body])
        return stream.made()
    return (read_chat if one.kind == "chat" else read_response)(chat_call(), one.reply)


def test_that_there_is_as_much_as_was_counted() -> None:
    assert len(GOOD) == 326
    assert len(ANSWERED) == 155
    assert (len(BROKEN), len(QUEUED), len(REFUSED)) == (3, 2, 57)


def test_vendors_all_have_streams_or_answers() -> None:
    assert {one.vendor for one in GOOD} == {*CHATTING, "writer"}


@pytest.mark.parametrize("one", [g for g in GOOD if not g.streamed], ids=ids)
def test_a_conversation(one: Exchange) -> None:
    made = read_chat(chat_call(), one.reply)
    reply = reply_of(made)
    choice = one.json["choices"][0]
    message = choice.get("message", {})
    content = message.get("content")
    if isinstance(content, list):
        assert reply.text == "".join(p["text"] for p in content if p["type"] == "text")
        assert reply.reasoning == "".join(
            t["text"] for p in content if p["type"] == "thinking" for t in p["thinking"]
        )
    else:
        assert reply.text == (content or message.get("refusal") or "")
        thought = message.get("reasoning_content") or message.get("reasoning")
        assert reply.reasoning == (thought or "")
    assert [(t.id, t.name, t.arguments) for t in reply.tool_calls] == [
        (t["id"], t["function"]["name"], t["function"]["arguments"])
        for t in message.get("tool_calls") or []
    ]
    ends = {"length": "length", "tool_calls": "tools", "content_filter": "filtered"}
    expected = (
        "filtered" if message.get("refusal") else ends.get(choice.get("finish_reason"), "stop")
    )
    assert reply.finish == ("tools" if reply.tool_calls and expected == "stop" else expected)
    _counted(made, one.json["usage"])


@pytest.mark.parametrize("one", [g for g in GOOD if g.streamed], ids=ids)
def test_a_streamed_conversation_however_its_bytes_are_cut(one: Exchange) -> None:
    deltas = [
        c["delta"] for chunk in one.chunks for c in chunk.get("choices") or [] if "delta" in c
    ]
    parts = [d["content"] if isinstance(d.get("content"), list) else [] for d in deltas]
    words = "".join(
        d["content"]
        if isinstance(d.get("content"), str)
        else "".join(p.get("text", "") for p in list_ if p["type"] == "text")
        for d, list_ in zip(deltas, parts, strict=True)
    )
    arguments = "".join(
        t["function"].get("arguments") or "" for d in deltas for t in d.get("tool_calls") or []
    )
    cuts = [one.body], [one.body[i : i + 1] for i in range(len(one.body))], in_characters(one.body)
    made: list[Made] = []
    for pieces in cuts:
        stream = ChatStream(chat_call())
        assert read_stream(stream, pieces) == words
        made.append(stream.made())
    reply = reply_of(made[0])
    assert reply.text == words
    assert "".join(t.arguments for t in reply.tool_calls).replace("{}", "") == arguments.replace(
        "{}", ""
    )
    assert all(t.id and t.name and json.loads(t.arguments) is not None for t in reply.tool_calls)
    assert reply_of(made[1]) == reply_of(made[2]) == reply
    told = [u for c in one.chunks if (u := c.get("usage") or (c.get("x_groq") or {}).get("usage"))]
    if told:
        _counted(made[0], told[-1])
    else:
        assert made[0].usage is None


@pytest.mark.parametrize("one", [a for a in ANSWERED if not a.streamed], ids=ids)
def test_a_response(one: Exchange) -> None:
    made = read_response(chat_call(), one.reply)
    _like_response(made, one.json)


@pytest.mark.parametrize("one", [a for a in ANSWERED if a.streamed], ids=ids)
def test_a_streamed_response_however_its_bytes_are_cut(one: Exchange) -> None:
    last = one.chunks[-1]["response"]
    words = "".join(c["delta"] for c in one.chunks if c["type"] == "response.output_text.delta")
    cuts = [one.body], [one.body[i : i + 1] for i in range(len(one.body))], in_characters(one.body)
    for pieces in cuts:
        stream = ResponseStream(chat_call())
        assert read_stream(stream, pieces) == words
        _like_response(stream.made(), last)
    assert reply_of(stream.made()).text == words


@pytest.mark.parametrize("one", BROKEN, ids=ids)
def test_a_stream_that_fails_has_said_its_words_before(one: Exchange) -> None:
    stream, said = ChatStream(chat_call()), list[str]()

    def read() -> None:
        for event in EventReader().feed(one.body):
            # One by one: what came before the failure is kept.
            for piece in stream.feed(event):
                said.append(piece)

    with pytest.raises(RejectedError) as caught:
        read()
    words = [c["delta"].get("content") or "" for k in one.chunks for c in k.get("choices") or []]
    assert "".join(said) == "".join(words)
    assert caught.value.started, "the vendor may bill what it has begun"
    assert caught.value.detail


@pytest.mark.parametrize("one", QUEUED, ids=ids)
def test_a_response_that_is_not_finished_is_no_answer(one: Exchange) -> None:
    with pytest.raises(BadResponseError, match="not finished"):
        read_response(chat_call(), one.reply)


@pytest.mark.parametrize("one", REFUSED, ids=ids)
def test_a_refusal_is_the_right_error(one: Exchange) -> None:
    error = failure(one.reply, vendor=one.vendor)
    assert type(error) is _expected(one)
    if isinstance(error, ProviderError):
        assert not error.started
        assert error.detail
        assert error.vendor == one.vendor
    assert one.vendor not in str(error).casefold()


def _expected(one: Exchange) -> type[BrandModelError]:
    words = one.body.decode().casefold()
    if one.status == 401 or "incorrect api key" in words:
        return AuthenticationError
    if "maximum context" in words or "context window" in words or "too long" in words:
        return ContextLengthError
    if one.status == 404 or "model_not_found" in words:
        return UnknownTargetError
    return RejectedError


def test_an_answer_that_was_all_thought_is_of_no_use_and_is_billed() -> None:
    (one,) = THOUGHT
    with pytest.raises(BadResultError, match="before its first word") as caught:
        read_whole(one)
    assert caught.value.started
    assert caught.value.usage == usage_of(one.json["usage"])
    assert one.json["usage"]["completion_tokens_details"]["reasoning_tokens"] > 0


def test_what_vendors_say_they_charged() -> None:
    told: Counter[str] = Counter()
    for one in GOOD + ANSWERED:
        made = read_whole(one)
        if made.usd_nano is not None:
            told[one.vendor] += 1
            assert 0 < made.usd_nano < 500_000_000
    assert set(told) == {"openrouter", "perplexity", "xai"}


def test_a_charge_to_the_nano() -> None:
    grok = next(
        g for g in GOOD if g.vendor == "xai" and not g.streamed
    )  # 10 fresh, 2 cached tokens in, 229 out at 0.30, 0.075 and 0.50 USD a million
    made = read_whole(grok)
    ticks = grok.json["usage"]["cost_in_usd_ticks"]
    assert made.usd_nano == -(-ticks // 10)
    assert made.usage is not None
    dollars = (
        (made.usage.tokens_in - made.usage.tokens_cached) * 0.30
        + made.usage.tokens_cached * 0.075
        + made.usage.tokens_out * 0.50
    ) / 1e6
    assert made.usd_nano == pytest.approx(dollars * 1e9)


def test_sources_of_answers_that_searched() -> None:
    found = {
        (one.vendor, one.kind)
        for one in GOOD + ANSWERED
        if (reply := reply_of(read_whole(one))).sources
        and all(source.url.startswith("http") for source in reply.sources)
    }
    assert {
        ("openai", "responses"),
        ("openrouter", "chat"),
        ("perplexity", "chat"),
        ("groq", "chat"),
        ("xai", "responses"),
    } <= found


def test_thought_is_kept_apart_from_words() -> None:
    thinking = {one.vendor for one in GOOD if reply_of(read_whole(one)).reasoning}
    assert thinking >= {"deepseek", "mistral", "xai", "groq", "openrouter", "cerebras", "zai"}


def test_a_refusal_and_a_filter_are_told_as_such() -> None:
    filtered = [one for one in GOOD if reply_of(read_whole(one)).finish == "filtered"]
    assert {one.vendor for one in filtered} == {"openai", "azure"}
    refused = next(one for one in filtered if one.vendor == "openai")
    assert reply_of(read_whole(refused)).text == refused.json["choices"][0]["message"]["refusal"]


IMAGES = [
    one
    for kind, vendor, path in (
        ("image", "openai", "/images/generations"),
        ("image-edit", "openai", "/images/edits"),
        ("image", "xai", "/images/generations"),
        ("image-edit", "xai", "/images/edits"),
        ("image", "openrouter", "/images"),
    )
    for one in exchanges(kind, vendor, path=path)
    if one.status == 200
]


@pytest.mark.parametrize("one", IMAGES, ids=ids)
def test_a_picture(one: Exchange) -> None:
    request: Request[Any] = GenerateImage(prompt="a cat")
    if one.kind == "image-edit":
        request = EditImage(images=(PICTURE,), prompt="make it green")
    made = read_picture(call_of(request), one.reply)
    ((family, drawn),) = made.media
    told = one.json["data"][0]
    assert family == "image"
    if "url" in told:
        assert drawn == Remote(told["url"])
    else:
        assert drawn == base64.b64decode(told["b64_json"])
    result = made.result([PICTURE])
    assert isinstance(result, Picture)
    assert result.image == PICTURE
    usage = one.json.get("usage") or {}
    if "output_tokens" in usage:
        assert made.usage is not None
        assert made.usage.tokens_out == usage["output_tokens"]
        assert made.usage.image_tokens_out == usage["output_tokens_details"]["image_tokens"]
        assert (made.usage.images, made.usage.pixels) == (1, 1024 * 1024)
    if one.vendor in ("xai", "openrouter"):
        assert made.usd_nano


@pytest.mark.parametrize("vendor", ["openai", "openrouter", "mistral"])
def test_speech(vendor: str) -> None:
    (one,) = exchanges("speech", vendor, path="/audio/speech")
    made = read_speech(call_of(Speak(text="Ruby is a language."), format="mp3"), one.reply)
    ((family, sound),) = made.media
    assert family == "audio"
    assert isinstance(sound, bytes)
    assert len(sound) > 10_000
    assert sound[:3] == b"ID3" or sound[:2] == b"\xff\xf3"


HEARD = [
    one
    for vendor, path in (
        ("openai", "/audio/transcriptions"),
        ("mistral", "/audio/transcriptions"),
        ("openrouter", "/audio/transcriptions"),
        ("xai", "/stt"),
    )
    for one in exchanges("transcription", vendor, path=path)
]


@pytest.mark.parametrize("one", HEARD, ids=ids)
def test_a_transcript(one: Exchange) -> None:
    headers = {"content-type": "text/event-stream"} if one.streamed else one.headers
    made = read_transcript(call_of(Transcribe(audio=SOUND)), Reply(200, headers, one.body))
    result = made.result([])
    assert isinstance(result, Transcript)
    assert result.text == "Ruby is a programming language designed for developer happiness."
    usage = (one.chunks[-1] if one.streamed else one.json).get("usage") or {}
    if usage.get("type") == "duration":
        assert made.usage is not None
        assert made.usage.seconds == usage["seconds"]
    elif "total_tokens" in usage:
        assert made.usage is not None
        assert made.usage.tokens_in + made.usage.tokens_out == usage["total_tokens"]
        assert made.usage.seconds == 3.7
    if one.vendor == "xai":
        assert result.language == "en"
        assert len(result.words) == 9
        assert result.words[0].text == "Ruby"
        assert (result.words[-1].start_s, result.words[-1].end_s) == (3.016, 3.539)


VECTORS = [
    one
    for vendor in ("openai", "azure", "mistral", "openrouter", "perplexity")
    for one in exchanges("embeddings", vendor, path="/embeddings")
    if one.status == 200
]


@pytest.mark.parametrize("one", VECTORS, ids=ids)
def test_vectors(one: Exchange) -> None:
    rows = one.json["data"]
    small = {"encoding": "base64_int8"} if one.vendor == "perplexity" else {}
    made = read_vectors(call_of(Embed(texts=("x",) * len(rows)), **small), one.reply)
    result = made.result([])
    assert isinstance(result, Embeddings)
    for vector, row in zip(result.vectors, rows, strict=True):
        told = row["embedding"]
        if not isinstance(told, str):
            assert list(vector) == told
        elif small:
            assert [int(v) for v in vector] == list(struct.unpack("256b", base64.b64decode(told)))
        else:
            raw = base64.b64decode(told)
            assert len(vector) == len(raw) // 4
            assert vector[1] == struct.unpack_from("<f", raw, 4)[0]
    assert made.usage is not None
    assert made.usage.tokens_in == one.json["usage"]["prompt_tokens"]
    assert made.usage.tokens_out == 0


@pytest.mark.parametrize("one", exchanges("moderation", "openai", path="/moderations"), ids=ids)
def test_a_moderation(one: Exchange) -> None:
    made = read_moderation(call_of(Moderate(texts=("x",)), api="moderations"), one.reply)
    result = made.result([])
    assert isinstance(result, Moderation)
    flagged = one.json["results"][0]["flagged"]
    assert result.allowed is not flagged
    assert len(result.reasons) == sum(one.json["results"][0]["categories"].values())


def _counted(made: Made, told: dict[str, Any]) -> None:
    """Every token that a vendor tells is counted once."""
    usage = made.usage
    assert usage is not None
    if "total_tokens" in told:
        assert usage.tokens_in + usage.tokens_out == told["total_tokens"]
    into = told.get("prompt_tokens_details") or told.get("input_tokens_details") or {}
    assert 0 <= usage.tokens_cached <= usage.tokens_in
    if cached := into.get("cached_tokens"):
        assert usage.tokens_cached == min(cached, usage.tokens_in)
    out = told.get("completion_tokens_details") or told.get("output_tokens_details") or {}
    assert usage.tokens_out >= (out.get("reasoning_tokens") or 0) - 1


def _like_response(made: Made, body: dict[str, Any]) -> None:
    reply = reply_of(made)
    said = [p for o in body["output"] if o["type"] == "message" for p in o["content"]]
    assert reply.text == "".join(p["text"] for p in said)
    calls = [o for o in body["output"] if o["type"] == "function_call"]
    assert [(t.id, t.name, t.arguments) for t in reply.tool_calls] == [
        (o["call_id"], o["name"], o["arguments"]) for o in calls
    ]
    cited = {
        note["url"]
        for p in said
        for note in p.get("annotations") or []
        if note["type"] == "url_citation"
    }
    assert {source.url for source in reply.sources} == cited
    assert reply.finish == ("tools" if calls else "stop")
    _counted(made, body["usage"])
