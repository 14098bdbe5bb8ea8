"""The page of the API, with its viewer and without."""

import hashlib

from gateway.docs.files import load_docs_page


def install(folder, version, content="// viewer"):
    viewer = folder / "swagger-ui-dist" / version
    viewer.mkdir(parents=True)
    for name in ("swagger-ui-bundle.js", "swagger-ui.css", "installed.json"):
        (viewer / name).write_text(content)


def test_without_the_viewer_the_page_says_how_to_install_it_and_where_the_description_is(tmp_path):
    page = load_docs_page(tmp_path)
    assert (page.has_viewer, page.files) == (False, {})
    assert b'href="/openapi.json"' in page.html
    assert b"make up" in page.html
    assert b"<script" not in page.html


def test_each_file_has_a_name_of_its_content_which_the_page_uses(tmp_path):
    install(tmp_path, "5.0.0")
    page = load_docs_page(tmp_path)
    assert len(page.files) == 3
    for name, file in page.files.items():
        assert f'"/docs/{name}"'.encode() in page.html
        sha256 = hashlib.sha256(file.content).hexdigest()
        assert sha256[:16] in name
        assert file.representation.etag == f'"{sha256[:16]}"'
    types = {file.media_type.partition(";")[0] for file in page.files.values()}
    assert types == {"text/javascript", "text/css"}


def test_half_an_installation_is_none(tmp_path):
    install(tmp_path, "5.0.0")
    (tmp_path / "swagger-ui-dist/5.0.0/installed.json").unlink()
    assert not load_docs_page(tmp_path).has_viewer


def test_an_installation_that_lost_a_file_is_none_and_the_older_one_is_used(tmp_path):
    install(tmp_path, "6.0.0")
    (tmp_path / "swagger-ui-dist/6.0.0/swagger-ui.css").unlink()
    assert not load_docs_page(tmp_path).has_viewer
    install(tmp_path, "5.0.0", "// older")
    assert load_docs_page(tmp_path).has_viewer
