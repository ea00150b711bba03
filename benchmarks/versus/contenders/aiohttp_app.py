"""aiohttp on uvloop."""

import sys

import orjson
import uvloop
from aiohttp import web

CONTENDERS = {
    "aiohttp (uvloop)": {
        "requires": ["aiohttp==3.14.5", "uvloop==0.23.0", "orjson"],
        "command": ["{python}", "{here}/aiohttp_app.py", "{port}"],
    },
}


def answer(value):
    return web.Response(body=orjson.dumps(value), content_type="application/json")


async def message(request):
    return answer({"hello": "world"})


async def item(request):
    return answer({"id": int(request.match_info["id"])})


async def count(request):
    return answer({"count": len(orjson.loads(await request.read())["items"])})


if __name__ == "__main__":
    app = web.Application()
    app.router.add_get("/json", message)
    app.router.add_get("/items/{id}", item)
    app.router.add_post("/items", count)
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=None,
                loop=uvloop.new_event_loop())  # fmt: skip
