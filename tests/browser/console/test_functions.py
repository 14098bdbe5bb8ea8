"""The catalogue: what can be calculated, and what is installed and cannot be used."""

import pytest
from playwright.sync_api import expect

from tests.kinds_of_arguments import PACKAGE
from tests.plug_ins import install_kinds_of_arguments, install_plug_in

pytestmark = pytest.mark.slow

PROBLEMS = {"lost": "lost_module:lost", "greeks": "of_any_arguments:greeks"}
REFUSED = """\
from reckoner import function

@function
def greeks(*values: float) -> float:
    return 1.0
"""


@pytest.fixture(scope="module")
def service(start_service, tmp_path_factory):
    """A gateway with functions of three packages; those of one cannot be loaded."""
    folder = tmp_path_factory.mktemp("packages")
    path = install_kinds_of_arguments(folder)
    install_plug_in(folder, "acme-risk", PROBLEMS)
    (folder / "of_any_arguments.py").write_text(REFUSED)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", path)
        with start_service() as service:
            yield service


@pytest.fixture
def catalogue(page, service):
    page.goto(f"{service.url}/console/functions")
    page.get_by_role("table", name="Functions").wait_for()
    return page


def names(page):
    return page.locator(".function-title a").all_text_contents()


def test_what_could_not_be_loaded_is_told_first_with_its_package(catalogue, screenshot):
    problems = catalogue.get_by_role("region", name="Functions that could not be loaded")
    expect(problems).to_contain_text("2 functions could not be loaded")
    expect(problems).to_contain_text("of the package acme-risk")
    expect(problems).to_contain_text("No module named 'lost_module'. Correct the package")
    expect(problems).to_contain_text("It takes *values; name each argument, or take a list.")
    screenshot(catalogue, "functions")


def test_the_catalogue_is_searched_by_every_word(catalogue):
    search = catalogue.get_by_role("searchbox", name="Search the functions")
    assert len(names(catalogue)) == 9
    search.fill("fib")
    assert names(catalogue) == ["fibonacci"]
    search.fill(f"{PACKAGE} shape")  # its package, and an argument
    assert names(catalogue) == ["alternatives"]
    search.fill("ackermann")
    expect(catalogue.get_by_text("No function matches")).to_be_visible()


def test_from_the_catalogue_a_function_and_from_there_its_form(catalogue, screenshot):
    row = catalogue.get_by_role("row").filter(has_text="fibonacci")
    for text in ("Digits", "residue", "reckoner-service"):
        expect(row).to_contain_text(text)
    row.get_by_role("link", name="fibonacci", exact=True).click()
    page = catalogue
    expect(page.get_by_role("heading", name="fibonacci", level=1)).to_be_focused()
    expect(page).to_have_title("fibonacci · Reckoner")
    arguments = page.get_by_role("table", name="Arguments")
    for text in ("integer", "0 to 10,000,000,000", "required", "Which Fibonacci number."):
        expect(arguments).to_contain_text(text)
    facts = page.get_by_role("region", name="Facts")
    for text in ("text/plain; charset=us-ascii", "by a residue", "reckoner-service", "1 h"):
        expect(facts).to_contain_text(text)
    costs = page.get_by_role("table", name="Estimates")
    expect(costs.get_by_role("row").filter(has_text="100,000,000").first).to_contain_text("1.66 s")
    expect(costs.get_by_role("row").last).to_contain_text("too much")
    screenshot(page, "function-fibonacci")
    page.get_by_role("link", name="n = 1,000,000").click()
    expect(page.get_by_label("n", exact=True)).to_have_value("1000000")
    page.go_back()
    page.get_by_role("link", name="New calculation").click()
    page.wait_for_url("**/console/new/fibonacci")


def test_a_schema_is_a_table_with_what_is_within_and_can_be_seen_as_it_is(page, service):
    page.goto(f"{service.url}/console/functions/alternatives")
    table = page.get_by_role("table", name="Arguments")
    for row, text in (
        ("limit", "integer or null"),
        ("shape (circle).radius", "more than 0"),
        ("shape (square).name", '"unnamed"'),
        ("word", "A number, or its name."),
    ):
        expect(table.get_by_role("row").filter(has_text=row).first).to_contain_text(text)
    page.get_by_text("JSON Schema").click()
    expect(page.get_by_label("JSON Schema of the arguments")).to_contain_text('"oneOf"')
    page.goto(f"{service.url}/console/functions/integers")
    page.get_by_text("JSON Schema").click()
    bounds = page.get_by_label("JSON Schema of the arguments")
    expect(bounds).to_contain_text('"maximum": 1' + 50 * "0")


def test_a_function_that_there_is_not(page, service, watch):
    watch.expect("404")
    page.goto(f"{service.url}/console/functions/ackermann")
    expect(page.get_by_text("There is no such function")).to_be_visible()


def test_the_pages_fit_a_phone_and_can_be_used_by_everyone(page, service, axe, screenshot):
    page.set_viewport_size({"width": 360, "height": 800})
    for path, found, scheme in (
        ("functions", "Functions", "dark"),
        ("functions/fibonacci", "Estimates", "light"),
        ("functions/structures", "Arguments", "dark"),
    ):
        page.emulate_media(color_scheme=scheme)
        page.goto(f"{service.url}/console/{path}")
        page.get_by_role("table", name=found).wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
        axe(page)
        screenshot(page, f"{path.replace('/', '-')}-360-{scheme}")
