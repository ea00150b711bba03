"""What the samples of all frameworks answer, in Quart."""

import hashlib

from quart import Quart, Response, abort, redirect, request, websocket

app = Quart(__name__)
LARGE = [{"number": number, "name": f"item {number}"} for number in range(5000)]


@app.before_serving
async def begin():
    app.begun = "yes"


@app.get("/")
async def home():
    return "hello"


@app.route("/items/<int:number>", methods=["GET", "PUT", "DELETE"])
async def item(number):
    if request.method == "DELETE":
        return "", 204
    if request.method == "PUT":
        return {"id": number, "item": await request.get_json()}
    return {"id": number, "q": request.args.getlist("q"), "empty": request.args.get("empty")}


@app.get("/path/<path:rest>")
async def path(rest):
    return rest


@app.post("/form")
async def form():
    return list((await request.form).items(multi=True))


@app.post("/upload")
async def upload():
    told = {"title": (await request.form)["title"]}
    for file in (await request.files).getlist("file"):
        octets = file.read()
        told[file.filename] = [file.content_type, len(octets), hashlib.sha256(octets).hexdigest()]
    return told


@app.post("/echo")
async def echo():
    return Response(await request.get_data(), content_type="application/octet-stream")


@app.get("/large")
async def large():
    return LARGE


@app.get("/stream")
async def stream():
    async def pieces():
        for number in range(200):
            yield f"line {number} {'.' * 1000}\n"

    return pieces(), {"Content-Type": "text/plain"}


@app.get("/cut")
async def cut():
    async def failing():
        yield "first"
        raise RuntimeError("as it was asked to")

    return failing(), {"Content-Type": "text/plain"}


@app.get("/cookies")
async def cookies():
    answer = Response(str(sorted(request.cookies.items())))
    answer.set_cookie("seen", "yes", expires=1_900_000_000, httponly=True)
    answer.set_cookie("second", "a b")
    return answer


@app.get("/redirect")
async def redirected():
    return redirect("/items/7", 303)


@app.get("/empty")
async def empty():
    return "", 204


@app.get("/teapot")
async def teapot():
    abort(418, "short and stout")


@app.get("/failure")
async def failure():
    raise RuntimeError("as it was asked to")


@app.get("/fields")
async def fields():
    return [[name.lower(), value] for name, value in request.headers if name.lower().startswith("x-")]


@app.get("/begun")
async def begun():
    return app.begun


@app.get("/scope")
async def scope():
    return {"url": request.url, "method": request.method, "client": request.remote_addr}


@app.websocket("/ws")
async def talk():
    await websocket.accept({"x-seen": "yes"}, "sample" if "sample" in websocket.requested_subprotocols else None)
    while True:
        said = await websocket.receive()
        if said == "query":
            await websocket.send_json({"query": websocket.args["token"], "cookies": websocket.cookies})
        elif said == "fail":
            raise RuntimeError("as it was asked to")
        elif isinstance(said, str) and said.startswith("close "):
            await websocket.close(int(said[6:]), "as you like")
            return
        else:
            await websocket.send(said)


@app.websocket("/ws/refused")
async def refused():
    abort(403)
