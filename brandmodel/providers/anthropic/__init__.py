"""The wire of Anthropic's Messages API, and of vendors that offer it beside their own.

Source: ``anthropic`` package 2.12 and its API version 2026-10-21. Settings of a row: ``thinking`` (the
object of that name), ``effort``, ``sampling`` (true: the model still takes temperature and top_p),
and ``extra`` for fields of the vendor's own.
"""

from __future__ import annotations

from brandmodel.providers._wire import Operation, Wire
from brandmodel.providers.anthropic.asking import ask_chat, ask_count, ask_stream
from brandmodel.providers.anthropic.reading import MessageStream, read_chat, read_count
from brandmodel.tasks import Call

CHAT = Operation(ask=ask_chat, read=read_chat, stream_ask=ask_stream, stream=MessageStream)


class AnthropicWire(Wire):
    """Serves every writing task."""

    base_url = "https://api.anthropic.com"
    operations = {"Chat": CHAT}
    writing = CHAT

    async def count(self, call: Call) -> int:
        """How many tokens a request has, told by the vendor; costs nothing."""
        return read_count(await self.sent(call.target, ask_count(call, await self.files(call))))
