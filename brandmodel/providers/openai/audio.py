"""``POST /audio/speech`` and ``/audio/transcriptions``: words said, and words heard."""

from __future__ import annotations

from typing import Any

from brandmodel.errors import BadResponseError
from brandmodel.providers._http import Ask, Part, Reply
from brandmodel.providers._json import fields, items, number, text, unpacked
from brandmodel.providers._sound import voices_of
from brandmodel.providers._wire import Files, Made, Operation
from brandmodel.providers.openai._bill import charged, usage_of
from brandmodel.providers.openai._inband import answer_of, last_event
from brandmodel.providers.openai._rows import asked, asked_form, unhonoured
from brandmodel.tasks import Call, Speak, Speech, Transcribe, Transcript, Usage, WordTime

_LANGUAGES = {
    name: code
    for name, _, code in (
        pair.partition(":")
        for pair in (
            "afrikaans:af arabic:ar armenian:hy azerbaijani:az belarusian:be bosnian:bs bulgarian:bg "
            "catalan:ca chinese:zh croatian:hr czech:cs danish:da dutch:nl english:en estonian:et "
            "finnish:fi french:fr galician:gl german:de greek:el hebrew:he hindi:hi hungarian:hu "
            "icelandic:is indonesian:id italian:it japanese:ja kannada:kn kazakh:kk korean:ko latvian:lv "
            "lithuanian:lt macedonian:mk malay:ms maori:mi marathi:mr nepali:ne norwegian:no persian:fa "
            "polish:pl portuguese:pt romanian:ro russian:ru serbian:sr slovak:sk slovenian:sl spanish:es "
            "swahili:sw swedish:sv tagalog:tl tamil:ta thai:th turkish:tr ukrainian:uk urdu:ur "
            "vietnamese:vi welsh:cy"
        ).split()
    )
}
"""``verbose_json`` names a language in English; the list of OpenAI's speech-to-text guide."""


def ask_speech(call: Call, files: Files) -> Ask:
    """The request of spoken words."""
    request, settings = call.request, call.target.settings
    assert isinstance(request, Speak)
    body: dict[str, Any] = {
        "model": call.target.model,
        "input": request.text,
        "voice": _voice(call)[1],
        "response_format": settings.get("format", "wav"),
    }
    if request.pace != 1:
        body["speed"] = request.pace
    return asked(call, "audio/speech", body)


def read_speech(call: Call, reply: Reply) -> Made:
    """The sound of a reply.

    Raises:
        BadResponseError: there is none.
        BrandModelError: it tells of a failure.
    """
    request = call.request
    assert isinstance(request, Speak)
    sound = reply.body
    if reply.media_type == "application/json":
        # Mistral puts the sound into JSON.
        sound = unpacked(answer_of(reply).get("audio_data"))
    if not sound:
        raise BadResponseError("the answer has no sound")
    voice = _voice(call)[0]
    notes = unhonoured(call, "speed") if request.pace != 1 else ()
    if request.voice and request.voice != voice:
        notes = (*notes, f"there is no voice {request.voice!r}; another one speaks")
    return Made(
        lambda assets: Speech(audio=assets[0], voice=voice, notes=notes), media=[("audio", sound)]
    )


def ask_transcript(call: Call, files: Files) -> Ask:
    """The request of written words; with times where the row says ``words = true``."""
    request = call.request
    assert isinstance(request, Transcribe)
    timed = call.target.settings.get("words", False)
    body: dict[str, Any] = {
        "model": call.target.model,
        "response_format": "verbose_json" if timed else "json",
    }
    if timed:
        body["timestamp_granularities"] = ["word"]
    if request.language:
        body["language"] = request.language
    if request.prompt:
        body["prompt"] = request.prompt
    sound = files[request.audio.sha256]
    part = Part("file", sound.data, sound.filename, sound.asset.media_type)
    return asked_form(call, "audio/transcriptions", body, [part])


def read_transcript(call: Call, reply: Reply) -> Made:
    """The words of a reply.

    Raises:
        BadResponseError: there are none.
        BrandModelError: it tells of a failure.
    """
    request = call.request
    assert isinstance(request, Transcribe)
    body = last_event(reply, "transcript.text.done")
    if not isinstance(body.get("text"), str):
        raise BadResponseError("the answer has no words", detail=reply.excerpt())
    result = Transcript(
        text=text(body["text"]).strip(),
        language=_language(text(body.get("language"))) or request.language,
        words=tuple(_word(fields(one)) for one in items(body.get("words"))),
    )
    seconds = request.audio.duration_s or number(body.get("duration"))
    usage = _usage(fields(body.get("usage")), seconds)
    return Made(lambda _: result, usage=usage, usd_nano=charged(body.get("usage")))


def _voice(call: Call) -> tuple[str, str]:
    """(name, the vendor's name) of the voice that speaks: the row's first where it has not this one."""
    asked_for = str(getattr(call.request, "voice", ""))
    known = voices_of(call.target)
    if not known:
        return asked_for or "alloy", asked_for or "alloy"
    name = asked_for if asked_for in known else next(iter(known))
    return name, known[name]


def _word(told: dict[str, Any]) -> WordTime:
    return WordTime(
        text=text(told.get("word")) or text(told.get("text")),
        start_s=number(told.get("start")),
        end_s=number(told.get("end")),
    )


def _language(told: str) -> str:
    return told if len(told) == 2 else _LANGUAGES.get(told.casefold(), "")


def _usage(told: dict[str, Any], seconds: float) -> Usage | None:
    """Models of the whisper kind are billed by the second, the others by tokens."""
    if not told:
        return None
    return (usage_of(told) or Usage())._replace(seconds=number(told.get("seconds")) or seconds)


SPEAK = Operation(ask=ask_speech, read=read_speech)
TRANSCRIBE = Operation(ask=ask_transcript, read=read_transcript)
