"""Litestar on granian, without its OpenAPI pages."""

import os
from typing import Annotated, Any

import order_models
import order_structs
from litestar import Litestar, get, post
from litestar.datastructures import MutableScopeHeaders, UploadFile
from litestar.di import Provide
from litestar.enums import RequestEncodingType
from litestar.exceptions import PermissionDeniedException
from litestar.middleware import ASGIMiddleware
from litestar.params import Body, Parameter
from litestar.static_files import create_static_files_router

CONTENDERS = {
    "Litestar on granian": {
        "requires": ["litestar==2.25.0", "pydantic==2.14.3", "msgspec==0.22.0", "granian==2.8.7",
                     "uvloop==0.23.0"],
        "command": ["{venv}/bin/granian", "--interface", "asgi", "--port", "{port}", "--workers", "1",
                    "--loop", "uvloop", "--no-log", "--no-ws", "--http", "1", "--working-dir", "{here}",
                    "framework_litestar:app"],
    },
}  # fmt: skip


@get("/items/{id:int}")
async def item(
    id: int, q: str, trace: Annotated[str, Parameter(header="X-Trace")], page: int = 1, limit: int = 20
) -> dict[str, Any]:
    return {"id": id, "page": page, "limit": limit, "q": q, "trace": trace}


@post("/orders", status_code=200)
async def order(data: order_models.Order) -> dict[str, int]:
    return {"order": data.order, "lines": len(data.items)}


@post("/structs", status_code=200)
async def struct(data: order_structs.Order) -> dict[str, int]:
    return {"order": data.order, "lines": len(data.items)}


async def provide_settings() -> dict[str, str]:
    return {"owner": "zoe"}


async def provide_session(settings: dict[str, str]) -> dict[str, str]:
    return {"user": settings["owner"]}


async def provide_user(session: dict[str, str]) -> str:
    return session["user"]


@get(
    "/chain",
    dependencies={
        "settings": Provide(provide_settings),
        "session": Provide(provide_session),
        "user": Provide(provide_user),
    },
)
async def chain(user: str) -> dict[str, str]:
    return {"user": user}


class Stamp(ASGIMiddleware):
    async def handle(self, scope, receive, send, next_app):
        async def stamped(message):
            if message["type"] == "http.response.start":
                MutableScopeHeaders.from_message(message)["X-Stamp"] = "here"
            await send(message)

        await next_app(scope, receive, stamped)


@get("/stamped", middleware=[Stamp()])
async def stamped() -> dict[str, str]:
    return {"hello": "world"}


def is_admin(connection, handler) -> None:
    if connection.headers.get("x-role") != "admin":
        raise PermissionDeniedException


@get("/admin", guards=[is_admin])
async def admin() -> dict[str, str]:
    return {"hello": "world"}


@post("/upload", status_code=200, request_max_body_size=32_000_000)
async def upload(
    data: Annotated[UploadFile, Body(media_type=RequestEncodingType.MULTI_PART)],
) -> dict[str, int]:
    return {"size": data.file.seek(0, os.SEEK_END)}


app = Litestar(
    [
        item, order, struct, chain, stamped, admin, upload,
        create_static_files_router(path="/static", directories=[os.environ["BENCH_STATIC"]]),
    ],
    openapi_config=None,
)  # fmt: skip
