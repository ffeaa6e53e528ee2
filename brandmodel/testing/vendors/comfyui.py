"""ComfyUI, as a fake: workflows that end in a picture, the queue, the history, and files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from aiohttp import web

from brandmodel.providers._json import count, fields, items, text
from brandmodel.testing.vendors._house import (
    File,
    House,
    Job,
    Refused,
    Reply,
    Route,
    Turn,
    Vendor,
    bounded,
    json_reply,
)
from brandmodel.testing.vendors._rows import row_of

_REFUSALS: Mapping[str, tuple[int, str]] = {
    "rate-limit": (429, "too many requests"),
    "server-error": (500, "internal server error"),
    "off": (503, "service unavailable"),
    "refusal": (400, "prompt outputs failed validation: content policy"),
    "retired-model": (400, "value not in list: ckpt_name"),
    "no-credit": (402, "payment required"),
    "wrong-key": (401, "unauthorized"),
    "not-found": (404, "not found"),
    "bad-request": (400, "invalid prompt"),
}


class ComfyUI(Vendor):
    """A ComfyUI server."""

    name: ClassVar[str] = "comfyui"

    def __init__(self, house: House) -> None:
        super().__init__(house)
        self._prompts: dict[str, tuple[Job, dict[str, Any]]] = {}
        self._inputs: dict[str, bytes] = {}

    def routes(self) -> Sequence[Route]:
        """See ``Vendor``."""
        return (
            ("POST", "/prompt", "job", self.prompt),
            ("GET", "/queue", "look", self.queue),
            ("POST", "/queue", "look", self.taken_out),
            ("POST", "/interrupt", "look", self.interrupt),
            ("GET", "/history", "look", self.history),
            ("GET", "/history/{id}", "look", self.history),
            ("GET", "/view", "fetch", self.view),
            ("POST", "/upload/image", "look", self.upload),
            ("GET", "/system_stats", "look", self.stats),
        )

    def key_of(self, request: web.Request) -> str:
        """See ``Vendor``; it has none."""
        return ""

    def refusal(self, refused: Refused) -> Reply:
        """See ``Vendor``."""
        status, words = _REFUSALS[refused.kind]
        error = {"type": refused.kind, "message": refused.words or words, "details": ""}
        return json_reply({"error": {**error, "extra_info": {}}, "node_errors": {}}, status)

    async def prompt(self, turn: Turn) -> Reply:
        """Put a workflow into the queue."""
        row = row_of(self.name, "fake-workflow")
        assert row is not None
        nodes = fields(turn.body.get("prompt"))
        saving = _nodes(nodes, "SaveImage")
        if not saving:
            raise Refused("bad-request", "Prompt has no outputs")
        words = max(
            (text(one.get("text")) for one in _nodes(nodes, "TextEncode").values()), key=len
        )
        latent = next(iter(_nodes(nodes, "Empty").values()), fields(None))
        seed = next((count(one.get("seed")) for one in _nodes(nodes, "KSampler").values()), 0)
        size = bounded(latent.get("width", 512), latent.get("height", 512))
        shown = [text(one.get("image")) for one in _nodes(nodes, "LoadImage").values()]
        image = self._inputs.get(shown[0]) if shown else None

        async def make() -> Sequence[File]:
            drawn = await self.house.studio.picture(words, size, seed, image)
            return [File(drawn, "image/png")]

        job = self.house.begin(turn, row, {}, "GenerateImage", make())
        id_ = text(turn.body.get("prompt_id")) or job.id
        self._prompts[id_] = job, turn.body
        return json_reply({"prompt_id": id_, "number": len(self._prompts), "node_errors": {}})

    async def queue(self, turn: Turn) -> Reply:
        """What has not ended."""
        running = [
            self._entry(id_)
            for id_, (job, _) in self._prompts.items()
            if self.house.look(job.id, self.name).state == "running"
        ]
        return json_reply({"queue_running": running, "queue_pending": []})

    async def taken_out(self, turn: Turn) -> Reply:
        """Take workflows out of the queue."""
        for id_ in map(text, items(turn.body.get("delete"))):
            if id_ in self._prompts:
                self.house.stop(self._prompts[id_][0])
        return json_reply({})

    async def interrupt(self, turn: Turn) -> Reply:
        """Stop a workflow, or whatever runs."""
        wanted = text(turn.body.get("prompt_id"))
        for id_, (job, _) in self._prompts.items():
            if wanted in ("", id_):
                self.house.stop(job)
        return json_reply({})

    async def history(self, turn: Turn) -> Reply:
        """What has ended: one, or all of them where lost calls can be looked up."""
        wanted = turn.request.match_info.get("id", "")
        if not wanted and not self.house.lookup:
            raise Refused("not-found")
        told = {
            id_: self._ended(id_)
            for id_, (job, _) in self._prompts.items()
            if wanted in ("", id_) and self.house.look(job.id, self.name).state != "running"
        }
        return json_reply(told)

    async def view(self, turn: Turn) -> Reply:
        """A file."""
        return self.house.fetched(turn.request.query.get("filename", ""))

    async def upload(self, turn: Turn) -> Reply:
        """Take a picture for workflows to load."""
        data = next(iter(turn.files("image")), None)
        if data is None:
            raise Refused("bad-request", "no image")
        name = self.house.lay_out(File(data, "image/png"))
        self._inputs[name] = data
        return json_reply({"name": name, "subfolder": "", "type": "input"})

    async def stats(self, turn: Turn) -> Reply:
        """What the machine is."""
        return json_reply({"system": {"comfyui_version": "0.0.0"}, "devices": []})

    def _entry(self, id_: str) -> list[Any]:
        _, body = self._prompts[id_]
        extra = {"client_id": text(body.get("client_id"))}
        nodes = fields(body.get("prompt"))
        return [0, id_, nodes, extra, list(_nodes(nodes, "SaveImage"))]

    def _ended(self, id_: str) -> dict[str, Any]:
        job, body = self._prompts[id_]
        done = job.state == "done"
        messages: list[Any] = [["execution_start", {"prompt_id": id_}]]
        if job.state == "canceled":
            messages.append(["execution_interrupted", {"prompt_id": id_}])
        status = {"status_str": "success" if done else "error", "completed": done}
        images = [
            {"filename": name, "subfolder": "", "type": "output"}
            for name in (job.outputs if done else ())
        ]
        saving = _nodes(fields(body.get("prompt")), "SaveImage")
        return {
            "prompt": self._entry(id_),
            "outputs": {node: {"images": images} for node in saving} if done else {},
            "status": {**status, "messages": messages},
            "meta": {},
        }


def _nodes(workflow: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    """Inputs of the nodes of a kind, by their ids."""
    return {
        id_: fields(fields(node).get("inputs"))
        for id_, node in workflow.items()
        if kind in text(fields(node).get("class_type"))
    }
