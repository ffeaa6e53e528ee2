"""Keys and what opens a signed address are in nothing that is told, written down or traced."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from brandmodel.errors import BrandModelError, RoutingError
from tests.cli.program import COMMAND, environment
from tests.engine.two_vendors import FIRST, SECOND, Studio, nobody_is_named, two_vendors
from tests.providers.raw import reply_of, saying
from tests.tracing import export_to

pytestmark = pytest.mark.anyio
MARK = "LEAKS"
KEY, SIGNATURE = f"{MARK}keyZm9v", f"{MARK}sigYmFy"
SIGNED = f"https://files.invalid/1.png?X-Signature={SIGNATURE}"
ECHO = f"Authorization: Bearer {KEY} is wrong for {SIGNED}"
ANSWERS = {
    "an echo of the key": reply_of({"error": {"message": ECHO, "code": KEY}}, status=401),
    "an echo in a wrong request": reply_of({"detail": [{"msg": ECHO, "type": ECHO}]}, status=422),
    "an echo in a failure": reply_of({"error": ECHO}, status=500),
    "an echo in a limit": reply_of({"error": {"message": ECHO}}, status=429, retry_after="0"),
    "an echo in a page": reply_of(f"<html>{ECHO}".encode(), kind="text/html"),
    "an echo in a good answer": reply_of({"error": {"message": ECHO}}),
    "an echo in the head": reply_of({}, status=400, x_request_id=KEY, location=SIGNED),
    "no HTTP at all": f"HTTP/1.1 {ECHO}\r\n\r\n".encode(),
    "a head that is none": f"HTTP/1.1 200 OK\r\n{ECHO} {KEY}\x00\r\n\r\n".encode(),
    "a signed address that leads nowhere": reply_of({"data": [{"url": SIGNED}]}),
    "a signed address inside": reply_of(
        {"data": [{"url": SIGNED.replace("files.invalid", "10.0.0.1")}]}
    ),
    "a signed address that is none": reply_of({"data": [{"url": SIGNED.replace("//", "//[")}]}),
    "a signed address with a strange port": reply_of(
        {"data": [{"url": SIGNED.replace("invalid", "invalid:99999999")}]}
    ),
    "a picture that is an echo": reply_of({"data": [{"b64_json": f"{KEY} {SIGNED}"}]}),
    "no picture": reply_of({"data": [{"uri": SIGNED, "key": KEY}]}),
}


@pytest.fixture
async def studio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Studio]:
    for name in (FIRST, SECOND):
        monkeypatch.setenv(f"{name}_KEY", KEY)
    async with two_vendors(tmp_path) as made:
        yield made


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    """What is traced."""
    exporter = InMemorySpanExporter()
    export_to(exporter)
    yield exporter
    exporter.shutdown()


def _chain(error: BaseException | None) -> Iterator[str]:
    """All that can be read off an error and those behind it."""
    while error is not None:
        yield f"{error} {error!r} {vars(error)} {error.args!r}"
        if isinstance(error, RoutingError):
            for attempt in error.attempts:
                yield from _chain(attempt)
        error = error.__cause__ or error.__context__


def _clean(text: str | bytes, where: str) -> None:
    data = text.encode() if isinstance(text, str) else text
    at = data.find(MARK.encode())
    assert at < 0, f"{where}: {data[max(0, at - 80) : at + 40]!r}"


@pytest.mark.parametrize("what", ["drawn", "said"])
async def test_no_key_and_no_signature_is_left_anywhere(
    what: str,
    studio: Studio,
    spans: InMemorySpanExporter,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    failed: list[BrandModelError] = []
    for name, answer in ANSWERS.items():
        studio.first.usual = studio.second.usual = saying(answer)
        studio.folder = studio.folder / "another"  # Nothing rests from the failure before.
        ended = await studio.runs(what)
        assert ended.error is not None, name
        nobody_is_named(ended.error)
        failed.append(ended.error)
        for line in _chain(ended.error):
            _clean(line, f"{name}: an error")
        assert KEY.encode() in studio.first.heads[-1], "the vendor was given the key"
    said = capfd.readouterr()
    _clean(said.out + said.err, "what was printed")
    _clean(caplog.text, "the log")
    traced = [span.to_json() for span in spans.get_finished_spans()]
    assert any("exception.stacktrace" in one for one in traced), "failures are traced"
    for one in traced:
        _clean(one, "a span")
    _files_are_clean(studio.folder)
    kinds = {type(one) for error in failed for one in getattr(error, "attempts", (error,))}
    assert len(kinds) > 1, "the failures are not all alike"


def _files_are_clean(folder: Path) -> None:
    root = folder
    while root.name == "another":
        root = root.parent
    files = [path for path in root.rglob("*") if path.is_file()]
    assert any(path.name.startswith("journal") for path in files)
    for path in files:
        _clean(path.read_bytes(), str(path))


async def _program(folder: Path, *arguments: str) -> tuple[int, str, str]:
    """(exit code, standard output, standard error) of the command, told to show more."""
    more = {
        "BRANDMODEL_ROUTERS": str(folder / "routers"),
        "BRANDMODEL_TRACEBACK": "1",
        "PYTHONASYNCIODEBUG": "1",
        "PYTHONDEVMODE": "1",
    }
    started = await asyncio.create_subprocess_exec(
        *COMMAND,
        *arguments,
        cwd=folder,
        env=environment(folder / "home", **more),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await started.communicate()
    assert started.returncode is not None
    return started.returncode, out.decode(), err.decode()


async def test_the_command_line_shows_no_key_and_names_nobody_but_to_operators(
    studio: Studio,
) -> None:
    routers = studio.write()
    row = '[fast]\ntasks = ["writing"]\nprice = { request = 0.25 }\n'
    (routers / "targets" / f"{FIRST}.toml").write_text(row)
    table = (Path(__file__).parents[2] / "routers" / "studio.toml").read_text()
    table = re.sub(r"ReadBrief +=.*", f'ReadBrief = ["{FIRST}/fast"]', table, count=1)
    (routers / "acme-1.toml").write_text(
        table.replace('name = "studio"', 'name = "acme-1"') + "[caps]\nconfirm = false\n"
    )
    (routers / "targets" / f"{SECOND}.toml").unlink()
    for name, form in (
        ("an echo of the key", ()),
        ("an echo in a wrong request", ("--json",)),
        ("an echo in a failure", ("--events",)),
    ):
        studio.first.usual = saying(ANSWERS[name])
        code, out, err = await _program(
            studio.folder, "run", f"A bottle, {name}", "--model", "acme-1", *form
        )
        told = out + err
        assert code in (1, 3), told
        _clean(told, name)
        for vendor in (FIRST, "openai", "127.0.0.1"):
            assert vendor not in told.casefold(), told
    _, runs, _ = await _program(studio.folder, "runs", "--json")
    assert len(json.loads(runs)) == 3
    for run in json.loads(runs):
        code, out, err = await _program(studio.folder, "show", run["run_id"], "--json")
        (attempt,) = json.loads(out)["attempts"]
        assert (code, attempt["target"]) == (0, f"{FIRST}/fast")
        assert "[key]" in attempt["error"], "the vendor's own words, without the key"
        _clean(out + err, "show")
    _files_are_clean(studio.folder / "home")
