"""ICC profiles for tests, made byte by byte: Pillow makes none but that of sRGB."""

import struct
from collections.abc import Sequence

Matrix = Sequence[Sequence[float]]

# Red, green and blue of each in the columns, as XYZ under D50: from the standards, adapted by Bradford.
DISPLAY_P3: Matrix = ((0.51512, 0.29198, 0.15710), (0.24120, 0.69225, 0.06657), (-0.00105, 0.04189, 0.78407))
ADOBE_RGB: Matrix = ((0.60974, 0.20528, 0.14919), (0.31111, 0.62567, 0.06322), (0.01947, 0.06087, 0.74457))
# The other way: what sRGB makes of XYZ under D50.
TO_SRGB: Matrix = (
    (3.1338561, -1.6168667, -0.4906146),
    (-0.9787684, 1.9161415, 0.0334540),
    (0.0719453, -0.2289914, 1.4052427),
)
GAMMA = 2.2


def of_rgb(primaries: Matrix) -> bytes:
    columns = zip(*primaries, strict=True)
    tags = [(f"{name}XYZ".encode(), _xyz(column)) for name, column in zip("rgb", columns, strict=True)]
    return _profile(b"RGB ", b"XYZ ", [*tags, *((f"{name}TRC".encode(), _curve(GAMMA)) for name in "rgb")])


def of_grey(gamma: float) -> bytes:
    return _profile(b"GRAY", b"XYZ ", [(b"kTRC", _curve(gamma))])


def of_ink_that_is_grey() -> bytes:
    """A CMYK profile by which any ink is the same middle grey: L* 50."""
    straight = bytes(range(256))
    identity = b"".join(struct.pack(">i", 65536 * (place % 4 == 0)) for place in range(9))
    table = struct.pack(">4s4xBBBx", b"mft1", 4, 3, 2) + identity
    lab = bytes((round(50 * 255 / 100), 128, 128))
    return _profile(b"CMYK", b"Lab ", [(b"A2B0", table + straight * 4 + lab * 16 + straight * 3)])


def in_srgb(colour: Sequence[int], primaries: Matrix) -> tuple[int, ...]:
    """The right values, reckoned and not read."""
    light = [(value / 255) ** GAMMA for value in colour]
    return tuple(_told(value) for value in _by(TO_SRGB, _by(primaries, light)))


def grey_in_srgb(value: int, gamma: float) -> int:
    return _told((value / 255) ** gamma)


def _by(matrix: Matrix, values: Sequence[float]) -> list[float]:
    return [sum(factor * value for factor, value in zip(row, values, strict=True)) for row in matrix]


def _told(light: float) -> int:
    light = min(max(light, 0), 1)
    return round(255 * (12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055))


def _xyz(values: Sequence[float]) -> bytes:
    return b"XYZ \0\0\0\0" + b"".join(struct.pack(">i", round(value * 65536)) for value in values)


def _curve(gamma: float) -> bytes:
    return struct.pack(">4s4xIH2x", b"curv", 1, round(gamma * 256))


def _profile(colours: bytes, connected: bytes, tags: Sequence[tuple[bytes, bytes]]) -> bytes:
    d50 = (0.9642, 1.0, 0.8249)
    named = struct.pack(">4s4xI", b"desc", 5) + b"Test\0" + bytes(78)
    tags = [(b"desc", named), (b"cprt", b"text\0\0\0\0None\0"), (b"wtpt", _xyz(d50)), *tags]
    place, index, content = 128 + 4 + 12 * len(tags), b"", b""
    for name, value in tags:
        padded = value + bytes(-len(value) % 4)
        index += struct.pack(">4sII", name, place + len(content), len(value))
        content += padded
    body = struct.pack(">I", len(tags)) + index + content
    made = struct.pack(">6H", 2026, 1, 1, 0, 0, 0)
    head = struct.pack(">I4xI4s4s4s12s4s", 128 + len(body), 0x02400000, b"mntr", colours, connected, made, b"acsp")
    return head.ljust(68, b"\0") + _xyz(d50)[8:].ljust(60, b"\0") + body
