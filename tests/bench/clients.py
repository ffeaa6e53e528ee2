"""One chat call by each client of the comparison: whole, and streamed word by word.

Each opens over the base URL of an upstream and gives ``call`` (the answer's text) and ``stream`` (its
pieces). Libraries are imported inside, so that every process pays for one of them.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

SYSTEM, USER = "You write short.", "When is the launch of Aurelia? " * 4
MESSAGES = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": USER}]
BODY = {"model": "writer-1", "messages": MESSAGES, "max_completion_tokens": 256}


class Opened(NamedTuple):
    """A client that is ready."""

    call: Callable[[], Awaitable[str]]
    stream: Callable[[], AsyncIterator[str]]


@asynccontextmanager
async def brandmodel(url: str) -> AsyncIterator[Opened]:
    """``AsyncBrandModel.call``: routed, priced by the token list, under caps, settled in the journal."""
    from brandmodel import AsyncBrandModel
    from brandmodel.tasks import Chat, Message

    with tempfile.TemporaryDirectory() as folder:
        os.environ["ACME_KEY"] = "k"
        async with AsyncBrandModel(routers=_table(Path(folder), url), home=folder) as model:
            said = Message(role="system", text=SYSTEM), Message(role="user", text=USER)

            async def call() -> str:
                return (await model.call(Chat(messages=said, most_tokens=256))).result.text

            async def stream() -> AsyncIterator[str]:
                async for piece in model.stream(Chat(messages=said, most_tokens=256)):
                    if isinstance(piece, str):
                        yield piece

            yield Opened(call, stream)


def _table(folder: Path, url: str) -> Path:
    """A published model with one row, written as the bundled rows are."""
    routers = folder / "routers"
    (routers / "targets").mkdir(parents=True)
    (routers / "vendors.toml").write_text(
        f'[acme]\nprovider = "openai"\nbase_url = "{url}"\nkey_env = "ACME_KEY"\n'
    )
    (routers / "targets" / "acme.toml").write_text(
        '[writer-1]\ntasks = ["Chat"]\ntokens = "openai:gpt-6-luna"\n'
        "limits = { max_input_tokens = 272_000, max_output_tokens = 128_000 }\n"
    )
    (routers / "acme.toml").write_text(
        '[model]\nname = "acme"\ndefault = true\n[tasks]\nChat = { targets = ["acme/writer-1"] }\n'
    )
    return routers


@asynccontextmanager
async def tensorzero(url: str) -> AsyncIterator[Opened]:
    """The embedded gateway, without its database."""
    from tensorzero import AsyncTensorZeroGateway

    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "tensorzero.toml"
        config.write_text(
            '[gateway]\nobservability.enabled = false\n[models.w]\nrouting = ["a"]\n'
            '[models.w.providers.a]\ntype = "openai"\nmodel_name = "writer-1"\n'
            f'api_base = "{url}"\napi_key_location = "none"\n'
        )
        made = AsyncTensorZeroGateway.build_embedded(config_file=str(config))
        said = {"system": SYSTEM, "messages": [{"role": "user", "content": USER}]}
        async with await made as gateway:

            async def call() -> str:
                told = await gateway.inference(model_name="w", input=said)
                return told.content[0].text

            async def stream() -> AsyncIterator[str]:
                told = await gateway.inference(model_name="w", input=said, stream=True)
                async for chunk in told:
                    if chunk.content:
                        yield chunk.content[0].text

            yield Opened(call, stream)


@asynccontextmanager
async def litellm(url: str) -> AsyncIterator[Opened]:
    """Its Router, with one deployment."""
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    from litellm import Router

    given = {"model": "openai/writer-1", "api_base": url, "api_key": "k"}
    router = Router(model_list=[{"model_name": "w", "litellm_params": given}])

    async def call() -> str:
        told = await router.acompletion(model="w", messages=MESSAGES, max_tokens=256)
        return told.choices[0].message.content

    async def stream() -> AsyncIterator[str]:
        asked = router.acompletion(model="w", messages=MESSAGES, max_tokens=256, stream=True)
        async for chunk in await asked:
            if chunk.choices and chunk.choices[0].delta.content:
                yield chunk.choices[0].delta.content

    yield Opened(call, stream)


@asynccontextmanager
async def openai(url: str) -> AsyncIterator[Opened]:
    """The official client."""
    from openai import AsyncOpenAI

    async with AsyncOpenAI(base_url=url, api_key="k", max_retries=0) as client:

        async def call() -> str:
            return (await client.chat.completions.create(**BODY)).choices[0].message.content

        async def stream() -> AsyncIterator[str]:
            async for chunk in await client.chat.completions.create(**BODY, stream=True):
                if chunk.choices and chunk.choices[0].delta.content:
                    yield chunk.choices[0].delta.content

        yield Opened(call, stream)


@asynccontextmanager
async def httpx(url: str) -> AsyncIterator[Opened]:
    """httpx with the aiohttp transport: a post and a decode, nothing else."""
    from httpx_aiohttp import HttpxAiohttpClient

    async with HttpxAiohttpClient(base_url=url, headers={"authorization": "Bearer k"}) as client:

        async def call() -> str:
            told = await client.post("/chat/completions", json=BODY)
            return told.json()["choices"][0]["message"]["content"]

        async def stream() -> AsyncIterator[str]:
            body = {**BODY, "stream": True}
            async with client.stream("POST", "/chat/completions", json=body) as told:
                async for line in told.aiter_lines():
                    if line.startswith("data: {"):
                        choices = json.loads(line[6:])["choices"]
                        if choices and choices[0]["delta"].get("content"):
                            yield choices[0]["delta"]["content"]

        yield Opened(call, stream)


CLIENTS: Mapping[str, Callable[[str], AbstractAsyncContextManager[Any]]] = {
    "brandmodel": brandmodel,
    "tensorzero, embedded": tensorzero,
    "httpx over aiohttp": httpx,
    "openai": openai,
    "litellm's Router": litellm,
}
