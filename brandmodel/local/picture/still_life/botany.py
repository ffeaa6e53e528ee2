"""Fruit and leaves as flat drawings, to be laid on solids."""

from __future__ import annotations

import math

import skia

from brandmodel.local.picture.still_life.label import drawn, ink, line
from brandmodel.local.picture.still_life.solids import Array


def wheel(rind: Array, flesh: Array, pith: Array) -> Array:
    """The cut face of a citrus fruit on a square of two radii."""

    def paint(c: skia.Canvas, w: float, h: float) -> None:
        c.drawCircle(0.5, 0.5, 0.5, ink(rind))
        c.drawCircle(0.5, 0.5, 0.465, ink(pith))
        for number in range(10):
            c.save()
            c.translate(0.5, 0.5)
            c.rotate(number * 36 + 7)
            half = math.radians(18)
            path = skia.Path()
            path.moveTo(0, -0.045)
            edge = 0.425
            path.quadTo(-0.04, -0.1, -math.sin(half) * edge * 0.9, -math.cos(half) * edge)
            path.quadTo(0, -0.475, math.sin(half) * edge * 0.9, -math.cos(half) * edge)
            path.quadTo(0.04, -0.1, 0, -0.045)
            c.drawPath(path, ink(flesh))
            c.clipPath(path, True)
            for ray in range(7):
                x = (ray - 3) * 0.036
                c.drawLine(x * 0.3, -0.14, x, -0.41, line(pith, 0.008, 0.22))
            c.restore()

    return drawn(1, 1, paint, texels=720)


def leaf(shape: int, colour: Array, vein: Array, edge: Array) -> Array:
    """One leaf on a square: beech, ginkgo, or a long willow leaf; its stalk points down."""

    def paint(c: skia.Canvas, w: float, h: float) -> None:
        path = (_beech, _ginkgo, _willow)[shape % 3]()
        stalk = line(vein, 0.018)
        c.drawLine(0.5, 0.78, 0.515, 0.985, stalk)
        c.drawPath(path, ink(colour))
        c.clipPath(path, True)
        wash = skia.Paint(AntiAlias=True)
        ends = [ink(edge, a).getColor4f().toColor() for a in (0.0, 0.0, 0.75)]
        wash.setShader(skia.GradientShader.MakeRadial((0.5, 0.55), 0.55, ends, [0, 0.45, 1]))
        c.drawPath(path, wash)
        _veins(c, shape % 3, vein)

    return drawn(1, 1, paint, texels=448)


def _veins(c: skia.Canvas, shape: int, vein: Array) -> None:
    fine = line(vein, 0.007, 0.55)
    if shape == 1:
        for number in range(-10, 11):
            angle = math.radians(number * 7.4)
            c.drawLine(0.5, 0.8, 0.5 + math.sin(angle) * 0.7, 0.8 - math.cos(angle) * 0.7, fine)
        return
    c.drawLine(0.5, 0.8, 0.5, 0.06, line(vein, 0.014, 0.8))
    for number in range(7):
        y = 0.72 - number * 0.085
        for side in (-1, 1):
            c.drawLine(0.5, y, 0.5 + side * 0.34, y - 0.2, fine)


def _beech() -> skia.Path:
    path = skia.Path()
    path.moveTo(0.5, 0.8)
    path.cubicTo(0.2, 0.74, 0.12, 0.36, 0.5, 0.04)
    path.cubicTo(0.88, 0.36, 0.8, 0.74, 0.5, 0.8)
    return path


def _ginkgo() -> skia.Path:
    path = skia.Path()
    path.moveTo(0.5, 0.82)
    path.cubicTo(0.42, 0.66, 0.22, 0.6, 0.05, 0.5)
    path.cubicTo(0.08, 0.24, 0.3, 0.1, 0.47, 0.12)
    path.cubicTo(0.49, 0.2, 0.49, 0.28, 0.5, 0.36)
    path.cubicTo(0.51, 0.28, 0.51, 0.2, 0.53, 0.12)
    path.cubicTo(0.7, 0.1, 0.92, 0.24, 0.95, 0.5)
    path.cubicTo(0.78, 0.6, 0.58, 0.66, 0.5, 0.82)
    return path


def _willow() -> skia.Path:
    path = skia.Path()
    path.moveTo(0.5, 0.8)
    path.cubicTo(0.36, 0.7, 0.32, 0.36, 0.5, 0.03)
    path.cubicTo(0.68, 0.36, 0.64, 0.7, 0.5, 0.8)
    return path
