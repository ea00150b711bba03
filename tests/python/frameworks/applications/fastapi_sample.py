"""What the samples of all frameworks answer, in FastAPI."""

import contextlib
import hashlib
from typing import Annotated

from fastapi import Cookie, Depends, FastAPI, File, Form, HTTPException, Query, Request, UploadFile, WebSocket
from fastapi.responses import PlainTextResponse, RedirectResponse, Response, StreamingResponse
from pydantic import BaseModel


@contextlib.asynccontextmanager
async def lifespan(app):
    yield {"begun": "yes"}


app = FastAPI(lifespan=lifespan)
LARGE = [{"number": number, "name": f"item {number}"} for number in range(5000)]


class Item(BaseModel):
    name: str


def begun_at(request: Request):
    yield request.state.begun


@app.get("/", response_class=PlainTextResponse)
def home():
    return "hello"


@app.get("/items/{id}")
async def item(id: int, q: Annotated[list[str], Query()] = [], empty: str | None = None):  # noqa: B006
    return {"id": id, "q": q, "empty": empty}


@app.put("/items/{id}")
async def put_item(id: int, item: Item):
    return {"id": id, "item": item}


@app.delete("/items/{id}", status_code=204)
async def delete_item(id: int):
    pass


@app.get("/path/{rest:path}", response_class=PlainTextResponse)
async def path(rest: str):
    return rest


@app.post("/form")
async def form(name: Annotated[str, Form()], tag: Annotated[list[str], Form()], empty: Annotated[str, Form()] = "none"):
    return {"name": name, "tag": tag, "empty": empty}


@app.post("/upload")
async def upload(title: Annotated[str, Form()], file: Annotated[list[UploadFile], File()]):
    told = {one.filename: [one.content_type, one.size, hashlib.sha256(await one.read()).hexdigest()] for one in file}
    return {"title": title, **told}


@app.post("/echo")
async def echo(request: Request):
    return Response(await request.body(), media_type="application/octet-stream")


@app.get("/large")
async def large():
    return LARGE


@app.get("/stream")
def stream():
    return StreamingResponse((f"line {number} {'.' * 1000}\n" for number in range(200)), media_type="text/plain")


@app.get("/cut")
async def cut():
    async def failing():
        yield "first"
        raise RuntimeError("as it was asked to")

    return StreamingResponse(failing(), media_type="text/plain")


@app.get("/cookies")
async def cookies(response: Response, seen: Annotated[str | None, Cookie()] = None):
    response.set_cookie("seen", "yes", max_age=60, httponly=True)
    response.set_cookie("second", "a b")
    return {"seen": seen}


@app.get("/redirect")
async def redirect():
    return RedirectResponse("/items/7", 303)


@app.get("/empty", status_code=204)
async def empty():
    pass


@app.get("/teapot")
async def teapot():
    raise HTTPException(418, "short and stout", {"X-Pot": "tea"})


@app.get("/failure")
def failure():
    raise RuntimeError("as it was asked to")


@app.get("/fields")
async def fields(request: Request):
    return [[name, value] for name, value in request.headers.items() if name.startswith("x-")]


@app.get("/begun", response_class=PlainTextResponse)
async def begun(at: Annotated[str, Depends(begun_at)]):
    return at


@app.get("/scope")
async def scope(request: Request):
    return {"url": str(request.url), "method": request.method, "client": request.client.host}


@app.websocket("/ws")
async def websocket(socket: WebSocket, seen: Annotated[str | None, Cookie()] = None, token: str | None = None):
    await socket.accept("sample" if "sample" in socket.scope["subprotocols"] else None)
    while (event := await socket.receive())["type"] == "websocket.receive":
        text = event.get("text")
        if text is None:
            await socket.send_bytes(event["bytes"])
        elif text == "query":
            await socket.send_json({"query": token, "seen": seen})
        elif text == "fail":
            raise RuntimeError("as it was asked to")
        elif text.startswith("close "):
            await socket.close(int(text[6:]), "as you like")
            return
        else:
            await socket.send_text(text)


@app.websocket("/ws/refused")
async def refused(socket: WebSocket):
    await socket.close()
