"""The wire over a real connection: errors, streams that break, keys that never show, no money twice."""

from __future__ import annotations

import json
import socket

import pytest

from brandmodel.errors import (
    AuthenticationError,
    BadResponseError,
    BadResultError,
    BrandModelError,
    ConfigError,
    ContentFilteredError,
    ContextLengthError,
    CreditError,
    JobFailedError,
    MissingCredentialError,
    ProviderError,
    ProviderTimeoutError,
    RateLimitError,
    RejectedError,
    UnavailableError,
    UnknownTargetError,
)
from brandmodel.providers.openai import OpenAIWire
from brandmodel.tasks import (
    Chat,
    Done,
    Embed,
    GenerateImage,
    Message,
    Moderate,
    ReadBrief,
    SearchWeb,
    Transcribe,
    WriteImagePrompt,
)
from tests.providers.media import wav
from tests.providers.openai.conftest import KEY, MakeCall, Server

HI = Chat(messages=(Message(role="user", text="Hi"),))
CAT = GenerateImage(prompt="A cat", width=64, height=64)


@pytest.mark.parametrize(
    ("status", "error", "expected"),
    [
        (401, {"code": "invalid_api_key", "message": f"Bad key {KEY}"}, AuthenticationError),
        (429, {"code": "insufficient_quota", "message": "quota"}, CreditError),
        (402, {"message": "Insufficient Balance"}, CreditError),
        (429, {"code": "rate_limit_exceeded", "message": "slow down"}, RateLimitError),
        (404, {"code": "model_not_found", "message": "no"}, UnknownTargetError),
        (400, {"code": "context_length_exceeded", "message": "no"}, ContextLengthError),
        (400, {"code": "content_policy_violation", "message": "no"}, ContentFilteredError),
        (400, {"code": "moderation_blocked", "message": "safety system"}, ContentFilteredError),
        (400, {"code": "unknown_parameter", "message": "no"}, RejectedError),
        (500, {"message": f"oops {KEY}"}, UnavailableError),
        (503, {"message": "overloaded"}, UnavailableError),
        (504, {"message": "slow"}, ProviderTimeoutError),
        (302, {"message": "go away"}, BadResponseError),
    ],
)
@pytest.mark.parametrize("streamed", [False, True])
async def test_a_bad_status_is_the_right_error(
    status: int,
    error: dict[str, str],
    expected: type[BrandModelError],
    streamed: bool,
    wire: OpenAIWire,
    call: MakeCall,
    server: Server,
) -> None:
    server.says({"error": error}, status=status, headers={"retry-after": "7"})
    with pytest.raises(BrandModelError) as caught:
        await _run(wire, call, server, streamed)
    assert type(caught.value) is expected
    assert KEY not in repr(caught.value) + str(caught.value) + str(vars(caught.value))
    assert "acme" not in str(caught.value)
    if isinstance(caught.value, ProviderError):
        assert caught.value.vendor == "acme"
        assert caught.value.started is (status >= 500)
    if isinstance(caught.value, RateLimitError):
        assert caught.value.retry_after_s == 7


async def _run(wire: OpenAIWire, call: MakeCall, server: Server, streamed: bool) -> None:
    asked = call(HI, base_url=server.url)
    if not streamed:
        await wire.start(asked)
        return
    async for _ in wire.stream(asked):
        pass


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ({"code": 429, "message": "busy"}, RateLimitError),
        ({"code": "rate_limit_exceeded", "message": "busy"}, RateLimitError),
        ({"code": 402, "message": "no credit"}, CreditError),
        ({"type": "invalid_request_error", "message": "no"}, RejectedError),
        ({"type": "server_error", "message": f"oops {KEY}"}, UnavailableError),
        ("something went wrong", UnavailableError),
    ],
)
@pytest.mark.parametrize("streamed", [False, True])
async def test_a_failure_with_a_good_status_may_be_billed(
    error: object,
    expected: type[ProviderError],
    streamed: bool,
    wire: OpenAIWire,
    call: MakeCall,
    server: Server,
) -> None:
    if streamed:
        body = b"data: " + _json({"error": error}) + b"\n\n"
        server.says(pieces=[body], media_type="text/event-stream")
    else:
        server.says({"error": error})
    with pytest.raises(ProviderError) as caught:
        await _run(wire, call, server, streamed)
    assert type(caught.value) is expected
    assert caught.value.started
    assert caught.value.vendor == "acme"
    assert KEY not in caught.value.detail


async def test_words_before_a_break_are_handed_on(
    wire: OpenAIWire, call: MakeCall, server: Server
) -> None:
    pieces = [b'data: {"choices":[{"delta":{"content":"Gr\xc3', b'\xbc\xc3\x9fe"}}]}\n\n']
    server.says(pieces=pieces, media_type="text/event-stream", cut_off=True)
    said: list[str] = []

    async def listen() -> None:
        async for piece in wire.stream(call(HI, base_url=server.url)):
            assert isinstance(piece, str)
            said.append(piece)

    with pytest.raises(ProviderError) as caught:
        await listen()
    assert isinstance(caught.value, UnavailableError | BadResponseError)
    assert caught.value.started
    assert said == ["Grüße"]


async def test_an_answer_by_responses_streams(
    wire: OpenAIWire, call: MakeCall, server: Server
) -> None:
    whole = {
        "status": "incomplete",
        "incomplete_details": {"reason": "max_output_tokens"},
        "output": [],
        "usage": {"input_tokens": 4, "output_tokens": 2, "total_tokens": 6},
    }
    item = {"type": "message", "content": [{"type": "output_text", "text": "Good day"}]}
    events = [
        {"type": "response.created", "response": {"status": "in_progress"}},
        {"type": "response.output_text.delta", "delta": "Good "},
        {"type": "response.output_text.delta", "delta": "day"},
        {"type": "response.output_item.done", "item": item},
        {"type": "response.incomplete", "response": whole},
    ]
    pieces = [b"event: x\ndata: " + _json(event) + b"\n\n" for event in events]
    server.says(pieces=pieces, media_type="text/event-stream")
    asked = call(HI, base_url=server.url, api="responses")
    *said, done = [piece async for piece in wire.stream(asked)]
    assert server.asked[0].path == "/responses"
    assert server.asked[0].json["stream"] is True
    assert said == ["Good ", "day"]
    assert isinstance(done, Done)
    assert (done.result.text, done.result.finish) == ("Good day", "length")  # type: ignore[attr-defined]
    assert done.usage is not None
    assert (done.usage.tokens_in, done.usage.tokens_out) == (4, 2)


@pytest.mark.parametrize(
    "event",
    [
        {"type": "error", "code": "server_error", "message": "oops", "param": None},
        {
            "type": "response.failed",
            "response": {"status": "failed", "error": {"code": "server_error", "message": "oops"}},
        },
    ],
)
async def test_a_response_that_fails_in_its_stream(
    event: dict[str, object], wire: OpenAIWire, call: MakeCall, server: Server
) -> None:
    server.says(pieces=[b"data: " + _json(event) + b"\n\n"], media_type="text/event-stream")
    asked = call(HI, base_url=server.url, api="responses")
    with pytest.raises(UnavailableError) as caught:
        [piece async for piece in wire.stream(asked)]
    assert caught.value.started
    assert caught.value.detail == "oops"


async def test_a_refused_task_is_refused_for_good(
    wire: OpenAIWire, call: MakeCall, server: Server
) -> None:
    server.says({"choices": [{"message": {"refusal": "I can't."}, "finish_reason": "stop"}]})
    with pytest.raises(ContentFilteredError):
        await wire.start(call(ReadBrief(prompt="x"), base_url=server.url))


async def test_a_streamed_refusal_is_told_as_one(
    wire: OpenAIWire, call: MakeCall, server: Server
) -> None:
    chunks = [
        {"choices": [{"delta": {"refusal": "I can't."}, "finish_reason": None}]},
        {"choices": [{"delta": {}, "finish_reason": "stop"}]},
    ]
    pieces = [b"data: " + _json(chunk) + b"\n\n" for chunk in chunks]
    server.says(pieces=pieces, media_type="text/event-stream")
    *said, done = [piece async for piece in wire.stream(call(HI, base_url=server.url))]
    assert said == ["I can't."]
    assert isinstance(done, Done)
    assert (done.result.text, done.result.finish) == ("I can't.", "filtered")  # type: ignore[attr-defined]


async def test_vectors_come_in_the_order_of_their_texts(
    wire: OpenAIWire, call: MakeCall, server: Server
) -> None:
    rows = [{"index": 1, "embedding": [2.0]}, {"index": 0, "embedding": [1.0]}]
    server.says({"data": rows})
    done = await wire.start(call(Embed(texts=("a", "b")), base_url=server.url, encoding="float"))
    assert isinstance(done, Done)
    assert done.result.vectors == ((1.0,), (2.0,))  # type: ignore[attr-defined]


@pytest.mark.parametrize("text", ['{"prompt": 3}', "no JSON", '{"prompt": "cut'])
async def test_a_task_whose_answer_does_not_fit(
    text: str, wire: OpenAIWire, call: MakeCall, server: Server
) -> None:
    server.says({"choices": [{"message": {"content": text}, "finish_reason": "stop"}]})
    with pytest.raises(BadResultError) as caught:
        await wire.start(call(WriteImagePrompt(subject="x"), base_url=server.url))
    assert caught.value.started
    assert caught.value.vendor == "acme"


async def test_nobody_there_started_nothing(wire: OpenAIWire, call: MakeCall) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(UnavailableError) as caught:
        await wire.start(call(HI, base_url=f"http://127.0.0.1:{port}"))
    assert not caught.value.started


@pytest.mark.parametrize(
    ("status", "expected"), [(404, JobFailedError), (403, JobFailedError), (503, UnavailableError)]
)
async def test_a_picture_that_is_gone_was_paid_all_the_same(
    status: int, expected: type[ProviderError], wire: OpenAIWire, call: MakeCall, server: Server
) -> None:
    server.says({"data": [{"url": f"{server.url}/files/1.png"}]})
    server.says({"error": "expired"}, status=status)
    with pytest.raises(ProviderError) as caught:
        await wire.start(call(CAT, base_url=server.url))
    assert type(caught.value) is expected
    assert caught.value.started
    assert "authorization" not in server.asked[1].headers, (
        "the key stays with the vendor's own calls"
    )


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/x.png", "https://169.254.169.254/latest", "ftp://x"]
)
async def test_a_picture_at_an_inner_address_is_not_fetched(
    url: str, wire: OpenAIWire, call: MakeCall, server: Server
) -> None:
    server.says({"data": [{"url": url}]})
    with pytest.raises(BadResultError) as caught:
        await wire.start(call(CAT, base_url=server.url))
    assert caught.value.started
    assert len(server.asked) == 1


async def test_a_picture_that_cannot_be_reached_was_paid_all_the_same(
    wire: OpenAIWire, call: MakeCall, server: Server
) -> None:
    server.says({"data": [{"url": "https://localhost/x.png"}]})
    with pytest.raises(BadResultError) as caught:
        await wire.start(call(CAT, base_url=server.url))
    assert caught.value.started


async def test_transcripts_and_checks_fail_like_everything_else(
    wire: OpenAIWire, call: MakeCall, server: Server
) -> None:
    sound = await call(HI).blobs.put(wav())
    server.says({"error": {"message": "too large"}}, status=413)
    with pytest.raises(ContextLengthError):
        await wire.start(call(Transcribe(audio=sound), base_url=server.url))
    server.says({"results": []})
    with pytest.raises(BadResponseError):
        await wire.start(call(Moderate(texts=("x",)), base_url=server.url, api="moderations"))


async def test_a_check_looks_for_the_brands_own_words(
    wire: OpenAIWire, call: MakeCall, server: Server
) -> None:
    server.says({"results": [{"flagged": False, "categories": {"hate": False}}]})
    request = Moderate(texts=("The cheapest tonic",), avoid=("cheap", "cheapest"))
    done = await wire.start(call(request, base_url=server.url, api="moderations"))
    assert isinstance(done, Done)
    assert not done.result.allowed  # type: ignore[attr-defined]
    assert done.result.reasons == ("the words 'cheapest' are to be avoided",)  # type: ignore[attr-defined]


async def test_a_check_goes_by_conversation_where_the_row_says_nothing(
    wire: OpenAIWire, call: MakeCall, server: Server
) -> None:
    verdict = '{"allowed": false, "reasons": ["hatred"], "looked": false}'
    server.says({"choices": [{"message": {"content": verdict}, "finish_reason": "stop"}]})
    done = await wire.start(call(Moderate(texts=("x",)), base_url=server.url))
    assert server.asked[0].path == "/chat/completions"
    assert isinstance(done, Done)
    assert done.result.reasons == ("hatred",)  # type: ignore[attr-defined]


async def test_rows_that_ask_for_what_is_not_there(wire: OpenAIWire, call: MakeCall) -> None:
    with pytest.raises(ConfigError, match="does not serve"):
        wire.operation(call(SearchWeb(query="x")))
    with pytest.raises(ConfigError, match="moderations"):
        wire.operation(call(HI, api="moderations"))
    with pytest.raises(ConfigError, match="assistants"):
        wire.operation(call(HI, api="assistants"))


async def test_an_address_without_its_variable(
    wire: OpenAIWire, call: MakeCall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ACME_RESOURCE", raising=False)
    with pytest.raises(MissingCredentialError, match="ACME_RESOURCE"):
        await wire.start(call(HI, base_url="https://${ACME_RESOURCE}.example/v1"))


def _json(value: object) -> bytes:
    return json.dumps(value).encode()
