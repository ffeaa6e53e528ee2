"""Failures that come with a good status: in a stream that has begun, or instead of an answer."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from brandmodel.errors import BadResponseError, BrandModelError
from brandmodel.providers._errors import midway
from brandmodel.providers._events import EventReader
from brandmodel.providers._http import Reply
from brandmodel.providers._json import fields, parsed

_STATUS: Mapping[str, int] = {
    "invalid_request_error": 400,
    "invalid_prompt": 400,
    "image_generation_user_error": 400,
    "context_length_exceeded": 400,
    "content_filter": 400,
    "content_policy_violation": 400,
    "moderation_blocked": 400,
    "authentication_error": 401,
    "insufficient_quota": 429,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "too_many_requests": 429,
}
"""Where an error brings no status: by its code or type."""
_THREE_DIGITS = re.compile(r"[0-9]{3}\Z")


def inband(error: Any) -> BrandModelError:
    """The error that an ``error`` object is. The call was taken, so something may be billed."""
    body = {"error": error}
    return midway(_status(error), json.dumps(body))


def answer_of(reply: Reply) -> dict[str, Any]:
    """The object that a reply is.

    Raises:
        BrandModelError: it tells of a failure.
        BadResponseError: it is no object.
    """
    body = fields(reply.data())
    if not body:
        raise BadResponseError("the answer is not an object", detail=reply.excerpt())
    if body.get("error"):
        raise inband(body["error"])
    return body


def last_event(reply: Reply, *kinds: str) -> dict[str, Any]:
    """The answer of a reply that may also come as a stream, of which only the last event counts."""
    if reply.media_type != "text/event-stream":
        return answer_of(reply)
    reader = EventReader()
    found: dict[str, Any] = {}
    for event in (*reader.feed(reply.body), *reader.end()):
        chunk = event_of(event.data)
        if chunk.get("error"):
            raise inband(chunk["error"])
        if chunk.get("type") in kinds:
            found = chunk
    if not found:
        raise BadResponseError("the stream ended without a result")
    return found


def event_of(data: str) -> dict[str, Any]:
    """The object of an event; empty for the mark at the end.

    Raises:
        BadResponseError: it is none.
    """
    if data.startswith("[DONE]"):
        return {}
    return parsed(data)


def _status(error: Any) -> int:
    given = fields(error)
    for name in ("status_code", "status", "code"):
        value = given.get(name)
        number = int(value) if isinstance(value, str) and _THREE_DIGITS.match(value) else value
        if isinstance(number, int) and 400 <= number < 600:
            return number
    known = (_STATUS.get(str(given.get(name))) for name in ("code", "type"))
    return next((status for status in known if status), 500)
