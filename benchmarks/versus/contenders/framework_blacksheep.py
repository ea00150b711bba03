"""BlackSheep on granian, with orjson as its documentation shows.

It knows no msgspec. Its guards are policies behind an authentication handler.
"""

import os

import orjson
from blacksheep import Application, FromFile, FromHeader, FromJSON, Response
from blacksheep.server.authorization import Policy, auth
from blacksheep.settings.json import json_settings
from guardpost import AuthenticationHandler, AuthorizationContext, Identity
from guardpost.authorization import Requirement
from order_models import Order

CONTENDERS = {
    "BlackSheep on granian": {
        "requires": ["blacksheep==2.6.4", "pydantic==2.14.3", "orjson==3.13.0", "granian==2.8.7",
                     "uvloop==0.23.0"],
        "command": ["{venv}/bin/granian", "--interface", "asgi", "--port", "{port}", "--workers", "1",
                    "--loop", "uvloop", "--no-log", "--no-ws", "--http", "1", "--working-dir", "{here}",
                    "framework_blacksheep:app"],
        "questions": [f"framework_{one}" for one in ("typed", "pydantic", "depends", "middleware", "guard",
                                                     "upload", "static_small", "static_large")],
    },
}  # fmt: skip

QUESTION = os.environ["BENCH_QUESTION"]

json_settings.use(loads=orjson.loads, dumps=lambda value: orjson.dumps(value).decode())
app = Application()


class FromTrace(FromHeader[str]):
    name = "X-Trace"


@app.router.get("/items/{id}")
async def item(id: int, q: str, trace: FromTrace, page: int = 1, limit: int = 20):
    return {"id": id, "page": page, "limit": limit, "q": q, "trace": trace.value}


@app.router.post("/orders")
async def order(order: FromJSON[Order]):
    return {"order": order.value.order, "lines": len(order.value.items)}


class Settings:
    owner = "zoe"


class Session:
    def __init__(self, settings: Settings):
        self.user = settings.owner


class User:
    def __init__(self, session: Session):
        self.name = session.user


app.services.add_transient(Settings)
app.services.add_transient(Session)
app.services.add_transient(User)


@app.router.get("/chain")
async def chain(user: User):
    return {"user": user.name}


@app.router.get("/stamped")
async def stamped():
    return {"hello": "world"}


async def stamp(request, handler):
    response: Response = await handler(request)
    response.add_header(b"X-Stamp", b"here")
    return response


# What is around every route of the application only the question has that asks for it.
if QUESTION == "framework_middleware":
    app.middlewares.append(stamp)


class Roles(AuthenticationHandler):
    async def authenticate(self, context):
        if role := context.headers.get_first(b"X-Role"):
            context.user = Identity({"role": role.decode()}, "header")


class IsAdmin(Requirement):
    def handle(self, context: AuthorizationContext):
        if context.identity is not None and context.identity.claims.get("role") == "admin":
            context.succeed(self)


if QUESTION == "framework_guard":
    app.use_authentication().add(Roles())
    app.use_authorization().add(Policy("admin", IsAdmin()))

    @auth("admin")
    @app.router.get("/admin")
    async def admin():
        return {"hello": "world"}


@app.router.post("/upload")
async def upload(file: FromFile):
    return {"size": file.value.size}


app.serve_files(os.environ["BENCH_STATIC"], root_path="static")
