"""Results that lie where nobody may fetch them from, and files that are none."""

from __future__ import annotations

import pytest

from brandmodel.errors import (
    BadResponseError,
    BadResultError,
    ProviderError,
    UnavailableError,
)
from brandmodel.providers import _http
from brandmodel.providers._http import Http
from tests.providers.media import png
from tests.providers.raw import CAT, KEY, PAGE, Asker, Raw, serving

INNER = [
    "http://169.254.169.254/latest/meta-data",
    "https://169.254.169.254/latest/meta-data",
    "http://127.0.0.1:1/x.png",
    "https://127.0.0.1/x.png",
    "https://[::1]/x.png",
    "https://[::ffff:127.0.0.1]/x.png",
    "https://10.0.0.1/x.png",
    "https://localhost/x.png",
    "https://localhost./x.png",
    "https://2130706433/x.png",
    "https://0x7f.1/x.png",
    "https://user:word@127.0.0.1/x.png",
    "https://127.0.0.1\\@example.com/x.png",
    "https://127\u30020\u30020\u30021/x.png",
    "https://[/x.png",
    "file:///etc/passwd",
    "gopher://127.0.0.1/x",
    "//127.0.0.1/x.png",
]


@pytest.mark.parametrize(
    ("url", "redirected"),
    # Without a scheme an address is a path of the vendor's own host.
    [*[(url, False) for url in INNER if "://" in url], *[(url, True) for url in INNER]],
)
async def test_a_result_at_an_inner_address(url: str, redirected: bool, ask: Asker) -> None:
    """Given as the picture's address, or as where the vendor's own host sends on to."""
    first = f"{ask.raw.url}/files/1.png" if redirected else url
    ask.raw.answers_with({"data": [{"url": first}]})
    if redirected:
        ask.raw.answers_with(b"", status=302, location=url)
    error = await ask.fails(CAT)
    assert isinstance(error, BadResultError | UnavailableError)
    assert isinstance(error, ProviderError)
    assert error.started, "the picture was made all the same"
    assert len(ask.raw.heads) == 1 + redirected
    assert all(KEY.encode() not in head for head in ask.raw.heads[1:])


async def test_credentials_stay_with_the_vendors_host(
    raw: Raw, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other server stands for a public one, which no test can reach."""

    async def outside(url: str) -> object:
        return _http._builder().build()

    monkeypatch.setattr(_http, "_outside", outside)
    other, http, credentials = Raw(), Http(), {"authorization": f"Bearer {KEY}"}
    async with serving(other):
        for url in (f"{raw.url}/1", f"{other.url}/1"):
            raw.answers_with(b"", status=302, location=f"{other.url}/2")
            other.answers_with(b"the file")
            reply = await http.fetch(url, headers=credentials, trusted=raw.url)
            assert reply.body == b"the file"
            assert sum(KEY.encode() in head for head in raw.heads) == 1
            assert not any(KEY.encode() in head for head in other.heads)
    await http.aclose()


async def test_redirects_come_to_an_end(ask: Asker) -> None:
    ask.raw.answers_with({"data": [{"url": f"{ask.raw.url}/0"}]})
    for number in range(10):
        ask.raw.answers_with(b"", status=302, location=f"/{number + 1}")
    error = await ask.fails(CAT)
    assert type(error) is BadResultError
    assert len(ask.raw.heads) == 7


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (PAGE, "text/html"),
        (PAGE, "image/png"),
        (b"", "image/png"),
        (b'{"error": "gone"}', "image/png"),
    ],
)
async def test_a_picture_that_is_none(body: bytes, kind: str, ask: Asker) -> None:
    ask.raw.answers_with({"data": [{"url": f"{ask.raw.url}/1.png"}]})
    ask.raw.answers_with(body, kind=kind)
    error = await ask.fails(CAT)
    assert type(error) is BadResultError
    assert error.started


async def test_a_picture_under_a_wrong_content_type(ask: Asker) -> None:
    ask.raw.answers_with({"data": [{"url": f"{ask.raw.url}/1.png"}]})
    ask.raw.answers_with(png(64, 64), kind="text/html")
    assert (await ask.done(CAT)).result.image.media_type == "image/png"  # type: ignore[attr-defined]


async def test_the_vendor_sends_its_caller_elsewhere(ask: Asker) -> None:
    """A call is never sent on: it carries the key."""
    for status in (301, 302, 307, 308):
        ask.raw.answers_with(b"", status=status, location="https://elsewhere.example/v1")
        error = await ask.fails()
        assert type(error) is BadResponseError
        assert not error.started
    assert len(ask.raw.heads) == 4
