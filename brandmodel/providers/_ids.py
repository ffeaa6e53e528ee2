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
_NAMES = frozenset(
    (b"id", b"request_id", b"requestId", b"response_id", b"responseId", b"generation_id")
)
_IN_BODY = re.compile(rb'[iI]d"\s*:\s*"([\w.:/-]{6,80})"')
"""Begins with what is rare in JSON, so that a body is searched fast; the name is looked at after."""
_SOUND = re.compile(r"[\w.:/-]{6,80}\Z")
_LOOKED_AT = 1000
"""Bytes at either end of a body: it may hold a picture between."""
_MOST = 6


def request_ids(headers: Mapping[str, str], body: bytes = b"") -> tuple[str, ...]:
    """The ids in the headers (of lower case) and in the body of a reply."""
    given = filter(None, map(headers.get, _HEADERS))
    told = [value for value in given if _SOUND.match(value)]
    for part in (body[:_LOOKED_AT], body[_LOOKED_AT:][-_LOOKED_AT:]):
        for found in _IN_BODY.finditer(part):
            if part[part.rfind(b'"', 0, found.start()) + 1 : found.start() + 2] in _NAMES:
                told.append(found[1].decode())
    return tuple(dict.fromkeys(told))[:_MOST]
