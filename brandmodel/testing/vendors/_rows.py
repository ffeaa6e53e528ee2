"""The routing tables of the fake vendors: one list of rows, written as TOML and charged from."""

from __future__ import annotations

import json
import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from brandmodel.routing.load import tables_root

MODEL = "fake-studio"
_WORDS = {"million_tokens_in": "0.5", "million_tokens_out": "2"}
_SIZE = {"prompt": "prompt", "size": "image_size{width,height}", "seed": "seed"}
_SHAPE = {
    "prompt": "prompt",
    "aspect": {"to": "aspect_ratio", "of": ["16:9", "3:2", "1:1", "4:5", "2:3", "9:16"]},
    "seed": "seed",
}
_LARGER = {"image": "image_url", "factor": "upscale_factor"}
_MOVED = {
    "prompt": "prompt",
    "image": "image_url",
    "duration_s": {"to": "duration", "as": "string"},
    "aspect": {"to": "aspect_ratio", "of": ["16:9", "1:1", "9:16"]},
    "lines": {"to": "resolution", "of": {"480p": 480, "720p": 720, "1080p": 1080}},
}
_TAUGHT = {"archive": "images_data_url", "trigger": "trigger_word", "steps": "steps"}
_LENGTHS = {"durations_s": [5, 8, 10]}
_WORKFLOW = {
    "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "fake.safetensors"}},
    "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 512, "height": 512}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "{{prompt}}", "clip": ["4", 1]}},
    "3": {"class_type": "KSampler", "inputs": {"seed": 0, "latent_image": ["5", 0]}},
    "9": {
        "class_type": "SaveImage",
        "inputs": {"filename_prefix": "brandmodel", "images": ["3", 0]},
    },
}


@dataclass(frozen=True, slots=True)
class Row:
    """A target of a fake vendor.

    Attributes:
        price: dollars by unit, as text, so that nothing is rounded.
    """

    vendor: str
    model: str
    tasks: tuple[str, ...]
    price: Mapping[str, str] = field(default_factory=dict[str, str])
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    limits: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def name(self) -> str:
        """Its name in the tables."""
        return self.model.rpartition("/")[2]

    @property
    def id(self) -> str:
        """``vendor/name``."""
        return f"{self.vendor}/{self.name}"


def _mapped(media: str, fields: Mapping[str, Any], family: str = "") -> dict[str, Any]:
    result = {"media": media, **({"family": family} if family else {})}
    return {"result": result, "map": dict(fields)}


ROWS = (
    Row("openai", "fake-chat", ("writing", "looking"), _WORDS),
    Row(
        "openai",
        "fake-image",
        ("GenerateImage", "EditImage"),
        {"image": "0.02", "sketch": "0.001"},
        {"sizes": ["1024x1024", "1536x1024", "1024x1536"]},
    ),
    Row("openai", "fake-speech", ("Speak",), {"thousand_characters": "0.015"}),
    Row("openai", "fake-transcript", ("Transcribe",), {"second": "0.0001"}, {"words": True}),
    Row("openai", "fake-vectors", ("Embed",), {"million_tokens_in": "0.02"}),
    Row("openai", "fake-moderation", ("Moderate",), {"request": "0"}, {"api": "moderations"}),
    Row("openrouter", "fake-router", ("writing", "looking"), _WORDS),
    Row("anthropic", "fake-claude", ("writing", "looking"), _WORDS),
    Row("google", "fake-gemini", ("writing", "looking"), _WORDS),
    Row("google", "fake-picture", ("GenerateImage", "EditImage"), {"image": "0.03"}),
    Row("google", "fake-voice", ("Speak",), {"request": "0.004"}),
    Row("google", "fake-music", ("ComposeMusic",), {"request": "0.06"}),
    Row("google", "fake-vectors", ("Embed",), {"million_tokens_in": "0.02"}),
    Row(
        "google",
        "fake-video",
        ("GenerateVideo", "AnimateImage"),
        {"second": "0.1"},
        limits={"durations_s": list(range(3, 31))},
    ),
    Row(
        "fal",
        "fake/picture",
        ("GenerateImage",),
        {"image": "0.025"},
        _mapped("images[0].url", _SIZE, "image"),
    ),
    Row(
        "fal",
        "fake/upscale",
        ("UpscaleImage",),
        {"image": "0.01"},
        _mapped("image.url", _LARGER, "image"),
    ),
    Row(
        "fal",
        "fake/video",
        ("GenerateVideo", "AnimateImage"),
        {"second": "0.08"},
        _mapped("video.url", _MOVED, "video"),
        _LENGTHS,
    ),
    Row(
        "fal",
        "fake/training",
        ("TrainImageStyle",),
        {"image": "0.002", "request": "0.2"},
        _mapped("diffusers_lora_file.url", _TAUGHT),
    ),
    Row(
        "fal",
        "fake/lora",
        ("GenerateImage",),
        {"image": "0.035"},
        _mapped("images[0].url", {**_SIZE, "loras": "loras"}, "image"),
    ),
    Row(
        "replicate",
        "fake/picture",
        ("GenerateImage",),
        {"image": "0.03"},
        _mapped("output[0]", _SHAPE, "image"),
    ),
    Row(
        "replicate",
        "fake/upscale",
        ("UpscaleImage",),
        {"image": "0.012"},
        _mapped("output", _LARGER, "image"),
    ),
    Row(
        "replicate",
        "fake/video",
        ("GenerateVideo", "AnimateImage"),
        {"second": "0.09"},
        _mapped("output", _MOVED, "video"),
        _LENGTHS,
    ),
    Row("elevenlabs", "fake_speech", ("Speak",), {"thousand_characters": "0.1"}),
    Row("elevenlabs", "fake_music", ("ComposeMusic",), {"second": "0.005"}),
    Row("elevenlabs", "fake_sound", ("MakeSound",), {"second": "0.002"}),
    Row("elevenlabs", "fake_scribe", ("Transcribe",), {"second": "0.0001"}),
    Row("elevenlabs", "fake_align", ("AlignWords",), {"request": "0.001"}),
    Row(
        "comfyui",
        "fake-workflow",
        ("GenerateImage",),
        {"request": "0.015"},
        {
            "result": {"media": "9.images[0]", "family": "image"},
            "map": {
                "width": "5.inputs.width",
                "height": "5.inputs.height",
                "seed": "3.inputs.seed",
            },
            "workflow": _WORKFLOW,
        },
    ),
    Row("tavily", "fake-search", ("SearchWeb",), {"request": "0.008"}),
    Row("exa", "fake-search", ("SearchWeb",), {"request": "0.005"}),
    Row("brave", "fake-search", ("SearchWeb",), {"request": "0.003"}),
    Row("searxng", "fake-search", ("SearchWeb",)),
)
PREFIX = {
    "openai": "/openai/v1",
    "openrouter": "/openrouter/api/v1",
    "anthropic": "/anthropic",
    "google": "/google/v1",
    "fal": "/fal",
    "replicate": "/replicate/v1",
    "elevenlabs": "/elevenlabs",
    "comfyui": "/comfyui",
    "tavily": "/tavily",
    "exa": "/exa",
    "brave": "/brave/res/v1",
    "searxng": "/searxng",
}
"""Where each vendor is, below the server's address."""
KEYLESS = ("comfyui", "searxng")
_SPEAKS = {"openrouter": "openai"}
"""Wires that are not called like their vendor."""
_CHATS = (
    "openai/fake-chat",
    "anthropic/fake-claude",
    "google/fake-gemini",
    "openrouter/fake-router",
)
_WRITING = (
    "Chat ReadBrief OutlinePicture WriteImagePrompt PlanAnswer WriteAnswer ReadFilmBrief OutlineFilm "
    "WriteScript CritiqueScript Storyboard WriteVoiceover Rerank Judge"
).split()
_LISTED = {
    "GenerateImage": (
        "fal/picture",
        "replicate/picture",
        "openai/fake-image",
        "google/fake-picture",
        "comfyui/fake-workflow",
    ),
    "EditImage": ("openai/fake-image", "google/fake-picture"),
    "UpscaleImage": ("replicate/upscale", "fal/upscale"),
    "GenerateVideo": ("fal/video", "replicate/video", "google/fake-video"),
    "AnimateImage": ("replicate/video", "fal/video", "google/fake-video"),
    "TrainImageStyle": ("fal/training",),
    "Speak": ("elevenlabs/fake_speech", "openai/fake-speech", "google/fake-voice"),
    "ComposeMusic": ("elevenlabs/fake_music", "google/fake-music"),
    "MakeSound": ("elevenlabs/fake_sound", "local/music"),
    "Transcribe": ("openai/fake-transcript", "elevenlabs/fake_scribe"),
    "AlignWords": ("elevenlabs/fake_align", "local/voice"),
    "Moderate": ("openai/fake-moderation", *_CHATS[1:]),
    # Vectors of two models do not compare.
    "Embed": ("openai/fake-vectors",),
    "SearchWeb": tuple(f"{vendor}/fake-search" for vendor in ("tavily", "exa", "brave", "searxng")),
}


def row_of(vendor: str, model: str) -> Row | None:
    """A vendor's row, by its model."""
    return next((row for row in ROWS if (row.vendor, row.model) == (vendor, model)), None)


def new_keys() -> dict[str, str]:
    """A throw-away key for each vendor that wants one."""
    return {name: f"fake-{secrets.token_hex(16)}" for name in PREFIX if name not in KEYLESS}


def write_routers(folder: Path, places: Mapping[str, str], keys: Mapping[str, str]) -> None:
    """Write a complete folder of routing tables that point at a server.

    Args:
        folder: made where it does not exist.
        places: addresses by vendor, such as ``http://127.0.0.1:8800``.
        keys: by vendor; the file that holds them is for its owner alone.
    """
    (folder / "targets").mkdir(parents=True, exist_ok=True)
    vendors = {name: _vendor(name, places[name] + prefix) for name, prefix in PREFIX.items()}
    (folder / "vendors.toml").write_text(_toml(vendors))
    for vendor in PREFIX:
        rows = {row.name: _target(row) for row in ROWS if row.vendor == vendor}
        (folder / "targets" / f"{vendor}.toml").write_text(_toml(rows))
    credentials = folder / "credentials.toml"
    credentials.touch(mode=0o600)
    credentials.write_text(_pairs(keys))
    model = {"name": MODEL, "description": "The studio behind fake vendors", "default": True}
    recipes = {
        "recipes.picture": {
            "hero": {"takes": 2, "scale": 1.0},
            "workhorse": {"takes": 1, "scale": 0.5},
        },
        "recipes.film": {
            "hero": {"lines": 480, "takes": 1},
            "workhorse": {"lines": 240, "takes": 1, "drawn_fps": 12},
        },
    }
    tables: dict[str, Any] = {
        "model": model,
        "tasks": _tasks(),
        "caps": {"run_usd": 20, "confirm": False},
        **recipes,
    }
    (folder / f"{MODEL}.toml").write_text(_toml(tables))


def _vendor(name: str, base_url: str) -> dict[str, Any]:
    return {"provider": _SPEAKS.get(name, name), "base_url": base_url}


def _target(row: Row) -> dict[str, Any]:
    target: dict[str, Any] = {"tasks": list(row.tasks), "model": row.model}
    # Written as the number it is: 0.1 and not a float's nearest.
    target["price"] = {unit: _Number(dollars) for unit, dollars in row.price.items()}
    for name in ("limits", "settings"):
        if given := getattr(row, name):
            target[name] = dict(given)
    return target


def _tasks() -> dict[str, Any]:
    """Every task with its targets; who writes comes in turn, so that a run meets them all.

    A picture of any size and tier is read, outlined and prompted for by three of them, admitted by the
    fourth, and drawn by a fifth vendor.
    """
    many = len(_CHATS)
    turns = {task: [*_CHATS[n % many :], *_CHATS[: n % many]] for n, task in enumerate(_WRITING)}
    listed: dict[str, Any] = {task: list(ids) for task, ids in _LISTED.items()}
    # One vendor alone serves these: the studio on this machine stands in where that fails.
    listed |= {t: {"targets": listed[t], "stand_in": True} for t in ("MakeSound", "AlignWords")}
    return {**_of_the_studio(), **turns, **listed}


def _of_the_studio() -> dict[str, Any]:
    """The tasks of the model in the box: what no vendor serves stays on this machine."""
    return tomllib.loads((tables_root() / "studio.toml").read_text())["tasks"]


class _Number(str):
    """A number as it is written."""


def _toml(tables: Mapping[str, Mapping[str, Any]]) -> str:
    return "\n".join(f"[{_head(name)}]\n{_pairs(table)}" for name, table in tables.items())


def _head(name: str) -> str:
    return ".".join(map(_key, name.split(".")))


def _pairs(table: Mapping[str, Any]) -> str:
    return "".join(f"{_key(name)} = {_value(value)}\n" for name, value in table.items())


def _key(name: str) -> str:
    return name if name.replace("_", "").replace("-", "").isalnum() else json.dumps(name)


def _value(value: Any) -> str:
    if isinstance(value, _Number):
        return str(value)
    if isinstance(value, Mapping):
        fields = cast("Mapping[str, Any]", value)
        return (
            "{ " + ", ".join(f"{_key(name)} = {_value(one)}" for name, one in fields.items()) + " }"
        )
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, cast("list[Any]", value))) + "]"
    return json.dumps(value)
