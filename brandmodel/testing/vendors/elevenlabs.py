"""ElevenLabs, as a fake: speech with the times of its letters, music, sounds, and words heard."""

from __future__ import annotations

import json
import math
import uuid
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, ClassVar

from aiohttp import web

from brandmodel.providers._json import fields, number, text
from brandmodel.tasks import Alignment, AlignWords, Asset, WordTime
from brandmodel.testing.vendors._house import (
    Refused,
    Reply,
    Route,
    Turn,
    Vendor,
    json_reply,
    packed,
)
from brandmodel.testing.vendors._rows import ROWS
from brandmodel.testing.vendors._studio import Spoken, encoded

_REFUSALS: Mapping[str, tuple[int, str, str]] = {
    "rate-limit": (429, "too_many_concurrent_requests", "Too many concurrent requests"),
    "server-error": (500, "internal_error", "Something went wrong"),
    "off": (503, "system_busy", "The system is busy"),
    "refusal": (400, "content_policy_violation", "The text violates our terms of service"),
    "retired-model": (400, "model_not_found", "The model does not exist"),
    "no-credit": (401, "quota_exceeded", "This request exceeds your quota"),
    "wrong-key": (401, "invalid_api_key", "Invalid API key"),
    "not-found": (404, "not_found", "Not found"),
    "bad-request": (422, "invalid_request", "The request is not valid"),
}
_VOICE = "JBFqnCBsd6RMkjVDRZzb"
_VOICES = (
    (_VOICE, "George", {"accent": "british", "language": "en", "use_case": "narration"}),
    ("FakeVoiceNumberTwo00", "Anna", {"language": "de", "use_case": "conversation"}),
)
_USUAL = "mp3_44100_128"


class ElevenLabs(Vendor):
    """The ElevenLabs API. Every model may be left out; a task's own then serves."""

    name: ClassVar[str] = "elevenlabs"

    def routes(self) -> Sequence[Route]:
        """See ``Vendor``."""
        speech = "/v1/text-to-speech/{voice}"
        return (
            ("POST", speech, "call", self.speech),
            ("POST", speech + "/stream", "call", self.speech),
            ("POST", speech + "/with-timestamps", "call", self.timed),
            ("POST", speech + "/stream/with-timestamps", "call", self.timed_stream),
            ("POST", "/v1/music", "call", self.music),
            ("POST", "/v1/sound-generation", "call", self.sound),
            ("POST", "/v1/speech-to-text", "call", self.transcript),
            ("POST", "/v1/forced-alignment", "call", self.alignment),
            ("GET", "/v2/voices", "look", self.voices),
            ("GET", "/v1/models", "look", self.models),
        )

    def key_of(self, request: web.Request) -> str:
        """See ``Vendor``."""
        return request.headers.get("xi-api-key", "")

    def refusal(self, refused: Refused) -> Reply:
        """See ``Vendor``."""
        status, code, words = _REFUSALS[refused.kind]
        wait = {"retry-after": "1"} if refused.kind == "rate-limit" else {}
        detail = {"status": code, "message": refused.words or words}
        return json_reply({"detail": detail}, status, wait)

    async def speech(self, turn: Turn) -> Reply:
        """Words said, as bare sound."""
        spoken, words = await self._said(turn)
        sound, media_type = await encoded(spoken.wav, _format(turn))
        pieces = _cut(sound) if turn.request.path.endswith("/stream") else ()
        return Reply(turn.medium(sound), media_type, headers=_cost(words), pieces=pieces)

    async def timed(self, turn: Turn) -> Reply:
        """Words said, with the times of their letters."""
        spoken, words = await self._said(turn)
        return json_reply(await _timed(turn, spoken, words), headers=_cost(words))

    async def timed_stream(self, turn: Turn) -> Reply:
        """The same as lines of JSON."""
        spoken, words = await self._said(turn)
        line = json.dumps(await _timed(turn, spoken, words)).encode() + b"\n"
        return Reply(pieces=[line[: len(line) // 2], line[len(line) // 2 :]], headers=_cost(words))

    async def music(self, turn: Turn) -> Reply:
        """A piece of music."""
        length_ms = number(turn.body.get("music_length_ms")) or 10_000
        if not 3_000 <= length_ms <= 600_000:
            raise Refused("bad-request", "music_length_ms must be between 3000 and 600000")
        words = text(turn.body.get("prompt"))
        made = await self.house.studio.music(words, length_ms / 1000)
        return await self._sound(turn, "fake_music", made, stereo=True)

    async def sound(self, turn: Turn) -> Reply:
        """A sound effect."""
        seconds = number(turn.body.get("duration_seconds")) or 2.0
        if not 0.5 <= seconds <= 30:
            raise Refused("bad-request", "duration_seconds must be between 0.5 and 30")
        made = await self.house.studio.sound(text(turn.body.get("text")), seconds)
        return await self._sound(turn, "fake_sound", made, stereo=True)

    async def transcript(self, turn: Turn) -> Reply:
        """Words heard."""
        row = self.house.row(self.name, turn.word("model_id", "fake_scribe"))
        audio = await self._given(turn)
        said, seconds = self.house.studio.heard(audio), math.ceil(audio.duration_s or 1)
        self.house.bill.charge(row, {"second": seconds})
        words = said.split()
        each = (audio.duration_s or 1) / max(1, len(words))
        told = {
            "language_code": "eng",
            "language_probability": 1.0,
            "text": said,
            "words": [_word(one, n * each, (n + 1) * each) for n, one in enumerate(words)],
            "transcription_id": uuid.uuid4().hex,
            "audio_duration_secs": seconds,
        }
        return json_reply(told)

    async def alignment(self, turn: Turn) -> Reply:
        """When each letter of a known text is heard."""
        audio, words = await self._given(turn), turn.word("text")
        found = await self.house.studio.serve(AlignWords(audio=audio, text=words))
        assert isinstance(found, Alignment)
        self.house.bill.charge(self.house.row(self.name, "fake_align"), {})
        letters, starts, ends = _letters(words, found.words)
        told = {
            "characters": [
                {"text": letter, "start": start, "end": end}
                for letter, start, end in zip(letters, starts, ends, strict=True)
            ],
            "words": [
                {"text": one.text, "start": one.start_s, "end": one.end_s, "loss": 0.1}
                for one in found.words
            ],
            "loss": 0.1,
        }
        return json_reply(told)

    async def voices(self, turn: Turn) -> Reply:
        """Who speaks, page by page."""
        asked = turn.request.query
        most = min(100, max(1, int(asked.get("page_size") or 10)))
        at = int(asked.get("next_page_token") or 0)
        more = at + most < len(_VOICES)
        told: dict[str, Any] = {
            "voices": [
                {"voice_id": id_, "name": name, "category": "premade", "labels": dict(labels)}
                for id_, name, labels in _VOICES[at : at + most]
            ],
            "has_more": more,
            "total_count": len(_VOICES),
            "next_page_token": str(at + most) if more else None,
        }
        return json_reply(told)

    async def models(self, turn: Turn) -> Reply:
        """The list of models."""
        own = [row for row in ROWS if row.vendor == self.name]
        return json_reply(
            [
                {
                    "model_id": row.model,
                    "name": row.model,
                    "can_do_text_to_speech": "Speak" in row.tasks,
                }
                for row in own
            ]
        )

    async def _said(self, turn: Turn) -> tuple[Spoken, str]:
        row = self.house.row(self.name, turn.body.get("model_id") or "fake_speech")
        words = text(turn.body.get("text"))
        if not words.strip():
            raise Refused("bad-request", "text: field required")
        pace = number(fields(turn.body.get("voice_settings")).get("speed")) or 1.0
        spoken = await self.house.studio.speech(words, pace)
        self.house.bill.charge(row, {"characters": len(words)})
        return spoken, words

    async def _given(self, turn: Turn) -> Asset:
        data = next(iter(turn.files("file")), None)
        if data is None:
            raise Refused("bad-request", "file: field required")
        return await self.house.studio.kept(data)

    async def _sound(self, turn: Turn, usual: str, made: bytes, *, stereo: bool) -> Reply:
        row = self.house.row(self.name, turn.body.get("model_id") or usual)
        audio = await self.house.studio.kept(made)
        sound, media_type = await encoded(made, _format(turn), channels=2 if stereo else 1)
        self.house.bill.charge(row, {"second": Fraction(repr(audio.duration_s or 0))})
        return Reply(turn.medium(sound), media_type)


def _format(turn: Turn) -> str:
    return turn.request.query.get("output_format", _USUAL)


def _cost(words: str) -> dict[str, str]:
    return {"character-cost": str(len(words)), "request-id": uuid.uuid4().hex}


def _cut(sound: bytes) -> list[bytes]:
    return [sound[at : at + 8192] for at in range(0, len(sound), 8192)]


async def _timed(turn: Turn, spoken: Spoken, words: str) -> dict[str, Any]:
    sound, _ = await encoded(spoken.wav, _format(turn))
    letters, starts, ends = _letters(words, spoken.words)
    heard = {
        "characters": letters,
        "character_start_times_seconds": starts,
        "character_end_times_seconds": ends,
    }
    told = {"audio_base64": packed(turn.medium(sound)), "alignment": heard}
    return {**told, "normalized_alignment": heard}


def _letters(words: str, heard: Sequence[WordTime]) -> tuple[list[str], list[float], list[float]]:
    """(letters, their starts, their ends): each word's time is spread over its letters."""
    letters: list[str] = []
    starts: list[float] = []
    ends: list[float] = []
    at = 0.0
    for number_, word in enumerate(words.split()):
        time = heard[number_] if number_ < len(heard) else None
        begin, end = (time.start_s, time.end_s) if time else (at, at + 0.3)
        spread = [begin + (end - begin) * n / len(word) for n in range(len(word) + 1)]
        if letters:
            letters.append(" ")
            starts.append(at)
            ends.append(begin)
        letters += word
        starts += spread[:-1]
        ends += spread[1:]
        at = end
    return letters, starts, ends


def _word(word: str, start: float, end: float) -> dict[str, Any]:
    return {"text": word, "start": start, "end": end, "type": "word", "logprob": 0.0}
