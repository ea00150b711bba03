"""examples/spa in Debian's Chromium: its paths are drawn by the page, its files and its API come from the server."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from applications import client_to, loaded
from chromium import Browser, browser
from pelton.testing import live_server
from pictures import in_the_dark, picture_of


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as one:
        yield one


DRAWN = """new Promise((resolve) => {
    const look = () => { if (main.children.length) { watcher.disconnect(); resolve(main.innerText); } };
    const main = document.getElementById("main"), watcher = new MutationObserver(look);
    watcher.observe(main, {childList: true});
    look();
})"""


def test_the_page(chromium: Browser, serve: Callable[..., live_server]) -> None:
    url = serve(loaded("spa/spa").app).url
    with chromium.page(url) as page:
        assert "Aloe" in page.value(DRAWN)
        assert picture_of(page).drawn > 1000
        page.value("document.querySelector('a[href=\"/plants/2\"]').click()")
        assert "It likes: sun" in page.value(DRAWN) and page.value("location.pathname") == "/plants/2"
        page.value("new Promise((resolve) => { addEventListener('popstate', resolve); history.back(); })")
        assert "Fern" in page.value(DRAWN)
        light = picture_of(page).ground
        in_the_dark(page)
        assert picture_of(page).ground < 80 < 180 < light
    with chromium.page(f"{url}/plants/3") as page:  # as a link from elsewhere
        assert "It likes: some" in page.value(DRAWN)


def test_files_paths_and_api(serve: Callable[..., live_server]) -> None:
    with client_to(serve(loaded("spa/spa").app).url) as client:
        page = client.get("/")
        assert page.headers["content-type"].startswith("text/html") and page.headers["cache-control"] == "no-cache"
        assert client.get("/plants/3").text == page.text
        assert client.get("/style.css").headers["content-type"].startswith("text/css")
        assert client.get("/missing.css").status_code == 404
        assert client.get("/api/plants").json()[0] == {"id": 1, "name": "Fern", "light": "shade"}
        again = client.get("/app.js", headers={"if-none-match": client.get("/app.js").headers["etag"]})
        assert again.status_code == 304
