"""From a vendor's own output to a result, as a row says: ``result = { media = "images[0].url", ... }``.

| key | meaning |
|---|---|
| ``media`` | where the medium lies: an address, a data URI, a list (its first), or an object with ``url`` |
| ``family`` | what it must be, such as ``video``; ``""`` for anything; the task's own when left out |
| ``text`` | where the words lie, in place of ``media``; pieces are joined |
| ``words``, ``language`` | of a transcript; a word has ``text``, and ``timestamp`` or ``start`` and ``end`` |
| ``seed`` | where the seed stands that was used |
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import unquote_to_bytes

from brandmodel.errors import ConfigError, JobFailedError
from brandmodel.providers._chat import from_chat, speaks
from brandmodel.providers._json import fields, items, number, text
from brandmodel.providers._mapping import SEEDS, named, table, unhonoured
from brandmodel.providers._wire import Made, Remote
from brandmodel.tasks import (
    AnimateImage,
    Asset,
    Call,
    ChatReply,
    Clip,
    ComposeMusic,
    CutOut,
    EditImage,
    GenerateImage,
    GenerateVideo,
    InterpolateFrames,
    MakeSound,
    Music,
    Picture,
    PlaceProduct,
    Request,
    Result,
    Sound,
    Speak,
    Speech,
    TrainImageStyle,
    Transcribe,
    Transcript,
    UpscaleImage,
    Usage,
    Weights,
    WordTime,
)

Notes = tuple[str, ...]
Medium = bytes | Remote
_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


def at(data: Any, path: str) -> Any:
    """What lies at a path such as ``images[0].url``; None where nothing does."""
    for name, place in _STEP.findall(path):
        if name:
            data = fields(data).get(name)
        else:
            data = next(iter(items(data)[int(place) :]), None)
    return data


def made(
    call: Call,
    output: Any,
    usage: Usage | None = None,
    *,
    medium: Callable[[Any], Medium | None] | None = None,
    usd_nano: int | None = None,
) -> Made:
    """The result that an output holds.

    Args:
        call: what it is of.
        output: the vendor's own object.
        usage: what the vendor says was consumed.
        medium: reads what lies at the path of the medium, where that is neither address nor data URI.
        usd_nano: what it came to, where the vendor's reply tells.

    Raises:
        JobFailedError: it is not where the row says; the job has ended, so another look does not help.
        ConfigError: the row does not say where it is.
    """
    says = table(call, "result")
    worded = isinstance(call.request, Transcribe) or speaks(type(call.request))
    path = _path(call, "text" if worded else "media")
    found = at(output, path)
    if worded:
        words = _joined(found)
        if words is None:
            raise _missing(path, output)
        result = _words_result(call.request, words, output, says)
        return Made(result, usage=usage, usd_nano=usd_nano)
    found = next(iter(items(found)), None) if isinstance(found, list) else found
    lies = (medium or _medium)(found)
    if lies is None:
        raise _missing(path, output)
    family, make = _MEDIA[type(call.request)]
    notes = (*unhonoured(call), *_seed_note(call, at(output, says.get("seed", ""))))
    return Made(
        lambda assets: make(call.request, assets[0], notes),
        media=[(says.get("family", family), lies)],
        usage=usage,
        usd_nano=usd_nano,
    )


def _path(call: Call, kind: str) -> str:
    path = table(call, "result").get(kind)
    if not isinstance(path, str):
        raise ConfigError(
            f"{call.target.id}: settings.result does not say where the {kind} of "
            f"{type(call.request).__name__} lies",
            hint=f'write result = {{ {kind} = "..." }} into its row',
        )
    return path


def _missing(path: str, output: Any) -> JobFailedError:
    return JobFailedError(
        "the job gave no result", code="no_result", detail=f"no {path} in {str(output)[:400]}"
    )


def _medium(value: Any) -> Medium | None:
    """An address, or the bytes of a data URI."""
    url = text(value) or text(fields(value).get("url"))
    if url.startswith("data:"):
        return _unpacked(url)
    # Addresses may lie at the vendor itself and want the key; it is not sent anywhere else.
    return Remote(url, own=True) if "://" in url else None


def _unpacked(uri: str) -> bytes | None:
    head, _, data = uri.partition(",")
    if not head.endswith(";base64"):
        return unquote_to_bytes(data)
    try:
        return base64.b64decode(data, validate=True)
    except binascii.Error:
        return None


def _joined(value: Any) -> str | None:
    """Words; text models give them in pieces."""
    if isinstance(value, list):
        return "".join(map(text, items(value)))
    return text(value) if isinstance(value, str) else None


def _seed_note(call: Call, told: Any) -> Notes:
    """What to say of a seed that the maker chose itself."""
    if not isinstance(told, int):
        return ()
    asked = (getattr(call.request, "seed", 0) + call.take) % SEEDS
    return () if "seed" in named(call) and told == asked else (f"made with seed {told}",)


# ---- results


def _picture(request: Any, image: Asset, notes: Notes) -> Result:
    return Picture(image=image, subjects=getattr(request, "subjects", ()), notes=notes)


def _clip(request: Any, video: Asset, notes: Notes) -> Result:
    return Clip(video=video, subjects=getattr(request, "subjects", ()), notes=notes)


def _music(request: Any, audio: Asset, notes: Notes) -> Result:
    return Music(audio=audio, notes=notes)


def _sound(request: Any, audio: Asset, notes: Notes) -> Result:
    return Sound(audio=audio, notes=notes)


def _speech(request: Any, audio: Asset, notes: Notes) -> Result:
    return Speech(audio=audio, voice=request.voice, notes=notes)


def _weights(request: Any, file: Asset, notes: Notes) -> Result:
    return Weights(file=file, trigger=request.trigger, notes=notes)


_MEDIA: Mapping[type[Request[Any]], tuple[str, Callable[[Any, Asset, Notes], Result]]] = {
    **dict.fromkeys(
        (GenerateImage, EditImage, UpscaleImage, CutOut, PlaceProduct), ("image", _picture)
    ),
    **dict.fromkeys((GenerateVideo, AnimateImage, InterpolateFrames), ("video", _clip)),
    Speak: ("audio", _speech),
    ComposeMusic: ("audio", _music),
    MakeSound: ("audio", _sound),
    TrainImageStyle: ("", _weights),
}
SERVED = (*(task.__name__ for task in _MEDIA), "Transcribe")
"""Tasks beside those that language models serve."""


def _words_result(
    request: Request[Any], words: str, output: Any, says: Mapping[str, str]
) -> Callable[[Sequence[Asset]], Result]:
    if not isinstance(request, Transcribe):
        return lambda _: from_chat(request, ChatReply(text=words))
    timed = [_word(fields(one)) for one in items(at(output, says.get("words", "words")))]
    # Some give whole sentences where words are wanted: their times are no use.
    single = all(word is not None and " " not in word.text for word in timed)
    transcript = Transcript(
        text=words.strip(),
        language=text(at(output, says.get("language", "language"))) or request.language,
        words=tuple(word for word in timed if word is not None) if single else (),
    )
    return lambda _: transcript


def _word(told: dict[str, Any]) -> WordTime | None:
    times = items(told.get("timestamp")) or [told.get("start"), told.get("end")]
    words = text(told.get("text")) or text(told.get("word"))
    if not words.strip() or len(times) != 2:
        return None
    return WordTime(text=words.strip(), start_s=number(times[0]), end_s=number(times[1]))
