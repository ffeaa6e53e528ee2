"""Clips, shots and frames for tests of the cutting room."""

from __future__ import annotations

import hashlib
import io
import wave
from typing import Any

import av
import cv2
import numpy as np

from brandmodel.local.cut.assemble import assemble
from brandmodel.local.desk import Desk
from brandmodel.local.motion.pipe import encode
from brandmodel.tasks import Assemble, Asset, Box, Caption, ShotOnFilm, TypeLine, WordTime

WIDTH, HEIGHT, FPS = 640, 360, 24
SUBJECT = Box(x=0.62, y=0.12, width=0.3, height=0.7)


class Studio:
    """A desk that knows the files of a test."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.desk = Desk(lambda asset: self.files[asset.sha256])

    def file(self, data: bytes, media_type: str, duration_s: float | None = None) -> Asset:
        digest = hashlib.sha256(data).hexdigest()
        self.files[digest] = data
        return Asset(sha256=digest, media_type=media_type, size=len(data), duration_s=duration_s)

    def clip(self, ground: np.ndarray, frames: int, fps: int = FPS) -> Asset:
        height, width = ground.shape[:2]

        def moved():
            for i in range(frames):
                shift = np.array([[1, 0, 6 * i / frames], [0, 1, 0]], np.float32)
                yield cv2.warpAffine(ground, shift, (width, height), borderMode=cv2.BORDER_REFLECT)

        data = encode(moved(), width=width, height=height, fps=fps)
        return self.file(data, "video/mp4", frames / fps)

    def tone(self, length_s: float, begins_s: float = 0.0) -> Asset:
        t = np.arange(round(length_s * 48_000)) / 48_000
        heard = np.sin(2 * np.pi * 440 * t) * 0.4 * (t >= begins_s)
        stereo = (np.stack([heard, heard], 1) * 32_767).astype("<i2")
        out = io.BytesIO()
        with wave.open(out, "wb") as file:
            file.setnchannels(2)
            file.setsampwidth(2)
            file.setframerate(48_000)
            file.writeframes(stereo.tobytes())
        return self.file(out.getvalue(), "audio/wav", length_s)

    def film(self, **fields: Any) -> bytes:
        return self.desk.made[self.assembled(**fields).video.sha256]

    def assembled(self, **fields: Any):
        usual = {"width": WIDTH, "height": HEIGHT, "fps": FPS}
        return assemble(Assemble.model_validate(usual | fields), self.desk)


def flat(fill: tuple[int, int, int]) -> np.ndarray:
    return np.full((HEIGHT, WIDTH, 3), fill, np.uint8)


def scene() -> np.ndarray:
    """A light ground with soft hills, and a dark subject at the right."""
    x = np.linspace(0, 7, WIDTH)[None]
    y = np.linspace(0, 4, HEIGHT)[:, None]
    grey = 205 + 18 * np.sin(x) * np.cos(y)
    picture = np.repeat(grey[..., None], 3, 2).astype(np.uint8)
    x0, y0, x1, y1 = box_pixels(SUBJECT)
    picture[y0:y1, x0:x1] = (30, 60, 110)
    return picture


def hard() -> np.ndarray:
    """Tiles in black and white: no ink is readable on it."""
    y, x = np.indices((HEIGHT, WIDTH)) // 24
    return np.repeat((((x + y) % 2) * 255).astype(np.uint8)[..., None], 3, 2)


def box_pixels(box: Box) -> tuple[int, int, int, int]:
    return (
        round(box.x * WIDTH),
        round(box.y * HEIGHT),
        round((box.x + box.width) * WIDTH),
        round((box.y + box.height) * HEIGHT),
    )


def shot(id: str, clip: Asset, start_s: float, duration_s: float, **more: Any) -> ShotOnFilm:
    lines = tuple(TypeLine(role=role, text=text) for role, text in more.pop("lines", {}).items())
    return ShotOnFilm(id=id, clip=clip, start_s=start_s, duration_s=duration_s, lines=lines, **more)


def spoken(text: str, start_s: float, end_s: float) -> Caption:
    words = text.split()
    each = (end_s - start_s) / len(words)
    times = tuple(
        WordTime(text=w, start_s=start_s + i * each, end_s=start_s + (i + 1) * each)
        for i, w in enumerate(words)
    )
    return Caption(text=text, start_s=start_s, end_s=end_s, words=times)


def frames_of(film: bytes) -> list[np.ndarray]:
    with av.open(io.BytesIO(film)) as opened:
        return [frame.to_ndarray(format="rgb24") for frame in opened.decode(video=0)]


def changed(one: np.ndarray, other: np.ndarray, least: int = 40) -> np.ndarray:
    """(H, W) where two pictures differ clearly; single odd pixels are left out."""
    apart = np.abs(one.astype(int) - other).max(-1) > least
    return cv2.erode(apart.astype(np.uint8), np.ones((2, 2), np.uint8)) > 0


def luminance(srgb: np.ndarray) -> np.ndarray:
    s = np.asarray(srgb, float) / 255
    light = np.where(s <= 0.04045, s / 12.92, ((s + 0.055) / 1.055) ** 2.4)
    return light @ np.array([0.2126, 0.7152, 0.0722])
