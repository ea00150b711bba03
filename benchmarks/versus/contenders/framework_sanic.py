"""Sanic on its own server, one process, with sanic-ext for validation and dependencies.

Header fields it does not type. Guards are decorators, as its guide writes them.
"""

import os
import sys
from dataclasses import dataclass
from functools import wraps

import order_models
import order_structs
import orjson
from sanic import Request, Sanic, json
from sanic.exceptions import Forbidden
from sanic_ext import validate

CONTENDERS = {
    "Sanic": {
        "requires": ["sanic==25.12.1", "sanic-ext==25.12.0", "orjson==3.13.0", "pydantic==2.14.3",
                     "msgspec==0.22.0"],
        "command": ["{python}", "{here}/framework_sanic.py", "{port}"],
    },
}  # fmt: skip

app = Sanic("framework", dumps=orjson.dumps, loads=orjson.loads)
app.config.OAS = False
app.config.MOTD = False


@dataclass
class Search:
    q: str
    page: int = 1
    limit: int = 20


@app.get("/items/<id:int>")
@validate(query=Search)
async def item(request, id: int, query: Search):
    trace = request.headers["x-trace"]
    return json({"id": id, "page": query.page, "limit": query.limit, "q": query.q, "trace": trace})


@app.post("/orders")
@validate(json=order_models.Order)
async def order(request, body: order_models.Order):
    return json({"order": body.order, "lines": len(body.items)})


@app.post("/structs")
@validate(json=order_structs.Order)
async def struct(request, body: order_structs.Order):
    return json({"order": body.order, "lines": len(body.items)})


class Settings:
    owner = "zoe"


class Session:
    def __init__(self, user):
        self.user = user

    @classmethod
    async def create(cls, request: Request, settings: Settings):
        return cls(settings.owner)


class User:
    def __init__(self, name):
        self.name = name

    @classmethod
    async def create(cls, request: Request, session: Session):
        return cls(session.user)


@app.get("/chain")
async def chain(request, user: User):
    return json({"user": user.name})


app.ext.add_dependency(Settings)
app.ext.add_dependency(Session, Session.create)
app.ext.add_dependency(User, User.create)


@app.get("/stamped")
async def stamped(request):
    return json({"hello": "world"})


async def stamp(request, response):
    response.headers["X-Stamp"] = "here"


# It is around every route of the application: the other questions ask without.
if os.environ["BENCH_QUESTION"] == "framework_middleware":
    app.on_response(stamp)


def for_admins(handler):
    @wraps(handler)
    async def guarded(request, *args, **kwargs):
        if request.headers.get("x-role") != "admin":
            raise Forbidden
        return await handler(request, *args, **kwargs)

    return guarded


@app.get("/admin")
@for_admins
async def admin(request):
    return json({"hello": "world"})


@app.post("/upload")
async def upload(request):
    return json({"size": len(request.files.get("file").body)})


app.static("/static", os.environ["BENCH_STATIC"], name="static")

if __name__ == "__main__":
    app.run("127.0.0.1", int(sys.argv[1]), single_process=True, access_log=False)
