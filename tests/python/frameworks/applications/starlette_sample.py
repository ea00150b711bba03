"""What the samples of all frameworks answer, in Starlette."""

import contextlib
import hashlib

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute

LARGE = [{"number": number, "name": f"item {number}"} for number in range(5000)]


@contextlib.asynccontextmanager
async def lifespan(app):
    yield {"begun": "yes"}


async def home(request):
    return PlainTextResponse("hello")


async def item(request):
    number = request.path_params["id"]
    if request.method == "DELETE":
        return Response(status_code=204)
    if request.method == "PUT":
        try:
            return JSONResponse({"id": number, "item": await request.json()})
        except ValueError:
            raise HTTPException(400, "no JSON") from None
    return JSONResponse({"id": number, "q": request.query_params.getlist("q"), "empty": request.query_params.get("empty")})


async def path(request):
    return PlainTextResponse(request.path_params["rest"])


async def form(request):
    async with request.form() as fields:
        return JSONResponse(list(fields.multi_items()))


async def upload(request):
    async with request.form() as fields:
        told = {"title": fields["title"]}
        for file in fields.getlist("file"):
            digest = hashlib.sha256(await file.read()).hexdigest()
            told[file.filename] = [file.content_type, file.size, digest]
    return JSONResponse(told)


async def echo(request):
    return Response(await request.body(), media_type="application/octet-stream")


async def large(request):
    return JSONResponse(LARGE)


async def pieces():
    for number in range(200):
        yield f"line {number} {'.' * 1000}\n"


async def stream(request):
    return StreamingResponse(pieces(), media_type="text/plain")


async def cut(request):
    async def failing():
        yield "first"
        raise RuntimeError("as it was asked to")

    return StreamingResponse(failing(), media_type="text/plain")


async def cookies(request):
    answer = JSONResponse(request.cookies)
    answer.set_cookie("seen", "yes", max_age=60, httponly=True)
    answer.set_cookie("second", "a b")
    return answer


async def redirect(request):
    return RedirectResponse("/items/7", 303)


async def empty(request):
    return Response(status_code=204)


async def teapot(request):
    raise HTTPException(418, "short and stout", {"X-Pot": "tea"})


async def failure(request):
    raise RuntimeError("as it was asked to")


async def fields(request):
    return JSONResponse([[name, value] for name, value in request.headers.items() if name.startswith("x-")])


async def begun(request):
    return PlainTextResponse(request.state.begun)


async def scope(request):
    told = {name: request.scope[name] for name in ("type", "http_version", "method", "scheme", "path", "root_path")}
    told["raw_path"] = request.scope["raw_path"].decode()
    told["query_string"] = request.scope["query_string"].decode()
    told["client"], told["server"] = request.scope["client"][0], request.scope["server"][0]
    told["asgi"], told["url"] = request.scope["asgi"]["version"], str(request.url)
    return JSONResponse(told)


async def websocket(socket):
    protocols = socket.scope["subprotocols"]
    await socket.accept("sample" if "sample" in protocols else None, [(b"x-seen", b"yes")])
    while (event := await socket.receive())["type"] == "websocket.receive":
        text = event.get("text")
        if text is None:
            await socket.send_bytes(event["bytes"])
        elif text == "query":
            await socket.send_json({"query": socket.query_params["token"], "cookies": socket.cookies})
        elif text == "fail":
            raise RuntimeError("as it was asked to")
        elif text.startswith("close "):
            await socket.close(int(text[6:]), "as you like")
            return
        else:
            await socket.send_text(text)


async def refused(socket):
    await socket.close()


app = Starlette(
    routes=[
        Route("/", home),
        Route("/items/{id:int}", item, methods=["GET", "PUT", "DELETE"]),
        Route("/path/{rest:path}", path),
        Route("/form", form, methods=["POST"]),
        Route("/upload", upload, methods=["POST"]),
        Route("/echo", echo, methods=["POST"]),
        Route("/large", large),
        Route("/stream", stream),
        Route("/cut", cut),
        Route("/cookies", cookies),
        Route("/redirect", redirect),
        Route("/empty", empty),
        Route("/teapot", teapot),
        Route("/failure", failure),
        Route("/fields", fields),
        Route("/begun", begun),
        Route("/scope", scope),
        WebSocketRoute("/ws", websocket),
        WebSocketRoute("/ws/refused", refused),
    ],
    lifespan=lifespan,
)
