"""Starlette on uvicorn, with pure ASGI middleware and orjson as its documentation shows.

It has typed parameters of the path alone, no validation and no dependencies.
"""

import os

import orjson
from starlette.applications import Starlette
from starlette.authentication import AuthCredentials, AuthenticationBackend, SimpleUser, requires
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

CONTENDERS = {
    "Starlette on uvicorn": {
        "requires": ["starlette==1.10.0", "orjson==3.13.0", "python-multipart==0.0.34",
                     "uvicorn==0.54.0", "uvloop==0.23.0", "httptools==0.9.0"],
        "command": ["{venv}/bin/uvicorn", "--port", "{port}", "--loop", "uvloop", "--http", "httptools",
                    "--no-access-log", "--log-level", "critical", "--no-server-header", "--app-dir", "{here}",
                    "framework_starlette:app"],
        "questions": [f"framework_{one}" for one in ("middleware", "guard", "upload",
                                                     "static_small", "static_large")],
    },
}  # fmt: skip


class OrjsonResponse(JSONResponse):
    def render(self, content):
        return orjson.dumps(content)


async def hello(request):
    return OrjsonResponse({"hello": "world"})


async def upload(request):
    async with request.form() as form:
        return OrjsonResponse({"size": form["file"].size})


class Stamp:
    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        async def stamped(message):
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["X-Stamp"] = "here"
            await send(message)

        await self.app(scope, receive, stamped)


class Roles(AuthenticationBackend):
    async def authenticate(self, connection):
        role = connection.headers.get("x-role")
        return (AuthCredentials([role]), SimpleUser(role)) if role else None


# Around every route of the application: each question asks with its own alone.
MIDDLEWARE = {
    "framework_middleware": [Middleware(Stamp)],
    "framework_guard": [Middleware(AuthenticationMiddleware, backend=Roles())],
}
app = Starlette(
    routes=[
        Route("/stamped", hello),
        Route("/admin", requires("admin")(hello)),
        Route("/upload", upload, methods=["POST"]),
        Mount("/static", StaticFiles(directory=os.environ["BENCH_STATIC"])),
    ],
    middleware=MIDDLEWARE.get(os.environ["BENCH_QUESTION"], []),
)
