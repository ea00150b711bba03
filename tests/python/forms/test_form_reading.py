"""Limits of forms on the wire, and which files are in memory."""

from __future__ import annotations

import asyncio
import errno
import gc
from io import FileIO
from pathlib import Path
from threading import Event
from typing import Annotated, Any

import pytest

from pelton import App, File, LimitsConfig, Request, ServerConfig, UploadedFile
from pelton.forms.form_reading import FormCollector
from pelton.testing import TestClient, TestResponse


def client_with(**limits: Any) -> TestClient:
    app = App(server=ServerConfig(limits=LimitsConfig(**limits)))

    def judged(request: Request) -> list[Any]:
        files = [one for found in request.files.values() for one in found]
        return [request.form().field_count(), [one._file is not None for one in files], [one.read(3).decode() for one in files]]

    app.add_route("/", judged, ["POST"])

    @app.post("/stream", stream_body=True)
    async def streamed(request: Request) -> list[Any]:
        await request.form_async()
        return judged(request)

    @app.post("/typed")
    def typed(f: Annotated[UploadedFile, File()]) -> int:
        return f.size()

    return TestClient(app)


BOTH = ["/", "/stream"]


def part(content: str, more: str = "") -> bytes:
    return f"--b\r\nContent-Disposition: form-data; name=a{more}\r\n\r\n{content}\r\n".encode()


def post(client: TestClient, body: bytes, path: str = "/", boundary: str = "b") -> TestResponse:
    return client.post(path, content=body, headers={"Content-Type": f"multipart/form-data; boundary={boundary}"})


@pytest.mark.parametrize("path", BOTH)
@pytest.mark.parametrize("offset", [-1, 0, 1])
def test_lim_041_to_lim_056_at_n_minus_1_n_and_n_plus_1(offset: int, path: str) -> None:
    """n - 1, n and n + 1 of form_fields_max, multipart_parts_max, multipart_files_max and kin."""

    def expect(client: TestClient, body: bytes, status: int, reason: str, boundary: str = "b") -> None:
        sent = post(client, body, path, boundary)
        if offset > 0:
            assert (sent.status_code, sent.json()) == (status, {"detail": f"form refused: {reason}"})
        else:
            assert sent.status_code == 200, sent.text

    n = 5 + offset
    end = b"--b--"
    expect(client_with(max_parts=5, max_files=0), part("x") * n + end, 413, "multipart_parts")
    expect(client_with(max_files=5), part("x", "; filename=f") * n + end, 413, "multipart_parts")
    expect(client_with(max_field_size=5), part("x" * n) + end, 413, "multipart_field")
    line = len("Content-Disposition: form-data; name=a")
    memory = client_with(max_field_size=5, max_multipart_memory=line + 5)
    if n <= 5:
        expect(memory, part("x" * n) + end, 413, "multipart_memory")
    else:
        expect(memory, part("x" * 3) + part("y" * 3) + end, 413, "multipart_memory")
    expect(client_with(max_part_headers=5), part("x", "\r\nX: y" * (n - 1)) + end, 400, "multipart_part_headers")
    expect(client_with(max_part_header_size=line + 5), part("x", "z" * n) + end, 400, "multipart_part_headers")
    expect(client_with(max_multipart_slack=5), part("x") + end + b"e" * n, 400, "multipart_slack")
    boundary = "b" * n
    body = part("x").replace(b"--b", b"--" + boundary.encode()) + f"--{boundary}--".encode()
    expect(client_with(max_boundary_size=5), body, 400, "multipart_boundary", boundary)
    sent = client_with(max_form_fields=5).post(path, data=[("a", "1")] * n)
    assert sent.status_code == (413 if offset > 0 else 200)


@pytest.mark.parametrize("offset", [-1, 0, 1])
def test_lim_050_which_bodies_may_be_large(offset: int) -> None:
    """multipart_bytes_max at n - 1, n and n + 1, in place of the ordinary limit."""
    body = part("x" * 2000, "; filename=f").replace(b"name=a", b"name=f") + b"--b--"
    limits = {"max_body_size": 1000, "max_field_size": 10, "max_multipart_memory": 100}
    client = client_with(**limits, max_multipart_size=len(body) - offset)
    assert post(client, body, "/typed").status_code == (413 if offset > 0 else 200)
    assert post(client, body).status_code == 413
    # Who takes a body as it comes may read its parts; one without parts is an ordinary one.
    assert post(client, body, "/stream").status_code == (413 if offset > 0 else 200)
    plain = client.post("/stream", content=body, headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert plain.status_code == 413


@pytest.mark.parametrize("path", BOTH)
def test_lim_053_files_beyond_the_memory_are_spooled(path: str) -> None:
    file = "; filename=f"
    client = client_with(max_multipart_memory=1000, max_field_size=600)
    sent = post(client, part("a" * 400, file) + part("b" * 700, file) + part("c" * 100, file) + b"--b--", path)
    assert sent.json() == [0, [False, True, False], ["aaa", "bbb", "ccc"]]
    # A field makes room for itself.
    sent = post(client, part("a" * 900, file) + part("f" * 300) + b"--b--", path)
    assert sent.json() == [1, [True], ["aaa"]]


def test_frm_009_the_files_of_a_form_lie_in_one_temporary_file() -> None:
    app = App(server=ServerConfig(limits=LimitsConfig(max_multipart_memory=1000, max_field_size=10)))

    @app.post("/", stream_body=True)
    async def handler(request: Request) -> list[Any]:
        files = (await request.form_async()).get_files("a")
        spooled = [one._file.fileno() for one in files if one._file is not None]
        return [len(spooled), len(set(spooled)), [one.read_text() for one in files]]

    contents = ["a" * 950, *(letter * size for letter, size in zip("bcdefgh", range(100, 800, 100), strict=True)), ""]
    # One that is written in several portions among them.
    contents.insert(4, "0123456789" * 300_000)
    body = b"".join(part(content, "; filename=f") for content in contents) + b"--b--"
    assert post(TestClient(app), body).json() == [8, 1, contents]


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EFBIG, errno.EMFILE, errno.ENOENT])
@pytest.mark.parametrize("path", BOTH)
def test_frm_009_no_room_is_507_and_others_are_served(path: str, error: int) -> None:
    client = client_with(max_multipart_memory=10, max_field_size=10)

    def full(self: UploadedFile, file: FileIO) -> None:
        raise OSError(error, "full")

    body = part("x" * 70, "; filename=f").replace(b"name=a", b"name=f")
    body = body.replace(b"form-data; ", b"form-data;") + b"--b--"
    limits = client_with(max_multipart_memory=60, max_field_size=10)
    before = UploadedFile._spool
    UploadedFile._spool = full  # type: ignore[method-assign]
    try:
        sent = post(limits, body, path)
    finally:
        UploadedFile._spool = before  # type: ignore[method-assign]
    assert (sent.status_code, sent.json()) == (507, {"detail": "form refused: spool_full"})
    assert post(limits, body, path).status_code == 200
    del client


def test_frm_009_a_form_that_fails_keeps_no_file() -> None:
    def open_files() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    client = client_with(max_multipart_memory=100, max_field_size=10)
    post(client, b"--b--", "/stream")  # with the first coroutine the loop opens its own
    gc.collect()  # what other tests have left
    before = open_files()
    for _ in range(5):
        assert post(client, part("x" * 5000, "; filename=f"), "/stream").status_code == 400
        assert post(client, part("x" * 5000, "; filename=f") + b"--b--", "/stream").status_code == 200
    assert open_files() == before


def test_frm_009_a_cancelled_form_leaves_its_file_to_the_thread_that_writes() -> None:
    began, may_go_on, through = Event(), Event(), Event()
    errors: list[BaseException] = []
    before = UploadedFile._spool

    def slow(self: UploadedFile, file: FileIO) -> None:
        before(self, file)
        began.set()
        may_go_on.wait(10)
        try:
            file.write(b"x")
        except ValueError as error:
            errors.append(error)
        through.set()

    app = App(server=ServerConfig(limits=LimitsConfig(max_multipart_memory=100, max_field_size=10)))

    @app.post("/", stream_body=True)
    async def handler(request: Request) -> bool:
        form = asyncio.ensure_future(request.form_async())
        await asyncio.to_thread(began.wait, 10)
        form.cancel()
        await asyncio.wait([form])
        may_go_on.set()
        return form.cancelled() and await asyncio.to_thread(through.wait, 10)

    UploadedFile._spool = slow  # type: ignore[method-assign]
    try:
        sent = post(TestClient(app), part("x" * 500, "; filename=f") + b"--b--")
    finally:
        UploadedFile._spool = before  # type: ignore[method-assign]
    assert sent.json() is True and errors == []


def test_what_waits_is_written_in_portions() -> None:
    seen: list[int] = []
    app = App(server=ServerConfig(limits=LimitsConfig(max_multipart_memory=1000, max_field_size=10)))

    @app.post("/", stream_body=True, max_body=0)
    async def handler(request: Request) -> int:
        before = FormCollector.spool

        def spool(self: FormCollector) -> None:
            seen.append(self.waiting_bytes)
            before(self)

        FormCollector.spool = spool  # type: ignore[method-assign]
        try:
            found = (await request.form_async()).get_file("a")
        finally:
            FormCollector.spool = before  # type: ignore[method-assign]
        assert found is not None
        return found.size()

    sent = TestClient(app).post(
        "/",
        content=part("x" * 5_000_000, "; filename=f") + b"--b--",
        headers={"Content-Type": "multipart/form-data; boundary=b"},
    )
    assert sent.json() == 5_000_000 and sum(seen) == 5_000_000
    assert len(seen) >= 3 and max(seen) < 2 * 1024 * 1024
