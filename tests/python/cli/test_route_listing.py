"""pelton routes: the table, --explain and --json."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pelton import App
from pelton.cli.command import main
from pelton.cli.route_listing import Row, Taken, explained, json_text, rows_of, table, taken_by
from pelton.routing.app_parts import parts_of

APP = """
from dataclasses import dataclass
from typing import Annotated
from pelton import App, BackgroundTasks, Cookie, Depends, File, Form, Header, Query, Request, Response, State, StaticFiles, UploadedFile

@dataclass
class Item:
    name: str
    price: float = 1.0

def session():
    yield 1

async def user(token: Annotated[str, Header(alias="x-token")], s: Annotated[int, Depends(session)]):
    return 1

app, below = App(), App()
app.register_singleton("db", 1)

@app.get("/items/{id:int}")
def item(id: int, q: str = "x", tags: list[str] = []): ...

@app.post("/items")
def make(item: Item, u: Annotated[dict, Depends(user)], db: Annotated[int, Depends("db")], request: Request, res: Response): ...

@app.route("/m", methods=["PUT", "PATCH"])
def many(p: Annotated[Item, Query()], c: Annotated[str | None, Cookie()] = None, t: BackgroundTasks = None): ...

@app.websocket("/ws/{room}")
async def chat(ws, room, n: int = 3): ...

@app.post("/up")
def upload(f: Annotated[UploadedFile, File()], n: Annotated[int, Form(default_factory=int)]): ...

@below.get("/x")
def x(a: State, app: App): ...

app.mount("/below", below)
app.mount("/static", StaticFiles(directory="."))
"""

TABLE = """\
METHOD     PATH                 HANDLER  TAKES
GET        /items/{id:int}      item     path id, query q?, query tags?
POST       /items               make     body item, dependency user, dependency db, request, response, header x-token
PUT PATCH  /m                   many     query name, query price?, cookie c?, background tasks
WEBSOCKET  /ws/{room}           chat     websocket, path room, query n?
POST       /up                  upload   form f, form n?
GET HEAD   /static/{path:path}  (files)
GET        /below/x             x        state, application
"""

EXPLAINED = """\
GET /items/{id:int}  item (main.py:19)
  id    path   int        required
  q     query  str        default 'x'
  tags  query  list[str]  default []

POST /items  make (main.py:22)
  item     body            Item  required
  u        dependency      user
  db       dependency      db
  request  request
  res      response
  token    header x-token  str   required  of a dependency

PUT PATCH /m  many (main.py:25)
  name   query             str         required
  price  query             float       default 1.0
  c      cookie            str | None  default None
  t      background tasks

WEBSOCKET /ws/{room}  chat (main.py:28)
  ws    websocket
  room  path       str  required
  n     query      int  default 3

POST /up  upload (main.py:31)
  f  form  UploadedFile  required
  n  form  int           default int()

GET HEAD /static/{path:path}  (files)

GET /below/x  x (main.py:34)
  a    state
  app  application
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    known = set(sys.modules)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "main.py").write_text(APP.lstrip("\n"))
    yield tmp_path
    for name in set(sys.modules) - known:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


def test_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["routes", "main.py"]) == main(["routes"]) == 0
    assert capsys.readouterr().out == TABLE * 2


def test_each_parameter_is_explained(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    assert main(["routes", "main.py", "--explain"]) == 0
    assert capsys.readouterr().out.replace(f"{folder}/", "") == EXPLAINED


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["routes", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [one["path"] for one in listed] == ["/items/{id:int}", "/items", "/m", "/ws/{room}", "/up", "/static/{path:path}", "/below/x"]
    first, second = listed[:2]
    assert first["methods"] == ["GET"] and first["name"] == first["handler"] == "item"
    assert first["parameters"][:2] == [
        {"name": "id", "source": "path", "type": "int", "key": "id", "required": True},
        {"name": "q", "source": "query", "type": "str", "key": "q", "required": False, "default": "'x'"},
    ]
    assert second["parameters"][-1] == {
        "name": "token", "source": "header", "type": "str", "key": "x-token", "required": True, "by": "dependency",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["nowhere:app"], 3, "cannot describe nowhere:app: there is no module 'nowhere'"),
        (["late.py"], 3, "cannot describe late.py: the annotation of parameter 'x'"),
        (["main.py", "--json", "--explain"], 2, "give one of them"),
        (["main.py", "--explian"], 2, "did you mean --explain?"),
        (["a", "b"], 2, "pelton routes takes one APP, not a b"),
    ],
)
def test_what_cannot_be_listed(folder: Path, arguments: list[str], code: int, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "late.py").write_text("from pelton import App\napp = App()\n@app.get('/')\ndef f(x: 'Nowhere'): ...\n")
    assert main(["routes", *arguments]) == code
    said = capsys.readouterr()
    assert says in said.err and said.out == ""


def test_an_app_without_routes() -> None:
    found = list(rows_of(App()))
    assert table(found) == "METHOD  PATH  HANDLER  TAKES\n" and explained(found) == "" and json_text(found) == "[]\n"


def test_what_a_handler_takes() -> None:
    app = App()

    @app.get("/{a}")
    def one(a: str, b: int = 1) -> None: ...

    parts = parts_of(app)
    first, second = taken_by(parts, parts.table.routes[0])
    assert (first.source, first.key, first.default, first.is_sent) == ("path", "a", None, True)
    assert (second.source, second.type, second.default) == ("query", "int", "1")
    assert table([Row(("GET",), "/", "f", "x.py:1", "f", [Taken("r", "request")])]).endswith("GET     /     f        request\n")


def test_heads_stand_out_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    rows = [Row(("GET",), "/", "f", "", "f", [])]
    assert table(rows).startswith("\x1b[1mMETHOD") and explained(rows).startswith("\x1b[1mGET /\x1b[0m")
