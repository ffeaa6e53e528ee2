"""Every bundled row and table: it loads, is dated and priced, and its wire serves what it promises."""

from __future__ import annotations

import copy
import datetime
import importlib
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from brandmodel.engine.providers import (
    _WIRES,  # pyright: ignore[reportPrivateUsage]  # Which module brings a wire is told here alone.
)
from brandmodel.providers._chat import speaks
from brandmodel.providers._mapping import inputs
from brandmodel.routing import Row, load_tables
from brandmodel.routing.prices import cost, most, price_for
from brandmodel.routing.tokens import priced_model
from brandmodel.tasks import (
    TASKS,
    AnimateImage,
    Asset,
    Call,
    Chat,
    EditImage,
    GenerateImage,
    GenerateVideo,
    Message,
    Request,
    TrainImageStyle,
    Usage,
    WritingRequest,
    assets_in,
)

TABLES = load_tables()
ROWS = sorted(TABLES.targets)
FAR = [id_ for id_ in ROWS if not TABLES.vendors[id_.partition("/")[0]].value.local]
MODELS = sorted(TABLES.models)
LISTED = datetime.date(2026, 11, 23)
"""The day on which the bundled prices were read."""
EVERYTHING = Usage(
    tokens_in=1000, tokens_out=1000, images=1, pixels=1024**2, seconds=5.0, characters=100
)
_MAPPED = ("fal", "replicate", "comfyui")
_FILES = ("openai", "anthropic", "google", "groq", "together", "deepseek", "mistral", "xai",
          "perplexity", "cerebras", "openrouter", "azure", "ollama", "vllm", "lmstudio", "fal",
          "replicate", "elevenlabs", "comfyui", "tavily", "exa", "searxng")  # fmt: skip


_PHOTO = Asset(sha256="a" * 64, media_type="image/png", size=9, width=1024, height=576)
SAMPLES: dict[str, Request[Any]] = {
    "GenerateImage": GenerateImage(prompt="a lake at dawn", width=1024, height=576, seed=7),
    "EditImage": EditImage(images=(_PHOTO,), prompt="a lake at dusk", width=1024, height=576),
    "GenerateVideo": GenerateVideo(prompt="a lake", width=854, height=480, duration_s=4.5),
    "AnimateImage": AnimateImage(image=_PHOTO, width=854, height=480, duration_s=4.5),
    "Chat": Chat(messages=(Message(role="user", text="camera"),)),
    "TrainImageStyle": TrainImageStyle(images=(_PHOTO,) * 4, trigger="lakish"),
}


class NoBlobs:
    """A store that is not asked."""

    async def put(self, data: bytes, *, name: str = "") -> Asset:
        raise AssertionError

    async def read(self, asset: Asset) -> bytes:
        raise AssertionError

    def path(self, asset: Asset) -> Path:
        raise AssertionError


def row(id_: str) -> Row:
    return TABLES.targets[id_]


def test_there_are_rows_of_every_vendor_and_for_every_task_that_vendors_serve() -> None:
    assert len(FAR) >= 60
    vendors = Counter(id_.partition("/")[0] for id_ in FAR)
    assert set(_FILES) <= set(vendors)
    served = {task for id_ in FAR for task in row(id_).value.tasks}
    writing = {name for name, task in TASKS.items() if issubclass(task, WritingRequest)}
    media = {"GenerateImage", "EditImage", "GenerateVideo", "AnimateImage", "Speak", "Transcribe",
             "ComposeMusic", "SearchWeb", "Embed", "Judge", "Moderate", "TrainImageStyle",
             "Chat"}  # fmt: skip
    assert writing | media <= served


@pytest.mark.parametrize("id_", ROWS)
def test_a_row_is_named_dated_and_serves_tasks_that_there_are(id_: str) -> None:
    target, written = row(id_).value, row(id_).written
    assert target.id == id_
    assert re.fullmatch(r"[a-z0-9]+/[a-z0-9][a-z0-9._-]*", id_)
    assert Path(row(id_).file).name == f"{id_.partition('/')[0]}.toml"
    assert target.tasks <= set(TASKS)
    assert written.since is None or written.until is None or written.since < written.until
    assert written.until is None or written.until > LISTED
    assert 0 < target.latency_s <= 600


@pytest.mark.parametrize("id_", FAR)
def test_a_vendors_row_has_a_price_with_its_source_and_day(id_: str) -> None:
    target, written = row(id_).value, row(id_).written
    assert target.price or target.tokens
    assert written.price_source
    assert written.price_checked is not None
    assert LISTED <= written.price_checked <= datetime.datetime.now(datetime.UTC).date()
    if target.tokens:
        priced_model(target)
    # It costs something, unless the row says in so many words that it is free.
    free = [price.units for price in target.price] == [{"request": 0}]
    assert (most(target, EVERYTHING) > 0) != free
    assert free != target.paid
    for task in target.tasks:
        assert not free or "free" in written.price_source or "own machine" in written.price_source
        assert task in TASKS


@pytest.mark.parametrize("id_", [id_ for id_ in ROWS if id_ not in FAR])
def test_local_rows_are_free_and_have_their_revision(id_: str) -> None:
    target = row(id_).value
    assert not target.paid
    assert target.grade == f"local/{row(id_).written.revision}"


@pytest.mark.parametrize("id_", FAR)
def test_the_wire_of_a_row_is_there_and_serves_its_tasks(id_: str) -> None:
    target = row(id_).value
    assert target.provider in _WIRES
    module, _, name = _WIRES[target.provider].partition(":")
    wire = getattr(importlib.import_module(module), name)
    unserved = {
        task
        for task in target.tasks
        if task not in wire.operations and not (wire.writing and speaks(TASKS[task]))
    }
    assert not unserved


@pytest.mark.parametrize("id_", [id_ for id_ in FAR if id_.partition("/")[0] in _MAPPED])
def test_a_mapped_row_says_what_goes_out_and_where_the_result_lies(id_: str) -> None:
    settings = row(id_).value.settings
    if settings["result"].get("media"):
        assert settings["result"]["family"] in ("image", "video", "audio", "")
    else:
        assert settings["result"]["text"]
    derived = {"prompt", "system", "size", "lines", "aspect", "archive", "image", "images"}
    (task,) = row(id_).value.tasks
    for field, to in settings["map"].items():
        assert field in TASKS[task].model_fields or field in derived
        assert isinstance(to, str) or set(to) <= {"to", "as", "of"}
    priced = [price.max_lines for price in row(id_).value.price]
    if "lines" in settings["map"]:
        assert priced == [n for n in settings["map"]["lines"]["of"].values() if n in priced]


@pytest.mark.parametrize("id_", [id_ for id_ in FAR if id_.partition("/")[0] in _MAPPED])
def test_a_mapped_row_makes_a_request_with_all_that_its_task_asks(id_: str) -> None:
    target = row(id_).value
    (task,) = target.tasks
    request = SAMPLES[task]
    call = Call(request=request, target=target, blobs=NoBlobs(), attempt="1")
    into = copy.deepcopy(target.settings.get("workflow"))
    filled = inputs(
        call, lambda what: f"https://files.example/{getattr(what, 'sha256', what)}", into
    )
    told = json.dumps(filled)
    for asset in assets_in(request) if "archive" not in target.settings["map"] else ():
        assert asset.sha256 in told
    if "prompt" in target.settings["map"]:
        assert getattr(request, "prompt", "camera") in told
    if "lines" in target.settings["map"]:
        # What is asked for is what is paid for.
        where = target.settings["map"]["lines"]
        price = price_for(target.price, request.bounds()[1].lines)
        assert price is not None
        assert where["of"][filled[where["to"]]] <= (price.max_lines or 0)
    if "duration_s" in target.settings["map"]:
        assert float(filled[target.settings["map"]["duration_s"]["to"]]) == 5


@pytest.mark.parametrize("name", sorted(TABLES.vendors))
def test_a_vendors_row_holds_no_key_and_speaks_a_known_wire(name: str) -> None:
    vendor = TABLES.vendors[name].value
    assert vendor.provider in {"local", "house", *_WIRES}
    assert re.fullmatch(r"[A-Z0-9_]*", vendor.key_env)
    assert re.fullmatch(r"(https?://\S+)?|\$\{[A-Z_]+\}", vendor.base_url)
    assert not re.search(r"sk-|Bearer|AIza", str(vendor.settings))


@pytest.mark.parametrize("name", MODELS)
def test_a_published_model_lists_targets_that_are_there(name: str) -> None:
    table = TABLES.model(name)
    assert set(table.model.tasks) <= set(TASKS)
    for task, entry in table.model.tasks.items():
        ids = entry.listed()
        for tier in (entry.targets, entry.workhorse, entry.hero):
            assert len(tier) == len(set(tier))
        far = [id_ for id_ in ids if id_ in FAR]
        owed = {o for id_ in ids for o in row(id_).written.obligations}
        assert not owed, f"{task}: {owed}"
        # A local target behind vendors is there to stand in, and nothing else.
        assert entry.stand_in == (0 < len(far) < len(ids))
        assert not far or ids[0] in far


def test_the_model_in_the_box_is_local_and_the_default() -> None:
    assert TABLES.default_model == "studio"
    listed = {i for entry in TABLES.model("studio").model.tasks.values() for i in entry.listed()}
    assert not listed & set(FAR)


def test_studio_plus_serves_what_studio_serves_and_more() -> None:
    studio, plus = (set(TABLES.model(name).model.tasks) for name in ("studio", "studio-plus"))
    assert studio < plus
    assert {"Chat", "SearchWeb", "GenerateVideo", "EditImage", "Transcribe", "Embed"} <= plus


_THINKS = re.compile(
    r"gpt-(5|6|oss)|gemini-[34]|grok-|deepseek-|reasoning|qwen-?3|glm-|kimi-", re.IGNORECASE
)
"""Families whose recorded answers count thought among what is said."""


@pytest.mark.parametrize(
    "id_", [id_ for id_ in FAR if "Chat" in row(id_).value.tasks and _THINKS.search(id_)]
)
def test_a_model_that_thinks_has_room_for_it_and_its_price_knows(id_: str) -> None:
    if TABLES.vendors[id_.partition("/")[0]].value.key_env:
        target = row(id_).value
        # The longest thought of the recorded answers, at the effort that the rows ask for: 4910 and 2560.
        assert target.thought_tokens >= (8192 if "deepseek" in id_ else 4096)
        said = Usage(tokens_in=10, tokens_out=512)
        thought = said._replace(tokens_out=512 + target.thought_tokens)
        assert most(target, said) >= cost(target, thought) > cost(target, said)
