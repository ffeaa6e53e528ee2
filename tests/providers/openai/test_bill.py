"""What a reply says was consumed costs what the vendor's price list says."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from brandmodel.assets.store import FolderStore
from brandmodel.providers._http import Reply
from brandmodel.providers.openai._bill import usage_of
from brandmodel.providers.openai.images import read_picture
from brandmodel.routing.prices import cost
from brandmodel.tasks import Call, EditImage, Target
from tests.providers.media import png


def target(tokens: str) -> Target:
    return Target("openai/m", "openai", "m", frozenset(("EditImage",)), tokens=tokens)


def test_pictures_that_go_into_an_edit_cost_more_than_words(tmp_path: Path) -> None:
    """gpt-image-1: 5 USD for a million tokens of words, 10 of pictures, 40 of what is drawn."""
    store = FolderStore(tmp_path / "assets")
    row = target("openai:gpt-image-1")
    call = Call(EditImage(images=(store.put_now(png(8, 8)),), prompt="bluer"), row, store)
    usage = {
        "input_tokens": 350,
        "output_tokens": 272,
        "total_tokens": 622,
        "input_tokens_details": {"text_tokens": 27, "image_tokens": 323},
    }
    body = {"data": [{"b64_json": base64.b64encode(png(8, 8)).decode()}], "usage": usage}
    made = read_picture(call, Reply(200, {}, json.dumps(body).encode()))
    assert made.usage is not None
    assert made.usage.image_tokens_in == 323
    assert cost(row, made.usage) == 27 * 5_000 + 323 * 10_000 + 272 * 40_000


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens": 100, "prompt_tokens_details": {"cache_write_tokens": 60}},
        {"input_tokens": 100, "input_tokens_details": {"cache_write_tokens": 60}},
        {"prompt_tokens": 100, "cache_creation_input_tokens": 60},
    ],
)
def test_what_is_written_to_a_cache_is_charged_as_that(usage: dict[str, Any]) -> None:
    """claude-haiku-4-5: 1 USD for a million tokens, 1.25 for those that are written to the cache."""
    found = usage_of(usage)
    assert found is not None
    assert found.tokens_cache_written == 60
    assert cost(target("anthropic:claude-haiku-4-5"), found) == 40 * 1_000 + 60 * 1_250
