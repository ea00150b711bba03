"""What the samples of all frameworks answer, in Flask."""

import hashlib

from flask import Flask, Response, abort, redirect, request

app = Flask(__name__)
LARGE = [{"number": number, "name": f"item {number}"} for number in range(5000)]


@app.get("/")
def home():
    return "hello"


@app.route("/items/<int:number>", methods=["GET", "PUT", "DELETE"])
def item(number):
    if request.method == "DELETE":
        return "", 204
    if request.method == "PUT":
        return {"id": number, "item": request.get_json()}
    return {"id": number, "q": request.args.getlist("q"), "empty": request.args.get("empty")}


@app.get("/path/<path:rest>")
def path(rest):
    return rest


@app.post("/form")
def form():
    return list(request.form.items(multi=True))


@app.post("/upload")
def upload():
    told = {"title": request.form["title"]}
    for file in request.files.getlist("file"):
        octets = file.read()
        told[file.filename] = [file.content_type, len(octets), hashlib.sha256(octets).hexdigest()]
    return told


@app.post("/echo")
def echo():
    return Response(request.get_data(), content_type="application/octet-stream")


@app.get("/large")
def large():
    return LARGE


@app.get("/stream")
def stream():
    pieces = (f"line {number} {'.' * 1000}\n" for number in range(200))
    return Response(pieces, content_type="text/plain")


@app.get("/cut")
def cut():
    def failing():
        yield "first"
        raise RuntimeError("as it was asked to")

    return Response(failing(), content_type="text/plain")


@app.get("/cookies")
def cookies():
    answer = Response(str(sorted(request.cookies.items())))
    answer.set_cookie("seen", "yes", expires=1_900_000_000, httponly=True)
    answer.set_cookie("second", "a b")
    return answer


@app.get("/redirect")
def redirected():
    return redirect("/items/7", 303)


@app.get("/empty")
def empty():
    return "", 204


@app.get("/teapot")
def teapot():
    abort(418, "short and stout")


@app.get("/failure")
def failure():
    raise RuntimeError("as it was asked to")


@app.get("/fields")
def fields():
    return sorted([name.lower(), value] for name, value in request.headers if name.lower().startswith("x-"))


@app.get("/scope")
def scope():
    return {"url": request.url, "method": request.method, "client": request.remote_addr}
