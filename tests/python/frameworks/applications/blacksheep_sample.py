"""What the samples of all frameworks answer, in BlackSheep."""

import hashlib

from blacksheep import Application, Content, Cookie, Request, Response, StreamedContent, WebSocket, json, redirect, text
from blacksheep.exceptions import BadRequest

app = Application()
LARGE = [{"number": number, "name": f"item {number}"} for number in range(5000)]
begun_at = []


@app.on_start
async def begin(application: Application) -> None:
    begun_at.append("yes")


@app.router.get("/")
def home():
    return text("hello")


@app.router.get("/items/{int:number}")
async def item(number: int, request: Request):
    return json({"id": number, "q": request.query.get("q"), "empty": request.query.get("empty")})


@app.router.put("/items/{int:number}")
async def put_item(number: int, request: Request):
    try:
        return json({"id": number, "item": await request.json()})
    except ValueError:
        raise BadRequest("no JSON") from None


@app.router.delete("/items/{int:number}")
async def delete_item(number: int):
    return Response(204)


@app.router.get("/path/{path:rest}")
async def path(rest: str):
    return text(rest)


@app.router.post("/form")
async def form(request: Request):
    return json(await request.form())


@app.router.post("/upload")
async def upload(request: Request):
    told = {}
    for part in await request.multipart():
        if part.file_name is None:
            told[part.name.decode()] = part.data.decode()
        else:
            digest = hashlib.sha256(part.data).hexdigest()
            told[part.file_name.decode()] = [part.content_type.decode(), len(part.data), digest]
    return json(told)


@app.router.post("/echo")
async def echo(request: Request):
    return Response(200, content=Content(b"application/octet-stream", await request.read() or b""))


@app.router.get("/large")
async def large():
    return json(LARGE)


@app.router.get("/stream")
async def stream():
    async def pieces():
        for number in range(200):
            yield f"line {number} {'.' * 1000}\n".encode()

    return Response(200, content=StreamedContent(b"text/plain", pieces))


@app.router.get("/cut")
async def cut():
    async def failing():
        yield b"first"
        raise RuntimeError("as it was asked to")

    return Response(200, content=StreamedContent(b"text/plain", failing))


@app.router.get("/cookies")
async def cookies(request: Request):
    answer = json(request.cookies)
    answer.set_cookie(Cookie("seen", "yes", max_age=60, http_only=True))
    answer.set_cookie(Cookie("second", "b"))
    return answer


@app.router.get("/redirect")
async def redirected():
    return redirect("/items/7")


@app.router.get("/empty")
async def empty():
    return Response(204)


@app.router.get("/teapot")
async def teapot():
    return Response(418, [(b"X-Pot", b"tea")], Content(b"text/plain", b"short and stout"))


@app.router.get("/failure")
async def failure():
    raise RuntimeError("as it was asked to")


@app.router.get("/fields")
async def fields(request: Request):
    pairs = [(name.decode().lower(), value.decode("latin-1")) for name, value in request.headers]
    return json([pair for pair in pairs if pair[0].startswith("x-")])


@app.router.get("/begun")
async def begun():
    return text(begun_at[0])


@app.router.get("/scope")
async def scope(request: Request):
    return json({"path": request.path, "method": request.method, "client": request.client_ip, "host": request.host})


@app.router.ws("/ws")
async def talk(socket: WebSocket):
    await socket.accept([(b"x-seen", b"yes")], "sample" if "sample" in socket.scope["subprotocols"] else None)
    while (event := await socket._receive())["type"] == "websocket.receive":
        said = event.get("text")
        if said is None:
            await socket.send_bytes(event["bytes"])
        elif said == "query":
            await socket.send_json({"query": socket.query["token"], "cookies": socket.cookies})
        elif said == "fail":
            raise RuntimeError("as it was asked to")
        elif said.startswith("close "):
            await socket.close(int(said[6:]), "as you like")
            return
        else:
            await socket.send_text(said)


@app.router.ws("/ws/refused")
async def refused(socket: WebSocket):
    await socket.close()
