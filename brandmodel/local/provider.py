"""The local studio as a provider: words in this process, pixels in worker processes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from brandmodel import errors
from brandmodel.errors import BadResponseError, BrandModelError, UnavailableError
from brandmodel.local.desk import Desk
from brandmodel.local.frames import packed, receive_frame
from brandmodel.local.pool import Pool
from brandmodel.local.serving import HEAVY, LIGHT, room_of, server_of
from brandmodel.tasks import Call, Done, Result, Target, Voice
from brandmodel.tasks.values import Asset

_STDERR_KEPT = 2000


class LocalProvider:
    """Serves every task of the local studio. As many workers as cores, started when needed."""

    def __init__(self, *, workers: int | None = None) -> None:
        """Start nothing yet.

        Args:
            workers: most worker processes; by default one per core that this process may use.
        """
        self._pool = Pool(_Worker.started, most=workers or _cores())

    async def start(self, call: Call) -> Done:
        """Serve a call at once."""
        task = type(call.request).__name__
        if task in LIGHT:
            return Done(await _in_process(task, call))
        if task in HEAVY:
            return Done(await self._in_worker(task, call))
        raise BadResponseError(f"the local studio does not serve {task}", started=False)

    async def stream(self, call: Call) -> AsyncIterator[str | Done]:
        """The text word by word, then the whole result."""
        done = await self.start(call)
        for word in str(getattr(done.result, "text", "")).splitlines(keepends=True):
            yield word
        yield done

    async def voices(self, target: Target) -> list[Voice]:
        """See ``SpeakingProvider``: those that are installed on this machine."""
        from brandmodel.local.sound.voice import voices

        return [Voice(id=name, name=name, language="en") for name in voices()]

    async def aclose(self) -> None:
        """End every worker."""
        await self._pool.aclose()

    async def _in_worker(self, task: str, call: Call) -> Result:
        async with self._pool.worker(room_of(task)) as worker:
            head, blobs = await worker.ask(_question(task, call))
        if "error" in head:
            raise _error(head["error"])
        for blob in blobs:
            await call.blobs.put(blob)
        return type(call.request).result_type().model_validate_json(head["result"])


class _Worker:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.rooms: set[str] = set()

    @classmethod
    async def started(cls) -> _Worker:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "brandmodel.local.worker",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=environment,
            limit=2**24,
        )
        return cls(process)

    async def ask(self, question: dict[str, object]) -> tuple[dict[str, Any], list[bytes]]:
        writer, reader = self._process.stdin, self._process.stdout
        assert writer is not None
        assert reader is not None
        try:
            for piece in packed(json.dumps(question).encode()):
                writer.write(piece)
            await writer.drain()
            head, blobs = await receive_frame(reader)
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise UnavailableError(
                f"a worker of the local studio ended: {await self._last_words()}",
                hint="run again; what is finished is kept",
            ) from error
        return json.loads(head), blobs

    async def _last_words(self) -> str:
        stderr = self._process.stderr
        assert stderr is not None
        with contextlib.suppress(TimeoutError):
            said = (await asyncio.wait_for(stderr.read(), 2)).decode(errors="replace")
            lines = [line for line in said[-_STDERR_KEPT:].splitlines() if line.strip()]
            return lines[-1] if lines else f"exit status {await self._process.wait()}"
        return "it went silent"

    async def end(self) -> None:
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()


def _cores() -> int:
    """Cores that this process may use; not every system tells which."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


async def _in_process(task: str, call: Call) -> Result:
    desk = Desk(lambda asset: Path(call.blobs.path(asset)).read_bytes(), take=call.take)
    serve = server_of(task)
    if len(call.request.model_dump_json(exclude_defaults=True)) > 20_000:
        result = await asyncio.to_thread(serve, call.request, desk)
    else:
        result = serve(call.request, desk)
    for blob in desk.made.values():
        await call.blobs.put(blob)
    return result


def _question(task: str, call: Call) -> dict[str, object]:
    nothing = Asset(sha256="0" * 64, media_type="", size=0)
    return {
        "task": task,
        "request": call.request.model_dump_json(),
        "take": call.take,
        "store": str(call.blobs.path(nothing).parent.parent),
    }


def _error(said: dict[str, str]) -> BrandModelError:
    kind = getattr(errors, said["class"], BrandModelError)
    return kind(said["message"], hint=said["hint"])
