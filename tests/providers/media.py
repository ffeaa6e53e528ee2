"""Small real files."""

from __future__ import annotations

import base64
import io
import wave

from PIL import Image


def png(width: int, height: int, colour: str = "teal") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(out, "PNG")
    return out.getvalue()


def png64(width: int, height: int) -> str:
    return base64.b64encode(png(width, height)).decode()


def wav(seconds: float = 0.5) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(24_000)
        sound.writeframes(b"\x01\x00" * int(24_000 * seconds))
    return out.getvalue()
