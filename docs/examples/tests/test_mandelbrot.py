import struct
import zlib

from reckoner_examples.mandelbrot import brightness, mandelbrot


def test_picture_is_a_png_of_the_size():
    picture = mandelbrot(width=16)
    assert picture.startswith(b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR")
    assert struct.unpack(">II", picture[16:24]) == (16, 16)
    length = struct.unpack(">I", picture[33:37])[0]
    assert len(zlib.decompress(picture[41 : 41 + length])) == 16 * 17


def test_points_of_the_set_are_black():
    assert brightness(0j) == brightness(-1 + 0j) == 0
    assert brightness(2 + 2j) == 55
