"""A vendor reports the end of a job: the run looks at once, and believes nothing that it did not see."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from brandmodel import AsyncBrandModel, BrandModel
from brandmodel.engine import looks
from brandmodel.errors import InvalidRequestError, RequestError
from brandmodel.recipes import recipe
from brandmodel.tasks import Brief, Context, GenerateImage
from brandmodel.testing.vendors import serving
from brandmodel.testing.vendors._house import House

pytestmark = pytest.mark.anyio
_PATIENCE_S = 60.0


@pytest.fixture(autouse=True)
def _no_look_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody looks at a job that is to be reported, unless it is."""
    monkeypatch.setattr(looks, "SELDOM_S", 3600.0)
    monkeypatch.setattr(looks, "SELDOM_LATEST_S", 3600.0)


@recipe("drawn-by", makes="text/plain")
async def drawn_by(ctx: Context, brief: Brief) -> dict[str, str]:
    """One picture by the target that the prompt names."""
    request = GenerateImage(prompt="A pear", width=64, height=64, target=brief.prompt)
    return {"text": (await ctx.call(request, name="picture")).image.sha256}


@dataclass
class Receiver:
    """A server of ours at which vendors report; it hands on what comes, and remembers it."""

    url: str = ""
    model: AsyncBrandModel | None = None
    deaf: bool = False
    came: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list[Any])
    woke: list[bool] = field(default_factory=list[bool])

    async def handle(self, request: web.Request) -> web.Response:
        vendor, body = request.path.rpartition("/")[2], await request.read()
        self.came.append((vendor, dict(request.headers), body))
        if self.deaf:
            return web.Response(status=503)
        assert self.model is not None
        try:
            self.woke.append(await self.model.webhook(vendor, request.headers, body))
        except RequestError:
            return web.Response(status=400)
        return web.Response(status=204)


@contextlib.asynccontextmanager
async def receiving() -> AsyncGenerator[Receiver]:
    made = Receiver()
    app = web.Application()
    app.router.add_post("/hooks/{vendor}", made.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.url = f"{site.name.rstrip('/')}/hooks"
    try:
        yield made
    finally:
        await runner.cleanup()


@dataclass
class Stage:
    """Vendors whose jobs take a moment, a receiver, and a model between them."""

    house: House
    receiver: Receiver
    model: AsyncBrandModel

    async def draws(self, target: str) -> int:
        """How often the job was looked at until its picture was there."""
        before = set(self.house.jobs)
        async with asyncio.timeout(_PATIENCE_S):
            await self.model.run(target, recipe="drawn-by")
        (job,) = (self.house.jobs[id_] for id_ in self.house.jobs.keys() - before)
        return job.looks


@contextlib.asynccontextmanager
async def staged(folder: Path, latency_s: float = 0.3) -> AsyncGenerator[Stage]:
    routers = folder / "routers"
    async with receiving() as receiver, serving(latency_s=latency_s, routers=routers) as house:
        vendors = routers / "vendors.toml"
        rows = vendors.read_text()
        for name in ("fal", "replicate"):
            rows = rows.replace(f"[{name}]\n", f'[{name}]\nwebhook = "{receiver.url}/{name}"\n')
        vendors.write_text(rows)
        async with AsyncBrandModel(routers=routers, home=folder / "home") as model:
            receiver.model = model
            yield Stage(house, receiver, model)


@pytest.mark.parametrize(("target", "looked"), [("fal/picture", 2), ("replicate/picture", 1)])
async def test_a_run_ends_on_the_webhook_of_its_job(
    target: str, looked: int, tmp_path: Path
) -> None:
    async with staged(tmp_path) as stage:
        # The state, and at fal the result: without the webhook there would be none.
        assert await stage.draws(target) == looked
        assert stage.receiver.woke == [True]
        ((vendor, headers, body),) = stage.receiver.came
        assert not await stage.model.webhook(vendor, headers, body), "it came before"


async def test_what_is_not_the_vendors_is_refused(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        signer, hooks, now = stage.house.signer, stage.model.engine.hooks, time.time()
        signed = {"fal": signer.fal, "replicate": signer.standard}
        for vendor, sign in signed.items():
            body = json.dumps({"id": "job-1", "request_id": "job-1", "status": "OK"}).encode()
            with pytest.raises(InvalidRequestError, match="signature is wrong"):
                await hooks.take(vendor, sign("job-1", body), body + b" ", now=now)
            old = sign("job-1", body, at=now - 400)
            with pytest.raises(InvalidRequestError, match="too old"):
                await hooks.take(vendor, old, body, now=now)
            early = sign("job-1", body, at=now + 400)
            with pytest.raises(InvalidRequestError, match="from the future"):
                await hooks.take(vendor, early, body, now=now)
            with pytest.raises(InvalidRequestError, match="lacks its"):
                await hooks.take(vendor, {}, body, now=now)
            # Refused is not seen: the right one still counts, though nobody waits for it.
            assert not await hooks.take(vendor, sign("job-1", body), body, now=now)
        for unknown in ("openai", "local", "../fal", ""):
            with pytest.raises(InvalidRequestError, match="no webhook of"):
                await hooks.take(unknown, signer.fal("job-1", b"{}"), b"{}", now=now)


async def test_a_forged_end_only_makes_us_look(tmp_path: Path) -> None:
    """Whoever has the secret can say that a job is done; its state is still the vendor's word."""
    async with staged(tmp_path, latency_s=1.5) as stage:
        stage.receiver.deaf = True
        run = await stage.model.start("replicate/picture", recipe="drawn-by")
        async for _ in run.events():
            break
        while not stage.house.jobs:
            await stage.model.engine.journal.attempts()
        (job,) = stage.house.jobs.values()
        said = {"id": job.id, "status": "succeeded", "output": ["http://127.0.0.1:9/evil.png"]}
        body = json.dumps(said).encode()
        headers = stage.house.signer.standard("evil", body)
        await stage.model.webhook("replicate", headers, body)
        while not stage.receiver.came:
            await stage.model.engine.journal.attempts()
        vendor, headers, body = stage.receiver.came[0]
        stage.receiver.deaf = False
        assert await stage.model.webhook(vendor, headers, body)
        result = await run.wait()
        assert len(result.text) == 64
        assert job.looks == 2, "once for the forged word, once for the true one"


async def test_what_vendors_sign_with_may_change(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        body = b'{"id": "job-1"}'
        headers = stage.house.signer.standard("one", body)
        await stage.model.webhook("replicate", headers, body)
        stage.house.signer = type(stage.house.signer)()
        headers = stage.house.signer.standard("two", body)
        with pytest.raises(InvalidRequestError, match="signature is wrong"):
            await stage.model.webhook("replicate", headers, body)
        # By the next morning it is asked for again, as it is when it is a few minutes old.
        provider: Any = stage.model.engine.providers.of(
            stage.model.engine.tables.targets["replicate/picture"].value
        )
        since, secret = provider._signing["replicate"]
        provider._signing["replicate"] = since - 301, secret
        assert not await stage.model.webhook("replicate", headers, body)


def test_without_async_it_is_the_same(tmp_path: Path) -> None:
    with (
        BrandModel(home=tmp_path / "home") as model,
        pytest.raises(InvalidRequestError, match="no webhook of 'fal' is expected"),
    ):
        model.webhook("fal", {}, b"{}")
