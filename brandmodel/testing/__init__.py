"""Fakes to test with: a vendor that answers as told and keeps its own bill."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from brandmodel.errors import ProviderError
from brandmodel.model import AsyncBrandModel
from brandmodel.tasks import PROVIDERS, Call, Done, Job, Request, Result

Answer = Callable[[Any, int], Result]


@dataclass(frozen=True, slots=True)
class Billed:
    """One job as the vendor itself has it on its bill."""

    job: str
    task: str
    usd_nano: int


class FakeVendor:
    """A vendor in this process. Tell it how to answer each task; look at its ``bill`` afterwards.

    Attributes:
        calls: every request that arrived, with its take.
        bill: what the vendor charged, one row a job; kept apart from our own receipts.
        failures: errors to raise, one by one, before it answers again.
        latency_s: how long an answer takes.
        as_jobs: answer with a job that has to be checked, instead of at once.
    """

    def __init__(self, name: str = "fake") -> None:
        self.name = name
        self.calls: list[tuple[Request[Any], int]] = []
        self.bill: list[Billed] = []
        self.failures: list[ProviderError] = []
        self.lose_replies = 0
        self.latency_s = 0.0
        self.as_jobs = False
        self.checks = 0
        self._answers: dict[str, Answer] = {}
        self._prices: dict[str, float] = {}
        self._jobs: dict[str, Result] = {}
        PROVIDERS[name] = lambda: self

    def serves(
        self, task: type[Request[Any]], answer: Answer, *, usd_per_call: float = 0.0
    ) -> FakeVendor:
        """Answer a task with ``answer(request, take)``, for a price."""
        self._answers[task.__name__] = answer
        self._prices[task.__name__] = usd_per_call
        return self

    def routers(
        self, folder: Path, *, model: str = "fake-1", hero: Mapping[str, list[str]] | None = None
    ) -> Path:
        """Write routing tables that point at this vendor; the folder, for ``routers=``."""
        (folder / "targets").mkdir(parents=True, exist_ok=True)
        rows = [f"[{json.dumps(self.name)}]\nprovider = {json.dumps(self.name)}\n"]
        (folder / "vendors.toml").write_text("".join(rows))
        targets = [
            f'[{task}]\ntasks = ["{task}"]\nprice = {{ request = {self._prices[task]!r} }}\n'
            for task in self._answers
        ]
        (folder / "targets" / f"{self.name}.toml").write_text("".join(targets))
        lines = [f'{task} = ["{self.name}/{task}"]' for task in self._answers]
        for task, ids in (hero or {}).items():
            lines.remove(f'{task} = ["{self.name}/{task}"]')
            lines.append(
                f'{task} = {{ workhorse = ["{self.name}/{task}"], hero = {json.dumps(ids)} }}'
            )
        head = f'[model]\nname = "{model}"\ndefault = true\ndefault_tier = "workhorse"\n[tasks]\n'
        (folder / f"{model}.toml").write_text(head + "\n".join(lines) + "\n")
        return folder

    def model(self, folder: Path, **arguments: Any) -> AsyncBrandModel:
        """A model over this vendor alone, with its journal below ``folder``."""
        return AsyncBrandModel(
            routers=self.routers(folder / "routers"), home=folder / "home", **arguments
        )

    @property
    def billed_usd_nano(self) -> int:
        """Total of the bill, in nano-USD."""
        return sum(row.usd_nano for row in self.bill)

    async def start(self, call: Call) -> Done | Job:
        """See ``Provider``."""
        task = type(call.request).__name__
        self.calls.append((call.request, call.take))
        if self.latency_s:
            await asyncio.sleep(self.latency_s)
        if self.failures:
            raise self.failures.pop(0)
        job = uuid.uuid4().hex
        self.bill.append(Billed(job, task, round(self._prices[task] * 1e9)))
        if self.lose_replies:
            self.lose_replies -= 1
            raise ProviderError("the connection was lost", vendor=self.name, started=True)
        result = self._answers[task](call.request, call.take)
        if not self.as_jobs:
            return Done(result)
        self._jobs[job] = result
        return Job(target=call.target.id, task=task, handle={"id": job})

    async def check(self, job: Job, call: Call) -> Done | Job:
        """See ``LongProvider``."""
        self.checks += 1
        return Done(self._jobs[job.handle["id"]])

    async def cancel(self, job: Job, call: Call) -> None:
        """See ``LongProvider``."""
        self._jobs.pop(job.handle["id"], None)

    async def aclose(self) -> None:
        """See ``Provider``."""
