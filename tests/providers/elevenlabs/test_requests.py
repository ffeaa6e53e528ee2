"""What goes out is what the vendor's own client would send."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from typing import Any

import pytest
from elevenlabs.client import AsyncElevenLabs
from elevenlabs.types import VoiceSettings

from brandmodel.assets.store import FolderStore
from brandmodel.errors import ConfigError
from brandmodel.providers.elevenlabs import ElevenLabsWire
from brandmodel.tasks import AlignWords, ComposeMusic, MakeSound, Speak, Transcribe
from tests.providers.elevenlabs.conftest import KEY, Asked, MakeCall, Server
from tests.providers.media import wav

GEORGE = "JBFqnCBsd6RMkjVDRZzb"
SPOKEN = {"audio_base64": "", "alignment": None}
NULLS = {"webhook_metadata", "entity_detection", "entity_redaction"}
"""Fields that the client always sends, as ``null``."""


@pytest.fixture
async def client(server: Server) -> AsyncIterator[AsyncElevenLabs]:
    import httpx

    async with httpx.AsyncClient() as http:
        yield AsyncElevenLabs(base_url=server.url, api_key=KEY, httpx_client=http)


def seen(asked: Asked) -> tuple[Any, ...]:
    body: Any
    if asked.headers["content-type"].startswith("multipart/"):
        body = [part for part in asked.form if part[0] not in NULLS]
    else:
        body = asked.json
    return asked.method, asked.path, asked.query, asked.headers["xi-api-key"], body


def sound64() -> str:
    import base64

    return base64.b64encode(wav()).decode()


async def test_voices_are_asked_for_page_by_page(
    wire: ElevenLabsWire, call: MakeCall, server: Server, client: AsyncElevenLabs
) -> None:
    one = {"voice_id": "v-1", "name": "One", "labels": None, "verified_languages": None}
    spoken = [{"language": "fr", "model_id": "eleven_v4"}]
    two = {"voice_id": "v-2", "name": "Two", "labels": {}, "verified_languages": spoken}
    first = {"voices": [one, {}, "?"], "has_more": True, "next_page_token": "t-1"}
    last = {"voices": [two], "has_more": False, "next_page_token": "t-2"}
    for page in (first, last, {**first, "voices": [], "total_count": 2}):
        server.says(page)
    found = await wire.voices(call(Speak(text="x")).target)
    assert [(v.id, v.name, v.language) for v in found] == [("v-1", "One", ""), ("v-2", "Two", "fr")]
    await client.voices.search(page_size=100)
    ours, following, theirs = server.asked
    assert (ours.method, ours.path, ours.query) == (theirs.method, theirs.path, theirs.query)
    assert following.query == {"page_size": "100", "next_page_token": "t-1"}


async def test_speech_with_times(
    wire: ElevenLabsWire, call: MakeCall, server: Server, client: AsyncElevenLabs
) -> None:
    for _ in range(2):
        server.says({**SPOKEN, "audio_base64": sound64()})
    await wire.start(
        call(
            Speak(text="Cold brew.", voice="calm", pace=1.1),
            model="eleven_v4",
            voices={"calm": "calm-id"},
            voice_settings={"stability": 0.5},
        )
    )
    await client.text_to_speech.convert_with_timestamps(
        "calm-id",
        text="Cold brew.",
        model_id="eleven_v4",
        output_format="wav_24000",
        voice_settings=VoiceSettings(stability=0.5, speed=1.1),
    )
    ours, theirs = server.asked
    assert seen(ours) == seen(theirs)


async def test_music(
    wire: ElevenLabsWire, call: MakeCall, server: Server, client: AsyncElevenLabs
) -> None:
    for _ in range(2):
        server.says(bytes(48_000), media_type="audio/pcm")
    await wire.start(call(ComposeMusic(mood="calm, warm", duration_s=12.5), model="music_v2"))
    ours = server.asked[0]
    assert "calm, warm" in ours.json["prompt"]
    async for _ in client.music.compose(
        prompt=ours.json["prompt"],
        music_length_ms=12_500,
        model_id="music_v2",
        force_instrumental=True,
        output_format="pcm_48000",
    ):
        pass
    assert seen(ours) == seen(server.asked[1])


async def test_a_sound(
    wire: ElevenLabsWire, call: MakeCall, server: Server, client: AsyncElevenLabs
) -> None:
    for _ in range(2):
        server.says(wav(), media_type="audio/wav")
    request = MakeSound(description="waves", duration_s=4)
    await wire.start(call(request, model="eleven_text_to_sound_v2"))
    async for _ in client.text_to_sound_effects.convert(
        text="waves",
        duration_seconds=4,
        model_id="eleven_text_to_sound_v2",
        output_format="wav_48000",
    ):
        pass
    ours, theirs = server.asked
    assert seen(ours) == seen(theirs)


async def test_words_heard(
    wire: ElevenLabsWire,
    call: MakeCall,
    server: Server,
    store: FolderStore,
    client: AsyncElevenLabs,
) -> None:
    for _ in range(2):
        server.says({"language_code": "en", "language_probability": 1, "text": "Hi", "words": []})
    audio = store.put_now(wav(), name="voice.wav")
    await wire.start(call(Transcribe(audio=audio, language="en"), model="scribe_v2"))
    await client.speech_to_text.convert(
        model_id="scribe_v2",
        file=(f"{audio.sha256[:12]}.wav", io.BytesIO(wav()), "audio/wav"),
        language_code="en",
        timestamps_granularity="word",
        tag_audio_events=False,
    )
    ours, theirs = server.asked
    assert seen(ours) == seen(theirs)


async def test_times_of_words(
    wire: ElevenLabsWire,
    call: MakeCall,
    server: Server,
    store: FolderStore,
    client: AsyncElevenLabs,
) -> None:
    word = {"text": "Hi", "start": 0.1, "end": 0.3, "loss": 0.1}
    for _ in range(2):
        server.says({"characters": [], "words": [word], "loss": 0.1})
    audio = store.put_now(wav(), name="voice.wav")
    await wire.start(call(AlignWords(audio=audio, text="Hi")))
    await client.forced_alignment.create(
        file=(f"{audio.sha256[:12]}.wav", io.BytesIO(wav()), "audio/wav"), text="Hi"
    )
    ours, theirs = server.asked
    assert seen(ours) == seen(theirs)


@pytest.mark.parametrize(
    ("voice", "voices", "spoken_by"),
    [
        ("", {}, GEORGE),
        ("calm", {}, GEORGE),
        ("abcdefghij0123456789", {}, "abcdefghij0123456789"),
        ("", {"calm": "id-1", "brisk": "id-2"}, "id-1"),
        ("brisk", {"calm": "id-1", "brisk": "id-2"}, "id-2"),
        ("../../other", ["id-3"], "id-3"),
    ],
)
async def test_who_speaks(
    wire: ElevenLabsWire, call: MakeCall, server: Server, voice: str, voices: Any, spoken_by: str
) -> None:
    server.says({**SPOKEN, "audio_base64": sound64()})
    await wire.start(call(Speak(text="Hi", voice=voice), voices=voices))
    assert server.asked[0].path == f"/v1/text-to-speech/{spoken_by}/with-timestamps"


@pytest.mark.parametrize(("wanted", "asked"), [(0.5, 0.7), (0.8, 0.8), (2.0, 1.2)])
async def test_the_pace_stays_within_what_is_taken(
    wire: ElevenLabsWire, call: MakeCall, server: Server, wanted: float, asked: float
) -> None:
    server.says({**SPOKEN, "audio_base64": sound64()})
    done = await wire.start(call(Speak(text="Hi", pace=wanted)))
    assert server.asked[0].json["voice_settings"] == {"speed": asked}
    assert ("pace" in str(done.result.notes)) == (wanted != asked)


@pytest.mark.parametrize(("wanted", "asked"), [(1, 3_000), (600, 600_000), (3.2504, 3_250)])
async def test_music_is_of_a_length_that_is_made(
    wire: ElevenLabsWire, call: MakeCall, server: Server, wanted: float, asked: int
) -> None:
    server.says(bytes(1920), media_type="audio/pcm")
    await wire.start(call(ComposeMusic(duration_s=wanted)))
    assert server.asked[0].json["music_length_ms"] == asked


@pytest.mark.parametrize(("wanted", "asked"), [(0.2, 0.5), (60, 30), (7, 7)])
async def test_a_sound_is_of_a_length_that_is_made(
    wire: ElevenLabsWire, call: MakeCall, server: Server, wanted: float, asked: float
) -> None:
    server.says(wav(), media_type="audio/wav")
    await wire.start(call(MakeSound(description="rain", duration_s=wanted)))
    assert server.asked[0].json["duration_seconds"] == asked


@pytest.mark.parametrize("wanted", ["ulaw_8000", "pcm_", "wav_0", "auto", ""])
async def test_a_format_that_makes_no_file_is_refused_before_anything_is_sent(
    wire: ElevenLabsWire, call: MakeCall, server: Server, wanted: str
) -> None:
    with pytest.raises(ConfigError, match="output_format"):
        await wire.start(call(Speak(text="Hi"), output_format=wanted))
    assert not server.asked
