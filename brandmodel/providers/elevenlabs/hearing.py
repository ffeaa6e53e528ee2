"""``POST /v1/speech-to-text`` and ``/v1/forced-alignment``: words heard, and when."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from brandmodel.errors import BadResponseError
from brandmodel.providers._http import Ask, Part, Reply
from brandmodel.providers._json import fields, items, number, text
from brandmodel.providers._wire import Files, Made, Operation
from brandmodel.providers.elevenlabs._bill import charged
from brandmodel.tasks import (
    Alignment,
    AlignWords,
    Asset,
    Call,
    Transcribe,
    Transcript,
    Usage,
    WordTime,
)

_LANGUAGES = {
    pair[:3]: pair[4:]
    for pair in (
        "afr:af amh:am ara:ar asm:as aze:az bel:be ben:bn bos:bs bul:bg cat:ca ces:cs cym:cy dan:da "
        "deu:de ell:el eng:en est:et fas:fa fin:fi fra:fr ful:ff gle:ga glg:gl guj:gu hau:ha heb:he "
        "hin:hi hrv:hr hun:hu hye:hy ibo:ig ind:id isl:is ita:it jav:jv jpn:ja kan:kn kat:ka kaz:kk "
        "khm:km kir:ky kor:ko kur:ku lao:lo lav:lv lin:ln lit:lt ltz:lb lug:lg mal:ml mar:mr mkd:mk "
        "mlt:mt mon:mn mri:mi msa:ms mya:my nep:ne nld:nl nor:no nya:ny oci:oc ori:or pan:pa pol:pl "
        "por:pt pus:ps ron:ro rus:ru slk:sk slv:sl sna:sn snd:sd som:so spa:es srp:sr swa:sw swe:sv "
        "tam:ta tel:te tgk:tg tha:th tur:tr ukr:uk urd:ur uzb:uz vie:vi wol:wo xho:xh zho:zh zul:zu"
    ).split()
}
"""ISO 639-3, in which the vendor answers, to ISO 639-1: those of its list that have such a code."""


def ask_transcript(call: Call, files: Files) -> Ask:
    """The request of a transcript with the times of its words."""
    request = call.request
    assert isinstance(request, Transcribe)
    form = [
        Part("model_id", call.target.model),
        Part("timestamps_granularity", "word"),
        Part("tag_audio_events", "false"),
    ]
    if request.language:
        form.append(Part("language_code", request.language))
    return Ask("v1/speech-to-text", form=[*form, _upload(request.audio, files)])


def read_transcript(call: Call, reply: Reply) -> Made:
    """The words of a reply.

    Raises:
        BadResponseError: there are none.
    """
    request = call.request
    assert isinstance(request, Transcribe)
    told = fields(reply.data())
    if not isinstance(told.get("text"), str):
        raise BadResponseError("the answer has no words", detail=reply.excerpt())
    language = text(told.get("language_code"))
    spoken = [fields(one) for one in items(told.get("words"))]
    # To hint at spellings costs a fifth more than the row's price, so that is not done.
    notes = ("prompt could not be honoured",) if request.prompt else ()
    result = Transcript(
        text=text(told["text"]).strip(),
        language=language if len(language) == 2 else _LANGUAGES.get(language, request.language),
        words=tuple(_word(one) for one in spoken if one.get("type") == "word" and _timed(one)),
        notes=notes,
    )
    seconds = number(told.get("audio_duration_secs")) or request.audio.duration_s
    usage = Usage(seconds=max(0.0, seconds)) if seconds else None
    return Made(lambda _: result, usage=usage, usd_nano=charged(call, reply))


def ask_alignment(call: Call, files: Files) -> Ask:
    """The request of the times of a known text's words."""
    request = call.request
    assert isinstance(request, AlignWords)
    form = [Part("text", request.text), _upload(request.audio, files)]
    return Ask("v1/forced-alignment", form=form)


def read_alignment(call: Call, reply: Reply) -> Made:
    """The words of a reply, parted as the text is.

    Raises:
        BadResponseError: there are none.
    """
    request = call.request
    assert isinstance(request, AlignWords)
    told = fields(reply.data())
    letters = [fields(one) for one in items(told.get("characters"))]
    words = words_of_letters(*([one.get(n) for one in letters] for n in ("text", "start", "end")))
    spoken = [fields(one) for one in items(told.get("words"))]
    if len(words) != len(request.text.split()):
        timed = [one for one in spoken if text(one.get("text")).strip() and _timed(one)]
        words = tuple(_word(one) for one in timed)
    if not words:
        raise BadResponseError("the answer has no words", detail=reply.excerpt())
    return Made(lambda _: Alignment(words=words), usd_nano=charged(call, reply))


def _upload(audio: Asset, files: Files) -> Part:
    file = files[audio.sha256]
    return Part("file", file.data, file.filename, file.asset.media_type)


def _timed(told: Mapping[str, Any]) -> bool:
    return all(isinstance(told.get(name), int | float) for name in ("start", "end"))


def _word(told: Mapping[str, Any]) -> WordTime:
    return WordTime(
        text=text(told.get("text")).strip(),
        start_s=number(told.get("start")),
        end_s=number(told.get("end")),
    )


def words_of_letters(
    letters: list[Any], starts: list[Any], ends: list[Any]
) -> tuple[WordTime, ...]:
    """Words from the times of their letters; none where the lists do not go together."""
    if not len(letters) == len(starts) == len(ends):
        return ()
    words: list[WordTime] = []
    parted = True
    for letter, start, end in zip(map(text, letters), starts, ends, strict=True):
        if not letter.strip():
            parted = True
            continue
        if parted:
            words.append(WordTime(text=letter, start_s=number(start), end_s=number(end)))
        else:
            longer = {"text": words[-1].text + letter, "end_s": number(end)}
            words[-1] = words[-1].model_copy(update=longer)
        parted = False
    return tuple(words)


TRANSCRIBE = Operation(ask=ask_transcript, read=read_transcript)
ALIGN = Operation(ask=ask_alignment, read=read_alignment)
