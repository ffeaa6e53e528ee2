"""Spans: one tree a run, cost on the leaf that paid and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from brandmodel import telemetry
from brandmodel.errors import ProviderError, RoutingError
from brandmodel.recipes import recipe
from brandmodel.tasks import Brief, Context
from tests.engine.fakes import Render, vendor
from tests.tracing import export_to

pytestmark = pytest.mark.anyio
EXPORTER = InMemorySpanExporter()


@pytest.fixture(scope="module", autouse=True)
def _exporting() -> None:
    export_to(EXPORTER)


@pytest.fixture(autouse=True)
def _emptied(_exporting: None) -> None:
    EXPORTER.clear()


async def one(ctx: Context, brief: Brief) -> dict[str, str]:
    return {"text": (await ctx.call(Render(text=brief.prompt), name="part")).text}


def named(name: str) -> ReadableSpan:
    return next(s for s in EXPORTER.get_finished_spans() if s.name == name)


async def test_a_run_is_one_tree_of_run_step_and_attempt(tmp_path: Path) -> None:
    recipe("one", makes="text/plain")(one)
    async with vendor(usd=0.25).model(tmp_path) as model:
        result = await model.run("x", recipe="one")
    run, step = named("invoke_workflow fake-1"), named("step part")
    attempt = named("Render fake/Render")
    assert run.parent is None
    assert step.parent is not None
    assert attempt.parent is not None
    assert step.parent.span_id == run.context.span_id
    assert attempt.parent.span_id == step.context.span_id
    assert run.attributes is not None
    assert run.attributes[telemetry.RUN_ID] == result.run_id
    assert run.attributes[telemetry.STATUS] == "done"
    paid = [
        s.name for s in EXPORTER.get_finished_spans() if telemetry.COST_USD in (s.attributes or {})
    ]
    assert paid == ["Render fake/Render"]
    assert (attempt.attributes or {})[telemetry.COST_USD] == 0.25


async def test_a_reused_step_has_no_attempt(tmp_path: Path) -> None:
    recipe("one", makes="text/plain")(one)
    async with vendor(usd=0.25).model(tmp_path) as model:
        await model.run("x", recipe="one")
        EXPORTER.clear()
        await model.run("x", recipe="one")
    assert [s.name for s in EXPORTER.get_finished_spans()] == [
        "step part",
        "invoke_workflow fake-1",
    ]
    assert (named("step part").attributes or {})[telemetry.STEP_STATUS] == "reused"


async def test_a_failure_is_named_on_its_span(tmp_path: Path) -> None:
    recipe("one", makes="text/plain")(one)
    fake = vendor()
    fake.failures = [ProviderError("refused", vendor="fake", started=False)]
    async with fake.model(tmp_path) as model:
        with pytest.raises(RoutingError):
            await model.run("x", recipe="one")
    assert (named("Render fake/Render").attributes or {})[telemetry.ERROR_TYPE] == "ProviderError"
    assert (named("step part").attributes or {})[telemetry.ERROR_TYPE] == "RoutingError"
