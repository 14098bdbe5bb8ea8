"""The console's page and files, with the packages that it needs and without."""

import asyncio
import base64
import functools
import hashlib
import json
import re
import shutil

import pytest

import gateway.app
from gateway.app import create_app
from gateway.console.files import PACKAGES, SOURCES, load_tree
from gateway.console.modules import imported_modules
from gateway.console.page import load_console
from tests.asgi import Client
from tests.unit.gateway.description.conftest import make_settings


@pytest.fixture
def installed(tmp_path):
    """A folder with what the packages need to count as installed."""
    for name, files in PACKAGES.items():
        for file in (*files.values(), "installed.json"):
            path = tmp_path / "installed" / name / "1.0.0" / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"// {name} {file}")
    return tmp_path / "installed"


def tree_of(installed, *sources):
    tree = load_tree(installed, *sources)
    assert tree is not None
    return tree


def test_each_module_that_is_imported_is_a_file_of_the_tree(installed):
    tree = tree_of(installed)
    modules = [name for name in tree.files if name.endswith(".js")]
    for name in modules:
        if name.startswith("packages/"):
            continue
        for target in imported_modules(tree, name):
            assert target in modules, (name, target)
    # Nobody but core/preact.js needs the import map.
    for name in modules:
        bare = re.findall(r'from "([^."][^"]*)"', tree.files[name].content.decode())
        assert bare == [] or name == "core/preact.js"


def test_each_page_has_a_browser_load_at_once_what_it_needs_and_no_other_page(installed):
    console = load_console(installed)
    paths = {"": "calculations", "new/a": "new", "calculations/a": "calculation"}
    paths |= {"system": "system", "functions": "functions", "functions/a": "functions"}
    for path, page in paths.items():
        html = console.html_of(path).decode()
        assert f"/pages/{page}/index.js" in html
        names = set(re.findall(r'rel="modulepreload" href="[^"]*/pages/(\w+)/index.js"', html))
        assert names == {page}
    assert "/pages/system" not in console.html_of("nowhere").decode()


def test_modules_are_served_without_comments_and_with_the_same_lines(installed, tmp_path):
    sources = tmp_path / "page"
    sources.mkdir()
    text = (
        "/** What\n * it is. */\n// why\n"
        'export const a = "// b"; // c\n  // d\n/** e */\nconst f = 1;\n'
    )
    (sources / "a.js").write_text(text)
    served = tree_of(installed, sources).files["a.js"].content.decode()
    assert served == '\n\n\nexport const a = "// b"; // c\n\n\nconst f = 1;\n'
    for name, file in tree_of(installed).files.items():
        if not name.startswith("packages/") and name != "style.css":
            source = (SOURCES / name).read_text()
            assert file.content.decode().count("\n") == source.count("\n")


def test_any_change_of_a_file_or_a_package_changes_every_url(installed, tmp_path):
    first = tree_of(installed)
    assert tree_of(installed).digest == first.digest
    (installed / "htm/1.0.0/dist/htm.module.js").write_text("// another")
    second = tree_of(installed)
    assert second.digest != first.digest
    sources = tmp_path / "page"
    shutil.copytree(SOURCES, sources)
    assert tree_of(installed, sources).digest == second.digest
    (sources / "main.js").rename(sources / "start.js")
    assert tree_of(installed, sources).digest != second.digest


def test_the_policy_lets_the_import_map_and_no_other_text_run(installed):
    console = load_console(installed)
    html = console.html_of("system").decode()
    (import_map,) = re.findall(r'<script type="importmap">(.*?)</script>', html)
    digest = base64.b64encode(hashlib.sha256(import_map.encode()).digest()).decode()
    assert f"script-src 'self' 'sha256-{digest}'" in console.policy
    assert console.tree is not None
    for url in json.loads(import_map)["imports"].values():
        assert url.removeprefix(f"/console/files/{console.tree.digest}/") in console.tree.files
    assert "{" not in html.replace(import_map, "")
    assert not re.search(r"\sstyle=|<style|\son\w+=", html)


@pytest.mark.parametrize("missing", sorted(PACKAGES))
def test_without_a_package_the_page_says_how_to_install_it_and_the_api_goes_on(
    installed, registry, monkeypatch, missing
):
    shutil.rmtree(installed / missing)
    monkeypatch.setattr(gateway.app, "load_console", functools.partial(load_console, installed))
    app = create_app(make_settings(), registry)

    def ask(*request, **headers):
        return asyncio.run(Client(app).ask(*request, **headers))

    for path in ("/", "/console/new"):
        page = ask("GET", path, accept="text/html")
        assert page.status == 200
        text = page.body.decode()
        assert "<script" not in text
        assert "make up" in text
        assert 'href="/calculations"' in text
    assert ask("GET", "/").json()["name"] == "Reckoner"
    assert ask("GET", "/functions").status == 200
    assert ask("GET", "/console/files/0000000000000000/main.js").status == 404
