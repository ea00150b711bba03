"""What the samples of all frameworks answer, in Sanic."""

import hashlib

from sanic import Sanic
from sanic.exceptions import SanicException
from sanic.response import ResponseStream, empty, json, raw, redirect, text

app = Sanic("sample")
LARGE = [{"number": number, "name": f"item {number}"} for number in range(5000)]


@app.before_server_start
async def begin(app):
    app.ctx.begun = "yes"


@app.get("/")
async def home(request):
    return text("hello")


@app.get("/items/<number:int>")
async def item(request, number):
    return json({"id": number, "q": request.args.getlist("q"), "empty": request.args.get("empty")})


@app.put("/items/<number:int>")
async def put_item(request, number):
    return json({"id": number, "item": request.json})


@app.delete("/items/<number:int>")
async def delete_item(request, number):
    return empty()


@app.get("/path/<rest:path>")
async def path(request, rest):
    return text(rest)


@app.post("/form")
async def form(request):
    return json(request.form)


@app.post("/upload")
async def upload(request):
    told = {"title": request.form.get("title")}
    for file in request.files.getlist("file"):
        told[file.name] = [file.type, len(file.body), hashlib.sha256(file.body).hexdigest()]
    return json(told)


@app.post("/echo")
async def echo(request):
    return raw(request.body)


@app.get("/large")
async def large(request):
    return json(LARGE)


@app.get("/stream")
async def stream(request):
    async def pieces(response):
        for number in range(200):
            await response.write(f"line {number} {'.' * 1000}\n")

    return ResponseStream(pieces, content_type="text/plain")


@app.get("/cookies")
async def cookies(request):
    answer = json({"seen": request.cookies.get("seen")})
    answer.add_cookie("seen", "yes", max_age=60, httponly=True)
    answer.add_cookie("second", "b")
    return answer


@app.get("/redirect")
async def redirected(request):
    return redirect("/items/7", status=303)


@app.get("/empty")
async def nothing(request):
    return empty()


@app.get("/teapot")
async def teapot(request):
    raise SanicException("short and stout", 418, headers={"X-Pot": "tea"})


@app.get("/failure")
async def failure(request):
    raise RuntimeError("as it was asked to")


@app.get("/fields")
async def fields(request):
    return json([[name, value] for name, value in request.headers.items() if name.startswith("x-")])


@app.get("/begun")
async def begun(request):
    return text(app.ctx.begun)


@app.get("/scope")
async def scope(request):
    return json({"url": request.url, "method": request.method, "client": request.client_ip})


@app.websocket("/ws", subprotocols=["sample"])
async def talk(request, socket):
    while (said := await socket.recv()) is not None:
        if said == "query":
            await socket.send(str(request.args))
        elif said == "fail":
            raise RuntimeError("as it was asked to")
        else:
            await socket.send(said)
