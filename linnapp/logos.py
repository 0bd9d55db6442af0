"""Logos: read with suspicion, written anew as PNG, found by their digest. No ORM."""

import io
import warnings
from hashlib import sha256

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image, UnidentifiedImageError

from linnapp.errors import NotPossible

# Pillow only warns below 179 megapixels: a logo has no business there.
warnings.simplefilter("error", Image.DecompressionBombWarning)

SIDE = 140
MOST_BYTES = 1024 * 1024
TOO_LARGE = "This file is larger than 1 MB. A logo of 140 x 140 is far smaller: save it again."
FORMATS = ("PNG", "JPEG", "WEBP")
UNREADABLE = (
    UnidentifiedImageError,
    OSError,
    ValueError,
    SyntaxError,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)


def read(picture: bytes) -> bytes:
    """PNG bytes of a picture that is exactly 140 x 140; raises NotPossible with what to mend.

    The size is read from the header before a pixel is decoded, so that a decompression bomb never unfolds.
    """
    if len(picture) > MOST_BYTES:
        raise NotPossible(TOO_LARGE)
    try:
        image = Image.open(io.BytesIO(picture), formats=FORMATS)
    except UNREADABLE as error:
        raise NotPossible("This file is not a picture we can read. Choose a PNG, JPEG or WebP.") from error
    if image.size != (SIDE, SIDE):
        raise NotPossible(f"This picture is {image.width} x {image.height}. It must be 140 x 140.")
    try:
        pixels = image.convert("RGBA")
    except (OSError, ValueError, SyntaxError) as error:
        raise NotPossible("This picture is damaged and cannot be read to its end. Save it again.") from error
    written = io.BytesIO()
    pixels.save(written, "PNG", optimize=True)
    return written.getvalue()


def path_of(digest: str) -> str:
    return f"logos/{digest}.png"


def store(png: bytes) -> str:
    """Keeps the picture under its digest, and returns that."""
    digest = sha256(png).hexdigest()
    if not default_storage.exists(path_of(digest)):
        default_storage.save(path_of(digest), ContentFile(png))
    return digest
