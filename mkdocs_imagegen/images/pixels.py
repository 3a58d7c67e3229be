"""Pixels as browsers show them: upright, in sRGB, with transparency only where there is some."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from .cropping import Box
from .headers import Format

if TYPE_CHECKING:
    from PIL import Image


def upright_srgb(image: Image.Image, found: Format, crop: Box | None) -> Image.Image:
    """Return a decoded picture in the mode RGB or RGBA, without any metadata.

    PNG's EXIF is left alone, as where it is measured: no camera writes it.
    """
    from PIL import ImageOps

    if found != "png":
        image = ImageOps.exif_transpose(image)
    if crop is not None:
        image = image.crop(crop)
    shown = _in_srgb(image)
    if shown.mode == "RGBA" and shown.getchannel("A").getextrema() == (255, 255):
        shown = shown.convert("RGB")
    shown.info = {}
    return shown


def _in_srgb(image: Image.Image) -> Image.Image:
    mode = "RGBA" if image.has_transparency_data else "RGB"
    icc = image.info.get("icc_profile")
    if image.mode.startswith("I"):  # Pillow would cut 16 bits of grey off at 255
        image = image.point(lambda level: level * (1 / 256)).convert("L")
    if image.mode != "CMYK":
        image = _converted(image, mode)
    if isinstance(icc, bytes) and icc:
        image = _by_profile(image, icc, mode)
    return _converted(image, mode)


def _converted(image: Image.Image, mode: str) -> Image.Image:
    """Return the picture in a mode; Pillow would copy one that has it already."""
    return image if image.mode == mode else image.convert(mode)


def _by_profile(image: Image.Image, icc: bytes, mode: str) -> Image.Image:
    """Return the picture in sRGB; as it is where its profile is that, broken, or of other colours.

    Browsers ignore broken profiles too.
    """
    from PIL import ImageCms

    try:
        profile = ImageCms.ImageCmsProfile(BytesIO(icc))
        if "srgb" in ImageCms.getProfileDescription(profile).lower():
            return image
        srgb = ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(image, profile, srgb, outputMode=mode) or image
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image
