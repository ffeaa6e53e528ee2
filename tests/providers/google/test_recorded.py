"""Every recorded answer, read to what the vendor's own client reads in it."""

from __future__ import annotations

import base64
import json
import wave
from collections import Counter
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import pytest
from google.genai import types

from brandmodel.assets.store import FolderStore
from brandmodel.errors import (
    AuthenticationError,
    BadResponseError,
    BadResultError,
    ContextLengthError,
    JobFailedError,
    RateLimitError,
    RejectedError,
    UnknownTargetError,
)
from brandmodel.providers._errors import failure
from brandmodel.providers._events import Event
from brandmodel.providers._http import Reply
from brandmodel.providers._wire import Made, Pending, Remote
from brandmodel.providers.google import predictions, video
from brandmodel.providers.google.embedding import read_embed
from brandmodel.providers.google.interactions import polled_interaction, read_interaction
from brandmodel.providers.google.pictures import read_picture
from brandmodel.providers.google.reading import ContentStream, read_chat
from brandmodel.providers.google.sound import read_speech
from brandmodel.tasks import (
    Asset,
    Call,
    Chat,
    ChatReply,
    Clip,
    Embed,
    Embeddings,
    GenerateImage,
    GenerateVideo,
    Message,
    Picture,
    Request,
    Speak,
    Speech,
    Target,
    Usage,
)
from tests.providers.recorded import Exchange, exchanges, ids, in_characters, read_stream

ASKED = Chat(messages=(Message(role="user", text="?"),))
KIND, VENDORS = "generate", ("google", "vertex")
REPLIES = exchanges(KIND, *VENDORS, path=":generateContent")
STREAMED = exchanges(KIND, *VENDORS, path=":streamGenerateContent")
# Enumerations as numbers are only sent to clients that ask for them.
NAMED = [one for one in REPLIES + STREAMED if "enum-encoding" not in one.request["url"]]
# So are arguments of tools in pieces.
PIECES = [one for one in NAMED if b"partialArgs" in one.body]
GOOD = [one for one in NAMED if one.status == 200 and one not in PIECES]
EVENTS = [one for one in GOOD if one.streamed]
LISTS = [one for one in GOOD if one.body.lstrip().startswith(b"[")]
WHOLE = [one for one in GOOD if one.body.lstrip().startswith(b"{")]
FAILED = [one for one in NAMED if one.status != 200]
FINISH = {"STOP": "stop", "MAX_TOKENS": "length"}


def theirs(body: Any) -> types.GenerateContentResponse:
    """A reply as the vendor's own client reads it."""
    read = types.GenerateContentResponse._from_response
    return cast("types.GenerateContentResponse", read(response=body, kwargs={}))


def a_call(request: Request[Any], store: FolderStore, **settings: Any) -> Call:
    target = Target(id="acme/m", provider="google", model="m", tasks=frozenset(), settings=settings)
    return Call(request=request, target=target, blobs=store)


def test_nothing_of_the_folders_is_left_out(shared: Path) -> None:
    files = sum(len(list((shared / "recorded" / one / KIND).glob("*.json"))) for one in VENDORS)
    names = {(one.vendor, one.name.rpartition("-")[0]) for one in REPLIES + STREAMED}
    # One file holds a batch, which is no conversation of ours.
    assert len(names) == files - 1
    assert len(GOOD) == len(EVENTS) + len(LISTS) + len(WHOLE)
    assert len(REPLIES + STREAMED) - len(NAMED) == 2
    assert Counter(one.status for one in NAMED) == {200: 238, 400: 5, 404: 5, 429: 2}


def test_whole_answers(store: FolderStore) -> None:
    for one in WHOLE:
        made = read_chat(a_call(ASKED, store), one.reply)
        _equal(made, [theirs(one.json)], one)


@pytest.mark.parametrize("one", EVENTS, ids=ids)
def test_streams_however_they_are_cut(one: Exchange, store: FolderStore) -> None:
    def read(pieces: list[bytes]) -> tuple[str, Made]:
        stream = ContentStream(a_call(ASKED, store))
        return read_stream(stream, pieces), stream.made()

    text, made = read([one.body])
    assert text == made.result([]).model_dump()["text"]
    chunks = [theirs(chunk) for chunk in one.chunks]
    _equal(made, chunks, one)
    for pieces in ([bytes((byte,)) for byte in one.body], in_characters(one.body)):
        again, same = read(pieces)
        assert (again, same.result([]), same.usage) == (text, made.result([]), made.usage)


def test_some_streams_are_cut_inside_a_character() -> None:
    assert sum(len(in_characters(one.body)) > 1 for one in EVENTS) >= 3


def test_arguments_in_pieces_are_not_taken_for_whole_ones(store: FolderStore) -> None:
    (one,) = PIECES
    with pytest.raises(BadResponseError):
        read_stream(ContentStream(a_call(ASKED, store)), [one.body])


@pytest.mark.parametrize("one", LISTS, ids=ids)
def test_streams_that_came_as_a_list(one: Exchange, store: FolderStore) -> None:
    stream = ContentStream(a_call(ASKED, store))
    for chunk in one.json:
        list(stream.feed(Event(json.dumps(chunk))))
    chunks = [theirs(chunk) for chunk in one.json]
    _equal(stream.made(), chunks, one)


@pytest.mark.parametrize("one", FAILED, ids=ids)
def test_failures(one: Exchange) -> None:
    words = one.body.decode()
    wanted: type[Exception] = {
        404: UnknownTargetError,
        429: RateLimitError,
        400: RejectedError,
    }[one.status]
    if "API key not valid" in words:
        wanted = AuthenticationError
    if "token count" in words:
        wanted = ContextLengthError
    error = failure(one.reply, vendor="acme")
    assert type(error) is wanted
    if isinstance(error, RateLimitError):
        assert error.retry_after_s == (48.0 if "retryDelay" in words else None)


@pytest.mark.parametrize("one", exchanges("image", *VENDORS, path=":generateContent"), ids=ids)
def test_pictures(one: Exchange, store: FolderStore) -> None:
    call = a_call(GenerateImage(prompt="An axolotl", width=1024, height=1024), store)
    told = [part.inline_data for part in _parts([theirs(one.json)]) if part.inline_data]
    if not told:
        with pytest.raises(BadResultError, match="no medium"):
            read_picture(call, one.reply)
        return
    made = read_picture(call, one.reply)
    assert made.media == [("image", told[-1].data)]
    picture = store.put_now(bytes(told[-1].data or b""), name="a.png")
    assert isinstance(made.result([picture]), Picture)
    assert made.usage is not None
    assert (made.usage.images, made.usage.pixels) == (1, 1024 * 1024)
    assert made.usage.image_tokens_out in (1120, 1290)
    assert made.usage.tokens_out >= made.usage.image_tokens_out


def test_speech(store: FolderStore) -> None:
    (one,) = exchanges("speech", "google", path=":generateContent")
    made = read_speech(a_call(Speak(text="Ruby"), store, voice="Puck"), one.reply)
    ((family, data),) = made.media
    assert family == "audio"
    assert isinstance(data, bytes)
    told = one.json["candidates"][0]["content"]["parts"][0]["inlineData"]["data"]
    with wave.open(BytesIO(data)) as file:
        assert file.getparams()[:3] == (1, 2, 24_000)
        assert file.readframes(10**6) == base64.b64decode(told)
        seconds = file.getnframes() / 24_000
    asset = store.put_now(data, name="a.wav")
    assert (asset.media_type, asset.duration_s) == ("audio/wav", pytest.approx(seconds))
    assert made.result([asset]) == Speech(audio=asset, voice="Puck")
    assert made.usage is not None
    assert made.usage.seconds == pytest.approx(seconds)
    assert (made.usage.tokens_in, made.usage.audio_tokens_out) == (11, 111)


def test_embeddings(store: FolderStore) -> None:
    batches = exchanges("embeddings", "google", path=":batchEmbedContents")
    predicted = exchanges("embeddings", "vertex", path=":predict")
    assert (len(batches), len(predicted)) == (4, 2)
    for one in batches + predicted:
        call = a_call(Embed(texts=("?",)), store)
        if one.status != 200:
            assert isinstance(failure(one.reply), UnknownTargetError)
            continue
        made = read_embed(call, one.reply)
        result = made.result([])
        assert isinstance(result, Embeddings)
        told = one.json
        if "embeddings" in told:
            wanted = told["embeddings"][0]["values"]
            tokens = told.get("usageMetadata", {}).get("promptTokenCount")
        else:
            wanted = told["predictions"][0]["embeddings"]["values"]
            tokens = 10
        assert list(result.vectors[0]) == wanted
        assert made.usage == (Usage(tokens_in=tokens) if tokens else None)
        with pytest.raises(BadResponseError):
            read_embed(a_call(Embed(texts=("?", "!")), store), one.reply)


def test_video_of_an_older_model(shared: Path, store: FolderStore) -> None:
    (file,) = (shared / "recorded/google/video").glob("*.json")
    told = json.loads(file.read_text())["exchanges"]
    call = a_call(GenerateVideo(prompt="a calm ocean wave at sunset", duration_s=4), store)
    replies = [_reply(one) for one in told]
    job: Any = predictions.read_prediction(call, replies[0])
    for recorded, reply in zip(told[1:6], replies[1:6], strict=True):
        ask = predictions.poll_gemini(job.handle)
        assert recorded["request"]["url"].endswith(f"/v1beta/{ask.path}")
        job = predictions.polled_prediction(call, job.handle, reply)
    # Where it lies, with its bytes cut off, is not among the exchanges.
    address = (
        "https://generativelanguage.googleapis.com/v1beta/files/zqw12cp8qc38:download?alt=media"
    )
    assert job.media == [("video", Remote(address, own=True))]
    clip = Asset(sha256="1" * 64, media_type="video/mp4", size=1, duration_s=4.0)
    assert job.result([clip]) == Clip(video=clip)


def test_interactions_tell_where_a_job_stands(store: FolderStore) -> None:
    call = a_call(GenerateVideo(prompt="?"), store)
    told = exchanges("interactions", "google", path="/interactions")
    whole = [one for one in told if not one.streamed]
    going, over = _parted(whole, lambda one: one.json["status"] == "in_progress")
    assert (len(going), len(over)) == (1, 4)
    for one in going:
        handle = {"interaction": one.json["id"]}
        assert read_interaction(call, one.reply) == Pending(handle)
        assert polled_interaction(call, handle, one.reply) == Pending(handle)
    for one in over:
        # These answered with words: what ends without a clip is a failed job.
        with pytest.raises(JobFailedError) as caught:
            polled_interaction(call, {"interaction": "x"}, one.reply)
        assert caught.value.started is True


def _parted(
    found: list[Exchange], which: Callable[[Exchange], bool]
) -> tuple[list[Exchange], list[Exchange]]:
    return [one for one in found if which(one)], [one for one in found if not which(one)]


def _reply(one: dict[str, Any]) -> Any:
    response = one["response"]
    return Reply(response["status"], response["headers"], response.get("body", "").encode())


def _parts(chunks: list[types.GenerateContentResponse]) -> list[types.Part]:
    contents = [chunk.candidates[0].content for chunk in chunks if chunk.candidates]
    return [part for content in contents if content for part in content.parts or ()]


def _equal(made: Made, chunks: list[types.GenerateContentResponse], one: Exchange) -> None:
    """The official types have read the same answer; a stream's are put together here."""
    result = made.result([])
    assert isinstance(result, ChatReply)
    parts = _parts(chunks)
    assert result.text == "".join(p.text or "" for p in parts if not p.thought), one.name
    assert result.reasoning == "".join(p.text or "" for p in parts if p.thought), one.name
    called = [p.function_call for p in parts if p.function_call]
    assert [(c.name, json.loads(c.arguments)) for c in result.tool_calls] == [
        (c.name, c.args or {}) for c in called
    ], one.name
    assert all(
        ours.id == theirs.id or not theirs.id
        for ours, theirs in zip(result.tool_calls, called, strict=True)
    ), one.name
    assert len({c.id for c in result.tool_calls} - {""}) == len(called), one.name
    why = next(c.candidates[0].finish_reason for c in reversed(chunks) if c.candidates)
    wanted = "tools" if called else FINISH.get(why.value if why else "", "stop")
    assert result.finish == wanted, one.name
    usage = [chunk.usage_metadata for chunk in chunks if chunk.usage_metadata][-1]
    assert made.usage is not None, one.name
    assert made.usage.tokens_cached == (usage.cached_content_token_count or 0), one.name
    assert made.usage.tokens_out == (usage.candidates_token_count or 0) + (
        usage.thoughts_token_count or 0
    ), one.name
    assert made.usage.tokens_in == (usage.prompt_token_count or 0) + (
        usage.tool_use_prompt_token_count or 0
    ), one.name
    shown = [one for one in usage.prompt_tokens_details or () if one.modality == "IMAGE"]
    assert made.usage.image_tokens_in == sum(one.token_count or 0 for one in shown), one.name


@pytest.mark.parametrize(
    ("media_type", "task", "notes"),
    [
        ("image/png", "reference_to_video", ()),
        ("video/mp4", "text_to_video", ("reference could not be honoured",)),
    ],
)
def test_a_clip_to_keep_to_is_not_sent_as_a_picture(
    store: FolderStore, media_type: str, task: str, notes: tuple[str, ...]
) -> None:
    given = Asset(sha256="2" * 64, media_type=media_type, size=1)
    request = GenerateVideo(prompt="Waves.", reference=given)
    assert video.shown_in(request)[1] == task
    clip = Asset(sha256="1" * 64, media_type="video/mp4", size=1, duration_s=5.0)
    made = video.clip_of(a_call(request, store), b"")
    assert made.result([clip]) == Clip(video=clip, notes=notes)
