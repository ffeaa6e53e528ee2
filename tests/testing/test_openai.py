from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from PIL import Image
from pydantic import BaseModel

from tests.testing.counter import Counter


@pytest.fixture
def client(vendors: Counter) -> Iterator[openai.OpenAI]:
    key = vendors.keys["openai"]
    with openai.OpenAI(base_url=f"{vendors.url}/openai/v1", api_key=key, max_retries=0) as client:
        yield client


def _opened(b64: str | None) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(b64 or "")))


def test_a_conversation_is_answered_counted_and_billed(
    client: openai.OpenAI, vendors: Counter
) -> None:
    before = len(vendors.jobs())
    reply = client.chat.completions.create(
        model="fake-chat", messages=[{"role": "user", "content": "Good morning"}]
    )
    assert reply.choices[0].message.content == "You said: Good morning"
    assert reply.usage is not None
    job = vendors.jobs()[before]
    spent = 500 * reply.usage.prompt_tokens + 2000 * reply.usage.completion_tokens
    assert (job["vendor"], job["task"], job["usd"]) == ("openai", "Chat", spent / 1e9)


def test_a_stream_says_the_same_in_pieces(client: openai.OpenAI) -> None:
    words = "the quick brown fox jumps over the lazy dog"
    chunks = list(
        client.chat.completions.create(
            model="fake-chat",
            messages=[{"role": "user", "content": words}],
            stream=True,
            stream_options={"include_usage": True},
        )
    )
    said = [chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]
    assert "".join(said) == f"You said: {words}"
    assert len([piece for piece in said if piece]) > 1
    assert chunks[-1].usage is not None


class Colour(BaseModel):
    name: str
    warm: bool
    shades: list[int]


def test_an_answer_fits_its_schema(client: openai.OpenAI) -> None:
    reply = client.chat.completions.parse(
        model="fake-chat", messages=[{"role": "user", "content": "?"}], response_format=Colour
    )
    assert reply.choices[0].message.parsed == Colour(name="text", warm=True, shades=[1])


def test_a_tool_that_is_wanted_is_called(client: openai.OpenAI) -> None:
    schema = {"type": "object", "properties": {"city": {"type": "string"}}}
    reply = client.chat.completions.create(
        model="fake-chat",
        messages=[{"role": "user", "content": "Rain?"}],
        tools=[{"type": "function", "function": {"name": "weather", "parameters": schema}}],
        tool_choice="required",
    )
    calls: Any = reply.choices[0].message.tool_calls
    assert reply.choices[0].finish_reason == "tool_calls"
    assert json.loads(calls[0].function.arguments) == {"city": "text"}


def test_a_long_answer_is_cut_at_its_limit(client: openai.OpenAI) -> None:
    reply = client.chat.completions.create(
        model="fake-chat",
        messages=[{"role": "user", "content": "word " * 100}],
        max_completion_tokens=8,
    )
    assert reply.choices[0].finish_reason == "length"
    assert reply.usage is not None
    assert reply.usage.completion_tokens == 8


def test_responses_whole_and_streamed(client: openai.OpenAI) -> None:
    whole = client.responses.create(model="fake-chat", input="Hello there, how are you?")
    assert whole.output_text == "You said: Hello there, how are you?"
    events = list(client.responses.create(model="fake-chat", input="Hello", stream=True))
    deltas = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert "".join(deltas) == "You said: Hello"
    assert events[-1].type == "response.completed"


def test_pictures_are_real_and_of_the_size_that_was_asked_for(client: openai.OpenAI) -> None:
    asked: Any = {"model": "fake-image", "prompt": "A blue bottle", "size": "512x768"}
    made: Any = client.images.generate(**asked)
    assert _opened(made.data[0].b64_json).size == (512, 768)
    streamed: Any = client.images.generate(**asked, stream=True, partial_images=2)
    kinds = [event.type for event in streamed]
    assert kinds == ["image_generation.partial_image"] * 2 + ["image_generation.completed"]
    shown = base64.b64decode(made.data[0].b64_json or "")
    edited = client.images.edit(
        model="fake-image", image=("a.png", shown), prompt="warmer", size="256x256"
    )
    assert edited.data
    assert _opened(edited.data[0].b64_json).size == (256, 256)
    assert edited.data[0].b64_json != made.data[0].b64_json


def test_what_was_said_is_heard_again(client: openai.OpenAI) -> None:
    words = "Cold brew, warm heart."
    spoken = client.audio.speech.create(
        model="fake-speech", voice="alloy", input=words, response_format="wav"
    )
    assert spoken.content[:4] == b"RIFF"
    heard = client.audio.transcriptions.create(
        model="fake-transcript", file=("a.wav", spoken.content), response_format="verbose_json"
    )
    assert heard.text == words
    assert [one.word for one in heard.words or []] == words.split()
    as_mp3 = client.audio.speech.create(model="fake-speech", voice="alloy", input=words)
    assert as_mp3.content[:3] == b"ID3" or as_mp3.content[0] == 0xFF


def test_texts_that_share_words_are_near(client: openai.OpenAI) -> None:
    texts = ["cold brew tonic", "cold brew coffee", "tax return form"]
    told = client.embeddings.create(model="fake-vectors", input=texts)
    one, near, far = (row.embedding for row in told.data)

    def product(other: list[float]) -> float:
        return sum(a * b for a, b in zip(one, other, strict=True))

    assert product(one) == pytest.approx(1)
    assert product(near) > product(far) + 0.3


def test_moderation_and_models(client: openai.OpenAI) -> None:
    told = client.moderations.create(model="fake-moderation", input="A quiet picture")
    assert not told.results[0].flagged
    assert "fake-image" in [model.id for model in client.models.list()]


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("rate-limit", openai.RateLimitError),
        ("server-error", openai.InternalServerError),
        ("retired-model", openai.NotFoundError),
        ("wrong-key", openai.AuthenticationError),
        ("no-credit", openai.RateLimitError),
        ("refusal", openai.BadRequestError),
        ("lost-reply", openai.APIConnectionError),
    ],
)
def test_faults_are_the_errors_that_the_client_knows(
    client: openai.OpenAI, vendors: Counter, kind: str, error: type[openai.OpenAIError]
) -> None:
    before = len(vendors.jobs())
    vendors.fault(kind, "openai")
    with pytest.raises(error):
        client.chat.completions.create(
            model="fake-chat", messages=[{"role": "user", "content": "?"}]
        )
    assert len(vendors.jobs()) - before == (kind == "lost-reply")


def test_a_stream_breaks_in_the_middle(client: openai.OpenAI, vendors: Counter) -> None:
    vendors.fault("broken-stream", "openai")
    stream = client.chat.completions.create(
        model="fake-chat", messages=[{"role": "user", "content": "word " * 50}], stream=True
    )
    said: list[str] = []
    with pytest.raises(Exception, match="closed|reset|incomplete|[Cc]onnection"):
        said.extend(chunk.choices[0].delta.content or "" for chunk in stream)
    assert 0 < len("".join(said)) < 250


def test_keys_are_checked(vendors: Counter) -> None:
    with (
        openai.OpenAI(base_url=f"{vendors.url}/openai/v1", api_key="x", max_retries=0) as stranger,
        pytest.raises(openai.AuthenticationError),
    ):
        stranger.models.list()


def test_a_picture_comes_out_of_sketches(client: openai.OpenAI, vendors: Counter) -> None:
    before = len(vendors.jobs())
    asked: dict[str, Any] = {"model": "fake-image", "prompt": "A pear", "size": "256x256"}
    *sketches, whole = client.images.generate(**asked, stream=True, partial_images=2)
    assert [one.type for one in sketches] == ["image_generation.partial_image"] * 2
    assert [getattr(one, "partial_image_index", None) for one in sketches] == [0, 1]
    assert whole.type == "image_generation.completed"
    assert len({one.b64_json for one in (*sketches, whole)}) == 3, "each is further than the last"
    assert {_opened(one.b64_json).size for one in (*sketches, whole)} == {(256, 256)}
    assert [job["usd"] for job in vendors.jobs()[before:]] == [0.022]


def test_a_changed_picture_comes_out_of_a_sketch(client: openai.OpenAI, vendors: Counter) -> None:
    shown = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(shown, "PNG")
    asked: dict[str, Any] = {"model": "fake-image", "prompt": "Bluer", "size": "64x64"}
    asked["image"] = ("a.png", shown.getvalue(), "image/png")
    sketch, whole = client.images.edit(**asked, stream=True, partial_images=1)
    assert (sketch.type, whole.type) == ("image_edit.partial_image", "image_edit.completed")
    assert vendors.jobs()[-1]["usd"] == 0.021
