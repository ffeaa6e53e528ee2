"""``POST /embeddings`` and ``/moderations``: what texts mean, and whether they may go out."""

from __future__ import annotations

import binascii
import math
import re
import struct
from typing import Any

from brandmodel.errors import BadResponseError
from brandmodel.providers._http import Ask, Reply
from brandmodel.providers._json import fields, items
from brandmodel.providers._wire import Files, Made, Operation
from brandmodel.providers.openai._bill import charged, usage_of
from brandmodel.providers.openai._inband import answer_of
from brandmodel.providers.openai._rows import asked
from brandmodel.tasks import Call, Embed, Embeddings, Moderate, Moderation

_BYTES = "base64_int8"
"""Perplexity's vectors: signed bytes in base64."""


def ask_vectors(call: Call, files: Files) -> Ask:
    """The request of vectors; base64 halves the answer, a row may say ``encoding = "float"``."""
    request = call.request
    assert isinstance(request, Embed)
    body: dict[str, Any] = {
        "model": call.target.model,
        "input": list(request.texts),
        "encoding_format": call.target.settings.get("encoding", "base64"),
    }
    if request.dimensions is not None:
        body["dimensions"] = request.dimensions
    return asked(call, "embeddings", body)


def read_vectors(call: Call, reply: Reply) -> Made:
    """The vectors of a reply, in the order of the texts.

    Raises:
        BadResponseError: one is missing, or is none.
        BrandModelError: it tells of a failure.
    """
    request = call.request
    assert isinstance(request, Embed)
    body = answer_of(reply)
    rows = [fields(one) for one in items(body.get("data"))]
    places = [i if type(i := one.get("index")) is int else n for n, one in enumerate(rows)]
    if sorted(places) != list(range(len(request.texts))):
        raise BadResponseError(f"{len(rows)} vectors came for {len(request.texts)} texts")
    small = call.target.settings.get("encoding") == _BYTES
    found = dict(zip(places, (_vector(row.get("embedding"), small) for row in rows), strict=True))
    result = Embeddings(vectors=tuple(found[place] for place in sorted(found)))
    usage = body.get("usage")
    return Made(lambda _: result, usage=usage_of(usage), usd_nano=charged(usage))


def ask_moderation(call: Call, files: Files) -> Ask:
    """The request of a check."""
    request = call.request
    assert isinstance(request, Moderate)
    body: dict[str, Any] = {"model": call.target.model, "input": list(request.texts)}
    if request.image is not None:
        address = files[request.image.sha256].address
        body["input"] = [
            *({"type": "text", "text": one} for one in request.texts),
            {"type": "image_url", "image_url": {"url": address}},
        ]
    return asked(call, "moderations", body)


def read_moderation(call: Call, reply: Reply) -> Made:
    """Whether all of it may go out. The brand's own words to avoid are looked for here.

    Raises:
        BadResponseError: nothing was checked.
        BrandModelError: it tells of a failure.
    """
    request = call.request
    assert isinstance(request, Moderate)
    results = [fields(one) for one in items(answer_of(reply).get("results"))]
    if not results or not all(isinstance(one.get("flagged"), bool) for one in results):
        raise BadResponseError("the answer holds no verdict", detail=reply.excerpt())
    reasons = [
        _reason(name)
        for one in results
        for name, found in fields(one.get("categories")).items()
        if found is True
    ]
    flagged = any(one["flagged"] for one in results)
    if flagged and not reasons:
        reasons.append("it was flagged without a reason")
    said = "\n".join(request.texts)
    reasons += [f"the words {avoided!r} are to be avoided" for avoided in _met(request.avoid, said)]
    result = Moderation(
        allowed=not reasons, reasons=tuple(dict.fromkeys(reasons)), looked=request.image is not None
    )
    return Made(lambda _: result)


def _vector(told: Any, small: bool) -> tuple[float, ...]:
    try:
        vector = _unpacked(told, small) if isinstance(told, str) else tuple(map(float, items(told)))
    except (ValueError, TypeError, OverflowError, struct.error) as error:
        raise BadResponseError("a vector is not one") from error
    if not vector or not all(map(math.isfinite, vector)):
        raise BadResponseError("a vector is empty or not finite")
    return vector


def _unpacked(told: str, small: bool) -> tuple[float, ...]:
    """32 bit floats, little-endian, in base64; or signed bytes."""
    packed = binascii.a2b_base64(told, strict_mode=True)
    form = f"<{len(packed)}b" if small else f"<{len(packed) // 4}f"
    return tuple(map(float, struct.unpack(form, packed)))


def _reason(category: str) -> str:
    """``self-harm/intent`` in plain words."""
    what, _, more = category.replace("_", " ").partition("/")
    return f"it shows {what} ({more})" if more else f"it shows {what}"


def _met(avoid: tuple[str, ...], said: str) -> list[str]:
    return [one for one in avoid if re.search(rf"(?<!\w){re.escape(one)}(?!\w)", said, re.I)]


EMBED = Operation(ask=ask_vectors, read=read_vectors)
MODERATE = Operation(ask=ask_moderation, read=read_moderation)
