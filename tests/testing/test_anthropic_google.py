from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator
from typing import Any

import anthropic
import pytest
from google import genai
from google.genai import errors, types
from PIL import Image
from pydantic import BaseModel

from tests.testing.counter import Counter


@pytest.fixture
def claude(vendors: Counter) -> Iterator[anthropic.Anthropic]:
    key = vendors.keys["anthropic"]
    url = f"{vendors.url}/anthropic"
    with anthropic.Anthropic(base_url=url, api_key=key, max_retries=0) as client:
        yield client


@pytest.fixture
def gemini(vendors: Counter) -> Iterator[genai.Client]:
    options = types.HttpOptions(base_url=f"{vendors.url}/google")
    with genai.Client(api_key=vendors.keys["google"], http_options=options) as client:
        yield client


def _said(words: str) -> Any:
    return {
        "model": "fake-claude",
        "max_tokens": 100,
        "messages": [{"role": "user", "content": words}],
    }


def test_messages_whole_streamed_and_counted(claude: anthropic.Anthropic) -> None:
    whole: Any = claude.messages.create(**_said("Good morning to you"))
    assert whole.content[0].text == "You said: Good morning to you"
    assert whole.stop_reason == "end_turn"
    with claude.messages.stream(**_said("Good morning to you")) as stream:
        pieces = list(stream.text_stream)
        last = stream.get_final_message()
    assert "".join(pieces) == whole.content[0].text
    assert len(pieces) > 1
    assert last.usage.output_tokens == whole.usage.output_tokens
    counted = claude.messages.count_tokens(
        model="fake-claude", messages=_said("Good morning to you")["messages"]
    )
    assert counted.input_tokens == whole.usage.input_tokens


def test_a_tool_and_a_schema(claude: anthropic.Anthropic) -> None:
    schema: Any = {"type": "object", "properties": {"city": {"type": "string"}}}
    tool: Any = {"name": "weather", "input_schema": schema}
    called: Any = claude.messages.create(**_said("?"), tools=[tool], tool_choice={"type": "any"})
    assert (called.stop_reason, called.content[0].input) == ("tool_use", {"city": "text"})
    form: Any = {"format": {"type": "json_schema", "schema": schema}}
    formed: Any = claude.messages.create(**_said("?"), output_config=form)
    assert json.loads(formed.content[0].text) == {"city": "text"}


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("rate-limit", anthropic.RateLimitError),
        ("server-error", anthropic.InternalServerError),
        ("wrong-key", anthropic.AuthenticationError),
        ("retired-model", anthropic.NotFoundError),
        ("no-credit", anthropic.BadRequestError),
    ],
)
def test_errors_of_messages(
    claude: anthropic.Anthropic,
    vendors: Counter,
    kind: str,
    error: type[anthropic.AnthropicError],
) -> None:
    vendors.fault(kind, "anthropic")
    with pytest.raises(error):
        claude.messages.create(**_said("?"))


def test_a_refusal_has_a_good_status(claude: anthropic.Anthropic, vendors: Counter) -> None:
    vendors.fault("refusal", "anthropic")
    assert claude.messages.create(**_said("?")).stop_reason == "refusal"


class Colour(BaseModel):
    name: str


def test_contents_whole_streamed_and_by_schema(gemini: genai.Client) -> None:
    words = "Good morning to you all"
    whole = gemini.models.generate_content(model="fake-gemini", contents=words)
    assert whole.text == f"You said: {words}"
    stream = gemini.models.generate_content_stream(model="fake-gemini", contents=words)
    assert "".join(chunk.text or "" for chunk in stream) == whole.text
    config = types.GenerateContentConfig(
        response_mime_type="application/json", response_schema=Colour
    )
    formed = gemini.models.generate_content(model="fake-gemini", contents="?", config=config)
    assert formed.parsed == Colour(name="text")


def test_pictures_speech_and_vectors(gemini: genai.Client) -> None:
    config = types.GenerateContentConfig(
        response_modalities=["IMAGE"], image_config=types.ImageConfig(aspect_ratio="16:9")
    )
    drawn: Any = gemini.models.generate_content(
        model="fake-picture", contents="A blue bottle", config=config
    )
    picture = Image.open(io.BytesIO(drawn.candidates[0].content.parts[0].inline_data.data))
    assert picture.width / picture.height == pytest.approx(16 / 9, abs=0.01)
    spoken: Any = gemini.models.generate_content(model="fake-voice", contents="Cold brew")
    sound = spoken.candidates[0].content.parts[0].inline_data
    assert sound.mime_type == "audio/L16;rate=24000"
    assert len(sound.data) > 24_000
    told: Any = gemini.models.embed_content(model="fake-vectors", contents=["one", "two"])
    assert [len(one.values) for one in told.embeddings] == [256, 256]


def _finished(gemini: genai.Client, id_: str) -> Any:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        seen: Any = gemini.interactions.get(id_)
        if seen.status != "in_progress":
            return seen
        time.sleep(0.05)
    raise AssertionError("the clip was never finished")


def test_a_clip_by_an_interaction(gemini: genai.Client, vendors: Counter) -> None:
    form: Any = {"type": "video", "duration": "3s", "aspect_ratio": "16:9", "resolution": "360p"}
    asked: Any = {"model": "fake-video", "input": "The sea at dawn", "background": True}
    begun: Any = gemini.interactions.create(**asked, response_format=form)
    assert begun.status == "in_progress"
    ended = _finished(gemini, begun.id)
    assert ended.status == "completed"
    assert "files/" in ended.steps[0].content[0].uri
    job = next(job for job in vendors.jobs() if job["job_id"] == begun.id)
    assert (job["usd"], job["state"]) == (0.3, "done")


def test_a_clip_that_is_stopped_is_not_billed(gemini: genai.Client, vendors: Counter) -> None:
    vendors.fault("never-finishes", "google")
    asked: Any = {"model": "fake-video", "input": "The sea", "background": True}
    begun: Any = gemini.interactions.create(**asked)
    gemini.interactions.cancel(begun.id)
    seen: Any = gemini.interactions.get(begun.id)
    assert seen.status == "cancelled"
    assert begun.id not in [job["job_id"] for job in vendors.jobs()]


def test_errors_of_contents(gemini: genai.Client, vendors: Counter) -> None:
    vendors.fault("rate-limit", "google")
    with pytest.raises(errors.ClientError) as limited:
        gemini.models.generate_content(model="fake-gemini", contents="?")
    assert limited.value.code == 429
    vendors.fault("server-error", "google")
    with pytest.raises(errors.ServerError):
        gemini.models.generate_content(model="fake-gemini", contents="?")
    with pytest.raises(errors.ClientError) as retired:
        gemini.models.generate_content(model="gone", contents="?")
    assert retired.value.code == 404
