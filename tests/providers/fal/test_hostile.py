"""Replies with anything in any place: what comes of them is a result or a typed error."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from brandmodel.assets.store import FolderStore
from brandmodel.errors import BrandModelError
from brandmodel.providers import comfyui, fal, replicate
from brandmodel.providers._http import Reply
from brandmodel.providers._wire import Made
from brandmodel.tasks import Asset, Call, GenerateImage, Request, Target, Transcribe
from tests.providers.fal.conftest import png, store

__all__ = ["store"]

ODD: list[Any] = [
    None,
    True,
    -1,
    1.5,
    10**400,
    "",
    "x",
    "http://[",
    "\ud800",
    [],
    [[]],
    [None],
    {},
    {"a": 1},
]
PREDICTION = {
    "id": "p-1",
    "status": "succeeded",
    "output": ["https://x/1.png"],
    "error": None,
    "metrics": {"predict_time": 1.5, "input_token_count": 4},
}
SPOKEN = {
    "text": "Hello you",
    "chunks": [{"text": "Hello", "timestamp": [0, 1]}, {"text": "you", "timestamp": [1, 2]}],
    "languages": ["en"],
}
DRAWN = {
    "images": [{"url": "https://v3.fal.media/a.png", "width": 8}],
    "seed": 7,
    "has_nsfw_concepts": [False],
}
JOB = {
    "request_id": "r",
    "status_url": "https://queue.fal.run/s",
    "cancel_url": "https://queue.fal.run/c",
}
WORKED = {
    "outputs": {"9": {"images": [{"filename": "a.png", "subfolder": "", "type": "output"}]}},
    "status": {"status_str": "success", "messages": [["execution_success", {"prompt_id": "p"}]]},
}
PATHS = {
    "fal": {"media": "images[0].url", "seed": "seed", "text": "text", "words": "chunks"},
    "replicate": {"media": "output"},
    "comfyui": {"media": "9.images[0]"},
}


def everywhere(node: Any) -> Iterator[Callable[[Any], Any]]:
    """For every place in a reply, what puts another value there."""
    yield lambda odd: odd
    places = (
        node.items()
        if isinstance(node, dict)
        else enumerate(node)
        if isinstance(node, list)
        else ()
    )
    for place, inner in places:
        for put in everywhere(inner):

            def placed(odd: Any, place: Any = place, put: Callable[[Any], Any] = put) -> Any:
                changed = copy.copy(node)
                changed[place] = put(odd)
                return changed

            yield placed


def comfy_ended(call: Call, reply: Reply) -> Made:
    entry = reply.data()
    return comfyui._ended(call, entry if isinstance(entry, dict) else {})  # pyright: ignore[reportPrivateUsage]


@pytest.mark.parametrize(
    ("read", "reply", "wire", "task"),
    [
        (fal.read_job, {**JOB, "response_url": "https://queue.fal.run/r"}, "fal", GenerateImage),
        (fal.read_result, DRAWN, "fal", GenerateImage),
        (fal.read_result, SPOKEN, "fal", Transcribe),
        (replicate.read_prediction, PREDICTION, "replicate", GenerateImage),
        (comfyui.read_prompt, {"prompt_id": "p", "number": 1}, "comfyui", GenerateImage),
        (comfy_ended, WORKED, "comfyui", GenerateImage),
    ],
)
def test_anything_in_any_place(
    read: Callable[[Call, Reply], Any],
    reply: Any,
    wire: str,
    task: type[Request[Any]],
    store: FolderStore,
) -> None:
    given = {"audio": store.put_now(b"RIFF")} if task is Transcribe else {"prompt": "x"}
    settings = {"result": PATHS[wire], "usd_per_second": 0.001}
    call = Call(task(**given), Target("acme/m", wire, "m", frozenset(), settings=settings), store)
    picture: list[Asset] = [store.put_now(png())]
    tried = 0
    for put in everywhere(reply):
        for odd in ODD:
            try:
                told = read(call, Reply(200, {}, json.dumps(put(odd)).encode()))
                if isinstance(told, Made):
                    told.result(picture).model_dump_json()
            except BrandModelError:
                pass
            tried += 1
    assert tried >= 3 * len(ODD)
    read(call, Reply(200, {}, json.dumps(reply).encode()))
