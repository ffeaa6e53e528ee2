"""Speech and music by ``generateContent``."""

from __future__ import annotations

import re
from collections.abc import Sequence

from brandmodel.providers._http import Ask, Reply
from brandmodel.providers._prompts import music_words
from brandmodel.providers._sound import voices_of, wav
from brandmodel.providers._wire import Files, Made, Operation
from brandmodel.providers.google.asking import ask_media
from brandmodel.providers.google.reading import measured, read_media
from brandmodel.tasks import Asset, Call, ComposeMusic, Music, Speak, Speech

_VOICE = "Kore"
_RATE = re.compile(r"rate=(\d+)")
_BRISK, _SLOW = 1.1, 0.9


def ask_speech(call: Call, files: Files) -> Ask:
    """The request of spoken words; the pace is asked for in words, as there is no field for it."""
    request = call.request
    assert isinstance(request, Speak)
    how = "Say briskly: " if request.pace >= _BRISK else ""
    how = "Say slowly: " if request.pace <= _SLOW else how
    voice = {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": _voice(call)}}}
    config = {"responseModalities": ["AUDIO"], "speechConfig": voice}
    return ask_media(call, [{"text": how + request.text}], config)


def read_speech(call: Call, reply: Reply) -> Made:
    """The spoken words of a reply."""
    request = call.request
    assert isinstance(request, Speak)
    kind, data, told = read_media(reply)
    rate = _RATE.search(kind)
    known = request.usage(request.sketch(dear=True))
    if kind.lower().startswith(("audio/l16", "audio/pcm")):
        per_second = int(rate[1]) if rate else 24_000
        known = known._replace(seconds=len(data) / 2 / per_second)
        data = wav(data, per_second)
    speaker = _voice(call)

    def speech(assets: Sequence[Asset]) -> Speech:
        return Speech(audio=assets[0], voice=speaker)

    return Made(speech, media=[("audio", data)], usage=measured(known, told))


def ask_music(call: Call, files: Files) -> Ask:
    """The request of a piece of music; its length is a wish."""
    request = call.request
    assert isinstance(request, ComposeMusic)
    config = {"responseModalities": ["AUDIO", "TEXT"]}
    return ask_media(call, [{"text": music_words(request)}], config)


def read_music(call: Call, reply: Reply) -> Made:
    """The music of a reply; its beats are not told."""
    request = call.request
    assert isinstance(request, ComposeMusic)
    _, data, told = read_media(reply)
    known = request.usage(request.sketch(dear=True))
    return Made(
        lambda assets: Music(audio=assets[0]), media=[("audio", data)], usage=measured(known, told)
    )


def _voice(call: Call) -> str:
    """The vendor's name of the voice that is asked for."""
    asked = str(getattr(call.request, "voice", ""))
    return voices_of(call.target).get(asked, asked) or call.target.settings.get("voice", _VOICE)


SPEECH = Operation(ask=ask_speech, read=read_speech)
MUSIC = Operation(ask=ask_music, read=read_music)
