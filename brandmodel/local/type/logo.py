"""Logos: loaded with suspicion, trimmed to their ink, kept readable on their ground.

An SVG is data from a stranger: nothing in it may reach the network or a file, run, or blow up.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from xml.etree import ElementTree

import cv2
import numpy as np
import skia
from numpy.typing import NDArray

from brandmodel.brand import Palette
from brandmodel.errors import InvalidRequestError
from brandmodel.local.picture import colour
from brandmodel.local.type.ground import Rect
from brandmodel.local.type.veil import inks

_MOST_BYTES = 4_000_000
_MOST_ELEMENTS = 20_000
_MOST_PIXELS = 64_000_000
_TRIAL = 512
_REFUSED = frozenset({"script", "foreignobject", "image", "feimage", "iframe", "audio", "video"})
_OUTSIDE = re.compile(r"url\(\s*['\"]?\s*(?!#)|@import|expression\(|javascript:", re.IGNORECASE)
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_HINT = "Export it as a plain SVG with outlined text, or as a PNG with a transparent background."
# Distance in OKLab from which a flat shape stands out, and how much of a logo has to.
_APART = 0.16
_MOST = 0.6
# A logo on a plate is drawn so much smaller that the plate takes the logo's own place.
_INSIDE = 0.68


@dataclass(frozen=True, slots=True)
class Logo:
    """A logo that was found harmless.

    Attributes:
        data: the SVG or bitmap bytes; SVG with its style rules written into the shapes.
        vector: whether it is an SVG.
        trim: the part of the sheet that has ink, in fractions: x0, y0, x1, y1.
        size: (width, height) of the whole sheet in its own units.
    """

    data: bytes
    vector: bool
    trim: tuple[float, float, float, float]
    size: tuple[float, float]

    @property
    def aspect(self) -> float:
        """Width over height of the ink."""
        x0, y0, x1, y1 = self.trim
        return (x1 - x0) * self.size[0] / ((y1 - y0) * self.size[1])

    def drawn(self, height: int) -> NDArray[np.uint8]:
        """(height, width, 4) uint8 straight-alpha sRGB of the ink at that height."""
        height = max(1, height)
        width = max(1, round(height * self.aspect))
        x0, y0, x1, y1 = self.trim
        if self.vector:
            whole = (width / (x1 - x0), height / (y1 - y0))
            return _svg_pixels(self.data, self.size, whole, (width, height), (x0, y0))
        sheet = _bitmap(self.data)
        rows, columns = sheet.shape[:2]
        part = sheet[round(y0 * rows) : round(y1 * rows), round(x0 * columns) : round(x1 * columns)]
        return _resized(part, width, height)


@lru_cache(maxsize=8)
def logo_of(data: bytes) -> Logo:
    """A logo from the bytes of an SVG, PNG, JPEG or WebP file.

    Raises:
        InvalidRequestError: it is broken, empty, too large, or an SVG that refers to something
            outside itself, runs scripts, or holds bitmaps or live text.
    """
    if not data or len(data) > _MOST_BYTES:
        raise _refused(f"it has {len(data):,} bytes; 1 to {_MOST_BYTES:,} are possible")
    vector = b"<svg" in data[:4096].lower() or data.lstrip()[:5].lower() == b"<?xml"
    if vector:
        data, size = _checked(data)
        scale = _TRIAL / max(size)
        shape = (max(1, round(size[0] * scale)), max(1, round(size[1] * scale)))
        sheet = _svg_pixels(data, size, shape, shape, (0.0, 0.0))
    else:
        sheet = _bitmap(data)
        size = (float(sheet.shape[1]), float(sheet.shape[0]))
    x, y, width, height = cv2.boundingRect((sheet[..., 3] > 12).astype(np.uint8))
    if not width or not height:
        raise _refused("nothing can be seen in it")
    rows, columns = sheet.shape[:2]
    trim = (x / columns, y / rows, (x + width) / columns, (y + height) / rows)
    return Logo(data, vector, trim, size)


def draw_logo(pixels: NDArray[np.uint8], logo: Logo, rect: Rect, palette: Palette) -> bool:
    """Lay a logo into (H, W, 3) pixels, in place, at ``rect``'s corner and height.

    A logo that would be lost on its ground is set in one colour if it is a plain shape, and gets a
    plate if it is not.

    Returns:
        Whether a plate was laid.
    """
    image = logo.drawn(round(rect.height))
    x, y = round(rect.x0), round(rect.y0)
    ground = _cut(pixels, x, y, image.shape[1], image.shape[0])
    plate = False
    if not _visible(image, ground):
        choice = inks(palette)
        light = colour.luminance(colour.linear(ground)).mean() < 0.2
        if _plain(image):
            image[..., :3] = _rgb(choice.light if light else choice.dark)
        else:
            _plate(pixels, rect, image.shape[1], _plate_fill(image, (choice.light, choice.dark)))
            x, y = (round(v + rect.height * (1 - _INSIDE) / 2) for v in (x, y))
            image = logo.drawn(round(rect.height * _INSIDE))
            plate = True
    _blend(pixels, image, x, y)
    return plate


def _refused(why: str) -> InvalidRequestError:
    return InvalidRequestError(f"the logo cannot be used: {why}", hint=_HINT)


def _checked(data: bytes) -> tuple[bytes, tuple[float, float]]:
    """A harmless SVG with its style rules resolved, and its size in its own units."""
    lowered = data.lower()
    if b"<!doctype" in lowered and b"[" in lowered.split(b"<!doctype", 1)[1].split(b">", 1)[0]:
        raise _refused("it declares entities")
    if b"<!entity" in lowered:
        raise _refused("it declares entities")
    try:
        root = ElementTree.fromstring(data)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise _refused(f"it is not well-formed SVG ({error})") from error
    elements = list(root.iter())
    if _name(root) != "svg" or len(elements) > _MOST_ELEMENTS:
        raise _refused("it is not an SVG drawing, or one of too many parts")
    for element in elements:
        _check_element(element)
    _inline_styles(root, elements)
    size = _svg_size(root)
    root.attrib.pop("width", None)
    root.attrib.pop("height", None)
    root.set("viewBox", root.get("viewBox") or f"0 0 {size[0]} {size[1]}")
    ElementTree.register_namespace("", "http://www.w3.org/2000/svg")
    return ElementTree.tostring(root), size


def _name(element: ElementTree.Element) -> str:
    return str(element.tag).rpartition("}")[2].lower()


def _check_element(element: ElementTree.Element) -> None:
    name = _name(element)
    if name in _REFUSED:
        raise _refused(f"it holds <{name}>")
    if name in ("text", "tspan") and "".join(element.itertext()).strip():
        raise _refused("it holds live text, whose typeface is not in the file")
    if name == "style" and _OUTSIDE.search(element.text or ""):
        raise _refused("it refers to something outside itself")
    for key, value in element.attrib.items():
        attribute = key.rpartition("}")[2].lower()
        if attribute.startswith("on"):
            raise _refused(f"it runs a script ({attribute})")
        if attribute in ("href", "src") and not value.strip().startswith("#"):
            if name != "a":
                raise _refused("it refers to something outside itself")
        elif _OUTSIDE.search(value):
            raise _refused("it refers to something outside itself")


def _inline_styles(root: ElementTree.Element, elements: list[ElementTree.Element]) -> None:
    """Write class rules of <style> into the shapes, since Skia's SVG knows no style sheets."""
    rules: list[tuple[str, dict[str, str]]] = []
    for element in elements:
        if _name(element) != "style":
            continue
        for selectors, body in _RULE.findall(
            re.sub(r"/\*.*?\*/", "", element.text or "", flags=re.S)
        ):
            found = _declarations(body)
            rules += [(selector.strip(), found) for selector in selectors.split(",")]
    for element in elements:
        own = _declarations(element.attrib.pop("style", ""))
        classes = element.get("class", "").split()
        for selector, found in rules:
            bare = selector.lstrip(".#")
            hit = {".": bare in classes, "#": bare == element.get("id")}
            if hit.get(selector[:1], bare.lower() == _name(element)):
                element.attrib.update(found)
        element.attrib.update(own)


def _declarations(body: str) -> dict[str, str]:
    pairs = (part.split(":", 1) for part in body.split(";") if ":" in part)
    return {key.strip(): value.replace("!important", "").strip() for key, value in pairs}


def _svg_size(root: ElementTree.Element) -> tuple[float, float]:
    box = re.split(r"[\s,]+", root.get("viewBox", "").strip())
    found = box[2:] if len(box) == 4 else [root.get("width", ""), root.get("height", "")]
    try:
        width, height = (float(re.sub(r"[a-z]+$", "", text.strip())) for text in found)
    except ValueError as error:
        raise _refused("it has neither a viewBox nor a size") from error
    if not (0 < width < 1e6 and 0 < height < 1e6 and 1 / 40 < width / height < 40):
        raise _refused(f"its size is {width:g} x {height:g}")
    return width, height


def _svg_pixels(
    data: bytes,
    size: tuple[float, float],
    whole: tuple[float, float],
    shape: tuple[int, int],
    origin: tuple[float, float],
) -> NDArray[np.uint8]:
    """(height, width, 4) straight-alpha pixels of a part of an SVG.

    Args:
        data: the SVG.
        size: width and height of its sheet in its own units.
        whole: pixels that the whole sheet measures.
        shape: (width, height) pixels of the part.
        origin: upper left corner of the part, in fractions of the sheet.
    """
    dom = skia.SVGDOM.MakeFromStream(skia.MemoryStream(data))
    if dom is None:
        raise _refused("it cannot be drawn")
    sheet = np.zeros((shape[1], shape[0], 4), np.uint8)
    surface = skia.Surface(
        sheet, colorType=skia.kRGBA_8888_ColorType, alphaType=skia.kPremul_AlphaType
    )
    canvas = surface.getCanvas()
    canvas.translate(-origin[0] * whole[0], -origin[1] * whole[1])
    canvas.scale(whole[0] / size[0], whole[1] / size[1])
    dom.setContainerSize(skia.Size(*size))
    dom.render(canvas)
    alpha = sheet[..., 3:].astype(np.float32)
    straight = sheet[..., :3] * (255 / np.maximum(alpha, 1))
    return np.concatenate([np.clip(straight + 0.5, 0, 255).astype(np.uint8), sheet[..., 3:]], -1)


def _bitmap(data: bytes) -> NDArray[np.uint8]:
    """(H, W, 4) straight-alpha RGBA of a PNG, JPEG or WebP file."""
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if decoded is None:  # pyright: ignore[reportUnnecessaryComparison]
        raise _refused("it is neither an SVG nor a PNG, JPEG or WebP picture")
    pixels = np.asarray(decoded)
    if pixels.shape[0] * pixels.shape[1] > _MOST_PIXELS:
        raise _refused(f"it measures {pixels.shape[1]} x {pixels.shape[0]} pixels")
    if pixels.dtype != np.uint8:
        pixels = (pixels.astype(np.float32) / np.float32(257)).astype(np.uint8)
    codes = {2: cv2.COLOR_GRAY2RGBA, 3: cv2.COLOR_BGR2RGBA, 4: cv2.COLOR_BGRA2RGBA}
    code = codes[2 if pixels.ndim == 2 else pixels.shape[2]]
    return np.asarray(cv2.cvtColor(pixels, code), np.uint8)


def _resized(image: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """Scaled with colours weighted by alpha, so that hidden colours do not bleed in."""
    straight = image.astype(np.float32)
    alpha = straight[..., 3:] / 255
    premultiplied = np.concatenate([straight[..., :3] * alpha, straight[..., 3:]], -1)
    shrinks = height < image.shape[0]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    small = np.asarray(cv2.resize(premultiplied, (width, height), interpolation=method))
    small = np.clip(small, 0, 255)
    colours = small[..., :3] / np.maximum(small[..., 3:] / 255, 1 / 255)
    whole = np.concatenate([np.clip(colours, 0, 255), small[..., 3:]], -1)
    return (whole + 0.5).astype(np.uint8)


def _cut(pixels: NDArray[np.uint8], x: int, y: int, width: int, height: int) -> NDArray[np.uint8]:
    x, y = min(max(x, 0), pixels.shape[1] - 1), min(max(y, 0), pixels.shape[0] - 1)
    return pixels[y : y + height, x : x + width]


def _visible(image: NDArray[np.uint8], ground: NDArray[np.uint8]) -> bool:
    """Whether most of the ink stands out from the ground: by lightness or by hue."""
    own = _ink_colours(image)
    around = colour.oklab(colour.linear(ground.reshape(-1, 3)))
    mean, rough = around.mean(0), float(around[:, 0].std())
    return _share_apart(own, mean, _APART + rough) >= _MOST


def _ink_colours(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """OKLab of the opaque pixels."""
    return colour.oklab(colour.linear(image[image[..., 3] > 128][:, :3]))


def _share_apart(own: NDArray[np.float32], ground: NDArray[np.float32], least: float) -> float:
    if not own.size:
        return 1.0
    return float((np.linalg.norm(own - ground, axis=-1) >= least).mean())


def _plain(image: NDArray[np.uint8]) -> bool:
    """Whether the shape alone is the logo: cut out of its sheet, and of about one colour."""
    own = _ink_colours(image)
    solid = float((image[..., 3] > 128).mean())
    return bool(solid < 0.96 and own.size and own.std(0).max() < 0.07)


def _plate_fill(image: NDArray[np.uint8], fills: tuple[str, str]) -> str:
    own = _ink_colours(image)
    return max(fills, key=lambda fill: _share_apart(own, colour.lab(fill), 2 * _APART))


def _plate(pixels: NDArray[np.uint8], rect: Rect, width: int, fill: str) -> None:
    """A rounded plate in the logo's place, in place."""
    high = round(rect.height)
    wide = max(high, round(width - rect.height * (1 - _INSIDE) * (width / high - 1)))
    sheet = np.zeros((high, wide, 4), np.uint8)
    surface = skia.Surface(
        sheet, colorType=skia.kRGBA_8888_ColorType, alphaType=skia.kPremul_AlphaType
    )
    paint = skia.Paint(AntiAlias=True, Color=0xFF000000 | int(fill[1:], 16))
    radius = 0.24 * high
    surface.getCanvas().drawRoundRect(skia.Rect.MakeWH(wide, high), radius, radius, paint)
    sheet[..., :3] = _rgb(fill)
    _blend(pixels, sheet, round(rect.x0), round(rect.y0))


def _rgb(fill: str) -> NDArray[np.uint8]:
    return np.array([int(fill[i : i + 2], 16) for i in (1, 3, 5)], np.uint8)


def _blend(pixels: NDArray[np.uint8], image: NDArray[np.uint8], x: int, y: int) -> None:
    """Lay straight-alpha RGBA over pixels, clipped to them."""
    height, width = pixels.shape[:2]
    x0, y0 = max(0, x), max(0, y)
    x1, y1 = min(width, x + image.shape[1]), min(height, y + image.shape[0])
    if x1 <= x0 or y1 <= y0:
        return
    part = image[y0 - y : y1 - y, x0 - x : x1 - x].astype(np.float32)
    under = pixels[y0:y1, x0:x1].astype(np.float32)
    blended = under + (part[..., :3] - under) * (part[..., 3:] / 255)
    pixels[y0:y1, x0:x1] = (blended + 0.5).astype(np.uint8)
