"""`pelton new`: a small application with tests, a configuration file and a Dockerfile."""

from __future__ import annotations

import os

MAIN = '''\
"""The application."""

from pelton import App, HTTPError

app = App(title={title})

NOTES = {{1: "buy milk"}}


@app.get("/")
def home():
    return {{"hello": "world"}}


@app.get("/notes/{{id:int}}")
def note(id: int):
    if id not in NOTES:
        raise HTTPError(404, "there is no such note")
    return {{"id": id, "text": NOTES[id]}}


if __name__ == "__main__":
    app.run()
'''

TESTS = '''\
"""Tests of the application, without a server."""

from main import app
from pelton.testing import TestClient

client = TestClient(app)


def test_home():
    assert client.get("/").json() == {"hello": "world"}


def test_a_note():
    assert client.get("/notes/1").json() == {"id": 1, "text": "buy milk"}


def test_a_note_that_is_not_there():
    assert client.get("/notes/2").status_code == 404
    assert client.get("/notes/x").status_code == 404
'''

CONFIGURATION = """\
# Settings; flags and the environment go before them. `pelton check --print-config` shows all.
entrypoint = "main:app"
# limit_body_size = "10MiB"
# access_log = true
"""

REQUIREMENTS = """\
pelton
"""

DOCKERFILE = """\
FROM python:3.13-slim
WORKDIR /srv/app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY main.py pelton.toml ./
RUN pelton check
USER nobody
EXPOSE 8000
CMD ["pelton", "run", "--host", "0.0.0.0", "--workers", "auto", "--access-log"]
"""

README = """\
# {name}

    pip install -r requirements.txt pytest
    pytest              # the tests
    pelton run          # serves main.py on http://127.0.0.1:8000
    pelton routes       # what it answers
    pelton check        # what would keep it from starting

In a container:

    docker build -t {image} .
    docker run -p 8000:8000 {image}
"""

IGNORED = """\
.venv/
__pycache__/
.pytest_cache/
"""


def new(arguments: list[str]) -> int:
    """Makes the folder and its files; 1 if there is one that is not empty."""
    from pelton.cli.commands import arguments_of
    from pelton.serving.terminal import complain, put_out

    folder, _ = arguments_of("new", arguments)
    assert folder is not None
    name = os.path.basename(os.path.abspath(folder)) or "application"
    made = files_of(name)
    try:
        os.makedirs(folder, exist_ok=True)
        if os.listdir(folder):
            complain(f"{folder} is not empty; name a folder that does not exist yet")
            return 1
        for file, text in made.items():
            with open(os.path.join(folder, file), "x", encoding="utf-8") as opened:
                opened.write(text)
    except OSError as error:
        complain(f"{folder} cannot be made: {error.strerror}")
        return 1
    return put_out(f"{folder} has {', '.join(made)}\n\n  cd {_quoted(folder)}\n  pytest\n  pelton run\n")


def files_of(name: str) -> dict[str, str]:
    """The text of each file of an application that has this name."""
    image = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in name.lower()).strip("-")
    return {
        "main.py": MAIN.format(title=repr(name)),
        "test_main.py": TESTS,
        "pelton.toml": CONFIGURATION,
        "requirements.txt": REQUIREMENTS,
        "Dockerfile": DOCKERFILE,
        "README.md": README.format(name=name, image=image or "application"),
        ".dockerignore": IGNORED,
        ".gitignore": IGNORED,
    }


def _quoted(folder: str) -> str:
    import shlex

    return shlex.quote(folder)
