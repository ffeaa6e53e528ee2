"""The wire of OpenAI and of the many vendors that speak it: which vendor is a row of data.

What vendors do otherwise, their rows say:

| setting | meaning |
|---|---|
| ``api`` | ``responses`` or ``moderations`` in place of chat completions |
| ``fields`` | other names of fields: ``{max_completion_tokens = "max_tokens"}``; ``""`` leaves one out |
| ``extra`` | fields that are always sent |
| ``paths`` | other paths, such as ``{"chat/completions" = "chat"}`` |
| ``query``, ``headers``, ``key_header`` | go with every request; the header that carries the bare key |
| ``structured`` | ``json_schema`` (taken when left out), ``json_object``, or ``none``: words ask for JSON |
| ``tools`` | the vendor's own tools, such as web search |
| ``sizes`` or ``ratios`` | pictures: what there is; left out, sizes in steps of 16 |
| ``quality``, ``format`` | pictures; ``format`` of speech as well |
| ``edit_json`` | pictures go as JSON instead of a form: field and shape, ``{image}`` is the address |
| ``voices`` | list of voices, or table from names to the vendor's; the first one is the usual one |
| ``words`` | transcripts with the times of words |
| ``encoding`` | vectors: ``base64`` (taken when left out), ``float`` or ``base64_int8`` |

Not served: the retired ``completions`` endpoint, and conversations that the vendor keeps.
"""

from __future__ import annotations

from brandmodel.errors import ConfigError
from brandmodel.providers._sound import voices_named
from brandmodel.providers._wire import Operation, Wire
from brandmodel.providers.openai.audio import SPEAK, TRANSCRIBE
from brandmodel.providers.openai.chat import CHAT
from brandmodel.providers.openai.images import IMAGES
from brandmodel.providers.openai.meaning import EMBED, MODERATE
from brandmodel.providers.openai.responses import RESPONSES
from brandmodel.tasks import Call, Target, Voice

__all__ = ["OpenAIWire"]


class OpenAIWire(Wire):
    """Serves every task that a language model can do, pictures, speech, transcripts and vectors."""

    base_url = "https://api.openai.com/v1"
    operations = {
        "Chat": CHAT,
        "Speak": SPEAK,
        "Transcribe": TRANSCRIBE,
        "Embed": EMBED,
        **IMAGES,
    }
    writing = CHAT

    async def voices(self, target: Target) -> list[Voice]:
        """See ``SpeakingProvider``: nothing lists them but the row."""
        return voices_named(target)

    def operation(self, call: Call) -> Operation:
        """See ``Wire``; the row's ``api`` says which way a conversation or a check goes."""
        found = super().operation(call)
        if found is not CHAT:
            return found
        api, task = call.target.settings.get("api", "chat"), type(call.request).__name__
        if api == "moderations" and task == "Moderate":
            return MODERATE
        ways = {"chat": CHAT, "responses": RESPONSES}
        if api not in ways:
            raise ConfigError(
                f"{call.target.id}: {task} cannot go by api = {api!r}",
                hint=f"one of {', '.join(ways)}; moderations for Moderate alone",
            )
        return ways[api]
