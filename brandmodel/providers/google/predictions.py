"""Video by long-running predictions: on Vertex AI, and of older models on the Gemini API.

Neither can be stopped. Source: ``google-genai`` 3.4 and Google's description of Vertex AI.
"""

from __future__ import annotations

from typing import Any

from brandmodel.errors import BadResponseError
from brandmodel.providers._errors import filtered, job_failed
from brandmodel.providers._http import Ask, Reply
from brandmodel.providers._json import count, fields, items, text
from brandmodel.providers._wire import File, Files, Handle, Made, Operation, Pending, Remote
from brandmodel.providers.google.asking import method
from brandmodel.providers.google.reading import decoded
from brandmodel.providers.google.video import clip_of, moving, ratio_of, shown_in, words_of
from brandmodel.tasks import Call

_LENGTHS_S = (4, 6, 8)


def ask_prediction(call: Call, files: Files) -> Ask:
    """The request of a clip."""
    request = moving(call)
    shown, task = shown_in(request)
    instance: dict[str, Any] = {"prompt": words_of(request)}
    if task == "image_to_video":
        instance["image"] = _encoded(files[shown[0].sha256])
        shown = shown[1:]
    if shown:
        instance["referenceImages"] = [
            {"image": _encoded(files[one.sha256]), "referenceType": "asset"} for one in shown
        ]
    parameters = {
        "sampleCount": 1,
        "durationSeconds": next((n for n in _LENGTHS_S if n >= request.duration_s), _LENGTHS_S[-1]),
        "aspectRatio": ratio_of(request),
        "resolution": "720p" if min(request.width, request.height) <= 720 else "1080p",
        "seed": (request.seed + call.take) % 2**32,
    }
    body = {"instances": [instance], "parameters": parameters}
    extra = call.target.settings.get("extra", {})
    return Ask(method(call, "predictLongRunning"), json={**body, **extra})


def read_prediction(call: Call, reply: Reply) -> Made | Pending:
    """The job that a request began.

    Raises:
        BadResponseError: it has no name.
    """
    name = text(fields(reply.data()).get("name"))
    if not name:
        raise BadResponseError("the answer names no job", detail=reply.excerpt())
    return Pending({"operation": name, "method": method(call, "fetchPredictOperation")})


def poll_vertex(handle: Handle) -> Ask:
    """How to look at a job on Vertex AI."""
    return Ask(handle["method"], json={"operationName": handle["operation"]})


def poll_gemini(handle: Handle) -> Ask:
    """How to look at a job on the Gemini API."""
    return Ask(handle["operation"], method="GET")


def polled_prediction(call: Call, handle: Handle, reply: Reply) -> Made | Pending:
    """Where a job stands.

    Raises:
        ContentFilteredError: the clip was made, but is not given out.
        JobFailedError: there is none.
    """
    body = fields(reply.data())
    if error := fields(body.get("error")):
        raise job_failed(str(error.get("code", "")), text(error.get("message")))
    if not body.get("done"):
        if not body.get("name"):
            raise BadResponseError("the answer is no job", detail=reply.excerpt())
        return Pending(handle)
    told = fields(body.get("response"))
    told = fields(told.get("generateVideoResponse")) or told
    clip = _first(told.get("videos")) or fields(_first(told.get("generatedSamples")).get("video"))
    if clip.get("bytesBase64Encoded"):
        return clip_of(call, decoded(clip["bytesBase64Encoded"]))
    if clip.get("uri"):
        return clip_of(call, Remote(text(clip["uri"]), own=True))
    if count(told.get("raiMediaFilteredCount")) or told.get("raiMediaFilteredReasons"):
        raise filtered(started=True)
    raise job_failed("", f"no clip: {told}"[:500])


def _first(told: Any) -> dict[str, Any]:
    return fields(next(iter(items(told)), None))


def _encoded(file: File) -> dict[str, str]:
    return {"bytesBase64Encoded": file.base64, "mimeType": file.asset.media_type}


VERTEX = Operation(
    ask=ask_prediction, read=read_prediction, poll=poll_vertex, polled=polled_prediction
)
GEMINI = Operation(
    ask=ask_prediction, read=read_prediction, poll=poll_gemini, polled=polled_prediction
)
