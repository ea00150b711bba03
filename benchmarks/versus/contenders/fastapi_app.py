"""FastAPI as its users run it: uvicorn with uvloop and httptools."""

from typing import Any

from fastapi import FastAPI

_RUN = ["{venv}/bin/uvicorn", "--port", "{port}", "--loop", "uvloop", "--http", "httptools",
        "--no-access-log", "--log-level", "critical", "--no-server-header", "--app-dir", "{here}"]  # fmt: skip
_REQUIRES = ["fastapi==0.165.0", "uvicorn==0.54.0", "uvloop==0.23.0", "httptools==0.9.0"]

CONTENDERS = {
    "FastAPI on uvicorn, async": {"requires": _REQUIRES, "command": [*_RUN, "fastapi_app:asynchronous"]},
    "FastAPI on uvicorn, sync": {"requires": _REQUIRES, "command": [*_RUN, "fastapi_app:synchronous"]},
}

asynchronous = FastAPI()
synchronous = FastAPI()


@asynchronous.get("/json")
async def message():
    return {"hello": "world"}


@asynchronous.get("/items/{id}")
async def item(id: int):
    return {"id": id}


@asynchronous.post("/items")
async def count(body: dict[str, Any]):
    return {"count": len(body["items"])}


@synchronous.get("/json")
def message_sync():
    return {"hello": "world"}


@synchronous.get("/items/{id}")
def item_sync(id: int):
    return {"id": id}


@synchronous.post("/items")
def count_sync(body: dict[str, Any]):
    return {"count": len(body["items"])}
