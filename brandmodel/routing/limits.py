"""What a target can take: the limits of its row, and the sizes that it has a price for."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from brandmodel.routing.prices import price_for
from brandmodel.tasks import Request, Target, Usage, assets_in

_SLOT = re.compile(r"\{\{\s*reference\s*\}\}")
_Measure = Callable[[Request[Any], Usage, Usage], float]


def refused(target: Target, request: Request[Any]) -> str:
    """Why a target cannot take a request; '' when it can."""
    if not target.limits and (not target.price or target.price[-1].max_lines is None):
        return ""
    least, most = request.bounds()
    for name, limit in target.limits.items():
        measured = _MEASURES[name](request, least, most)
        largest = max(limit) if name == "durations_s" else limit
        if measured > largest:
            return f"{_WORDS[name]}: {measured:,.6g}, at most {largest:,.6g}"
    if target.price and price_for(target.price, most.lines) is None:
        return f"size: {most.lines} lines, at most {target.price[-1].max_lines}"
    return ""


def keeps(target: Target, request: Request[Any]) -> bool:
    """Whether a target keeps to the reference that a request brings along, if it brings one.

    A row that maps fields says so by mapping it. Wires of their own see pictures, unless the row sets
    ``references = false``.
    """
    reference = vars(request).get("reference")
    if reference is None:
        return True
    settings = target.settings
    if "map" in settings or "workflow" in settings:
        workflow = json.dumps(settings.get("workflow"))
        return "reference" in settings.get("map", {}) or bool(_SLOT.search(workflow))
    return settings.get("references", True) and reference.media_type.startswith("image/")


def _side(request: Request[Any]) -> float:
    sides = (getattr(request, "width", None), getattr(request, "height", None))
    return float(max(side or 0 for side in sides))


def _duration_s(request: Request[Any]) -> float:
    """Of what is to be made, else of what is to be heard or seen."""
    asked = getattr(request, "duration_s", None)
    return asked or max((asset.duration_s or 0.0 for asset in assets_in(request)), default=0.0)


_MEASURES: Mapping[str, _Measure] = {
    # By the usual four characters a token: what is near the limit is the vendor's to judge.
    "max_input_tokens": lambda request, least, most: least.tokens_in,
    "max_output_tokens": lambda request, least, most: getattr(request, "most_tokens", 0),
    "max_characters": lambda request, least, most: (
        most.characters or len(getattr(request, "prompt", ""))
    ),
    "max_side": lambda request, least, most: _side(request),
    "max_images": lambda request, least, most: sum(
        asset.media_type.startswith("image/") for asset in assets_in(request)
    ),
    "max_duration_s": lambda request, least, most: _duration_s(request),
    "durations_s": lambda request, least, most: _duration_s(request),
}
_WORDS = {
    "max_input_tokens": "tokens",
    "max_output_tokens": "tokens of an answer",
    "max_characters": "characters",
    "max_side": "pixels on a side",
    "max_images": "pictures to look at",
    "max_duration_s": "seconds",
    "durations_s": "seconds",
}
