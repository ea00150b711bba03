"""`pelton dev` beside an editor: what is saved is served, and what cannot start is shown."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from supervised import Supervised

HELLO = """
from pelton import App

app = App()

@app.get("/")
def home(request):
    return {text!r}

@app.get("/wrong")
def wrong(request):
    return 1 / 0
"""
WITHOUT_WATCHFILES = "raise ImportError(__name__)\n"


def save(folder: Path, text: str, name: str = "app.py") -> None:
    """As editors do it: a new file takes the place of the old one."""
    (folder / f"{name}.new").write_text(text)
    (folder / f"{name}.new").replace(folder / name)


@pytest.fixture(params=["inotify", "polling"])
def watcher(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """The environment that chooses how files are watched."""
    if request.param == "inotify":
        pytest.importorskip("watchfiles")
        return {}
    (tmp_path / "absent").mkdir()
    (tmp_path / "absent/watchfiles.py").write_text(WITHOUT_WATCHFILES)
    return {"PYTHONPATH": str(tmp_path / "absent")}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "project"
    made.mkdir()
    save(made, HELLO.format(text="first"))
    return made


@pytest.fixture
def served(folder: Path, watcher: dict[str, str], engine: str) -> Iterator[Supervised]:
    # Byte code of a file is taken for current if its second and its size have not changed.
    environment = watcher | {"PYTHONDONTWRITEBYTECODE": "1", "PELTON_ENGINE": engine}
    one = Supervised(folder, "app.py", command="dev", **environment)
    try:
        yield one
    finally:
        one.end()


def ask(served: Supervised, head: str = "GET / HTTP/1.1\r\nHost: h\r\n") -> str:
    """The whole answer, of a connection of its own."""
    with served.connect() as connection:
        connection.sendall(f"{head}Connection: close\r\n\r\n".encode())
        return b"".join(iter(lambda: connection.recv(65536), b"")).decode()


@contextmanager
def reload(served: Supervised) -> Iterator[None]:
    """What is saved within is served behind it, and by nobody but the new worker."""
    if not served.workers:
        served.ready()
    process = os.pidfd_open(served.workers[-1])
    try:
        yield
        served.ready()
        served.wait_for(process)
    finally:
        os.close(process)


def test_what_is_saved_is_served(served: Supervised, folder: Path) -> None:
    for text in ("second", "third"):
        with reload(served):
            save(folder, HELLO.format(text=text))
            assert "app.py changed" in served.say_until("changed")[-1]
        assert ask(served).endswith(f'"{text}"')


def test_a_source_of_the_same_second_and_size_is_compiled_anew(folder: Path, watcher: dict[str, str], engine: str) -> None:
    words = folder / "words.py"

    def write(text: str) -> None:
        made = folder / "words.new"
        made.write_text(f"TEXT = {text!r}\n")
        os.utime(made, (1_800_000_000, 1_800_000_000))
        made.replace(words)

    write("one")
    save(folder, "from words import TEXT\n" + HELLO.replace("{text!r}", "TEXT"))
    served = Supervised(folder, "app.py", command="dev", PELTON_ENGINE=engine, PYTHONDONTWRITEBYTECODE="", **watcher)
    try:
        served.ready()
        assert ask(served).endswith('"one"')
        with reload(served):
            write("two")
        assert ask(served).endswith('"two"')
    finally:
        served.end()


def test_a_broken_program_answers_503_with_its_traceback_until_it_is_mended(served: Supervised, folder: Path) -> None:
    with reload(served):
        save(folder, "from nowhere import anything\n")
    answer = ask(served)
    assert answer.startswith("HTTP/1.1 503 ")
    assert "content-type: text/plain; charset=utf-8" in answer.lower()
    assert "ModuleNotFoundError: No module named 'nowhere'" in answer
    assert 'app.py", line 1' in answer
    page = ask(served, "DELETE /any/path?x HTTP/1.1\r\nHost: h\r\nAccept: text/html,*/*;q=0.8\r\n")
    assert page.startswith("HTTP/1.1 503 ") and "<h1>cannot start: importing app.py failed" in page
    with reload(served):
        save(folder, HELLO.format(text="mended"))
    assert ask(served).endswith('"mended"')


@pytest.mark.parametrize(
    "text, shown",
    [
        ("def broken(:\n", "SyntaxError"),
        (HELLO.format(text="") + "\n@app.on_startup\ndef fail():\n    raise OSError('no database')\n", "no database"),
        (HELLO.format(text="") + "\n@app.get('/')\ndef again(request):\n    return 1\n", "/"),
        ("x = 1\n", "no application named app"),
    ],
    ids=["syntax", "startup", "route", "no app"],
)
def test_a_program_that_is_broken_from_the_beginning_is_shown(folder: Path, engine: str, text: str, shown: str) -> None:
    save(folder, text)
    served = Supervised(folder, "app.py", command="dev", PELTON_ENGINE=engine)
    try:
        served.ready()
        answer = ask(served)
        assert answer.startswith("HTTP/1.1 503 ") and shown in answer
    finally:
        served.end()


def test_a_handshake_gets_the_503_too(folder: Path, engine: str) -> None:
    save(folder, "1 / 0\n")
    served = Supervised(folder, "app.py", command="dev", PELTON_ENGINE=engine)
    try:
        served.ready()
        answer = ask(
            served,
            "GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nConnection: Upgrade\r\n",
        )
        assert answer.startswith("HTTP/1.1 503 ") and "ZeroDivisionError" in answer
    finally:
        served.end()


def test_errors_of_handlers_show_their_traceback_and_each_request_has_a_line(folder: Path, engine: str) -> None:
    log = folder / "requests.log"
    served = Supervised(folder, f"--access-log={log}", command="dev", PELTON_ENGINE=engine)
    try:
        served.ready()
        assert "ZeroDivisionError" in ask(served, "GET /wrong HTTP/1.1\r\nHost: h\r\n")
        assert ask(served, "GET /?a=b HTTP/1.1\r\nHost: h\r\n").endswith('"first"')
        assert served.stop() == 0
        wrong, right = log.read_text().splitlines()
        assert re.fullmatch(r"GET /wrong 500 [\d.]+ ms .*", wrong) and re.fullmatch(r"GET /\?a=b 200 [\d.]+ ms", right)
    finally:
        served.end()


def test_a_request_in_progress_is_answered_through_a_reload(served: Supervised, folder: Path) -> None:
    with reload(served), served.connect() as begun:
        begun.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n")
        save(folder, HELLO.format(text="second"))
        served.say_until("reload: generation .* starts")
        begun.sendall(b"\r\n")
        assert begun.recv(65536).endswith(b'"first"')
    assert ask(served).endswith('"second"')


def test_what_is_not_watched_reloads_nothing(folder: Path, engine: str) -> None:
    (folder / "generated").mkdir()
    served = Supervised(
        folder, "--reload-exclude", "generated", "--reload-include", "*.py", "--reload-include", "*.txt", "--reload-delay", "0.05",
        command="dev", PELTON_ENGINE=engine,
    )  # fmt: skip
    try:
        served.ready()
        save(folder, "x = 1\n", "generated/one.py")
        save(folder, "text", "notes.md")
        save(folder, "text", "notes.txt")
        assert "pelton: notes.txt changed\n" in served.say_until("changed")
    finally:
        served.end()


def test_flags_of_watching_need_reload(folder: Path) -> None:
    served = Supervised(folder, "--reload-dir", ".")
    assert served.process.wait(60) == 2
    assert "--reload-dir is of --reload, which is not given" in served.said.read()
    served.end()
