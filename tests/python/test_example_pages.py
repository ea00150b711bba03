"""examples/chat and examples/dashboard in Debian's Chromium: what their pages show, and that it moves."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from websockets.sync.client import connect

from applications import FOLDER, loaded
from chromium import Browser, Page, browser
from pelton.testing import live_server
from pictures import as_wide_as, in_the_dark, picture_of
from supervised import Supervised


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as one:
        yield one


def until(page: Page, condition: str) -> None:
    """Resolved by the page itself, whenever something in it changes."""
    page.value(
        f"""new Promise((resolve) => {{
            const look = () => {{ if ({condition}) {{ watcher.disconnect(); resolve(); }} }};
            const watcher = new MutationObserver(look);
            watcher.observe(document, {{subtree: true, childList: true, attributes: true, characterData: true}});
            look();
        }})"""
    )


def fits(page: Page) -> bool:
    """Nothing sticks out at the side."""
    inside: bool = page.value("document.documentElement.scrollWidth <= innerWidth")
    return inside


def write(page: Page, field: str, text: str) -> None:
    page.value(f"document.getElementById({field!r}).focus()")
    page.value(f"document.getElementById({field!r}).select()")
    page.ask("Input.insertText", text=text)


def press_enter(page: Page) -> None:
    for kind in ("keyDown", "keyUp"):
        page.ask("Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter", windowsVirtualKeyCode=13, text="\r")


def enter(page: Page, name: str, room: str) -> None:
    write(page, "name", name)
    write(page, "room", room)
    press_enter(page)
    until(page, "document.getElementById('state').textContent === 'connected'")


def say(page: Page, text: str) -> None:
    write(page, "text", text)
    press_enter(page)


def shows(text: str) -> str:
    return f"document.getElementById('messages').textContent.includes({json.dumps(text)})"


# --- chat -------------------------------------------------------------------------------------


def test_chat_between_two_pages(chromium: Browser, serve: Callable[..., live_server]) -> None:
    url = serve(loaded("chat/chat").app).url
    with chromium.page(url) as ada, chromium.page(url) as grace:
        enter(ada, "Ada", "engines")
        before = picture_of(ada, "#messages")
        enter(grace, "Grace", "engines")
        until(ada, shows("Grace has joined"))
        say(ada, "<b>good day</b> 👋")
        say(grace, "and to you")
        for page in (ada, grace):
            until(page, f"{shows('<b>good day</b> 👋')} && {shows('and to you')}")
        assert ada.value("document.querySelectorAll('.mine').length") == 1
        after = picture_of(ada, "#messages")
        assert after.drawn > before.drawn and after.colors > 10
        say(ada, "   ")
        say(ada, "x" * 1500)
        until(grace, shows("x" * 1500))
        assert grace.value("document.querySelectorAll('.said').length") == 3 and fits(grace)
        grace.value("socket.close()")
        until(ada, shows("Grace has left"))
        until(grace, "document.getElementById('state').textContent === 'connected'")  # again, by itself
        as_wide_as(ada, 340)
        assert fits(ada)
        light = picture_of(ada, "header").ground
        in_the_dark(ada)
        assert picture_of(ada, "header").ground < 80 < 180 < light


def test_chat_keeps_rooms_apart_and_names_short(serve: Callable[..., live_server]) -> None:
    url = serve(loaded("chat/chat").app).url.replace("http", "ws", 1)
    with connect(f"{url}/rooms/a?name=x", proxy=None) as one, connect(f"{url}/rooms/b?name=y", proxy=None) as other:
        assert json.loads(one.recv())["kind"] == "joined" and json.loads(other.recv())["name"] == "y"
        other.send("only here")
        one.send("and here")
        assert [json.loads(one.recv())["text"], json.loads(other.recv())["text"]] == ["and here", "only here"]
    with pytest.raises(Exception, match="422"):
        connect(f"{url}/rooms/a?name={'n' * 25}", proxy=None)


def test_chat_reaches_the_other_workers(tmp_path: Path, engine: str) -> None:
    server = Supervised(FOLDER / "chat", "chat.py", "--workers", "2", PELTON_ENGINE=engine)
    try:
        server.ready(2)
        url = f"ws://127.0.0.1:{server.port}/rooms/all"
        with ExitStack() as stack:
            rooms = [stack.enter_context(connect(f"{url}?name=n{n}", proxy=None)) for n in range(8)]
            rooms[0].send("to everybody")
            for room in rooms:
                while json.loads(room.recv(timeout=60))["text"] != "to everybody":
                    pass
        assert server.stop() == 0
    finally:
        server.end()


# --- dashboard --------------------------------------------------------------------------------


def test_the_dashboard_moves(
    chromium: Browser, serve: Callable[..., live_server], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAMPLE_PERIOD", "0.05")
    module = loaded("dashboard/dashboard")
    with chromium.page(serve(module.app).url) as page:
        as_wide_as(page, 1100)
        until(page, "samples.length > 20")
        first = page.value("samples.at(-1).number")
        for one in ("load", "memory", "watchers"):
            assert picture_of(page, f"canvas[data-key={one}]").drawn > 500
        assert page.value("document.getElementById('watchers').textContent") == "1"
        assert page.value("document.getElementById('memory').textContent").endswith(" %")
        until(page, f"samples.at(-1).number > {first + 3}")
        numbers = page.value("samples.map((one) => one.number)")
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        light = picture_of(page).ground
        in_the_dark(page)
        assert picture_of(page).ground < 80 < 180 < light
        as_wide_as(page, 340)
        assert fits(page) and picture_of(page, "canvas[data-key=load]").drawn > 100
    # The page is closed, and with it the stream.
    while module.watchers:
        pass
