"""From a rough mask to an alpha channel: soft true edges, and no rim of the old background."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from brandmodel.local.picture.colour import Array
from brandmodel.local.retouch.pixels import Pixels, size

Mask = NDArray[np.bool_]


def soft_alpha(colour: Pixels, small: Pixels, mask: Mask) -> Array:
    """(H, W) alpha 0..1 of the whole picture from a mask of its small copy.

    A guided filter lays the mask's edge where the picture's own edge is. Kaiming He and Jian Sun,
    "Fast Guided Filter", 2015: worked out on the small copy, applied to the large picture.
    """
    reach = max(2, round(max(mask.shape) / 120))
    slope, offset = _guided(
        (small / np.float32(255)).astype(np.float32), mask.astype(np.float32), reach
    )
    inner, outer = _bounds(mask, reach)
    alpha = np.empty(colour.shape[:2], np.float32)
    width, height = size(colour)
    fitted = _grown(offset, width, height)
    for i in range(3):
        fitted += _grown(slope[..., i], width, height) * (colour[..., i] / np.float32(255))
    np.clip((fitted - 0.15) / 0.7, 0, 1, out=alpha)
    alpha = np.maximum(alpha, _grown(inner, width, height))
    return np.asarray(np.minimum(alpha, _grown(outer, width, height)), np.float32)


def _bounds(mask: Mask, reach: int) -> tuple[Array, Array]:
    """The surely solid and the possibly solid part, with soft rims."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    solid = mask.astype(np.float32)
    inner = cv2.blur(cv2.erode(solid, disc, borderValue=0), (3, 3))
    outer = cv2.blur(cv2.dilate(solid, disc), (3, 3))
    return np.asarray(inner, np.float32), np.asarray(outer, np.float32)


def _grown(plane: Array, width: int, height: int) -> Array:
    return np.asarray(
        cv2.resize(plane, (width, height), interpolation=cv2.INTER_LINEAR), np.float32
    )


def _guided(guide: Array, mask: Array, reach: int) -> tuple[Array, Array]:
    """(H, W, 3) slope and (H, W) offset of the local model: mask = slope . colour + offset."""
    window = (2 * reach + 1, 2 * reach + 1)

    def mean(plane: Array) -> Array:
        return np.asarray(cv2.blur(plane, window), np.float32)

    middle, share = mean(guide), mean(mask)
    joint = mean(guide * mask[..., None]) - middle * share[..., None]
    spread = np.empty((*mask.shape, 3, 3), np.float32)
    for i in range(3):
        for j in range(i, 3):
            covariance = mean(guide[..., i] * guide[..., j]) - middle[..., i] * middle[..., j]
            spread[..., i, j] = spread[..., j, i] = covariance
    spread += np.eye(3, dtype=np.float32) * np.float32(2e-4)
    slope = np.linalg.solve(spread, joint[..., None])[..., 0].astype(np.float32)
    offset = (share - np.einsum("ijk,ijk->ij", slope, middle)).astype(np.float32)
    return mean(slope), mean(offset)


def own_colours(colour: Pixels, alpha: Array) -> Pixels:
    """The colours with the old background taken out of half-covered pixels.

    There the colour of the nearest solid pixels is spread outwards; solid pixels stay as they are.
    """
    reach = max(3, round(max(alpha.shape) / 100)) | 1
    rows, columns = (np.flatnonzero((alpha > 0).any(axis)) for axis in (1, 0))
    if not len(rows):
        return colour
    # Only the object and a margin: it is often a small part of a large photograph.
    part = np.s_[
        max(0, rows[0] - 2 * reach) : rows[-1] + 2 * reach,
        max(0, columns[0] - 2 * reach) : columns[-1] + 2 * reach,
    ]
    seen, cover = colour[part], alpha[part]
    solid = (cover > 0.97).astype(np.float32)
    total, weight = seen * solid[..., None], solid
    for _ in range(2):
        total = np.asarray(cv2.blur(total, (reach, reach)), np.float32)
        weight = np.asarray(cv2.blur(weight, (reach, reach)), np.float32)
    spread = total / np.maximum(weight, 1e-6)[..., None]
    # Just inside the edge the original is better; outside it has nothing of the object.
    trust = np.where(weight > 1e-4, np.clip((1 - cover) * 1.6, 0, 1), 0)[..., None]
    out = colour.copy()
    out[part] = np.clip(seen + (spread - seen) * trust + 0.5, 0, 255).astype(np.uint8)
    return out
