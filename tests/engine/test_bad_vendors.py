"""Vendors that misbehave, all the way: what a caller sees, what the money says, who serves instead."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from brandmodel.engine.reconcile import read_export, reconciled
from brandmodel.errors import (
    AuthenticationError,
    BadResponseError,
    BadResultError,
    BrandModelError,
    ContentFilteredError,
    CreditError,
    OutcomeUnknownError,
    ProviderTimeoutError,
    RateLimitError,
    RejectedError,
    RoutingError,
    UnavailableError,
    UnknownTargetError,
)
from tests.engine.two_vendors import (
    FIRST,
    PICTURE,
    SECOND,
    WORDS,
    Studio,
    nobody_is_named,
    two_vendors,
)
from tests.providers.raw import JSON_HEAD, PAGE, Talk, reply_of, saying

pytestmark = pytest.mark.anyio
PRICE = 250_000_000
GIB10 = str(10 * 1024**3)
NEXT = [(FIRST, "released"), (SECOND, "settled")]
CHARGED = [(FIRST, "forfeited"), (SECOND, "settled")]
HELD = [(FIRST, "unknown")]


@pytest.fixture
async def studio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Studio]:
    for name in (FIRST, SECOND):
        monkeypatch.setenv(f"{name}_KEY", "Zm9vYmFyMTIz")
    async with two_vendors(tmp_path) as made:
        yield made


async def _endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(JSON_HEAD + b"transfer-encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"10000\r\n" + b" " * 65536 + b"\r\n")
        await writer.drain()


async def _drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(JSON_HEAD + b"transfer-encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"1\r\n \r\n")
        await writer.drain()
        await asyncio.sleep(0.02)


def error(status: int, code: str, words: str, **headers: str) -> bytes:
    """An error as most vendors write it: with their own name in it."""
    body = {"error": {"code": code, "message": f"{FIRST.title()} says: {words}"}}
    return reply_of(body, status=status, x_request_id="req-4711", **headers)


@dataclass(frozen=True)
class Case:
    """What the first vendor says to a picture of $0.25, always, and what comes of it.

    Attributes:
        says: its answer; what is at a result's address comes second.
        failed: the class of the first vendor's failure.
        states: of the paid calls, in order; the second vendor serves where it stands in them.
    """

    says: list[bytes | Talk]
    failed: type[BrandModelError]
    states: list[tuple[str, str]]
    more: str = ""


CASES = {
    "a wrong key": Case([error(401, "invalid_api_key", "Incorrect key")], AuthenticationError, NEXT),
    "no credit": Case([error(402, "payment_required", "Top up")], CreditError, NEXT),
    "no credit, as too many": Case(
        [error(429, "insufficient_quota", "You exceeded your current quota")], CreditError, NEXT
    ),
    "an unknown model": Case(
        [error(404, "model_not_found", "The model `picture` does not exist")],
        UnknownTargetError,
        NEXT,
    ),
    "a retired model": Case(
        [error(410, "", "model picture was retired")], UnknownTargetError, NEXT
    ),
    "too many calls": Case([error(429, "rate_limit", "Slow down")], RateLimitError, NEXT),
    "too many calls until a date long gone": Case(
        [error(429, "", "Slow", retry_after="Wed, 21 Oct 2015 07:28:00 GMT")], RateLimitError, NEXT
    ),
    "too many calls until the end of time": Case(
        [error(429, "", "Slow", retry_after="Fri, 31 Dec 9999 23:59:59 GMT")], RateLimitError, NEXT
    ),
    "a wrong request": Case([error(400, "bad_size", "no such size")], RejectedError, NEXT),
    "a failure of its own": Case([error(500, "", "oops")], UnavailableError, HELD),
    "a web page": Case([reply_of(PAGE, kind="text/html")], BadResponseError, HELD),
    "cut off JSON": Case([reply_of(json.dumps(PICTURE).encode()[:-5])], BadResponseError, HELD),
    "an endless body": Case([_endless], BadResponseError, HELD),
    "a drip": Case([_drip], ProviderTimeoutError, HELD, ", deadline_s = 0.5"),
    "a body of 10 GiB": Case(
        [reply_of(PICTURE, content_length=GIB10)], BadResponseError, HELD
    ),
    "a body that is shorter than it said": Case(
        [reply_of(PICTURE, content_length="100000")], UnavailableError, HELD
    ),
    "a call sent elsewhere": Case(
        [reply_of(status=307, location="http://169.254.169.254/latest")], BadResponseError, NEXT
    ),
    "a result that is a web page": Case(
        [b"{url}", reply_of(PAGE, kind="image/png")], BadResultError, CHARGED
    ),
    "a result of 10 GiB": Case(
        [b"{url}", reply_of(b"x", kind="image/png", content_length=GIB10)], BadResultError, CHARGED
    ),
    "a result at the metadata of a cloud": Case(
        [b"{url}", reply_of(status=302, location="https://169.254.169.254/latest")],
        BadResultError,
        CHARGED,
    ),
    "a result at an inner name": Case(
        [b"{url}", reply_of(status=302, location="https://localhost/1.png")],
        BadResultError,
        CHARGED,
    ),
}  # fmt: skip


def _said(studio: Studio, says: list[bytes | Talk]) -> None:
    """Put the first vendor's answers in line; the last is said over and over."""
    for one in says:
        if one == b"{url}":
            one = reply_of({"data": [{"url": f"{studio.first.url}/files/1.png?sig=x"}]})
        studio.first.answers.append(saying(one) if isinstance(one, bytes) else one)
    studio.first.usual = studio.first.answers[-1]


@pytest.mark.parametrize("name", CASES)
async def test_a_dear_call(name: str, studio: Studio) -> None:
    case = CASES[name]
    _said(studio, case.says)
    ended = await studio.runs(more=case.more)
    assert ended.states == case.states
    assert ended.attempts[0].error.split()[0] == case.failed.__name__
    assert len(studio.first.heads) == len(case.says)
    if case.states == HELD:
        assert isinstance(ended.error, OutcomeUnknownError)
        nobody_is_named(ended.error)
        assert (ended.held_nano, ended.spent_nano) == (PRICE, 0)
        assert not studio.second.heads, "nobody else is asked while the first may have begun"
        return
    assert ended.result is not None
    assert ended.result.text == "64 x 64"
    lost = PRICE if case.states == CHARGED else 0
    assert (ended.held_nano, ended.spent_nano) == (0, PRICE + lost)
    (step,) = ended.result.receipt.steps
    assert [(one.target, one.outcome) for one in step.attempts] == [
        (f"{FIRST}/picture", case.failed.__name__),
        (f"{SECOND}/picture", "served"),
    ]
    assert ended.result.receipt.paid_usd == (PRICE + lost) / 1e9


async def test_operators_find_the_call_and_the_vendors_own_words(studio: Studio) -> None:
    _said(studio, [error(400, "bad_size", "no such size")])
    studio.second.usual = saying(reply_of({**PICTURE, "id": "img-42"}, request_id="req-99"))
    failed, served = (await studio.runs()).attempts
    assert failed.error == "RejectedError 400 bad_size Zorbex says: no such size"
    assert failed.request_ids == "req-4711"
    assert served.request_ids == "req-99 img-42"


async def test_a_refusal_stops_and_costs_nothing_unless_the_next_may_be_asked(
    studio: Studio,
) -> None:
    _said(studio, [error(400, "content_policy_violation", "not this")])
    ended = await studio.runs()
    assert type(ended.error) is ContentFilteredError
    nobody_is_named(ended.error)
    assert (ended.states, ended.held_nano, ended.spent_nano) == ([(FIRST, "released")], 0, 0)
    assert not studio.second.heads
    ended = await studio.runs(more=', on_refusal = "next"')
    assert ended.result is not None
    assert ended.states[1:] == NEXT


@pytest.mark.parametrize("status", [401, 402, 404, 429])
async def test_when_nobody_serves_nothing_is_paid_and_nobody_is_named(
    status: int, studio: Studio
) -> None:
    refused = error(status, "", "no", retry_after="0")
    _said(studio, [refused])
    studio.second.usual = saying(refused)
    ended = await studio.runs()
    assert type(ended.error) is RoutingError
    nobody_is_named(ended.error)
    tries = 3 if status == 429 else 1
    assert (len(studio.first.heads), len(studio.second.heads)) == (1, tries)
    assert {state for _, state in ended.states} == {"released"}
    assert (ended.held_nano, ended.spent_nano) == (0, 0)


async def test_a_wrong_content_type_is_forgiven(studio: Studio) -> None:
    _said(studio, [reply_of(PICTURE, kind="text/html")])
    ended = await studio.runs()
    assert ended.states == [(FIRST, "settled")]
    assert (ended.held_nano, ended.spent_nano) == (0, PRICE)


async def test_an_answer_that_was_all_thought_goes_to_the_next(studio: Studio) -> None:
    """It is billed; another one of the same would end the same way."""
    choice: dict[str, Any] = {"message": {"content": ""}, "finish_reason": "length"}
    _said(studio, [reply_of({"choices": [choice]})])
    ended = await studio.runs("said")
    assert ended.result is not None
    assert ended.result.text == "Hello"
    assert ended.states == CHARGED
    assert ended.attempts[0].error == "BadResultError length"
    assert ended.spent_nano == 2_000_000


async def test_an_answer_of_no_use_costs_what_its_vendor_counted(studio: Studio) -> None:
    studio.words_price = "million_tokens_out = 2.0"
    choice: dict[str, Any] = {"message": {"content": ""}, "finish_reason": "length"}
    usage = {"prompt_tokens": 10, "completion_tokens": 500, "total_tokens": 510}
    _said(studio, [reply_of({"choices": [choice], "usage": usage})])
    ended = await studio.runs("said")
    assert ended.states == CHARGED
    assert [one.charged_nano for one in ended.attempts] == [1_000_000, 2_000]
    assert ended.attempts[0].high_nano > 8_000_000
    assert ended.result is not None
    assert ended.result.receipt.paid_usd == 0.001002


async def test_a_little_call_that_got_lost_is_sent_once_more_and_both_are_charged(
    studio: Studio,
) -> None:
    _said(studio, [reply_of(PAGE, kind="text/html")])
    ended = await studio.runs("said")
    assert ended.states == [(FIRST, "forfeited"), *CHARGED]
    assert (ended.held_nano, ended.spent_nano) == (0, 3_000_000)
    assert ended.result is not None
    assert ended.result.receipt.paid_usd == 0.003


async def test_a_bill_is_compared_call_by_call_with_the_vendors_own_ids(studio: Studio) -> None:
    """Same day, model and price: only the ids tell which of two calls was charged otherwise."""
    for number in (1, 2):
        body = {**WORDS, "id": f"chatcmpl-{number}"}
        studio.first.says(reply_of(body, x_request_id=f"req-000{number}"))
        studio.folder = studio.folder / "another"
        ended = await studio.runs("said")
        if number == 1:
            first = ended.attempts
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    export = read_export(
        "request_id,date,model,amount\n"
        f"req-0002,{today},words,0.001\n"
        f"chatcmpl-1,{today},words,0.002\n"
    )
    found = reconciled(export, [*first, *ended.attempts], {})
    assert (found.matched, found.matched_nano) == (1, 1_000_000)
    (other,) = found.differ
    assert (other.id, other.ours_nano, other.theirs_nano) == ("chatcmpl-1", 1_000_000, 2_000_000)
    assert not found.ours
    assert not found.theirs
