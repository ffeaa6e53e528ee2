"""What a model thinks before it answers takes nothing from its answer's own room."""

from __future__ import annotations

from typing import Any

import pytest

from brandmodel.assets.store import FolderStore
from brandmodel.providers._wire import Operation
from brandmodel.providers.anthropic import AnthropicWire
from brandmodel.providers.google import GoogleWire
from brandmodel.providers.openai.chat import CHAT
from brandmodel.providers.openai.responses import RESPONSES
from brandmodel.tasks import Call, Moderate, Target

_WRITING: dict[str, tuple[Operation | None, tuple[str, ...]]] = {
    "chat": (CHAT, ("max_completion_tokens",)),
    "responses": (RESPONSES, ("max_output_tokens",)),
    "anthropic": (AnthropicWire.writing, ("max_tokens",)),
    "google": (GoogleWire.writing, ("generationConfig", "maxOutputTokens")),
}


@pytest.mark.parametrize("wire", _WRITING)
@pytest.mark.parametrize(
    ("thought", "limits", "asked"),
    [(0, {}, 512), (4096, {}, 4608), (4096, {"max_output_tokens": 2000}, 2000)],
)
def test_the_limit_that_is_asked_for(
    wire: str, thought: int, limits: dict[str, Any], asked: int, store: FolderStore
) -> None:
    operation, path = _WRITING[wire]
    assert operation is not None
    target = Target(
        "a/m", "p", "m", frozenset(("Moderate",)), limits=limits, thought_tokens=thought
    )
    found: Any = operation.ask(Call(Moderate(texts=("x",)), target, store), {}).json
    for name in path:
        found = found[name]
    assert found == asked
