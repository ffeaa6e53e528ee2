"""Meaning as numbers."""

from __future__ import annotations

from typing import Any

from brandmodel.errors import BadResponseError
from brandmodel.providers._http import Ask, Reply
from brandmodel.providers._json import count, fields, items, number
from brandmodel.providers._wire import Files, Made, Operation
from brandmodel.providers.google.asking import method
from brandmodel.tasks import Call, Embed, Embeddings, Usage


def ask_embed(call: Call, files: Files) -> Ask:
    """The request of vectors, all texts in one call."""
    request = call.request
    assert isinstance(request, Embed)
    sized = {"outputDimensionality": request.dimensions} if request.dimensions else {}
    model = method(call, "").removesuffix(":")
    requests = [
        {"model": model, "content": {"parts": [{"text": one}]}, **sized} for one in request.texts
    ]
    return Ask(method(call, "batchEmbedContents"), json={"requests": requests})


def ask_predict(call: Call, files: Files) -> Ask:
    """The same, of Vertex AI's own embedding models."""
    request = call.request
    assert isinstance(request, Embed)
    body: dict[str, Any] = {"instances": [{"content": one} for one in request.texts]}
    if request.dimensions:
        body["parameters"] = {"outputDimensionality": request.dimensions}
    return Ask(method(call, "predict"), json=body)


def read_embed(call: Call, reply: Reply) -> Made:
    """The vectors of a reply.

    Raises:
        BadResponseError: they are not one for each text.
    """
    request = call.request
    assert isinstance(request, Embed)
    body = fields(reply.data())
    told = body.get("embeddings")
    if told is None:
        told = [fields(one).get("embeddings") for one in items(body.get("predictions"))]
    each = [fields(one) for one in items(told)]
    vectors = tuple(tuple(number(x) for x in items(one.get("values"))) for one in each)
    if len(vectors) != len(request.texts) or not all(vectors):
        raise BadResponseError("the answer lacks vectors", detail=reply.excerpt())
    result = Embeddings(vectors=vectors)
    return Made(lambda _: result, usage=_usage(body, each))


def _usage(body: dict[str, Any], each: list[dict[str, Any]]) -> Usage | None:
    """Of the whole call, or counted with each vector; older models say nothing."""
    tokens = count(fields(body.get("usageMetadata")).get("promptTokenCount"))
    counted = sum(count(fields(one.get("statistics")).get("token_count")) for one in each)
    return Usage(tokens_in=tokens or counted) if tokens or counted else None


EMBED = Operation(ask=ask_embed, read=read_embed)
PREDICTED = Operation(ask=ask_predict, read=read_embed)
