"""A workflow from the request to the file, against a server that answers as ComfyUI does."""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from brandmodel.assets.store import FolderStore
from brandmodel.errors import (
    BadResponseError,
    ConfigError,
    JobFailedError,
    ProviderError,
    RejectedError,
    TableError,
    UnavailableError,
)
from brandmodel.providers._http import Http
from brandmodel.providers.comfyui import ComfyWire
from brandmodel.routing.load import load_tables
from brandmodel.tasks import (
    Call,
    Clip,
    Done,
    EditImage,
    GenerateImage,
    GenerateVideo,
    Job,
    Picture,
)
from tests.providers.fal.conftest import MakeCall, Server, call, film, png, server, store

__all__ = ["call", "film", "server", "store"]

ATTEMPT = "0f8fad5bd9cb469fa16570867728950e"
ID = str(uuid.UUID(ATTEMPT))
JOB = Job("acme/model-1", "GenerateImage", {"prompt_id": ID})
REQUEST = GenerateImage(prompt="A bottle", width=1024, height=768, seed=7)
FLOW: dict[str, Any] = {
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "", "clip": ["30", 1]}},
    "27": {"class_type": "EmptySD3LatentImage", "inputs": {"width": 1, "height": 1}},
    "9": {"class_type": "SaveImage", "inputs": {"filename_prefix": "acme", "images": ["8", 0]}},
}
ROW: dict[str, Any] = {
    "workflow": FLOW,
    "map": {"prompt": "6.inputs.text", "width": "27.inputs.width", "height": "27.inputs.height"},
    "result": {"media": "9.images[0]"},
}
FILE = {"filename": "acme_00001_.png", "subfolder": "a b", "type": "output"}


@pytest.fixture
async def wire() -> AsyncIterator[ComfyWire]:
    http = Http()
    yield ComfyWire(http, lambda target: "")
    await http.aclose()


@pytest.fixture
def picture(call: MakeCall) -> Call:
    return call(REQUEST, attempt=ATTEMPT, **ROW)


def entry(outputs: Any, **status: Any) -> dict[str, Any]:
    """The history of one job."""
    told = {"status_str": "success", "completed": True, "messages": [], **status}
    prompt = [1, ID, FLOW, {"client_id": ID}, ["9"]]
    return {ID: {"prompt": prompt, "outputs": outputs, "status": told}}


def queue(*, running: Any = (), pending: Any = ()) -> dict[str, Any]:
    def waiting(ids: Any) -> list[Any]:
        return [[n, id_, FLOW, {"client_id": id_}, ["9"]] for n, id_ in enumerate(ids)]

    return {"queue_running": waiting(running), "queue_pending": waiting(pending)}


async def test_from_the_request_to_the_picture(
    wire: ComfyWire, picture: Call, server: Server, store: FolderStore
) -> None:
    server.says({"prompt_id": ID, "number": 1, "node_errors": {}})
    assert await wire.start(picture) == JOB
    sent = server.asked[0].json
    assert (sent["prompt_id"], sent["client_id"]) == (ID, ID)
    assert set(sent) == {"prompt", "prompt_id", "client_id"}
    assert sent["prompt"]["6"]["inputs"]["text"].startswith("A bottle")
    assert sent["prompt"]["6"]["inputs"]["clip"] == ["30", 1]
    assert sent["prompt"]["27"]["inputs"] == {"width": 1024, "height": 768}
    assert sent["prompt"]["9"]["inputs"]["filename_prefix"] == f"acme-{ID[:13]}", "never cached"
    assert FLOW["6"]["inputs"]["text"] == "", "the row stays as it is"

    server.says({})
    server.says(queue(pending=["other"], running=[ID]))
    assert await wire.check(JOB, picture) == JOB
    server.says(entry({"9": {"images": [FILE]}, "12": {"images": []}}))
    server.says(png(1024, 768))
    done = await wire.check(JOB, picture)
    assert isinstance(done, Done)
    assert isinstance(done.result, Picture)
    assert await store.read(done.result.image) == png(1024, 768)
    view = server.asked[-1]
    assert (view.path, view.query) == ("/view", FILE)


async def test_a_bundled_row(wire: ComfyWire, server: Server, store: FolderStore) -> None:
    row = load_tables().targets["comfyui/flux-schnell"].value
    server.says({"prompt_id": "p"})
    local = replace(row, settings={**row.settings, "base_url": server.url})
    await wire.start(Call(REQUEST, local, store, take=2))
    sent = server.asked[0].json["prompt"]
    assert sent["31"]["inputs"]["seed"] == 9
    assert sent["6"]["inputs"]["text"].startswith("A bottle")


async def test_slots_keep_the_kind_of_their_value(
    wire: ComfyWire, call: MakeCall, server: Server
) -> None:
    server.says({"prompt_id": "p"})
    flow = {
        "1": {
            "class_type": "X",
            "inputs": {
                "text": "{{ prompt }}, sharp, {{width}} wide",
                "seed": "{{seed}}",
                "size": ["{{width}}", {"h": "{{height}}"}],
                "literal": "{not} a {{ slot",
            },
        }
    }
    await wire.start(call(REQUEST, workflow=flow, result={"media": "1.images"}, take=1))
    inputs = server.asked[0].json["prompt"]["1"]["inputs"]
    text = inputs.pop("text")
    assert text.startswith("A bottle")
    assert text.endswith(", sharp, 1024 wide")
    assert inputs == {"seed": 8, "size": [1024, {"h": 768}], "literal": "{not} a {{ slot"}


async def test_pictures_go_into_the_folder_of_inputs(
    wire: ComfyWire, call: MakeCall, server: Server, store: FolderStore
) -> None:
    image, mask = store.put_now(png()), store.put_now(png(20))
    server.says({"name": "a (1).png", "subfolder": "", "type": "input"})
    server.says({"name": "m.png", "subfolder": "masks", "type": "input"})
    server.says({"prompt_id": "p"})
    flow = {
        "1": {"class_type": "LoadImage", "inputs": {"image": "{{image}}"}},
        "2": {"class_type": "LoadImage", "inputs": {"image": ""}},
    }
    request = EditImage(images=(image,), mask=mask, prompt="x")
    row = {"map": {"mask": "2.inputs.image"}, "result": {"media": "9.images"}}
    edit = call(request, workflow=flow, **row)
    await wire.start(edit)
    sent = server.asked[2].json["prompt"]
    assert sent["1"]["inputs"]["image"] in ("a (1).png", "masks/m.png")
    assert sent["2"]["inputs"]["image"] in ("a (1).png", "masks/m.png")
    names = {asset.sha256[:12] + ".png": store.read_now(asset) for asset in (image, mask)}
    for asked in server.asked[:2]:
        assert asked.path == "/upload/image"
        form = {name: (filename, data) for name, filename, _, data in asked.form}
        assert form["type"] == ("", b"input")
        assert form["overwrite"] == ("", b"true")
        assert names[form["image"][0]] == form["image"][1]
    server.says({"prompt_id": "p"})
    await wire.start(edit)
    assert len(server.asked) == 4, "they are put up once"


async def test_a_clip_of_a_video_node(
    wire: ComfyWire, call: MakeCall, server: Server, film: bytes
) -> None:
    row = {"workflow": FLOW, "result": {"media": "12.gifs"}}
    asked = call(GenerateVideo(prompt="x", duration_s=3), **row)
    server.says(entry({"12": {"gifs": [{"filename": "a.mp4", "subfolder": "", "type": "temp"}]}}))
    server.says(film)
    done = await wire.check(JOB, asked)
    assert isinstance(done, Done)
    assert isinstance(done.result, Clip)
    assert server.asked[1].query == {"filename": "a.mp4", "subfolder": "", "type": "temp"}


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"workflow": None}, "no workflow in the API format"),
        ({"workflow": "flux.json"}, "no workflow in the API format"),
        ({"workflow": {"nodes": [], "links": []}}, "no workflow in the API format"),
        ({"map": {"prompt": "7.inputs.text"}}, "no node: 7"),
        ({"map": {"prompt": "6.class_type.text"}}, "cannot be followed"),
        (
            {"workflow": {"1": {"class_type": "X", "inputs": {"a": "{{mask}}"}}}, "map": {}},
            "wants mask, which GenerateImage does not have",
        ),
        (
            {"workflow": {"1": {"class_type": "X", "inputs": {"a": "{{promt}}"}}}, "map": {}},
            "no task has such a field",
        ),
    ],
)
async def test_a_wrong_row_is_told_and_nothing_is_sent(
    wire: ComfyWire, call: MakeCall, server: Server, settings: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(ConfigError, match=complaint):
        await wire.start(call(REQUEST, **{**ROW, **settings}))
    assert server.asked == []


async def test_what_a_node_has_against_the_workflow_is_told(
    wire: ComfyWire, picture: Call, server: Server
) -> None:
    problem = {
        "type": "value_not_in_list",
        "message": "Value not in list",
        "details": "ckpt_name: 'flux.safetensors' not in []",
        "extra_info": {},
    }
    server.says(
        {
            "error": {
                "type": "prompt_outputs_failed_validation",
                "message": "Prompt outputs failed validation",
                "details": "",
                "extra_info": {},
            },
            "node_errors": {
                "30": {
                    "errors": [problem],
                    "dependent_outputs": ["9"],
                    "class_type": "CheckpointLoaderSimple",
                }
            },
        },
        status=400,
    )
    with pytest.raises(RejectedError) as caught:
        await wire.start(picture)
    error = caught.value
    assert error.detail.startswith("30 CheckpointLoaderSimple: Value not in list: ckpt_name")
    assert error.code == "prompt_outputs_failed_validation"
    assert error.vendor == "acme"
    assert not error.started


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (
            400,
            {"error": {"type": "no_prompt", "message": "No prompt"}, "node_errors": []},
            RejectedError,
        ),
        (400, {"node_errors": {"1": 7}}, RejectedError),
        (500, b"<html>", UnavailableError),
        (200, {"number": 1}, BadResponseError),
        (200, b"<html>", BadResponseError),
    ],
)
async def test_a_job_that_is_not_taken(
    wire: ComfyWire,
    picture: Call,
    server: Server,
    status: int,
    body: Any,
    kind: type[ProviderError],
) -> None:
    server.says(body, status=status)
    with pytest.raises(ProviderError) as caught:
        await wire.start(picture)
    assert type(caught.value) is kind


FAILED = [
    ["execution_start", {"prompt_id": ID}],
    [
        "execution_error",
        {"node_type": "KSampler", "exception_message": "out of memory", "exception_type": "OOM"},
    ],
]


@pytest.mark.parametrize(
    ("told", "code", "detail"),
    [
        (entry({}, status_str="error", messages=FAILED), "OOM", "KSampler: out of memory"),
        (entry({}, status_str="error", messages=7), "", ""),
        (
            entry({"9": {"images": [FILE]}}, messages=[["execution_interrupted", {}]]),
            "interrupted",
            "stopped",
        ),
        (entry({"9": {"images": []}}), "no_result", "9.images[0]"),
        (entry({"9": {"images": [{"filename": 7}]}}), "no_result", "9.images[0]"),
        (entry([]), "no_result", "9.images[0]"),
    ],
)
async def test_how_a_job_ends_without_a_result(
    wire: ComfyWire, picture: Call, server: Server, told: Any, code: str, detail: str
) -> None:
    server.says(told)
    with pytest.raises(JobFailedError) as caught:
        await wire.check(JOB, picture)
    assert caught.value.code == code
    assert detail in caught.value.detail


async def test_a_job_that_ends_between_two_looks(
    wire: ComfyWire, picture: Call, server: Server
) -> None:
    server.says({})
    server.says(queue())
    server.says(entry({"9": {"images": [FILE]}}))
    server.says(png())
    assert isinstance(await wire.check(JOB, picture), Done)


async def test_a_job_that_nobody_knows(wire: ComfyWire, picture: Call, server: Server) -> None:
    server.says({})
    server.says(queue(pending=["other"]))
    server.says({})
    with pytest.raises(JobFailedError) as caught:
        await wire.check(JOB, picture)
    assert not caught.value.started


@pytest.mark.parametrize(
    ("waiting", "path", "body"),
    [
        (queue(running=[ID], pending=["other"]), "/interrupt", {"prompt_id": ID}),
        (queue(running=["other"], pending=[ID]), "/queue", {"delete": [ID]}),
    ],
)
async def test_only_our_own_job_is_stopped(
    wire: ComfyWire, picture: Call, server: Server, waiting: Any, path: str, body: Any
) -> None:
    server.says(waiting)
    server.says()
    await wire.cancel(JOB, picture)
    assert (server.asked[1].path, server.asked[1].json) == (path, body)
    server.says(queue(running=["other"]))
    await wire.cancel(JOB, picture)
    assert len(server.asked) == 3, "what has ended is left alone"


@pytest.mark.parametrize("place", ["running", "pending", "past", "older server"])
async def test_a_lost_call_is_found(
    wire: ComfyWire, picture: Call, server: Server, place: str
) -> None:
    lists: dict[str, Any] = {place: [ID]} if place in ("running", "pending") else {}
    past: dict[str, Any] = {"x": {"prompt": [1, "x", {}, {}, []]}, "y": {"prompt": 7}}
    if place == "past":
        past |= entry({})
    if place == "older server":
        # It gave the job an id of its own; the client's is still with it.
        past["theirs"] = {"prompt": [1, "theirs", FLOW, {"client_id": ID}, ["9"]]}
    server.says(queue(**lists))
    server.says(past)
    found = await wire.find(picture)
    assert isinstance(found, Job)
    assert dict(found.handle) == {"prompt_id": "theirs" if place == "older server" else ID}


async def test_one_that_never_arrived(wire: ComfyWire, picture: Call, server: Server) -> None:
    server.says(queue(running=["other"]))
    server.says(entry({}) | {ID: {"prompt": [1, "other", FLOW, {"client_id": "other"}, []]}})
    assert await wire.find(picture) is None


async def test_any_attempt_has_an_id_that_the_server_takes(
    wire: ComfyWire, call: MakeCall, server: Server
) -> None:
    for _ in range(3):
        server.says({"prompt_id": "p"})
    for attempt in ("a-1", "a-1", "a-2"):
        await wire.start(call(REQUEST, attempt=attempt, **ROW))
    ids = [uuid.UUID(one.json["prompt_id"]) for one in server.asked]
    assert ids[0] == ids[1] != ids[2]


TARGETS = """\
[own]
tasks = ["GenerateImage"]
price = { request = 0 }
price_source = "runs on your own machine"
price_checked = 2026-11-23
settings = { workflow = "workflows/own.json", result = { media = "9.images" } }
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    routers = tmp_path / "routers"
    (routers / "targets").mkdir(parents=True)
    (routers / "targets" / "comfyui.toml").write_text(TARGETS)
    return routers


def test_a_workflow_may_lie_in_a_file_of_its_own(folder: Path) -> None:
    (folder / "workflows").mkdir()
    (folder / "workflows" / "own.json").write_text(json.dumps(FLOW))
    row = load_tables([("test", folder)]).targets["comfyui/own"].value
    assert row.settings["workflow"] == FLOW


@pytest.mark.parametrize("held", [None, "{"])
def test_a_workflow_that_cannot_be_read(folder: Path, held: str | None) -> None:
    if held:
        (folder / "workflows").mkdir()
        (folder / "workflows" / "own.json").write_text(held)
    with pytest.raises(TableError, match=r"own\.settings\.workflow: 'workflows/own\.json'"):
        _ = load_tables([("test", folder)]).targets
