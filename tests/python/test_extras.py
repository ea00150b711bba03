"""pelton needs no other package, and what it lacks for a feature it names with the line that installs it."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
import tomllib
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

import pelton

ROOT = Path(__file__).parents[2]
PACKAGE = Path(pelton.__file__).parent
EXTRAS: dict[str, list[str]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]

Run = Callable[[str], str]

SERVED = """
from dataclasses import dataclass
from http.client import HTTPConnection
import sys
from typing import Annotated
from pelton import App, File, Form, UploadedFile
from pelton.testing import TestClient, live_server

@dataclass
class Item:
    name: str
    count: int = 1

app = App()
app.enable_openapi()

@app.get("/{id:int}")
def read(id: int, q: str = "x") -> dict[str, int | str]:
    return {"id": id, "q": q}

@app.post("/items")
def make(item: Item) -> Item:
    return item

@app.post("/form")
def form(file: Annotated[UploadedFile, File()], title: Annotated[str, Form()]) -> list[str]:
    return [title, file.read().decode()]

client = TestClient(app)
assert client.post("/form", data={"title": "a"}, files={"file": b"b"}).json() == ["a", "b"]
assert client.get("/openapi.json").status_code == 200 and client.get("/docs").status_code == 200
with live_server(app) as server:
    wire = HTTPConnection("127.0.0.1", server.port, timeout=30)
    for method, path, body, status, answer in (
        ("GET", "/3?q=y", None, 200, b'{"id":3,"q":"y"}'),
        ("POST", "/items", b'{"name":"a"}', 200, b'{"name":"a","count":1}'),
        ("POST", "/items", b'{"name":1}', 422, None),
    ):
        wire.request(method, path, body, {"content-type": "application/json"})
        response = wire.getresponse()
        octets = response.read()
        assert (response.status, octets) == (status, answer or octets), octets
print(*sorted({getattr(module, "__file__", None) or "" for module in list(sys.modules.values())}), sep="\\n")
"""

# What an application asks for, and the extra that has it.
ASKED = {
    "templates": "App().enable_templates('.')",
    "pydantic": "App(validator='pydantic').add_route('/', body, ['POST'])",
    "msgspec": "App(validator='msgspec').add_route('/', body, ['POST'])",
    "yaml": "live_server(App(), log_config='log.yaml').__enter__()",
    "redis": "live_server(App(), ws_broker='redis://127.0.0.1').__enter__()",
}


@pytest.fixture
def alone(tmp_path: Path) -> Run:
    """Runs code where there are the standard library and pelton, and nothing else."""
    (tmp_path / "pelton").symlink_to(PACKAGE)

    def run(code: str) -> str:
        command = [sys.executable, "-S", "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{code}"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_an_application_is_served_without_any_other_package(alone: Run) -> None:
    files = alone(SERVED).split("\n")
    assert sum("/pelton/" in file for file in files) > 20
    assert not [file for file in files if "site-packages" in file and "/pelton/" not in file]


@pytest.mark.parametrize("extra", ASKED)
def test_a_missing_extra_names_its_pip_line(alone: Run, extra: str) -> None:
    said = alone(f"""
from pelton import App, RegistrationError, StartupError
from pelton.testing import live_server

def body(item: list[dict[str, int]] | dict[str, int]) -> None: ...

try:
    {ASKED[extra]}
except (RegistrationError, StartupError) as error:
    print(error)
""")
    assert re.search(rf"pip install ['\"]pelton\[{extra}\]['\"]", said), said
    assert " needs " in said or "not installed" in said


def test_every_extra_is_optional_and_each_that_is_named_exists() -> None:
    distribution = importlib.metadata.metadata("pelton")
    required = distribution.get_all("Requires-Dist") or []
    assert required and not [one for one in required if "extra ==" not in one]
    assert set(distribution.get_all("Provides-Extra") or ()) == set(EXTRAS)
    named = {extra for file in PACKAGE.rglob("*.py") for extra in re.findall(r"pip install.{1,3}pelton\[([a-z]+)\]", file.read_text())}
    # Nothing asks for dev: without watchfiles, pelton dev looks at the files itself.
    assert named <= set(EXTRAS) and set(ASKED) == set(EXTRAS) - {"standard", "all", "dev"}


def test_pip_installs_nothing_beside_it_in_an_empty_environment(tmp_path: Path) -> None:
    # What is installed here, packed again: pip must find nothing else to fetch, and there is no index to fetch from.
    distribution = importlib.metadata.distribution("pelton")
    tags = (distribution.read_text("WHEEL") or "").partition("Tag: ")[2].split()[0]
    wheel = tmp_path / f"pelton-{distribution.version}-{tags}.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for file in distribution.files or ():
            if ".." not in file.parts and "__pycache__" not in file.parts and file.name != "direct_url.json":
                archive.write(str(file.locate()), str(file))
    empty = tmp_path / "an empty one"  # with a space, which no #! line of a script may have
    venv.create(empty, with_pip=False, symlinks=True)
    python = str(empty / "bin/python")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python]
    subprocess.run([*pip, "install", "-q", "--no-index", str(wheel)], check=True, timeout=120)
    listed = subprocess.run([*pip, "list", "--format=freeze"], check=True, capture_output=True, text=True, timeout=120)
    assert [line.partition("==")[0].partition(" @")[0] for line in listed.stdout.split("\n") if line] == ["pelton"]
    done = subprocess.run([str(empty / "bin/pelton"), "--version"], capture_output=True, text=True, check=True, timeout=60)
    assert distribution.version in done.stdout
