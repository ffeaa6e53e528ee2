"""``POST /v1/text-to-speech``, ``/v1/music`` and ``/v1/sound-generation``."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from brandmodel.errors import BadResponseError, ConfigError
from brandmodel.providers._http import Ask, Reply
from brandmodel.providers._json import fields, items, unpacked
from brandmodel.providers._prompts import music_words
from brandmodel.providers._sound import voices_of, wav
from brandmodel.providers._wire import Files, Made, Operation
from brandmodel.providers.elevenlabs._bill import charged
from brandmodel.providers.elevenlabs.hearing import words_of_letters
from brandmodel.tasks import (
    Call,
    ComposeMusic,
    MakeSound,
    Music,
    Sound,
    Speak,
    Speech,
)

_USUAL_VOICE = ("george", "JBFqnCBsd6RMkjVDRZzb")
"""Of the quickstart: a voice that every account has."""
_VOICE_ID = re.compile(r"[A-Za-z0-9]{20}")
_SLOWEST, _FASTEST = 0.7, 1.2
_MUSIC_MS = (3_000, 600_000)
_SOUND_S = (0.5, 30.0)
_USUAL_FORMATS = {"Speak": "wav_24000", "ComposeMusic": "pcm_48000", "MakeSound": "wav_48000"}
"""WAV where there is such a format; of music there is none, so it comes as samples.

Above 32 kHz the vendor wants its Pro plan: a row for a smaller one says ``mp3_44100_128``.
"""
_FORMAT = re.compile(r"(?:wav|pcm)_[1-9]\d{3,5}|(?:mp3|opus)_\d+_\d+")
"""Formats that make a file; of ``pcm`` we do. The rest are for telephones."""
_LARGEST_SOUND = 256 * 1024**2
"""Ten minutes of music as samples are 115 MB."""


def ask_speech(call: Call, files: Files) -> Ask:
    """The request of spoken words with the times of their letters."""
    request = call.request
    assert isinstance(request, Speak)
    body: dict[str, Any] = {"text": request.text, "model_id": call.target.model}
    how = {**call.target.settings.get("voice_settings", {})}
    if request.pace != 1:
        how["speed"] = _speed(request)
    if how:
        body["voice_settings"] = how
    path = f"v1/text-to-speech/{quote(_voice(call)[1], safe='')}/with-timestamps"
    return _sound(call, path, body)


def read_speech(call: Call, reply: Reply) -> Made:
    """The spoken words of a reply.

    Raises:
        BadResponseError: there are none.
    """
    request = call.request
    assert isinstance(request, Speak)
    told = fields(reply.data())
    sound = _file(call, unpacked(told.get("audio_base64")))
    heard = fields(told.get("alignment"))
    words = words_of_letters(
        items(heard.get("characters")),
        items(heard.get("character_start_times_seconds")),
        items(heard.get("character_end_times_seconds")),
    )
    voice, notes = _voice(call)[0], _speech_notes(call)
    return Made(
        lambda assets: Speech(audio=assets[0], words=words, voice=voice, notes=notes),
        media=[("audio", sound)],
        usd_nano=charged(call, reply),
    )


def _voice(call: Call) -> tuple[str, str]:
    """(name, id) of who speaks: whom the request names, else the row's first, else the usual one."""
    asked, known = str(getattr(call.request, "voice", "")), voices_of(call.target)
    if asked in known:
        return asked, known[asked]
    if _VOICE_ID.fullmatch(asked):
        return asked, asked
    return next(iter(known.items()), _USUAL_VOICE)


def _speed(request: Speak) -> float:
    return min(_FASTEST, max(_SLOWEST, request.pace))


def _speech_notes(call: Call) -> tuple[str, ...]:
    request = call.request
    assert isinstance(request, Speak)
    notes: list[str] = []
    if request.voice and request.voice != _voice(call)[0]:
        notes.append(f"there is no voice {request.voice!r}; another one speaks")
    if _speed(request) != request.pace:
        notes.append(f"spoken at pace {_speed(request):g} instead of {request.pace:g}")
    return tuple(notes)


def ask_music(call: Call, files: Files) -> Ask:
    """The request of a piece of music. A seed cannot go along with words."""
    request = call.request
    assert isinstance(request, ComposeMusic)
    body = {
        "prompt": music_words(request),
        "music_length_ms": _music_ms(request),
        "model_id": call.target.model,
        "force_instrumental": True,
    }
    return _sound(call, "v1/music", body)


def read_music(call: Call, reply: Reply) -> Made:
    """The music of a reply; its beats are not told."""
    request = call.request
    assert isinstance(request, ComposeMusic)
    sound = _file(call, _heard(reply), about_s=_music_ms(request) / 1000)
    return Made(
        lambda assets: Music(audio=assets[0]),
        media=[("audio", sound)],
        usd_nano=charged(call, reply),
    )


def ask_effect(call: Call, files: Files) -> Ask:
    """The request of a sound effect."""
    request = call.request
    assert isinstance(request, MakeSound)
    body = {
        "text": request.description,
        "duration_seconds": _effect_s(request),
        "model_id": call.target.model,
    }
    return _sound(call, "v1/sound-generation", body)


def read_effect(call: Call, reply: Reply) -> Made:
    """The sound of a reply."""
    request = call.request
    assert isinstance(request, MakeSound)
    sound = _file(call, _heard(reply), about_s=_effect_s(request))
    return Made(
        lambda assets: Sound(audio=assets[0]),
        media=[("audio", sound)],
        usd_nano=charged(call, reply),
    )


def _music_ms(request: ComposeMusic) -> int:
    least, most = _MUSIC_MS
    return min(most, max(least, round(request.duration_s * 1000)))


def _effect_s(request: MakeSound) -> float:
    shortest, longest = _SOUND_S
    return min(longest, max(shortest, request.duration_s))


# ---- files of sound


def _sound(call: Call, path: str, body: dict[str, Any]) -> Ask:
    query = {"output_format": _format(call)}
    return Ask(path, json=body, query=query, most_bytes=_LARGEST_SOUND)


def _format(call: Call) -> str:
    """The row's, else the task's usual one.

    Raises:
        ConfigError: no file can be made of it.
    """
    usual = _USUAL_FORMATS[type(call.request).__name__]
    wanted = str(call.target.settings.get("output_format", usual))
    if not _FORMAT.fullmatch(wanted):
        raise ConfigError(
            f"{call.target.id}: settings.output_format = {wanted!r} makes no sound file",
            hint="such as wav_44100, pcm_44100, mp3_44100_128 or opus_48000_128",
        )
    return wanted


def _file(call: Call, sound: bytes, *, about_s: float = 0.0) -> bytes:
    """The sound as a file: bare samples get their header.

    Speech is mono. Whether music is stereo nothing tells but its length.
    """
    wanted = _format(call)
    if not wanted.startswith("pcm_") or sound.startswith(b"RIFF"):
        return sound
    rate = int(wanted.removeprefix("pcm_"))
    stereo = bool(about_s) and len(sound) / (4 * rate) > 0.7 * about_s
    return wav(sound, rate, channels=2 if stereo else 1)


def _heard(reply: Reply) -> bytes:
    """The body, where it can be sound."""
    kind = reply.media_type
    if not reply.body or kind.startswith("text/") or kind == "application/json":
        raise BadResponseError("the answer has no sound", detail=reply.excerpt())
    return reply.body


SPEAK = Operation(ask=ask_speech, read=read_speech)
MUSIC = Operation(ask=ask_music, read=read_music)
EFFECT = Operation(ask=ask_effect, read=read_effect)
