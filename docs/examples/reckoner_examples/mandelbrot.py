"""A picture: bytes with a media type, limits of its own, and progress."""

import struct
import zlib
from typing import Annotated

from reckoner import Ge, Gt, Le, MediaType, Progress, function

ITERATIONS = 200


@function(
    memory="512MiB",
    timeout=600,
    examples=[{"width": 200}, {"x": -0.7436, "y": 0.1318, "span": 0.005}],
)
def mandelbrot(
    progress: Progress,
    x: Annotated[float, Ge(-4), Le(4)] = -0.75,
    y: Annotated[float, Ge(-4), Le(4)] = 0.0,
    span: Annotated[float, Gt(0), Le(8)] = 3.0,
    width: Annotated[int, Ge(1), Le(4096)] = 300,
) -> Annotated[bytes, MediaType("image/png")]:
    """A square picture of the Mandelbrot set around a point.

    Args:
        x: The real part of the point in the middle.
        y: Its imaginary part.
        span: How much of the plane the picture shows, from left to right.
        width: Its width and height in pixels.
    """
    rows = []
    for row in range(width):
        imaginary = y + span * (0.5 - (row + 0.5) / width)
        points = (complex(x + span * ((i + 0.5) / width - 0.5), imaginary) for i in range(width))
        rows.append(bytes(map(brightness, points)))
        progress((row + 1) / width)
    return png(rows)


def brightness(c: complex) -> int:
    """Return 0 within the set, and more the later the point escapes."""
    z = c
    for step in range(ITERATIONS):
        if abs(z) > 2:
            return 55 + step
        z = z * z + c
    return 0


def png(rows: list[bytes]) -> bytes:
    """Write rows of grey pixels, a byte each, as PNG (https://www.w3.org/TR/png/)."""
    header = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows))
    chunks = ((b"IHDR", header), (b"IDAT", pixels), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(name, data) for name, data in chunks)


def chunk(name: bytes, data: bytes) -> bytes:
    """Frame a part of the file by its length and its checksum."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
