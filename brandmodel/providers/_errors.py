"""What a failed reply means: by status, then by the vendor's code, by its words last.

The vendor's own words go into ``detail``, for operators; they never become a message.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, cast

from brandmodel.errors import (
    AuthenticationError,
    BadResponseError,
    BrandModelError,
    ContentFilteredError,
    ContextLengthError,
    CreditError,
    JobFailedError,
    ProviderError,
    ProviderTimeoutError,
    RateLimitError,
    RejectedError,
    UnavailableError,
    UnknownTargetError,
)
from brandmodel.providers._http import Reply

_CREDIT = re.compile(
    r"insufficient_quota|quota_exceeded|billing|insufficient[ _](?:credit|balance|funds)|exceeded your "
    r"current quota|credit balance|out of credits?|payment",
    re.I,
)
_LENGTH = re.compile(
    r"context[ _](?:length|window)|maximum context|too[ _]many[ _](?:\w+[ _])?tokens|prompt is too long|"
    r"exceeds? the (?:model'?s )?(?:maximum|limit).*token|reduce the length|input token count",
    re.I,
)
_FILTERED = re.compile(
    r"content[ _](?:policy|filter)|safety|moderation|policy_violation|content_moderation|prohibited|"
    r"nsfw|responsible[ _]?ai|flagged",
    re.I,
)
_UNKNOWN = re.compile(
    r"model[ _]not[ _]found|no such model|model .{0,80}(?:does not exist|not found|not supported|deprecated|"
    r"retired|decommissioned|shut ?down)|unknown model|invalid model|model_decommissioned|"
    r"endpoint .{0,80}not found|application .{0,80}not found",
    re.I,
)
_KEY = re.compile(
    r"api[ _]?key|credential|unauthori[sz]ed|authentication|token is (?:invalid|expired)", re.I
)
_DELAY = re.compile(rb'(?:"retryDelay"\s*:\s*"|rate limit resets in ~?)(\d+(?:\.\d+)?)s')
"""In the body alone: Google's RetryInfo, Replicate's words."""
_SECONDS = re.compile(r"[0-9]{1,9}(?:\.[0-9]+)?\Z")
_SECRETS = re.compile(
    r"\b(?:sk|pk|rk|gsk|xai|tvly|key|fal|r8)[-_][\w-]{6,}|\bAIza[\w-]{10,}"
    r"|(?<=Bearer )\S+|(?<=Key )\S{12,}"
)


_QUERY = re.compile(r"(\bhttps?://[^\s\"'<>?]*)\?[^\s\"'<>]+")
"""Who has the query of a signed address has what lies there."""


def failure(reply: Reply, *, vendor: str = "") -> BrandModelError:
    """The error that a reply with a bad status is."""
    code, words = said(reply)
    detail = hidden(words or reply.excerpt())
    status = reply.status
    given: dict[str, Any] = {"vendor": vendor, "status": status, "code": code, "detail": detail}
    text = f"{code} {words}"
    if _has_no_credit(reply, text):
        return CreditError("the account has no credit", started=False, **given)
    if status == 401 or (
        status in (400, 403, 422) and _KEY.search(text) and not _UNKNOWN.search(text)
    ):
        return AuthenticationError("the credentials were not accepted", started=False, **given)
    if status == 429:
        return RateLimitError(
            "too many calls",
            retry_after_s=retry_after(reply),
            vendor=vendor,
            code=code,
            detail=detail,
        )
    if status in (408, 504, 524):
        return ProviderTimeoutError("the target gave up waiting", **given)
    if status >= 500:
        return UnavailableError(f"the target failed with status {status}", **given)
    if 300 <= status < 400:
        return BadResponseError("the target sent a redirect", started=False, **given)
    return _refused(status, text, given)


def midway(status: int, body: str) -> BrandModelError:
    """The error that comes after a good status: the call was taken, so something may be billed."""
    error = failure(Reply(status, {}, body.encode()))
    if isinstance(error, ProviderError | ContentFilteredError):
        error.started = True
    return error


def job_failed(
    code: str, words: str, *, billed: bool = True, status: int | None = None
) -> BrandModelError:
    """The error of a job that ended without a result."""
    if _FILTERED.search(f"{code} {words}"):
        return filtered(started=billed)
    return JobFailedError(
        "the job failed at the target",
        status=status,
        code=code,
        detail=hidden(words),
        started=billed,
    )


def _has_no_credit(reply: Reply, text: str) -> bool:
    """Some say it with 400, and some speak of billing in what is a limit per minute."""
    if reply.status == 429:
        # Who says when to come back has not run out of money (Google's RetryInfo).
        return bool(_CREDIT.search(text)) and b'"retryDelay"' not in reply.body
    if reply.status == 400:
        return "credit balance" in text.lower()
    # 432 and 433 are Tavily's: the plan's and the pay-as-you-go limit.
    return reply.status in (402, 432, 433) or (
        reply.status in (401, 403) and bool(_CREDIT.search(text))
    )


def _refused(status: int, text: str, given: dict[str, Any]) -> BrandModelError:
    """What a status of 400 to 499 is that has no meaning of its own."""
    if _LENGTH.search(text) or status == 413:
        return ContextLengthError("the request is longer than the model takes")
    if _FILTERED.search(text):
        return filtered()
    if status == 404 or status == 410 or _UNKNOWN.search(text):
        return UnknownTargetError("the target does not exist any more", started=False, **given)
    if status == 403:
        return AuthenticationError("the credentials do not allow this", started=False, **given)
    if status in (405, 409, 425):
        return UnavailableError(f"the target cannot take it now ({status})", started=False, **given)
    return RejectedError("the target did not take the request", started=False, **given)


def filtered(*, started: bool = False) -> ContentFilteredError:
    """The error of a refusal; ``started`` where it came after the call was taken."""
    return ContentFilteredError("refused", hint="change the words", started=started)


def said(reply: Reply) -> tuple[str, str]:
    """(code, words) of an error body, whatever its shape; ('', '') where it is none."""
    try:
        body = reply.data()
    except BadResponseError:
        return "", ""
    return told(body)


def told(body: Any, *, depth: int = 8) -> tuple[str, str]:
    """(code, words) of an error as vendors write it; nested objects and lists are looked into."""
    if depth == 0:
        return "", ""
    if isinstance(body, list):
        return told(body[0], depth=depth - 1) if body else ("", "")
    if isinstance(body, str):
        return "", body
    if not isinstance(body, dict):
        return "", ""
    fields = cast("dict[str, Any]", body)
    for inner in ("error", "detail", "errors", "fault"):
        if isinstance(fields.get(inner), dict | list):
            code, words = told(fields[inner], depth=depth - 1)
            if code or words:
                return code or _code(fields), words
    words = next(
        (
            value
            for name in ("message", "msg", "detail", "error", "title", "error_description")
            if isinstance(value := fields.get(name), str) and value
        ),
        "",
    )
    return _code(fields), words


def _code(fields: dict[str, Any]) -> str:
    found = [
        str(fields[n]) for n in ("code", "type", "status", "tag", "error_type") if fields.get(n)
    ]
    return next((code for code in found if not code.isdigit()), found[0] if found else "")


def retry_after(reply: Reply) -> float | None:
    """Seconds that the target wants to be left alone, where it says so."""
    in_ms = reply.headers.get("retry-after-ms", "").strip()
    if _SECONDS.match(in_ms):
        return float(in_ms) / 1000
    value = reply.headers.get("retry-after", "").strip()
    if _SECONDS.match(value):
        return float(value)
    if value:
        until = http_date(value)
        # Against the target's own clock where it tells it: ours may be skewed.
        now = http_date(reply.headers.get("date", "")) or datetime.now(UTC)
        return max(0.0, (until - now).total_seconds()) if until else None
    delay = _DELAY.search(reply.body[:10_000])
    return float(delay[1]) if delay else None


def http_date(value: str) -> datetime | None:
    """A moment as HTTP writes it; None where it is none."""
    try:
        found = parsedate_to_datetime(value)
    except (TypeError, ValueError, OverflowError):
        return None
    # HTTP dates are in UTC; the oldest of their three forms does not say so (RFC 9110, 5.6.7).
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def hidden(text: str, *secrets: str) -> str:
    """A text without what could be a key, or opens an address: vendors like to repeat both."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, "[key]")
    if "?" in text:
        text = _QUERY.sub(r"\1?[...]", text)
    return _SECRETS.sub("[key]", text)[:1000]
