"""Conversation with a language model: the one shape that every text wire speaks."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, JsonValue

from brandmodel.tasks._base import Request, Result, Stage, Usage, Value, token_bound
from brandmodel.tasks.values import Asset

Role = Literal["system", "user", "assistant", "tool"]
Finish = Literal["stop", "length", "tools", "filtered"]
TOKENS_A_LOOK = 2048
"""At most what a vision model counts for one picture of usual size."""


class ToolCall(Value):
    """A call that the model wants made.

    Attributes:
        arguments: JSON of an object.
    """

    id: str
    name: str
    arguments: str = "{}"


class Message(Value):
    """One turn.

    Attributes:
        text: the words; of a tool, its result.
        assets: pictures, sound or documents that belong to it.
        tool_calls: of the assistant.
        tool_call_id: of a tool: which call this answers.
    """

    role: Role
    text: str = ""
    assets: tuple[Asset, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str = ""


class Tool(Value):
    """A function that the model may ask for.

    Attributes:
        parameters: JSON Schema of its arguments.
    """

    name: str
    description: str = ""
    parameters: dict[str, JsonValue] = {"type": "object", "properties": {}}


class Source(Value):
    """A page that an answer refers to."""

    url: str
    title: str = ""


class ChatReply(Result):
    """The model's turn.

    Attributes:
        reasoning: what it thought aloud, where the vendor shows that.
        finish: why it ended; ``filtered`` is a refusal.
    """

    text: str = ""
    reasoning: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    finish: Finish = "stop"
    sources: tuple[Source, ...] = ()


class Chat(Request[ChatReply]):
    """Say the next turn of a conversation.

    Attributes:
        answer_schema: JSON Schema that the answer's text must satisfy, as JSON; None for free text.
        tool_choice: ``auto``, ``none``, ``required``, or the name of a tool.
        most_tokens: the output limit that is always set, so that a price has a true upper bound.
    """

    stage: ClassVar[Stage] = "generate"

    messages: tuple[Message, ...] = Field(min_length=1)
    tools: tuple[Tool, ...] = ()
    tool_choice: str = "auto"
    answer_schema: dict[str, JsonValue] | None = None
    most_tokens: int = Field(default=4096, ge=1, le=1_000_000)
    temperature: float | None = Field(default=None, ge=0, le=2)
    top_p: float | None = Field(default=None, gt=0, le=1)
    stop: tuple[str, ...] = Field(default=(), max_length=4)
    seed: int | None = None

    def sketch(self, *, dear: bool) -> ChatReply:
        """Nothing, or words up to the limit."""
        return ChatReply(text="?" * min(4 * self.most_tokens, 100_000) if dear else "")

    def usage(self, result: ChatReply) -> Usage:
        """Tokens by the usual four characters each."""
        return Usage(
            tokens_in=len(self._asked()) // 4 + 256 * self._looks(),
            tokens_out=len(result.text) // 4,
        )

    def bounds(self) -> tuple[Usage, Usage]:
        """From an empty answer to the output limit."""
        asked, looks = self._asked(), self._looks()
        return (
            Usage(tokens_in=len(asked) // 4),
            Usage(
                tokens_in=token_bound(asked) + TOKENS_A_LOOK * looks + 64 * len(self.messages),
                tokens_out=self.most_tokens,
            ),
        )

    def _asked(self) -> str:
        """All words that go out: the turns', and as JSON whatever comes with them."""
        said = "".join([message.text for message in self.messages])
        beside = [one for message in self.messages for one in message.tool_calls]
        if not beside and not self.tools and self.answer_schema is None:
            return said
        return (
            said
            + self.model_dump_json(exclude_defaults=True, exclude={"messages"})
            + "".join([one.model_dump_json() for one in beside])
        )

    def _looks(self) -> int:
        return sum(len(message.assets) for message in self.messages)
