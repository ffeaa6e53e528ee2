"""Recorded traffic of the vendor, read as it came."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from brandmodel.assets.store import FolderStore
from brandmodel.errors import AuthenticationError
from brandmodel.providers._errors import failure
from brandmodel.providers._http import Reply
from brandmodel.providers._uploads import uploaded_at
from brandmodel.providers._wire import Made, Pending, Remote
from brandmodel.providers.replicate import ask_prediction, read_prediction
from brandmodel.routing import load_tables
from brandmodel.tasks import Call, Chat, ChatReply, GenerateImage, Message, Picture, Target
from tests.providers.fal.conftest import png


def exchanges(shared: Path) -> Iterator[dict[str, Any]]:
    for path in sorted((shared / "recorded" / "replicate" / "prediction").glob("*.json")):
        yield from json.loads(path.read_text())["exchanges"]


def reply_of(exchange: dict[str, Any]) -> Reply:
    told = exchange["response"]
    return Reply(told["status"], told["headers"], told.get("body", "").encode())


def of_prediction(exchange: dict[str, Any]) -> bool:
    return "/predictions" in exchange["request"]["url"] and exchange["response"]["status"] < 300


def call_of(store: FolderStore, *, chat: bool, model: str = "o/m") -> Call:
    request = (
        Chat(messages=(Message(role="user", text="Please write a haiku about llamas."),))
        if chat
        else GenerateImage(prompt="x", width=512, height=512, seed=42069)
    )
    result = {"text": "output"} if chat else {"media": "output"}
    target = Target("replicate/m", "replicate", model, frozenset(), settings={"result": result})
    return Call(request, target, store)


def test_the_bundled_rows_ask_for_what_was_recorded(shared: Path, tmp_path: Path) -> None:
    """The path of a bundled row is one that the vendor answered, and its reply is read by the row."""
    row = load_tables().targets["replicate/llama-3-8b"].value
    asked = Chat(messages=(Message(role="user", text="Please write a haiku about llamas"),))
    call = Call(asked, row, FolderStore(tmp_path))
    sent = ask_prediction(call, {})
    assert sent.json["input"]["max_tokens"] == asked.most_tokens
    begun = [
        one
        for one in filter(of_prediction, exchanges(shared))
        if one["request"]["url"].endswith(sent.path)
    ]
    assert begun, "the model was recorded"
    for one in begun:
        assert isinstance(read_prediction(call, reply_of(one)), Made | Pending)
        assert sent.json["input"].keys() >= json.loads(one["request"]["body"])["input"].keys()


def test_every_prediction_is_read(shared: Path, tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    seen: Counter[str] = Counter()
    for exchange in filter(of_prediction, exchanges(shared)):
        told = json.loads(exchange["response"]["body"])
        chat = "llama" in exchange["request"]["url"] or isinstance(told.get("output"), str)
        read = read_prediction(call_of(store, chat=chat), reply_of(exchange))
        seen[f"{told['status']} {type(read).__name__}"] += 1
        if isinstance(read, Pending):
            assert dict(read.handle) == {"id": told["id"]}
        else:
            ((family, medium),) = read.media
            assert family == "image"
            assert isinstance(medium, Remote) is told["output"][0].startswith("https:")
            picture = read.result([store.put_now(png(512, 512))])
            assert isinstance(picture, Picture)
            assert picture.notes == ()
    assert set(seen) == {"starting Pending", "processing Pending", "succeeded Made"}
    assert sum(seen.values()) >= 20


def test_a_wrong_token_is_told(shared: Path) -> None:
    refused = [one for one in exchanges(shared) if one["response"]["status"] >= 400]
    assert refused
    for exchange in refused:
        error = failure(reply_of(exchange))
        assert isinstance(error, AuthenticationError)
        assert not error.started


def test_what_was_sent_is_what_we_send(shared: Path, tmp_path: Path) -> None:
    """The recorded requests, made anew from a row."""
    made = 0
    for exchange in exchanges(shared):
        asked = exchange["request"]
        if asked["method"] != "POST" or not asked["url"].endswith("/predictions"):
            continue
        body = json.loads(asked["body"])
        if "/models/" in asked["url"]:
            model = asked["url"].removeprefix("https://api.replicate.com/v1/models/")
            model = model.removesuffix("/predictions")
        else:
            model = body["version"]
        call = call_of(FolderStore(tmp_path), chat="haiku" in asked["body"], model=model)
        settings = {**call.target.settings, "constants": body["input"]}
        target = Target("replicate/m", "replicate", model, frozenset(), settings=settings)
        ours = ask_prediction(Call(call.request, target, call.blobs), {})
        assert f"https://api.replicate.com/v1/{ours.path}" == asked["url"]
        assert ours.json == body
        made += 1
    assert made >= 6


def test_words_in_pieces(tmp_path: Path) -> None:
    told = {"id": "p", "status": "succeeded", "output": ["Soft", " fur", ",\n", "wise"]}
    reply = Reply(200, {}, json.dumps(told).encode())
    read = read_prediction(call_of(FolderStore(tmp_path), chat=True), reply)
    assert isinstance(read, Made)
    assert read.result([]) == ChatReply(text="Soft fur,\nwise")


def test_an_upload(shared: Path) -> None:
    (path,) = (shared / "recorded" / "replicate" / "files").glob("*.json")
    told = json.loads(json.loads(path.read_text())["exchanges"][0]["response"]["body"])
    assert uploaded_at(told["urls"]["get"]).startswith("https://api.replicate.com/v1/files/")


def test_a_recorded_file_is_a_picture(shared: Path, tmp_path: Path) -> None:
    (path,) = (shared / "recorded" / "replicate" / "other").glob("*.json")
    told = json.loads(path.read_text())["exchanges"][0]["response"]
    asset = FolderStore(tmp_path).put_now(base64.b64decode(told["body_b64"]))
    assert asset.media_type == "image/png"
