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

from brandmodel.errors import RejectedError, UnknownTargetError
from brandmodel.providers._http import Ask, Reply
from brandmodel.providers._wire import Wire
from brandmodel.providers.elevenlabs.hearing import ALIGN, TRANSCRIBE
from brandmodel.providers.elevenlabs.sound import EFFECT, MUSIC, SPEAK
from brandmodel.tasks import Target

__all__ = ["ElevenLabsWire"]


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
