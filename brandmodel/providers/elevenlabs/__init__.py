"""The wire of ElevenLabs: speech with the times of its words, music, sounds, and words heard.

| setting | meaning |
|---|---|
| ``voices`` | table from names to the vendor's ids, or a list of ids; the first is the usual one |
| ``voice_settings`` | sent with every speech, such as ``{stability = 0.5}`` |
| ``output_format`` | what sound is asked for, such as ``wav_44100`` or ``mp3_44100_128`` |
| ``usd_per_credit`` | dollars of a credit; what a call cost is then the reply's own figure |

A voice may also be asked for by its id. There are no jobs, and a lost reply cannot be looked up.
Source: the client ``elevenlabs`` 2.78.0 and the API reference as of 2026-11-23.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from brandmodel.errors import RejectedError, UnknownTargetError
from brandmodel.providers._http import Ask, Reply
from brandmodel.providers._json import fields, items, text
from brandmodel.providers._sound import voices_named, voices_of
from brandmodel.providers._wire import Wire
from brandmodel.providers.elevenlabs.hearing import ALIGN, TRANSCRIBE
from brandmodel.providers.elevenlabs.sound import EFFECT, MUSIC, SPEAK
from brandmodel.tasks import Target, Voice

__all__ = ["ElevenLabsWire"]
_MOST_PAGES = 100


class ElevenLabsWire(Wire):
    """Serves speech, music, sounds, transcripts and the times of words."""

    base_url = "https://api.elevenlabs.io"
    operations = {
        "Speak": SPEAK,
        "ComposeMusic": MUSIC,
        "MakeSound": EFFECT,
        "Transcribe": TRANSCRIBE,
        "AlignWords": ALIGN,
    }

    def headers(self, key: str) -> Mapping[str, str]:
        """See ``Wire``."""
        return {"xi-api-key": key} if key else {}

    async def voices(self, target: Target) -> list[Voice]:
        """See ``SpeakingProvider``: those that the row names, and those that the account has.

        Raises:
            ProviderError: the list cannot be had now.
        """
        ours = {theirs: name for name, theirs in voices_of(target).items()}
        found: dict[str, Voice] = {}
        token = ""
        for _ in range(_MOST_PAGES):
            query = {"page_size": "100", **({"next_page_token": token} if token else {})}
            reply = await self.sent(target, Ask("v2/voices", method="GET", query=query))
            page = fields(reply.data())
            for told in map(fields, items(page.get("voices"))):
                if theirs := text(told.get("voice_id")):
                    found[theirs] = _voice(told, ours.get(theirs, theirs))
            token = text(page.get("next_page_token"))
            if not token or page.get("has_more") is not True:
                break
        return [
            *(found.pop(one.name, one) for one in voices_named(target)),
            *found.values(),
        ]

    async def sent(self, target: Target, ask: Ask) -> Reply:
        """See ``Wire``; a voice that is gone says nothing about the model."""
        try:
            return await super().sent(target, ask)
        except UnknownTargetError as error:
            if error.code != "voice_not_found":
                raise
            raise RejectedError(
                "the target has no such voice",
                vendor=error.vendor,
                status=error.status,
                code=error.code,
                detail=error.detail,
                started=False,
            ) from error


def _voice(told: dict[str, Any], id_: str) -> Voice:
    labels = {name: text(value) for name, value in fields(told.get("labels")).items()}
    language = labels.pop("language", "")
    spoken = [text(fields(one).get("language")) for one in items(told.get("verified_languages"))]
    shown = [*labels.values(), text(told.get("category"))]
    return Voice(
        id=id_,
        name=text(told.get("name")),
        language=language or next(iter(spoken), ""),
        labels=tuple(filter(None, shown)),
    )
