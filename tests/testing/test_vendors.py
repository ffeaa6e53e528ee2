from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from brandmodel import AsyncBrandModel
from brandmodel.assets.store import FolderStore
from brandmodel.errors import (
    BadResponseError,
    BadResultError,
    BrandModelError,
    ContentFilteredError,
    CreditError,
    JobFailedError,
    ProviderError,
    RateLimitError,
    UnavailableError,
    UnknownTargetError,
)
from brandmodel.providers._http import Http
from brandmodel.providers._wire import Wire
from brandmodel.providers.comfyui import ComfyWire
from brandmodel.providers.fal import FalWire
from brandmodel.providers.openai import OpenAIWire
from brandmodel.providers.replicate import ReplicateWire
from brandmodel.routing.load import load_tables
from brandmodel.tasks import Call, Chat, Done, GenerateImage, Job, Message, Request, Tier
from brandmodel.testing.vendors._bill import Bill, price_nano
from brandmodel.testing.vendors._faults import Faults
from brandmodel.testing.vendors._rows import PREFIX, ROWS, Row
from tests.testing.counter import Counter

pytestmark = pytest.mark.anyio
PICTURE = GenerateImage(prompt="A blue bottle", width=64, height=64)
CHAT = Chat(messages=(Message(role="user", text="Hello"),))


class Caller:
    """Wires over one connection, and calls for the rows that the server wrote."""

    def __init__(self, vendors: Counter, folder: Path) -> None:
        self.http = Http()
        self._vendors = vendors
        self._tables = load_tables([("test", vendors.routers)])
        self._store = FolderStore(folder)

    def wire(self, kind: type[Wire]) -> Wire:
        return kind(self.http, lambda target: self._vendors.keys.get(target.id.split("/")[0], ""))

    def call(self, target: str, request: Request[Any], attempt: str = "a" * 32) -> Call:
        row = self._tables.targets[target].value
        return Call(request, row, self._store, attempt=attempt, began=1.0)


@pytest.fixture
async def caller(vendors: Counter, tmp_path: Path) -> Any:
    made = Caller(vendors, tmp_path / "assets")
    yield made
    await made.http.aclose()


async def _finished(wire: Any, call: Call, answer: Done | Job | None) -> Done:
    while isinstance(answer, Job):
        answer = await wire.check(answer, call)
    assert answer is not None
    return answer


# ---- the whole way


async def test_a_picture_of_five_vendors_costs_what_they_bill(
    vendors: Counter, tmp_path: Path
) -> None:
    before = vendors.told("_bill")["total_usd"]
    vendors.send("_vendors/fal", {"on": False})
    try:
        async with AsyncBrandModel(routers=vendors.routers, home=tmp_path / "home") as model:
            result = await model.run("A picture of a blue bottle", size=(96, 64), tier="workhorse")
    finally:
        vendors.send("_vendors/fal", {"on": True})
    billed = vendors.told("_bill")["total_usd"] - before
    assert result.receipt.paid_usd == pytest.approx(billed, abs=1e-12)
    steps = {step.task: step for step in result.receipt.steps}
    assert steps["GenerateImage"].target == "replicate/picture"
    assert {"openai", "openrouter", "anthropic", "google"} < {
        (step.target or "").partition("/")[0] for step in steps.values()
    }


@pytest.mark.parametrize("size", [(256, 256), (96, 512)])
@pytest.mark.parametrize("tier", ["hero", "workhorse"])
async def test_a_picture_of_any_size_and_tier_is_made_by_five_vendors(
    vendors: Counter, tmp_path: Path, size: tuple[int, int], tier: Tier
) -> None:
    before = len(vendors.jobs())
    async with AsyncBrandModel(routers=vendors.routers, home=tmp_path / "home") as model:
        result = await model.run(f"A picture of a {tier} cup", size=size, tier=tier)
    lines = vendors.jobs()[before:]
    used = {step.target.partition("/")[0] for step in result.receipt.steps} - {"local", "house"}
    assert len(used) >= 5, used
    assert {line["vendor"] for line in lines} <= used
    assert result.receipt.paid_usd == pytest.approx(sum(line["usd"] for line in lines), abs=1e-12)


async def test_the_tables_name_two_vendors_for_what_a_film_needs(vendors: Counter) -> None:
    table = load_tables([("test", vendors.routers)]).model("fake-studio")
    for task in ("GenerateImage", "AnimateImage", "UpscaleImage", "Speak", "ComposeMusic", "Judge"):
        listed = table.model.tasks[task].listed()
        assert len({id_.partition("/")[0] for id_ in listed}) >= 2, task
    assert (vendors.routers / "credentials.toml").stat().st_mode & 0o77 == 0


# ---- faults, as the wires see them

CALLS: list[tuple[str, type[BrandModelError], bool]] = [
    ("html", BadResponseError, True),
    ("truncated", BadResponseError, True),
    ("huge", BadResponseError, True),
    ("endless", BadResponseError, True),
    ("lost-reply", UnavailableError, True),
    ("redirect-inside", BadResponseError, True),
    ("rate-limit", RateLimitError, False),
    ("server-error", UnavailableError, False),
    ("no-credit", CreditError, False),
    ("retired-model", UnknownTargetError, False),
    ("refusal", ContentFilteredError, False),
]


@pytest.mark.parametrize(("kind", "error", "billed"), CALLS)
async def test_a_fault_of_a_call(
    caller: Caller, vendors: Counter, kind: str, error: type[BrandModelError], billed: bool
) -> None:
    before = len(vendors.jobs())
    vendors.fault(kind, "openai")
    with pytest.raises(error) as raised:
        await caller.wire(OpenAIWire).start(caller.call("openai/fake-chat", CHAT))
    assert len(vendors.jobs()) - before == billed
    if isinstance(raised.value, ProviderError) and kind != "redirect-inside":
        assert raised.value.started is billed or kind == "server-error"


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("expired", JobFailedError),
        ("huge", BadResultError),
        ("redirect-inside", BadResultError),
        ("page-as-image", BadResultError),
    ],
)
async def test_a_fault_of_a_file(
    caller: Caller, vendors: Counter, kind: str, error: type[BrandModelError]
) -> None:
    wire, call = caller.wire(FalWire), caller.call("fal/picture", PICTURE)
    vendors.fault(kind, "fal", at="fetch")
    begun = await wire.start(call)
    with pytest.raises(error):
        await _finished(wire, call, begun)


async def test_a_job_whose_files_address_expires_is_billed(
    caller: Caller, vendors: Counter
) -> None:
    before = len(vendors.jobs())
    vendors.fault("expired", "fal", at="job")
    wire, call = caller.wire(FalWire), caller.call("fal/picture", PICTURE)
    begun = await wire.start(call)
    with pytest.raises(JobFailedError) as gone:
        await _finished(wire, call, begun)
    assert gone.value.started
    assert len(vendors.jobs()) - before == 1


@pytest.mark.parametrize(
    ("vendor", "wire"), [("replicate/picture", ReplicateWire), ("comfyui/fake-workflow", ComfyWire)]
)
async def test_a_lost_job_is_found(
    caller: Caller, vendors: Counter, vendor: str, wire: type[Any]
) -> None:
    before = len(vendors.jobs())
    vendors.fault("lost-reply", vendor.partition("/")[0])
    lost = GenerateImage(prompt=f"A lost bottle of {vendor}", width=64, height=64)
    call, own = caller.call(vendor, lost), caller.wire(wire)
    with pytest.raises(UnavailableError):
        await own.start(call)
    done = await _finished(own, call, await own.find(call))
    assert done.result.image.width == done.result.image.height
    assert len(vendors.jobs()) - before == 1


def test_faults_are_drawn_alike_with_the_same_seed() -> None:
    first, again = Faults(0.5, seed=3), Faults(0.5, seed=3)
    drawn = [first.next("fal", "job") for _ in range(200)]
    assert drawn == [again.next("fal", "job") for _ in range(200)]
    assert {"slow-job", "expired", "lost-reply", ""} < set(drawn)
    assert 60 < len([kind for kind in drawn if kind]) < 140
    assert first.next("fal", "fetch") == ""


def test_orders_are_checked(vendors: Counter) -> None:
    for wrong in ({"kind": "rain"}, {"kind": "html", "count": 0}, {"kind": "html", "vendor": "x"}):
        with pytest.raises(HTTPError) as error:
            vendors.send("_faults", wrong)
        assert error.value.code == 400
        error.value.close()


# ---- the bill


def test_prices_are_exact() -> None:
    row = Row("v", "m", ("Chat",), {"million_tokens_in": "0.5", "million_tokens_out": "2"})
    every = [price_nano(row, {"tokens_in": n, "tokens_out": 3}) for n in range(5000)]
    assert every == [500 * n + 6000 for n in range(5000)]
    bill = Bill()
    bill.charge(row, {"tokens_in": 1}, job_id="kept")
    bill.charge(row, {"tokens_in": 1}, job_id="failed")
    bill.drop("failed")
    assert bill.told()["total_usd"] == 5e-7
    assert {row.vendor for row in ROWS} == set(PREFIX)


# ---- the program


def test_the_program_writes_its_tables_listens_and_stops(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "brandmodel.testing.vendors", "--port", "0"]
    command += ["--write-routers", str(tmp_path / "routers"), "--lookup", "off"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True) as program:
        assert program.stdout is not None
        line = program.stdout.readline().strip()
        assert line.startswith("listening on http://127.0.0.1:")
        with urlopen(f"{line.removeprefix('listening on ')}/_bill") as reply:
            assert b'"jobs": []' in reply.read()
        tables = load_tables([("test", tmp_path / "routers")])
        assert tables.default_model == "fake-studio"
        key = tables.credentials["openai"]
        program.send_signal(signal.SIGTERM)
        rest, _ = program.communicate(timeout=20)
    assert program.returncode == 0
    assert key not in line + rest


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--latency", "-1"], "'-1' is not a number of seconds"),
        (["--latency", "nan"], "'nan' is not a number of seconds"),
        (["--fault", "abc"], "'abc' is not a share from 0 to 1"),
        (["--port", "70000"], "'70000' is not a port"),
        (["--port", "TAKEN"], "--port TAKEN: Address already in use; --port 0 takes a free one"),
        (["--port", "0", "--write-routers", "FILE/x"], "FILE"),
    ],
)
def test_what_the_program_cannot_do_is_said_in_a_line(
    tmp_path: Path, options: list[str], said: str
) -> None:
    (tmp_path / "file").touch()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        names = {"TAKEN": str(taken.getsockname()[1]), "FILE": str(tmp_path / "file")}
        for name, value in names.items():
            options = [option.replace(name, value) for option in options]
            said = said.replace(name, value)
        command = [sys.executable, "-m", "brandmodel.testing.vendors", *options]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
        ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr
