"""Logos: read with suspicion, written anew as PNG, found by their digest. No ORM."""

import io
import struct
import warnings
from contextlib import suppress
from hashlib import sha256

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import ExifTags, Image, ImageCms, UnidentifiedImageError

from linnapp.errors import NotPossible

# Pillow only warns below 179 megapixels: a logo has no business there.
warnings.simplefilter("error", Image.DecompressionBombWarning)

SIDE = 140
MOST_BYTES = 1024 * 1024
TOO_LARGE = "This file is larger than 1 MB. A logo of 140 x 140 is much smaller: save it again."
FORMATS = ("PNG", "JPEG", "WEBP")
UNREADABLE = (
    UnidentifiedImageError,
    OSError,
    ValueError,
    SyntaxError,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)
SRGB = ImageCms.createProfile("sRGB")
# What a profile speaks of, and the modes of pictures that can be told in it.
TOLD_IN = {"RGB ": ("RGB", {"RGB", "P"}), "GRAY": ("L", {"L", "1"}), "CMYK": ("CMYK", {"CMYK"})}
# By the orientation that EXIF tells.
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
ON_THEIR_SIDE = {5, 6, 7, 8}


def read(picture: bytes) -> bytes:
    """PNG bytes of a picture that is exactly 140 x 140, upright and in sRGB; raises NotPossible with what to mend.

    Of an animation it is the first picture. The size is read from the header before a pixel is decoded, so that a
    decompression bomb never unfolds.
    """
    if len(picture) > MOST_BYTES:
        raise NotPossible(TOO_LARGE)
    try:
        image = Image.open(io.BytesIO(picture), formats=FORMATS)
    except UNREADABLE as error:
        raise NotPossible("This file is not a picture we can read. Choose a PNG, JPEG or WebP.") from error
    if image.size != (SIDE, SIDE):
        width, height = _upright_size(image)
        raise NotPossible(f"This picture is {width} x {height}. It must be 140 x 140.")
    try:
        pixels = _upright(_in_srgb(_in_eight_bits(image)), image)
    except (OSError, ValueError, SyntaxError) as error:
        raise NotPossible("This picture is damaged. Save it again.") from error
    written = io.BytesIO()
    # Of the picture nothing but its pixels: Pillow would write its profile and its place in the world as well.
    Image.frombytes("RGBA", pixels.size, pixels.tobytes()).save(written, "PNG", optimize=True)
    return written.getvalue()


def _in_eight_bits(image: Image.Image) -> Image.Image:
    """Pillow keeps 16-bit grey as it is, and makes all of it white when it converts it. Of 16-bit colours it keeps the
    upper halves, but not of the one that is to be seen through."""
    image.load()
    clear = image.info.get("transparency")
    if image.mode == "I;16":
        lower_and_upper = image.tobytes()
        grey = Image.frombytes("L", image.size, lower_and_upper[1::2])
        if not isinstance(clear, int):
            return _with_info_of(image, grey)
        pixels = zip(lower_and_upper[::2], lower_and_upper[1::2], strict=True)
        seen = bytes(0 if lower + 256 * upper == clear else 255 for lower, upper in pixels)
        return _with_info_of(image, Image.merge("LA", (grey, Image.frombytes("L", image.size, seen))))
    if image.mode == "RGB" and isinstance(clear, tuple) and max(clear) > 255:
        image.info["transparency"] = tuple(value >> 8 for value in clear)
    return image


def _with_info_of(image: Image.Image, changed: Image.Image) -> Image.Image:
    changed.info = {"icc_profile": image.info.get("icc_profile")}
    return changed


def _in_srgb(image: Image.Image) -> Image.Image:
    """RGBA; through the picture's own profile where it has one that can be read and that speaks of such pictures."""
    whole = image.convert("RGBA")
    bare = image.mode.removesuffix("A")
    profile = image.info.get("icc_profile")
    if not profile:
        return whole
    try:
        known = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        mode, modes = TOLD_IN[known.profile.xcolor_space]
        if bare not in modes:
            return whole
        colours = image if bare == "CMYK" else whole.convert("RGB").convert(mode)
        told = ImageCms.profileToProfile(
            colours,
            known,
            SRGB,
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, KeyError, ValueError, TypeError):
        return whole
    assert told is not None
    told.putalpha(whole.getchannel("A"))
    return told


def _upright_size(image: Image.Image) -> tuple[int, int]:
    """Width and height as viewers show it. Of what the header holds: a PNG's own `getexif` would unfold its pixels."""
    exif = Image.Exif()
    try:
        exif.load(image.info.get("exif", b""))
        is_on_its_side = exif.get(ExifTags.Base.Orientation, 1) in ON_THEIR_SIDE
    except (*UNREADABLE, struct.error, KeyError, TypeError):
        is_on_its_side = False
    return (image.height, image.width) if is_on_its_side else image.size


def _upright(pixels: Image.Image, image: Image.Image) -> Image.Image:
    """Turned as its EXIF says; as it is where that cannot be read."""
    try:
        turn = TURNS.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    except (*UNREADABLE, struct.error, KeyError, TypeError):
        return pixels
    return pixels if turn is None else pixels.transpose(turn)


def path_of(digest: str) -> str:
    return f"logos/{digest}.png"


def store(png: bytes) -> str:
    """Keeps the picture under its digest, and returns that."""
    digest = sha256(png).hexdigest()
    keep(path_of(digest), png)
    return digest


def keep(path: str, png: bytes) -> None:
    """Writes it whole or not at all. What stands there already is left, unless it was cut short by a disk that was full
    or a process that ended. Raises OSError."""
    if default_storage.exists(path):
        with default_storage.open(path) as file:
            if file.read() == png:
                return
        # Otherwise it would be saved under another name.
        default_storage.delete(path)
    try:
        default_storage.save(path, ContentFile(png))
    except OSError:
        with suppress(OSError):
            default_storage.delete(path)
        raise
