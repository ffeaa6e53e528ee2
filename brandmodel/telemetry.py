"""Names of spans and attributes, in one place; OpenTelemetry's API only, loaded when first used.

Span tree: ``invoke_workflow {model}`` > ``step {name}`` > ``{task} {target}``. Without a configured
SDK every span is a no-op.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from opentelemetry.trace import Span, Tracer

RUN_SPAN = "invoke_workflow {model}"
STEP_SPAN = "step {name}"
ATTEMPT_SPAN = "{task} {target}"

RUN_ID = "brandmodel.run_id"
MODEL_NAME = "brandmodel.model_name"
STATUS = "brandmodel.status"
RECIPE = "brandmodel.recipe"
STEP_NAME = "brandmodel.step_id"
CAPABILITY = "brandmodel.capability"
STEP_STATUS = "brandmodel.step_status"
ATTEMPT_OUTCOME = "brandmodel.attempt.outcome"
COST_USD = "brandmodel.cost.usd"
UNITS = "brandmodel.units"
KIND = "openinference.span.kind"
OPERATION = "gen_ai.operation.name"
PROVIDER_NAME = "gen_ai.provider.name"
REQUEST_MODEL = "gen_ai.request.model"
AGENT_NAME = "gen_ai.agent.name"
ERROR_TYPE = "error.type"


def span(name: str, attributes: Mapping[str, Any]) -> AbstractContextManager[Span]:
    """A span that is current inside the block; an error is named on it and raised on."""
    from opentelemetry import trace

    provider = trace.get_tracer_provider()
    if isinstance(provider, trace.ProxyTracerProvider):
        # Nobody listens.
        return nullcontext(trace.INVALID_SPAN)
    return _recorded(provider.get_tracer("brandmodel"), name, attributes)


@contextmanager
def _recorded(tracer: Tracer, name: str, attributes: Mapping[str, Any]) -> Generator[Span]:
    with tracer.start_as_current_span(name, attributes=dict(attributes)) as current:
        try:
            yield current
        except Exception as error:
            current.set_attribute(ERROR_TYPE, type(error).__name__)
            raise
