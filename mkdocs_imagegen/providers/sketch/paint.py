"""Turns layers and placed text into pixels. The only file here that knows Pillow, and late.

All shapes are painted as tones on one grey picture; the scheme's ramps colour it at the end. That
costs a third of painting in colour, and light and shadow stay in harmony.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

from ...lettering import fonts
from ...lettering.glyphs import write_line
from ...lettering.linebreaks import TITLE_TRACKING_EM
from .colour import Ramp, Scheme
from .encoding import WEBP_METHOD, WEBP_QUALITY
from .layout import LABEL_TRACKING_EM, TextLayout
from .shapes import Canvas, Layer, bounds

if TYPE_CHECKING:
    from PIL import Image

_COARSE = 32
"""The longer side, in pixels, of the smooth fields that are computed pixel by pixel."""
_SHADOW_SCALE = 8
_SHADOW_RADIUS = 0.016
_SHADOW_TONES = 56


@dataclass(frozen=True, slots=True)
class _Area:
    """The part of the picture that a layer touches, in whole pixels."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def size(self) -> tuple[int, int]:
        return self.right - self.left, self.bottom - self.top

    @property
    def corners(self) -> tuple[int, int, int, int]:
        return self.left, self.top, self.right, self.bottom


def backdrop(canvas: Canvas, layers: tuple[Layer, ...], scheme: Scheme) -> Image.Image:
    """Paint everything but the text."""
    from PIL import Image

    tones = _ground(canvas, scheme)
    accents = Image.new("L", tones.size)
    across, down = _gradients(canvas)
    for layer in layers:
        area = _area(canvas, layer, grown_px=0)
        if min(area.size) <= 0:
            continue
        if layer.shadow:
            _throw_shadow(tones, canvas, layer)
        gradient = (down if layer.falls else across).crop(area.corners)
        mask = _mask(canvas, layer, area)
        tones.paste(gradient.point(_tones(scheme, layer)), area.corners, mask)
        accents.paste(255 if layer.accent else 0, area.corners, mask)
    place = Image.blend(across, down, 0.35)
    image = Image.composite(_tinted(tones, scheme.warm), _tinted(tones, scheme.cool), place)
    if (box := accents.getbbox()) is not None:
        image.paste(_tinted(tones.crop(box), scheme.accent), box, accents.crop(box))
    return image


def write(image: Image.Image, text: TextLayout, scheme: Scheme) -> None:
    """Draw the text onto the picture."""
    from PIL import ImageDraw

    pen = ImageDraw.Draw(image)
    left, top = round(text.rule.left), round(text.rule.top)
    right = left + round(text.rule.right - text.rule.left)
    bottom = top + round(text.rule.bottom - text.rule.top)
    pen.rectangle((left, top, right - 1, bottom - 1), fill=scheme.rule)
    if text.label:
        write_line(
            pen,
            text.label,
            fonts.manrope("Bold"),
            scheme.label,
            size_px=text.label_size_px,
            tracking_em=LABEL_TRACKING_EM,
        )
    for line in text.title:
        write_line(
            pen,
            line,
            fonts.manrope("ExtraBold"),
            scheme.ink,
            size_px=text.title_size_px,
            tracking_em=TITLE_TRACKING_EM,
        )


def encode(image: Image.Image) -> bytes:
    """Return the picture as a WebP file."""
    out = BytesIO()
    image.save(out, "WEBP", quality=WEBP_QUALITY, method=WEBP_METHOD)
    return out.getvalue()


def _ground(canvas: Canvas, scheme: Scheme) -> Image.Image:
    """Paint the empty background: a soft light from the top right."""

    def light(x: float, y: float) -> float:
        return _smooth(max(0.0, 1 - math.hypot(x - 0.85, y - 0.15) / 1.1))

    low, high = scheme.ground - scheme.glow, scheme.ground + scheme.glow
    return _field(canvas, light).point([round(low + (high - low) * i / 255) for i in range(256)])


def _smooth(share: float) -> float:
    return share * share * (3 - 2 * share)


def _field(canvas: Canvas, value: Callable[[float, float], float]) -> Image.Image:
    """Paint a smooth picture, 0 to 255, from a function of place; all three run from 0 to 1.

    The function should use its whole range: steps of the small picture show in the large one.
    """
    from PIL import Image

    longer = max(canvas.width, canvas.height)
    columns = max(round(_COARSE * canvas.width / longer), 8)
    rows = max(round(_COARSE * canvas.height / longer), 8)
    values = bytes(
        round(255 * value((column + 0.5) / columns, (row + 0.5) / rows))
        for row in range(rows)
        for column in range(columns)
    )
    small = Image.frombytes("L", (columns, rows), values)
    return small.resize((canvas.width, canvas.height), Image.Resampling.BICUBIC)


def _gradients(canvas: Canvas) -> tuple[Image.Image, Image.Image]:
    """Return pictures that run from 0 to 255, left to right and top to bottom."""
    from PIL import Image

    down = Image.linear_gradient("L")
    across = down.transpose(Image.Transpose.ROTATE_90)
    size = (canvas.width, canvas.height)
    return (
        across.resize(size, Image.Resampling.BILINEAR),
        down.resize(size, Image.Resampling.BILINEAR),
    )


def _tones(scheme: Scheme, layer: Layer) -> list[int]:
    """Return the layer's tone for each step of its gradient."""
    base = scheme.accent_ground if layer.accent else scheme.ground
    reach = scheme.accent_reach if layer.accent else scheme.reach
    return [
        round(min(max(base + reach * (layer.near + (layer.far - layer.near) * i / 255), 0), 255))
        for i in range(256)
    ]


def _area(canvas: Canvas, layer: Layer, *, grown_px: float) -> _Area:
    box = bounds(layer.shapes)
    return _Area(
        max(int(box.left - grown_px), 0),
        max(int(box.top - grown_px), 0),
        min(int(box.right + grown_px) + 1, canvas.width),
        min(int(box.bottom + grown_px) + 1, canvas.height),
    )


def _mask(canvas: Canvas, layer: Layer, area: _Area) -> Image.Image:
    """Draw the layer's shapes with smooth edges: Pillow's own are jagged."""
    from PIL import Image

    scale = 3 if canvas.width * canvas.height < 1_000_000 else 2
    width, height = area.size
    large = Image.new("L", (width * scale, height * scale))
    _fill(large, layer, scale, area.left, area.top)
    return large.reduce(scale)


def _fill(image: Image.Image, layer: Layer, scale: float, left: float, top: float) -> None:
    from PIL import ImageDraw

    pen = ImageDraw.Draw(image)
    for shape in layer.shapes:
        pen.polygon([((x - left) * scale, (y - top) * scale) for x, y in shape], fill=255)


def _throw_shadow(tones: Image.Image, canvas: Canvas, layer: Layer) -> None:
    """Darken what lies around the layer's shapes."""
    from PIL import Image, ImageChops, ImageFilter

    scale = _SHADOW_SCALE
    radius_px = _SHADOW_RADIUS * canvas.unit
    small = Image.new("L", (-(-canvas.width // scale), -(-canvas.height // scale)))
    _fill(small, layer, 1 / scale, 0, 0)
    blurred = small.filter(ImageFilter.GaussianBlur(radius_px / scale))
    table = [round(i / 255 * layer.shadow * _SHADOW_TONES) for i in range(256)]
    area = _area(canvas, layer, grown_px=3 * radius_px)
    left, top, right, bottom = area.corners
    box = (left / scale, top / scale, right / scale, bottom / scale)
    shadow = blurred.point(table).resize(area.size, Image.Resampling.BILINEAR, box)
    tones.paste(ImageChops.subtract(tones.crop(area.corners), shadow), area.corners)


def _tinted(tones: Image.Image, ramp: Ramp) -> Image.Image:
    from PIL import Image

    channels = [tones.point([rgb[channel] for rgb in ramp]) for channel in range(3)]
    return Image.merge("RGB", channels)
