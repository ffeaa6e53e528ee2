"""Video by the Interactions API: a job in the background, and the file that it leaves.

Source: ai.google.dev/gemini-api/docs/omni, and ``google-genai`` 3.4.
"""

from __future__ import annotations

import math
import re
from typing import Any

from brandmodel.errors import BadResponseError, BrandModelError
from brandmodel.providers._errors import job_failed
from brandmodel.providers._http import Ask, Reply
from brandmodel.providers._json import count, fields, items, text
from brandmodel.providers._wire import Files, Handle, Made, Operation, Pending, Remote
from brandmodel.providers.google.reading import decoded
from brandmodel.providers.google.video import clip_of, moving, ratio_of, shown_in, words_of
from brandmodel.tasks import Call, Usage

_LINES = {"360p": 360, "720p": 720, "1080p": 1080, "4k": 2160}
_SHORTEST_S = 3
_GOES_ON = frozenset(("queued", "in_progress"))
_ENDED = frozenset(
    (
        "failed",
        "cancelled",
        "incomplete",
        "budget_exceeded",
        "requires_action",
        "requires_continuation",
    )
)
_FILE = re.compile(r"\bfiles/[A-Za-z0-9_-]+")


def ask_interaction(call: Call, files: Files) -> Ask:
    """The request of a clip, to be left as a file: one of more than 4 MB is not given otherwise."""
    request = moving(call)
    shown, task = shown_in(request)
    lines = min(request.width, request.height)
    asked: list[dict[str, Any]] = [
        {"type": "image", "data": files[one.sha256].base64, "mime_type": one.media_type}
        for one in shown
    ]
    asked.append({"type": "text", "text": words_of(request)})
    body = {
        "model": call.target.model,
        "input": [{"type": "user_input", "content": asked}],
        "background": True,
        "generation_config": {"video_config": {"task": task}},
        "response_format": {
            "type": "video",
            "aspect_ratio": ratio_of(request),
            "duration": f"{max(_SHORTEST_S, math.ceil(request.duration_s))}s",
            "resolution": next((n for n, most in _LINES.items() if most >= lines), "4k"),
            "delivery": "uri",
        },
    }
    return Ask("interactions", json={**body, **call.target.settings.get("extra", {})})


def read_interaction(call: Call, reply: Reply) -> Made | Pending:
    """The job that a request began."""
    return _interaction(call, fields(reply.data()))


def poll_interaction(handle: Handle) -> Ask:
    """How to look at a job, or at the file that it left."""
    if "file" in handle:
        return Ask(handle["file"], method="GET")
    path = f"interactions/{handle['interaction']}"
    return Ask(path, method="GET", query={"stream": "false"})


def polled_interaction(call: Call, handle: Handle, reply: Reply) -> Made | Pending:
    """Where a job stands."""
    body = fields(reply.data())
    return _file(call, handle, body) if "file" in handle else _interaction(call, body)


def cancel_interaction(handle: Handle) -> Ask:
    """How to stop a job, or to delete the file of one that is over."""
    if "file" in handle:
        return Ask(handle["file"], method="DELETE")
    return Ask(f"interactions/{handle['interaction']}/cancel")


def _interaction(call: Call, body: dict[str, Any]) -> Made | Pending:
    status, name = text(body.get("status")), text(body.get("id"))
    if status in _GOES_ON and name:
        return Pending({"interaction": name})
    if status in _ENDED:
        raise _not_completed(status, body)
    if status != "completed":
        raise BadResponseError(
            "the answer does not say where the job stands", detail=str(body)[:500]
        )
    video = _video_in(body)
    told = _counted(body.get("usage"))
    if video.get("data"):
        return clip_of(call, decoded(video["data"]), told)
    if found := _FILE.search(text(video.get("uri"))):
        # It may still be processed; its usage is told here and nowhere else.
        return Pending({"file": found[0], "usage": fields(body.get("usage"))})
    if video.get("uri"):
        return clip_of(call, Remote(text(video["uri"])), told)
    raise job_failed(status, f"no clip: {body}"[:500])


def _not_completed(status: str, body: dict[str, Any]) -> BrandModelError:
    """Failed, or ended in a state that no clip comes of; it is billed unless it says otherwise."""
    errors = [fields(one) for one in items(body.get("errors"))]
    errors += [fields(fields(step).get("error")) for step in items(body.get("steps"))]
    code = next((text(one.get("code")) for one in errors if one.get("code")), status)
    words = "; ".join(text(one.get("message")) for one in errors if one.get("message"))
    told = _counted(body.get("usage"))
    return job_failed(code, words, billed=told is None or told.tokens_out > 0)


def _video_in(body: dict[str, Any]) -> dict[str, Any]:
    """The last clip of the model's output."""
    steps = [fields(one) for one in items(body.get("steps"))]
    contents = [
        fields(one)
        for step in steps
        if step.get("type") == "model_output"
        for one in items(step.get("content"))
    ]
    clips = [one for one in contents if one.get("type") == "video"]
    return clips[-1] if clips else fields(body.get("output_video"))


def _file(call: Call, handle: Handle, body: dict[str, Any]) -> Made | Pending:
    state = text(body.get("state"))
    if state == "PROCESSING":
        return Pending(handle)
    if state == "FAILED":
        error = fields(body.get("error"))
        raise job_failed(state, text(error.get("message")))
    remote = Remote(f"{handle['file']}:download?alt=media", own=True)
    return clip_of(call, remote, _counted(handle.get("usage")))


def _counted(told: Any) -> Usage | None:
    usage = fields(told)
    if not usage:
        return None
    return Usage(
        tokens_in=count(usage.get("total_input_tokens"))
        + count(usage.get("total_tool_use_tokens")),
        tokens_cached=count(usage.get("total_cached_tokens")),
        tokens_out=count(usage.get("total_output_tokens"))
        + count(usage.get("total_thought_tokens")),
    )


INTERACTION = Operation(
    ask=ask_interaction,
    read=read_interaction,
    poll=poll_interaction,
    polled=polled_interaction,
    cancel=cancel_interaction,
)
