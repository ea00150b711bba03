"""Uploads, in both ways: parts read as they arrive, whatever their size, and a small file as a parameter."""

import asyncio
import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from pelton import App, File, Form, HTTPError, Request, Response, UploadedFile

FOLDER = Path(os.environ.get("UPLOADS") or tempfile.mkdtemp(prefix="uploads-"))
BLOCK = 64 * 1024
PAGE = """<!doctype html>
<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Uploads</title>
<style>:root { color-scheme: light dark; font: 1rem/1.5 system-ui } body { max-width: 36rem; margin: 3rem auto }</style>
<h1>Uploads</h1>
<form action="/files" method="post" enctype="multipart/form-data">
  <input type="file" name="file" multiple required> <button>Send</button>
</form>
"""

app = App()


@app.get("/", media_type="text/html")
def page() -> str:
    return PAGE


@app.post("/files", status=201, stream_body=True, max_body="4GiB")
async def receive(request: Request) -> list[dict[str, Any]]:
    """Begins when the head has arrived; at no time is more than a few blocks of a file in memory."""
    received = []
    async for part in request.parts():
        if part.filename is None:
            continue  # an ordinary field; what nobody reads is skipped
        digest, size = hashlib.sha256(), 0
        with (FOLDER / part.filename).open("wb") as file:
            async for block in part:
                digest.update(block)
                size += len(block)
                await asyncio.to_thread(file.write, block)  # a disk may be slow, the loop may not
        received.append({"name": part.filename, "size": size, "sha256": digest.hexdigest()})
    return received


@app.get("/files/{name}")
def send(name: str) -> Response:
    path = FOLDER / name
    if "/" in name or not path.is_file():
        raise HTTPError(404, "no such file")
    return Response.stream(blocks_of(path), content_length=path.stat().st_size)


def blocks_of(path: Path) -> Iterator[bytes]:
    """Asked for the next block when the client has taken enough of those before."""
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield block


@app.post("/portrait", status=201)
def portrait(
    name: Annotated[str, Form(min_length=2)], image: Annotated[UploadedFile, File()]
) -> dict[str, str | int | None]:
    if image.content_type not in ("image/png", "image/jpeg"):
        raise HTTPError(415, "a portrait is a PNG or a JPEG")
    return {"name": name, "file": image.filename, "size": image.size()}


if __name__ == "__main__":
    app.run(port=8000)
