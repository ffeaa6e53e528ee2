"""How long a run will still take, held against runs whose course is known."""

from __future__ import annotations

from typing import Literal

from brandmodel.cli.forecast import Forecast
from brandmodel.engine.quote import Quote, StepQuote
from brandmodel.engine.receipt import Event, StepReceipt

SHOT = (("picture", 2.0), ("upscale", 3.0), ("animate", 4.0))


def _step(name: str, seconds: float) -> StepQuote:
    return StepQuote(
        name=name,
        task="GenerateImage",
        stage="generate",
        target="local/picture",
        known=False,
        low_usd=0.0,
        high_usd=0.5,
        low_units=0.0,
        high_units=1.0,
        seconds=seconds,
    )


def _quote(*, shots: int = 4) -> Quote:
    """One step of 1 s, then shots side by side of 9 s each, then a cut of 5 s."""
    units = [f"shot-{chr(97 + each)}" for each in range(shots)]
    steps = [
        _step("plan", 1.0),
        *(_step(f"{unit}/{part}", seconds) for part, seconds in SHOT for unit in units),
        _step("cut", 5.0),
        _step("sign", 0.0),
    ]
    return Quote(
        low_usd=0.0,
        high_usd=0.5 * len(steps),
        low_units=0.0,
        high_units=1.0,
        seconds=15.0,
        steps=tuple(steps),
    )


def _event(kind: Literal["step-started", "step-finished"], name: str, at: float) -> Event:
    step = None
    if kind == "step-finished":
        step = StepReceipt(
            name=name,
            task="GenerateImage",
            stage="generate",
            tier=None,
            target="local/picture",
            status="ran",
            usd=0.0,
            units=1.0,
            seconds=0.0,
        )
    return Event(kind, "run", name, "GenerateImage", step, 0.0, at)


def _ran(forecast: Forecast, name: str, begun: float, ended: float) -> None:
    forecast.take(_event("step-started", name, begun))
    forecast.take(_event("step-finished", name, ended))


def test_it_begins_with_the_quote_and_ends_with_nothing() -> None:
    forecast = Forecast(_quote(), paid_usd=0.25)
    assert forecast.left_s(0.0) == 15.0
    assert forecast.most_usd == 0.25 + 0.5 * 15
    _ran(forecast, "plan", 0.0, 1.0)
    assert forecast.left_s(1.0) == 14.0
    for unit in ("shot-3f2a", "shot-77c0"):
        for part, _ in SHOT:
            _ran(forecast, f"{unit}/{part}", 1.0, 2.0)
    _ran(forecast, "cut", 2.0, 3.0)
    _ran(forecast, "sign", 3.0, 3.0)
    assert forecast.left_s(3.0) == 0.0
    assert forecast.left_s(100.0) == 0.0


def test_a_running_step_counts_down_and_an_overdue_one_is_never_past() -> None:
    forecast = Forecast(_quote())
    _ran(forecast, "plan", 0.0, 1.0)
    for unit in ("shot-3f2a", "shot-77c0"):
        for part, _ in SHOT:
            _ran(forecast, f"{unit}/{part}", 1.0, 2.0)
    forecast.take(_event("step-started", "cut", 2.0))
    left = [forecast.left_s(at) for at in (2.0, 4.0, 6.0, 9.0, 40.0)]
    assert left[:3] == [5.0, 3.0, 1.0]
    assert 0 < left[3] < left[4]


def test_shots_that_wait_for_each_other_take_longer_than_the_longest_of_them() -> None:
    """Ten shots one by one, 2 s a picture: the quote believed them to be made side by side."""
    forecast = Forecast(_quote(shots=4))
    _ran(forecast, "plan", 0.0, 0.0)
    units = [f"shot-{each}" for each in "abcdefghij"]
    for unit in units:
        forecast.take(_event("step-started", f"{unit}/picture", 0.0))
    for number, unit in enumerate(units, 1):
        forecast.take(_event("step-finished", f"{unit}/picture", 2.0 * number))
        forecast.take(_event("step-started", f"{unit}/upscale", 2.0 * number))
    # 20 s for 20 s of quoted work: seven seconds of each of the ten are still to come, and the cut.
    assert abs(forecast.left_s(20.0) - (70.0 + 5.0)) < 0.5


def test_steps_that_are_passed_over_are_not_waited_for() -> None:
    """No shot is enlarged in this run: the next ones are not expected to be, either."""
    enlarged, plain = Forecast(_quote()), Forecast(_quote())
    for forecast, second in ((enlarged, "upscale"), (plain, "animate")):
        _ran(forecast, "plan", 0.0, 1.0)
        for unit in ("shot-a", "shot-b"):
            _ran(forecast, f"{unit}/picture", 1.0, 1.0)
        forecast.take(_event("step-started", f"shot-a/{second}", 1.0))
    assert plain.left_s(1.0) == 4.0 + 5.0
    assert enlarged.left_s(1.0) == 3.0 + 4.0 + 5.0


def test_units_that_a_sketch_called_otherwise_are_known_by_their_parts() -> None:
    forecast = Forecast(_quote())
    _ran(forecast, "plan", 0.0, 1.0)
    _ran(forecast, "scene-9/animate", 1.0, 2.0)
    assert forecast.left_s(2.0) == 5.0
