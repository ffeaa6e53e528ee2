"""The wire of ComfyUI: a workflow on your own machine, with the request's values put into it.

| setting | meaning |
|---|---|
| ``workflow`` | the workflow in the API format; the editor's own format is another one and is refused |
| ``map`` | inputs of nodes: ``prompt = "6.inputs.text"``, see ``_mapping`` |
| ``result`` | the output of a node: ``{ media = "9.images[0]" }``, see ``_outputs`` |

Instead of a line in the map a text of the workflow may have a slot: ``{{prompt}}``, ``{{seed}}``,
``{{width}}``, ``{{image}}``. A slot that is the whole text keeps its kind: ``"{{seed}}"`` becomes a number.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from brandmodel.errors import (
    BadResponseError,
    BrandModelError,
    ConfigError,
    JobFailedError,
    RejectedError,
)
from brandmodel.providers._errors import failure, hidden, job_failed
from brandmodel.providers._http import Ask, Part, Reply
from brandmodel.providers._json import fields, items, text
from brandmodel.providers._mapping import SLOT, Addressed, Fields, inputs, table, value_of
from brandmodel.providers._outputs import SERVED, made
from brandmodel.providers._uploads import Addresses, UploadingWire
from brandmodel.providers._wire import (
    File,
    Files,
    Handle,
    Made,
    Operation,
    Pending,
    Remote,
    looking,
)
from brandmodel.tasks import Call, Done, Job, Target

_LATEST = 200
"""How many entries of the history are looked through for a lost call."""


def ask_prompt(call: Call, files: Files) -> Ask:
    """The request that puts a workflow into the queue, under an id of our own."""
    given = call.target.settings.get("workflow")
    if not isinstance(given, dict) or not all(
        isinstance(node, dict) and "class_type" in node for node in given.values()
    ):
        raise ConfigError(
            f"{call.target.id}: settings.workflow is no workflow in the API format",
            hint="export it with `Export (API)`, and write it into its row",
        )
    address = Addresses(files)
    workflow = inputs(call, address, into=_filled(given, call, address))
    if unknown := set(workflow) - set(given):
        raise ConfigError(f"{call.target.id}: settings.map names no node: {', '.join(unknown)}")
    _set_apart(workflow, call)
    id_ = _id(call)
    # Servers that do not take an id of ours still keep the client's with the job.
    return Ask("prompt", json={"prompt": workflow, "prompt_id": id_, "client_id": id_})


def read_prompt(call: Call, reply: Reply) -> Pending:
    """The job under the id that the server gave it.

    Raises:
        BadResponseError: it gave none.
    """
    id_ = text(fields(reply.data()).get("prompt_id"))
    if not id_:
        raise BadResponseError("the job has no id", detail=reply.excerpt())
    return Pending({"prompt_id": id_})


def _filled(node: Any, call: Call, address: Addressed) -> Any:
    """A copy of a workflow with its slots filled."""
    if isinstance(node, dict):
        return {name: _filled(value, call, address) for name, value in node.items()}
    if isinstance(node, list):
        return [_filled(value, call, address) for value in node]
    if not isinstance(node, str):
        return node
    whole = SLOT.fullmatch(node)
    if whole:
        return _slot(whole[1], call, address)
    return SLOT.sub(lambda found: str(_slot(found[1], call, address)), node)


def _slot(name: str, call: Call, address: Addressed) -> Any:
    value = value_of(name, call, address)
    if value is None:
        raise ConfigError(
            f"{call.target.id}: the workflow wants {name}, which "
            f"{type(call.request).__name__} does not have"
        )
    return value


def _set_apart(workflow: Fields, call: Call) -> None:
    """Give the file to be saved a name of its own.

    Nodes with inputs that were seen before are not run again, and their outputs may be missing from
    the history (ComfyUI's cache): a name of its own has the last node run every time.
    """
    node = str(table(call, "result").get("media", "")).partition(".")[0]
    given = fields(fields(workflow.get(node)).get("inputs"))
    if isinstance(given.get("filename_prefix"), str):
        given["filename_prefix"] = f"{given['filename_prefix']}-{_id(call)[:13]}"


def _id(call: Call) -> str:
    """A UUID, as the server wants it, of an attempt."""
    try:
        return str(uuid.UUID(hex=call.attempt))
    except ValueError:
        return str(uuid.uuid5(uuid.NAMESPACE_OID, call.attempt or uuid.uuid4().hex))


def _medium(told: Any) -> Remote | None:
    """Where a file of the history lies: at the server's own ``/view``."""
    file = fields(told)
    if not text(file.get("filename")):
        return None
    query = {name: text(file.get(name)) for name in ("filename", "subfolder", "type")}
    return Remote(f"view?{urlencode(query)}", own=True)


def _ended(call: Call, entry: dict[str, Any]) -> Made:
    """The result of a job in the history.

    Raises:
        JobFailedError: a node failed, or somebody stopped it.
    """
    status = fields(entry.get("status"))
    events = {
        text(event[0]): fields(event[1])
        for event in map(items, items(status.get("messages")))
        if len(event) == 2
    }
    if "execution_interrupted" in events:
        raise job_failed("interrupted", "the job was stopped", billed=False)
    if status.get("status_str") == "error" or "execution_error" in events:
        failed = events.get("execution_error", {})
        words = f"{text(failed.get('node_type'))}: {text(failed.get('exception_message'))}"
        raise job_failed(text(failed.get("exception_type")), words, billed=False)
    return made(call, fields(entry.get("outputs")), medium=_medium)


def _refused(reply: Reply) -> BrandModelError | None:
    """What nodes have against a workflow; None where it is not that."""
    if reply.status != 400:
        return None
    told = fields(reply.data())
    words = [
        f"{node} {text(fields(problem).get('class_type'))}: {text(fields(error).get('message'))}: "
        f"{text(fields(error).get('details'))}"
        for node, problem in fields(told.get("node_errors")).items()
        for error in items(fields(problem).get("errors"))
    ]
    if not words:
        return None
    code = text(fields(told.get("error")).get("type"))
    return RejectedError(
        "the target did not take the request",
        status=400,
        code=code,
        detail=hidden("; ".join(words)),
        started=False,
    )


_WORKFLOW = Operation(ask=ask_prompt, read=read_prompt)


class ComfyWire(UploadingWire):
    """Serves every task that a workflow of yours can do."""

    base_url = "http://127.0.0.1:8188"
    operations = dict.fromkeys(SERVED, _WORKFLOW)
    writing = _WORKFLOW
    inline = False

    async def sent(self, target: Target, ask: Ask) -> Reply:
        """See ``Wire``; what a node has against the workflow is told for operators."""
        reply = await self.answered(target, ask)
        if reply.status >= 300:
            with self._named(target):
                raise _refused(reply) or failure(reply)
        return reply

    async def check(self, job: Job, call: Call) -> Done | Job:
        """See ``LongProvider``.

        Raises:
            JobFailedError: it ended without a result, or is not known any more.
            ProviderError: this look failed.
        """
        with looking():
            entry = await self._entry(job, call)
            if not entry:
                if job.handle["prompt_id"] in await self._queued(call.target):
                    return job
                # It may have ended between the two looks.
                entry = await self._entry(job, call)
            with self._named(call.target):
                if not entry:
                    raise JobFailedError("the job is gone", started=False)
                return await self._told(call, _ended(call, entry))

    async def cancel(self, job: Job, call: Call) -> None:
        """See ``LongProvider``. Older servers stop whatever runs, so only a running job is stopped."""
        id_ = job.handle["prompt_id"]
        queued = await self._queued(call.target)
        if queued.get(id_) == "queue_running":
            await self.sent(call.target, Ask("interrupt", json={"prompt_id": id_}))
        elif id_ in queued:
            await self.sent(call.target, Ask("queue", json={"delete": [id_]}))

    async def find(self, call: Call) -> Done | Job | None:
        """See ``FindingProvider``: by our id, or by that of the client, in the queue, then the history."""
        looked = [entry for _, entry in await self._waiting(call.target)]
        past = await self.sent(
            call.target, Ask("history", method="GET", query={"max_items": str(_LATEST)})
        )
        with self._named(call.target):
            looked += [items(fields(one).get("prompt")) for one in fields(past.data()).values()]
        ours = _id(call)
        for entry in (entry for entry in looked if len(entry) > 3):
            if ours in (entry[1], fields(entry[3]).get("client_id")):
                handle: Handle = {"prompt_id": text(entry[1])}
                return Job(call.target.id, type(call.request).__name__, handle)
        return None

    async def upload(self, target: Target, file: File) -> str:
        """See ``UploadingWire``: into the folder of inputs, under a name of its content."""
        parts = [
            Part("image", file.data, file.filename, file.asset.media_type),
            Part("type", "input"),
            Part("overwrite", "true"),
        ]
        told = fields((await self.sent(target, Ask("upload/image", form=parts))).data())
        name, folder = text(told.get("name")), text(told.get("subfolder"))
        if not name:
            raise BadResponseError("the upload has no name", started=False)
        return f"{folder}/{name}" if folder else name

    async def _entry(self, job: Job, call: Call) -> dict[str, Any]:
        """The job in the history; empty until it has ended."""
        id_ = job.handle["prompt_id"]
        reply = await self.sent(call.target, Ask(f"history/{id_}", method="GET"))
        with self._named(call.target):
            return fields(fields(reply.data()).get(id_))

    async def _queued(self, target: Target) -> Mapping[str, str]:
        """Jobs that have not ended, each with the list that it is in."""
        waiting = await self._waiting(target)
        return {text(entry[1]): name for name, entry in waiting if len(entry) > 1}

    async def _waiting(self, target: Target) -> list[tuple[str, list[Any]]]:
        """(list, entry) of the jobs that have not ended."""
        reply = await self.sent(target, Ask("queue", method="GET"))
        with self._named(target):
            told = fields(reply.data())
        lists = ("queue_pending", "queue_running")
        return [(name, items(entry)) for name in lists for entry in items(told.get(name))]


__all__ = ["ComfyWire"]
