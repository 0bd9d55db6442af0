"""A logo looks as it did where it was made: upright, in eight bits, in sRGB, and with nothing beside its pixels."""

import io
import struct
import zlib
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from linnapp.models import Application, User
from tests.kit.people import ClientOf
from tests.registry import colour_profiles
from tests.registry.colour_profiles import ADOBE_RGB, DISPLAY_P3, grey_in_srgb, in_srgb

SIZE = (140, 140)
TONE = (200, 100, 50)
Pixel = Sequence[int]


def saved(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    written = io.BytesIO()
    image.save(written, kind, **options)
    return written.getvalue()


def plain(mode: str, colour: Any, kind: str = "PNG", **options: Any) -> bytes:
    return saved(Image.new(mode, SIZE, colour), kind, **options)


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def in_sixteen_bits(colour_type: int, *values: int, clear: Sequence[int] = ()) -> bytes:
    rows = (b"\0" + struct.pack(f">{len(values)}H", *values) * 140) * 140
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", *SIZE, 16, colour_type, 0, 0, 0))
    seen_through = chunk(b"tRNS", struct.pack(f">{len(clear)}H", *clear)) if clear else b""
    return b"\x89PNG\r\n\x1a\n" + head + seen_through + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def interlaced() -> bytes:
    """Eight bits of grey, whose seven passes are alike but in their sizes."""
    widths_and_heights = [(18, 18), (17, 18), (35, 17), (35, 35), (70, 35), (70, 70), (140, 70)]
    passes = b"".join((b"\0" + b"\x80" * width) * height for width, height in widths_and_heights)
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", *SIZE, 8, 0, 0, 0, 1))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(passes)) + chunk(b"IEND", b"")


def moving(kind: str) -> bytes:
    first, then = Image.new("RGB", SIZE, "red"), Image.new("RGB", SIZE, "blue")
    return saved(first, kind, save_all=True, append_images=[then], **({"lossless": True} if kind == "WEBP" else {}))


def with_transform(content: bytes, transform: int) -> bytes:
    """A JPEG whose Adobe marker tells another transform of its colours: 2 for YCCK."""
    place = content.index(b"Adobe")
    return content[: place + 11] + bytes((transform,)) + content[place + 12 :]


@pytest.fixture
def kept(application: Application, alice: User, client_of: ClientOf) -> Callable[[bytes], Image.Image]:
    def upload(content: bytes) -> Image.Image:
        url = reverse("application_logo", args=["northwind", application.pk])
        response = client_of(alice).post(url, {"logo": SimpleUploadedFile("logo", content)})
        assert response.status_code == 302
        application.refresh_from_db()
        with default_storage.open(f"logos/{application.logo_digest}.png") as stored:
            image = Image.open(io.BytesIO(stored.read()))
            image.load()
        assert image.mode == "RGBA"
        assert image.info == {}
        return image

    return upload


def near(pixel: Any, wanted: Pixel, within: int) -> bool:
    return all(abs(have - want) <= within for have, want in zip(pixel, wanted, strict=True))


P3 = colour_profiles.of_rgb(DISPLAY_P3)
ADOBE = colour_profiles.of_rgb(ADOBE_RGB)
GREY = colour_profiles.of_grey(1.0)
INK = colour_profiles.of_ink_that_is_grey()
IN_P3 = (*in_srgb(TONE, DISPLAY_P3), 255)
IN_ADOBE = (*in_srgb(TONE, ADOBE_RGB), 255)
PALETTE = Image.new("RGB", SIZE, TONE).quantize(4)
MIDDLE = (119, 119, 119, 255)
PICTURES = {
    "16-bit grey": (in_sixteen_bits(0, 0x8081), (128, 128, 128, 255), 1),
    "16-bit grey, seen through": (in_sixteen_bits(0, 0x8081, clear=[0x8081]), (128, 128, 128, 0), 1),
    "16-bit grey, another seen through": (in_sixteen_bits(0, 0x8081, clear=[0x8082]), (128, 128, 128, 255), 1),
    "16-bit grey and alpha": (in_sixteen_bits(4, 0x8081, 0x4040), (128, 128, 128, 64), 1),
    "16-bit colours": (in_sixteen_bits(2, 0xC8C8, 0x6464, 0x3232), (*TONE, 255), 1),
    "16-bit colours, seen through": (in_sixteen_bits(2, 0xC8C8, 0, 0, clear=[0xC8C8, 0, 0]), (200, 0, 0, 0), 1),
    "16-bit colours and alpha": (in_sixteen_bits(6, 0xC8C8, 0x6464, 0x3232, 0x4040), (*TONE, 64), 1),
    "palette": (saved(PALETTE), (*TONE, 255), 0),
    "palette, seen through": (saved(PALETTE, transparency=0), (*TONE, 0), 0),
    "one bit": (plain("1", 1), (255, 255, 255, 255), 0),
    "grey and alpha": (plain("LA", (90, 70)), (90, 90, 90, 70), 0),
    "interlaced": (interlaced(), (128, 128, 128, 255), 0),
    "moving WebP": (moving("WEBP"), (255, 0, 0, 255), 0),
    "moving PNG": (moving("PNG"), (255, 0, 0, 255), 0),
    "CMYK": (plain("CMYK", (0, 255, 0, 0), "JPEG"), (255, 0, 255, 255), 2),
    # Y 128, Cb 128, Cr 158 are red 170, green 107, blue 128; Adobe's files hold less ink where there is more of them.
    "YCCK": (with_transform(plain("CMYK", (127, 127, 97, 0), "JPEG"), 2), (85, 148, 127, 255), 4),
    "Display P3": (plain("RGB", TONE, icc_profile=P3), IN_P3, 2),
    "Display P3 beyond sRGB": (plain("RGB", (0, 255, 0), icc_profile=P3), (0, 255, 0, 255), 2),
    "Adobe RGB as JPEG": (plain("RGB", TONE, "JPEG", icc_profile=ADOBE, quality=100), IN_ADOBE, 4),
    "Adobe RGB as WebP": (plain("RGB", TONE, "WEBP", icc_profile=ADOBE, lossless=True), IN_ADOBE, 2),
    "profile and alpha": (plain("RGBA", (*TONE, 33), icc_profile=P3), (*in_srgb(TONE, DISPLAY_P3), 33), 2),
    "profile and palette": (saved(PALETTE, icc_profile=P3), IN_P3, 2),
    "profile of grey": (plain("L", 64, icc_profile=GREY), (*(grey_in_srgb(64, 1.0),) * 3, 255), 2),
    "profile of grey, with alpha": (plain("LA", (64, 9), icc_profile=GREY), (*(grey_in_srgb(64, 1.0),) * 3, 9), 2),
    "profile of ink": (plain("CMYK", (255, 0, 0, 0), "JPEG", icc_profile=INK), MIDDLE, 2),
    "profile of something else": (plain("RGB", TONE, icc_profile=INK), (*TONE, 255), 0),
    "profile of grey on colours": (plain("RGB", TONE, icc_profile=GREY), (*TONE, 255), 0),
    "no profile at all": (plain("RGB", TONE, icc_profile=b"What is this?"), (*TONE, 255), 0),
    "profile that is cut off": (plain("RGB", TONE, icc_profile=P3[:200]), (*TONE, 255), 0),
    "profile with its tags elsewhere": (plain("RGB", TONE, icc_profile=P3[:132] + b"\xff" * 200), (*TONE, 255), 0),
}  # fmt: skip


@pytest.mark.parametrize(("content", "wanted", "within"), PICTURES.values(), ids=PICTURES)
def test_a_picture_keeps_its_colours(
    content: bytes, wanted: Pixel, within: int, kept: Callable[[bytes], Image.Image]
) -> None:
    image = kept(content)
    assert [near(image.getpixel(place), wanted, within) for place in ((0, 0), (70, 31), (139, 139))] == [True] * 3, (
        image.getpixel((0, 0))
    )


# The four corners of a picture as it is looked at, clockwise from the left above.
CORNERS = ((20, 20), (120, 20), (120, 120), (20, 120))
# What lies there in the file, by the orientation that it tells: which side its first row and its first column are.
STORED = {1: "abcd", 2: "badc", 3: "cdab", 4: "dcba", 5: "adcb", 6: "bcda", 7: "cbad", 8: "dabc"}
COLOURS = {"a": (255, 0, 0), "b": (0, 255, 0), "c": (0, 0, 255), "d": (255, 255, 0)}


def quarters(letters: str) -> Image.Image:
    image = Image.new("RGB", SIZE)
    for letter, (x, y) in zip(letters, CORNERS, strict=True):
        left, top = x // 70 * 70, y // 70 * 70
        image.paste(COLOURS[letter], (left, top, left + 70, top + 70))
    return image


def oriented(orientation: int, kind: str = "JPEG") -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return saved(quarters(STORED.get(orientation, "abcd")), kind, exif=exif, quality=95)


UPRIGHT = {f"JPEG {orientation}": oriented(orientation) for orientation in (*STORED, 9)}
UPRIGHT |= {"PNG": oriented(6, "PNG"), "WebP": oriented(6, "WEBP")}
UPRIGHT["EXIF that cannot be read"] = saved(quarters("abcd"), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff", quality=95)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
@pytest.mark.parametrize("content", UPRIGHT.values(), ids=UPRIGHT)
def test_a_picture_stands_upright(content: bytes, kept: Callable[[bytes], Image.Image]) -> None:
    image = kept(content)
    seen = [image.getpixel(corner) for corner in CORNERS]
    assert [near(pixel, (*COLOURS[letter], 255), 12) for pixel, letter in zip(seen, "abcd", strict=True)] == [True] * 4


def test_a_profile_turns_what_stands_upright(kept: Callable[[bytes], Image.Image]) -> None:
    exif = Image.Exif()
    exif[0x0112] = 3
    image = Image.new("RGB", SIZE, TONE)
    image.paste("black", (0, 0, 140, 70))
    shown = kept(saved(image, exif=exif, icc_profile=P3))
    assert near(shown.getpixel((70, 20)), (*in_srgb(TONE, DISPLAY_P3), 255), 2)
    assert near(shown.getpixel((70, 120)), (0, 0, 0, 255), 2)
