"""The form of a calculation: what is typed, what it would cost, and what is submitted."""

import json
import re
import time
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.eventually import eventually
from tests.kinds_of_arguments import PACKAGE
from tests.plug_ins import install_kinds_of_arguments

pytestmark = pytest.mark.slow

FORTY_DIGITS = "1234567890123456789012345678901234567890"
AN_HOUR = 3_600


@pytest.fixture(scope="module")
def service(start_service, tmp_path_factory):
    """A gateway with functions of all kinds of arguments, without workers."""
    path = install_kinds_of_arguments(tmp_path_factory.mktemp("kinds"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", path)
        with start_service() as service:
            yield service


@pytest.fixture
def form(page: Page, service) -> Callable[..., Page]:
    """Open the form of a function, with these arguments: `form("integers", "n=5")`."""

    def open_form(function: str, query: str = "") -> Page:
        page.goto(f"{service.url}/console/new/{function}?{query}")
        page.wait_for_selector("form.new-form")
        return page

    return open_form


def fill(page, **values):
    """Type into fields by the names of their arguments."""
    for name, value in values.items():
        page.get_by_label(name, exact=True).fill(value)


def submit(page, service):
    """Submit the form; return the arguments that are stored, as text."""
    page.get_by_role("button", name="Calculate", exact=True).click()
    page.wait_for_url("**/console/calculations/*")
    identity = urlsplit(page.url).path.rpartition("/")[2]
    text = httpx.get(f"{service.url}/calculations/{identity}").text
    return json.dumps(json.loads(text)["arguments"])


def wrong_within(text):
    return re.compile(re.escape(text))


def problem(status, name, **members):
    """Return what `route.fulfill` answers with: a problem document."""
    document = {"type": f"urn:reckoner:problem:{name}", "status": status, **members}
    return {
        "status": status,
        "content_type": "application/problem+json",
        "body": json.dumps(document),
    }


def test_integers_are_exact_from_the_field_to_the_stored_arguments(form, service):
    for typed, stored in (
        (str(2**53 + 1), 2**53 + 1),
        (FORTY_DIGITS, int(FORTY_DIGITS)),
        ("-1_000_000_000_000_000_000_001", -(10**21) - 1),
        ("1.5e22", 15 * 10**21),
    ):
        page = form("integers")
        fill(page, n=typed)
        assert submit(page, service) == json.dumps({"n": stored, "times": 3})
    page.go_back()
    expect(page.get_by_label("n", exact=True)).to_have_value(str(stored))


def test_the_form_says_what_a_number_became(form):
    page = form("integers")
    for typed, said in (
        ("1e8", "= 100,000,000"),
        ("100_000", "= 100,000"),
        (FORTY_DIGITS, "= 1,234,567,890,123,456,789,012,345,678,901,234,567,890 (40 digits)"),
    ):
        fill(page, n=typed)
        expect(page.locator(".value-became")).to_have_text(said)
    for typed, wrong in (
        ("1.5", "This is a fraction. Write a whole number."),
        ("1,000", "Write it without separators, or with underscores: 1_000."),
        ("ten", "This is not a number."),
        ("1e9999", "This has more than 4300 digits."),
        ("1e60", "Must be at most 10⁵⁰."),
    ):
        fill(page, n=typed)
        field = page.get_by_label("n", exact=True)
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(field).to_have_accessible_description(wrong_within(wrong))


def test_one_value_of_each_kind(form, service):
    page = form("scalars")
    fill(page, ratio="0.1", day="2026-11-26", text="two\nlines")
    page.get_by_role("button", name="Set code to USD").click()
    page.get_by_label("colour", exact=True).select_option("green")
    page.get_by_label("is_exact", exact=True).check()
    page.get_by_role("group", name="side").get_by_label("put").check()
    assert json.loads(submit(page, service)) == {
        "ratio": 0.1,
        "code": "USD",
        "day": "2026-11-26",
        "colour": "green",
        "text": "two\nlines",
        "is_exact": True,
        "side": "put",
    }


def test_lists_and_objects_one_within_the_other(form, service, screenshot):
    page = form("structures")
    fill(page, **{"numbers 1": "1", "numbers 2": "2.5"})
    page.get_by_role("button", name="Add an item to numbers").click()
    expect(page.get_by_label("numbers 3", exact=True)).to_be_focused()
    page.keyboard.type("1e-3")
    page.get_by_role("button", name="Remove numbers 1").click()
    fill(page, **{"pair 1": str(2**60), "pair 2": "big", "width": "10"})
    page.get_by_role("button", name="Add a member to weights").click()
    expect(page.get_by_label("Name of member 1 of weights")).to_be_focused()
    page.keyboard.type("a b/c")
    fill(page, **{"Value of a b/c": "2"})
    page.get_by_role("button", name="Add title").click()
    expect(page.get_by_label("title", exact=True)).to_be_focused()
    page.keyboard.type("Plan")
    fill(page, **{"matrix 2 1": "-7"})
    page.evaluate("scrollTo(0, 0)")
    screenshot(page, "new-structures")
    assert json.loads(submit(page, service)) == {
        "numbers": [2.5, 0.001],
        "pair": [2**60, "big"],
        "weights": {"a b/c": 2},
        "paper": {"width": 10, "title": "Plan"},
        "matrix": [[1, 2], [-7, 4]],
    }


def test_a_list_is_edited_as_json_and_as_fields_again(form):
    page = form("structures", "numbers=[1,2]")
    page.get_by_role("button", name="Edit as JSON (numbers)").click()
    text = page.get_by_role("textbox", name="numbers")
    expect(text).to_have_value("[\n  1,\n  2\n]")
    text.fill("[1,")
    expect(text).to_have_accessible_description(wrong_within("This is not valid JSON"))
    back = page.get_by_role("button", name="Edit as fields (numbers)")
    expect(back).to_be_disabled()
    text.fill("[1e999, 1]")
    expect(text).to_have_accessible_description(wrong_within("A number in it is too large"))
    text.fill('{"a": 1}')
    expect(back).to_be_disabled()
    text.fill("[3, 12345678901234567890]")
    back.click()
    expect(page.get_by_label("numbers 2", exact=True)).to_have_value("12345678901234567890")


def test_a_value_of_one_of_several_types(form, service):
    page = form("alternatives")
    page.get_by_role("group", name="limit").get_by_label("none (null)").check()
    page.get_by_role("group", name="shape").get_by_label("square").check()
    fill(page, side="2", name="")
    page.get_by_role("group", name="word").get_by_label("text").check()
    page.get_by_role("textbox", name="word").fill("7")
    assert json.loads(submit(page, service)) == {
        "limit": None,
        "shape": {"kind": "square", "side": 2, "name": ""},
        "word": "7",
        "note": None,
    }


def test_a_type_that_consists_of_itself(form, service):
    page = form("recursive")
    fill(page, value="1")
    page.get_by_role("button", name="Add an item to twigs").click()
    page.get_by_role("group", name="twigs 1").get_by_label("value", exact=True).fill("2")
    assert json.loads(submit(page, service)) == {
        "branch": {
            "value": 1,
            "next": None,
            "twigs": [{"value": 2, "next": None, "twigs": []}],
        }
    }


def test_a_function_without_arguments(form, service):
    page = form("nothing")
    expect(page.get_by_text("This function takes no arguments.")).to_be_visible()
    assert submit(page, service) == "{}"


def test_faults_stand_beside_their_fields_and_the_first_is_focused(form, watch, screenshot):
    watch.expect("422")
    page = form("scalars")
    page.get_by_role("button", name="Calculate").click()
    ratio, code = (page.get_by_label(name, exact=True) for name in ("ratio", "code"))
    expect(ratio).to_be_focused()
    expect(ratio).to_have_accessible_description(wrong_within("Enter a value."))
    expect(page.get_by_role("alert")).to_contain_text("things to correct")
    fill(page, ratio="0.5", code="eur", day="tomorrow")
    page.get_by_label("colour", exact=True).select_option("red")
    # What only the service knows.
    expect(code).to_have_attribute("aria-invalid", "true")
    expect(code).to_have_accessible_description(wrong_within("must match the pattern"))
    expect(page.get_by_label("day")).to_have_attribute("aria-invalid", "true")
    page.get_by_role("button", name="Calculate").click()
    expect(code).to_be_focused()
    page.get_by_role("alert").get_by_role("link", name="day").click()
    expect(page.get_by_label("day")).to_be_focused()
    page.evaluate("scrollTo(0, 0)")
    screenshot(page, "new-faults")
    fill(page, code="EUR", day="2026-11-26")
    expect(page.get_by_role("alert")).to_have_count(0)


def test_what_is_too_large_for_the_memory_is_said_while_it_is_typed(form, watch):
    watch.expect("422")
    page = form("estimated", "n=1e12")
    expect(page.locator(".new-side")).to_contain_text("Not possible as it is")
    field = page.get_by_label("n", exact=True)
    expect(field).to_have_accessible_description(wrong_within("bytes of memory"))


def test_an_estimate_is_asked_for_once_typing_has_ended(page, service):
    page.clock.install()
    asked = []
    page.on("request", lambda one: asked.append((urlsplit(one.url).path, one.post_data)))
    page.goto(f"{service.url}/console/new/estimated")
    field = page.get_by_label("n", exact=True)
    field.wait_for()
    page.clock.pause_at(time.time() + AN_HOUR)
    for digits in ("1", "10", "100"):
        field.fill(digits)
        page.clock.run_for(250)
    assert bodies(asked) == []
    page.clock.run_for(150)
    expect(page.locator(".estimate")).to_contain_text("100 ms")
    assert bodies(asked) == [{"function": "estimated", "arguments": {"n": 100}}]
    for incomplete in ("", "-", "x"):
        field.fill(incomplete)
        page.clock.run_for(5_000)
    field.fill("100")  # whose estimate is known
    page.clock.run_for(5_000)
    assert len(bodies(asked)) == 1


def bodies(asked):
    """Return what was sent with the requests for estimates."""
    return [json.loads(body) for path, body in asked if path == "/estimates"]


#: Keep the signals of the requests for estimates.
KEEP_SIGNALS = """
const asked = (window.asked = []);
const plain = window.fetch;
window.fetch = (path, options) => {
    if (path === "/estimates") asked.push(options.signal);
    return plain(path, options);
};
"""


def test_an_estimate_that_is_no_longer_wanted_is_given_up(page, form):
    page.add_init_script(KEEP_SIGNALS)
    form("estimated")
    page.route("**/estimates", lambda _route: None)  # no answer comes
    fill(page, n="1000")
    eventually(lambda: page.evaluate("asked.length") == 1)
    page.unroute("**/estimates")
    fill(page, n="2000")
    expect(page.locator(".estimate")).to_contain_text("2 s")
    assert page.evaluate("asked.map((signal) => signal.aborted)") == [True, False]


def test_nothing_is_asked_while_the_service_is_down_and_all_goes_on_afterwards(form, watch):
    watch.expect("ERR_INTERNET_DISCONNECTED")
    page = form("estimated", "n=1000")
    expect(page.locator(".estimate")).to_contain_text("1 s")
    asked = []
    page.on("request", lambda one: asked.append(urlsplit(one.url).path))
    page.context.set_offline(True)
    fill(page, n="2000")
    expect(page.locator(".estimate")).to_contain_text("Waiting for the service")
    for digits in ("30", "300", "3000"):
        fill(page, n=digits)
        page.wait_for_timeout(350)
    assert asked.count("/estimates") == 1
    assert asked.count("/health/live") <= 4
    page.get_by_role("button", name="Calculate").click()
    expect(page.get_by_role("alert")).to_contain_text("Submit it again once the service answers")
    page.context.set_offline(False)
    expect(page.locator(".estimate")).to_contain_text("3 s")
    expect(page.get_by_label("n", exact=True)).to_have_value("3000")


def test_what_exists_is_said_with_a_link(form, service):
    page = form("estimated", "n=432")
    submit(page, service)
    form("estimated", "n=432")
    known = page.locator(".estimate-known")
    expect(known).to_contain_text("Already submitted")
    expect(page.get_by_role("button", name="Follow it")).to_be_visible()
    known.get_by_role("link").click()
    page.wait_for_url("**/console/calculations/*")
    submit(form("fibonacci", "n=50"), service)  # which is computed in the request
    form("fibonacci", "n=50")
    expect(known).to_contain_text("Already computed")
    expect(page.get_by_role("button", name="Show the result")).to_be_visible()


def test_a_rate_that_is_exceeded_delays_the_next_estimate(form, watch):
    watch.expect("429")
    page = form("estimated")
    answer = problem(429, "rate-exceeded", title="Rate exceeded", detail="Send fewer.")
    page.route(
        "**/estimates",
        lambda route: route.fulfill(**answer, headers={"Retry-After": "1"}),
        times=1,
    )
    fill(page, n="2000")
    expect(page.locator(".estimate")).to_contain_text("Too many requests; again in 1 s")
    expect(page.locator(".estimate")).to_contain_text("2 s")
    expect(page.locator(".estimate")).not_to_contain_text("Too many requests")


def test_the_arguments_are_in_the_url(form, page, service):
    form("scalars")
    fill(page, ratio="0.25", text='"5" & more')
    page.get_by_role("group", name="side").get_by_label("put").check()
    wanted = {"ratio": ["0.25"], "text": ['"5" & more'], "side": ["put"]}
    eventually(lambda: parse_qs(urlsplit(page.evaluate("location.href")).query) == wanted)
    page.reload()
    expect(page.get_by_label("ratio", exact=True)).to_have_value("0.25")
    expect(page.get_by_label("text", exact=True)).to_have_value('"5" & more')
    expect(page.get_by_role("group", name="side").get_by_label("put")).to_be_checked()
    form("integers", f"n={FORTY_DIGITS}&times=2")
    page.get_by_text("Request as JSON").first.click()
    expect(page.locator(".request-body pre")).to_contain_text(f'"n": {FORTY_DIGITS},')


def test_an_example_fills_in_the_form(form):
    page = form("integers")
    page.get_by_role("button", name="n = -7, times = 2").click()
    expect(page.get_by_label("n", exact=True)).to_have_value("-7")
    page.get_by_role("button", name="n = 9,007,199,254,740,993").click()
    expect(page.get_by_label("n", exact=True)).to_have_value(str(2**53 + 1))
    expect(page.get_by_label("times", exact=True)).to_have_value("3")


def test_by_keyboard_alone_from_the_search_to_the_submission(page, service):
    page.goto(f"{service.url}/console/new")
    search = page.get_by_role("searchbox", name="Search the functions")
    search.focus()
    page.keyboard.type("multiply")
    expect(page.get_by_role("listitem")).to_have_count(1)
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/new/integers")
    expect(page.get_by_label("n", exact=True)).to_be_visible()
    expect(page.get_by_role("heading", name="New calculation")).to_be_focused()
    for _ in range(5):  # two links, two examples, and the first field
        page.keyboard.press("Tab")
    expect(page.get_by_label("n", exact=True)).to_be_focused()
    page.keyboard.type("77")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/console/calculations/*")


def test_a_key_that_may_not_submit_is_told_so(page, form):
    session = {"keys": "on", "key": "reader", "scopes": ["read"], "expires_at": None}
    page.route("**/session", lambda route: route.fulfill(json=session))
    form("integers", "n=5")
    expect(page.get_by_text("The key reader may not submit calculations.")).to_be_visible()
    expect(page.get_by_role("button", name="Calculate")).to_have_count(0)


@pytest.mark.parametrize(("status", "name"), [(503, "queue-full"), (429, "key-limit")])
def test_what_is_over_a_limit_is_said_and_what_was_typed_is_kept(form, watch, status, name):
    watch.expect(str(status))
    page = form("integers", f"n={status}")
    answer = problem(status, name, title="Queue full", detail="All calculations need 9 s.")
    page.route(
        "**/calculations", lambda route: route.fulfill(**answer, headers={"Retry-After": "7"})
    )
    page.get_by_role("button", name="Calculate").click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("Not submitted: Queue full")
    expect(alert).to_contain_text("Submit it again in 7 s")
    expect(page.get_by_label("n", exact=True)).to_have_value(str(status))
    page.unroute("**/calculations")
    page.get_by_role("button", name="Calculate").click()
    page.wait_for_url("**/console/calculations/*")


def test_a_function_that_there_is_not(page, service, watch):
    watch.expect("404")
    page.goto(f"{service.url}/console/new/ackermann")
    expect(page.get_by_text("There is no function named ackermann")).to_be_visible()


@pytest.mark.parametrize(
    ("scheme", "functions"),
    [("light", ("", "scalars", "structures", "alternatives")), ("dark", ("", "structures"))],
)
def test_every_form_fits_a_phone_and_can_be_used_by_everyone(
    page, service, axe, screenshot, scheme, functions
):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 360, "height": 800})
    for function in functions:
        page.goto(f"{service.url}/console/new/{function}")
        page.wait_for_selector("form")
        if function:
            page.get_by_role("button", name="Calculate").click()  # with faults
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, function
        axe(page)
        screenshot(page, f"new-{function or 'choice'}-360-{scheme}")


def test_functions_of_another_package_are_offered(page, service, screenshot):
    page.goto(f"{service.url}/console/new")
    names = page.locator(".function-choice-name")
    expect(names).to_have_count(9)  # the seven of the package, and the two that ship
    catalogue = httpx.get(f"{service.url}/functions").json()["functions"]
    packages = {one["name"]: one["package"] for one in catalogue}
    assert packages["scalars"] == {"name": PACKAGE, "version": "0.1"}
    assert packages["fibonacci"]["name"] == "reckoner-service"
    screenshot(page, "new-choice")
