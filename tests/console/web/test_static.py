"""Style and script of the console: kept by browsers for as long as they do not change."""

import hashlib
import re

import pytest

from gateway.console.web.static import FOLDER, Static


async def test_style_and_script_are_kept_by_browsers(shared):
    """Files are named by their content; another name is asked about again."""
    page = await shared.get("/")
    [style] = [part.split('"')[1] for part in page.text.split("href=")[1:] if "console.css" in part]
    kept = await shared.get(style)
    assert (kept.status, kept.headers["Content-Type"]) == (200, "text/css; charset=utf-8")
    assert "immutable" in kept.headers["Cache-Control"]
    plain = await shared.get(style.partition("?")[0])
    assert plain.headers["Cache-Control"] == "no-cache"
    assert (await shared.get("/static/console.css", If_None_Match=plain.headers["ETag"])).status == 304
    assert (await shared.get("/static/..%2Fconsole.css")).status == 404


async def test_nothing_but_style_script_and_pictures_is_a_file(shared):
    """Neither another name nor a way out of the folder leads to a file."""
    for name in ("none.css", "../templates/base.html", "%2e%2e%2ftemplates%2fbase.html", "console.css%00", ".", ""):
        assert (await shared.get(f"/static/{name}")).status == 404, name


def test_a_url_holds_the_content():
    """It changes with the file; a name that is none is a fault of the program."""
    found = Static()
    for path in FOLDER.iterdir():
        assert found.url(path.name) == f"/static/{path.name}?v={hashlib.sha256(path.read_bytes()).hexdigest()[:16]}"
    with pytest.raises(KeyError):
        found.url("none.css")


async def test_every_file_that_scripts_and_styles_name_is_there(shared):
    """What one file imports of another is answered, with the type that a browser asks for."""
    types = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
    for path in FOLDER.iterdir():
        answer = await shared.get(f"/static/{path.name}")
        assert answer.headers["Content-Type"] == f"{types[path.suffix]}; charset=utf-8"
        assert answer.body == path.read_bytes()
        for other in re.findall(r"""(?:from|import|url\()\s*["']?(\.?/[\w./-]+)""", answer.text):
            assert (await shared.get("/static/" + other.rpartition("/")[2])).status == 200, (path.name, other)


async def test_a_content_that_is_gone_may_not_be_kept(shared):
    """After an upgrade a page of before asks for the old content: it gets the new one, to be asked about again."""
    answer = await shared.get("/static/console.css?v=0123456789abcdef")
    assert (answer.status, answer.headers["Cache-Control"]) == (200, "no-cache")
