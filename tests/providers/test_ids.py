"""By which names a vendor knows a call: of its headers and its body, whole and streamed, never the key."""

from __future__ import annotations

import pytest

from brandmodel.providers._ids import request_ids
from brandmodel.tasks import Done
from tests.providers.raw import FINE, HI, KEY, Asker, call_of, reply_of, saying
from tests.providers.recorded import exchanges


@pytest.mark.parametrize(
    ("headers", "body", "ids"),
    [
        ({"x-request-id": "req_12345"}, b'{"id": "chatcmpl-9"}', ("req_12345", "chatcmpl-9")),
        (
            {"request-id": "req_011C"},
            b'{"id":"msg_01Xy","type":"message"}',
            ("req_011C", "msg_01Xy"),
        ),
        ({}, b"x" * 5000 + b'"responseId": "abc-DEF_1"}', ("abc-DEF_1",)),
        ({"x-request-id": "two words"}, b'{"id": 7, "request_id": "r-1"}', ()),
        ({"x-request-id": "same-one"}, b'{"request_id": "same-one"}', ("same-one",)),
        ({}, b"\x89PNG", ()),
    ],
)
def test_ids_of_a_reply(headers: dict[str, str], body: bytes, ids: tuple[str, ...]) -> None:
    assert request_ids(headers, body) == ids


def test_recorded_answers_have_one() -> None:
    for kind, vendor, path in (
        ("chat", "openai", "/chat/completions"),
        ("messages", "anthropic", "/messages"),
        ("chat", "openrouter", "/chat/completions"),
    ):
        found = exchanges(kind, vendor, path=path)
        good = [one for one in found if one.status == 200 and not one.streamed]
        told = [request_ids(one.headers, one.body) for one in good]
        assert sum(map(bool, told)) > len(told) / 2, (vendor, told)


async def test_a_stream_and_a_whole_answer_keep_theirs(ask: Asker) -> None:
    chunk = (
        b'data: {"id":"chatcmpl-77","choices":[{"delta":{"content":"Hi"},"finish_reason":"stop"}]}'
    )
    stream = reply_of(chunk + b"\n\n", kind="text/event-stream", x_request_id="req-4711")
    ask.raw.answers.append(saying(stream))
    call = call_of(HI, ask.raw.url, ask.tmp_path)
    (*_, done) = [piece async for piece in ask.wire.stream(call)]
    assert isinstance(done, Done)
    assert done.request_ids == ("req-4711", "chatcmpl-77")
    ask.raw.answers_with({"id": KEY, **FINE}, request_id="req-4712")
    assert (await ask.done()).request_ids == ("req-4712",)
