"""Odd prompts work; files that are not what they should be are refused with their place."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cli.program import SMALL, Cli

PROMPTS = [
    "مقهى على الشاطئ عند الغروب",
    "海边的瓶子",
    "🌊🏝️🌞",
    'A poster titled "أهلا بكم في القهوة"',
    "A poster titled “שלום עולם”",
    "\u202e?hcaeb a",
    "a\x00beach \x1b[31m",
    "{0} %s $HOME \\n '; DROP TABLE runs;--",
    "a beach " * 12_500,
]


@pytest.mark.parametrize("prompt", PROMPTS, ids=range(len(PROMPTS)))
def test_an_odd_prompt_makes_a_picture(cli: Cli, prompt: str) -> None:
    ran = cli("run", prompt, *SMALL, "--recipe", "picture", "--json")
    assert ran.code == 0
    assert ran.json["outputs"][0]["media_type"] == "image/png"
    assert cli("runs", "--json").json[0]["prompt"] == prompt


def test_a_prompt_has_its_most(cli: Cli) -> None:
    ran = cli("run", "a beach " * 30_000)
    assert ran.code == 2
    assert "240,000 characters" in ran.err


def _noise(width: int = 90, height: int = 60) -> Image.Image:
    pixels = np.random.default_rng(7).integers(0, 256, (height, width, 3), np.uint8)
    return Image.fromarray(pixels)


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def _bomb(side: int = 20_000) -> bytes:
    """A PNG of a few kilobytes that unpacks to ``side`` squared pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    packer = zlib.compressobj(9)
    row = bytes(1 + side // 8)
    packed = b"".join(packer.compress(row * 100) for _ in range(side // 100)) + packer.flush()
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    parts = (chunk(b"IHDR", head), chunk(b"IDAT", packed), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _turned() -> bytes:
    turned = Image.Exif()
    turned[0x0112] = 6
    return _saved(_noise(), "JPEG", exif=turned)


UNUSABLE: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty.png": (lambda: b"", "is empty"),
    "text.png": (lambda: b"hello, I am a picture", "is not a picture that can be read"),
    "cut.png": (lambda: _saved(_noise(), "PNG")[:3000], "is damaged or cut off"),
    "cut.jpg": (lambda: _saved(_noise(), "JPEG")[:900], "is damaged or cut off"),
    "bomb.png": (_bomb, "is too large: 20000 x 20000"),
}
USABLE: dict[str, Callable[[], bytes]] = {
    "cmyk.jpg": lambda: _saved(_noise().convert("CMYK"), "JPEG"),
    "turned.jpg": _turned,
    "grey.png": lambda: _saved(_noise().convert("L"), "PNG"),
    "palette.gif": lambda: _saved(_noise(), "GIF"),
    "deep.png": lambda: _saved(Image.new("I;16", (50, 50), 40_000), "PNG"),
    "one.png": lambda: _saved(_noise(1, 1), "PNG"),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_a_product_that_is_no_picture_is_refused(cli: Cli, tmp_path: Path, name: str) -> None:
    data, message = UNUSABLE[name]
    (tmp_path / name).write_bytes(data())
    ran = cli("run", "our product on a table", *SMALL, "--product", name)
    assert ran.code == 2
    assert f"{name} {message}" in ran.err
    assert "→" in ran.err
    assert cli("runs", "--json").json == []


@pytest.mark.parametrize("name", USABLE)
def test_a_product_in_any_kind_of_picture_is_used(cli: Cli, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(USABLE[name]())
    ran = cli("run", "our product on a table", *SMALL, "--product", name, "--json")
    assert ran.code == 0
    tasks = {step["task"]: step for step in ran.json["receipt"]["steps"]}
    assert {"CutOut", "PlaceProduct"} <= set(tasks)


BRANDS = {
    "a broken colour": ('[palette]\nink = "#12"', "palette.ink: '#12' is not a colour"),
    "a missing font": ('[type]\ndisplay = "fonts/x.ttf"', "type.display: there is no file"),
    "no font": ('[type]\ndisplay = "text.ttf"', "type.display: text.ttf is not a font"),
    "a missing logo": ('logo = "nowhere.png"', "logo: there is no file 'nowhere.png'"),
    "text as logo": ('logo = "text.png"', "logo: text.png is not a picture"),
    "half a logo": ('logo = "cut.png"', "logo: cut.png is damaged or cut off"),
    "a bomb as logo": ('logo = "bomb.png"', "logo: bomb.png is too large"),
    "an unknown key": ('nmae = "Aurelia"', "nmae: is no key of a brand; did you mean 'name'?"),
    "broken TOML": ("name = ", "is not valid TOML"),
    "a number as name": ("name = 5", "name: 5 is not right here"),
    "a missing document": ('documents = ["x.md"]', "documents: there is no file"),
}


@pytest.mark.parametrize("what", BRANDS)
def test_a_wrong_brand_is_refused_with_file_and_key(cli: Cli, tmp_path: Path, what: str) -> None:
    written, message = BRANDS[what]
    brand = tmp_path / "kit"
    brand.mkdir()
    (brand / "brand.toml").write_text(written)
    (brand / "text.ttf").write_text("hello")
    for name in ("text.png", "cut.png", "bomb.png"):
        if name in written:
            (brand / name).write_bytes(UNUSABLE[name][0]())
    ran = cli("run", "a beach", *SMALL, "--brand", "kit", "--json")
    assert ran.code == 2
    error = ran.json["error"]
    assert error["type"] == "BrandError"
    assert f"kit/brand.toml: {message}" in error["message"]
    assert not (brand / ".brandmodel" / "journal.sqlite").exists()


def test_a_font_with_nothing_in_it_is_told_as_such(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "brand.toml").write_text('name = "A"\n[type]\ndisplay = "hollow.ttf"')
    (tmp_path / "hollow.ttf").write_bytes(b"\x00\x01\x00\x00" + b"garbage" * 40)
    ran = cli("run", 'a poster titled "Hello"', *SMALL)
    assert ran.code == 2
    assert "type.display: hollow.ttf is a damaged font" in ran.err
