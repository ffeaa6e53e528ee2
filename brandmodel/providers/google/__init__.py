"""The wire of Google's Gemini API, and of the same models on Vertex AI.

Source: ``google-genai`` package 3.4. Both hosts take the same requests below their base URL, but for
video. Settings of a row: ``api`` (``vertex``: video and embeddings by the methods of Vertex AI;
``operations``: video of older models as long-running operations),
``thinking`` (the object ``thinkingConfig``), ``image_sizes``, ``ratios``, ``voices`` (the vendor's names
by ours), ``voice`` (the one that is taken when none is named), and ``extra`` for further fields.
"""

from __future__ import annotations

from collections.abc import Mapping

from brandmodel.providers._sound import voices_named
from brandmodel.providers._wire import Operation, Wire
from brandmodel.providers.google import predictions
from brandmodel.providers.google.asking import ask_chat, ask_stream
from brandmodel.providers.google.embedding import EMBED, PREDICTED
from brandmodel.providers.google.interactions import INTERACTION
from brandmodel.providers.google.pictures import EDIT, GENERATE
from brandmodel.providers.google.reading import ContentStream, read_chat
from brandmodel.providers.google.sound import MUSIC, SPEECH
from brandmodel.tasks import Call, Target, Voice

CHAT = Operation(ask=ask_chat, read=read_chat, stream_ask=ask_stream, stream=ContentStream)
_OTHERWISE = {
    "vertex": {
        "Embed": PREDICTED,
        "GenerateVideo": predictions.VERTEX,
        "AnimateImage": predictions.VERTEX,
    },
    "operations": {"GenerateVideo": predictions.GEMINI, "AnimateImage": predictions.GEMINI},
}
"""Tasks that a row's ``api`` serves in another way."""


class GoogleWire(Wire):
    """Serves every writing task, pictures, speech, music, embeddings and video."""

    base_url = "https://generativelanguage.googleapis.com/v1"
    operations = {
        "Chat": CHAT,
        "GenerateImage": GENERATE,
        "EditImage": EDIT,
        "Speak": SPEECH,
        "ComposeMusic": MUSIC,
        "Embed": EMBED,
        "GenerateVideo": INTERACTION,
        "AnimateImage": INTERACTION,
    }
    writing = CHAT

    def headers(self, key: str) -> Mapping[str, str]:
        """The key; short-lived tokens of Google Cloud (they begin with ``ya29.``) go as bearer."""
        if key.startswith("ya29."):
            return {"authorization": f"Bearer {key}"}
        return {"x-goog-api-key": key} if key else {}

    async def voices(self, target: Target) -> list[Voice]:
        """See ``SpeakingProvider``: nothing lists them but the row."""
        return voices_named(target)

    def operation(self, call: Call) -> Operation:
        """The operation that serves a call, as its row wants it."""
        otherwise = _OTHERWISE.get(call.target.settings.get("api", ""), {})
        return otherwise.get(type(call.request).__name__) or super().operation(call)
