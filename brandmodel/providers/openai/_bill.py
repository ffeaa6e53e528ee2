"""What a reply says was consumed and charged; every vendor of this wire says it a little differently."""

from __future__ import annotations

from typing import Any

from brandmodel.providers._json import count, fields, nano_usd, number
from brandmodel.tasks import Usage

_TICKS_A_DOLLAR = 1e10


def usage_of(told: Any) -> Usage | None:
    """Tokens of a ``usage`` object; None where it says nothing."""
    usage = fields(told)
    if not usage:
        return None
    asked = count(usage.get("prompt_tokens")) or count(usage.get("input_tokens"))
    said = count(usage.get("completion_tokens")) or count(usage.get("output_tokens"))
    into = _details(usage, "prompt_tokens_details", "input_tokens_details", "input_token_details")
    out = _details(usage, "completion_tokens_details", "output_tokens_details")
    beyond = max(0, count(usage.get("total_tokens")) - asked - said)
    # xAI counts thought beside the answer, Mistral sound beside the words: both only in the total.
    if beyond and beyond == count(out.get("reasoning_tokens")):
        said += beyond
    else:
        asked += beyond
    return Usage(
        tokens_in=asked,
        tokens_out=said,
        tokens_cached=min(asked, _cached(usage, into)),
        tokens_cache_written=min(asked, _written(usage, into)),
        image_tokens_in=min(asked, count(into.get("image_tokens"))),
        image_tokens_out=min(said, count(out.get("image_tokens"))),
        audio_tokens_out=min(said, count(out.get("audio_tokens"))),
    )


def charged(told: Any) -> int | None:
    """Nano-USD that a ``usage`` object says were charged; None where it says nothing.

    Nothing charged is as good as nothing said (batches, trials and own upstream keys say 0): the
    row's price then holds. OpenRouter: ``cost``, to which the upstream's price comes where its bill
    goes to the caller. Perplexity: ``cost.total_cost``. xAI: ``cost_in_usd_ticks`` of 1e-10 USD.
    """
    usage = fields(told)
    cost = usage.get("cost")
    dollars = number(fields(cost).get("total_cost")) or number(cost)
    if usage.get("is_byok"):
        upstream = number(fields(usage.get("cost_details")).get("upstream_inference_cost"))
        dollars = dollars + upstream if upstream else 0.0
    dollars = dollars or number(usage.get("cost_in_usd_ticks")) / _TICKS_A_DOLLAR
    return nano_usd(dollars)


def _cached(usage: dict[str, Any], details: dict[str, Any]) -> int:
    """OpenAI and most; then Together and Moonshot; Mistral; DeepSeek."""
    names = ("cached_tokens", "num_cached_tokens", "prompt_cache_hit_tokens")
    return count(details.get("cached_tokens")) or next(
        (found for name in names if (found := count(usage.get(name)))), 0
    )


def _written(usage: dict[str, Any], details: dict[str, Any]) -> int:
    """OpenAI and OpenRouter; then hosts that pass Anthropic's own field on."""
    return count(details.get("cache_write_tokens")) or count(
        usage.get("cache_creation_input_tokens")
    )


def _details(usage: dict[str, Any], *names: str) -> dict[str, Any]:
    return next((found for name in names if (found := fields(usage.get(name)))), {})
