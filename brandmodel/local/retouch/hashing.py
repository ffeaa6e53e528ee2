"""Figures that say how alike two pictures are, and how close one is to a palette."""

from __future__ import annotations

import cv2
import numpy as np

from brandmodel.brand import Palette
from brandmodel.local.picture.colour import Array, lab, linear, oklab
from brandmodel.local.retouch.pixels import Pixels, colours, reduced, split_alpha

_SIDE = 32
_KEPT = 8


def phash(pixels: Pixels) -> int:
    """63-bit perceptual hash: signs of the lowest DCT terms about their median, without the mean.

    Compression and scaling change 0 to 2 bits, a crop of 5 % about 8, another picture about 32.
    Christoph Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions", 2010.
    """
    grey = cv2.cvtColor(split_alpha(pixels)[0], cv2.COLOR_RGB2GRAY).astype(np.float32)
    # Area averaging first: a plain resize of a large picture would hash its grain.
    small = cv2.resize(grey, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    terms = cv2.dct(np.asarray(small, np.float32))[:_KEPT, :_KEPT].ravel()[1:]
    bits = terms > np.median(terms)
    return int("".join("1" if bit else "0" for bit in bits), 2)


def hamming(a: int, b: int) -> int:
    """In how many bits two hashes differ, 0..63."""
    return (a ^ b).bit_count()


def palette_distances(light_lab: Array, palette: Palette) -> Array:
    """(N,) OKLab distance of (N, 3) colours to the palette.

    A palette is not only its colours but also their tints and shades: the distance is to the
    nearest of the lines from each colour to the palette's ink and paper.
    """
    points = np.stack([lab(colour) for colour in colours(palette)])
    ink, paper = lab(palette.ink), lab(palette.paper)
    nearest = np.full(len(light_lab), np.inf, np.float32)
    for point in points:
        for end in (ink, paper):
            line = end - point
            length = max(float(line @ line), 1e-9)
            along = np.clip((light_lab - point) @ line / length, 0, 1)
            gap = light_lab - (point + along[:, None] * line)
            nearest = np.minimum(nearest, np.einsum("ij,ij->i", gap, gap))
    return np.sqrt(nearest).astype(np.float32)


def palette_distance(pixels: Pixels, palette: Palette) -> float:
    """Mean OKLab distance of a picture's colours to the palette; 0.02 is just visible."""
    colour, _ = split_alpha(reduced(pixels, 160))
    return float(palette_distances(oklab(linear(colour)).reshape(-1, 3), palette).mean())
