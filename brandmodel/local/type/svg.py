"""SVG from strangers: checked, resolved to what Skia draws, and drawn.

Nothing in a file may reach the network or the disk, run, or blow up.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import skia
from numpy.typing import NDArray

from brandmodel.errors import InvalidRequestError

_MOST_ELEMENTS = 20_000
_REFUSED = frozenset({"script", "foreignobject", "image", "feimage", "iframe", "audio", "video"})
_OUTSIDE = re.compile(r"url\(\s*['\"]?\s*(?!#)|@import|expression\(|javascript:", re.IGNORECASE)
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_HINT = "Export it as a plain SVG with outlined text, or as a PNG with a transparent background."


def refused(why: str) -> InvalidRequestError:
    """The error for a logo that is not drawn."""
    return InvalidRequestError(f"the logo cannot be used: {why}", hint=_HINT)


def checked_svg(data: bytes) -> tuple[bytes, tuple[float, float]]:
    """A harmless SVG with its style rules resolved, and its size in its own units."""
    lowered = data.lower()
    if b"<!doctype" in lowered and b"[" in lowered.split(b"<!doctype", 1)[1].split(b">", 1)[0]:
        raise refused("it declares entities")
    if b"<!entity" in lowered:
        raise refused("it declares entities")
    try:
        root = ElementTree.fromstring(data)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise refused(f"it is not well-formed SVG ({error})") from error
    elements = list(root.iter())
    if _name(root) != "svg" or len(elements) > _MOST_ELEMENTS:
        raise refused("it is not an SVG drawing, or one of too many parts")
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
        raise refused(f"it holds <{name}>")
    if name in ("text", "tspan") and "".join(element.itertext()).strip():
        raise refused("it holds live text, whose typeface is not in the file")
    if name == "style" and _OUTSIDE.search(element.text or ""):
        raise refused("it refers to something outside itself")
    for key, value in element.attrib.items():
        attribute = key.rpartition("}")[2].lower()
        if attribute.startswith("on"):
            raise refused(f"it runs a script ({attribute})")
        if attribute in ("href", "src") and not value.strip().startswith("#"):
            if name != "a":
                raise refused("it refers to something outside itself")
        elif _OUTSIDE.search(value):
            raise refused("it refers to something outside itself")


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
        raise refused("it has neither a viewBox nor a size") from error
    if not (0 < width < 1e6 and 0 < height < 1e6 and 1 / 40 < width / height < 40):
        raise refused(f"its size is {width:g} x {height:g}")
    return width, height


def svg_pixels(
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
        raise refused("it cannot be drawn")
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
