"""Frames as the encoder takes them: 4:2:0 planes, BT.709, 16..235; and laying pictures over them.

A clip is decoded to planes and the film encoded from planes, so that a frame without type passes
through untouched: no colour conversion, no second loss of chroma.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.uint8]

_KR, _KB = 0.2126, 0.0722
_KG = 1 - _KR - _KB
# Rows give Y, Cb, Cr in codes from sRGB bytes (Recommendation ITU-R BT.709, 8 bit).
_TO_CODES = np.array(
    [
        [219 / 255 * _KR, 219 / 255 * _KG, 219 / 255 * _KB, 16],
        [
            -224 / 255 * _KR / (2 - 2 * _KB),
            -224 / 255 * _KG / (2 - 2 * _KB),
            224 / 255 * 0.5,
            128,
        ],
        [
            224 / 255 * 0.5,
            -224 / 255 * _KG / (2 - 2 * _KR),
            -224 / 255 * _KB / (2 - 2 * _KR),
            128,
        ],
    ],
    np.float32,
)
_FROM_CODES = np.linalg.inv(_TO_CODES[:, :3]).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame of even sides.

    Attributes:
        data: (1.5 H * W,) uint8, as it goes through a pipe; the planes are views of it.
        y: (H, W).
        u: (H / 2, W / 2) blue difference.
        v: (H / 2, W / 2) red difference.
    """

    data: Plane
    y: Plane
    u: Plane
    v: Plane

    @classmethod
    def over(cls, data: Plane, width: int, height: int) -> Frame:
        """The planes in a buffer of ``frame_bytes`` bytes."""
        luma, chroma = width * height, width * height // 4
        half = (height // 2, width // 2)
        return cls(
            data,
            data[:luma].reshape(height, width),
            data[luma : luma + chroma].reshape(half),
            data[luma + chroma :].reshape(half),
        )

    @classmethod
    def empty(cls, width: int, height: int) -> Frame:
        """A frame to be written into."""
        return cls.over(np.zeros(frame_bytes(width, height), np.uint8), width, height)


def frame_bytes(width: int, height: int) -> int:
    """Bytes of a frame."""
    return width * height * 3 // 2


def codes(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(H, W, 3) float32 Y, Cb, Cr codes of (H, W, 3) uint8 sRGB, all at full resolution."""
    return np.asarray(cv2.transform(rgb.astype(np.float32), _TO_CODES), np.float32)


def frame_of(rgb: NDArray[np.uint8]) -> Frame:
    """A frame from (H, W, 3) uint8 sRGB of even sides."""
    height, width = rgb.shape[:2]
    frame = Frame.empty(width, height)
    y, u, v = cv2.split(codes(rgb))
    frame.y[:] = np.rint(y)
    for plane, full in ((frame.u, u), (frame.v, v)):
        plane[:] = np.rint(cv2.resize(full, plane.shape[::-1], interpolation=cv2.INTER_AREA))
    return frame


def rgb_of(frame: Frame) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 sRGB of a frame."""
    height, width = frame.y.shape
    full = [
        cv2.resize(plane, (width, height), interpolation=cv2.INTER_LINEAR)
        for plane in (frame.u, frame.v)
    ]
    seen = cv2.merge([frame.y, *full]).astype(np.float32) - _TO_CODES[:, 3]
    return np.clip(np.rint(cv2.transform(seen, _FROM_CODES)), 0, 255).astype(np.uint8)


@dataclass(frozen=True, slots=True)
class Patch:
    """A picture with alpha, ready to be laid over frames.

    Attributes:
        x: left edge in the frame; even.
        y: top edge in the frame; even.
        codes: (h, w, 4) float32: alpha times Y, Cb, Cr codes, and alpha 0..1. Sides are even.
    """

    x: int
    y: int
    codes: NDArray[np.float32]

    @classmethod
    def of(cls, rgba: NDArray[np.uint8], x: int, y: int, *, premultiplied: bool = True) -> Patch:
        """From (h, w, 4) uint8 sRGB with alpha; all four numbers are even."""
        alpha = rgba[..., 3:].astype(np.float32) / np.float32(255)
        colours = rgba[..., :3].astype(np.float32)
        weighted = colours if premultiplied else colours * alpha
        matrix = np.zeros((4, 4), np.float32)
        matrix[:3, :3], matrix[:3, 3], matrix[3, 3] = _TO_CODES[:, :3], _TO_CODES[:, 3], 1
        made = cv2.transform(np.concatenate([weighted, alpha], -1), matrix)
        return cls(x, y, np.asarray(made, np.float32))

    @classmethod
    def flat(cls, alpha: NDArray[np.float32], rgb: NDArray[np.float32], x: int, y: int) -> Patch:
        """One colour (3,) of sRGB bytes behind an alpha (h, w) of 0..1."""
        code = _TO_CODES[:, :3] @ rgb.astype(np.float32) + _TO_CODES[:, 3]
        made = alpha[..., None] * np.append(code, 1).astype(np.float32)
        return cls(x, y, np.asarray(made, np.float32))


class Stamp:
    """A patch at one strength and place, in bytes: what is laid over frame after frame."""

    __slots__ = ("_chroma", "_luma", "_under_chroma", "_under_luma", "x", "y")

    def __init__(self, patch: Patch, *, strength: float = 1.0, down: float = 0.0) -> None:
        """Takes the patch, how much of it is seen, and how many pixels lower it is laid.

        The patch needs room for the move inside its own edges.
        """
        self.x, self.y = patch.x, patch.y
        shown = patch.codes
        if down:
            shift = np.array([[1, 0, 0], [0, 1, down]], np.float32)
            shown = cv2.warpAffine(shown, shift, (shown.shape[1], shown.shape[0]))
        shown = np.asarray(shown, np.float32) * np.float32(strength)
        half = (shown.shape[1] // 2, shown.shape[0] // 2)
        small = np.asarray(cv2.resize(shown, half, interpolation=cv2.INTER_AREA), np.float32)
        self._luma = _bytes(shown[..., 0])
        self._under_luma = _bytes(255 * (1 - shown[..., 3]))
        self._chroma = (_bytes(small[..., 1]), _bytes(small[..., 2]))
        self._under_chroma = _bytes(255 * (1 - small[..., 3]))

    def faded(self, strength: float) -> Stamp:
        """The same, seen only so much; far cheaper than a new stamp."""
        made = Stamp.__new__(Stamp)
        made.x, made.y = self.x, self.y
        made._luma = _scaled(self._luma, strength, 0)
        made._under_luma = _scaled(self._under_luma, strength, 255 * (1 - strength))
        u, v = self._chroma
        made._chroma = (_scaled(u, strength, 0), _scaled(v, strength, 0))
        made._under_chroma = _scaled(self._under_chroma, strength, 255 * (1 - strength))
        return made

    def lay(self, frame: Frame) -> None:
        """Blend into the frame, in place, inside the patch's box only."""
        _blend(frame.y, self._luma, self._under_luma, self.x, self.y)
        for plane, own in zip((frame.u, frame.v), self._chroma, strict=True):
            _blend(plane, own, self._under_chroma, self.x // 2, self.y // 2)


def _bytes(values: NDArray[np.float32]) -> Plane:
    return np.asarray(cv2.convertScaleAbs(np.ascontiguousarray(values)), np.uint8)


def _scaled(values: Plane, by: float, plus: float) -> Plane:
    return np.asarray(cv2.convertScaleAbs(values, alpha=by, beta=plus), np.uint8)


def _blend(plane: Plane, own: Plane, under: Plane, x: int, y: int) -> None:
    height, width = own.shape
    part = plane[y : y + height, x : x + width]
    dimmed = cv2.multiply(part, under, scale=1 / 255)
    part[:] = cv2.add(dimmed, own)
