"""Bad statuses through a whole wire, and what a failed run leaves behind."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from brandmodel import AsyncBrandModel
from brandmodel.errors import (
    AuthenticationError,
    BrandModelError,
    ContextLengthError,
    CreditError,
    ProviderError,
    ProviderTimeoutError,
    RateLimitError,
    RoutingError,
    UnavailableError,
    UnknownTargetError,
)
from brandmodel.recipes import recipe
from brandmodel.tasks import (
    Brief,
    Context,
    WriteImagePrompt,
)
from tests.providers.raw import KEY, PAGE, Asker, Raw, keyless

# ---- statuses


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("shape", ["openai", "words", "page", "nested", "nothing"])
@pytest.mark.parametrize(
    ("status", "expected", "started"),
    [
        (401, AuthenticationError, False),
        (402, CreditError, False),
        (403, AuthenticationError, False),
        (404, UnknownTargetError, False),
        (410, UnknownTargetError, False),
        (413, ContextLengthError, None),
        (429, RateLimitError, False),
        (500, UnavailableError, True),
        (502, UnavailableError, True),
        (504, ProviderTimeoutError, True),
        (529, UnavailableError, True),
    ],
)
async def test_a_status(
    status: int,
    expected: type[BrandModelError],
    started: bool | None,
    shape: str,
    streamed: bool,
    ask: Asker,
) -> None:
    words = f"no: {KEY}, Bearer {KEY}"
    bodies: dict[str, Any] = {
        "openai": {"error": {"message": words, "code": "x"}},
        "words": {"detail": words},
        "page": PAGE,
        "nested": b'{"error":' * 5_000 + b'"no"' + b"}" * 5_000,
        "nothing": b"",
    }
    ask.raw.answers_with(bodies[shape], status=status, www_authenticate=f"Bearer {KEY}")
    error = await ask.fails(streamed=streamed)
    assert type(error) is expected
    if isinstance(error, ProviderError):
        assert error.started is started
        assert error.status == status


NOW = datetime(2026, 11, 23, 8, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"retry_after": "30"}, 30.0),
        ({"retry_after": "0"}, 0.0),
        ({"retry_after": "1.5"}, 1.5),
        ({"retry_after_ms": "250", "retry_after": "1"}, 0.25),
        ({"retry_after": "-1"}, None),
        ({"retry_after": "soon"}, None),
        ({"retry_after": "\u00b2"}, None),
        ({"retry_after": "9" * 400}, None),
        ({"retry_after": "Wed, 21 Oct 99999999999999999999 07:28:00 GMT"}, None),
        ({"date": -3600, "retry_after": 42}, 42.0),
        ({"date": 86_400 * 400, "retry_after": 42}, 42.0),
        ({"date": 0, "retry_after": -90}, 0.0),
        ({"retry_after": "Mon Nov 23 08:00:07 2020"}, 0.0),
        ({"date": "Mon Nov 23 08:00:00 2026", "retry_after": "Mon Nov 23 08:00:07 2026"}, 7.0),
        (
            {
                "date": "Mon, 23 Nov 2026 08:00:00 GMT",
                "retry_after": "Monday, 23-Nov-26 08:00:07 GMT",
            },
            7.0,
        ),
        ({}, None),
    ],
)
async def test_how_long_to_wait(
    headers: dict[str, Any], expected: float | None, ask: Asker
) -> None:
    """A number under ``date`` is how far the vendor's clock is off; a later one counts from there."""
    skew = headers.get("date", 0)
    told: dict[str, str] = {}
    for name, value in headers.items():
        seconds = value if name == "date" else value + skew if isinstance(value, int) else value
        moved = NOW + timedelta(seconds=seconds) if isinstance(seconds, int) else None
        told[name] = format_datetime(moved, usegmt=True) if moved else str(value)
    ask.raw.answers_with({"error": {"message": "slow down"}}, status=429, **told)
    error = await ask.fails()
    assert isinstance(error, RateLimitError)
    assert error.retry_after_s == expected
    assert not error.started


# ---- a whole run


VENDOR = """\
[acme]
provider = "openai"
base_url = "{url}/v1"
key_env = "ACME_API_KEY"
"""
TARGET = """\
[m]
tasks = ["WriteImagePrompt"]
price = { million_tokens_in = 0.01, million_tokens_out = 0.01 }
price_source = "https://acme.example/prices"
price_checked = 2026-11-23
"""
MODEL = """\
[model]
name = "studio-1"
default = true
[tasks]
WriteImagePrompt = ["acme/m"]
Sign = ["house/sign"]
"""


async def prompted(ctx: Context, brief: Brief) -> dict[str, str]:
    """One line about the picture."""
    written = await ctx.call(WriteImagePrompt(subject=brief.prompt), name="prompt")
    return {"text": written.prompt}


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (401, {"error": {"message": f"Incorrect API key provided: {KEY}"}}),
        (500, {"error": {"message": f"oops, Bearer {KEY}"}}),
        (200, PAGE),
        (200, {"error": {"message": f"odd, {KEY}"}}),
    ],
)
async def test_the_key_is_in_nothing_that_a_run_leaves(
    status: int,
    body: Any,
    raw: Raw,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    recipe("prompted", makes=("text/plain",))(prompted)
    routers = tmp_path / "routers"
    (routers / "targets").mkdir(parents=True)
    (routers / "vendors.toml").write_text(VENDOR.format(url=raw.url))
    (routers / "targets" / "acme.toml").write_text(TARGET)
    (routers / "studio-1.toml").write_text(MODEL)
    monkeypatch.setenv("ACME_API_KEY", KEY)
    for _ in range(6):
        raw.answers_with(body, status=status)
    async with AsyncBrandModel(routers=routers, home=tmp_path / "home") as model:
        with pytest.raises(BrandModelError) as caught:
            await model.run("A cold brew tonic", recipe="prompted")
    assert raw.heads, "the vendor was asked"
    assert KEY.encode() in raw.heads[0]
    keyless(caught.value, caplog)
    if isinstance(caught.value, RoutingError):
        for attempt in caught.value.attempts:
            keyless(attempt, caplog)
    assert "acme" not in str(caught.value)
    files = [path for path in (tmp_path / "home").rglob("*") if path.is_file()]
    assert any(path.stat().st_size for path in files), "the journal was written"
    assert all(KEY.encode() not in path.read_bytes() for path in files)
