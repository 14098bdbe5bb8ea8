"""Modules of the console, used in the page that has them loaded."""

from typing import Any

from playwright.sync_api import Page

#: `use(path)` imports a module of the page's own tree.
_USE = """
const base = document.querySelector('script[type="module"]').src.replace(/main\\.js$/, "");
const use = (path) => import(base + path);
"""


def run(page: Page, script: str, argument: Any = None) -> Any:
    """Run the body of an async function, which may `use("core/json.js")`; return its value."""
    return page.evaluate(f"async (argument) => {{ {_USE} {script} }}", argument)


def mount(page: Page, template: str, modules: str) -> None:
    """Render a template into the page's content, with what the statements import.

    For example `mount(page, "<${Status} of=running />", 'const {Status} = await use("…");')`.
    """
    run(
        page,
        f"""
        const {{ html, render }} = await use("core/preact.js");
        {modules}
        const place = document.createElement("div");
        place.id = "mounted";
        document.querySelector("main").append(place);
        render(html`{template}`, place);
        """,
    )
