"""pelton's features, on both engines, with synchronous handlers and with asynchronous ones.

Static files run no handler; a middleware is async def whatever the handler is.
"""

import os
from typing import Annotated

import order_models
import order_structs

from pelton import App, Depends, File, Header, UploadedFile

_RUN = ["{pelton}", "run", "--app-dir", "{here}", "--port", "{port}"]

CONTENDERS = {
    f"pelton Python, {engine}, {style}": {
        "command": [*_RUN, "--engine", engine, f"framework_pelton:{style}_app"],
        "questions": [
            f"framework_{one}"
            for one in ("typed pydantic msgspec depends middleware guard upload"
                        + (" static_small static_large" if style == "sync" else "")).split()
        ],
    }
    for style in ("sync", "async")
    for engine in ("epoll", "uring")
}  # fmt: skip

QUESTION = os.environ["BENCH_QUESTION"]

sync_app, async_app = App(), App()
Trace = Annotated[str, Header(alias="X-Trace")]


@sync_app.get("/items/{id:int}")
def item(id: int, q: str, trace: Trace, page: int = 1, limit: int = 20):
    return {"id": id, "page": page, "limit": limit, "q": q, "trace": trace}


@async_app.get("/items/{id:int}")
async def item_async(id: int, q: str, trace: Trace, page: int = 1, limit: int = 20):
    return {"id": id, "page": page, "limit": limit, "q": q, "trace": trace}


@sync_app.post("/orders")
def order(order: order_models.Order):
    return {"order": order.order, "lines": len(order.items)}


@async_app.post("/orders")
async def order_async(order: order_models.Order):
    return {"order": order.order, "lines": len(order.items)}


@sync_app.post("/structs")
def struct(order: order_structs.Order):
    return {"order": order.order, "lines": len(order.items)}


@async_app.post("/structs")
async def struct_async(order: order_structs.Order):
    return {"order": order.order, "lines": len(order.items)}


def settings():
    return {"owner": "zoe"}


def session(settings: Annotated[dict[str, str], Depends(settings)]):
    return {"user": settings["owner"]}


def user(session: Annotated[dict[str, str], Depends(session)]):
    return session["user"]


@sync_app.get("/chain")
def chain(user: Annotated[str, Depends(user)]):
    return {"user": user}


async def settings_async():
    return {"owner": "zoe"}


async def session_async(settings: Annotated[dict[str, str], Depends(settings_async)]):
    return {"user": settings["owner"]}


async def user_async(session: Annotated[dict[str, str], Depends(session_async)]):
    return session["user"]


@async_app.get("/chain")
async def chain_async(user: Annotated[str, Depends(user_async)]):
    return {"user": user}


@sync_app.post("/upload")
def upload(file: Annotated[UploadedFile, File()]):
    return {"size": file.size()}


@async_app.post("/upload")
async def upload_async(file: Annotated[UploadedFile, File()]):
    return {"size": file.size()}


@sync_app.get("/stamped")
def stamped():
    return {"hello": "world"}


@async_app.get("/stamped")
async def stamped_async():
    return {"hello": "world"}


async def stamp(request, call_next):
    response = await call_next(request)
    response.headers["X-Stamp"] = "here"
    return response


def is_admin(request):
    return request.get_header("x-role") == "admin"


async def is_admin_async(request):
    return request.get_header("x-role") == "admin"


def admin():
    return {"hello": "world"}


async def admin_async():
    return {"hello": "world"}


# It is around every route of its application: the other questions ask without.
if QUESTION == "framework_middleware":
    sync_app.middleware(stamp)
    async_app.middleware(stamp)
if QUESTION == "framework_guard":
    sync_app.get("/admin", guards=[is_admin])(admin)
    async_app.get("/admin", guards=[is_admin_async])(admin_async)
if QUESTION.startswith("framework_static"):
    from pelton import StaticFilesConfig

    sync_app.enable_static_files(StaticFilesConfig(root=os.environ["BENCH_STATIC"]))
