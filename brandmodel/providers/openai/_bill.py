"""What a reply says was consumed and charged; every vendor of this wire says it a little differently."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from brandmodel.providers._json import count, fields, nano_usd, number
from brandmodel.tasks import Usage

_TICKS_A_DOLLAR = 1e10
_Meaning = str | Mapping[str, str]
_OF_ASKED = {"cached_tokens": "cached", "cache_write_tokens": "written", "image_tokens": "shown"}
_OF_SAID = {"reasoning_tokens": "thought", "image_tokens": "drawn", "audio_tokens": "spoken"}
_COUNTS: Mapping[str, _Meaning] = {
    "prompt_tokens": "asked",
    "input_tokens": "asked",
    "completion_tokens": "said",
    "output_tokens": "said",
    "total_tokens": "total",
    "prompt_tokens_details": _OF_ASKED,
    "input_tokens_details": _OF_ASKED,
    "input_token_details": _OF_ASKED,
    "completion_tokens_details": _OF_SAID,
    "output_tokens_details": _OF_SAID,
    # Together and Moonshot; Mistral; DeepSeek; hosts that pass Anthropic's own field on.
    "cached_tokens": "cached",
    "num_cached_tokens": "cached",
    "prompt_cache_hit_tokens": "cached",
    "cache_creation_input_tokens": "written",
}
_CHARGES = frozenset(("cost", "is_byok", "cost_in_usd_ticks"))


def usage_of(told: Any) -> Usage | None:
    """Tokens of a ``usage`` object; None where it says nothing."""
    usage = fields(told)
    if not usage:
        return None
    found: dict[str, int] = {}
    _take(usage, _COUNTS, found)
    asked, said = found.get("asked", 0), found.get("said", 0)
    beyond = max(0, found.get("total", 0) - asked - said)
    # xAI counts thought beside the answer, Mistral sound beside the words: both only in the total.
    if beyond and beyond == found.get("thought"):
        said += beyond
    else:
        asked += beyond
    return Usage(
        tokens_in=asked,
        tokens_out=said,
        tokens_cached=min(asked, found.get("cached", 0)),
        tokens_cache_written=min(asked, found.get("written", 0)),
        image_tokens_in=min(asked, found.get("shown", 0)),
        image_tokens_out=min(said, found.get("drawn", 0)),
        audio_tokens_out=min(said, found.get("spoken", 0)),
    )


def _take(given: dict[str, Any], names: Mapping[str, _Meaning], found: dict[str, int]) -> None:
    """What is there is looked up, not what could be: an answer tells four counts, vendors know twenty."""
    for name, value in given.items():
        meaning = names.get(name)
        if isinstance(meaning, str):
            found[meaning] = max(found.get(meaning, 0), count(value))
        elif meaning is not None and value:
            _take(fields(value), meaning, found)


def charged(told: Any) -> int | None:
    """Nano-USD that a ``usage`` object says were charged; None where it says nothing.

    Nothing charged is as good as nothing said (batches, trials and own upstream keys say 0): the
    row's price then holds. OpenRouter: ``cost``, to which the upstream's price comes where its bill
    goes to the caller. Perplexity: ``cost.total_cost``. xAI: ``cost_in_usd_ticks`` of 1e-10 USD.
    """
    usage = fields(told)
    if _CHARGES.isdisjoint(usage):
        return None
    cost = usage.get("cost")
    dollars = number(fields(cost).get("total_cost")) or number(cost)
    if usage.get("is_byok"):
        upstream = number(fields(usage.get("cost_details")).get("upstream_inference_cost"))
        dollars = dollars + upstream if upstream else 0.0
    dollars = dollars or number(usage.get("cost_in_usd_ticks")) / _TICKS_A_DOLLAR
    return nano_usd(dollars)
