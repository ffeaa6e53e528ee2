"""In which order targets are tried."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from brandmodel.routing.policies import arranged
from brandmodel.routing.prices import most
from brandmodel.routing.schema import Policy
from brandmodel.tasks import Price, Target, Usage

SECONDS = {"a/m": 3.0, "b/m": 1.0, "c/m": 2.0}


def target(name: str, request: int) -> Target:
    return Target(
        id=f"{name}/m",
        provider=name,
        model="m",
        tasks=frozenset(),
        price=(Price(units={"request": request}),),
    )


TARGETS = [target("a", 20), target("b", 30), target("c", 10)]


def order(policy: Policy, **more: Any) -> list[str]:
    given: dict[str, Any] = {"key": "k", "weights": {}, **more}
    found = arranged(
        TARGETS,
        policy,
        most_usage=Usage(),
        price=most,
        seconds=lambda t: SECONDS[t.id],
        **given,
    )
    return [t.id for t in found]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("ordered", ["a/m", "b/m", "c/m"]),
        ("cheapest", ["c/m", "a/m", "b/m"]),
        ("fastest", ["b/m", "c/m", "a/m"]),
    ],
)
def test_a_policy_decides_who_is_tried_first(policy: Policy, expected: list[str]) -> None:
    assert order(policy) == expected


def test_weights_share_the_steps_and_a_step_goes_the_same_way_again() -> None:
    weights = {"a/m": 6.0, "b/m": 3.0, "c/m": 0.0}
    first = Counter(order("weighted", key=str(n), weights=weights)[0] for n in range(3000))
    assert first["c/m"] == 0
    assert 1.7 < first["a/m"] / first["b/m"] < 2.4
    assert order("weighted", key="x", weights=weights) == order(
        "weighted", key="x", weights=weights
    )
