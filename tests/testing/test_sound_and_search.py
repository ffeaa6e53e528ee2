from __future__ import annotations

import base64
import json
from typing import Any
from urllib.request import Request, urlopen

import pytest
from elevenlabs.client import ElevenLabs
from elevenlabs.core.api_error import ApiError
from exa_py import Exa
from tavily import InvalidAPIKeyError, TavilyClient

from tests.testing.counter import Counter

VOICE = "JBFqnCBsd6RMkjVDRZzb"


@pytest.fixture
def eleven(vendors: Counter) -> ElevenLabs:
    key = vendors.keys["elevenlabs"]
    return ElevenLabs(base_url=f"{vendors.url}/elevenlabs", api_key=key)


def test_speech_has_the_times_of_its_letters(eleven: ElevenLabs, vendors: Counter) -> None:
    words = "Cold brew, warm heart."
    made = eleven.text_to_speech.convert_with_timestamps(VOICE, text=words, model_id="fake_speech")
    assert len(base64.b64decode(made.audio_base_64)) > 1000
    assert made.alignment is not None
    assert "".join(made.alignment.characters) == words
    starts = made.alignment.character_start_times_seconds
    assert starts == sorted(starts)
    assert vendors.jobs()[-1]["usd"] == len(words) * 100_000 / 1e9


def test_what_was_said_is_heard_and_aligned(eleven: ElevenLabs) -> None:
    words = "Cold brew, warm heart."
    sound = b"".join(eleven.text_to_speech.convert(VOICE, text=words, output_format="wav_48000"))
    heard: Any = eleven.speech_to_text.convert(model_id="fake_scribe", file=("a.wav", sound))
    assert heard.text == words
    aligned = eleven.forced_alignment.create(file=("a.wav", sound), text=words)
    assert [word.text for word in aligned.words] == words.split()


def test_music_and_effects(eleven: ElevenLabs) -> None:
    music = b"".join(eleven.music.compose(prompt="calm piano", music_length_ms=3000))
    assert music[:3] == b"ID3" or music[0] == 0xFF
    effect = b"".join(eleven.text_to_sound_effects.convert(text="rain", duration_seconds=1.0))
    assert len(effect) > 1000
    assert eleven.voices.search().voices[0].voice_id == VOICE


def test_errors_of_sound(eleven: ElevenLabs, vendors: Counter) -> None:
    vendors.fault("no-credit", "elevenlabs")
    with pytest.raises(ApiError) as error:
        b"".join(eleven.text_to_speech.convert(VOICE, text="?"))
    assert error.value.status_code == 401
    assert "quota_exceeded" in str(error.value.body)


def test_tavily(vendors: Counter) -> None:
    client = TavilyClient(vendors.keys["tavily"], api_base_url=f"{vendors.url}/tavily")
    found = client.search("cold brew", max_results=3)
    assert len(found["results"]) == 3
    assert "cold brew" in found["results"][0]["content"]
    assert vendors.jobs()[-1]["usd"] == 0.008
    stranger = TavilyClient("tvly-stranger", api_base_url=f"{vendors.url}/tavily")
    with pytest.raises(InvalidAPIKeyError):
        stranger.search("cold brew")


def test_exa_tells_what_it_cost(vendors: Counter) -> None:
    client = Exa(vendors.keys["exa"], base_url=f"{vendors.url}/exa")
    found = client.search("cold brew", num_results=2, include_domains=["aurelia.example"])
    assert [one.url for one in found.results] == [
        "https://aurelia.example/0",
        "https://aurelia.example/1",
    ]
    assert found.cost_dollars is not None
    assert found.cost_dollars.total == vendors.jobs()[-1]["usd"] == 0.005


def _got(url: str, headers: dict[str, str]) -> Any:
    with urlopen(Request(url, headers=headers)) as reply:
        return json.load(reply)


def test_brave_and_searxng(vendors: Counter) -> None:
    headers = {"x-subscription-token": vendors.keys["brave"]}
    brave = _got(f"{vendors.url}/brave/res/v1/web/search?q=cold+brew&count=2", headers)
    assert len(brave["web"]["results"]) == 2
    before = len(vendors.jobs())
    own = _got(f"{vendors.url}/searxng/search?q=cold+brew&format=json", {})
    assert "cold brew" in own["results"][0]["content"]
    assert len(vendors.jobs()) == before
