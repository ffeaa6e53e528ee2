"""Every row of the wires of many models: it makes a request, and a job's output becomes its result."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from brandmodel.assets.store import FolderStore
from brandmodel.providers._chat import speaks
from brandmodel.providers._http import Reply
from brandmodel.providers._mapping import ARCHIVE, inputs, loras, named, wanted
from brandmodel.providers._outputs import SERVED, at
from brandmodel.providers._uploads import Addresses
from brandmodel.providers._wire import File
from brandmodel.providers.comfyui import ask_prompt
from brandmodel.providers.fal import read_result
from brandmodel.routing.load import load_tables
from brandmodel.tasks import TASKS, Asset, Call, Message, Request, Target
from tests.providers.fal.conftest import png, store

__all__ = ["store"]

PROVIDERS = ("fal", "replicate", "comfyui")
ROWS: list[Target] = [
    row.value for row in load_tables().targets.values() if row.value.provider in PROVIDERS
]


def sample(task: str, store: FolderStore) -> Request[Any]:
    """A request with every field that a row could map."""
    image = store.put_now(png(64, 64))
    known: dict[str, Any] = {
        "image": image,
        "images": (image,) * 4,
        "reference": image,
        "clip": image,
        "audio": image,
        "scene": image,
        "product": image,
        "captions": ("a", "b", "c", "d"),
        "trigger": "acme",
        "prompt": "A bottle",
        "text": "Good morning",
        "description": "a chime",
        "messages": (Message(role="system", text="Be brief."), Message(role="user", text="Hi")),
        "width": 1280,
        "height": 720,
        "duration_s": 5.0,
    }
    fields = TASKS[task].model_fields
    given = {name: value for name, value in known.items() if name in fields}
    if task in ("GenerateImage", "UpscaleImage", "AnimateImage"):
        given.pop("scene")
    return TASKS[task](**given)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
async def test_a_row_makes_its_request(row: Target, store: FolderStore) -> None:
    for task in row.tasks:
        assert task in SERVED or speaks(TASKS[task])
        call = Call(sample(task, store), row, store, attempt="a-1")
        files: dict[str, File] = {
            a.sha256: File(a, b"", url=f"https://x/{a.sha256}") for a in wanted(call)
        }
        files |= {name: _file(name) for name in [ARCHIVE, *(o["path"] for o in loras(call))]}
        if row.provider == "comfyui":
            sent = ask_prompt(call, files).json["prompt"]
        else:
            sent = inputs(call, Addresses(files))
        for name in row.settings["map"]:
            path = _path(row.settings["map"][name])
            if name != "mask":
                assert at(sent, path) is not None, f"{name} did not arrive"
        text = json.dumps(sent)
        assert "{{" not in text
        assert named(call), "a row without a map sends nothing of the request"


@pytest.mark.parametrize("row", [r for r in ROWS if r.provider == "fal"], ids=lambda row: row.id)
async def test_a_row_finds_its_result(row: Target, store: FolderStore) -> None:
    says = row.settings["result"]
    for task in row.tasks:
        output = _output(says["media"], "https://v3.fal.media/files/x")
        made = read_result(
            Call(sample(task, store), row, store), Reply(200, {}, json.dumps(output).encode())
        )
        assert [family for family, _ in made.media] == [says["family"]]


def _file(name: str) -> File:
    asset = Asset(sha256="0" * 64, media_type="application/zip", size=0)
    return File(asset, b"", url=f"https://x/{name}")


def _path(where: Any) -> str:
    path = where if isinstance(where, str) else where["to"]
    return re.sub(r"\[\]|\{.*\}", "", path)


def _output(path: str, value: Any) -> Any:
    """The smallest output that has a value at a path."""
    for name, place in reversed(re.findall(r"([^.\[\]]+)|\[(\d+)\]", path)):
        value = {name: value} if name else [None] * int(place) + [value]
    return value
