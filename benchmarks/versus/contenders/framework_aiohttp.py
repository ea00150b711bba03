"""aiohttp on uvloop.

It has no typed parameters, no validation and no dependencies of its own: models are called by hand.
Guards are decorators.
"""

import os
import sys
from functools import wraps

import msgspec
import order_models
import order_structs
import orjson
import uvloop
from aiohttp import web

CONTENDERS = {
    "aiohttp (uvloop)": {
        "requires": ["aiohttp==3.14.5", "uvloop==0.23.0", "orjson==3.13.0", "pydantic==2.14.3",
                     "msgspec==0.22.0"],
        "command": ["{python}", "{here}/framework_aiohttp.py", "{port}"],
        "questions": [f"framework_{one}" for one in ("pydantic", "msgspec", "middleware", "guard", "upload",
                                                     "static_small", "static_large")],
    },
}  # fmt: skip

decoder = msgspec.json.Decoder(order_structs.Order)


def answer(value):
    return web.Response(body=orjson.dumps(value), content_type="application/json")


async def order(request):
    order = order_models.Order.model_validate_json(await request.read())
    return answer({"order": order.order, "lines": len(order.items)})


async def struct(request):
    order = decoder.decode(await request.read())
    return answer({"order": order.order, "lines": len(order.items)})


async def hello(request):
    return answer({"hello": "world"})


@web.middleware
async def stamp(request, handler):
    response = await handler(request)
    response.headers["X-Stamp"] = "here"
    return response


def for_admins(handler):
    @wraps(handler)
    async def guarded(request):
        if request.headers.get("X-Role") != "admin":
            raise web.HTTPForbidden
        return await handler(request)

    return guarded


async def upload(request):
    # As its documentation tells for large files.
    size = 0
    async for part in await request.multipart():
        if part.name == "file":
            while chunk := await part.read_chunk(256 * 1024):
                size += len(chunk)
    return answer({"size": size})


if __name__ == "__main__":
    # It is around every route of the application: the other questions ask without.
    stamped = os.environ["BENCH_QUESTION"] == "framework_middleware"
    app = web.Application(middlewares=[stamp] if stamped else [], client_max_size=32_000_000)
    app.router.add_post("/orders", order)
    app.router.add_post("/structs", struct)
    app.router.add_get("/stamped", hello)
    app.router.add_get("/admin", for_admins(hello))
    app.router.add_post("/upload", upload)
    app.router.add_static("/static", os.environ["BENCH_STATIC"])
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=None,
                loop=uvloop.new_event_loop())  # fmt: skip
