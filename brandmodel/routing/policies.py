"""In which order the targets of a route are tried. The choice never enters a step's key."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Mapping, Sequence

from brandmodel.routing.schema import Policy
from brandmodel.tasks import Target, Usage


def arranged(
    targets: Sequence[Target],
    policy: Policy,
    *,
    most_usage: Usage,
    key: str,
    weights: Mapping[str, float],
    price: Callable[[Target, Usage], int],
    seconds: Callable[[Target], float],
) -> list[Target]:
    """Targets in the order of a policy; those that are equal by it stay as the table lists them.

    Args:
        targets: as listed.
        policy: ``ordered``, ``cheapest``, ``fastest`` or ``weighted``.
        most_usage: the most that the call can consume; ``cheapest`` goes by its price.
        key: of the step; ``weighted`` draws by it, so that a step goes to the same target again.
        weights: share by target id; 1 where none is given.
        price: of a usage at a target, in nano-USD.
        seconds: what a call to a target takes, as seen so far.
    """
    if policy == "cheapest":
        return sorted(targets, key=lambda target: price(target, most_usage))
    if policy == "fastest":
        return sorted(targets, key=seconds)
    if policy == "weighted":
        # Efraimidis and Spirakis (2006): an order drawn without putting back, by u ** (1 / weight).
        draw = random.Random(hashlib.sha256(key.encode()).digest())
        lots = {target.id: draw.random() for target in targets}
        return sorted(targets, key=lambda t: -_lot(lots[t.id], weights.get(t.id, 1.0)))
    return list(targets)


def _lot(drawn: float, weight: float) -> float:
    return drawn ** (1 / weight) if weight > 0 else -1.0
