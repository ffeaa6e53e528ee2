"""The five laws of recipes that the engine can hold: each break is one clear error.

A recipe is called again to quote, resume or edit a run, so it must ask for the same things in the
same circumstances. Reuse, recovery and "pay only for what changed" all rest on that.
"""

from __future__ import annotations

import re
import types
from collections.abc import Callable
from typing import Any

from brandmodel.errors import RecipeError

MOST_REPEATS = 1000
_POSITION = re.compile(r"(^|.*[-_.#\s])\d{1,3}$")
_FOREIGN_MODULES = frozenset({"random", "time", "secrets", "uuid", "asyncio", "threading"})
_FOREIGN_CALLS = frozenset({"now", "utcnow", "today"})


def check_name(segment: str) -> None:
    """Law 1: fan-out names use ids that the plan carries, never positions.

    Raises:
        RecipeError: the name is empty, holds a slash, or ends in a position.
    """
    if not segment or "/" in segment:
        raise RecipeError(
            f"{segment!r} is not a step name", hint="use ctx.scope(...) for the part before a slash"
        )
    if _POSITION.match(segment):
        raise RecipeError(
            f"step name {segment!r} ends in a position; when a unit is inserted, every later one "
            "would become another step",
            hint="name it by an id that the plan carries, such as 'shot-3f2a'",
        )


class Names:
    """Law 2: the same name with another key in one run is an error. Also ends endless loops."""

    def __init__(self) -> None:
        self._keys: dict[str, str] = {}
        self._asked: dict[str, int] = {}

    def claim(self, name: str, key: str) -> None:
        """Bind a name to a key for this run.

        Raises:
            RecipeError: the name stands for another key, or is asked for without end.
        """
        if self._keys.setdefault(name, key) != key:
            raise RecipeError(
                f"step {name!r} was asked for twice with different requests in one run",
                hint="give each its own name: ctx.scope(id), or ctx.rounds(most) in a loop",
            )
        asked = self._asked[name] = self._asked.get(name, 0) + 1
        if asked > MOST_REPEATS:
            raise RecipeError(
                f"step {name!r} was asked for {asked} times in one run",
                hint="loop with `for turn in ctx.rounds(most)` and call turn.call(...)",
            )

    def __iter__(self) -> Any:
        return iter(self._keys)


_checked: dict[types.CodeType, str] = {}


def check_recipe(function: Callable[..., Any]) -> None:
    """Law 5: ``ctx.rng``, ``ctx.clock`` and ``ctx.rounds`` are the only randomness, time and loops.

    Looks at the names that the recipe's code uses, in itself and in functions of its own module.

    Raises:
        RecipeError: the recipe reaches for randomness, the clock, threads or asyncio itself.
    """
    code = function.__code__
    if code not in _checked:
        _checked[code] = _foreign(function, set()) or ""
    if _checked[code]:
        raise RecipeError(
            f"recipe {function.__name__!r} ({code.co_filename}:{code.co_firstlineno}) uses "
            f"{_checked[code]}",
            hint="use ctx.rng(name) for randomness, ctx.clock for time, ctx.gather and ctx.rounds",
        )


def _foreign(function: Any, seen: set[Any]) -> str | None:
    code: types.CodeType = function.__code__
    if code in seen:
        return None
    seen.add(code)
    names = _names_in(code)
    for name in sorted(names):
        value = function.__globals__.get(name)
        module = getattr(value, "__module__", None) or getattr(value, "__name__", "")
        if isinstance(value, types.ModuleType) and value.__name__ in _FOREIGN_MODULES:
            return f"the module {value.__name__!r}"
        if module in _FOREIGN_MODULES and not isinstance(value, type):
            return f"{module}.{name}"
        if getattr(value, "__name__", "") in ("datetime", "date") and names & _FOREIGN_CALLS:
            return f"datetime.{sorted(names & _FOREIGN_CALLS)[0]}()"
        if isinstance(value, types.FunctionType) and value.__module__ == function.__module__:
            if found := _foreign(value, seen):
                return found
    return None


def _names_in(code: types.CodeType) -> set[str]:
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names |= _names_in(constant)
    return names
