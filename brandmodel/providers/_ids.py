"""By which names a vendor knows a call: an operator finds it there, and a usage export names it."""

from __future__ import annotations

import re
from collections.abc import Mapping

_HEADERS = (
    "x-request-id",
    "request-id",
    "apim-request-id",
    "x-fal-request-id",
    "mistral-correlation-id",
    "x-generation-id",
    "x-goog-request-id",
)
_IN_BODY = re.compile(
    rb'"(?:id|request_id|requestId|response_id|responseId|generation_id)"\s*:\s*"([\w.:/-]{6,80})"'
)
_SOUND = re.compile(r"[\w.:/-]{6,80}\Z")
_LOOKED_AT = 1000
"""Bytes at either end of a body: it may hold a picture between."""
_MOST = 6


def request_ids(headers: Mapping[str, str], body: bytes = b"") -> tuple[str, ...]:
    """The ids in the headers (of lower case) and in the body of a reply."""
    told = [value for name in _HEADERS if _SOUND.match(value := headers.get(name, ""))]
    for part in (body[:_LOOKED_AT], body[_LOOKED_AT:][-_LOOKED_AT:]):
        told += [found.decode() for found in _IN_BODY.findall(part)]
    return tuple(dict.fromkeys(told))[:_MOST]
