"""Request.form() and kin, over real connections."""

from __future__ import annotations

import json
from collections.abc import Callable
from http.client import HTTPConnection
from typing import Any

import pytest

from pelton import App, BadBody, FormData, Request
from pelton.testing import TestClient, live_server
from pelton.testing.client_requests import encoded_form


def shown(form: FormData) -> list[Any]:
    return [
        [name, value if isinstance(value, str) else [value.filename, value.content_type, value.size(), value.read(9).decode()]]
        for name, value in form.multi_items()
    ]


def form_app() -> App:
    app = App()

    @app.post("/")
    def whole(request: Request) -> Any:
        assert request.form() is request.form()
        return shown(request.form())

    @app.post("/async", max_body=0)
    async def later(request: Request) -> Any:
        return shown(await request.form_async())

    @app.post("/stream", stream_body=True, max_body=0)
    async def streamed(request: Request) -> Any:
        with pytest.raises(RuntimeError, match="form_async"):
            request.form()
        form = await request.form_async()
        assert form is await request.form_async() is request.form()
        return shown(form)

    @app.post("/files")
    def files(request: Request) -> Any:
        return {name: [file.filename for file in found] for name, found in request.files.items()}

    return app


FORM = encoded_form({"title": "sky", "n": "ä"}, {"f": ("../x.txt", b"content\r\n--", "text/plain"), "g": [b"1", b"2"]})
SHOWN = [
    ["title", "sky"],
    ["n", "ä"],
    ["f", ["x.txt", "text/plain", 11, "content\r\n"]],
    ["g", ["g", "application/octet-stream", 1, "1"]],
    ["g", ["g", "application/octet-stream", 1, "2"]],
]


@pytest.mark.parametrize("path", ["/", "/async", "/stream"])
def test_forms_over_a_connection(serve: Callable[..., live_server], path: str) -> None:
    server = serve(form_app())
    connection = HTTPConnection("127.0.0.1", server.port)
    for body, kind in (FORM, encoded_form({"a": "1 ä", "b": ""}, None)):
        connection.request("POST", path, body, {"Content-Type": kind})
        answer = connection.getresponse()
        text = answer.read()
        assert answer.status == 200, text
        assert json.loads(text) == (SHOWN if "multipart" in kind else [["a", "1 ä"], ["b", ""]])
    connection.close()


@pytest.mark.parametrize("path", ["/", "/async", "/stream"])
def test_frm_010_a_form_in_pieces_is_the_same(path: str) -> None:
    body, kind = FORM
    head = f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    client = TestClient(form_app())
    for size in (1, 7, 100):
        octets = head + body
        answer = client.raw(octets, chunks=[size] * (len(octets) // size))
        assert json.loads(answer.partition(b"\r\n\r\n")[2]) == SHOWN


def test_files() -> None:
    sent = TestClient(form_app()).post("/files", data={"a": "1"}, files={"f": ("n", b""), "g": [b"1", b"2"]})
    assert sent.json() == {"f": ["n"], "g": ["g", "g"]}


@pytest.mark.parametrize("path", ["/", "/async", "/stream"])
def test_upl_002_upl_003_what_is_no_form(path: str) -> None:
    client = TestClient(form_app())
    assert client.post(path, json={}).status_code == 415
    assert client.post(path, content=b"a=1").status_code == 415
    coded = client.post(path, data={"a": "1"}, headers={"Content-Encoding": "gzip"})
    assert (coded.status_code, coded.headers["accept-encoding"]) == (415, "identity")
    twice = [("Content-Encoding", "identity"), ("Content-Encoding", "gzip")]
    assert client.post(path, data={"a": "1"}, headers=twice).status_code == 415
    assert client.post(path, data={"a": "1"}, headers={"Content-Encoding": "identity"}).status_code == 200
    unbounded = client.post(path, content=b"", headers={"Content-Type": "multipart/form-data"})
    assert unbounded.status_code == 400 and "multipart_boundary" in unbounded.text


@pytest.mark.parametrize("path", ["/", "/async", "/stream"])
def test_frm_003_frm_007_malformed_forms(path: str) -> None:
    client = TestClient(form_app())
    body, kind = FORM
    broken = client.post(path, content=body[:-8], headers={"Content-Type": kind})
    assert (broken.status_code, broken.json()) == (400, {"detail": "form refused: multipart_syntax"})
    assert broken.headers["connection"] == "close"
    latin = client.post(path, content=body.replace("ä".encode(), b"\xe4"), headers={"Content-Type": kind})
    assert (latin.status_code, latin.json()) == (400, {"detail": "form refused: form_not_utf8"})
    assert "connection" not in latin.headers
    assert client.post(path, content=body, headers={"Content-Type": kind}).status_code == 200


def test_errors_are_exceptions_of_the_handler() -> None:
    app = App()

    @app.post("/")
    def handler(request: Request) -> str:
        try:
            request.form()
        except BadBody as error:
            return f"{error}"
        return ""

    sent = TestClient(app).post("/", content=b"x", headers={"Content-Type": "multipart/form-data; boundary=b"})
    assert sent.json() == "400: form refused: multipart_syntax"
