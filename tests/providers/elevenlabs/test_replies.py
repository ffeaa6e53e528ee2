"""What comes back: words with their times, files, what was charged, and what went wrong."""

from __future__ import annotations

import base64
import io
import json
import wave
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from brandmodel.assets.store import FolderStore
from brandmodel.errors import (
    AuthenticationError,
    BadResponseError,
    BrandModelError,
    CreditError,
    ProviderError,
    RateLimitError,
    RejectedError,
    UnavailableError,
)
from brandmodel.providers._http import LARGEST_ANSWER, Http, Reply
from brandmodel.providers._wire import Made, Operation, Pending
from brandmodel.providers.elevenlabs import ElevenLabsWire
from brandmodel.providers.elevenlabs.sound import MUSIC
from brandmodel.tasks import (
    Alignment,
    AlignWords,
    Asset,
    ComposeMusic,
    Done,
    MakeSound,
    Music,
    Request,
    Sound,
    Speak,
    Speech,
    Transcribe,
    Transcript,
    WordTime,
)
from tests.providers.elevenlabs.conftest import KEY, MakeCall, Server
from tests.providers.media import wav
from tests.providers.openai.test_hostile import mutated, sound

WORDS = "Cold brew,\nnaïve."
AUDIO = Asset(sha256="1" * 64, media_type="audio/wav", size=1, duration_s=1.0)


def letters(words: str) -> dict[str, list[Any]]:
    return {
        "characters": list(words),
        "character_start_times_seconds": [i / 10 for i in range(len(words))],
        "character_end_times_seconds": [(i + 1) / 10 for i in range(len(words))],
    }


def spoken(words: str = WORDS, data: bytes | None = None) -> dict[str, Any]:
    packed = base64.b64encode(wav() if data is None else data).decode()
    return {"audio_base64": packed, "alignment": letters(words), "normalized_alignment": None}


async def done(wire: ElevenLabsWire, call: Any) -> Done:
    answer = await wire.start(call)
    assert isinstance(answer, Done)
    return answer


def opened(store: FolderStore, audio: Asset) -> tuple[int, int, int]:
    """(channels, samples a second, frames)."""
    with wave.open(io.BytesIO(store.read_now(audio))) as file:
        return file.getnchannels(), file.getframerate(), file.getnframes()


async def test_letters_become_words(wire: ElevenLabsWire, call: MakeCall, server: Server) -> None:
    server.says(spoken())
    request = Speak(text=WORDS, voice="calm")
    answer = await done(wire, call(request, voices={"calm": "id-1"}))
    speech = answer.result
    assert isinstance(speech, Speech)
    assert [word.text for word in speech.words] == WORDS.split()
    assert [(w.start_s, w.end_s) for w in speech.words] == [(0.0, 0.4), (0.5, 1.0), (1.1, 1.7)]
    assert (speech.voice, speech.notes) == ("calm", ())
    assert speech.audio.media_type == "audio/wav"
    assert answer.usd_nano is None
    assert answer.usage is None, "the request knows how many letters it has"


async def test_speech_without_times_is_speech(
    wire: ElevenLabsWire, call: MakeCall, server: Server
) -> None:
    server.says({**spoken(), "alignment": None})
    speech = (await done(wire, call(Speak(text="Hi", voice="calm")))).result
    assert isinstance(speech, Speech)
    assert speech.words == ()
    assert speech.notes == ("there is no voice 'calm'; another one speaks",)


async def test_bare_samples_of_speech_become_a_mono_file(
    wire: ElevenLabsWire, call: MakeCall, server: Server, store: FolderStore
) -> None:
    server.says(spoken(data=b"\x01\x02" * 16_000 + b"\x03"))
    speech = (await done(wire, call(Speak(text="Hi"), output_format="pcm_16000"))).result
    assert isinstance(speech, Speech)
    assert opened(store, speech.audio) == (1, 16_000, 16_000)
    assert speech.audio.duration_s == pytest.approx(1.0)


@pytest.mark.parametrize(("channels", "length"), [(1, 4.0), (2, 4.0), (2, 3.5)])
async def test_bare_samples_of_music_become_a_file_of_their_length(
    wire: ElevenLabsWire,
    call: MakeCall,
    server: Server,
    store: FolderStore,
    channels: int,
    length: float,
) -> None:
    frames = int(48_000 * length)
    server.says(b"\x01\x00" * channels * frames, media_type="audio/pcm")
    music = (await done(wire, call(ComposeMusic(duration_s=4)))).result
    assert isinstance(music, Music)
    assert opened(store, music.audio) == (channels, 48_000, frames)
    assert (music.bpm, music.beats_s) == (0.0, ())
    assert music.notes == ()


async def test_music_that_is_too_long_says_so(
    wire: ElevenLabsWire, call: MakeCall, server: Server, store: FolderStore
) -> None:
    server.says(b"\x01\x00" * 2 * 3 * 48_000, media_type="audio/pcm")
    music = (await done(wire, call(ComposeMusic(duration_s=1)))).result
    assert isinstance(music, Music)
    assert opened(store, music.audio)[0] == 2, "three seconds were asked for, the least there is"
    assert music.notes == (), "its length is its own to tell"


async def test_the_longest_music_fits(call: MakeCall, server: Server) -> None:
    ask = MUSIC.ask(call(ComposeMusic(duration_s=600)), {})
    assert ask.most_bytes > 600 * 48_000 * 2 * 2 > LARGEST_ANSWER
    server.says(bytes(100), media_type="audio/pcm")
    server.says(bytes(101), media_type="audio/pcm")
    http = Http()
    small = ask._replace(most_bytes=100)
    assert len((await http.send(server.url, small, {})).body) == 100
    with pytest.raises(BadResponseError, match="at most 100"):
        await http.send(server.url, small, {})
    await http.aclose()


async def test_a_sound_is_kept_as_it_comes(
    wire: ElevenLabsWire, call: MakeCall, server: Server, store: FolderStore
) -> None:
    server.says(wav(2), media_type="audio/wav")
    made = (await done(wire, call(MakeSound(description="rain", duration_s=2)))).result
    assert isinstance(made, Sound)
    assert store.read_now(made.audio) == wav(2)
    assert made.notes == ()


async def test_a_recorded_transcript(
    wire: ElevenLabsWire, call: MakeCall, server: Server, store: FolderStore, shared: Path
) -> None:
    path = shared / "recorded/elevenlabs/transcription/elevenlabs-transcription-ebbca2.json"
    reply = json.loads(path.read_text())["exchanges"][0]["response"]
    server.says(reply["body"].encode(), status=reply["status"])
    audio = store.put_now(wav(), name="voice.wav")
    answer = await done(wire, call(Transcribe(audio=audio)))
    heard = answer.result
    assert isinstance(heard, Transcript)
    assert heard.text == "Hello from the Vercel AI SDK."
    assert heard.language == "en"
    assert [word.text for word in heard.words] == heard.text.split()
    assert heard.words[-1] == WordTime(text="SDK.", start_s=1.58, end_s=2.479)
    assert answer.usage is not None
    assert answer.usage.seconds == pytest.approx(0.5)


async def test_what_is_no_word_is_left_out(
    wire: ElevenLabsWire, call: MakeCall, server: Server, store: FolderStore
) -> None:
    heard = [
        {"text": "(laughter)", "start": 0, "end": 1, "type": "audio_event"},
        {"text": "Hi", "start": None, "end": None, "type": "word"},
        {"text": "there", "start": 1.5, "end": 2, "type": "word"},
    ]
    server.says({"language_code": "yue", "text": "Hi there", "words": heard,
                 "audio_duration_secs": 2.5})  # fmt: skip
    audio = store.put_now(wav(), name="voice.wav")
    answer = await done(wire, call(Transcribe(audio=audio, prompt="Aurelia")))
    result = answer.result
    assert isinstance(result, Transcript)
    assert result.words == (WordTime(text="there", start_s=1.5, end_s=2.0),)
    assert result.language == "", "Cantonese has no code of two letters"
    assert result.notes == ("prompt could not be honoured",)
    assert answer.usage is not None
    assert answer.usage.seconds == 2.5


@pytest.mark.parametrize("parted", [True, False])
async def test_words_are_parted_as_the_text_is(
    wire: ElevenLabsWire, call: MakeCall, server: Server, store: FolderStore, parted: bool
) -> None:
    text = "Rock-and-roll, please"
    each = [{"text": c, "start": i / 10, "end": (i + 1) / 10} for i, c in enumerate(text)]
    words = [{"text": "Rock-and-roll,", "start": 0.0, "end": 1.4}, {"text": " "},
             {"text": "please", "start": 1.5, "end": 2.1}]  # fmt: skip
    server.says({"characters": each if parted else [], "words": words})
    audio = store.put_now(wav(), name="voice.wav")
    result = (await done(wire, call(AlignWords(audio=audio, text=text)))).result
    assert isinstance(result, Alignment)
    assert result.words == (
        WordTime(text="Rock-and-roll,", start_s=0.0, end_s=1.4),
        WordTime(text="please", start_s=1.5, end_s=2.1),
    )


@pytest.mark.parametrize(
    ("header", "usd_per_credit", "nano"),
    [
        ("100", 0.0002, 20_000_000),
        ("99.5", 0.0001, 9_950_000),
        ("100", None, None),
        ("free", 0.0002, None),
        ("-3", 0.0002, None),
        ("9" * 400, 0.0002, None),
    ],
)
async def test_what_the_reply_says_was_charged(
    wire: ElevenLabsWire,
    call: MakeCall,
    server: Server,
    header: str,
    usd_per_credit: float | None,
    nano: int | None,
) -> None:
    server.says(spoken(), headers={"character-cost": header})
    settings = {} if usd_per_credit is None else {"usd_per_credit": usd_per_credit}
    assert (await done(wire, call(Speak(text="Hi"), **settings))).usd_nano == nano


ERRORS: list[tuple[int, Any, type[ProviderError], bool]] = [
    (401, {"detail": {"status": "quota_exceeded", "message": "0 credits left"}}, CreditError, False),
    (401, {"detail": {"status": "invalid_api_key", "message": "wrong one"}}, AuthenticationError, False),
    (401, {"detail": "Unauthorized"}, AuthenticationError, False),
    (403, {"detail": {"status": "output_format_not_allowed", "message": "Pro tier"}},
     AuthenticationError, False),
    (404, {"detail": {"status": "voice_not_found", "message": "it was deleted"}}, RejectedError, False),
    (422, {"detail": [{"loc": ["body", "text"], "msg": "required", "type": "missing"}]},
     RejectedError, False),
    (400, {"detail": {"status": "bad_prompt", "message": "an artist"}}, RejectedError, False),
    (429, {"detail": {"status": "too_many_concurrent_requests", "message": "3"}},
     RateLimitError, False),
    (500, {"detail": {"status": "internal_error", "message": "sorry"}}, UnavailableError, True),
    (502, b"<html>Bad gateway</html>", UnavailableError, True),
]  # fmt: skip


@pytest.mark.parametrize(("status", "body", "kind", "started"), ERRORS)
async def test_errors(
    wire: ElevenLabsWire,
    call: MakeCall,
    server: Server,
    status: int,
    body: Any,
    kind: type[ProviderError],
    started: bool,
) -> None:
    server.says(body, status=status)
    with pytest.raises(ProviderError) as caught:
        await wire.start(call(Speak(text="Hi")))
    error = caught.value
    assert type(error) is kind
    assert (error.started, error.status, error.vendor) == (started, status, "acme")
    if isinstance(body, dict) and isinstance(body["detail"], dict):
        assert error.code == body["detail"]["status"]
        assert body["detail"]["message"] in error.detail
        assert body["detail"]["message"] not in str(error)


async def test_the_key_is_in_no_error(wire: ElevenLabsWire, call: MakeCall, server: Server) -> None:
    server.says({"detail": {"status": "invalid_api_key", "message": f"bad {KEY}"}}, status=401)
    with pytest.raises(AuthenticationError) as caught:
        await wire.start(call(Speak(text="Hi")))
    assert KEY not in f"{caught.value!r} {caught.value.detail}"
    assert server.asked[0].headers["xi-api-key"] == KEY


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        (b"", "audio/pcm"),
        (b"<html>Sign in</html>", "text/html"),
        (b'{"detail": "soon"}', "application/json"),
    ],
)
@pytest.mark.parametrize(
    "request_", [ComposeMusic(duration_s=3), MakeSound(description="rain", duration_s=3)]
)
async def test_what_is_no_sound_is_a_bad_answer_that_may_be_billed(
    wire: ElevenLabsWire,
    call: MakeCall,
    server: Server,
    request_: Request[Any],
    body: bytes,
    media_type: str,
) -> None:
    server.says(body, media_type=media_type)
    with pytest.raises(BadResponseError) as caught:
        await wire.start(call(request_))
    assert caught.value.started


async def test_a_broken_connection_may_be_billed(
    wire: ElevenLabsWire, call: MakeCall, server: Server
) -> None:
    server.says(media_type="audio/pcm", pieces=[b"\x01\x00" * 1000], cut_off=True)
    with pytest.raises(ProviderError) as caught:
        await wire.start(call(ComposeMusic(duration_s=3)))
    assert caught.value.started


HEARD = {
    "language_code": "eng",
    "text": "Hi",
    "words": [{"text": "Hi", "start": 0.1, "end": 0.2, "type": "word"}],
    "audio_duration_secs": 1.0,
}
ALIGNED = {
    "characters": [{"text": "H", "start": 0.1, "end": 0.2}],
    "words": [{"text": "Hi", "start": 0.1, "end": 0.2}],
}
WHOLE: list[tuple[Request[Any], Any]] = [
    (Speak(text="Hi"), {"audio_base64": "aGk=", "alignment": letters("Hi")}),
    (Transcribe(audio=AUDIO), HEARD),
    (AlignWords(audio=AUDIO, text="Hi"), ALIGNED),
]


@pytest.mark.parametrize(("request_", "body"), WHOLE)
async def test_any_part_of_an_answer_may_be_of_a_wrong_type(
    call: MakeCall, request_: Request[Any], body: Any
) -> None:
    made = call(request_)
    operation: Operation = ElevenLabsWire.operations[type(request_).__name__]

    def read(data: bytes) -> Callable[[], Made | Pending]:
        return partial(operation.read, made, Reply(200, {}, data))

    assert sound(read(json.dumps(body).encode()))
    verdicts = [sound(read(json.dumps(other).encode())) for other in mutated(body)]
    assert len(verdicts) > 24
    assert not all(verdicts)
    for cut in (b"", b"null", b'{"audio_ba'):
        with pytest.raises(BrandModelError):
            operation.read(made, Reply(200, {}, cut))
