"""The pictures of the console in README.md are those of today's console.

Beside them stands what the page has: its headings, its columns and what can be operated. If that is
no longer what the page has, `make screenshots` draws the pictures anew.
"""

import json
import shutil
import struct
from pathlib import Path

import pytest

from shared.failures import failure_json
from tests.browser.console.stored import change, store

ROOT = Path(__file__).parents[3]
PICTURES = ROOT / "docs/pictures"
LAYOUT = PICTURES / "console.json"
DRAWN = ROOT / "var/test-artefacts/pictures"

_WIDTH, _HEIGHT, _SCALE = 1140, 640, 1.5
_MAX_BYTES = 200_000

#: Rows differ from one picture to the next; everything else is the page's own.
_OUTLINE = """() => [...document.querySelectorAll("h1, h2, h3, th, a, button, input, select")]
    .filter((one) => one.checkVisibility() && !one.closest("tbody"))
    .map((one) => `${one.localName}: ` + (one.getAttribute("aria-label")
        ?? one.labels?.[0]?.innerText ?? one.innerText).trim().split("\\n")[0])
    .filter((text, index, all) => all.indexOf(text) === index)"""

_AS_BYTES = (
    "result_kind = '{kind}', result_digits = NULL, result_length = {length}, result_head = NULL,"
    " result_tail = NULL, result_value = NULL, result_bytes = '{{}}', result_check = NULL,"
    " result_media_type = '{media_type}'"
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def service(start_service):
    """What an afternoon leaves behind."""
    with start_service() as service:
        fill(service.engine)
        yield service


def fill(engine):
    def done(function, arguments, age, seconds, length, kind="", media_type="", lane="heavy"):
        made = store(
            engine,
            "succeeded",
            function=function,
            arguments=arguments,
            age=age,
            seconds=seconds,
            length=length,
            lane=lane,
        )
        if kind:
            change(engine, made, _AS_BYTES.format(kind=kind, length=length, media_type=media_type))

    done("factorial", {"n": 1_000_000}, 3_400, 0.94, 5_565_709)
    done("pi", {"digits": 1_000_000}, 3_100, 0.61, 1_000_000)
    store(engine, "cancelled", age=2_700, arguments={"n": 10_000_000_000})
    view = {"height": 1_080, "iterations": 2_000, "width": 1_920, "x": -0.7436, "y": 0.1318}
    done("mandelbrot", view, 1_900, 12.7, 1_482_113, "bytes", "image/png")
    option = {"kind": "call", "paths": 2_000_000, "spot": 100, "strike": 105, "years": 1}
    done("option_price", option, 1_260, 3.2, 94, "json", "application/json")
    singular = store(
        engine,
        "failed",
        age=840,
        function="linear_system",
        arguments={"matrix": [[1, 2], [2, 4]], "right": [3, 5]},
    )
    change(engine, singular, f"error = '{failure_json('function-failed', 'It is singular.')}'")
    done("prime_factors", {"n": 2**61 + 1}, 615, 0.0021, 39, "json", "application/json", "quick")
    done("fibonacci", {"n": 1_000_000_000}, 320, 8.26, 208_987_640)
    store(
        engine, "running", age=64, progress=0.68, function="random_walk", arguments={"steps": 10**9}
    )
    store(engine, "running", age=21, progress=0.24, arguments={"n": 3_000_000_000}, estimate=34)
    store(engine, "queued", age=4, function="factorial", arguments={"n": 400_000_000}, estimate=95)


@pytest.fixture
def context_options():
    return {
        "viewport": {"width": _WIDTH, "height": _HEIGHT},
        "device_scale_factor": _SCALE,
        "reduced_motion": "reduce",
    }


def drawn(page, service, scheme):
    """Draw the page, and return what it has."""
    page.emulate_media(color_scheme=scheme)
    page.goto(service.url)
    page.wait_for_selector("text=11 calculations")
    page.wait_for_selector("tbody tr:nth-child(11)")
    DRAWN.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=DRAWN / f"console-{scheme}.png")
    return page.evaluate(_OUTLINE)


def size_of(picture):
    """Return width and height of a PNG, from its header."""
    return struct.unpack(">II", picture.read_bytes()[16:24])


def test_the_pictures_show_the_console_as_it_is(page, service, request):
    layout = [drawn(page, service, scheme) for scheme in ("light", "dark")]
    assert layout[0] == layout[1]
    if request.config.getoption("--write-pictures"):
        PICTURES.mkdir(exist_ok=True)
        for picture in DRAWN.glob("console-*.png"):
            shutil.copy(picture, PICTURES)
        LAYOUT.write_text(json.dumps(layout[0], indent=1, ensure_ascii=False) + "\n")
    assert json.loads(LAYOUT.read_text()) == layout[0], "Run: make screenshots"
    for scheme in ("light", "dark"):
        picture = PICTURES / f"console-{scheme}.png"
        assert size_of(picture) == (_WIDTH * _SCALE, _HEIGHT * _SCALE)
        assert picture.stat().st_size < _MAX_BYTES
        assert f"docs/pictures/{picture.name}" in (ROOT / "README.md").read_text()
